"""Degrees of conditions: comparisons, connectives, static operands and steepness."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.unit.semantics.reference import formulas
from tests.unit.semantics.reference.formulas import MODE_NAMES, MODES, equal, phi, step
from tests.unit.semantics.reference.interpreting import Interpret, error_of, marked

modes = pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
few_modes = pytest.mark.parametrize(
    "mode", [MODES[0], MODES[2], *MODES[9:]], ids=["C0", "C2", "sech", "bump"]
)

REALS = [(0.3, 0.1), (0.1, 0.3), (2.0, 2.0), (1.0, 1.25), (-4.0, 5.0)]


def degree(kind: str, condition: str, more: str = "") -> str:
    return f"PROGRAM p(a: {kind}, b: {kind}) -> y\n{more}\ny := degree({condition})\n"


# ---- comparisons


@modes
@pytest.mark.parametrize(("a", "b"), REALS)
def test_comparisons_of_reals(interpret: Interpret, mode: dict[str, Any], a: float, b: float) -> None:
    s, o = 0.75, 1.5
    expected = {
        "a != b": phi(mode, a - b, s),
        "a = b": equal(mode, a - b, s),
        "a < b": step(mode, b - a, o),
        "a <= b": step(mode, b - a, o),
        "a > b": step(mode, a - b, o),
        "a >= b": step(mode, a - b, o),
    }
    text = "PROGRAM p(a: real, b: real) -> y: real[6]\n" + "\n".join(
        f"y[{i}] := degree({condition})" for i, condition in enumerate(expected)
    )
    got = interpret(text, {"a": a, "b": b}, steepness=s, compare_steepness=o, **mode)["y"]
    assert got == pytest.approx(list(expected.values()), rel=1e-11, abs=1e-15)


@few_modes
@pytest.mark.parametrize(("a", "b"), [(1, 2), (2, 2), (3, 2), (-7, 4), (1.3, 1.5)])
def test_comparisons_of_ints_have_their_threshold_between(
    interpret: Interpret, mode: dict[str, Any], a: float, b: float
) -> None:
    s = 0.75
    expected = {
        "a != b": phi(mode, a - b, s),
        "a = b": equal(mode, a - b, s),
        "a < b": step(mode, b - a - 0.5, s),
        "a <= b": step(mode, b - a + 0.5, s),
        "a > b": step(mode, a - b - 0.5, s),
        "a >= b": step(mode, a - b + 0.5, s),
    }
    text = "PROGRAM p(a: int, b: int) -> y: real[6]\n" + "\n".join(
        f"y[{i}] := degree({condition})" for i, condition in enumerate(expected)
    )
    got = interpret(text, {"a": float(a), "b": float(b)}, steepness=s, **mode)["y"]
    assert got == pytest.approx(list(expected.values()), rel=1e-11, abs=1e-15)


@few_modes
def test_a_static_int_with_an_int_counts_as_two_ints(interpret: Interpret, mode: dict[str, Any]) -> None:
    for condition, d in [("a < 3", 3 - 2 - 0.5), ("3 > a", 0.5), ("a >= 3", -0.5), ("3 <= a", -0.5)]:
        got = interpret(degree("int", condition), {"a": 2.0, "b": 0.0}, steepness=0.5, **mode)["y"]
        assert got == pytest.approx(step(mode, d, 0.5), rel=1e-12)
    text = "PROGRAM p(a: int) -> y\nFOR i FROM 3 TO 3 DO y := degree(a < i) END\n"
    assert interpret(text, {"a": 2.0}, steepness=0.5, **mode)["y"] == pytest.approx(step(mode, 0.5, 0.5))


@few_modes
def test_an_int_with_a_real_is_a_comparison_of_reals(interpret: Interpret, mode: dict[str, Any]) -> None:
    got = interpret(degree("int", "a < 3.0"), {"a": 2.0, "b": 0.0}, steepness=0.3, **mode)["y"]
    assert got == pytest.approx(step(mode, 1.0, 0.3), rel=1e-12)
    text = "PROGRAM p(a: int, b: real) -> y\ny := degree(a <= b)\n"
    got = interpret(text, {"a": 2.0, "b": 2.0}, **mode)["y"]
    assert got == 0.5


@modes
def test_ints_compare_exactly_at_steepness_1(interpret: Interpret, mode: dict[str, Any]) -> None:
    if mode == {"smooth": "inf"}:
        return
    for a in (-2, 0, 1, 2, 3, 9):
        for op, holds in [
            ("<", a < 2),
            ("<=", a <= 2),
            (">", a > 2),
            (">=", a >= 2),
            ("=", a == 2),
            ("!=", a != 2),
        ]:
            assert interpret(degree("int", f"a {op} b"), {"a": a, "b": 2}, **mode)["y"] == float(holds)


def test_compare_steepness_defaults_to_steepness(interpret: Interpret) -> None:
    text = degree("real", "a < b")
    inputs = {"a": 0.0, "b": 0.25}
    assert interpret(text, inputs, smooth=0, steepness=0.5)["y"] == 0.625
    assert interpret(text, inputs, smooth=0, steepness=0.5, compare_steepness=1.0)["y"] == 0.75


# ---- static operands


@few_modes
def test_comparisons_of_static_integers_are_crisp(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(a: real[n]) -> y: real[5]
CONST c = 2
FOR i FROM 1 TO 1 DO
  y[0] := degree(i < c) ; y[1] := degree(i = c) ; y[2] := degree(n >= 3 AND NOT i > c)
  y[3] := degree(n != 3 OR c <= 1)
END
y[4] := degree(2 < 2 WITH STEEPNESS 0.001)
"""
    got = interpret(text, {"a": [0.0, 0.0, 0.0]}, steepness=0.01, **mode)["y"]
    assert got == [1.0, 0.0, 1.0, 0.0, 0.0]


