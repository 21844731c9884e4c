"""IF: blends of both arms, cuts near 0 and 1, chains, nesting, and static conditions."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.unit.semantics.reference.formulas import MODES, step
from tests.unit.semantics.reference.interpreting import Interpret

few_modes = pytest.mark.parametrize(
    "mode", [MODES[0], MODES[2], *MODES[9:]], ids=["C0", "C2", "sech", "bump"]
)
SIMPLE = "PROGRAM p(x: real, t: real) -> y\ny := 5\nIF t > 0 THEN y := x * x ELSE y := 3 * x END\n"


@few_modes
def test_both_arms_are_blended(interpret: Interpret, mode: dict[str, Any]) -> None:
    d = step(mode, 0.2)
    run = interpret(SIMPLE, {"x": 2.0, "t": 0.2}, jacobian=True, **mode)
    assert run["y"] == pytest.approx(d * 4 + (1 - d) * 6, rel=1e-14)
    assert run.slope("y", "x") == pytest.approx(d * 4 + (1 - d) * 3, rel=1e-14)
    slope = (step(mode, 0.2 + 1e-6) - step(mode, 0.2 - 1e-6)) / 2e-6
    assert run.slope("y", "t") == pytest.approx(slope * (4 - 6), rel=1e-7)


@few_modes
def test_without_else_the_old_value_is_the_other_arm(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = "PROGRAM p(x: real, t: real) -> y, z\ny := 5\nz := 7\nIF t > 0 THEN y := x END\n"
    d = step(mode, -0.1)
    run = interpret(text, {"x": 2.0, "t": -0.1}, **mode)
    assert run["y"] == pytest.approx(d * 2 + (1 - d) * 5, rel=1e-14)
    assert run["z"] == 7.0


@few_modes
def test_every_variable_of_either_arm_is_blended(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(t: real) -> u, v, w
u := 1 ; v := 10 ; w := 100
IF t > 0 THEN u := v + 1 ; w := u ELSE v := u + 2 ; w := w + v END
"""
    d = step(mode, 0.1)
    run = interpret(text, {"t": 0.1}, **mode)
    # Both arms from the same state: then gives (11, 10, 11), else gives (1, 3, 103).
    expected = [d * a + (1 - d) * b for a, b in [(11, 1), (10, 3), (11, 103)]]
    assert [run["u"], run["v"], run["w"]] == pytest.approx(expected, rel=1e-14)


