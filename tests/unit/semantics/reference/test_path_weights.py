"""Path-weighted execution: assignments at a weight, WHILE, and the cut at epsilon."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.unit.semantics.reference.formulas import MODE_NAMES, MODES, phi, step
from tests.unit.semantics.reference.interpreting import Interpret

few_modes = pytest.mark.parametrize(
    "mode", [MODES[0], MODES[2], *MODES[9:]], ids=["C0", "C2", "sech", "bump"]
)
ONCE = "WHILE t > 0 DO\n  {}\n  t := t - 100\nEND"
"""One trip at the weight step(t); the second weight is 0 in every mode."""


def once(statement: str, header: str = "PROGRAM p(x: real, e: real, t: real) -> x") -> str:
    return header + "\n" + ONCE.format(statement) + "\n"


# ---- assignments


@few_modes
def test_assignment_at_a_weight(interpret: Interpret, mode: dict[str, Any]) -> None:
    p = step(mode, 0.15)
    run = interpret(once("x := e * e"), {"x": 3.0, "e": 2.0, "t": 0.15}, jacobian=True, **mode)
    assert run["x"] == pytest.approx((1 - p) * 3 + p * 4, rel=1e-14)
    assert run.slope("x", "x") == pytest.approx(1 - p, rel=1e-13)
    assert run.slope("x", "e") == pytest.approx(p * 4, rel=1e-13)
    low, high = step(mode, 0.15 - 1e-6), step(mode, 0.15 + 1e-6)
    assert run.slope("x", "t") == pytest.approx((high - low) / 2e-6 * (4 - 3), rel=1e-7)


@few_modes
def test_increments_at_a_weight(interpret: Interpret, mode: dict[str, Any]) -> None:
    p = step(mode, 0.15)
    for statement, sign in [("x := x + e", 1), ("x := x - e", -1)]:
        run = interpret(once(statement), {"x": 3.0, "e": 2.0, "t": 0.15}, jacobian=True, **mode)
        assert run["x"] == pytest.approx(3 + sign * p * 2, rel=1e-14)
        assert (run.slope("x", "x"), run.slope("x", "e")) == pytest.approx((1.0, sign * p), rel=1e-13)


def test_increments_round_only_once(interpret: Interpret) -> None:
    # x + p c, where (1 - p) x + p (x + c) would lose c beside a huge x.
    run = interpret(once("x := x + e"), {"x": 2.0**52, "e": 2.0, "t": 0.0}, smooth=0)
    assert run["x"] == 2.0**52 + 1.0
    third = interpret(once("x := x - e"), {"x": 0.1, "e": 0.3, "t": 0.25}, smooth=0)
    assert third["x"] == 0.1 - 0.75 * 0.3


def test_the_derivative_by_the_weight_is_e_minus_x_also_at_weight_1(interpret: Interpret) -> None:
    # Mode 0: p = 1/2 + t; at t = 1/2 p is exactly 1 with derivative 1.
    run = interpret(once("x := e"), {"x": 3.0, "e": 10.0, "t": 0.5}, jacobian=True, smooth=0)
    assert run["x"] == 10.0
    assert (run.slope("x", "t"), run.slope("x", "x"), run.slope("x", "e")) == (7.0, 0.0, 1.0)
    run = interpret(once("x := x + e"), {"x": 3.0, "e": 10.0, "t": 0.5}, jacobian=True, smooth=0)
    assert (run["x"], run.slope("x", "t"), run.slope("x", "x")) == (13.0, 10.0, 1.0)


def test_a_variable_is_frozen_at_weight_0(interpret: Interpret) -> None:
    # Mode 0: at t = -1/2 the weight is exactly 0 with derivative 1; nothing is evaluated.
    for statement in ("x := e", "x := x + e", "x := 1 / (e - e)", "x := sqrt(-e)"):
        run = interpret(once(statement), {"x": 0.1, "e": 10.0, "t": -0.5}, jacobian=True, smooth=0)
        assert run["x"] == 0.1
        assert (run.slope("x", "x"), run.slope("x", "t"), run.slope("x", "e")) == (1.0, 0.0, 0.0)
        assert (run.loops[0].entries, run.loops[0].trips, run.loops[0].converged) == (1, 0, 1.0)


def test_weight_1_of_the_top_level_drops_the_old_value(interpret: Interpret) -> None:
    text = "PROGRAM p(x: real) -> y\ny := 1 / x\ny := x + 1\n"
    run = interpret(text, {"x": 0.0}, jacobian=True, smooth=1)
    assert (run["y"], run.slope("y", "x")) == (1.0, 1.0)


def test_a_non_finite_value_at_a_weight_between_stays_visible(interpret: Interpret) -> None:
    assert interpret(once("x := 1 / (e - e)"), {"x": 1.0, "e": 1.0, "t": 0.1}, smooth=0)["x"] == math.inf
    text = "PROGRAM p(x: real, e: real, t: real) -> y\ny := 1 / x\n" + ONCE.format("y := e") + "\n"
    assert interpret(text, {"x": 0.0, "e": 1.0, "t": 0.1}, smooth=0)["y"] == math.inf


@few_modes
def test_arrays_and_elements_at_a_weight(interpret: Interpret, mode: dict[str, Any]) -> None:
    header = "PROGRAM p(a: real[n], t: real) -> a"
    p = step(mode, -0.1)
    run = interpret(once("a := 2 * a", header), {"a": [1.0, 2.0], "t": -0.1}, jacobian=True, **mode)
    assert run["a"] == pytest.approx([1 + p, 2 + 2 * p], rel=1e-13)
    assert run.slope("a", "a") == [pytest.approx([1 + p, 0.0]), pytest.approx([0.0, 1 + p])]
    run = interpret(once("a[1] := 7", header), {"a": [1.0, 2.0], "t": -0.1}, **mode)
    assert run["a"] == pytest.approx([1.0, (1 - p) * 2 + p * 7], rel=1e-13)
    run = interpret(once("a := 5", header), {"a": [1.0, 2.0], "t": -0.1}, **mode)
    assert run["a"] == pytest.approx([(1 - p) * x + p * 5 for x in (1.0, 2.0)], rel=1e-13)
    run = interpret(once("a := a + t", header), {"a": [1.0, 2.0], "t": -0.1}, **mode)
    assert run["a"] == pytest.approx([1.0 - 0.1 * p, 2.0 - 0.1 * p], rel=1e-13)


# ---- WHILE


@few_modes
@pytest.mark.parametrize("start", [2.5, 0.3, 4.0])
def test_a_loop_by_its_definition(interpret: Interpret, mode: dict[str, Any], start: float) -> None:
    text = "PROGRAM p(x: real) -> y, x\nWHILE x != 0 DO\n  y := y + 1\n  x := x - 1\nEND\n"
    x, y, q, trips, epsilon = start, 0.0, 1.0, 0, 1e-3
    while True:
        q *= phi(mode, x, 0.8)
        if q <= epsilon or trips == 40:
            break
        y, x, trips = y + q, x - q, trips + 1
    run = interpret(text, {"x": start}, steepness=0.8, epsilon=epsilon, max_trips=40, **mode)
    assert (run["x"], run["y"]) == pytest.approx((x, y), rel=1e-10, abs=1e-12)
    assert run.loops[0].trips == trips


def test_the_weight_is_cumulative_and_the_condition_is_read_first(interpret: Interpret) -> None:
    # Mode 0, s = 1: c = 3/4, then 1/4, then clamp(-1/4) = 0.
    text = "PROGRAM p(t: real) -> y, z\nWHILE t > 0 DO\n  y := y + 1\n  z := t\n  t := t - 2/3\nEND\n"
    q0 = 0.75
    t1 = 0.25 - q0 * 2 / 3
    q1 = q0 * (0.5 + t1)
    t2 = t1 - q1 * 2 / 3
    q2 = q1 * (0.5 + t2)
    y, z = q0, q0 * 0.25
    for q, t in [(q1, t1), (q2, t2)]:
        y, z = y + q, (1 - q) * z + q * t
    run = interpret(text, {"t": 0.25}, smooth=0, max_trips=3)
    assert (run["y"], run["z"]) == pytest.approx((y, z), rel=1e-14)


def test_after_the_loop_the_weight_is_again_that_around_it(interpret: Interpret) -> None:
    text = """PROGRAM p(t: real, u: real) -> y
