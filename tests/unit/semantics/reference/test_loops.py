"""LOOP, FOR, mixture loops, reports and the cap on trips."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.unit.semantics.reference.formulas import MODE_NAMES, MODES, step
from tests.unit.semantics.reference.interpreting import Interpret, error_of, marked

modes = pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
few_modes = pytest.mark.parametrize(
    "mode", [MODES[0], MODES[2], *MODES[9:]], ids=["C0", "C2", "sech", "bump"]
)
LOOP = "PROGRAM p(e: real) -> y, z\nz := 9\nLOOP e DO\n  y := y + 1\n  z := y\nEND\n"
COUNT = "PROGRAM p(x: real) -> y, x\nWHILE x != 0 DO\n  y := y + 1\n  x := x - 1\nEND\n"


# ---- LOOP


@few_modes
@pytest.mark.parametrize("e", [0.0, 0.3, 1.0, 2.5, 4.0, -0.2, -3.0])
@pytest.mark.parametrize("s", [0.5, 1.0, 50.0])
def test_loop_by_its_definition(interpret: Interpret, mode: dict[str, Any], e: float, s: float) -> None:
    y, z, q, i = 0.0, 9.0, 1.0, 0
    while True:
        q *= step(mode, e - i - 0.5, s)
        if q <= 1e-6:
            break
        y = y + q
        z = (1 - q) * z + q * y
        i += 1
    run = interpret(LOOP, {"e": e}, compare_steepness=s, steepness=0.123, **mode)
    assert (run["y"], run["z"]) == pytest.approx((y, z), rel=1e-12, abs=1e-13)
    assert (run.loops[0].trips, run.loops[0].converged) == (i, 1.0)


def test_derivative_by_the_count_of_a_loop(interpret: Interpret) -> None:
    # Mode 0, s = 1, e = 1.3: the weight of trip 0 is 1, and that of trip 1 is 1/2 + 1.3 - 1.5 = 0.3.
    run = interpret(
        "PROGRAM p(e: real) -> y\nLOOP e DO y := y + 1 END\n", {"e": 1.3}, jacobian=True, smooth=0
    )
    assert run["y"] == pytest.approx(1.3)
    assert run.slope("y", "e") == pytest.approx(1.0)


@pytest.mark.parametrize("smooth", ["hard", 0, 1, 3])
def test_whole_counts_are_crisp(interpret: Interpret, smooth: Any) -> None:
    for e in (-5, -1, 0, 1, 2, 7):
        run = interpret("PROGRAM p(e: int) -> y: int\nLOOP e DO y := y + 1 END\n", {"e": e}, smooth=smooth)
        assert run["y"] == max(e, 0)


@modes
def test_a_static_count_is_crisp_in_every_mode(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(a: real[n]) -> y, z
LOOP n DO y := y + 1 END
LOOP n - 5 DO z := z + 1 END
FOR i FROM 1 TO 3 DO LOOP i DO z := z + 1 END END
"""
    run = interpret(text, {"a": [0.0] * 4}, steepness=0.01, **mode)
    assert (run["y"], run["z"]) == (4.0, 6.0)
    assert [report.trips for report in run.loops] == [4, 0, 3]


