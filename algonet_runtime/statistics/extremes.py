"""Smooth extremes of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from algonet_runtime.annotations import Float
from algonet_runtime.checks import check_count, check_positive
from algonet_runtime.errors import RangeError
from algonet_runtime.intrinsic import intrinsic
from algonet_runtime.smoothness import Smoothness

if TYPE_CHECKING:
    from torch import Tensor


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.3: the softmax is its gradient")
def soft_max(
    x: Float[Tensor, "*batch n"],
    *,
    steepness: float | Tensor = 10.0,
    weights: Float[Tensor, "*batch n"] | None = None,
    dim: int = -1,
    check: bool = True,
) -> Float[Tensor, "*batch"]:
    """The smooth maximum of a row: logsumexp(s x + log w) / s.

    It grows with every element, and its gradient is the softmax. With n equal elements it is log(n) / s above
    them.

    Args:
        x: Values; finite where `weights` > 0.
        steepness: s > 0, in 1 / (unit of `x`): a number, or a tensor of the batch's shape.
        weights: Memberships of the elements, at least 0; None for all 1.
        dim: The dimension of the elements.
        check: Whether weights are looked at.

    Returns:
        One value per row; -infinity where no weight is positive.

    Raises:
        ShapeError: The shapes do not fit.
        RangeError: A row is empty, a weight is negative or not finite, or `steepness` is not positive.

    Gradient:
        By `x`, `steepness` and `weights`, of any order.

    >>> import torch
    >>> soft_max(torch.tensor([1.0, 2.0, 2.0]))
    tensor(2.0693)
    """
    return _extreme("soft_max", x, steepness, weights, dim, check)


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.3: the softmin is its gradient")
def soft_min(
    x: Float[Tensor, "*batch n"],
    *,
    steepness: float | Tensor = 10.0,
    weights: Float[Tensor, "*batch n"] | None = None,
    dim: int = -1,
    check: bool = True,
) -> Float[Tensor, "*batch"]:
    """The smooth minimum of a row: -logsumexp(-s x + log w) / s.

    It grows with every element. With n equal elements it is log(n) / s below them.

    Args:
        x: Values; finite where `weights` > 0.
        steepness: s > 0, in 1 / (unit of `x`): a number, or a tensor of the batch's shape.
        weights: Memberships of the elements, at least 0; None for all 1.
        dim: The dimension of the elements.
        check: Whether weights are looked at.

    Returns:
        One value per row; infinity where no weight is positive.

    Raises:
        ShapeError: The shapes do not fit.
        RangeError: A row is empty, a weight is negative or not finite, or `steepness` is not positive.

    Gradient:
        By `x`, `steepness` and `weights`, of any order.

    >>> import torch
    >>> soft_min(torch.tensor([1.0, 1.0, 2.0]))
    tensor(0.9307)
    """
    return -_extreme("soft_min", -x, steepness, weights, dim, check)


def _extreme(
    operation: str, x: Tensor, steepness: float | Tensor, weights: Tensor | None, dim: int, check: bool
) -> Tensor:
    import torch

    from algonet_runtime.relax.steepness import in_batch_of, steepness_of
    from algonet_runtime.statistics.weighted_softmax import check_weights, weighted_exponentials
    from algonet_runtime.tensors import broadcast, computed

    check_positive(operation, "steepness", steepness)
    check_count(operation, "dim", dim, -x.ndim, x.ndim - 1)
    if x.ndim and x.shape[dim] == 0:
        raise RangeError(f"{operation}: `x` has no elements; an empty row has no extreme", "x")
    values = computed(x if weights is None else x.to(torch.promote_types(x.dtype, weights.dtype)))
    if weights is not None:
        if check:
            check_weights(operation, "weights", weights)
        values, weights = broadcast(values, weights.to(values.dtype))
        weights = weights.movedim(dim, -1)
    values = values.movedim(dim, -1)
    values = in_batch_of(operation, values, steepness)
    s = steepness_of(steepness, values, None)
    z = s * values
    if weights is None:
        return (z.logsumexp(-1, keepdim=True) / s).squeeze(-1).to(x.dtype)
    powers, top = weighted_exponentials(z, weights)
    total = powers.sum(-1, keepdim=True)
    is_none = total == 0
    found = (torch.where(is_none, 1.0, total).log() + top) / s
    return torch.where(is_none, -torch.inf, found).squeeze(-1).to(x.dtype)