@few_modes
def test_relaxed_functions_of_static_integers_are_crisp(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(a: real[n]) -> y: real[5]
y[0] := max(n, 2) ; y[1] := min(n, 4, 2) ; y[2] := abs(n - 5) ; y[3] := sign(2 - n)
y[4] := clamp(n, 1, 2)
"""
    got = interpret(text, {"a": [0.0, 0.0, 0.0]}, steepness=0.01, **mode)["y"]
    assert got == [3.0, 2.0, 2.0, -1.0, 2.0]


# ---- connectives


@few_modes
def test_connectives_are_products_and_probabilistic_sums(interpret: Interpret, mode: dict[str, Any]) -> None:
    a, b = 0.2, -0.1
    p, q = step(mode, a), step(mode, b)
    expected = {
        "a > 0 AND b > 0": p * q,
        "a > 0 OR b > 0": p + q - p * q,
        "NOT a > 0": 1 - p,
        "NOT a > 0 AND b > 0": (1 - p) * q,
        "a > 0 OR b > 0 AND a > 0": p + p * q - p * p * q,
        "NOT (a > 0 OR b > 0)": 1 - (p + q - p * q),
        "a > 0 AND a > 0": p * p,
    }
    for condition, value in expected.items():
        got = interpret(degree("real", condition), {"a": a, "b": b}, **mode)["y"]
        assert got == pytest.approx(value, rel=1e-13), condition


def test_derivatives_of_connectives(interpret: Interpret) -> None:
    # Mode 0: p = 1/2 + a, q = 1/2 + b.
    at = {"a": 0.2, "b": -0.1}
    run = interpret(degree("real", "a > 0 AND b > 0"), at, jacobian=True, smooth=0)
    assert (run.slope("y", "a"), run.slope("y", "b")) == pytest.approx((0.4, 0.7))
    run = interpret(degree("real", "a > 0 OR b > 0"), at, jacobian=True, smooth=0)
    assert (run.slope("y", "a"), run.slope("y", "b")) == pytest.approx((0.6, 0.3))
    run = interpret(degree("real", "NOT a > 0"), at, jacobian=True, smooth=0)
    assert run.slope("y", "a") == pytest.approx(-1.0)


def test_a_left_degree_of_0_decides_and_with_derivative_0(interpret: Interpret) -> None:
    # At a = -1/2 the step is 0 with derivative 1, but AND takes it as decided.
    at = {"a": -0.5, "b": 0.2}
    run = interpret(degree("real", "a > 0 AND b > 0"), at, jacobian=True, smooth=0)
    assert (run["y"], run.slope("y", "a"), run.slope("y", "b")) == (0.0, 0.0, 0.0)
    run = interpret(degree("real", "b > 0 AND a > 0"), at, jacobian=True, smooth=0)
    assert (run["y"], run.slope("y", "a")) == (0.0, pytest.approx(0.7))


def test_a_left_degree_of_1_decides_and_with_derivative_0(interpret: Interpret) -> None:
    at = {"a": 0.5, "b": 0.2}
    run = interpret(degree("real", "a > 0 OR b > 0"), at, jacobian=True, smooth=0)
    assert (run["y"], run.slope("y", "a"), run.slope("y", "b")) == (1.0, 0.0, 0.0)
    run = interpret(degree("real", "b > 0 OR a > 0"), at, jacobian=True, smooth=0)
    assert (run["y"], run.slope("y", "a")) == (1.0, pytest.approx(0.3))


def test_the_right_side_is_not_evaluated_where_the_left_decides(interpret: Interpret) -> None:
    # 1 / 0 in hard mode is an error; in smooth modes inf - inf would be NaN.
    for condition, value in [
        ("a > 0 AND 1 / a > b", 0.0),
        ("a <= 0 OR 1 / a > b", 1.0),
        ("NOT (a > 0 AND 1 / a > b)", 1.0),
    ]:
        assert interpret(degree("real", condition), {"a": 0.0, "b": 3.0}, smooth="hard")["y"] == value
    for condition, value in [("a > 1 AND 1 / a - 1 / a > 0", 0.0), ("a < 1 OR 1 / a - 1 / a > 0", 1.0)]:
        run = interpret(degree("real", condition), {"a": 0.0, "b": 3.0}, jacobian=True, smooth=1)
        assert (run["y"], run.slope("y", "a")) == (value, 0.0)


@few_modes
def test_nan_in_a_connective_is_not_lost(interpret: Interpret, mode: dict[str, Any]) -> None:
    for condition in ("a / b > 0 AND a = 0", "a / b > 0 OR a = 0", "NOT a / b > 0", "a = 0 AND a / b > 0"):
        assert math.isnan(interpret(degree("real", condition), {"a": 0.0, "b": 0.0}, **mode)["y"])


# ---- steepness at one place


@few_modes
def test_with_steepness_by_a_constant(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(a: real, b: real) -> y: real[3]
CONST s = 0.5
y[0] := degree(a != b WITH STEEPNESS 2.0)
y[1] := degree(a < b WITH STEEPNESS s * 4)
y[2] := degree(a < b AND a = b WITH STEEPNESS 2)
"""
    got = interpret(text, {"a": 0.1, "b": 0.25}, steepness=0.7, compare_steepness=0.9, **mode)["y"]
    both = step(mode, 0.15, 0.9) * equal(mode, 0.15, 2.0)
    assert got == pytest.approx([phi(mode, 0.15, 2.0), step(mode, 0.15, 2.0), both], rel=1e-11)


def test_with_steepness_by_a_parameter_and_its_gradient(interpret: Interpret) -> None:
    text = "PROGRAM p(a: real) -> y\nPARAM s: real = 1.0\ny := degree(a > 0 WITH STEEPNESS 2 * s)\n"
    # Mode 0: 1/2 + 2 s a. Mode inf: logistic(2 s a).
    run = interpret(text, {"a": 0.1, "s": 1.5}, jacobian=True, smooth=0)
    assert run["y"] == pytest.approx(0.8)
    assert run.slope("y", "s") == pytest.approx(0.2)
    assert run.slope("y", "a") == pytest.approx(3.0)
    run = interpret(text, {"a": 0.1, "s": 1.5}, jacobian=True)
    value = 1 / (1 + math.exp(-0.3))
    assert run["y"] == pytest.approx(value)
    assert run.slope("y", "s") == pytest.approx(value * (1 - value) * 0.2)
    text = "PROGRAM p(a: real) -> y\nPARAM s: real = 1.0\ny := degree(a != 0 WITH STEEPNESS s)\n"
    run = interpret(text, {"a": 0.4, "s": 2.0}, jacobian=True)
    assert run["y"] == pytest.approx(1 - 1 / math.cosh(0.8))
    assert run.slope("y", "s") == pytest.approx(0.4 * math.tanh(0.8) / math.cosh(0.8))


def test_steepness_does_not_reach_built_ins_inside(interpret: Interpret) -> None:
    text = """PROGRAM p(a: real, b: real) -> y: real[2]
y[0] := degree(max(a, 0) > b WITH STEEPNESS 3.0)
y[1] := degree(max(a, 0, steepness = 2.0) > b WITH STEEPNESS 3.0)
"""
    mode = {"smooth": "inf"}
    got = interpret(text, {"a": 0.3, "b": 0.1}, compare_steepness=0.5)["y"]
    inner = [formulas.maximum(mode, 0.3, 0.0, s) for s in (0.5, 2.0)]
    assert got == pytest.approx([step(mode, m - 0.1, 3.0) for m in inner], rel=1e-12)


def test_the_steepness_is_ignored_in_hard_mode(interpret: Interpret) -> None:
    text = degree("real", "a < b WITH STEEPNESS 0.001")
    assert interpret(text, {"a": 0.1, "b": 0.2}, smooth="hard")["y"] == 1.0


def test_hard_comparisons(interpret: Interpret) -> None:
    for op, values in [
        ("=", (0, 1, 0)),
        ("!=", (1, 0, 1)),
        ("<", (1, 0, 0)),
        ("<=", (1, 1, 0)),
        (">", (0, 0, 1)),
        (">=", (0, 1, 1)),
    ]:
        for a, value in zip((1.5, 2.0, 2.5), values, strict=True):
            assert interpret(degree("real", f"a {op} b"), {"a": a, "b": 2.0}, smooth="hard")["y"] == value


def test_a_degree_is_in_the_unit_interval_for_any_operand(interpret: Interpret) -> None:
    for mode in (MODES[0], *MODES[9:]):
        for a in (-1e308, -1e5, 1e5, 1e308):
            for op in ("=", "!=", "<", ">="):
                value = interpret(degree("real", f"a {op} b"), {"a": a, "b": -a}, steepness=50.0, **mode)["y"]
                assert value in (0.0, 1.0)


@pytest.mark.parametrize("s", [0.0, -1.0, math.inf, math.nan])
def test_a_steepness_must_be_finite_and_positive(interpret: Interpret, s: float) -> None:
    for text in (
        "PROGRAM p(a: real) -> y\nPARAM s: real = 1.0\ny := degree(a > 0 WITH STEEPNESS s)\n",
        "PROGRAM p(a: real) -> y\nPARAM s: real = 1.0\ny := max(a, 0, steepness = s)\n",
    ):
        error = error_of(interpret, text, {"a": 1.0, "s": s}, smooth=1)
        assert (error.code.name, marked(error, text)) == ("E0612", "s")
