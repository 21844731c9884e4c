"""`min max abs sign clamp` of reals and of ints, and the smooth functions."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.unit.semantics.reference.formulas import (
    MODE_NAMES,
    MODES,
    blended_maximum,
    maximum,
    step,
)
from tests.unit.semantics.reference.interpreting import Interpret

modes = pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
few_modes = pytest.mark.parametrize(
    "mode", [MODES[0], MODES[2], *MODES[9:]], ids=["C0", "C2", "sech", "bump"]
)
SECH = MODES[9]


def of_reals(expression: str, names: str = "a: real, b: real") -> str:
    return f"PROGRAM p({names}) -> y: real\ny := {expression}\n"


def real_maximum(mode: dict[str, Any], a: float, b: float, s: float) -> float:
    return blended_maximum(mode, a, b, s) if "phi" in mode else maximum(mode, a, b, s)


def real_minimum(mode: dict[str, Any], a: float, b: float, s: float) -> float:
    return -real_maximum(mode, -a, -b, s)


@modes
@pytest.mark.parametrize(("a", "b"), [(0.3, 0.1), (0.1, 0.3), (2.0, 2.0), (-3.0, 4.0)])
def test_max_and_min_of_reals(interpret: Interpret, mode: dict[str, Any], a: float, b: float) -> None:
    options = {"steepness": 7.0, "compare_steepness": 1.25, **mode}
    got = interpret(of_reals("max(a, b)"), {"a": a, "b": b}, **options)["y"]
    assert got == pytest.approx(real_maximum(mode, a, b, 1.25), rel=1e-13)
    got = interpret(of_reals("min(a, b)"), {"a": a, "b": b}, **options)["y"]
    assert got == pytest.approx(real_minimum(mode, a, b, 1.25), rel=1e-13)


@modes
def test_derivatives_of_max_of_reals_are_degrees(interpret: Interpret, mode: dict[str, Any]) -> None:
    if "phi" in mode:
        return
    for a, b in [(0.3, 0.1), (0.2, 0.2), (-1.0, 3.0)]:
        run = interpret(of_reals("max(a, b)"), {"a": a, "b": b}, jacobian=True, **mode)
        assert run.slope("y", "a") == pytest.approx(step(mode, a - b), rel=1e-12, abs=1e-15)
        assert run.slope("y", "b") == pytest.approx(step(mode, b - a), rel=1e-12, abs=1e-15)
        run = interpret(of_reals("min(a, b)"), {"a": a, "b": b}, jacobian=True, **mode)
        assert run.slope("y", "a") == pytest.approx(step(mode, b - a), rel=1e-12, abs=1e-15)


@modes
def test_both_derivatives_are_a_half_at_a_tie(interpret: Interpret, mode: dict[str, Any]) -> None:
    for name in ("max", "min"):
        run = interpret(of_reals(f"{name}(a, b)"), {"a": 2.0, "b": 2.0}, jacobian=True, **mode)
        assert (run.slope("y", "a"), run.slope("y", "b")) == (0.5, 0.5)


@modes
def test_max_and_min_of_ints_are_blends_that_are_exact_at_ties(
    interpret: Interpret, mode: dict[str, Any]
) -> None:
    s = 0.4
    for a, b in [(2.0, 2.0), (3.0, 2.0), (-1.0, 4.0), (2.25, 2.5)]:
        text = "PROGRAM p(a: int, b: int) -> y: int, z: int\ny := max(a, b)\nz := min(a, b)\n"
        run = interpret(text, {"a": a, "b": b}, steepness=s, **mode)
        h = step(mode, a - b, s)
        assert run["y"] == pytest.approx(h * a + (1 - h) * b, rel=1e-13)
        assert run["z"] == pytest.approx(h * b + (1 - h) * a, rel=1e-13)
        if a == b:
            assert run["y"] == run["z"] == a


@modes
def test_int_max_is_exact_on_integers_at_steepness_1(interpret: Interpret, mode: dict[str, Any]) -> None:
    if mode == SECH:
        return
    text = "PROGRAM p(a: int, b: int, c: int) -> y: int, z: int\ny := max(a, b, c)\nz := min(a, 3, c)\n"
    for a, b, c in [(1, 2, 3), (3, 1, 2), (-4, -4, -5)]:
        run = interpret(text, {"a": a, "b": b, "c": c}, **mode)
        assert (run["y"], run["z"]) == (max(a, b, c), min(a, 3, c))


@few_modes
def test_more_arguments_fold_from_the_left(interpret: Interpret, mode: dict[str, Any]) -> None:
    names = "a: real, b: real, c: real"
    at = {"a": 0.3, "b": 0.1, "c": 0.2}
    s = 1.5
    expected = real_maximum(mode, real_maximum(mode, 0.3, 0.1, s), 0.2, s)
    got = interpret(of_reals("max(a, b, c)", names), at, steepness=s, **mode)["y"]
    assert got == pytest.approx(expected, rel=1e-13)
    expected = real_minimum(mode, real_minimum(mode, 0.3, 0.1, s), 0.2, s)
    got = interpret(of_reals("min(a, b, c)", names), at, steepness=s, **mode)["y"]
    assert got == pytest.approx(expected, rel=1e-13)


def test_max_is_logsumexp_in_any_order_of_folding(interpret: Interpret) -> None:
    values, s = {"a": 0.3, "b": -0.6, "c": 1.1, "d": 1.0}, 2.0
    expected = math.log(sum(math.exp(s * v) for v in values.values())) / s
    names = "a: real, b: real, c: real, d: real"
    for expression in ("max(a, b, c, d)", "max(max(a, b), max(c, d))", "max(d, max(c, max(b, a)))"):
        assert interpret(of_reals(expression, names), values, steepness=s)["y"] == pytest.approx(
            expected, rel=1e-14
        )
    expected = -math.log(sum(math.exp(-s * v) for v in values.values())) / s
    assert interpret(of_reals("min(a, b, c, d)", names), values, steepness=s)["y"] == pytest.approx(expected)


@few_modes
def test_clamp_is_min_of_max(interpret: Interpret, mode: dict[str, Any]) -> None:
    for x in (-2.0, 0.1, 0.9, 1.0, 3.0):
        expected = real_minimum(mode, real_maximum(mode, x, 0.0, 2.0), 1.0, 2.0)
        got = interpret(of_reals("clamp(a, 0, b)"), {"a": x, "b": 1.0}, steepness=2.0, **mode)["y"]
        assert got == pytest.approx(expected, rel=1e-12, abs=1e-15)


@few_modes
@pytest.mark.parametrize("kind", ["int", "real"])
def test_abs_and_sign(interpret: Interpret, mode: dict[str, Any], kind: str) -> None:
    text = f"PROGRAM p(a: {kind}) -> y: {kind}, z: {kind}\ny := abs(a)\nz := sign(a)\n"
    for x in (-3.0, -0.2, 0.0, 0.1, 0.4, 5.0):
        h = step(mode, x, 0.75)
        run = interpret(text, {"a": x}, steepness=0.75, **mode)
        assert run["y"] == pytest.approx((2 * h - 1) * x, rel=1e-13, abs=1e-15)
        assert run["z"] == pytest.approx(2 * h - 1, rel=1e-13, abs=1e-15)


def test_derivatives_of_abs_and_sign(interpret: Interpret) -> None:
    # Mode 0: sign = 2 s x, abs = 2 s x^2 within 1/(2s).
    text = "PROGRAM p(a: real) -> y: real, z: real\ny := abs(a)\nz := sign(a)\n"
    run = interpret(text, {"a": 0.1}, jacobian=True, smooth=0, steepness=1.5)
    assert run.slope("y", "a") == pytest.approx(0.6)
    assert run.slope("z", "a") == pytest.approx(3.0)
    assert interpret(text, {"a": 0.0}, jacobian=True, smooth=0).slope("y", "a") == 0.0


def test_steepness_as_a_named_argument_with_its_gradient(interpret: Interpret) -> None:
    text = "PROGRAM p(a: real) -> y: real\nPARAM s: real = 1.0\ny := max(a, 0, steepness = s)\n"
    run = interpret(text, {"a": 0.3, "s": 2.0}, jacobian=True)
    soft = math.log(1 + math.exp(0.6))
    assert run["y"] == pytest.approx(soft / 2, rel=1e-14)
    logistic = 1 / (1 + math.exp(-0.6))
    assert run.slope("y", "s") == pytest.approx(0.3 * logistic / 2 - soft / 4, rel=1e-12)
    # Mode 0, t = 1/2 + s d: R = t^2 / (2 s).
    run = interpret(text, {"a": 0.1, "s": 2.0}, jacobian=True, smooth=0)
    assert run["y"] == pytest.approx(0.7**2 / 4)
    assert run.slope("y", "s") == pytest.approx(0.7 * 0.1 / 2 - 0.7**2 / 8)


@few_modes
def test_relaxed_functions_are_elementwise_and_take_scalars(
    interpret: Interpret, mode: dict[str, Any]
) -> None:
    text = """PROGRAM p(a: real[n], b: real) -> y: real[n], z: real[n], u: real[n]
