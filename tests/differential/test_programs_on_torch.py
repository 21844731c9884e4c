"""The library of programs on torch: values, gradients and loops as the interpreter has them.

Every program runs on a few of its own inputs and on real numbers beside them, in every smooth mode
and by both meanings of loops, as a recurrent graph and unrolled with the trips of that run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any, final

import pytest
import torch

import whilec
from tests.differential.torch_runs import Result, agreement, interpret, lowered, run_backend
from tests.repository import ROOT
from tests.unit.program_twins import TWINS
from whilec.backends.base import AbstractExecutable, Call, Outcome, Request, TooLongError
from whilec.backends.torch_recurrent import TorchRecurrent
from whilec.backends.torch_unrolled import TorchUnrolled
from whilec.driver.files import load
from whilec.driver.pipeline import check_file, run_prepared
from whilec.driver.testblocks import read_cases
from whilec.driver.values import shape_of
from whilec.semantics.bind import bind_shapes
from whilec.semantics.check import specialise
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram

NAMES = [path.stem for path in sorted((ROOT / "programs").glob("*.while"))]

VALUES = 1e-10
GRADIENTS = 1e-8

FEW_TRIPS, MANY_TRIPS = 12, 40
"""Caps of loops. With the first one, capped runs are compared as well; longer ones may be chaotic, so
that a change of the inputs in the last bit is seen in the seventh digit of the outputs."""
MAX_COPIES = 6
"""Trips of a loop up to which a run is unrolled here: longer graphs take long to build."""

MODES = {
    "0": Options(smooth=0),
    "1": Options(smooth=1),
    "3": Options(smooth=3),
    "sech": Options(smooth="inf"),
    "bump": Options(smooth="inf", phi="bump"),
}

LONG = frozenset(
    {"ackermann", "ackermann_2", "collatz", "divide", "factorial", "game_of_life", "gcd", "knapsack", "power"}
    | {"prime_test", "register_machine", "shortest_path", "square_root", "turing_machine"}
)
"""Programs that take seconds."""


MEANINGS = ("path", "mixture")


def in_modes(names: Iterable[str], many: int, meanings: tuple[str, ...] = MEANINGS) -> pytest.MarkDecorator:
    """Every program in every mode and with every meaning of loops; all but `many` of them on demand."""
    cases = [(mode, meaning) for mode in MODES for meaning in meanings]
    step = len(cases) // many
    return pytest.mark.parametrize(
        ("name", "mode", "loops"),
        [
            pytest.param(name, *case, marks=() if number % step == turn % step else pytest.mark.slow)
            for number, name in enumerate(names)
            for turn, case in enumerate(cases)
        ],
    )


@final
class Noted(AbstractExecutable):
    """An executable that notes how many trips the loops of its last run made."""

    def __init__(self, inner: AbstractExecutable) -> None:
        self._inner = inner
        self.trips: tuple[int, ...] = ()

    def run(self, call: Call) -> Outcome:
        outcome = self._inner.run(call)
        self.trips = tuple(loop.trips for loop in outcome.loops)
        return outcome


@final
@dataclass(frozen=True)
class Sample:
    """A program with a small batch of inputs."""

    program: CheckedProgram
    inputs: dict[str, torch.Tensor]


INDICES = {"silhouette": ("faces",)}
"""Inputs of programs that have to stay near whole numbers."""


@cache
def sample(name: str) -> Sample:
    """Two inputs from the program's tests, and two with noise."""
    source = load(str(ROOT / "programs" / f"{name}.while"))
    known = [dict(case.inputs) for case in read_cases(source) if case.outputs is not None and case.inputs]
    if name in TWINS:
        known += TWINS[name].exact
    by_shape: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for inputs in known:
        by_shape[tuple((key, shape_of(value)) for key, value in sorted(inputs.items()))].append(inputs)
    shapes = sorted(by_shape, key=lambda shape: (-min(len(by_shape[shape]), 2), _elements(shape)))
    found = sorted(by_shape[shapes[0]], key=_magnitude)
    rows = found[len(found) // 3 :][:2]
    random = Random(name)
    noise = {key: 0.0 if key in INDICES.get(name, ()) else 0.3 for key in rows[-1]}
    rows += [{key: _noisy(value, random, noise[key]) for key, value in rows[-1].items()} for _ in range(2)]
    tensors = {key: torch.tensor([row[key] for row in rows], dtype=torch.float64) for key in rows[0]}
    checked = check_file(source).program
    assert checked is not None
    bindings = bind_shapes(checked, {key: tuple(value.shape[1:]) for key, value in tensors.items()})
    return Sample(specialise(checked, bindings), tensors)


def _elements(shape: Any) -> int:
    return sum(torch.Size(sizes).numel() for _, sizes in shape)


def _magnitude(inputs: dict[str, Any]) -> float:
    return sum(map(_size, inputs.values()))


def _size(value: Any) -> float:
    return sum(map(_size, value)) if isinstance(value, list) else abs(value)


def _noisy(value: Any, random: Random, most: float) -> Any:
    if isinstance(value, list):
        return [_noisy(part, random, most) for part in value]
    return value + random.uniform(-most, most)


def check_agreement(have: Result, want: Result) -> None:
    assert agreement(have, want, values=VALUES, gradients=GRADIENTS) is None
    assert have.loops == want.loops


def check_program(name: str, options: Options) -> None:
    """Compare the graphs with the interpreter."""
    program, inputs = sample(name).program, sample(name).inputs
    want = interpret(program, inputs, options)
    if options.max_trips == MANY_TRIPS and any(capped for _, _, capped in want.loops):
        pytest.skip("a loop did not end")
    assert all(bool(value.isfinite().all()) for value in want.outputs.values())
    ir = lowered(program, options)
    request = Request(torch.device("cpu"), torch.float64)
    recurrent = Noted(TorchRecurrent().compile(ir, request))
    check_agreement(run_backend(program, inputs, options, recurrent), want)
    check_agreement(run_backend(program, inputs, options, recurrent, checkpoint=True), want)
    trips = tuple(max(1, trips) for trips in recurrent.trips)
    if max(trips, default=1) > MAX_COPIES:
        options = replace(options, max_trips=MAX_COPIES)
        trips = (MAX_COPIES,) * len(trips)
    try:
        unrolled = TorchUnrolled().compile(ir, replace(request, trips=trips))
    except TooLongError:
        pytest.skip("only recurrent: the unrolled graph is too long")
    if options.max_trips == MAX_COPIES:
        want = interpret(program, inputs, options)
    check_agreement(run_backend(program, inputs, options, unrolled), want)


def has_loops(name: str) -> bool:
    return bool(lowered(sample(name).program, Options(smooth=0)).loops)


@in_modes([name for name in NAMES if name not in LONG], 5)
def test_graphs_agree_with_the_interpreter(name: str, mode: str, loops: Any) -> None:
    if loops == "mixture" and not has_loops(name):
        pytest.skip("there is no loop to give another meaning")
    check_program(name, replace(MODES[mode], max_trips=FEW_TRIPS, loops=loops))


@in_modes(sorted(LONG), 1)
def test_graphs_of_long_programs_agree_with_the_interpreter(name: str, mode: str, loops: Any) -> None:
    check_program(name, replace(MODES[mode], max_trips=FEW_TRIPS, loops=loops))


@in_modes([name for name in NAMES if name not in LONG and has_loops(name)], 1, ("path",))
def test_graphs_agree_where_all_loops_end(name: str, mode: str, loops: Any) -> None:
    check_program(name, replace(MODES[mode], max_trips=MANY_TRIPS, loops=loops))


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", [name for name in sorted(LONG) if has_loops(name)])
def test_graphs_agree_where_all_loops_of_long_programs_end(name: str, mode: str) -> None:
    check_program(name, replace(MODES[mode], max_trips=MANY_TRIPS))


@pytest.mark.parametrize("name", NAMES)
def test_hard_modules_give_crisp_results(name: str) -> None:
    rows = {key: value[:2] for key, value in sample(name).inputs.items()}
    module = whilec.compile(ROOT / "programs" / f"{name}.while", smooth="hard", max_trips=10_000)
    got = module.run(**rows).outputs
    for row in range(2):
        one = {key: value[row].tolist() for key, value in rows.items()}
        want = run_prepared(sample(name).program, one, Options(smooth="hard")).run.outputs
        assert {key: value[row].tolist() for key, value in got.items()} == want
