"""The largest elements, and how much every element belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from algonet_runtime.annotations import Bool, Float
from algonet_runtime.checks import check_count
from algonet_runtime.intrinsic import intrinsic
from algonet_runtime.smoothness import Smoothness
from algonet_runtime.sorting.providers import run_kernels

if TYPE_CHECKING:
    from torch import Tensor

    from algonet_runtime.relax.distribution import Distribution


class TopK(NamedTuple):
    """Result of `soft_topk`.

    Args:
        values: The k largest values, the largest first.
        membership: How much every element belongs to them: weights in [0, 1] that sum to k.
    """

    values: Float[Tensor, "*batch k"]
    membership: Float[Tensor, "*batch n"]


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.1: the last k rows of P")
def soft_topk(
    x: Float[Tensor, "*batch n"],
    k: int,
    *,
    steepness: float | Tensor | Literal["auto"] = 10.0,
    network: Literal["odd_even", "bitonic"] = "odd_even",
    distribution: Literal["cauchy", "logistic", "gaussian", "reciprocal", "optimal", "hard"]
    | Distribution = "cauchy",
    mask: Bool[Tensor, "*batch n"] | None = None,
    descending: bool = True,
    layers: int | None = None,
    error_free: bool = False,
    fill: float = 0.0,
    check: bool = True,
) -> tuple[Float[Tensor, "*batch k"], Float[Tensor, "*batch n"]]:
    """The k largest values, and how much every element belongs to them.

    Only the comparators that these k ranks depend on are run.

    Args:
        x: Keys, finite.
        k: How many, in 0..n.
        steepness: As for `soft_sort`.
        network: As for `soft_sort`.
        distribution: As for `soft_sort`.
        mask: Which elements count. A row with fewer than k has `fill` for the rest of its values.
        descending: True for the largest, the largest first; False for the smallest, the smallest first.
        layers: Only the first so many layers.
        error_free: As for `soft_sort`.
        fill: What stands after the elements that count.
        check: Whether keys are looked at.

    Returns:
        `values` (.., k) and `membership` (.., n), 0 where masked, which sums to k, in the dtype of `x`.

    Raises:
        ShapeError: `mask` does not fit.
        RangeError: k is not in 0..n, a key is not finite, or an option is out of range.

    Gradient:
        By `x` and `steepness`, of any order that the distribution has.

    >>> import torch
    >>> values, membership = soft_topk(torch.tensor([3.0, 1.0, 2.0]), 2, steepness=100.0)
    >>> values, membership
    (tensor([2.9936, 2.0000]), tensor([0.9984, 0.0048, 0.9968]))
    """
    import torch

    from algonet_runtime.sorting.arguments import read_keys

    n = x.shape[-1]
    check_count("soft_topk", "k", k, 0, n)
    keys = read_keys(
        "soft_topk",
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
    comparators = keys.compare(tuple(range(n - k, n) if descending else range(k)))
    ranked = keys.ranked(comparators)
    if descending:
        ranked = keys.flipped(ranked)
    is_filled = keys.is_filled()
    if is_filled is not None:
        ranked = ranked.where(is_filled, fill)
    ranks = torch.arange(n, device=x.device)
    counts = keys.counts()
    is_top = (ranks >= counts - k) & (ranks < counts) if descending else (ranks < k) & (ranks < counts)
    wanted = is_top.to(keys.values.dtype).unsqueeze(-1)
    membership = comparators.carry_back(wanted).squeeze(-1).expand(keys.values.shape)
    return TopK(ranked[..., :k].to(x.dtype), keys.returned(membership, 0.0).to(x.dtype))


run_kernels(soft_topk)
