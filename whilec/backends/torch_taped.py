"""First derivatives of recurrent programs by a tape of their own. Imports torch.

Autograd costs more per operation than the operations of a loop do. Where a program is made of
scalar operations, one node of autograd stands for the whole run: its backward pass walks the tape.
Derivatives of higher order, and runs with numbers that are not finite, go through autograd.
"""

# Torch's own stubs leave many types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias, final

import torch

from whilec.backends.torch_library.eager import TroubleError, is_finite, trusting
from whilec.backends.torch_library.run import Run
from whilec.backends.torch_library.tables import MOST_ELEMENTS, Table
from whilec.backends.torch_library.taped import Number, Tape
from whilec.backends.torch_library.taped_functions import TapedRelaxation
from whilec.backends.torch_library.weights import in_rows
from whilec.backends.torch_text.emit import Text
from whilec.backends.torch_text.loaded import Loaded
from whilec.backends.torch_text.namespace import relaxation_of, taped_names
from whilec.backends.torch_transforms import is_batched
from whilec.ir.node import Node, Program, walk
from whilec.ir.types import Kind

Plain: TypeAlias = Callable[[Run, torch.Tensor, "list[torch.Tensor]"], "tuple[torch.Tensor, ...]"]
"""The program by autograd: outputs, of (run, rows, arguments)."""

_ARRAYS = frozenset(
    {"fill", "pick", "put", "choice", "static_choice", "for", "while", "repeat", "and", "or", "call"}
)
"""Operations that may have arrays: element by element."""
_REFUSED = frozenset({"power", "read", "write", "sum", "mean", "dot", "matmul", "intrinsic", "spread"}) | {
    "checked_steepness",
    "target_weight",
    "target_bias",
}


def is_suitable(program: Program) -> bool:
    """Whether a program of stage BOUNDED is made of scalar operations with a fixed steepness."""
    if program.family == "bump":
        return False
    regions = [program.body, *(function.body for function in program.functions.values())]
    return all(_is_suitable(node) for region in regions for node in walk(region))


def _is_suitable(node: Node) -> bool:
    if node.op in _REFUSED:
        return False
    shapes = [value.type.shape for value in (*node.operands, *node.results) if value.type.kind is Kind.NUMBER]
    has_array = any(shapes)
    if any(prod(shape) > MOST_ELEMENTS for shape in shapes):
        return False
    if node.op == "repeat" and node.attrs["semantics"] == "mixture" and has_array:
        return False
    return not has_array or node.op in _ARRAYS


@final
class TapedProgram:
    """A suitable program, ready to run on tapes.

    Args:
        program: Of stage BOUNDED.
        text: As it was emitted.
        plain: The same by autograd.
    """

    def __init__(self, program: Program, text: Text, plain: Plain) -> None:
        names = taped_names() | {"relaxation": TapedRelaxation(relaxation_of(program.family))}
        self._function = Loaded(text, names, f"{program.name}, taped")
        self.plain = plain

    def run(
        self, run: Run, rows: torch.Tensor, arguments: list[torch.Tensor]
    ) -> tuple[torch.Tensor, ...] | None:
        """The outputs, which autograd can differentiate; None if the plain functions must be used."""
        tape = Tape()
        # What is not differentiated by may be changed in place before the backward pass.
        arguments = [x if x.requires_grad else x.clone() for x in arguments]
        with torch.no_grad():
            leaves: list[_Leaf] = []
            values = [_on_tape(tape, argument, leaves) for argument in arguments]
            try:
                with trusting():
                    results = self._function(run, rows, *values)
            except TroubleError:
                return None
            outputs = [_output(value, rows) for value in results]
            if not all(is_finite(output) for output, _ in outputs):
                return None
        record = _Record(self, tape, run, rows, arguments, leaves, [index for _, index in outputs])
        inputs = [leaf.argument for leaf in leaves]
        return _Attached.apply(record, [value for value, _ in outputs], *inputs)


