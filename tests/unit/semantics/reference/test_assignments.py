"""Parallel assignment, DEF, VAR start values, CONST and PARAM, domain nat, core programs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.semantics.reference.formulas import MODES, phi, step
from tests.unit.semantics.reference.interpreting import Interpret, error_of, load, on_numbers
from whilec.semantics.options import Options
from whilec.semantics.reference import Step, execute

few_modes = pytest.mark.parametrize(
    "mode", [MODES[0], MODES[2], *MODES[9:]], ids=["C0", "C2", "sech", "bump"]
)
every_mode = pytest.mark.parametrize("smooth", ["hard", 0, 2, "inf"])


# ---- parallel assignment


@every_mode
def test_a_swap(interpret: Interpret, smooth: Any) -> None:
    text = (
        "PROGRAM p(x: real, y: real, a: real[n]) -> x, y, a\nx, y := y, x\na[0], a[n - 1] := a[n - 1], a[0]\n"
    )
    run = interpret(text, {"x": 1.0, "y": 2.0, "a": [3.0, 4.0, 5.0]}, smooth=smooth)
    assert (run["x"], run["y"], run["a"]) == (2.0, 1.0, [5.0, 4.0, 3.0])


@every_mode
def test_whole_arrays_and_rows_swap(interpret: Interpret, smooth: Any) -> None:
    text = """PROGRAM p(a: real[n], b: real[n], m: real[2, 2]) -> a, b, m
a, b := b, a
m[0], m[1] := m[1], m[0]
b[0] := 9
"""
    run = interpret(text, {"a": [1.0, 2.0], "b": [3.0, 4.0], "m": [[1.0, 2.0], [3.0, 4.0]]}, smooth=smooth)
    assert (run["a"], run["b"], run["m"]) == ([3.0, 4.0], [9.0, 2.0], [[3.0, 4.0], [1.0, 2.0]])


@every_mode
def test_targets_are_written_from_left_to_right(interpret: Interpret, smooth: Any) -> None:
    text = "PROGRAM p(a: real[n], x: real) -> a\na[1], a[1], a := 5, 6, 2 * a\na[0], a[0] := x, x + 1\n"
    run = interpret(text, {"a": [1.0, 2.0], "x": 7.0}, smooth=smooth)
    assert run["a"] == [8.0, 4.0]


@few_modes
def test_parallel_assignment_at_a_weight(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(x: real, y: real, a: real[2], t: real) -> x, y, a
WHILE t > 0 DO x, y, a[0], a[0], t := y, x + y, x, y, t - 100 END
"""
    p = step(mode, 0.1)
    run = interpret(text, {"x": 1.0, "y": 3.0, "a": [10.0, 20.0], "t": 0.1}, **mode)
    first = (1 - p) * 10 + p * 1
    assert run["x"] == pytest.approx((1 - p) * 1 + p * 3)
    assert run["y"] == pytest.approx((1 - p) * 3 + p * 4)
    assert run["a"] == pytest.approx([(1 - p) * first + p * 3, 20.0])


# ---- DEF


@every_mode
def test_a_call_has_its_own_scope_and_copies(interpret: Interpret, smooth: Any) -> None:
    text = """PROGRAM p(a: real[n], x: real) -> y, a, x, z
CONST c = 10
DEF change(b, u) -> v, b
  b[0] := u + c
  u := 99
  y := y + 1
  v := y + u
END
y := 5
z, b := change(a, x)
y := y + b[0]
"""
    run = interpret(text, {"a": [1.0, 2.0], "x": 3.0}, smooth=smooth)
    assert (run["y"], run["a"], run["x"], run["z"]) == (18.0, [1.0, 2.0], 3.0, 100.0)


@every_mode
def test_locals_of_a_call_start_afresh(interpret: Interpret, smooth: Any) -> None:
    text = """PROGRAM p(x: real) -> y
DEF f(u) -> v
  VAR t: real[2] = 4.0
  t[0] := t[0] + u
  n := n + 1
  v := t[0] * n
END
FOR i FROM 1 TO 3 DO y := y * 10 + f(1) END
y := y + f(f(x))
"""
    assert interpret(text, {"x": 2.0}, smooth=smooth)["y"] == 565.0


