"""Distributions of the comparator: tails, bounds, monotony and smoothness."""

from __future__ import annotations

import math

import pytest
import torch

from algonet_runtime import RangeError, Smoothness
from algonet_runtime.relax.distribution import DISTRIBUTIONS, HARD, Distribution, distribution_of
from tests.unit.algonet_runtime import oracle

distributions = pytest.mark.parametrize("distribution", DISTRIBUTIONS.values(), ids=lambda each: each.name)
soft = pytest.mark.parametrize(
    "distribution", [each for each in DISTRIBUTIONS.values() if each is not HARD], ids=lambda each: each.name
)


@distributions
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-6), (torch.float64, 1e-13)])
def test_tails_keep_their_digits(distribution: Distribution, dtype: torch.dtype, tolerance: float) -> None:
    z = [1e-9, 1e-3, 0.1, 0.24, 0.26, 1.0, 3.0, 10.0, 30.0, 1e4, 1e8]
    small = distribution.weights(torch.tensor(z, dtype=dtype))[1].tolist()
    for at, found in zip(z, small, strict=True):
        wanted = oracle.TAILS[distribution.name](at)
        scale = wanted if wanted > 1e-30 else 1.0
        assert (
            abs(found - wanted)
            <= tolerance * max(1.0, at**2 if distribution.name == "gaussian" else at) * scale
        )


@distributions
def test_both_weights_sum_to_one(distribution: Distribution) -> None:
    z = torch.linspace(-20, 20, 4001, dtype=torch.float64)
    p, r = distribution.weights(z)
    assert (p + r - 1).abs().max() < 1e-15
    q, _ = distribution.weights(-z)
    if distribution is not HARD:
        assert torch.equal(q, r)


def test_a_tie_of_the_hard_one_keeps_its_order() -> None:
    p, r = HARD.weights(torch.tensor([0.0, -0.0]))
    assert p.tolist() == [1.0, 1.0]
    assert r.tolist() == [0.0, 0.0]


@soft
def test_bound(distribution: Distribution) -> None:
    z = torch.cat(
        (torch.linspace(0, 20, 200_001, dtype=torch.float64), torch.logspace(1, 9, 100, dtype=torch.float64))
    )
    largest = (z * distribution.weights(z)[1]).max().item()
    assert largest <= distribution.bound * (1 + 1e-12)
    assert largest > distribution.bound * (1 - 1e-6)


@soft
def test_monotony(distribution: Distribution) -> None:
    """The slope of the smaller output by its own key, F(-z) - z F'(z), is never negative for a monotone F."""
    z = torch.linspace(0, 50, 50_001, dtype=torch.float64, requires_grad=True)
    small = distribution.weights(z)[1]
    (slope,) = torch.autograd.grad((z * small).sum(), z)
    assert bool((slope >= -1e-12).all()) is distribution.is_monotone


@soft
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_derivatives_are_finite_and_right(distribution: Distribution, dtype: torch.dtype) -> None:
    z = torch.tensor(
        [-1e30, -1e8, -300.0, -4.0, -0.3, 0.0, 0.1, 1.0, 40.0, 1e8, 1e30], dtype=dtype, requires_grad=True
    )
    current = distribution.weights(z)[0].sum()
    for _ in range(3):
        (slope,) = torch.autograd.grad(current, z, create_graph=True)
        assert bool(slope.isfinite().all())
        current = slope.sum()
        if not current.requires_grad:
            break
    at = torch.tensor([-3.0, -0.7, -0.1, 0.2, 0.9, 5.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: distribution.weights(z)[0], at)
    assert torch.autograd.gradgradcheck(lambda z: distribution.weights(z)[0], at)


def jump(distribution: Distribution, at: float, order: int) -> float:
    """How far the derivative of this order of F jumps at a place."""
    found: list[float] = []
    for side in (-1e-7, 1e-7):
        z = torch.tensor(at + side, dtype=torch.float64, requires_grad=True)
        value = distribution.weights(z)[0]
        for _ in range(order):
            if not value.requires_grad:
                value = torch.zeros(())
                break
            (value,) = torch.autograd.grad(value, z, create_graph=True)
        found.append(value.item())
    return abs(found[1] - found[0])


@soft
def test_class(distribution: Distribution) -> None:
    kinks = {"reciprocal": (0.0,), "optimal": (-0.25, 0.25)}.get(distribution.name, (0.0, 0.25))
    order = distribution.permutation_class.order
    for at in kinks:
        assert all(jump(distribution, at, k) < 1e-4 for k in range(int(min(order, 4)) + 1))
        if order < math.inf:
            assert jump(distribution, at, int(order) + 1) > 0.1


@soft
def test_the_last_bit_does_not_depend_on_the_place(distribution: Distribution) -> None:
    for dtype in (torch.float32, torch.float64):
        z = torch.randn(257, dtype=dtype, generator=torch.Generator().manual_seed(0)) * 5
        whole = distribution.weights(z)[0]
        for i in range(0, 257, 5):
            assert torch.equal(distribution.weights(z[i : i + 3])[0], whole[i : i + 3])


def test_distributions_of_ones_own() -> None:
    own = Distribution("own", DISTRIBUTIONS["cauchy"].weights, 1.0, True, Smoothness.C_INF, Smoothness.C_INF)
    assert distribution_of(own) is own
    with pytest.raises(RangeError, match="`distribution` is 'normal'; choose \"logistic\""):
        distribution_of("normal")
