"""Soft sorting against diffsort, by authors of the method, where it is installed (the extra `bench`)."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from algonet_runtime import soft_permutation, soft_sort

diffsort: Any = pytest.importorskip("diffsort", reason="the extra `bench` is not installed")


@pytest.mark.parametrize("distribution", ["logistic", "cauchy"])
@pytest.mark.parametrize("n", [3, 4, 7, 16])
def test_same_matrix_transposed(distribution: Any, n: int) -> None:
    """Both run n layers of the odd-even network."""
    x = torch.randn(5, n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    peer = diffsort.DiffSortNet("odd_even", n, steepness=7.0, distribution=distribution)
    values, matrix = peer(x)
    ours = soft_permutation(x, steepness=7.0, distribution=distribution)
    assert (matrix.mT - ours).abs().max() < 1e-6
    assert (values - soft_sort(x, steepness=7.0, distribution=distribution)).abs().max() < 1e-6