@few_modes
def test_the_count_is_read_once(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = "PROGRAM p(e: int) -> y: int\nLOOP e DO\n  e := e + 100\n  y := y + 1\nEND\n"
    run = interpret(text, {"e": 3}, steepness=40.0, **mode)
    assert run["y"] == pytest.approx(3.0, abs=1e-7)


@modes
@pytest.mark.parametrize("s", [1.0, 30.0, 1e6])
def test_a_loop_ends_for_every_steepness(interpret: Interpret, mode: dict[str, Any], s: float) -> None:
    for e in (2.0, 2.5, -1e9, 0.5):
        assert interpret(LOOP, {"e": e}, steepness=s, **mode).loops[0].converged == 1.0


def test_loops_inside_each_other_have_their_own_counters(interpret: Interpret) -> None:
    text = """PROGRAM p(e: int) -> y: int
LOOP e DO
  LOOP e DO y := y + 1 END
  LOOP 2 DO LOOP y - y + 1 DO y := y + 1 END END
END
"""
    for smooth in ("hard", 0):
        assert interpret(text, {"e": 3}, smooth=smooth)["y"] == 15


def test_an_empty_loop_body_ends(interpret: Interpret) -> None:
    text = "PROGRAM p(e: int) -> y: int\nLOOP e DO END\ny := 1\n"
    for smooth in ("hard", 0, "inf"):
        run = interpret(text, {"e": 4}, smooth=smooth)
        assert run["y"] == 1
        assert run.loops[0].trips >= 4


def test_a_count_that_is_nan_poisons(interpret: Interpret) -> None:
    text = "PROGRAM p(e: real) -> y, z\nz := 1\nLOOP e / e DO y := y + 1 END\n"
    run = interpret(text, {"e": 0.0}, smooth=1)
    assert math.isnan(run["y"])
    assert (run["z"], run.loops[0].nan) == (1.0, 1.0)


def test_hard_loop_needs_a_whole_count(interpret: Interpret) -> None:
    assert interpret(LOOP, {"e": 3.0}, smooth="hard")["y"] == 3.0
    error = error_of(interpret, LOOP, {"e": 1.5}, smooth="hard")
    assert error.code.name == "E0609"
    assert "1.5" in error.title
    assert marked(error, LOOP) == "e"


# ---- FOR


def test_for_runs_once_per_value_with_inclusive_bounds(interpret: Interpret) -> None:
    text = """PROGRAM p(a: real[n]) -> y: real[5]
FOR i FROM 1 TO 3 DO y[0] := y[0] * 10 + i END
FOR i FROM 3 TO 1 DO y[1] := 99 END
FOR i FROM 3 TO 1 STEP -1 DO y[2] := y[2] * 10 + i END
FOR i FROM 0 TO n STEP 2 DO y[3] := y[3] * 10 + i END
FOR i FROM n TO n DO FOR j FROM i - 1 TO i DO y[4] := y[4] * 10 + j END END
"""
    for smooth in ("hard", 0, "inf"):
        got = interpret(text, {"a": [0.0] * 5}, smooth=smooth)["y"]
        assert got == [123.0, 0.0, 321.0, 24.0, 45.0]


@few_modes
def test_for_runs_at_the_weight_around_it(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = "PROGRAM p(t: real) -> y\nWHILE t > 0 DO\n  FOR i FROM 1 TO 3 DO y := i END\n  t := t - 100\nEND\n"
    p, y = step(mode, 0.1), 0.0
    for i in (1, 2, 3):
        y = (1 - p) * y + p * i
    assert interpret(text, {"t": 0.1}, **mode)["y"] == pytest.approx(y, rel=1e-14)


# ---- reports


def test_reports_count_entries_trips_and_shares(interpret: Interpret) -> None:
    text = """PROGRAM p(x: int) -> y: int
FOR i FROM 1 TO 4 DO
  x := i
  WHILE x != 0 DO x := x - 1 ; y := y + 1 END
END
LOOP 2 DO y := y + 1 END
"""
    for smooth in ("hard", 0):
        first, second = interpret(text, {"x": 0}, smooth=smooth).loops
        assert (first.line, first.entries, first.trips) == (4, 4, 4)
        assert (first.converged, first.capped, first.nan, first.advice) == (1.0, 0.0, 0.0, None)
        assert (second.line, second.entries, second.trips) == (6, 1, 2)


def test_capped_entries_are_counted_and_explained(interpret: Interpret) -> None:
    text = """PROGRAM p(x: int) -> y: int
FOR i FROM 1 TO 4 DO
  x := i
  WHILE x != 0 DO x := x - 1 ; y := y + 1 END
END
"""
    run = interpret(text, {"x": 0}, smooth=0, max_trips=3)
    report = run.loops[0]
    assert (report.entries, report.trips, report.converged, report.capped) == (4, 3, 0.75, 0.25)
    assert report.advice is not None
    assert run["y"] == 1 + 2 + 3 + 3


def test_the_cap_counts_per_entry_and_keeps_the_state(interpret: Interpret) -> None:
    run = interpret(COUNT, {"x": 50.0}, smooth=0, max_trips=7)
    assert (run["y"], run["x"]) == (7.0, 43.0)
    assert interpret(COUNT, {"x": 50.0}, smooth=0, max_trips=0)["y"] == 0.0
    assert interpret(COUNT, {"x": 1500.0}, smooth=0).loops[0].trips == 1000


def test_a_loop_that_is_never_entered_has_no_shares(interpret: Interpret) -> None:
    text = "PROGRAM p(x: real) -> y\nIF 1 > 2 THEN WHILE x != 0 DO x := x - 1 END END\n"
    report = interpret(text, {"x": 1.0}, smooth=0).loops[0]
    assert (report.entries, report.trips, report.converged, report.capped, report.nan) == (
        0,
        0,
        0.0,
        0.0,
        0.0,
    )


@pytest.mark.parametrize(
    ("mode", "bound"),
    [
        ({"smooth": "inf"}, 2.609),
        ({"smooth": 0}, 1.0),
        ({"smooth": 1}, 0.888),
        ({"smooth": 2}, 0.834),
        ({"smooth": 3}, 0.800),
        ({"smooth": "inf", "domain": "nat"}, 3.567),
    ],
)
def test_known_bounds_of_counting_down(interpret: Interpret, mode: dict[str, Any], bound: float) -> None:
    # At weight 1 one trip takes x to x - phi(x) (nat: x - phi(x)^2); below the bound none is negative.
    text = "PROGRAM p(x: real) -> x\nWHILE x != 0 DO x := x - 1 END\n"
    for number in range(1, 40):
        start = number * 0.05 / bound
        run = interpret(text, {"x": start}, steepness=bound - 0.002, max_trips=1, epsilon=0.0, **mode)
        assert run["x"] >= -1e-12, start


# ---- mixture loops


def mixture(mode: dict[str, Any], e: float, s: float, cap: int, epsilon: float) -> float:
    """L(S) = (1 - c) S + c L(B(S)) for y counting the trips of a LOOP; what is left stays with the last."""
    total, mass, y = 0.0, 1.0, 0.0
    for i in range(cap + 1):
        c = step(mode, e - i - 0.5, s)
        if mass * c <= epsilon or i == cap:
            return total + mass * y
        total, mass, y = total + mass * (1 - c) * y, mass * c, y + 1
    raise AssertionError


@few_modes
@pytest.mark.parametrize(
    ("e", "s", "cap"), [(2.5, 1.0, 50), (2.5, 0.3, 50), (3.0, 0.3, 2), (-2.0, 1.0, 9), (0.4, 2.0, 1)]
)
def test_mixture_by_its_definition(
    interpret: Interpret, mode: dict[str, Any], e: float, s: float, cap: int
) -> None:
    text = "PROGRAM p(e: real) -> y\nLOOP e DO y := y + 1 END\n"
    run = interpret(text, {"e": e}, loops="mixture", compare_steepness=s, max_trips=cap, epsilon=1e-4, **mode)
    assert run["y"] == pytest.approx(mixture(mode, e, s, cap, 1e-4), rel=1e-11, abs=1e-12)


def test_mixture_of_states_and_its_derivatives(interpret: Interpret) -> None:
    # Mode 0: c(t) = 3/4, then (t = -1/2 exactly) 0: x = 1/4 x + 3/4 x^2.
    text = "PROGRAM p(x: real, t: real) -> x\nWHILE t > 0 DO x := x * x ; t := t - 3/4 END\n"
    run = interpret(text, {"x": 3.0, "t": 0.25}, jacobian=True, loops="mixture", smooth=0)
    assert run["x"] == pytest.approx(0.25 * 3 + 0.75 * 9)
    assert run.slope("x", "x") == pytest.approx(0.25 + 0.75 * 6)
    assert run.slope("x", "t") == pytest.approx(9 - 3)


def test_mixture_body_runs_at_weight_1(interpret: Interpret) -> None:
    text = """PROGRAM p(x: real, t: real) -> x
WHILE t > 0 DO
  x := 10
  WHILE t > 0 DO x := x + 1 ; t := t - 100 END
END
"""
    # c = 3/4; the inner loop, from weight 1, mixes (10, t) and (11, t - 100) by 3/4; then t = -75 + 1/4.
    run = interpret(text, {"x": 3.0, "t": 0.25}, loops="mixture", smooth=0)
    assert run["x"] == pytest.approx(0.25 * 3 + 0.75 * (0.25 * 10 + 0.75 * 11))


def test_mixture_ignores_a_state_of_weight_0_that_is_not_finite(interpret: Interpret) -> None:
    text = """PROGRAM p(x: real, t: real) -> y
y := 1 / x
WHILE t > 0 DO y := 3 ; t := t - 100 END
"""
    run = interpret(text, {"x": 0.0, "t": 0.5}, loops="mixture", smooth=0)
    assert run["y"] == 3.0
    assert interpret(text, {"x": 0.0, "t": 0.1}, loops="mixture", smooth=0)["y"] == math.inf


def test_mixture_cuts_its_mass_at_epsilon(interpret: Interpret) -> None:
    text = "PROGRAM p(t: real) -> y\nWHILE t > 0 DO y := y + 1 END\n"
    # c = 1/2 for ever: the states 0, 1, 2, ... at 1/2, 1/4, 1/8, ...; the last one keeps the rest.
    for epsilon, trips in [(0.2, 2), (0.1, 3)]:
        run = interpret(text, {"t": 0.0}, loops="mixture", smooth=0, epsilon=epsilon)
        expected = sum(i * 2.0 ** -(i + 1) for i in range(trips)) + trips * 2.0**-trips
        assert run["y"] == pytest.approx(expected, rel=1e-14)
        assert (run.loops[0].trips, run.loops[0].converged) == (trips, 1.0)
    run = interpret(text, {"t": 0.0}, loops="mixture", smooth=0, max_trips=2)
    assert run["y"] == pytest.approx(0.25 + 2 * 0.25)
    assert run.loops[0].capped == 1.0


def test_a_nan_weight_ends_a_mixture(interpret: Interpret) -> None:
    text = "PROGRAM p(x: real) -> y, z\nz := 2\nWHILE x / x > 0 DO y := y + 1 END\n"
    run = interpret(text, {"x": 0.0}, loops="mixture", smooth=0)
    assert math.isnan(run["y"])
    assert (run["z"], run.loops[0].nan, run.loops[0].trips) == (2.0, 1.0, 0)


def test_mixture_of_arrays(interpret: Interpret) -> None:
    text = (
        "PROGRAM p(a: real[n], t: real) -> a\nWHILE t > 0 DO a[0] := a[1] ; a := 2 * a ; t := t - 3/4 END\n"
    )
    run = interpret(text, {"a": [1.0, 5.0], "t": 0.25}, loops="mixture", smooth=0)
    assert run["a"] == pytest.approx([0.25 + 0.75 * 10, 0.25 * 5 + 0.75 * 10])
