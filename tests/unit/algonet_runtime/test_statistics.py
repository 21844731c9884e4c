"""Medians, extremes, weighted softmax and finite differences: values, limits, edges, errors."""

from __future__ import annotations

import math
import statistics
from typing import Any

import pytest
import torch
from torch import Tensor

import algonet_runtime
from algonet_runtime import (
    RangeError,
    ShapeError,
    finite_differences,
    soft_max,
    soft_median,
    soft_min,
    weighted_softmax,
    weighted_softmin,
)
from algonet_runtime.relax.distribution import DISTRIBUTIONS

loose: Any = algonet_runtime


def values_of(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


# ---- medians


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 10, 37])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_median_by_network(n: int, distribution: Any) -> None:
    x = values_of(3, n)
    found = soft_median(x, steepness=1e6, distribution=distribution)
    for row in range(3):
        assert found[row].item() == pytest.approx(statistics.median(x[row].tolist()), abs=1e-4)


def fast_by_numbers(x: list[float], degree: int, s: float) -> float:
    """The same on plain numbers, in weights instead of logarithms."""
    w = [1.0] * len(x)
    for _ in range(degree):
        top = [a * math.exp(s * b) for a, b in zip(w, x, strict=True)]
        low = [a * math.exp(-s * b) for a, b in zip(w, x, strict=True)]
        total, below = sum(top), sum(low)
        w = [a * ((below - c) / below) * ((total - b) / total) for a, b, c in zip(w, top, low, strict=True)]
    return sum(a * b for a, b in zip(w, x, strict=True)) / sum(w)


@pytest.mark.parametrize("n", [2, 3, 5, 8])
@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_fast_median_by_plain_numbers(n: int, degree: int) -> None:
    x = values_of(n)
    found = soft_median(x, method="fast", degree=degree, steepness=2.0)
    assert found.item() == pytest.approx(fast_by_numbers(x.tolist(), degree, 2.0), rel=1e-11)


def test_fast_median_degree_0_is_the_mean_and_one_value_itself() -> None:
    x = values_of(4, 6)
    assert torch.allclose(soft_median(x, method="fast", degree=0), x.mean(-1))
    assert soft_median(torch.tensor([3.5]), method="fast").item() == 3.5
    assert soft_median(torch.tensor([3.5])).item() == 3.5


@pytest.mark.parametrize("steepness", [1e-6, 1.0, 1e4, 1e30])
def test_fast_median_is_finite(steepness: float) -> None:
    x = torch.tensor([[1.0, 2.0, 3.0, 5.0, 1e6], [2.0, 2.0, 2.0, 2.0, 2.0]], requires_grad=True)
    found = soft_median(x, method="fast", degree=6, steepness=steepness)
    assert bool(found.isfinite().all())
    assert found[1].item() == pytest.approx(2.0)
    (slope,) = torch.autograd.grad(found.sum(), x)
    assert bool(slope.isfinite().all())
    if steepness == 1.0:
        assert 1 <= found[0].item() <= 5


def test_masked_medians() -> None:
    x = torch.tensor([[1.0, torch.nan, 3.0, 2.0], [torch.nan] * 4], dtype=torch.float64, requires_grad=True)
    mask = ~x.detach().isnan()
    for options in (
        {"method": "network"},
        {"method": "fast", "degree": 3},
        {"method": "fast", "steepness": "auto"},
    ):
        found = loose.soft_median(x, mask=mask, fill=-1.0, **options)
        alone = loose.soft_median(x[0].detach()[mask[0]], **options)
        assert found[0].item() == pytest.approx(alone.item(), rel=1e-12)
        assert found[1].item() == -1.0
        (slope,) = torch.autograd.grad(found.sum(), x)
        assert bool((slope[~mask] == 0).all())
        assert bool(slope.isfinite().all())