WHILE u > 0 DO
  WHILE t > 0 DO t := t - 10 END
  y := y + 1
  u := u - 10
END
y := y + 2
"""
    run = interpret(text, {"t": 0.1, "u": 0.2}, smooth=0)
    assert run["y"] == pytest.approx(2.7, rel=1e-15)


def test_an_inner_loop_starts_at_the_weight_of_the_outer(interpret: Interpret) -> None:
    text = """PROGRAM p(t: real, u: real) -> y
WHILE u > 0 DO
  WHILE t > 0 DO
    y := y + 1
    t := t - 10
  END
  u := u - 10
END
"""
    run = interpret(text, {"t": 0.1, "u": 0.2}, jacobian=True, smooth=0)
    assert run["y"] == pytest.approx(0.6 * 0.7, rel=1e-15)
    assert (run.slope("y", "t"), run.slope("y", "u")) == pytest.approx((0.7, 0.6), rel=1e-14)


def test_q_stays_0_whatever_the_condition_becomes(interpret: Interpret) -> None:
    # The first trip makes c = 0, which ends the loop, though the next trip would make it 1.
    text = "PROGRAM p(t: real) -> y\nWHILE t != 1 DO y := y + 1 ; t := 3 - 2 * t END\n"
    run = interpret(text, {"t": 1.0}, smooth=0)
    assert (run["y"], run.loops[0].trips) == (0.0, 0)


# ---- the cut


@pytest.mark.parametrize("epsilon", [0.0, 1e-6, 1e-3, 0.25])
def test_weights_up_to_epsilon_count_as_0_with_gradient_0(interpret: Interpret, epsilon: float) -> None:
    # Mode 0, s = 1/2: the weight is 1/2 + t/2 exactly, for these t.
    text = once("x := e")
    for weight in (epsilon, math.nextafter(epsilon, 1), 2 * epsilon + 0.125):
        t = 2 * (weight - 0.5)
        exact = 0.5 + 0.5 * t
        run = interpret(
            text, {"x": 1.0, "e": 3.0, "t": t}, jacobian=True, smooth=0, steepness=0.5, epsilon=epsilon
        )
        if exact <= epsilon:
            assert (run["x"], run.slope("x", "t"), run.slope("x", "e")) == (1.0, 0.0, 0.0)
            assert run.loops[0].trips == 0
        else:
            assert run["x"] == pytest.approx(1 + 2 * exact, rel=1e-12)
            assert run.slope("x", "t") == pytest.approx(1.0)
            assert run.loops[0].trips == 1


def test_the_cut_applies_to_the_product(interpret: Interpret) -> None:
    text = """PROGRAM p(t: real, u: real) -> y
