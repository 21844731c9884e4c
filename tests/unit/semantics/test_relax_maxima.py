"""Monotone maxima and blends against their definitions."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
import torch

from tests.unit.semantics.reference import formulas
from tests.unit.semantics.relaxing import TENSORS, derivatives, lifts, local_modes, modes, monotone_modes, of
from whilec.semantics.reference.duals import Dual, DualElementary
from whilec.semantics.reference.tensors import TensorElementary
from whilec.semantics.relax import blend_max, blend_min, monotone_max


@monotone_modes
@lifts
@pytest.mark.parametrize("s", [0.5, 1.0, 4.0])
def test_monotone_maximum(mode: dict[str, Any], lift: Any, s: float) -> None:
    for b in (0.0, 2.0, -1.5):
        function = lift(lambda m, a, b=b: monotone_max(m, of(mode), a, b, s))
        for a in (-9.0, -1.5, 0.0, 0.1, 1.0, 1.9, 2.0, 2.1, 50.0):
            assert function(a) == pytest.approx(formulas.maximum(mode, a, b, s), rel=1e-14, abs=1e-14)


@monotone_modes
def test_derivatives_of_the_maximum_are_the_degrees(mode: dict[str, Any]) -> None:
    for a, b, s in [(1.0, 1.2, 2.0), (0.3, 0.3, 1.0), (2.0, -3.0, 1.0), (0.0, 0.4, 0.5), (-3.0, 2.0, 1.0)]:
        x, y = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (a, b))
        value = monotone_max(TENSORS, of(mode), x, y, s)
        by_a, by_b = torch.autograd.grad(value, (x, y))
        assert by_a.item() == pytest.approx(formulas.step(mode, a - b, s), rel=1e-13, abs=1e-15)
        assert by_b.item() == pytest.approx(formulas.step(mode, b - a, s), rel=1e-13, abs=1e-15)


@monotone_modes
def test_second_derivative_of_the_maximum_is_the_slope_of_the_step(mode: dict[str, Any]) -> None:
    chosen = of(mode)
    for d in (-0.4, -0.2, 0.0, 0.1, 0.3):
        second = derivatives(lambda x: monotone_max(TENSORS, chosen, x, torch.zeros_like(x), 1.0), d, 2)[2]
        first = derivatives(lambda x: chosen.exceeds(TENSORS, x, 1.0), d, 1)[1]
        assert second == pytest.approx(first, rel=1e-11, abs=1e-12)


@monotone_modes
@lifts
def test_maximum_is_above_the_true_one_by_at_most_its_bound(mode: dict[str, Any], lift: Any) -> None:
    s = 2.0
    bound = math.log(2) / s if mode["smooth"] == "inf" else 1 / (8 * s)
    function = lift(lambda m, a: monotone_max(m, of(mode), a, 0.0, s))
    for number in range(-40, 41):
        a = number / 20
        assert -1e-16 <= function(a) - max(a, 0.0) <= bound + 1e-15
    expected = (
        math.log(2) / s
        if mode["smooth"] == "inf"
        else float(formulas.smoothstep_integral(mode["smooth"], Fraction(1, 2))) / s
    )
    assert function(0.0) == pytest.approx(expected, rel=1e-14)


@monotone_modes
@lifts
def test_maximum_of_infinities(mode: dict[str, Any], lift: Any) -> None:
    infinity = math.inf
    for a, b, expected in [
        (infinity, 3.0, infinity),
        (3.0, infinity, infinity),
        (-infinity, 3.0, 3.0),
        (3.0, -infinity, 3.0),
        (-infinity, -infinity, -infinity),
        (infinity, infinity, infinity),
        (infinity, -infinity, infinity),
    ]:
        assert lift(lambda m, x, b=b: monotone_max(m, of(mode), x, b, 1.0))(a) == expected
    assert math.isnan(lift(lambda m, x: monotone_max(m, of(mode), x, 1.0, 1.0))(math.nan))


@monotone_modes
@pytest.mark.parametrize(
    ("a", "b", "by_a", "by_b"),
    [
        (math.inf, 3.0, 1.0, 0.0),
        (3.0, math.inf, 0.0, 1.0),
        (-math.inf, 3.0, 0.0, 1.0),
        (-math.inf, -math.inf, 0.5, 0.5),
        (math.inf, math.inf, 0.5, 0.5),
        (math.inf, -math.inf, 1.0, 0.0),
    ],
)
def test_derivatives_of_the_maximum_of_infinities(
    mode: dict[str, Any], a: float, b: float, by_a: float, by_b: float
) -> None:
    x, y = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (a, b))
    found = torch.autograd.grad(monotone_max(TENSORS, of(mode), x, y, 1.0), (x, y))
    assert [d.item() for d in found] == [by_a, by_b]
    m, dual = DualElementary(), (Dual(a, (1.0, 0.0)), Dual(b, (0.0, 1.0)))
    assert monotone_max(m, of(mode), *dual, 1.0).tangent == (by_a, by_b)


@modes
@lifts
def test_blends(mode: dict[str, Any], lift: Any) -> None:
    for a, b, s in [(1.0, 2.0, 1.0), (2.0, 2.0, 1.0), (0.3, 0.1, 2.0), (-5.0, 4.0, 1.0)]:
        largest = lift(lambda m, x, b=b, s=s: blend_max(m, of(mode), x, b, s))(a)
        smallest = lift(lambda m, x, b=b, s=s: blend_min(m, of(mode), x, b, s))(a)
        h = formulas.step(mode, a - b, s)
        assert largest == pytest.approx(h * a + (1 - h) * b, rel=1e-13, abs=1e-15)
        assert smallest == pytest.approx(h * b + (1 - h) * a, rel=1e-13, abs=1e-15)
        if a == b:
            assert largest == smallest == a


@local_modes
@lifts
def test_blends_ignore_an_infinite_operand_of_weight_0(mode: dict[str, Any], lift: Any) -> None:
    assert lift(lambda m, x: blend_min(m, of(mode), x, 3.0, 1.0))(math.inf) == 3.0
    assert lift(lambda m, x: blend_max(m, of(mode), x, 3.0, 1.0))(-math.inf) == 3.0
    assert lift(lambda m, x: blend_max(m, of(mode), x, 3.0, 1.0))(math.inf) == math.inf


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@modes
def test_dtype_is_kept(mode: dict[str, Any], dtype: torch.dtype) -> None:
    m, x = TensorElementary(dtype), torch.tensor([0.2, 0.7], dtype=dtype)
    chosen = of(mode)
    for function in (chosen.differs, chosen.equals, chosen.exceeds):
        assert function(m, x, 1.0).dtype is dtype
    assert blend_max(m, chosen, x, 0.5, 1.0).dtype is dtype
