"""A program's values and derivatives at the points of a plot. Imports torch."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise, product
from typing import Any

import torch
from torch.autograd import forward_ad

from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.axes import Axis, Element, label
from whilec.driver.batch.loop_totals import merged
from whilec.driver.plotting import E0642, Panel, Request
from whilec.driver.recipe import Recipe
from whilec.module import WhileModule
from whilec.module.tensors import as_numbers
from whilec.semantics.bind import input_variables
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference.result import LoopReport
from whilec.semantics.types import Kind

ROWS = 2**15
"""Points that run at once."""

_MAKE_DUAL: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = vars(forward_ad)["make_dual"]
_UNPACK_DUAL: Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor | None]] = vars(forward_ad)[
    "unpack_dual"
]


def sample_panel(
    request: Request,
    program: CheckedProgram,
    options: Options,
    output: Element,
    tick: Callable[[int], None],
) -> tuple[Panel, tuple[LoopReport, ...]]:
    """Run a program in one mode; `tick` hears of the points that are done.

    Raises:
        WhileError: A run failed, or the output has no such element.
    """
    variables = input_variables(program)
    whole = [options.is_hard and variables[axis.name].type.kind is Kind.INT for axis in request.axes]
    points = tuple(
        list[float](axis.whole_points(request.steps) if is_whole else axis.points(request.steps))
        for axis, is_whole in zip(request.axes, whole, strict=True)
    )
    dtype = None if options.is_hard else torch.float64
    module = WhileModule(Recipe(request.source, options, (output[0],)), dtype=dtype)
    rows = list(product(*points))
    values: list[float] = []
    derivatives: list[list[float]] = [[] for _ in request.axes]
    reports: list[tuple[LoopReport, ...]] = []
    for start, stop in pairwise([*range(0, len(rows), ROWS), len(rows)]):
        part = torch.tensor(rows[start:stop], dtype=torch.float64)
        columns = [
            column.to(torch.int64) if is_whole else column.clone()
            for column, is_whole in zip(part.unbind(1), whole, strict=True)
        ]
        if options.is_hard:
            value, loops = _run(request, module, columns, output)
            values += _numbers(value)
        else:
            value, slopes, loops = _run_forward(request, module, columns, output)
            values += _numbers(value)
            for known, new in zip(derivatives, slopes, strict=True):
                known += _numbers(new)
        reports.append(loops)
        tick(stop - start)
    panel = Panel(options, points, all(whole), values, None if options.is_hard else tuple(derivatives))
    return panel, merged(reports)


def _run(
    request: Request, module: WhileModule, columns: Sequence[torch.Tensor], output: Element
) -> tuple[torch.Tensor, tuple[LoopReport, ...]]:
    """The output at some points."""
    result = module.run(**_inputs(request, columns, is_hard=module.options.is_hard))
    name, place = output
    value = result.outputs[name]
    if any(index >= size for index, size in zip(place, value.shape[1:], strict=True)):
        sizes = ", ".join(map(str, value.shape[1:]))
        title = f"`{label(name, place)}` is out of range: `{name}` has shape [{sizes}]"
        raise WhileError(Diagnostic(E0642, title, help="count the elements from 0"))
    return value[(slice(None), *place)], result.loops


def _run_forward(
    request: Request, module: WhileModule, columns: Sequence[torch.Tensor], output: Element
) -> tuple[torch.Tensor, list[torch.Tensor], tuple[LoopReport, ...]]:
    """The output at some points, and its derivative by each axis.

    Forward derivatives: a backward pass would keep every trip, and loops may have many.
    """
    values: list[torch.Tensor] = []
    slopes: list[torch.Tensor] = []
    loops: tuple[LoopReport, ...] = ()
    with torch.no_grad(), warnings.catch_warnings():
        # The first use of forward derivatives makes torch call a deprecated function of its own.
        warnings.filterwarnings("ignore", ".*torch.jit.script.* is deprecated", DeprecationWarning)
        for direction in range(len(columns)):
            with forward_ad.dual_level():
                varied = list(columns)
                varied[direction] = _MAKE_DUAL(columns[direction], torch.ones_like(columns[direction]))
                found, loops = _run(request, module, varied, output)
                value, slope = _UNPACK_DUAL(found)
                values.append(value)
                slopes.append(torch.zeros_like(value) if slope is None else slope)
    return values[0], slopes, loops


def _numbers(tensor: Any) -> list[float]:
    return tensor.tolist()


def _inputs(request: Request, columns: Sequence[torch.Tensor], *, is_hard: bool) -> dict[str, Any]:
    """The arguments of a call; inputs with an axis have the points as their batch."""
    inputs: dict[str, Any] = dict(request.fixed)
    for axis, column in zip(request.axes, columns, strict=True):
        inputs[axis.name] = _with_element(inputs, axis, column, is_hard=is_hard) if axis.place else column
    return inputs


def _with_element(
    inputs: Mapping[str, Any], axis: Axis, column: torch.Tensor, *, is_hard: bool
) -> torch.Tensor:
    """A batch of arrays that differ in one element."""
    array = inputs[axis.name]
    if not isinstance(array, torch.Tensor):
        array = as_numbers(axis.name, array, column.dtype, column.device, is_hard=is_hard)
    mask = torch.zeros(array.shape[-len(axis.place) :], dtype=torch.bool)
    mask[axis.place] = True
    return torch.where(mask, column.reshape(-1, *(1 for _ in axis.place)), array)
