"""Numbers and shapes at which intrinsics once went wrong."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

import algonet_runtime
from algonet_runtime import ArgumentError

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

runtime: Any = algonet_runtime


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n", [3, 7, 10])
def test_relative_steepness_of_equal_keys_that_round(n: int, dtype: torch.dtype) -> None:
    def loss(x: torch.Tensor) -> torch.Tensor:
        return runtime.soft_rank(x, steepness="auto").square().sum()

    slope = torch.func.grad(loss)(torch.full((n,), 0.1, dtype=dtype))
    assert slope.abs().max() < 100


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1.0, 1e19, 1e30])
@pytest.mark.parametrize(
    "options", [{}, {"mask": torch.tensor([True, True, True, False])}], ids=["all", "masked"]
)
def test_relative_steepness_scales_in_float32(scale: float, options: Any) -> None:
    x = torch.tensor([3.0, 1.0, 2.0, 2.5])
    wanted = runtime.soft_sort(x, steepness="auto", **options)
    torch.testing.assert_close(runtime.soft_sort(scale * x, steepness="auto", **options) / scale, wanted)


@pytest.mark.parametrize("weight", [1e-44, 1e-30, 1e-20, 1.0, 3e38])
def test_small_and_large_weights(weight: float) -> None:
    x = torch.tensor([0.0, 1.0, -0.5], requires_grad=True)
    w = torch.full((3,), weight)
    plain = torch.softmax(x, -1)
    torch.testing.assert_close(runtime.weighted_softmax(x, w), plain)
    wanted = torch.func.hessian(lambda x: torch.softmax(x, -1)[0])(x.detach())
    found = torch.func.hessian(lambda x: runtime.weighted_softmax(x, w)[0])(x.detach())
    torch.testing.assert_close(found, wanted)
    top = runtime.soft_max(x, weights=w, steepness=1.0)
    assert top.item() == pytest.approx(x.logsumexp(-1).item() + math.log(w[0].item()), abs=1e-4)
    (slope,) = torch.autograd.grad(top, x)
    torch.testing.assert_close(slope, plain)


def test_a_small_weight_of_a_large_score_counts() -> None:
    x, w = torch.tensor([110.0, 0.0]), torch.tensor([2e-45, 1.0])
    torch.testing.assert_close(runtime.weighted_softmax(x, w), torch.softmax(x + w.log(), -1))
    w = torch.full((2,), 1e-60, dtype=torch.float64)
    assert runtime.soft_max(torch.zeros(2), weights=w, steepness=1.0).item() == pytest.approx(math.log(2e-60))


def test_second_derivatives_by_a_weight_of_zero() -> None:
    x, w = torch.tensor([0.0, 1000.0]), torch.tensor([1.0, 0.0])
    for function in (lambda w: runtime.weighted_softmax(x, w)[0], lambda w: runtime.soft_max(x, weights=w)):
        assert bool(torch.func.hessian(function)(w).isfinite().all())


def test_a_mask_brings_batch_dimensions() -> None:
    x, mask = torch.tensor([3.0, 1.0, 2.0]), torch.tensor([[True, True, False], [True, True, True]])
    for function in (runtime.soft_permutation, runtime.soft_sort, runtime.soft_rank, runtime.soft_median):
        found = function(x, mask=mask)
        for row in range(2):
            assert torch.equal(found[row], function(x, mask=mask[row]))


@pytest.mark.parametrize(
    "call",
    [
        lambda x, m, s: runtime.soft_sort(x, mask=m, steepness=s),
        lambda x, m, s: runtime.soft_rank(x, mask=m, steepness=s),
        lambda x, m, s: runtime.soft_permutation(x, mask=m, steepness=s),
        lambda x, m, s: runtime.soft_quantile(x, 0.3, mask=m, steepness=s),
        lambda x, m, s: runtime.soft_median(x, mask=m, steepness=s),
        lambda x, m, s: runtime.soft_median(x, mask=m, steepness=s, method="fast"),
        lambda x, m, s: torch.cat(runtime.soft_topk(x, 2, mask=m, steepness=s), -1),
        lambda x, m, s: runtime.soft_sort_by(x, x * x, mask=m, steepness=s),
        lambda x, m, s: runtime.soft_max(x, steepness=s),
        lambda x, m, s: runtime.weighted_softmax(x, x.exp(), steepness=s),
    ],
)
@pytest.mark.parametrize("mask", [None, torch.tensor([True, False, True, True])], ids=["all", "masked"])
def test_steepnesses_bring_batch_dimensions(call: Any, mask: torch.Tensor | None) -> None:
    x, steepness = torch.tensor([3.0, 1.0, 2.0, 0.5]), torch.tensor([[1.0, 4.0, 9.0], [2.0, 3.0, 5.0]])
    found = call(x, mask, steepness)
    for i in range(2):
        for j in range(3):
            torch.testing.assert_close(found[i, j], call(x, mask, steepness[i, j].item()))


def test_interpolation_does_not_overflow() -> None:
    x = torch.tensor([3e38, -3e38])
    assert runtime.soft_median(x).item() == pytest.approx(0.0, abs=1e32)
    assert math.isfinite(runtime.soft_quantile(x, 0.25).item())


@pytest.mark.parametrize(
    "call",
    [
        lambda x: runtime.soft_sort(x, steepness=torch.ones(3)),
        lambda x: runtime.soft_rank(x, steepness=torch.ones(2, 3)),
        lambda x: runtime.weighted_softmax(x, x, steepness=torch.ones(5)),
        lambda x: runtime.soft_sort(x, steepness=1e39),
        lambda x: runtime.soft_sort(x, steepness=10**400),
        lambda x: runtime.soft_max(x, steepness=10**40),
        lambda x: runtime.soft_sort(x, dim=2),
        lambda x: runtime.soft_max(x, dim=-3),
        lambda x: runtime.weighted_softmax(x, x, dim=7),
        lambda x: runtime.soft_sort_by(x, torch.ones(4, 3)),
        lambda x: runtime.soft_sort_by(x, x, trailing=-1),
        lambda x: runtime.soft_sort_by(x[0], torch.ones(4, 3), mask=torch.ones(3, 3, dtype=torch.bool)),
    ],
)
def test_wrong_arguments_are_told(call: Any) -> None:
    with pytest.raises(ArgumentError):
        call(torch.ones(2, 3))
