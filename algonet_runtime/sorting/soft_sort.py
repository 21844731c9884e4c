"""Sorted values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from algonet_runtime.annotations import Bool, Float
from algonet_runtime.checks import check_count
from algonet_runtime.intrinsic import intrinsic
from algonet_runtime.smoothness import Smoothness
from algonet_runtime.sorting.providers import run_kernels

if TYPE_CHECKING:
    from torch import Tensor

    from algonet_runtime.relax.distribution import Distribution


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.1")
def soft_sort(
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
    dim: int = -1,
    check: bool = True,
) -> Float[Tensor, "*batch n"]:
    r"""Values sorted by a relaxed network, ascending.

    Every comparator of the network replaces a pair by blends of its minimum and maximum. The result is near
    the sorted values, at most (number of layers) c / steepness away, with c = 1/pi for `cauchy`, but need not
    be quite in order itself.

    Args:
        x: Keys, finite.
        steepness: s > 0, in 1 / (unit of `x`): a number, a tensor of the batch's shape, or "auto", which is
            10 divided by the (population) standard deviation of the row, so that the result scales with `x`.
        network: "odd_even", n layers, or "bitonic", k (k + 1) / 2 layers with
            k = log2(n) rounded up, for n above 64.
        distribution: F of the comparator: a name or a Distribution.
        mask: Which elements count. Each row is sorted as a row of those.
        descending: Whether the largest comes first: the flip of the ascending result.
        layers: Only the first so many layers, a coarse sorting.
        error_free: Whether comparators swap crisply and only their derivatives are those of blends (Kim et
            al., ICLR 2024): the values are sorted exactly.
        fill: What stands after the elements that count.
        dim: The dimension to sort along.
        check: Whether keys are looked at; without it, a key that is not finite spoils its row silently.

    Returns:
        The values, in the shape and dtype of `x`; their sum is that of the keys.

    Raises:
        ShapeError: `mask` does not fit.
        RangeError: A key is not finite (the message names the row), or an option is out of range.

    Gradient:
        By `x` and `steepness`, of any order; with a monotone distribution never longer than the gradient that
        comes in. `hard` has the derivatives of the crisp sorting.

    >>> import torch
    >>> soft_sort(torch.tensor([3.0, 1.0, 2.0]), steepness=100.0)
    tensor([1.0064, 2.0000, 2.9936])
    """
    from algonet_runtime.sorting.arguments import read_keys

    check_count("soft_sort", "dim", dim, -x.ndim, x.ndim - 1)
    moved = x.movedim(dim, -1)
    keys = read_keys(
        "soft_sort",
        "x",
        moved,
        steepness,
        network,
        distribution,
        mask=None if mask is None else mask.movedim(dim, -1),
        layers=layers,
        error_free=error_free,
        check=check,
    )
    sorted_keys = keys.ranked(keys.compare())
    if descending:
        sorted_keys = keys.flipped(sorted_keys)
    is_filled = keys.is_filled()
    if is_filled is not None:
        sorted_keys = sorted_keys.where(is_filled, fill)
    return sorted_keys.to(x.dtype).movedim(-1, dim)


run_kernels(soft_sort, is_carrying=False)