@final
@dataclass(frozen=True)
class _Leaf:
    """An argument that derivatives are taken by, and where its elements are on the tape."""

    argument: torch.Tensor
    indices: tuple[int, ...]

    def gradient(self, found: list[torch.Tensor | None]) -> torch.Tensor | None:
        """Its gradient, given those of its elements."""
        if all(part is None for part in found):
            return None
        zero = torch.zeros_like(next(part for part in found if part is not None))
        parts = [zero if part is None else part for part in found]
        return parts[0] if self.argument.dim() == 1 else torch.stack(parts, 1).reshape(self.argument.shape)


@final
@dataclass(frozen=True)
class _Record:
    """What the backward pass of one run needs."""

    program: TapedProgram
    tape: Tape
    run: Run
    rows: torch.Tensor
    arguments: list[torch.Tensor]
    leaves: list[_Leaf]
    results: list[int]

    def gradients(self, seeds: tuple[torch.Tensor | None, ...]) -> list[torch.Tensor | None]:
        """The gradients by the tape."""
        given = [
            (i, seed) for i, seed in zip(self.results, seeds, strict=True) if seed is not None and i >= 0
        ]
        wanted = [index for leaf in self.leaves for index in leaf.indices]
        found = iter(self.tape.gradients(given, wanted))
        return [leaf.gradient([next(found) for _ in leaf.indices]) for leaf in self.leaves]

    def gradients_by_autograd(
        self, seeds: tuple[torch.Tensor | None, ...], *, create_graph: bool
    ) -> list[torch.Tensor | None]:
        """The gradients by the plain functions."""
        with torch.enable_grad():
            outputs = self.program.plain(self.run.again(), self.rows, self.arguments)
        pairs = [
            (output, seed)
            for output, seed in zip(outputs, seeds, strict=True)
            if seed is not None and output.requires_grad
        ]
        inputs = [leaf.argument for leaf in self.leaves]
        if not pairs:
            return [None] * len(inputs)
        wanted, given = zip(*pairs, strict=True)
        return list(torch.autograd.grad(wanted, inputs, given, create_graph=create_graph, allow_unused=True))


class _Attached(torch.autograd.Function):
    """The outputs of a run, attached to its inputs."""

    @staticmethod
    def forward(ctx: Any, record: _Record, values: list[torch.Tensor], *inputs: torch.Tensor) -> Any:
        ctx.record = record
        ctx.save_for_backward(*inputs)
        ctx.set_materialize_grads(False)
        fixed = [value for value, index in zip(values, record.results, strict=True) if index < 0]
        ctx.mark_non_differentiable(*fixed)
        return tuple(values)

    @staticmethod
    def backward(ctx: Any, *seeds: Any) -> Any:
        record: _Record = ctx.record
        _ = ctx.saved_tensors  # refuses inputs that were changed in place
        if torch.is_grad_enabled():
            return None, None, *record.gradients_by_autograd(seeds, create_graph=True)
        if any(seed is not None and is_batched(seed) for seed in seeds):
            return None, None, *record.gradients_by_autograd(seeds, create_graph=False)
        found = record.gradients(seeds)
        if not all(part is None or is_finite(part) for part in found):
            found = record.gradients_by_autograd(seeds, create_graph=False)
        return None, None, *found


def _on_tape(tape: Tape, argument: torch.Tensor, leaves: list[_Leaf]) -> Any:
    """An argument as a number, or as a table; without derivatives it stays a tensor."""
    sizes = tuple(argument.shape[1:])
    if not argument.requires_grad or not argument.numel():
        return Table(sizes, argument) if sizes and argument.numel() else argument
    parts = argument.detach().flatten(1).unbind(1) if sizes else (argument.detach(),)
    items = [tape.leaf(part) for part in parts]
    leaves.append(_Leaf(argument, tuple(item.index for item in items)))
    return Table(sizes, None, items) if sizes else items[0]


def _output(value: Any, rows: torch.Tensor) -> tuple[torch.Tensor, int]:
    """A result as a tensor of its own, and its place on the tape (-1: it is constant)."""
    value = value.dense() if isinstance(value, Table) else value
    if not isinstance(value, Number):
        return in_rows(value, rows).clone(), -1
    return value.value.clone(), value.index
