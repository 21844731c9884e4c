"""Every benchmark, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch

from benchmarks.case import Agrees, Case, Differs, Function, Peer, Place, Program, Same, Size, Target
from benchmarks.peers import algovision
from benchmarks.providers import CHECKPOINTED, RECURRENT, REFERENCE, UNROLLED
from benchmarks.report import ROOT

_LIBRARY: Final = ROOT / "programs"
_OWN: Final = ROOT / "benchmarks" / "programs"

_ROW_BY_ROW: Final = (
    "at epsilon > 0 our rows end one by one, its rows together; near its zero, phi below epsilon has a slope"
    " of sqrt(2 epsilon) that the cut leaves out"
)
_CUT: Final = "our degrees below epsilon, or above 1 - epsilon, count as 0 or 1"
_NO_CUT: Final = "inputs in [0, 1] keep every degree away from epsilon, so that only rounding is left"


def _uniform(generator: torch.Generator, *shape: int, low: float, high: float) -> torch.Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=generator) * (high - low) + low


def _factors(size: Size, generator: torch.Generator) -> dict[str, torch.Tensor]:
    return {name: _uniform(generator, size.rows, low=1, high=size.n) for name in ("x1", "x2")}


def _array(size: Size, generator: torch.Generator) -> dict[str, torch.Tensor]:
    return {"a": _uniform(generator, size.rows, size.n, low=0, high=1)}


def _words(size: Size, generator: torch.Generator) -> dict[str, torch.Tensor]:
    return {name: _uniform(generator, size.rows, size.n, low=0, high=4) for name in ("a", "b")}


def _one_long_loop(size: Size, generator: torch.Generator) -> dict[str, torch.Tensor]:
    """One outer trip, and an inner loop of n trips whose last ones fade out."""
    inner = _uniform(generator, size.rows, low=0.8 * size.n, high=size.n)
    inner[0] = size.n
    return {"x1": inner, "x2": torch.ones(size.rows, dtype=torch.float64)}


def _nested_loops(size: Size, generator: torch.Generator) -> dict[str, torch.Tensor]:
    """25 outer trips of n / 25 inner ones, whole numbers, so that every loop ends exactly."""
    low = size.n // 25
    return {
        "x1": torch.randint(max(1, low - 8), low + 1, (size.rows,), generator=generator).double(),
        "x2": torch.randint(17, 26, (size.rows,), generator=generator).double(),
    }


def _against(name: str, build: Callable[[Program, Place], Function], relation: Agrees | Differs) -> Peer:
    """AlgoVision as a peer: what it takes for one step, we want to do in a third of the time."""
    return Peer(algovision.provider(name, build), relation, Target("forward_backward_s", 3.0))


_PLAIN: Final = Peer(RECURRENT, Same(), Target("peak_bytes", 10.0))
_INTERPRETER: Final = Peer(REFERENCE, Same())

CASES: Final[tuple[Case, ...]] = (
    Case(
        name="multiply",
        about="multiplication with mixture semantics, `!=` of mode inf on both sides",
        program=Program(
            _LIBRARY / "multiply.while",
            {"smooth": "inf", "loops": "mixture", "epsilon": 1e-6, "max_trips": 8},
        ),
        inputs=_factors,
        sizes=(Size(1024, 8),),
        small=Size(64, 8),
        ours=(RECURRENT, UNROLLED),
        peers=(
            _against("algovision, our !=", algovision.multiply, Agrees(2e-3, _ROW_BY_ROW)),
            _against(
                "algovision, its !=",
                algovision.multiply_stock,
                Differs("its `!=` is 1 - sech^2; the trips are the same"),
            ),
            _INTERPRETER,
        ),
    ),
    Case(
        name="multiply_by_order",
        about="the same with `>`, which is one function in both; the loops end by themselves",
        program=Program(
            _OWN / "multiply_by_order.while",
            {"smooth": "inf", "loops": "mixture", "epsilon": 1e-6, "steepness": 2.0},
        ),
        inputs=_factors,
        sizes=(Size(1024, 8),),
        small=Size(16, 4),
        ours=(RECURRENT,),
        peers=(
            _against("algovision", algovision.multiply_by_order, Agrees(2e-5, _ROW_BY_ROW)),
            _INTERPRETER,
        ),
    ),
    Case(
        name="bubble_sort",
        about="bubble sort, `>` on both sides",
        program=Program(
            _LIBRARY / "bubble_sort.while", {"smooth": "inf", "compare_steepness": 5.0, "epsilon": 1e-6}
        ),
        inputs=_array,
        sizes=(Size(256, 8),),
        small=Size(16, 5),
        ours=(RECURRENT, UNROLLED),
        peers=(_against("algovision", algovision.bubble_sort, Agrees(1e-9, _NO_CUT)), _INTERPRETER),
    ),
    Case(
        name="levenshtein",
        about="edit distance, `=` and `min` of mode inf on both sides",
        program=Program(_LIBRARY / "levenshtein.while", {"smooth": "inf", "steepness": 5.0, "epsilon": 1e-6}),
        inputs=_words,
        sizes=(Size(64, 10),),
        small=Size(8, 4),
        ours=(RECURRENT, UNROLLED),
        peers=(
            _against("algovision, our = and min", algovision.levenshtein, Agrees(1e-5, _CUT)),
            _INTERPRETER,
        ),
    ),
    Case(
        name="levenshtein_softmin",
        about="edit distance with AlgoVision's own `=` and `Min`, spelled out on our side",
        program=Program(_OWN / "levenshtein_softmin.while", {"smooth": "inf", "epsilon": 1e-6}),
        inputs=_words,
        sizes=(Size(64, 10),),
        small=Size(8, 4),
        ours=(RECURRENT, UNROLLED),
        peers=(
            _against("algovision", algovision.levenshtein_softmin, Agrees(1e-9, "rounding")),
            _INTERPRETER,
        ),
    ),
    Case(
        name="checkpoint",
        about="peak memory of one loop of 1,000 trips, with and without `checkpoint`",
        program=Program(_LIBRARY / "multiply.while", {"smooth": 0, "max_trips": 1100}),
        inputs=_one_long_loop,
        sizes=(Size(1024, 1000),),
        small=Size(8, 40),
        ours=(CHECKPOINTED,),
        peers=(_PLAIN,),
    ),
    Case(
        name="checkpoint_nested",
        about="the same for 25 x 40 trips of nested loops",
        program=Program(_LIBRARY / "multiply.while", {"smooth": 0, "max_trips": 1100}),
        inputs=_nested_loops,
        sizes=(Size(1024, 1000),),
        small=Size(8, 50),
        ours=(CHECKPOINTED,),
        peers=(_PLAIN,),
    ),
)


def case(name: str) -> Case:
    """The benchmark of this name."""
    return next(case for case in CASES if case.name == name)