@few_modes
def test_the_arms_run_at_the_weight_around_them(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(t: real, u: real) -> y
y := 5
WHILE u > 0 DO
  IF t > 0 THEN y := 1 ELSE y := y + 2 END
  u := u - 100
END
"""
    p, d = step(mode, 0.1), step(mode, 0.2)
    expected = d * ((1 - p) * 5 + p) + (1 - d) * (5 + 2 * p)
    assert interpret(text, {"t": 0.2, "u": 0.1}, **mode)["y"] == pytest.approx(expected, rel=1e-14)


# ---- the cut


@pytest.mark.parametrize(
    ("t", "expected", "by_x"),
    [(-0.5, 6.0, 3.0), (0.5, 4.0, 4.0), (-0.4999999, 6.0, 3.0), (0.4999999, 4.0, 4.0)],
)
def test_near_0_and_near_1_one_arm_is_taken_with_derivative_0(
    interpret: Interpret, t: float, expected: float, by_x: float
) -> None:
    run = interpret(SIMPLE, {"x": 2.0, "t": t}, jacobian=True, smooth=0)
    assert (run["y"], run.slope("y", "x"), run.slope("y", "t")) == (expected, by_x, 0.0)


def test_the_border_of_the_cut(interpret: Interpret) -> None:
    # Mode 0, epsilon 1/4: d = 1/4 and d = 3/4 are cut, what lies between is not.
    for t, expected in [(-0.25, 6.0), (0.25, 4.0)]:
        run = interpret(SIMPLE, {"x": 2.0, "t": t}, jacobian=True, smooth=0, epsilon=0.25)
        assert (run["y"], run.slope("y", "t")) == (expected, 0.0)
    run = interpret(SIMPLE, {"x": 2.0, "t": 0.2499}, jacobian=True, smooth=0, epsilon=0.25)
    assert run["y"] == pytest.approx(0.7499 * 4 + 0.2501 * 6)
    assert run.slope("y", "t") == pytest.approx(-2.0)


def test_epsilon_0_still_takes_one_arm_at_exactly_0_and_1(interpret: Interpret) -> None:
    for t, expected in [(-0.5, 6.0), (0.5, 4.0)]:
        run = interpret(SIMPLE, {"x": 2.0, "t": t}, jacobian=True, smooth=0, epsilon=0.0)
        assert (run["y"], run.slope("y", "t")) == (expected, 0.0)
    run = interpret(SIMPLE, {"x": 2.0, "t": -0.5 + 1e-9}, jacobian=True, smooth=0, epsilon=0.0)
    assert run.slope("y", "t") == pytest.approx(-2.0)


def test_the_arm_that_is_not_taken_is_not_evaluated(interpret: Interpret) -> None:
    text = "PROGRAM p(x: real, t: real) -> y\nIF t > 0 THEN y := 1 / x ELSE y := log(x - 1) END\n"
    assert interpret(text, {"x": 2.0, "t": 1.0}, smooth="hard")["y"] == 0.5
    run = interpret(text, {"x": 0.5, "t": 1.0}, jacobian=True, smooth=0)
    assert (run["y"], run.slope("y", "x")) == (2.0, -4.0)


def test_loops_of_an_arm_that_is_not_taken_are_not_entered(interpret: Interpret) -> None:
    text = """PROGRAM p(x: real, t: real) -> y
IF t > 0 THEN WHILE x != 0 DO x := x - 1 ; y := y + 1 END ELSE LOOP x DO y := y + 1 END END
"""
    loops = interpret(text, {"x": 2.0, "t": 1.0}, smooth=0).loops
    assert [report.entries for report in loops] == [1, 0]
    loops = interpret(text, {"x": 2.0, "t": 0.1}, smooth=0).loops
    assert [report.entries for report in loops] == [1, 1]


def test_a_nan_degree_poisons_what_the_arms_assign(interpret: Interpret) -> None:
    text = "PROGRAM p(x: real) -> y, z\ny := 1\nz := 1\nIF x / x > 0 THEN y := 2 ELSE y := 3 END\n"
    run = interpret(text, {"x": 0.0}, smooth=1)
    assert math.isnan(run["y"])
    assert run["z"] == 1.0


# ---- chains, nesting, arrays


@few_modes
def test_elseif_is_a_nested_choice(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(x: real, y: real) -> z
IF x > 0 THEN z := 1 ELSEIF y > 0 THEN z := 20 ELSEIF x + y > 0 THEN z := 300 ELSE z := 4000 END
"""
    x, y = -0.1, 0.15
    a, b, c = step(mode, x), step(mode, y), step(mode, x + y)
    expected = a + (1 - a) * (b * 20 + (1 - b) * (c * 300 + (1 - c) * 4000))
    assert interpret(text, {"x": x, "y": y}, **mode)["z"] == pytest.approx(expected, rel=1e-12)


@few_modes
def test_conditions_of_a_chain_are_read_before_any_arm(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(x: real) -> z
IF x > 0 THEN x := 100 ; z := 1 ELSEIF x < 0 THEN z := 2 END
"""
    d, e = step(mode, 0.1), step(mode, -0.1)
    assert interpret(text, {"x": 0.1}, **mode)["z"] == pytest.approx(d + (1 - d) * e * 2, rel=1e-13)


@few_modes
def test_nested_choices(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(x: real, y: real) -> z
z := 9
IF x > 0 THEN
  z := z + 1
  IF y > 0 THEN z := z * z ELSE x := 2 END
ELSE
  IF y < 0 THEN z := x END
END
z := z + x
"""
    x, y = 0.1, -0.2
    a, b, c = step(mode, x), step(mode, y), step(mode, -y)
    z = a * (b * 100 + (1 - b) * 10) + (1 - a) * (c * x + (1 - c) * 9)
    after = a * (b * x + (1 - b) * 2) + (1 - a) * x
    assert interpret(text, {"x": x, "y": y}, **mode)["z"] == pytest.approx(z + after, rel=1e-13)


@few_modes
def test_arrays_in_arms_are_not_shared(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(a: real[n], t: real) -> a, b: real[n]
b := a
IF t > 0 THEN
  a[0] := 10 ; a[1] := a[0] + 1 ; b[1] := a[1]
ELSE
  a[1] := a[0] ; b := 2 * a
END
"""
    d = step(mode, 0.1)
    run = interpret(text, {"a": [1.0, 2.0], "t": 0.1}, **mode)
    assert run["a"] == pytest.approx([d * 10 + (1 - d), d * 11 + (1 - d)], rel=1e-13)
    assert run["b"] == pytest.approx([d + (1 - d) * 2, d * 11 + (1 - d) * 2], rel=1e-13)


def test_a_choice_in_hard_mode_takes_one_arm(interpret: Interpret) -> None:
    for t, expected in [(0.1, 4.0), (0.0, 6.0), (-0.1, 6.0)]:
        assert interpret(SIMPLE, {"x": 2.0, "t": t}, smooth="hard")["y"] == expected


# ---- static conditions


@pytest.mark.parametrize("smooth", ["hard", 0, "inf"])
def test_a_static_condition_runs_only_the_taken_arm(interpret: Interpret, smooth: Any) -> None:
    text = """PROGRAM p(a: real[n]) -> y
CONST last = 2
FOR i FROM 0 TO n DO
  IF i < n AND NOT i > last THEN y := y + a[i] ELSEIF i = n THEN y := y + 100 ELSE y := y / 0 END
END
IF n > 5 THEN y := a[7] END
"""
    run = interpret(text, {"a": [1.0, 2.0, 4.0]}, smooth=smooth, steepness=0.01)
    assert run["y"] == 107.0


@few_modes
def test_a_static_choice_inside_a_loop_runs_at_its_weight(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(t: real) -> y
y := 5
WHILE t > 0 DO
  IF 1 < 2 THEN y := 1 ELSE y := 2 END
  t := t - 100
END
"""
    p = step(mode, 0.2)
    assert interpret(text, {"t": 0.2}, **mode)["y"] == pytest.approx((1 - p) * 5 + p, rel=1e-14)


# ---- depth


def test_five_hundred_nested_blocks_and_deep_expressions(interpret: Interpret) -> None:
    blocks = "IF x > -9 THEN\n" * 250 + "WHILE y = 0 DO\n" + "LOOP 1 DO\n" * 240
    sums = "y := " + "(" * 900 + "y" + " + 1)" * 900
    text = f"PROGRAM p(x: real) -> y\n{blocks}y := y + x\n{'END ' * 491}\n{sums}\n"
    for smooth in ("hard", 0):
        run = interpret(text, {"x": 2.0}, jacobian=smooth != "hard", smooth=smooth)
        assert run["y"] == 902.0
    assert run.slope("y", "x") == 1.0
