"""Running a checked program on a batch of tensors. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from whilec.diagnostics.model import Diagnostic, Label, WhileError
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram, Variable
from whilec.semantics.reference.arithmetic import ONE, AbstractArithmetic, Shape
from whilec.semantics.reference.crisp_lanes import CrispLanes
from whilec.semantics.reference.errors import E0608, E0610, E0611
from whilec.semantics.reference.int64 import first_lane, number_at
from whilec.semantics.reference.lane_control import LaneControl, rows_of
from whilec.semantics.reference.lanes import SmoothLanes
from whilec.semantics.reference.machine import Machine
from whilec.semantics.reference.result import Run
from whilec.semantics.reference.scope import concrete
from whilec.semantics.reference.start import parameter_values
from whilec.semantics.reference.statements import unit_code
from whilec.semantics.relax import relaxation
from whilec.semantics.types import Kind
from whilec.syntax.depth import deep_recursion


def execute_tensors(
    program: CheckedProgram,
    inputs: Mapping[str, torch.Tensor],
    options: Options,
    *,
    target_weights: Mapping[int, tuple[Any, Any]] | None = None,
    intrinsics: Mapping[str, Callable[..., Any]] | None = None,
) -> Run:
    """Run a program on every element of a batch; differentiable by autograd to any order.

    Args:
        program: Specialised for the trailing shapes of the inputs.
        inputs: Inputs and PARAMs by name, of shape (*batch, *shape); the batch shapes broadcast.
            Smooth modes compute in the widest floating-point dtype among them (integers count as
            the default dtype); hard mode in int64 and float64.
        options: Valid options.
        target_weights: For `options.trainable`: weight and bias of assignment targets, by the
            identity of the target's node.
        intrinsics: Functions of the intrinsics' names; they take and give tensors with a leading
            dimension of lanes.

    Returns:
        Outputs of shape (*batch, *shape); no Jacobian.

    Raises:
        WhileError: A run-time error (E06xx) that names the row of the batch.
    """
    with deep_recursion():
        try:
            return _execute(program, inputs, options, target_weights or {}, intrinsics or {})
        except WhileError as error:
            raise WhileError(*(d.in_source(program.source) for d in error.diagnostics)) from None


def _execute(
    program: CheckedProgram,
    inputs: Mapping[str, torch.Tensor],
    options: Options,
    target_weights: Mapping[int, tuple[Any, Any]],
    intrinsics: Mapping[str, Callable[..., Any]],
) -> Run:
    batch, rows = _batch(program, inputs)
    device = next((value.device for value in inputs.values()), torch.device("cpu"))

    def flat(name: str, value: torch.Tensor) -> torch.Tensor:
        shape = concrete(program.main.variables[name].type.shape)
        return value.expand(batch + shape).reshape(rows, *shape)

    outputs, machine = run_rows(
        program,
        {name: flat(name, value) for name, value in inputs.items()},
        options,
        rows=rows,
        dtype=_dtype(inputs),
        device=device,
        target_weights=target_weights,
        intrinsics=intrinsics,
    )
    loops = sorted(machine.tallies.values(), key=lambda tally: tally.node.span.start)
    return Run(
        outputs={name: value.reshape(batch + value.shape[1:]) for name, value in outputs.items()},
        jacobian=None,
        loops=tuple(tally.report(program.source, options) for tally in loops),
        steps=machine.steps,
    )


def run_rows(
    program: CheckedProgram,
    inputs: Mapping[str, torch.Tensor],
    options: Options,
    *,
    rows: int,
    dtype: torch.dtype,
    device: torch.device,
    target_weights: Mapping[int, tuple[Any, Any]],
    intrinsics: Mapping[str, Callable[..., Any]],
) -> tuple[dict[str, torch.Tensor], Machine]:
    """Run a program on a flat batch, in hard mode in int64 and float64.

    Args:
        program: Specialised for the shapes of the inputs.
        inputs: Of shape (rows, *shape).
        options: Valid options.
        rows: Elements of the batch.
        dtype: Of the computation, in smooth modes.
        device: Where the tensors are.
        target_weights: As of `execute_tensors`.
        intrinsics: As of `execute_tensors`.

    Returns:
        Outputs of shape (rows, *shape), and the machine with its counts of steps and loops.
    """
    variables = program.main.variables
    dtype = torch.float64 if options.is_hard else dtype
    arithmetic = _arithmetic(options, dtype, device)
    machine = Machine(
        program,
        options,
        arithmetic,
        LaneControl(options, arithmetic, dtype, device),
        target_weights=target_weights,
        intrinsics=intrinsics,
    )

    def prepared(name: str, value: torch.Tensor) -> torch.Tensor:
        stored = _stored(variables[name], options, dtype)
        return _checked(variables[name], value, options).to(stored, copy=True)

    given = {name: prepared(name, value) for name, value in inputs.items()}
    parameters = {
        name: value if isinstance(value, torch.Tensor) else _uniform(value, dtype, device)
        for name, value in parameter_values(program, arithmetic, given).items()
    }
    base = [*(_lanes(parameters[v.name], concrete(v.type.shape), rows) for v in program.parameters)]
    code = unit_code(machine, program.main)
    first = [*base, torch.arange(rows, device=device)]
    arguments = [given.get(name, arithmetic.number(0)) for name in program.main.inputs]
    with rows_of(first):
        frame = code.enter(first, arguments)
        if rows:
            code.body(frame, ONE)
    return {name: frame[code.slots[name]].clone() for name in program.main.outputs}, machine


def _batch(program: CheckedProgram, inputs: Mapping[str, torch.Tensor]) -> tuple[Shape, int]:
    """The common batch shape and its number of rows."""
    shapes = [
        value.shape[: value.dim() - len(program.main.variables[name].type.shape)]
        for name, value in inputs.items()
    ]
    batch: Shape = tuple(torch.broadcast_shapes(*shapes)) if shapes else ()  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    rows = 1
    for size in batch:
        rows *= size
    return batch, rows


def _dtype(inputs: Mapping[str, torch.Tensor]) -> torch.dtype:
    floating = [value.dtype for value in inputs.values() if value.is_floating_point()]
    dtype = floating[0] if floating else torch.get_default_dtype()
    for other in floating[1:]:
        dtype = torch.promote_types(dtype, other)
    return dtype


def _arithmetic(options: Options, dtype: torch.dtype, device: torch.device) -> AbstractArithmetic:
    if options.smooth == "hard":
        return CrispLanes(dtype, device)
    return SmoothLanes(dtype, device, relaxation(options.smooth, options.phi), options)


def _stored(variable: Variable, options: Options, dtype: torch.dtype) -> torch.dtype:
    return torch.int64 if options.is_hard and variable.type.kind is not Kind.REAL else dtype


def _uniform(value: Any, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    items = getattr(value, "items", None)
    if items is None:
        return torch.tensor(value, dtype=dtype, device=device)
    return torch.tensor(items, dtype=dtype, device=device).reshape(value.shape)


def _lanes(value: torch.Tensor, shape: Shape, rows: int) -> torch.Tensor:
    return value.expand(rows, *shape)


def _checked(variable: Variable, value: torch.Tensor, options: Options) -> torch.Tensor:
    if options.domain == "nat":
        check_natural(variable, value)
    if options.is_hard and variable.type.kind is not Kind.REAL and not value.is_floating_point():
        fits = value > torch.iinfo(torch.int64).min
        _require(variable, fits, value, E0610, "which has no negative in 64 bits")
    if options.is_hard and variable.type.kind is not Kind.REAL and value.is_floating_point():
        _require(variable, value == value.floor(), value, E0608, "which is not a whole number")
        _require(variable, value.abs() < 2.0**63, value, E0610, "which does not fit into 64 bits")
    return value


def check_natural(variable: Variable, value: torch.Tensor) -> None:
    """That an input of `domain="nat"` is nowhere negative.

    Raises:
        WhileError: It is (E0611); names the row.
    """
    _require(variable, ~(value < 0), value, E0611, "which is negative, but `domain` is nat")


def _require(variable: Variable, holds: torch.Tensor, value: torch.Tensor, code: Any, what: str) -> None:
    row = first_lane(~holds)
    if row >= 0:
        raise WhileError(
            Diagnostic(
                code,
                f"input `{variable.name}` is {number_at(value, row)}, {what}",
                Label(variable.span, f"declared {variable.type}"),
                help="give whole numbers (at least 0 for nat), or choose another mode",
                notes=(f"in row {row} of the batch",),
            )
        )
