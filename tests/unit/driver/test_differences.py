"""Slopes by finite differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest

from whilec.driver.gradcheck.differences import Estimate, Kind, Side, estimate, steps_around


def look(f: Callable[[float], float], x: float, steepness: float = 1.0, least: float = 0.0) -> Estimate:
    steps = steps_around(x, steepness, least)
    left, right = (Side(steps, tuple(f(x + sign * step) for step in steps)) for sign in (-1, 1))
    return estimate(f(x), left, right)


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (math.sin, 0.7, math.cos(0.7)),
        (math.exp, 3.0, math.exp(3.0)),
        (lambda x: x**3, 2.0, 12.0),
        (lambda x: 5.0, 2.0, 0.0),
        (lambda x: 1e6 + x, 2.0, 1.0),
        (lambda x: math.tanh(50 * x), 0.01, 50 / math.cosh(0.5) ** 2),
        (lambda x: x * abs(x), 0.0, 0.0),
        (lambda x: max(x, 0.0) ** 2, 0.0, 0.0),
        (lambda x: x, 1e7, 1.0),
    ],
    ids=["sin", "exp", "cube", "constant", "far", "steep", "C1", "half a parabola", "large"],
)
def test_smooth_functions(f: Callable[[float], float], x: float, slope: float) -> None:
    found = look(f, x)
    assert found.kind is Kind.SMOOTH
    assert found.slope.value == pytest.approx(slope, rel=1e-6, abs=1e-6)
    assert abs(found.slope.value - slope) <= 4 * found.slope.error + 1e-9


@pytest.mark.parametrize(
    ("f", "left", "right"),
    [
        (abs, -1, 1),
        (lambda x: max(x, 0.0), 0, 1),
        (lambda x: abs(x) * math.cos(x) + 3 * x, 2, 4),
        (lambda x: 1e-3 * abs(x), -1e-3, 1e-3),
    ],
    ids=["abs", "max", "with a slope", "small"],
)
def test_kinks(f: Callable[[float], float], left: float, right: float) -> None:
    found = look(f, 0.0)
    assert found.kind is Kind.KINK
    assert (found.left, found.right) == (pytest.approx(left, abs=1e-6), pytest.approx(right, abs=1e-6))


def test_a_kink_beside_the_point_is_none() -> None:
    found = look(lambda x: abs(x - 0.001), 0.0)
    assert found.kind is Kind.SMOOTH
    assert found.slope.value == pytest.approx(-1)


@pytest.mark.parametrize(("size", "kind"), [(1.0, Kind.JUMP), (-0.5, Kind.JUMP), (0.0, Kind.SMOOTH)])
def test_jumps(size: float, kind: Kind) -> None:
    found = look(lambda x: 2 * x + (size if x > 0 else 0), 0.0)
    assert found.kind is kind
    if kind is Kind.JUMP:
        assert (found.left, found.right) == (0, pytest.approx(size, rel=1e-3))


def test_a_vertical_slope_does_not_settle() -> None:
    assert look(lambda x: math.copysign(math.sqrt(abs(x)), x), 0.0).kind is Kind.UNSETTLED


@pytest.mark.parametrize("side", [-1, 1])
def test_a_side_that_is_missing(side: int) -> None:
    found = look(lambda x: math.exp(x) if x * side >= 0 else math.nan, 0.0)
    assert found.kind is Kind.SMOOTH
    assert found.slope.value == pytest.approx(1, rel=1e-6)


def test_nan_everywhere_does_not_settle() -> None:
    assert look(lambda x: math.nan, 0.0).kind is Kind.UNSETTLED


@pytest.mark.parametrize("x", [0.0, 1.0, -1e6, 1e12])
@pytest.mark.parametrize("steepness", [0.1, 1.0, 3.0, 100.0])
@pytest.mark.parametrize("least", [0.0, 3.2e-5, 0.3])
def test_steps_are_powers_of_two(x: float, steepness: float, least: float) -> None:
    steps = steps_around(x, steepness, least)
    assert len(steps) >= 5
    assert all(math.frexp(step)[0] == 0.5 for step in steps)
    assert all(a == 2 * b for a, b in pairwise(steps))
    if len(steps) > 5:
        assert steps[-1] >= least
