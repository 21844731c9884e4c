"""Permutation matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from algonet_runtime.annotations import Bool, Float
from algonet_runtime.intrinsic import intrinsic
from algonet_runtime.smoothness import Smoothness
from algonet_runtime.sorting.providers import run_kernels

if TYPE_CHECKING:
    from torch import Tensor

    from algonet_runtime.relax.distribution import Distribution


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.1")
def soft_permutation(
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
    check: bool = True,
) -> Float[Tensor, "*batch n n"]:
    """The relaxed permutation matrix P that sorts the keys: P x is `soft_sort(x)`.

    Row i holds the weights of the i-th smallest key; rows and columns sum to 1.

    Args:
        x: Keys, finite.
        steepness: As for `soft_sort`.
        network: As for `soft_sort`.
        distribution: As for `soft_sort`.
        mask: Which elements count. Columns of others are 0, and so are the rows after those that count.
        descending: Whether row 0 is that of the largest key.
        layers: Only the first so many layers.
        error_free: As for `soft_sort`.
        check: Whether keys are looked at.

    Returns:
        P, in the dtype of `x`.

    Raises:
        ShapeError: `mask` does not fit.
        RangeError: A key is not finite, or an option is out of range.

    Gradient:
        By `x` and `steepness`, of any order that the distribution has.

    >>> import torch
    >>> soft_permutation(torch.tensor([3.0, 1.0]), steepness=10.0)
    tensor([[0.0159, 0.9841],
            [0.9841, 0.0159]])
    """
    import torch

    from algonet_runtime.sorting.soft_sort_by import carried

    n = x.shape[-1]
    identity = torch.eye(n, dtype=x.dtype, device=x.device)
    if mask is not None:
        identity = torch.where(mask.unsqueeze(-1), identity, 0.0)
    return carried(
        "soft_permutation",
        "x",
        x,
        identity,
        steepness=steepness,
        network=network,
        distribution=distribution,
        mask=mask,
        descending=descending,
        layers=layers,
        error_free=error_free,
        fill=0.0,
        trailing=1,
        check=check,
    )


run_kernels(soft_permutation)