y := max(a, b)
z := min(b, a)
u := clamp(abs(a), 0.1, b)
"""
    a, b = [0.3, -0.2, 1.4], 0.25
    run = interpret(text, {"a": a, "b": b}, **mode)
    assert run["y"] == pytest.approx([real_maximum(mode, x, b, 1.0) for x in a], rel=1e-13)
    assert run["z"] == pytest.approx([real_minimum(mode, b, x, 1.0) for x in a], rel=1e-13)
    for got, x in zip(run["u"], a, strict=True):
        magnitude = (2 * step(mode, x) - 1) * x
        expected = real_minimum(mode, real_maximum(mode, magnitude, 0.1, 1.0), b, 1.0)
        assert got == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_infinite_operands_of_max_and_min(interpret: Interpret, mode: dict[str, Any]) -> None:
    # b = 0 makes 1 / b infinite; the finite one is the result with derivative 1.
    for expression, expected in [("min(1 / b, a)", 3.0), ("max(-1 / b, a)", 3.0), ("min(a, 1 / b)", 3.0)]:
        run = interpret(of_reals(expression), {"a": 3.0, "b": 0.0}, jacobian=True, **mode)
        assert run["y"] == expected
        assert run.slope("y", "a") == 1.0
    assert interpret(of_reals("max(1 / b, a)"), {"a": 3.0, "b": 0.0}, **mode)["y"] == math.inf
    assert math.isnan(interpret(of_reals("max(b / b, a)"), {"a": 3.0, "b": 0.0}, **mode)["y"])


def test_crisp_functions(interpret: Interpret) -> None:
    text = """PROGRAM p(a: real, b: real) -> y: real[8]
