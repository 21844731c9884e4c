"""Crisp swaps with the derivatives of blends."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

import algonet_runtime as runtime
from algonet_runtime.dispatch import explain_dispatch
from algonet_runtime.sorting.network import NETWORKS

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

X = torch.tensor([[0.3, -1.2, 0.3, 2.0, 0.9], [5.0, 4.0, 3.0, 2.0, 1.0]], dtype=torch.float64)


def test_values_are_crisp() -> None:
    crisp, order = torch.sort(X, dim=-1, stable=True)
    options: dict[str, Any] = {"error_free": True, "steepness": 0.5}
    for network in NETWORKS:
        for descending in (False, True):
            chosen = options | {"network": network, "descending": descending}
            wanted = crisp.flip(-1) if descending else crisp
            assert torch.equal(runtime.soft_sort(X, **chosen), wanted)
            matrix = runtime.soft_permutation(X, **chosen)
            assert set(matrix.unique().tolist()) == {0.0, 1.0}
            assert torch.equal((matrix @ X.unsqueeze(-1)).squeeze(-1), wanted)
    assert torch.equal(runtime.soft_rank(X, **options), order.argsort(-1).double())
    values, membership = runtime.soft_topk(X, 2, **options)
    assert torch.equal(values, crisp.flip(-1)[:, :2])
    assert torch.equal(membership.sum(-1), torch.full((2,), 2.0, dtype=torch.float64))
    assert torch.equal(runtime.soft_median(X, **options), crisp[:, 2])
    assert torch.equal(runtime.soft_quantile(X, 0.25, **options), crisp[:, 1])
    mask = torch.tensor([True, True, False, True, True])
    assert torch.equal(
        runtime.soft_sort(X, mask=mask, **options)[1, :4], torch.tensor([1.0, 2.0, 4.0, 5.0]).double()
    )


def blended(keys: list[float], layer: tuple[tuple[int, int], ...], steepness: float) -> list[float]:
    """The keys after one layer of blends."""
    found = list(keys)
    for i, j in layer:
        p = 0.5 + math.atan(steepness * (keys[j] - keys[i])) / math.pi
        found[i] = p * keys[i] + (1 - p) * keys[j]
        found[j] = (1 - p) * keys[i] + p * keys[j]
    return found


@pytest.mark.parametrize("network", list(NETWORKS))
def test_derivatives_are_those_of_blends_at_crisp_keys(network: Any) -> None:
    """By finite differences of one layer at a time."""
    keys, steepness, step = [0.7, -0.2, 1.5, 0.1, -1.0], 1.7, 1e-6
    x = torch.tensor(keys, dtype=torch.float64)
    wanted = torch.eye(5, dtype=torch.float64)
    for layer in NETWORKS[network].layers(5):
        columns: list[Tensor] = []
        for k in range(5):
            ends: list[Tensor] = []
            for sign in (1, -1):
                moved = [key + sign * step * (place == k) for place, key in enumerate(keys)]
                ends.append(torch.tensor(blended(moved, layer, steepness), dtype=torch.float64))
            columns.append((ends[0] - ends[1]) / (2 * step))
        wanted = torch.stack(columns, -1) @ wanted
        for i, j in layer:
            keys[i], keys[j] = min(keys[i], keys[j]), max(keys[i], keys[j])

    def sort(x: Tensor) -> Tensor:
        return runtime.soft_sort(x, steepness=steepness, network=network, error_free=True)

    for jacobian in (torch.func.jacrev(sort)(x), torch.func.jacfwd(sort)(x)):
        torch.testing.assert_close(jacobian, wanted, rtol=1e-7, atol=1e-8)


def test_payloads_have_the_derivatives_of_blends() -> None:
    x = X[0, :2].clone().requires_grad_()
    t = torch.tensor([2.0, 5.0], dtype=torch.float64, requires_grad=True)
    weights = torch.tensor([1.0, -3.0], dtype=torch.float64)
    slopes: list[tuple[Tensor, ...]] = []
    for error_free in (False, True):
        y = runtime.soft_sort_by(x, t, error_free=error_free, steepness=0.7)
        slopes.append(torch.autograd.grad((y * weights).sum(), (x, t)))
    assert torch.equal(y.detach(), torch.tensor([5.0, 2.0], dtype=torch.float64))
    for soft, crisp in zip(*slopes, strict=True):
        torch.testing.assert_close(crisp, soft)


def test_kernels_say_that_they_have_none() -> None:
    reasons = [each.reason for each in explain_dispatch(runtime.soft_sort, X, error_free=True)]
    assert "error-free swaps run as plain torch operations" in reasons
    module = runtime.SoftSort(error_free=True)
    assert torch.equal(module(X), X.sort(-1).values)
