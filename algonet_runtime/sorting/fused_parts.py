"""What the fused operations share. Imports torch."""

from __future__ import annotations

import sys
from functools import wraps
from inspect import Signature
from typing import Any, NamedTuple, cast, final

import torch
from torch import Tensor


class How(NamedTuple):
    """What a kernel runs: names of distribution and network, layers, first and last rank asked for."""

    distribution: str
    network: str
    layers: int
    first: int
    last: int


def engine_of(x: Tensor) -> Any:
    """The module whose kernels run where a tensor is; both have the same functions."""
    if x.device.type == "cuda":
        from algonet_runtime.sorting import provider_triton

        return provider_triton
    from algonet_runtime.sorting import provider_numba

    return provider_numba


def rows_of(values: Tensor) -> Tensor:
    """(rows, n), contiguous, without a history."""
    return values.detach().resolve_neg().reshape(values.shape[:-1].numel(), values.shape[-1]).contiguous()


def each_of(steepness: Tensor, x: Tensor) -> Tensor:
    """Steepness of every row, or one for all; none for a batch without rows."""
    return steepness.detach().resolve_neg().to(x.dtype).reshape(-1).contiguous()


def as_steepness(by_rows: Tensor, steepness: Tensor, x: Tensor) -> Tensor:
    """Numbers of rows in the shape of the steepness; their sum if there is one for all."""
    is_each = steepness.shape == x.shape[:-1]
    return (by_rows.view(x.shape[:-1]) if is_each else by_rows.sum().reshape(1)).to(steepness.dtype)


def apply(function: Any, *args: Any) -> Any:
    """`function.apply`, whose type torch does not tell."""
    return function.apply(*args)


@final
class _Given:
    """Bound arguments that are all there."""

    def __init__(self, args: tuple[Any, ...]) -> None:
        self.args = args
        self.kwargs: dict[str, Any] = {}

    def apply_defaults(self) -> None:
        """There are none."""


@final
class _AllByPlace(Signature):
    def bind(self, *args: Any, **kwargs: Any) -> Any:
        """The arguments as they are."""
        return _Given(args)


def skip_binding(function: Any) -> None:
    """`apply` binds arguments to defaults at every call, which takes as long as a small network."""
    function.forward.__signature__ = _AllByPlace()


def untraced(function: Any) -> Any:
    """A function that torch.compile leaves alone: where it gives up one, it looks into those called.

    `torch.compiler.disable` would load torch._dynamo, which takes a second, before anybody compiles.
    """
    disabled: list[Any] = []

    @wraps(function)
    def call(*args: Any) -> Any:
        if "torch._dynamo" not in sys.modules:
            return function(*args)
        if not disabled:
            disabled.append(cast("Any", torch.compiler).disable(function))
        return disabled[0](*args)

    return call


def folded(value: Tensor, dim: int | None, size: int) -> Tensor:
    """The mapped dimension in front; repeated if there is none."""
    return value.expand(size, *value.shape) if dim is None else value.movedim(dim, 0)


def per_row(steepness: Tensor, dim: int | None, size: int, rows: tuple[int, ...]) -> Tensor:
    """A steepness for every row, also where there was one for all."""
    moved = folded(steepness, dim, size)
    if moved.shape[1:] != rows[1:]:
        moved = moved.reshape(size, *(1 for _ in rows[1:]))
    return moved.expand(rows)


def as_given(by_row: Tensor, steepness: Tensor, dim: int | None, size: int) -> Tensor:
    """Gradients by the steepness of rows, (size, ..), as by the one that was given: summed if it was one."""
    given = folded(steepness, dim, size).shape
    if by_row.shape == given:
        return by_row
    return by_row.reshape(size, by_row.shape[1:].numel()).sum(-1, keepdim=True)


def or_zeros(value: Tensor | None, like: Tensor) -> Tensor:
    """Zeros where autograd has nothing."""
    return torch.zeros_like(like) if value is None else value


def summed(by_row: Tensor, payload: Tensor) -> Tensor:
    """Gradients by the payloads of rows, as by those that were given: summed over rows that share one."""
    return by_row.sum_to_size(payload.shape)