@few_modes
def test_a_call_inside_a_loop_runs_at_weight_1(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(x: real, t: real) -> y, x
DEF twice(u) -> v
  v := 1
  v := 2 * u
END
y := 7
WHILE t > 0 DO
  y := twice(x) + 1
  x := twice(x)
  t := t - 100
END
"""
    p = step(mode, 0.15)
    run = interpret(text, {"x": 3.0, "t": 0.15}, jacobian=True, **mode)
    assert run["y"] == pytest.approx((1 - p) * 7 + p * 7)
    assert run["x"] == pytest.approx((1 - p) * 3 + p * 6)
    assert run.slope("x", "x") == pytest.approx(1 + p)


def test_a_loop_inside_a_call_does_not_see_the_callers_weight(interpret: Interpret) -> None:
    text = """PROGRAM p(t: real, u: real) -> y
DEF f(u) -> v
  WHILE u > 0 DO v := v + 1 ; u := u - 100 END
END
WHILE t > 0 DO y := f(u) ; t := t - 100 END
"""
    # 0.6 * 0.7; with epsilon 0.5 the product would be cut, the two factors are not.
    run = interpret(text, {"t": 0.1, "u": 0.2}, smooth=0, epsilon=0.5 - 1e-9)
    assert run["y"] == pytest.approx(0.42)


def test_a_call_sees_params_and_differentiates_by_them(interpret: Interpret) -> None:
    text = """PROGRAM p(x: real) -> y
PARAM w: real = 2.0
PARAM v: real[2] = 3.0
DEF f(u) -> r
  r := w * u + v[1] + g(u)
END
DEF g(u) -> r
  r := w * w
END
y := f(x) + v[0]
"""
    run = interpret(text, {"x": 5.0, "w": 4.0, "v": [1.0, 10.0]}, jacobian=True, smooth=1)
    assert run["y"] == 47.0
    assert (run.slope("y", "w"), run.slope("y", "v"), run.slope("y", "x")) == (13.0, [1.0, 1.0], 4.0)
    assert interpret(text, {"x": 5.0}, smooth="hard")["y"] == 20.0


@every_mode
def test_functions_take_arrays_of_several_sizes(interpret: Interpret, smooth: Any) -> None:
    text = """PROGRAM p(a: real[n], b: real[m]) -> y, z: real[m]
DEF total(u: real[k]) -> r
  FOR i FROM 0 TO k - 1 DO r := r + u[i] END
  r := r * k
END
DEF double(u) -> u
  u := u + u
END
y := total(a) * 100 + total(b)
z := double(b)
"""
    run = interpret(text, {"a": [1.0, 2.0], "b": [1.0, 1.0, 1.0]}, smooth=smooth)
    assert (run["y"], run["z"]) == (609.0, [2.0, 2.0, 2.0])


# ---- start values


@every_mode
def test_start_values(interpret: Interpret, smooth: Any) -> None:
    text = """PROGRAM p(a: real[n]) -> s, t: real[n], u: real[n, 2], v: int
CONST half = 0.5
VAR s: real = half * 3
VAR t: real[n] = -1.5
VAR v: int = 4
u[0, 1] := s
w := w + 1
s := s + w
"""
    run = interpret(text, {"a": [0.0, 0.0]}, smooth=smooth)
    assert (run["s"], run["t"], run["u"], run["v"]) == (2.5, [-1.5, -1.5], [[0.0, 1.5], [0.0, 0.0]], 4)


@every_mode
def test_an_output_that_is_an_input_starts_with_it(interpret: Interpret, smooth: Any) -> None:
    assert interpret("PROGRAM p(a: real[n]) -> a\na[0] := a[0] + 1\n", {"a": [1.0]}, smooth=smooth)["a"] == [
        2.0
    ]


def test_the_callers_lists_are_never_changed(interpret: Interpret) -> None:
    given = [[1.0, 2.0], [3.0, 4.0]]
    interpret("PROGRAM p(a: real[n, m]) -> a\na[0, 0] := 9\na := 2 * a\n", {"a": given}, smooth=0)
    assert given == [[1.0, 2.0], [3.0, 4.0]]


def test_constants_and_elementwise_arithmetic(interpret: Interpret) -> None:
    text = """PROGRAM p(a: real[n], x: real) -> y: real[n], z: real[n]
CONST c = 2
y := c * a - x / a + -a
z := exp(0 * a) + x
"""
    run = interpret(text, {"a": [1.0, 2.0], "x": 4.0}, jacobian=True, smooth=0)
    assert (run["y"], run["z"]) == ([-3.0, 0.0], [5.0, 5.0])
    assert (run.slope("y", "x"), run.slope("y", "a")) == ([-1.0, -0.5], [[5.0, 0.0], [0.0, 2.0]])


# ---- core programs


def test_inputs_of_a_core_program_are_optional(interpret: Interpret) -> None:
    text = "WHILE x1 != 0 DO x0 := x0 + 1; x1 := x1 - 1 END x0 := x2"
    assert interpret(text, {"x2": 5}, smooth="hard")["x0"] == 5
    assert interpret(text, {"x1": 3}, smooth="hard")["x0"] == 0


def test_only_given_inputs_appear_in_a_jacobian() -> None:
    text = "x0 := x0 + 1\nx0 := x2\nx1 := x1 + 1\n"
    assert on_numbers(text, {"x2": 5.0}, jacobian=True, smooth=0).jacobian == {"x0": {"x2": 1.0}}


# ---- domain nat


@few_modes
@pytest.mark.parametrize("x", [0.0, 0.4, 1.0, 2.5])
def test_natural_subtraction_goes_down_by_phi(interpret: Interpret, mode: dict[str, Any], x: float) -> None:
    text = "PROGRAM p(x: real, a: real[2]) -> x, a\nx := x - 3\na[1] := a[1] - 2\n"
    expected, element = x, x
    for _ in range(3):
        expected -= phi(mode, expected, 0.8)
    for _ in range(2):
        element -= phi(mode, element, 0.8)
    run = interpret(text, {"x": x, "a": [x, x]}, domain="nat", steepness=0.8, **mode)
    assert run["x"] == pytest.approx(expected, rel=1e-11, abs=1e-13)
    assert run["a"] == pytest.approx([x, element], rel=1e-11, abs=1e-13)


@few_modes
def test_natural_subtraction_at_a_weight(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = "PROGRAM p(x: real, t: real) -> x\nWHILE t > 0 DO x := x - 2 ; t := t - 100.5 END\n"
    p, x = step(mode, 0.1), 1.7
    for _ in range(2):
        x -= p * phi(mode, x)
    assert interpret(text, {"x": 1.7, "t": 0.1}, domain="nat", **mode)["x"] == pytest.approx(x, rel=1e-12)


@few_modes
def test_other_subtractions_of_nat_are_ordinary(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(x: real, y: real, i: real, a: real[2]) -> x, y, z, u, v, a
CONST minus = -1
u := x ; v := x ; z := x - 3
x := x - y
y := y - 2.0
u := u - minus
v, w := v - 1, 0
i := i + 0
a[i] := a[i] - 1
"""
    inputs = {"x": 0.5, "y": 0.25, "i": 0.0, "a": [0.0, 5.0]}
    run = interpret(text, inputs, domain="nat", **mode)
    assert (run["z"], run["x"], run["y"], run["u"], run["v"]) == (-2.5, 0.25, -1.75, 1.5, -0.5)
    if mode["smooth"] != "inf" or "phi" in mode:
        assert run["a"] == [-1.0, 5.0]


def test_crisp_natural_subtraction_saturates(interpret: Interpret) -> None:
    text = """PROGRAM p(x: int, r: real, a: int[2]) -> x, r, a, b: int[2]
b := a
x := x - 3 ; r := r - 1 ; a[0] := a[0] - 2 ; b := b - 2
FOR i FROM 1 TO 2 DO x := x - i END
"""
    run = interpret(text, {"x": 5, "r": 0.5, "a": [1, 7]}, domain="nat", smooth="hard")
    assert (run["x"], run["r"], run["a"], run["b"]) == (0, 0.0, [0, 7], [0, 5])


def test_negative_inputs_of_nat_are_an_error(interpret: Interpret) -> None:
    for smooth in ("hard", 0):
        error = error_of(interpret, "x0 := x0 - 1\nx0 := x1\n", {"x1": -1}, domain="nat", smooth=smooth)
        assert error.code.name == "E0611"
    assert interpret("PROGRAM p(x: real) -> y\ny := x\n", {"x": 0.0}, domain="nat", smooth=0)["y"] == 0.0


# ---- the observer


def test_the_observer_sees_every_assignment_with_its_weight() -> None:
    text = "PROGRAM p(t: real) -> y\ny := 2\nWHILE t > 0 DO\n  y, z := y + 1, y\n  t := t - 100\nEND\n"
    steps: list[Step] = []
    execute(load(text, {"t": ()}), {"t": 0.25}, Options(smooth=0), observer=steps.append)
    assert [(step.weight, step.changes, step.depth) for step in steps] == [
        (1.0, (("y", 2.0),), 0),
        (0.75, (("y", 2.75), ("z", 1.5)), 1),
        (0.75, (("t", -74.75),), 1),
    ]


def test_subtracting_0_changes_nothing(interpret: Interpret) -> None:
    text = "PROGRAM p(x: real) -> x\nCONST none = 0\nx := x - none\n"
    assert interpret(text, {"x": 0.3}, domain="nat", smooth="inf")["x"] == 0.3
