"""Straight-line graphs: every loop as a fixed number of copies. Imports torch."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch
from torch.fx import GraphModule
from torch.utils._python_dispatch import _disable_current_modes  # pyright: ignore[reportPrivateUsage]

from whilec.backends.base import (
    AbstractBackend,
    AbstractExecutable,
    Answer,
    Available,
    Call,
    FailedRunError,
    LoopCount,
    Outcome,
    Request,
    TooLongError,
    Yes,
)
from whilec.backends.torch_fx.record import (
    GraphTooLongError,
    Recorder,
    RelaxationPerRow,
    Setting,
    leaf,
    per_row,
)
from whilec.backends.torch_intrinsics import Intrinsics
from whilec.backends.torch_library import numbers
from whilec.backends.torch_library.run import Run
from whilec.backends.torch_library.weights import in_rows
from whilec.backends.torch_text.emit import emit
from whilec.backends.torch_text.loaded import Loaded
from whilec.backends.torch_text.namespace import relaxation_of, traceable_names
from whilec.backends.torch_transforms import is_traced
from whilec.ir.node import Program
from whilec.passes.base import run_passes
from whilec.passes.pipelines import unrolled
from whilec.passes.unroll import TooManyNodesError, UnrollError

MAX_NODES = 20_000
"""The longest graph that is built."""


@final
class TorchUnrolled(AbstractBackend[Program]):
    """A `torch.fx.GraphModule` of torch operations: for export, compilation and transforms."""

    def probe(self) -> Available:
        return Available()

    def accepts(self, program: Program, device: torch.device, dtype: torch.dtype) -> Answer:
        return Yes()

    def compile(self, program: Program, request: Request) -> AbstractExecutable:
        assert request.trips is not None
        return Unrolled(program, request.trips)


@final
class Unrolled(AbstractExecutable):
    """One program with a number of copies for each loop; it pickles as these.

    Args:
        program: Of stage SOFT.
        trips: Copies of every loop, in source order.

    Raises:
        TooLongError: The graph would have more than `MAX_NODES` nodes.
        FailedRunError: A static index, divisor or step is wrong.
    """

    is_traceable = True

    def __init__(self, program: Program, trips: tuple[int, ...]) -> None:
        self._program = program
        self._trips = trips
        self.graph_module = self._graph(flat(program, trips, reports=False))
        """The graph; inputs are `rows`, the two steepnesses, PARAMs, inputs, target weights."""
        self._reporting: tuple[Program, GraphModule] | None = None

    def run(self, call: Call) -> Outcome:
        program = self._program
        rows = torch.zeros(call.rows, dtype=call.dtype, device=call.device)
        arguments: list[Any] = [rows, call.steepness, call.compare_steepness]
        arguments += [call.parameters[name] for name in program.parameters]
        arguments += [call.inputs[name] for name in program.inputs]
        arguments += call.target_weights or ()
        if is_traced() or rows.is_meta:
            results = self.graph_module(*arguments)
            return Outcome(self._outputs(results, rows))
        flat_program, graph = self._with_reports()
        results = graph(*arguments)
        masks = results[len(program.outputs) :]
        return Outcome(self._outputs(results, rows), counts(flat_program, masks, call.rows))

    def _outputs(self, results: tuple[Any, ...], rows: torch.Tensor) -> dict[str, torch.Tensor]:
        names = self._program.outputs
        return {name: in_rows(value, rows) for name, value in zip(names, results, strict=False)}

    def _with_reports(self) -> tuple[Program, GraphModule]:
        if self._reporting is None:
            program = flat(self._program, self._trips, reports=True)
            self._reporting = program, self._graph(program)
        return self._reporting

    def _graph(self, program: Program) -> GraphModule:
        try:
            return graph_of(program)
        except GraphTooLongError as error:
            raise TooLongError(MAX_NODES, error.counts) from None

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Unrolled, (self._program, self._trips)

    def __deepcopy__(self, memo: dict[int, Any]) -> Unrolled:
        return self


def flat(program: Program, trips: tuple[int, ...], *, reports: bool) -> Program:
    """The program as straight-line code.

    Raises:
        TooLongError: It would have more than `MAX_NODES` operations.
        FailedRunError: A static index, divisor or step is wrong.
    """
    try:
        return run_passes(program, unrolled(trips, reports=reports, most_nodes=MAX_NODES))
    except TooManyNodesError as error:
        raise TooLongError(MAX_NODES, {**error.counts}) from None
    except UnrollError as error:
        raise FailedRunError(error.problem, error.span, error.numbers) from None


def graph_of(program: Program, rows: int = 2) -> GraphModule:
    """The graph of a program of stage FLAT.

    Args:
        program: Of stage FLAT.
        rows: Size of the batch it is recorded with; it does not matter.

    Raises:
        GraphTooLongError: It would have more than `MAX_NODES` nodes.
    """
    # The first call may come from somebody who records it: he must not record this.
    with _disable_current_modes():
        return _recorded(program, rows)


def _recorded(program: Program, rows: int) -> GraphModule:
    names = traceable_names()
    function: Loaded | None = None

    def place(frame: Any) -> Any:
        return None if function is None else function.place(frame)

    recorder = Recorder(MAX_NODES, place)
    like = recorder.input("rows", torch.zeros(rows, dtype=torch.float64, device="cpu"))
    names |= {name: leaf(recorder, getattr(numbers, name)) for name in ("sqrt", "power")}
    names |= {name: per_row(names[name], like, 2) for name in ("soft_max", "soft_min")}
    names["relaxation"] = RelaxationPerRow(relaxation_of(program.family), like)
    function = Loaded(emit(program, names), names, program.name)
    steepness = [recorder.input(name, Setting(1.0)) for name in ("steepness", "compare_steepness")]
    values = [
        recorder.input(value.name, torch.ones((rows, *value.type.shape), dtype=torch.float64, device="cpu"))
        for value in program.body.parameters
    ]
    targets = None
    if program.targets:
        weights, biases = (
            recorder.input(name, torch.ones(program.targets, dtype=torch.float64, device="cpu"))
            for name in ("target_weights", "target_biases")
        )
        targets = weights, biases
    run = Run(*steepness, loops=len(program.loops), target_weights=targets, intrinsics=Intrinsics(recorder))
    with recorder:
        results = function(run, like, *values)
    graph = recorder.output(results)
    graph.eliminate_dead_code()
    graph.lint()
    return GraphModule(torch.nn.Module(), graph, program.name)


def counts(program: Program, masks: tuple[Any, ...], rows: int) -> tuple[LoopCount, ...]:
    """How the loops ended."""
    found = [LoopCount() for _ in program.loops]
    rest = iter(masks)
    for entry in program.entries:
        trips = [next(rest) for _ in range(entry.trips)]
        capped = next(rest) if entry.has_capped else None
        nan = next(rest) if entry.has_nan else None
        entered = _number(next(rest), rows) if entry.has_entered else rows
        if not entered:
            continue
        count = found[entry.loop]
        made = sum(mask.long() for mask in trips)
        most = int(made.max()) if isinstance(made, torch.Tensor) else 0
        is_capped, is_nan = _number(capped, rows), _number(nan, rows)
        count.entries += 1
        count.trips = max(count.trips, entry.free_trips + most)
        count.capped += is_capped
        count.nan += is_nan
        count.converged += entered - is_capped - is_nan
    return tuple(found)


def _number(mask: Any, rows: int) -> int:
    """How many rows a mask has; it may be one bool for all."""
    if isinstance(mask, torch.Tensor):
        return int(mask.sum())
    return rows if mask else 0