# ---- extremes


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_extremes(n: int) -> None:
    x = values_of(5, n)
    for s in (0.5, 10.0, 1e6):
        top, low = soft_max(x, steepness=s), soft_min(x, steepness=s)
        assert torch.allclose(top, (s * x).logsumexp(-1) / s)
        assert bool((top - x.amax(-1) <= math.log(n) / s + 1e-12).all())
        assert bool((top >= x.amax(-1) - 1e-12).all())
        assert torch.allclose(low, -soft_max(-x, steepness=s))
    same = torch.full((n,), 2.0, dtype=torch.float64)
    assert soft_max(same).item() == pytest.approx(2 + math.log(n) / 10)


def test_gradient_of_the_maximum_is_the_softmax() -> None:
    x = values_of(7).requires_grad_()
    (slope,) = torch.autograd.grad(soft_max(x, steepness=3.0), x)
    assert torch.allclose(slope, torch.softmax(3 * x, -1))


def test_weights_of_extremes() -> None:
    x = torch.tensor([1.0, 5.0, torch.inf, 2.0], dtype=torch.float64, requires_grad=True)
    w = torch.tensor([1.0, 0.0, 0.0, 0.5], dtype=torch.float64, requires_grad=True)
    found = soft_max(x, weights=w)
    assert found.item() == pytest.approx((math.log(math.exp(10.0) + 0.5 * math.exp(20.0))) / 10)
    slopes = torch.autograd.grad(found, (x, w))
    assert slopes[0][1:3].tolist() == [0.0, 0.0]
    assert all(bool(slope.isfinite().all()) for slope in slopes)
    nothing = torch.zeros(4, dtype=torch.float64)
    assert soft_max(x, weights=nothing).item() == -math.inf
    assert soft_min(x, weights=nothing).item() == math.inf
    (slope,) = torch.autograd.grad(soft_max(x, weights=nothing), x)
    assert bool((slope == 0).all())


# ---- weighted softmax


def test_unit_weights_are_the_softmax_of_torch() -> None:
    for dtype, tolerance in ((torch.float32, 1e-6), (torch.float64, 1e-14)):
        x = values_of(6, 11, dtype=dtype) * 20
        assert (weighted_softmax(x, torch.ones_like(x)) - torch.softmax(x, -1)).abs().max() <= tolerance
        assert (weighted_softmin(x, torch.ones_like(x)) - torch.softmax(-x, -1)).abs().max() <= tolerance
        assert (weighted_softmax(x, torch.ones_like(x), dim=0) - torch.softmax(x, 0)).abs().max() <= tolerance


def test_weights_act_as_counts() -> None:
    x = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)
    w = torch.tensor([2.0, 1.0, 3.0], dtype=torch.float64)
    copies = torch.softmax(x.repeat_interleave(w.long()), -1)
    wanted = torch.stack([copies[:2].sum(), copies[2], copies[3:].sum()])
    assert torch.allclose(weighted_softmax(x, w), wanted)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_weights_of_zero(dtype: torch.dtype) -> None:
    x = torch.tensor([1.0, torch.inf, 1e30, torch.nan, -torch.inf, -3.0], dtype=dtype, requires_grad=True)
    w = torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0, 1.0], dtype=dtype, requires_grad=True)
    y = weighted_softmax(x, w)
    assert bool((y[1:5] == 0).all())
    assert y.sum().item() == pytest.approx(1.0)
    by_x, by_w = torch.autograd.grad((y * torch.arange(6)).sum(), (x, w))
    assert bool((by_x[1:5] == 0).all())
    assert bool(by_x.isfinite().all())
    assert bool(by_w.isfinite().all())
    nothing = torch.zeros(6, dtype=dtype, requires_grad=True)
    y = weighted_softmax(x, nothing)
    assert bool((y == 0).all())
    slopes = torch.autograd.grad(y.sum(), (x, nothing))
    assert bool((slopes[0] == 0).all())
    assert bool(slopes[1].isfinite().all())


