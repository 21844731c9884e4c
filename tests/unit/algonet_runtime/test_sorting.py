"""Sorting operations: values against a second computation, facts, masks, edges, dtypes, errors."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import algonet_runtime
from algonet_runtime import (
    RangeError,
    ShapeError,
    TypeMismatchError,
    soft_permutation,
    soft_quantile,
    soft_rank,
    soft_sort,
    soft_sort_by,
    soft_topk,
)
from algonet_runtime.relax.distribution import DISTRIBUTIONS
from algonet_runtime.sorting.network import NETWORKS
from tests.unit.algonet_runtime import oracle

loose: Any = algonet_runtime
"""The operations without their types, to be called wrongly."""

networks = pytest.mark.parametrize("network", NETWORKS)
distributions = pytest.mark.parametrize("distribution", DISTRIBUTIONS)
sizes = pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 10, 37, 64, 100])


def keys_of(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def close(found: Tensor, wanted: Tensor, tolerance: float = 1e-12) -> bool:
    return found.shape == wanted.shape and bool(
        ((found - wanted).abs() <= tolerance * wanted.abs().clamp(min=1)).all()
    )


# ---- values


@networks
@distributions
@sizes
def test_values_and_matrix_are_those_of_the_second_computation(
    network: Any, distribution: Any, n: int
) -> None:
    x = keys_of(n)
    p = soft_permutation(x, steepness=7.0, network=network, distribution=distribution)
    wanted = torch.tensor(
        oracle.soft_permutation(x.tolist(), 7.0, network, distribution), dtype=torch.float64
    )
    assert close(p, wanted.reshape(n, n), 1e-11)
    y = soft_sort(x, steepness=7.0, network=network, distribution=distribution)
    assert close(y, torch.tensor(oracle.times(wanted.tolist(), x.tolist()), dtype=torch.float64), 1e-11)


@networks
@distributions
def test_all_operations_follow_from_the_matrix(network: Any, distribution: Any) -> None:
    x, payload = keys_of(4, 9), keys_of(4, 9, seed=1)
    options: dict[str, Any] = {"steepness": 5.0, "network": network, "distribution": distribution}
    p = soft_permutation(x, **options)
    column = torch.arange(9, dtype=torch.float64)
    assert close(soft_sort(x, **options), (p @ x.unsqueeze(-1)).squeeze(-1))
    assert close(soft_sort_by(x, payload, **options), (p @ payload.unsqueeze(-1)).squeeze(-1))
    assert close(soft_rank(x, **options), (p.mT @ column.unsqueeze(-1)).squeeze(-1))
    assert close(soft_rank(x, descending=True, **options), 8 - soft_rank(x, **options))
    values, membership = soft_topk(x, 3, **options)
    assert close(values, soft_sort(x, **options)[:, -3:].flip(-1))
    assert close(membership, p[:, -3:].sum(1))
    values, membership = soft_topk(x, 3, descending=False, **options)
    assert close(values, soft_sort(x, **options)[:, :3])
    assert close(membership, p[:, :3].sum(1))
    y = soft_sort(x, **options)
    assert close(soft_quantile(x, 0.3, **options), torch.lerp(y[:, 2], y[:, 3], 0.4))
    assert close(soft_quantile(x, 0.5, **options), y[:, 4])
    assert close(soft_quantile(x, 1.0, **options), y[:, 8])


@networks
@distributions
@pytest.mark.parametrize("n", [1, 2, 3, 7, 64])
def test_facts(network: Any, distribution: Any, n: int) -> None:
    x = keys_of(5, n)
    options: dict[str, Any] = {"network": network, "distribution": distribution}
    p = soft_permutation(x.float(), **options)
    assert (p.sum(-1) - 1).abs().max() < 1e-6
    assert (p.sum(-2) - 1).abs().max() < 1e-6
    assert p.min() >= 0
    crisp = x.sort(-1).values
    for steepness in (1.0, 30.0, 1e4):
        y = soft_sort(x, steepness=steepness, **options)
        layers = len(NETWORKS[network].layers(n))
        bound = layers * DISTRIBUTIONS[distribution].bound / steepness
        assert (y - crisp).abs().max() <= bound + 1e-12
        assert close(y.sum(-1), x.sum(-1), 1e-12)
        assert close(soft_sort(x, steepness=steepness, descending=True, **options), y.flip(-1))


@networks
@pytest.mark.parametrize("distribution", [name for name, each in DISTRIBUTIONS.items() if each.is_monotone])
def test_jacobian_of_monotone_distributions_is_doubly_stochastic(network: Any, distribution: Any) -> None:
    x = keys_of(8)
    jacobian = torch.func.jacrev(lambda x: soft_sort(x, network=network, distribution=distribution))(x)
    assert jacobian.min() >= -1e-14
    assert (jacobian.sum(0) - 1).abs().max() < 1e-12
    assert (jacobian.sum(1) - 1).abs().max() < 1e-12


@networks
@distributions
def test_ties(network: Any, distribution: Any) -> None:
    x = torch.tensor([2.0, 1.0, 2.0, 1.0, 2.0], dtype=torch.float64, requires_grad=True)
    y = soft_sort(x, network=network, distribution=distribution, steepness=50.0)
    assert (y - torch.tensor([1.0, 1, 2, 2, 2], dtype=torch.float64)).abs().max() <= 5 * 1.0 / 50
    (slope,) = torch.autograd.grad((y * torch.arange(5)).sum(), x)
    assert bool(slope.isfinite().all())
    same = soft_sort(torch.full((6,), 3.5), network=network, distribution=distribution)
    assert torch.equal(same, torch.full((6,), 3.5))


@networks
@distributions
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_large_keys_keep_the_small_ones(network: Any, distribution: Any, dtype: torch.dtype) -> None:
    """`x_j - p d` would lose them: in float32, 1 is nothing beside 1e8."""
    x = torch.tensor([1e8, 1.0, -1e8, 2.0, 0.0], dtype=dtype)
    y = soft_sort(x, network=network, distribution=distribution, steepness=1e3)
    wanted = torch.tensor([-1e8, 0.0, 1.0, 2.0, 1e8], dtype=dtype)
    assert (y - wanted).abs()[1:4].max() < 0.02
    assert bool(((y - wanted).abs() <= 16).all())


@pytest.mark.parametrize("steepness", [1e-6, 1e-3, 1e6, 1e30])
@networks
@distributions
def test_extreme_steepness(network: Any, distribution: Any, steepness: float) -> None:
    x = torch.tensor([0.3, -1.0, 2.0, 0.3], dtype=torch.float64, requires_grad=True)
    y = soft_sort(x, steepness=steepness, network=network, distribution=distribution)
    (slope,) = torch.autograd.grad((y * torch.arange(4)).sum(), x)
    assert bool(y.isfinite().all())
    assert bool(slope.isfinite().all())
    if steepness > 1:
        assert close(y.detach(), x.detach().sort().values, 1e-4)
    elif distribution != "hard":
        assert bool((y.max() - y.min() < 2.0).item())


def test_fewer_layers_sort_coarsely() -> None:
    x = keys_of(6)
    assert close(soft_sort(x, layers=0), x)
    one = soft_sort(x, layers=1, steepness=1e9)
    pairs = x.reshape(3, 2).sort(-1).values.reshape(6)
    assert close(one, pairs, 1e-6)
    assert close(soft_sort(x, layers=100), soft_sort(x))


def test_steepness_per_row_and_relative() -> None:
    x = keys_of(3, 7)
    per_row = torch.tensor([1.0, 10.0, 100.0], dtype=torch.float64)
    y = soft_sort(x, steepness=per_row)
    for row, steepness in enumerate(per_row.tolist()):
        assert torch.equal(y[row], soft_sort(x[row], steepness=steepness))
    auto = soft_sort(x, steepness="auto")
    assert close(auto, soft_sort(x, steepness=10 / x.std(-1, correction=0)), 1e-13)
    assert close(soft_sort(x * 1e6 + 3.0, steepness="auto"), auto * 1e6 + 3.0, 1e-9)
    assert torch.equal(soft_sort(torch.full((4,), 2.0), steepness="auto"), torch.full((4,), 2.0))


# ---- masks and layout


@networks
@distributions
def test_masked_rows_are_rows_of_what_counts(network: Any, distribution: Any) -> None:
    x, payload = keys_of(40, 9), keys_of(40, 9, seed=2)
    mask = torch.rand(40, 9, generator=torch.Generator().manual_seed(3)) < 0.6
    mask[0], mask[1] = False, True
    spoiled = torch.where(mask, x, torch.nan)
    payload = torch.where(mask, payload, torch.nan)
    options: dict[str, Any] = {"network": network, "distribution": distribution, "steepness": 4.0}
    y = soft_sort(spoiled, mask=mask, fill=-7.0, **options)
    down = soft_sort(spoiled, mask=mask, fill=-7.0, descending=True, **options)
    by = soft_sort_by(spoiled, payload, mask=mask, fill=-7.0, **options)
    p = soft_permutation(spoiled, mask=mask, **options)
    ranks = soft_rank(spoiled, mask=mask, fill=-7.0, **options)
    top, membership = soft_topk(spoiled, 4, mask=mask, fill=-7.0, **options)
    middle = soft_quantile(spoiled, 0.4, mask=mask, fill=-7.0, **options)
    for row in range(40):
        own, places = spoiled[row][mask[row]], mask[row].nonzero().squeeze(-1)
        m = len(own)
        assert close(y[row, :m], soft_sort(own, **options))
        assert close(down[row, :m], soft_sort(own, descending=True, **options))
        assert close(by[row, :m], soft_sort_by(own, payload[row][mask[row]], **options))
        for each in (y, down, by):
            assert bool((each[row, m:] == -7.0).all())
        assert close(p[row, :m][:, places], soft_permutation(own, **options))
        assert p[row].sum().item() == pytest.approx(m)
        assert close(ranks[row][places], soft_rank(own, **options))
        assert bool((ranks[row][~mask[row]] == -7.0).all())
        k = min(4, m)
        values, belonging = soft_topk(own, k, **options)
        assert close(top[row, :k], values)
        assert bool((top[row, k:] == -7.0).all())
        assert close(membership[row][places], belonging)
        assert bool((membership[row][~mask[row]] == 0).all())
        assert close(
            middle[row], soft_quantile(own, 0.4, **options) if m else torch.tensor(-7.0, dtype=x.dtype)
        )


def test_gradients_of_masked_rows_have_no_nan() -> None:
    x = torch.tensor([[1.0, torch.nan, 0.5], [torch.nan, torch.nan, torch.nan]], requires_grad=True)
    mask = ~x.detach().isnan()
    for found in (
        soft_sort(x, mask=mask),
        soft_permutation(x, mask=mask),
        soft_rank(x, mask=mask),
        soft_quantile(x, 0.5, mask=mask),
        soft_sort(x, mask=mask, steepness="auto"),
        torch.cat(soft_topk(x, 2, mask=mask), -1),
    ):
        weights = torch.arange(found.numel(), dtype=found.dtype).reshape(found.shape)
        (slope,) = torch.autograd.grad((found * weights).sum(), x)
        assert bool(slope.isfinite().all())
        assert bool((slope[~mask] == 0).all())


def test_dims_layout_and_batches() -> None:
    x = keys_of(3, 5, 4)
    assert torch.equal(soft_sort(x, dim=1), soft_sort(x.mT).mT)
    assert torch.equal(soft_sort(x.mT.contiguous().mT), soft_sort(x))
    assert torch.equal(soft_sort(x[0, 0].expand(6, 4)), soft_sort(x[0, 0]).expand(6, 4))
    mask = keys_of(3, 5, 4, seed=1) > 0
    assert torch.equal(soft_sort(x, dim=1, mask=mask), soft_sort(x.mT, mask=mask.mT).mT)
    assert soft_sort(torch.empty(0, 5)).shape == (0, 5)
    assert soft_sort(torch.empty(2, 0)).shape == (2, 0)
    assert soft_permutation(torch.empty(2, 0)).shape == (2, 0, 0)
    payload = keys_of(5, 4, 2, 3)
    by = soft_sort_by(x, payload, trailing=2)
    assert by.shape == (3, 5, 4, 2, 3)
    assert close(by[1, 2, :, 1, 0], soft_sort_by(x[1, 2], payload[2, :, 1, 0]))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rows_do_not_notice_each_other(network: Any, dtype: torch.dtype) -> None:
    x = keys_of(33, 11, dtype=dtype)
    mask = keys_of(33, 11, seed=4) > -0.5
    for whole, alone in (
        (soft_sort(x, network=network), lambda i: soft_sort(x[i], network=network)),
        (soft_permutation(x, network=network), lambda i: soft_permutation(x[i], network=network)),
        (soft_rank(x, network=network), lambda i: soft_rank(x[i], network=network)),
        (soft_sort(x, mask=mask, network=network), lambda i: soft_sort(x[i], mask=mask[i], network=network)),
    ):
        for i in range(33):
            assert torch.equal(whole[i], alone(i))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_short_dtypes_are_computed_in_float32(dtype: torch.dtype) -> None:
    x = keys_of(4, 6).to(dtype)
    assert torch.equal(soft_sort(x), soft_sort(x.float()).to(dtype))
    assert soft_permutation(x).dtype == dtype
    assert soft_rank(x).dtype == dtype
    half = x.clone().requires_grad_()
    soft_sort(half).float().sum().backward()
    assert half.grad is not None
    assert half.grad.dtype == dtype


# ---- errors


def test_keys_that_are_not_finite_name_their_row() -> None:
    x = torch.zeros(3, 4)
    x[1, 2] = torch.nan
    for call in (soft_sort, soft_permutation, soft_rank):
        with pytest.raises(RangeError, match=f"{call.name}: `x` has nan in row 1, element 2") as raised:
            call(x)
        assert raised.value.row == (1,)
    with pytest.raises(RangeError, match=r"has inf in row \(1, 0\), element 0"):
        soft_sort(torch.tensor([[[0.0, 1.0]], [[torch.inf, 1.0]]]))
    with pytest.raises(RangeError, match="`keys` has nan in row 1, element 2"):
        soft_sort_by(x, x)
    y = soft_sort(x, check=False)
    assert bool(y[[0, 2]].isfinite().all())
    assert bool(y[1].isnan().any())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda x: loose.soft_sort([3.0, 1.0]),
            TypeMismatchError,
            "`x` must be a tensor, not list; use torch.tensor",
        ),
        (
            lambda x: loose.soft_sort(x.long()),
            TypeMismatchError,
            "`x` must hold floating-point numbers, not torch.int64",
        ),
        (lambda x: loose.soft_sort(x[0, 0]), ShapeError, r"`x` must have shape \(\*batch n\), not \(\)"),
        (
            lambda x: loose.soft_sort(x, mask=x),
            TypeMismatchError,
            r"`mask` must hold truth values \(torch.bool\)",
        ),
        (lambda x: loose.soft_sort(x, mask=x[:, :2] > 0), ShapeError, "size n is 3 in `x`, but 2 in `mask`"),
        (
            lambda x: loose.soft_sort(x, mask=(x > 0).expand(5, 2, 3)[:, :1].expand(5, 3, 3)),
            ShapeError,
            "batch dimensions",
        ),
        (
            lambda x: loose.soft_sort(x, steepness=0.0),
            RangeError,
            "`steepness` must be a finite number above 0, not 0.0",
        ),
        (
            lambda x: loose.soft_sort(x, steepness=-x[0]),
            RangeError,
            "`steepness` must be finite and above 0 everywhere",
        ),
        (
            lambda x: loose.soft_sort(x, steepness="high"),
            RangeError,
            "`steepness` is 'high'; give a number or \"auto\"",
        ),
        (lambda x: loose.soft_sort(x, network="quick"), RangeError, "`network` is 'quick'; choose"),
        (
            lambda x: loose.soft_sort(x, distribution="normal"),
            RangeError,
            "`distribution` is 'normal'; choose",
        ),
        (
            lambda x: loose.soft_sort(x, layers=-1),
            RangeError,
            "`layers` must be a whole number at least 0, not -1",
        ),
        (lambda x: loose.soft_topk(x, 4), RangeError, r"`k` must be a whole number in 0..3, not 4"),
        (lambda x: loose.soft_quantile(x, 1.5), RangeError, r"`q` must be a number in \[0, 1\], not 1.5"),
        (lambda x: loose.soft_quantile(x[:, :0], 0.5), RangeError, "an empty row has no quantile"),
        (
            lambda x: loose.soft_sort_by(x, x[:, :2]),
            ShapeError,
            r"`payload` has shape \(2, 2\) with trailing=0, which has not 3 elements",
        ),
        (lambda x: loose.soft_sort_by(x, x, trailing=1), ShapeError, "has not 3 elements"),
    ],
)
def test_wrong_arguments(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(torch.ones(2, 3))


def test_arguments_that_do_not_exist() -> None:
    with pytest.raises(TypeError, match="stepness"):
        loose.soft_sort(torch.ones(3), stepness=2.0)
    with pytest.raises(TypeError, match="missing"):
        loose.soft_sort()
