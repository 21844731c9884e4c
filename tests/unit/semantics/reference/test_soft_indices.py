"""Soft indices: which elements a dynamic index reads and writes, and with what weights."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from tests.unit.semantics.reference.formulas import FEW_MODES, FEW_NAMES, MODE_NAMES, MODES, bump, smoothstep
from tests.unit.semantics.reference.interpreting import Interpret

LOCAL = [*MODES[:9], MODES[10]]
local_modes = pytest.mark.parametrize("mode", LOCAL, ids=[*MODE_NAMES[:9], "bump"])
READ = "PROGRAM p(a: real[n], i: real) -> y: real\ny := a[i]\n"
A = [1.0, -2.0, 4.0, 7.0]


def rise(mode: dict[str, Any], u: float) -> float:
    return float(bump(Fraction(u)) if "phi" in mode else smoothstep(mode["smooth"], Fraction(u)))


def taps(mode: dict[str, Any], i: float, size: int, s: float = 1.0) -> list[float]:
    """The weight of every element."""
    if mode == {"smooth": "inf"}:
        terms = [1 / math.cosh(s * (i - j)) for j in range(size)]
        return [term / sum(terms) for term in terms]
    i = min(max(i, 0.0), size - 1.0)
    f = min(math.floor(i), size - 2)
    w = rise(mode, i - f)
    return [1 - w if j == f else w if j == f + 1 else 0.0 for j in range(size)]


# ---- reading


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
@pytest.mark.parametrize("i", [0.0, 0.25, 0.5, 1.0, 1.7, 2.0, 2.9, 3.0, -0.4, -9.0, 3.2, 50.0])
def test_a_soft_read(interpret: Interpret, mode: dict[str, Any], i: float) -> None:
    # Steepness enters with sech only.
    weights = taps(mode, i, 4, 0.7)
    run = interpret(READ, {"a": A, "i": i}, jacobian=True, steepness=0.7, **mode)
    expected = sum(w * x for w, x in zip(weights, A, strict=True))
    assert run["y"] == pytest.approx(expected, rel=1e-12, abs=1e-14)
    assert run.slope("y", "a") == pytest.approx(weights, rel=1e-12, abs=1e-15)


@local_modes
def test_whole_indices_in_range_read_exactly(interpret: Interpret, mode: dict[str, Any]) -> None:
    for i, x in enumerate(A):
        assert interpret(READ, {"a": A, "i": float(i)}, **mode)["y"] == x


def test_derivatives_at_integers_are_from_the_right_and_at_the_end_from_the_left(
    interpret: Interpret,
) -> None:
    for i, expected in [(0.0, -3.0), (1.0, 6.0), (2.0, 3.0), (3.0, 3.0), (1.5, 6.0), (-0.1, 0.0), (3.1, 0.0)]:
        run = interpret(READ, {"a": A, "i": i}, jacobian=True, smooth=0)
        assert run.slope("y", "i") == expected, i


@local_modes
def test_derivative_by_the_index_between(interpret: Interpret, mode: dict[str, Any]) -> None:
    for i in (0.3, 1.5, 2.8):
        f, h = math.floor(i), 1e-5
        slope = (rise(mode, i - f + h) - rise(mode, i - f - h)) / (2 * h)
        run = interpret(READ, {"a": A, "i": i}, jacobian=True, **mode)
        assert run.slope("y", "i") == pytest.approx(slope * (A[f + 1] - A[f]), rel=1e-6)


def test_derivative_by_the_index_with_sech(interpret: Interpret) -> None:
    # d log sech(z) = -tanh(z), so dw_j = w_j (g_j - sum w g) with g_j = -s tanh(s (i - j)).
    for i in (-1.0, 0.0, 0.4, 2.0, 3.0, 6.0):
        w = taps({"smooth": "inf"}, i, 4, 1.3)
        g = [-1.3 * math.tanh(1.3 * (i - j)) for j in range(4)]
        mean = sum(p * q for p, q in zip(w, g, strict=True))
        expected = sum(p * (q - mean) * x for p, q, x in zip(w, g, A, strict=True))
        run = interpret(READ, {"a": A, "i": i}, jacobian=True, steepness=1.3)
        assert run.slope("y", "i") == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("i", [1e3, -1e3, 1e8, -1e8])
def test_sech_weights_far_outside_do_not_cancel(interpret: Interpret, i: float) -> None:
    # Far outside, sech falls by e^s from element to element.
    order = A if i > 0 else A[::-1]
    weights = [math.exp(j - 3.0) for j in range(4)]
    expected = sum(w * x for w, x in zip(weights, order, strict=True)) / sum(weights)
    assert interpret(READ, {"a": A, "i": i})["y"] == pytest.approx(expected, rel=1e-6)


def test_sech_index_of_an_overwhelming_steepness(interpret: Interpret) -> None:
    run = interpret(READ, {"a": A, "i": 1.6}, jacobian=True, steepness=1e6)
    assert (run["y"], run.slope("y", "i")) == (4.0, 0.0)


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_an_array_of_one_element_is_read_at_weight_1(interpret: Interpret, mode: dict[str, Any]) -> None:
    for i in (0.0, 0.4, 5.0, -3.0):
        run = interpret(READ, {"a": [6.0], "i": i}, jacobian=True, **mode)
        assert (run["y"], run.slope("y", "a"), run.slope("y", "i")) == (6.0, [1.0], 0.0)


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_static_indices_are_exact(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = "PROGRAM p(a: real[n]) -> y: real[n]\nFOR i FROM 0 TO n - 1 DO y[n - 1 - i] := a[i] END\n"
    run = interpret(text, {"a": A}, jacobian=True, steepness=0.1, **mode)
    assert run["y"] == A[::-1]
    assert run.slope("y", "a") == [[float(i + j == 3) for j in range(4)] for i in range(4)]


@pytest.mark.parametrize("mode", FEW_MODES, ids=FEW_NAMES)
def test_several_axes_multiply(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(m: real[r, c], i: real, j: real) -> y, z, u: real[c], v
y := m[i, j]
z := m[i, 1]
u := m[i]
v := m[1, j]
"""
    m = [[1.0, 2.0, 4.0], [-3.0, 8.0, 5.0]]
    run = interpret(text, {"m": m, "i": 0.3, "j": 1.6}, jacobian=True, **mode)
    w, v = taps(mode, 0.3, 2), taps(mode, 1.6, 3)
    assert run["y"] == pytest.approx(
        sum(w[r] * v[c] * m[r][c] for r in range(2) for c in range(3)), rel=1e-12
    )
    assert run["z"] == pytest.approx(sum(w[r] * m[r][1] for r in range(2)), rel=1e-12)
    assert run["u"] == pytest.approx([sum(w[r] * m[r][c] for r in range(2)) for c in range(3)], rel=1e-12)
    assert run["v"] == pytest.approx(sum(v[c] * m[1][c] for c in range(3)), rel=1e-12)
    assert run.slope("y", "m") == [pytest.approx([a * b for b in v], abs=1e-15) for a in w]