y[0] := max(a, b) ; y[1] := min(a, b, 0.5) ; y[2] := abs(a) ; y[3] := sign(a)
y[4] := sign(b - b) ; y[5] := clamp(a, -1, 1) ; y[6] := clamp(b, -1, 1) ; y[7] := sign(b)
"""
    got = interpret(text, {"a": -2.5, "b": 4.0}, smooth="hard")["y"]
    assert got == [4.0, -2.5, 2.5, -1.0, 0.0, -1.0, 1.0, 1.0]


def test_smooth_functions_and_their_derivatives(interpret: Interpret) -> None:
    x = 0.7
    table = {
        "sqrt(a)": (math.sqrt(x), 0.5 / math.sqrt(x)),
        "exp(a)": (math.exp(x), math.exp(x)),
        "log(a)": (math.log(x), 1 / x),
        "sin(a)": (math.sin(x), math.cos(x)),
        "cos(a)": (math.cos(x), -math.sin(x)),
        "tan(a)": (math.tan(x), 1 / math.cos(x) ** 2),
        "tanh(a)": (math.tanh(x), 1 / math.cosh(x) ** 2),
        "sigmoid(a)": (1 / (1 + math.exp(-x)), math.exp(-x) / (1 + math.exp(-x)) ** 2),
        "pow(a, 3)": (x**3, 3 * x**2),
        "pow(2, a)": (2**x, 2**x * math.log(2)),
        "pow(a, a)": (x**x, x**x * (1 + math.log(x))),
        "1 / a": (1 / x, -1 / x**2),
        "a / (a + 1)": (x / (x + 1), 1 / (x + 1) ** 2),
        "-a * a - a": (-x * x - x, -2 * x - 1),
    }
    for expression, (value, slope) in table.items():
        text = of_reals(expression, "a: real")
        for mode in ({"smooth": 0}, {"smooth": "inf"}):
            run = interpret(text, {"a": x}, jacobian=True, **mode)
            assert run["y"] == pytest.approx(value, rel=1e-14), expression
            assert run.slope("y", "a") == pytest.approx(slope, rel=1e-13), expression
        assert interpret(text, {"a": x}, smooth="hard")["y"] == pytest.approx(value, rel=1e-14)


def test_reductions_and_their_derivatives(interpret: Interpret) -> None:
    text = """PROGRAM p(a: real[n], m: real[n, n]) -> y, z, u, v: real[n], w: real[n, n], t
y := sum(a) ; z := mean(a) ; u := dot(a, a) ; v := matmul(m, a) ; w := matmul(m, m) ; t := sum(m) * len(a)
"""
    inputs = {"a": [1.0, 2.5], "m": [[1.0, 2.0], [3.0, 5.0]]}
    for mode in ({"smooth": "hard"}, {"smooth": 1}):
        run = interpret(text, inputs, **mode)
        assert (run["y"], run["z"], run["u"], run["t"]) == (3.5, 1.75, 7.25, 22.0)
        assert run["v"] == [6.0, 15.5]
        assert run["w"] == [[7.0, 12.0], [18.0, 31.0]]
    run = interpret(text, inputs, jacobian=True, smooth=1)
    assert run.slope("z", "a") == [0.5, 0.5]
    assert run.slope("u", "a") == [2.0, 5.0]
    assert run.slope("v", "a") == inputs["m"]
    assert run.slope("v", "m") == [[[1.0, 2.5], [0.0, 0.0]], [[0.0, 0.0], [1.0, 2.5]]]


def test_smooth_arithmetic_is_ieee(interpret: Interpret) -> None:
    table = {
        "a / b": math.inf,
        "-a / b": -math.inf,
        "log(b)": -math.inf,
        "exp(a * 1000)": math.inf,
        "a * 1e300 * 1e300": math.inf,
        "pow(b, -1)": math.inf,
        "b / b": math.nan,
        "sqrt(-a)": math.nan,
        "log(-a)": math.nan,
        "a / b - a / b": math.nan,
        "pow(-a, 0.5)": math.nan,
        "sin(a / b)": math.nan,
        "b * (a / b)": math.nan,
        "tanh(a / b)": 1.0,
        "sigmoid(-a / b)": 0.0,
        "1 / (a / b)": 0.0,
    }
    for expression, expected in table.items():
        got = interpret(of_reals(expression), {"a": 1.0, "b": 0.0}, smooth=1)["y"]
        assert got == pytest.approx(expected, nan_ok=True), expression
