"""Outputs that hang on everything they may depend on, whatever ran. Imports torch.

A loop without a trip, or an arm that no row took, leaves inputs and parameters out of the graph of
autograd: a loss could not be differentiated, or DistributedDataParallel would wait for a gradient,
just because of the numbers in a batch. Such a gradient is None, which counts as 0; of an empty batch it is 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast, final

import torch

from whilec.backends.base import Call, Outcome


def tied(outcome: Outcome, call: Call) -> Outcome:
    """The outcome of a call whose outputs hang on all that requires a gradient."""
    if not torch.is_grad_enabled():
        return outcome
    causes = [tensor for tensor in _arguments(call) if tensor.requires_grad]
    if not causes:
        return outcome
    outputs = {name: _tie(value, causes) for name, value in outcome.outputs.items()}
    return replace(outcome, outputs=outputs)


def _arguments(call: Call) -> Iterator[torch.Tensor]:
    yield from call.inputs.values()
    yield from call.parameters.values()
    yield from call.target_weights or ()


def _tie(output: torch.Tensor, causes: list[torch.Tensor]) -> torch.Tensor:
    return cast("Any", _Tie).apply(output, *causes)


@final
class _Tie(torch.autograd.Function):
    """Its first argument; the others get no gradient from here."""

    generate_vmap_rule = True

    @staticmethod
    def forward(output: torch.Tensor, *causes: torch.Tensor) -> torch.Tensor:
        return output.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        ctx.causes = inputs[1:] if output.numel() == 0 else [None] * (len(inputs) - 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return gradients[0], *(None if cause is None else torch.zeros_like(cause) for cause in ctx.causes)

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        return tangents[0]
