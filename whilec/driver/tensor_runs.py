"""One element on tensors in the interpreter, for programs that call intrinsics. Imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import torch

from whilec.backends.torch_intrinsics import Intrinsics
from whilec.driver.values import Value
from whilec.module.parameters import start_values
from whilec.module.problems import not_64_bits
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference import execute_tensors
from whilec.semantics.reference.result import Run


def run_on_tensors(
    program: CheckedProgram, inputs: Mapping[str, Value], options: Options, *, jacobian: bool
) -> Run:
    """Run a program that was prepared for these inputs; numbers are float64, and int64 in hard mode.

    Raises:
        WhileError: The run failed.
    """
    starts = {
        name: torch.full(shape, value, dtype=torch.float64)
        for name, (value, shape) in start_values(program).items()
    }
    tensors = {**starts, **{name: _tensor(name, value, options) for name, value in inputs.items()}}
    if jacobian:
        tensors = {name: value.requires_grad_() for name, value in tensors.items()}
    run = execute_tensors(program, tensors, options, intrinsics=Intrinsics())
    rows = {name: _rows(value, tensors) for name, value in run.outputs.items()} if jacobian else None
    outputs = {name: _nested(value.detach()) for name, value in run.outputs.items()}
    return Run(outputs, rows, run.loops, run.steps)


def _tensor(name: str, value: Value, options: Options) -> torch.Tensor:
    try:
        is_whole = options.is_hard and not torch.tensor(value).is_floating_point()
    except (OverflowError, RuntimeError, ValueError):
        raise not_64_bits(name) from None
    return torch.tensor(value, dtype=torch.int64 if is_whole else torch.float64)


def _rows(output: torch.Tensor, inputs: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    """Derivatives of the output by each input, of the output's shape followed by the input's."""
    names, values = list(inputs), list(inputs.values())
    found: list[list[torch.Tensor]] = [[] for _ in names]
    for element in output.reshape(prod(output.shape)):
        slopes = (
            torch.autograd.grad(element, values, retain_graph=True, allow_unused=True)
            if element.requires_grad
            else [None] * len(values)
        )
        for column, slope, value in zip(found, slopes, values, strict=True):
            column.append(torch.zeros_like(value) if slope is None else slope)
    return {
        name: _nested(torch.stack(column).reshape(output.shape + value.shape)) if column else []
        for name, column, value in zip(names, found, values, strict=True)
    }


def _nested(value: Any) -> Any:
    return value.tolist()