WHILE u > 0 DO
  WHILE t > 0 DO y := y + 1 ; t := t - 10 END
  u := u - 10
END
"""
    inputs = {"t": -0.3, "u": -0.3}  # weights 0.2 and 0.2 * 0.2 = 0.04
    assert interpret(text, inputs, smooth=0, epsilon=0.05)["y"] == 0.0
    assert interpret(text, inputs, smooth=0, epsilon=0.03)["y"] == pytest.approx(0.04)
    assert interpret(text, inputs, smooth=0, epsilon=0.03, max_trips=1)["y"] == pytest.approx(0.04)


def test_epsilon_0_runs_until_the_weight_is_0(interpret: Interpret) -> None:
    text = "PROGRAM p(t: real) -> y\nWHILE t > 0 DO y := y + 1 END\n"
    run = interpret(text, {"t": 0.0}, smooth=0, epsilon=0.0, max_trips=60)
    assert run["y"] == pytest.approx(1 - 2.0**-60, abs=0)
    assert (run.loops[0].trips, run.loops[0].capped) == (60, 1.0)
    run = interpret(text, {"t": 0.0}, smooth=0, max_trips=60)
    assert (run.loops[0].trips, run.loops[0].capped) == (19, 0.0)  # 2^-20 < 1e-6
    run = interpret(text, {"t": 0.0}, smooth=0, epsilon=0.0, max_trips=2000)
    assert (run.loops[0].trips, run.loops[0].converged) == (1074, 1.0)  # 2^-1075 underflows


# ---- NaN


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_a_nan_weight_poisons_exactly_what_the_body_assigns(
    interpret: Interpret, mode: dict[str, Any]
) -> None:
    text = """PROGRAM p(x: real, a: real[n]) -> y, z, u, a
y := 1
z := 2
u := 3
WHILE x / x > 0 DO
  IF z > 0 THEN y := y + 1 END
  FOR i FROM 0 TO 1 DO a[0] := z END
END
u := u + z
"""
    run = interpret(text, {"x": 0.0, "a": [5.0, 6.0]}, **mode)
    assert math.isnan(run["y"])
    assert all(math.isnan(x) for x in run["a"])
    assert (run["z"], run["u"]) == (2.0, 5.0)
    report = run.loops[0]
    assert (report.entries, report.trips, report.nan, report.converged, report.capped) == (
        1,
        0,
        1.0,
        0.0,
        0.0,
    )


def test_nan_after_some_trips_ends_the_loop(interpret: Interpret) -> None:
    # 0 / t is NaN as soon as t is 0, in the third test of the condition.
    text = "PROGRAM p(t: real) -> y, t, z\nWHILE 1 + 0 / t > 0 DO t := t - 1 ; y := y + 1 ; END\nz := 4\n"
    run = interpret(text, {"t": 2.0}, smooth=0)
    assert math.isnan(run["t"])
    assert math.isnan(run["y"])
    assert run["z"] == 4.0
    assert (run.loops[0].trips, run.loops[0].nan) == (2, 1.0)


def test_nan_in_one_of_several_entries_is_counted(interpret: Interpret) -> None:
    text = """PROGRAM p(t: real) -> y, z
FOR i FROM 0 TO 3 DO
  y := 0
  WHILE y / (2.0 - i) < 0.0 WITH STEEPNESS 9.0 DO y := y + 1 END
  IF i = 0 THEN z := y END
END
"""
    # i = 2 divides 0 by 0; the others start at 0 < 0 = 1/2 in mode 0 and end.
    report = interpret(text, {"t": 0.0}, smooth=0).loops[0]
    assert (report.entries, report.nan) == (4, 0.25)


def test_a_nan_that_is_not_a_weight_passes_through_values_only(interpret: Interpret) -> None:
    run = interpret(once("x := e / e"), {"x": 1.0, "e": 0.0, "t": -0.5}, smooth=0)
    assert run["x"] == 1.0
    run = interpret(once("x := e / e"), {"x": 1.0, "e": 0.0, "t": 0.0}, smooth=0)
    assert math.isnan(run["x"])
