"""Ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from algonet_runtime.annotations import Bool, Float
from algonet_runtime.intrinsic import intrinsic
from algonet_runtime.smoothness import Smoothness
from algonet_runtime.sorting.providers import run_kernels

if TYPE_CHECKING:
    from torch import Tensor

    from algonet_runtime.relax.distribution import Distribution


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.1: the matrix P, transposed")
def soft_rank(
    x: Float[Tensor, "*batch n"],
    *,
    steepness: float | Tensor | Literal["auto"] = 10.0,
    network: Literal["odd_even", "bitonic"] = "odd_even",
    distribution: Literal["cauchy", "logistic", "gaussian", "reciprocal", "optimal", "hard"]
    | Distribution = "cauchy",
    mask: Bool[Tensor, "*batch n"] | None = None,
    descending: bool = False,
    layers: int | None = None,
    error_free: bool = False,
    fill: float = 0.0,
    check: bool = True,
) -> Float[Tensor, "*batch n"]:
    """The rank of every key, from 0 for the smallest: the transposed matrix P times (0, 1, .., n - 1).

    No matrix is made: the network runs backwards on one vector. The sum of the ranks is always n (n - 1) / 2.

    Args:
        x: Keys, finite.
        steepness: As for `soft_sort`.
        network: As for `soft_sort`.
        distribution: As for `soft_sort`.
        mask: Which elements count and get ranks among themselves.
        descending: Whether rank 0 is that of the largest.
        layers: Only the first so many layers.
        error_free: As for `soft_sort`.
        fill: The rank of elements that do not count.
        check: Whether keys are looked at.

    Returns:
        Ranks in [0, n - 1], in the shape and dtype of `x`.

    Raises:
        ShapeError: `mask` does not fit.
        RangeError: A key is not finite, or an option is out of range.

    Gradient:
        By `x` and `steepness`, of any order that the distribution has.

    >>> import torch
    >>> soft_rank(torch.tensor([3.0, 1.0, 2.0]), steepness=100.0)
    tensor([1.9936, 0.0064, 1.0000])
    """
    import torch

    from algonet_runtime.sorting.arguments import read_keys

    keys = read_keys(
        "soft_rank",
        "x",
        x,
        steepness,
        network,
        distribution,
        mask=mask,
        layers=layers,
        error_free=error_free,
        check=check,
    )
    order = torch.arange(keys.size, dtype=keys.values.dtype, device=x.device)
    if descending:
        order = keys.flipped(order)
    ranks = keys.compare().carry_back(order.unsqueeze(-1)).squeeze(-1).expand(keys.values.shape)
    return keys.returned(ranks, fill).to(x.dtype)


run_kernels(soft_rank)