@local_modes
def test_a_weightless_element_that_is_not_finite_counts_as_0(
    interpret: Interpret, mode: dict[str, Any]
) -> None:
    text = "PROGRAM p(x: real, i: real) -> y\nVAR a: real[3] = 4.0\na[2] := 1 / x\ny := a[i]\n"
    for i in (0.0, 0.5, 1.0):
        assert interpret(text, {"x": 0.0, "i": i}, **mode)["y"] == 4.0
    assert interpret(text, {"x": 0.0, "i": 1.5}, **mode)["y"] == math.inf


def test_both_taps_count_in_the_gradient_where_a_weight_is_0(interpret: Interpret) -> None:
    # At i = 1 the upper tap has weight 0, yet moves the value by a[2] - a[1] to first order.
    run = interpret(READ, {"a": A, "i": 1.0}, jacobian=True, smooth=0)
    assert (run["y"], run.slope("y", "i"), run.slope("y", "a")) == (-2.0, 6.0, [0.0, 1.0, 0.0, 0.0])


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_a_nan_index_gives_nan(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = "PROGRAM p(a: real[n], x: real) -> y, a\ny := a[x / x]\na[x / x] := 1\n"
    run = interpret(text, {"a": A, "x": 0.0}, **mode)
    assert math.isnan(run["y"])
    assert any(math.isnan(x) for x in run["a"])


@local_modes
def test_infinite_indices_are_clamped(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = "PROGRAM p(a: real[n], x: real) -> y, z\ny := a[1 / x]\nz := a[-1 / x]\n"
    run = interpret(text, {"a": A, "x": 0.0}, **mode)
    assert (run["y"], run["z"]) == (7.0, 1.0)


# ---- writing


@pytest.mark.parametrize("mode", FEW_MODES, ids=FEW_NAMES)
@pytest.mark.parametrize("i", [0.0, 0.3, 2.6, 9.0])
def test_a_soft_write(interpret: Interpret, mode: dict[str, Any], i: float) -> None:
    text = "PROGRAM p(a: real[n], i: real, e: real) -> a\na[i] := e\n"
    w = taps(mode, i, 4, 0.7)
    run = interpret(text, {"a": A, "i": i, "e": 10.0}, jacobian=True, steepness=0.7, **mode)
    assert run["a"] == pytest.approx([(1 - q) * x + q * 10 for q, x in zip(w, A, strict=True)], rel=1e-12)
    assert run.slope("a", "e") == pytest.approx(w, rel=1e-12, abs=1e-15)
    for j, row in enumerate(run.slope("a", "a")):
        assert row == pytest.approx([(1 - w[j]) * (j == c) for c in range(4)], rel=1e-11, abs=1e-15)


@pytest.mark.parametrize("mode", FEW_MODES, ids=FEW_NAMES)
def test_a_soft_write_at_a_path_weight(interpret: Interpret, mode: dict[str, Any]) -> None:
    text = """PROGRAM p(a: real[n], i: real, t: real) -> a
WHILE t > 0 WITH STEEPNESS 1 DO a[i] := a[i] * 2 ; t := t - 1000 END
"""
    w = taps(mode, 1.3, 4)
    e = 2 * sum(q * x for q, x in zip(w, A, strict=True))
    p = interpret("PROGRAM q(t: real) -> y\ny := degree(t > 0)\n", {"t": 0.1}, **mode)["y"]
    run = interpret(text, {"a": A, "i": 1.3, "t": 0.1}, **mode)
    expected = [(1 - p * q) * x + p * q * e for q, x in zip(w, A, strict=True)]
    assert run["a"] == pytest.approx(expected, rel=1e-12)


def test_soft_writes_of_several_axes_and_of_rows(interpret: Interpret) -> None:
    text = (
        "PROGRAM p(m: real[2, 2], i: real, j: real) -> m, k: real[2, 2]\nk := m\nm[i, j] := 10\nk[i] := 5\n"
    )
    run = interpret(text, {"m": [[1.0, 2.0], [3.0, 4.0]], "i": 0.25, "j": 0.5}, smooth=0)
    w, v = [0.75, 0.25], [0.5, 0.5]
    old = [[1.0, 2.0], [3.0, 4.0]]
    expected = [[(1 - w[r] * v[c]) * old[r][c] + w[r] * v[c] * 10 for c in range(2)] for r in range(2)]
    assert run["m"] == [pytest.approx(row) for row in expected]
    assert run["k"] == [pytest.approx([(1 - w[r]) * x + w[r] * 5 for x in old[r]]) for r in range(2)]


@local_modes
def test_a_write_of_weight_1_drops_an_element_that_is_not_finite(
    interpret: Interpret, mode: dict[str, Any]
) -> None:
    text = "PROGRAM p(x: real, i: real) -> a: real[3]\na[1] := 1 / x\na[2] := -1 / x\na[i] := 4\n"
    run = interpret(text, {"x": 0.0, "i": 1.0}, **mode)
    assert run["a"] == [0.0, 4.0, -math.inf]


@local_modes
def test_a_write_that_is_not_finite_spares_weightless_elements(
    interpret: Interpret, mode: dict[str, Any]
) -> None:
    text = "PROGRAM p(x: real, i: real) -> a: real[3]\na := 7\na[i] := 1 / x\n"
    assert interpret(text, {"x": 0.0, "i": 1.0}, **mode)["a"] == [7.0, math.inf, 7.0]


def test_a_read_and_a_write_use_the_index_of_before(interpret: Interpret) -> None:
    text = "PROGRAM p(a: real[n], i: real) -> a, i\na[i], i := i, a[i]\n"
    run = interpret(text, {"a": A, "i": 2.0}, smooth=1)
    assert (run["a"], run["i"]) == ([1.0, -2.0, 2.0, 7.0], 4.0)
