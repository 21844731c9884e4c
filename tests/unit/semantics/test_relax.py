"""The relaxations against exact fractions, 60-digit decimals and closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from math import comb
from typing import Any

import pytest

from tests.unit.semantics.reference import formulas
from tests.unit.semantics.reference.formulas import MODES
from tests.unit.semantics.relaxing import (
    TENSORS,
    derivatives,
    lifts,
    local_modes,
    modes,
    of,
    on_float,
    on_tensor,
)
from whilec.semantics.reference.duals import Dual, DualElementary
from whilec.semantics.relax import logistic, sech

EPS = 2.0**-53
POINTS = [0.0, 1e-8, 1e-3, 0.1, 0.25, 0.3, 0.49, 0.5, 0.51, 0.6, 0.75, 0.9, 0.999, 1.0, 1.5, 3.0, 20.0]


# ---- the smoothstep polynomials


@pytest.mark.parametrize("k", range(9))
@lifts
def test_smoothstep_is_exact_to_the_rounding_of_horner(k: int, lift: Any) -> None:
    tap = lift(of({"smooth": k}).tap)
    coefficients = [comb(k + n, n) * comb(2 * k + 1, k - n) for n in range(k + 1)]
    for number in range(0, 1001, 4 if lift is on_tensor else 1):
        t = number / 1000
        exact = formulas.smoothstep(k, Fraction(t))
        low = min(t, 1 - t)
        size = sum(c * low**n for n, c in enumerate(coefficients)) * low ** (k + 1)
        error = abs(Fraction(tap(t)) - exact)
        assert error <= (3 * k + 3) * EPS * size + (EPS if t > 0.5 else 0.0), t


@pytest.mark.parametrize(
    ("k", "coefficients"),
    [(0, (0, 1)), (1, (0, 0, 3, -2)), (2, (0, 0, 0, 10, -15, 6)), (3, (0, 0, 0, 0, 35, -84, 70, -20))],
)
def test_first_smoothsteps_are_the_published_polynomials(k: int, coefficients: tuple[int, ...]) -> None:
    tap = on_float(of({"smooth": k}).tap)
    for t in (0.125, 0.375, 0.625, 0.875):
        assert tap(t) == pytest.approx(sum(c * t**n for n, c in enumerate(coefficients)), abs=1e-15)


@local_modes
@lifts
def test_rise_is_exactly_0_a_half_and_1_at_0_a_half_and_1(mode: dict[str, Any], lift: Any) -> None:
    tap = lift(of(mode).tap)
    assert (tap(0.0), tap(0.5), tap(1.0)) == (0.0, 0.5, 1.0)


@local_modes
def test_rise_is_monotone_and_symmetric(mode: dict[str, Any]) -> None:
    tap = on_float(of(mode).tap)
    values = [tap(n / 512) for n in range(513)]
    assert all(b >= a for a, b in pairwise(values))
    assert all(abs(a + b - 1.0) <= 2 * EPS for a, b in zip(values, reversed(values), strict=True))


@pytest.mark.parametrize("k", range(9))
def test_smoothstep_has_its_closed_first_derivative(k: int) -> None:
    tap = of({"smooth": k}).tap
    for t in (0.0, 0.01, 0.3, 0.5, 0.7, 0.99, 1.0):
        slope = derivatives(lambda x: tap(TENSORS, x), t, 1)[1]
        assert slope == pytest.approx(float(formulas.smoothstep_slope(k, Fraction(t))), rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("k", range(9))
def test_smoothstep_meets_its_ends_with_k_zero_derivatives_and_then_not(k: int) -> None:
    # S_k^(n)(0) = 0 for 1 <= n <= k and S_k^(k+1)(0) = (2k+1)! / k!.
    tap = of({"smooth": k}).tap
    found = derivatives(lambda x: tap(TENSORS, x), 0.0, k + 1)
    assert found[: k + 1] == [0.0] * (k + 1)
    expected = math.factorial(2 * k + 1) / math.factorial(k)
    assert found[k + 1] == pytest.approx(expected, rel=1e-12)
    at_one = derivatives(lambda x: tap(TENSORS, x), 1.0, k + 1)
    assert at_one[0] == 1.0
    assert at_one[1 : k + 1] == [0.0] * k
    assert at_one[k + 1] == pytest.approx((-1) ** k * expected, rel=1e-12)


@pytest.mark.parametrize("k", range(9))
def test_smoothstep_derivatives_agree_from_both_sides_of_a_half(k: int) -> None:
    tap = of({"smooth": k}).tap
    count = min(4, 2 * k + 1)
    below = derivatives(lambda x: tap(TENSORS, x), math.nextafter(0.5, 0.0), count)
    above = derivatives(lambda x: tap(TENSORS, x), 0.5, count)
    scale = max(1.0, *(abs(d) for d in above))
    assert below == pytest.approx(above, abs=1e-9 * scale)


# ---- phi and 1 - phi


@modes
@lifts
@pytest.mark.parametrize("s", [0.5, 1.0, 3.0])
def test_phi(mode: dict[str, Any], lift: Any, s: float) -> None:
    differs = lift(lambda m, x: of(mode).differs(m, x, s))
    for x in POINTS:
        expected = formulas.phi(mode, x, s)
        assert differs(x) == pytest.approx(expected, rel=1e-12, abs=2e-16), x
        assert differs(-x) == differs(x)


@modes
@lifts
@pytest.mark.parametrize("s", [0.5, 1.0, 3.0])
def test_equality_is_one_minus_phi(mode: dict[str, Any], lift: Any, s: float) -> None:
    equals = lift(lambda m, x: of(mode).equals(m, x, s))
    for x in POINTS:
        assert equals(x) == pytest.approx(formulas.equal(mode, x, s), rel=1e-11, abs=2e-16), x
        assert equals(-x) == equals(x)


@lifts
def test_phi_of_sech_is_precise_where_the_subtraction_cancels(lift: Any) -> None:
    differs = lift(lambda m, x: of({"smooth": "inf"}).differs(m, x, 1.0))
    for x in (1e-12, 1e-9, 1e-7, 1e-5, 1e-3, 0.02):
        # 1 - sech x = x^2/2 - 5 x^4/24 + 61 x^6/720 - ...
        series = x**2 / 2 - 5 * x**4 / 24 + 61 * x**6 / 720
        assert differs(x) == pytest.approx(series, rel=1e-9 if x > 1e-2 else 2e-14, abs=0)


@lifts
def test_sech_is_precise_in_the_tail_and_never_overflows(lift: Any) -> None:
    equals = lift(lambda m, x: of({"smooth": "inf"}).equals(m, x, 1.0))
    for x in (0.5, 0.999, 1.0, 1.001, 5.0, 40.0, 300.0, 700.0):
        assert equals(x) == pytest.approx(float(formulas.sech(x)), rel=1e-14, abs=0)
    assert equals(1e4) == 0.0
    assert equals(math.inf) == 0.0
    assert lift(sech)(-300.0) == pytest.approx(float(formulas.sech(300.0)), rel=1e-14, abs=0)


def test_phi_of_sech_has_the_right_derivatives_of_every_order_at_0() -> None:
    # The Euler numbers: sech x = 1 - x^2/2! + 5 x^4/4! - 61 x^6/6! + ...
    differs = of({"smooth": "inf"}).differs
    found = derivatives(lambda x: differs(TENSORS, x, 1.0), 0.0, 6)
    assert found == pytest.approx([0, 0, 1, 0, -5, 0, 61], abs=1e-9)


@pytest.mark.parametrize("x", [-2.0, -0.3, 0.01, 0.7, 1.0, 1.5, 6.0])
def test_sech_derivatives_in_closed_form(x: float) -> None:
    h, t = 1 / math.cosh(x), math.tanh(x)
    expected = [-h * t, h * (1 - 2 * h * h), h * t * (6 * h * h - 1), h * (1 - 20 * h**2 + 24 * h**4)]
    found = derivatives(lambda z: of({"smooth": "inf"}).equals(TENSORS, z, 1.0), x, 4)
    assert found[1:] == pytest.approx(expected, rel=1e-9, abs=1e-13)
    opposite = derivatives(lambda z: of({"smooth": "inf"}).differs(TENSORS, z, 1.0), x, 4)
    assert opposite[1:] == pytest.approx([-d for d in expected], rel=1e-9, abs=1e-11)


# ---- step


@modes
@lifts
@pytest.mark.parametrize("s", [0.25, 1.0, 4.0])
def test_step(mode: dict[str, Any], lift: Any, s: float) -> None:
    exceeds = lift(lambda m, d: of(mode).exceeds(m, d, s))
    for d in (-30.0, -1.0, -0.5, -0.49, -0.2, -0.125, 0.0, 0.1, 0.125, 0.3, 0.5, 0.7, 2.0, 30.0):
        assert exceeds(d) == pytest.approx(formulas.step(mode, d, s), rel=1e-12, abs=2e-16), d


@modes
@lifts
def test_step_of_huge_and_infinite_differences(mode: dict[str, Any], lift: Any) -> None:
    exceeds = lift(lambda m, d: of(mode).exceeds(m, d, 1e6))
    for d, expected in [(1e300, 1.0), (-1e300, 0.0), (math.inf, 1.0), (-math.inf, 0.0)]:
        assert exceeds(d) == expected


@modes
def test_derivatives_of_step_are_finite_everywhere(mode: dict[str, Any]) -> None:
    for d in (-1e300, -1e4, -710.0, -1.0, -0.5, 0.0, 0.5, 1.0, 710.0, 1e4, 1e300):
        for function in (of(mode).exceeds, of(mode).differs, of(mode).equals):
            found = derivatives(lambda x, f=function: f(TENSORS, x, 1.0), d, 3)
            assert all(math.isfinite(number) for number in found), (d, found)


def test_logistic_derivatives_in_closed_form() -> None:
    for x in (-3.0, -0.1, 0.0, 0.1, 3.0):
        y = 1 / (1 + math.exp(-x))
        first = y * (1 - y)
        expected = [first, first * (1 - 2 * y), first * (1 - 6 * y + 6 * y * y)]
        expected.append(first * (1 - 2 * y) * (1 - 12 * y + 12 * y * y))
        found = derivatives(lambda z: logistic(TENSORS, z), x, 4)
        assert found == pytest.approx([y, *expected], rel=1e-11, abs=1e-14)


@lifts
def test_logistic_keeps_relative_precision_below(lift: Any) -> None:
    assert lift(logistic)(-700.0) == pytest.approx(math.exp(-700.0), rel=1e-12, abs=0)


# ---- kinks


@modes
@pytest.mark.parametrize("number", ["dual", "tensor"])
def test_derivative_of_phi_at_0_is_0(mode: dict[str, Any], number: str) -> None:
    for function in (of(mode).differs, of(mode).equals):
        assert slope(function, 0.0, 1.0, number) == 0.0


@pytest.mark.parametrize("number", ["dual", "tensor"])
def test_borders_of_mode_0_have_the_inner_derivative(number: str) -> None:
    zero = of({"smooth": 0})
    assert slope(zero.differs, 0.5, 2.0, number) == 2.0
    assert slope(zero.differs, -0.5, 2.0, number) == -2.0
    assert slope(zero.equals, 0.5, 2.0, number) == -2.0
    assert slope(zero.exceeds, 0.25, 2.0, number) == 2.0
    assert slope(zero.exceeds, -0.25, 2.0, number) == 2.0
    assert slope(zero.differs, 0.5001, 2.0, number) == 0.0
    assert slope(zero.exceeds, 0.2501, 2.0, number) == 0.0
    assert slope(zero.exceeds, -0.2501, 2.0, number) == 0.0


def slope(function: Callable[..., Any], x: float, s: float, number: str) -> float:
    if number == "tensor":
        return derivatives(lambda z: function(TENSORS, z, s), x, 1)[1]
    value = function(DualElementary(), Dual(x, (1.0,)), s)
    return value.tangent[0] if isinstance(value, Dual) else 0.0


@modes
@lifts
def test_nan_passes(mode: dict[str, Any], lift: Any) -> None:
    chosen = of(mode)
    for function in (chosen.differs, chosen.equals, chosen.exceeds):
        assert math.isnan(lift(lambda m, x, f=function: f(m, x, 1.0))(math.nan))
    if chosen.is_local:
        assert math.isnan(lift(chosen.tap)(math.nan))


# ---- classes


@pytest.mark.parametrize("k", range(5))
def test_derivatives_of_mode_k_are_continuous_up_to_k_at_the_kinks(k: int) -> None:
    chosen = of({"smooth": k})
    tiny = 1e-9
    for function, kink in [
        (chosen.differs, 0.0),
        (chosen.differs, 1.0),
        (chosen.exceeds, 0.5),
        (chosen.exceeds, -0.5),
    ]:
        left = derivatives(lambda x, f=function: f(TENSORS, x, 1.0), kink - tiny, k + 1)
        right = derivatives(lambda x, f=function: f(TENSORS, x, 1.0), kink + tiny, k + 1)
        size = math.factorial(2 * k + 1) / math.factorial(k)
        for order in range(k + 1):
            assert left[order] == pytest.approx(right[order], abs=100 * size * tiny + 1e-14)
        if kink != 0.0 or k % 2 == 0:
            # One order further they jump: the class is k and no more (at 0 an odd order cannot).
            assert abs(left[k + 1] - right[k + 1]) > 0.5 * size


@modes
def test_derivatives_by_finite_differences(mode: dict[str, Any]) -> None:
    chosen, h = of(mode), 1e-5
    for function in (chosen.differs, chosen.equals, chosen.exceeds):
        for x in (-0.37, -0.11, 0.08, 0.23, 0.41):
            # Each order against the difference of the order before.
            here = derivatives(lambda z, f=function: f(TENSORS, z, 1.3), x, 4)
            high = derivatives(lambda z, f=function: f(TENSORS, z, 1.3), x + h, 3)
            low = derivatives(lambda z, f=function: f(TENSORS, z, 1.3), x - h, 3)
            for order in range(4):
                expected = (high[order] - low[order]) / (2 * h)
                scale = max(1.0, abs(expected), *(abs(d) for d in here))
                assert here[order + 1] == pytest.approx(expected, abs=2e-5 * scale)


# ---- bump


@lifts
def test_bump_against_its_definition(lift: Any) -> None:
    tap = lift(of({"smooth": "inf", "phi": "bump"}).tap)
    for number in range(1, 400):
        t = number / 400
        expected = float(formulas.bump(Fraction(t)))
        assert tap(t) == pytest.approx(expected, rel=1e-10, abs=1e-300), t


def test_all_derivatives_of_bump_vanish_at_its_ends() -> None:
    tap = of({"smooth": "inf", "phi": "bump"}).tap
    for t in (0.0, 1e-4, 1e-3, 0.999, 1.0):
        assert derivatives(lambda x: tap(TENSORS, x), t, 4)[1:] == pytest.approx([0.0] * 4, abs=1e-300)


def test_bump_has_slope_2_in_the_middle() -> None:
    # b = logistic(1/(1-t) - 1/t); at 1/2 the argument has slope 8 and the logistic 1/4.
    tap = of({"smooth": "inf", "phi": "bump"}).tap
    assert derivatives(lambda x: tap(TENSORS, x), 0.5, 1)[1] == pytest.approx(2.0, rel=1e-14)


def test_bump_has_no_monotone_maximum() -> None:
    assert not of({"smooth": "inf", "phi": "bump"}).is_monotone
    assert all(of(mode).is_monotone for mode in MODES[:10])
