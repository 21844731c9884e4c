"""Runs of one program by the interpreter on tensors and by a backend on torch, to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch

from tests.properties.running import close_number
from whilec.backends.base import AbstractExecutable, Call, LoopCount
from whilec.backends.torch_intrinsics import Intrinsics
from whilec.ir.node import Program
from whilec.lower import lower
from whilec.lower.program import assignment_targets
from whilec.lower.scope import concrete
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference import execute_tensors
from whilec.semantics.reference.floats import to_float
from whilec.semantics.reference.start import parameter_values


@dataclass
class Result:
    """Outputs, gradients of a weighted sum of them by every input, and how the loops ended."""

    outputs: dict[str, torch.Tensor]
    gradients: dict[str, torch.Tensor]
    loops: list[tuple[int, int, int]]


def interpret(program: CheckedProgram, inputs: Mapping[str, torch.Tensor], options: Options) -> Result:
    leaves = _leaves(inputs)
    weights = _target_weights(program, options)
    keys = [id(target) for target in assignment_targets(program)] if weights else []
    pairs = zip(*(part.unbind() for part in weights), strict=True) if weights else ()
    weights = dict(zip(keys, pairs, strict=True))
    run = execute_tensors(program, leaves, options, target_weights=weights, intrinsics=Intrinsics())
    rows = next(iter(inputs.values())).shape[0]
    outputs = {n: v.expand(rows, *v.shape[1:]) if v.dim() else v.expand(rows) for n, v in run.outputs.items()}
    loops = [(loop.entries, loop.trips, round(1000 * loop.capped)) for loop in run.loops if loop.entries]
    return Result(*_differentiated(outputs, leaves), loops)


def run_backend(
    program: CheckedProgram,
    inputs: Mapping[str, torch.Tensor],
    options: Options,
    executable: AbstractExecutable,
    *,
    checkpoint: bool = False,
) -> Result:
    leaves = _leaves(inputs)
    rows = next(iter(inputs.values())).shape[0]
    parameters: dict[str, torch.Tensor] = {}
    for variable in program.parameters:
        shape = concrete(variable.type.shape)
        value = leaves.get(variable.name)
        if value is None:
            start = parameter_values(program, cast("Any", _Floats()), {})[variable.name]
            value = torch.tensor(getattr(start, "items", start), dtype=torch.float64).reshape(shape)
        parameters[variable.name] = value.expand(rows, *shape)
    given = {name: leaves.get(name, torch.zeros(rows, dtype=torch.float64)) for name in program.main.inputs}
    call = Call(
        inputs=given,
        parameters=parameters,
        target_weights=_target_weights(program, options),
        steepness=options.steepness,
        compare_steepness=options.order_steepness,
        rows=rows,
        dtype=torch.float64,
        device=torch.device("cpu"),
        checkpoint=checkpoint,
    )
    outcome = executable.run(call)
    loops = [(loop.entries, loop.trips, _share(loop)) for loop in outcome.loops if loop.entries]
    return Result(*_differentiated(outcome.outputs, leaves), loops)


def lowered(program: CheckedProgram, options: Options) -> Program:
    return lower(program, options)


def agreement(ours: Result, theirs: Result, *, values: float, gradients: float) -> str | None:
    """What differs, relative to scale; None if nothing does."""
    for name, want in theirs.outputs.items():
        problem = _difference(ours.outputs[name], want, values)
        if problem:
            return f"output {name}: {problem}"
    is_fine = torch.stack([_rows(v.isfinite()) for v in theirs.outputs.values()]).all(0)
    for name, want in theirs.gradients.items():
        problem = _difference(ours.gradients[name][is_fine], want[is_fine], gradients)
        if problem:
            return f"gradient by {name}: {problem}"
    return None


def _rows(mask: torch.Tensor) -> torch.Tensor:
    return mask.reshape(mask.shape[0], -1).all(1)


def _difference(ours: torch.Tensor, theirs: torch.Tensor, tolerance: float) -> str | None:
    if ours.shape != theirs.shape:
        return f"shape {tuple(ours.shape)}, not {tuple(theirs.shape)}"
    scale = theirs[theirs.isfinite()].abs().max().item() if theirs.isfinite().any() else 0.0
    for have, want in zip(ours.reshape(-1).tolist(), theirs.reshape(-1).tolist(), strict=True):
        if not close_number(have, want, tolerance) and not abs(have - want) <= tolerance * scale:
            return f"{have!r}, not {want!r}"
    return None


class _Floats:
    """Numbers of the values that PARAMs start with."""

    def number(self, value: float) -> float:
        return to_float(value)


def _leaves(inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone().requires_grad_() for name, value in inputs.items()}


def _target_weights(program: CheckedProgram, options: Options) -> Any:
    if not options.trainable:
        return None
    count = len(assignment_targets(program))
    wave = torch.arange(count, dtype=torch.float64).sin()
    return 1.0 + 0.1 * wave, 0.05 * wave.flip(0)


def _share(loop: LoopCount) -> int:
    ends = loop.converged + loop.capped + loop.nan
    return round(1000 * loop.capped / ends) if ends else 0


def _differentiated(
    outputs: Mapping[str, torch.Tensor], leaves: Mapping[str, torch.Tensor]
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    total = sum(
        ((number + 1.5) * value).nan_to_num(0.0, 0.0, 0.0).sum()
        for number, value in enumerate(outputs.values())
    )
    detached = {name: value.detach() for name, value in outputs.items()}
    if not isinstance(total, torch.Tensor) or not total.requires_grad:
        return detached, {name: torch.zeros_like(leaf) for name, leaf in leaves.items()}
    found = torch.autograd.grad(total, list(leaves.values()), allow_unused=True, materialize_grads=True)
    return detached, dict(zip(leaves, found, strict=True))