def test_a_score_of_minus_infinity_has_no_share() -> None:
    x = torch.tensor([0.0, -torch.inf, 1.0], requires_grad=True)
    y = weighted_softmax(x, torch.ones(3))
    assert y[1].item() == 0.0
    (slope,) = torch.autograd.grad((y * torch.arange(3)).sum(), x)
    assert bool(slope.isfinite().all())


# ---- finite differences


def test_differences() -> None:
    x = torch.tensor([[1.0, 4.0, 9.0, 16.0], [0.0, 0.0, 5.0, 5.0]], dtype=torch.float64)
    assert finite_differences(x).tolist() == [[3, 5, 7, 0], [0, 5, 0, 0]]
    assert finite_differences(x, pad="replicate").tolist() == [[3, 5, 7, 7], [0, 5, 0, 0]]
    assert finite_differences(x, pad="circular").tolist() == [[3, 5, 7, -15], [0, 5, 0, -5]]
    assert finite_differences(x, order=2).tolist() == [[2, 2, 0, 0], [5, -5, 0, 0]]
    assert finite_differences(x, order=2, pad="replicate").tolist() == [[2, 2, 2, 2], [5, -5, -5, -5]]
    assert finite_differences(x, center=True)[0].tolist() == [-2, 0, 2, 0]
    both = finite_differences(x, dims=(0, 1))
    assert both.shape == (2, 4, 2)
    assert torch.equal(both[..., 0], finite_differences(x, dims=0))
    assert torch.equal(both[..., 1], finite_differences(x, dims=1))


@pytest.mark.parametrize("n", [0, 1, 2, 3])
@pytest.mark.parametrize("pad", ["zero", "replicate", "circular"])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("center", [False, True])
def test_short_rows(n: int, pad: Any, order: int, center: bool) -> None:
    found = finite_differences(torch.ones(2, n), pad=pad, order=order, center=center)
    assert torch.equal(found, torch.zeros(2, n))


def test_differences_are_those_of_torch() -> None:
    x = values_of(3, 8, 5)
    for dim in (0, 1, -1):
        for order in (1, 2):
            inner = finite_differences(x, dims=dim, order=order).movedim(dim, -1)[..., : x.shape[dim] - order]
            assert torch.equal(inner, torch.diff(x, n=order, dim=dim).movedim(dim, -1))


# ---- errors


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda x: loose.soft_median(x, method="slow"),
            RangeError,
            '`method` is \'slow\'; choose "network", "fast"',
        ),
        (lambda x: loose.soft_median(x, degree=-1), RangeError, "`degree` must be a whole number at least 0"),
        (lambda x: loose.soft_median(x[:, :0]), RangeError, "an empty row has no quantile"),
        (lambda x: loose.soft_median(x[:, :0], method="fast"), RangeError, "an empty row has no median"),
        (lambda x: loose.soft_median(x / 0, method="fast"), RangeError, "`x` has nan in row 0, element 0"),
        (lambda x: loose.soft_max(x[:, :0]), RangeError, "an empty row has no extreme"),
        (lambda x: loose.soft_max(x, weights=x - 1), RangeError, "`weights` must be finite and at least 0"),
        (lambda x: loose.weighted_softmax(x, x - 1), RangeError, "`w` must be finite and at least 0"),
        (lambda x: loose.weighted_softmax(x, x[:, :2]), ShapeError, "size n is 3 in `x`, but 2 in `w`"),
        (
            lambda x: loose.weighted_softmax(x, x, steepness=0),
            RangeError,
            "`steepness` must be a finite number",
        ),
        (lambda x: loose.finite_differences(x, pad="mirror"), RangeError, "`pad` is 'mirror'; choose"),
        (
            lambda x: loose.finite_differences(x, order=3),
            RangeError,
            "`order` must be a whole number in 1..2",
        ),
        (
            lambda x: loose.finite_differences(x, dims=2),
            RangeError,
            "`dims` must be a whole number in -2..1, not 2",
        ),
        (lambda x: loose.finite_differences(x, dims=(0, -2)), RangeError, "give each dimension once"),
    ],
)
def test_wrong_arguments(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(torch.zeros(2, 3))
