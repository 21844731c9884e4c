"""Softmax with memberships."""

from __future__ import annotations

from typing import TYPE_CHECKING

from algonet_runtime.annotations import Float
from algonet_runtime.checks import check_count, check_positive
from algonet_runtime.errors import RangeError
from algonet_runtime.intrinsic import intrinsic
from algonet_runtime.smoothness import Smoothness

if TYPE_CHECKING:
    from torch import Tensor

_LARGEST = {"float32": 40.0, "float64": 350.0}
"""Exponents of elements that do not count are cut off here."""


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.3")
def weighted_softmax(
    x: Float[Tensor, "*batch n"],
    w: Float[Tensor, "*batch n"],
    *,
    steepness: float | Tensor = 1.0,
    dim: int = -1,
    check: bool = True,
) -> Float[Tensor, "*batch n"]:
    r"""Softmax over the elements that the weights admit: softmax(s x + log w).

    $w_i e^{s x_i} / \sum_j w_j e^{s x_j}$; with all weights 1 the ordinary softmax.

    Args:
        x: Scores, finite where `w` > 0.
        w: Memberships, at least 0, usually in [0, 1].
        steepness: s > 0, in 1 / (unit of `x`): a number, or a tensor of the batch's shape.
        dim: The dimension of the elements.
        check: Whether weights are looked at.

    Returns:
        Shares that sum to 1; exactly 0 where `w` is 0; all 0 if no weight is positive.

    Raises:
        ShapeError: The shapes do not fit.
        RangeError: A weight is negative, infinite or NaN, or `steepness` is not positive.

    Gradient:
        Finite, by `x`, `w` and `steepness`; 0 by `x` where `w` is 0.

    >>> import torch
    >>> weighted_softmax(torch.tensor([0.0, 1.0, 50.0]), torch.tensor([1.0, 1.0, 0.0]))
    tensor([0.2689, 0.7311, 0.0000])
    """
    return _shares("weighted_softmax", x, w, steepness, dim, check)


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.3")
def weighted_softmin(
    x: Float[Tensor, "*batch n"],
    w: Float[Tensor, "*batch n"],
    *,
    steepness: float | Tensor = 1.0,
    dim: int = -1,
    check: bool = True,
) -> Float[Tensor, "*batch n"]:
    """Softmax of the negated scores over the elements that the weights admit.

    Args:
        x: Scores, finite where `w` > 0.
        w: Memberships, at least 0, usually in [0, 1].
        steepness: s > 0, in 1 / (unit of `x`): a number, or a tensor of the batch's shape.
        dim: The dimension of the elements.
        check: Whether weights are looked at.

    Returns:
        As of `weighted_softmax(-x, w)`.

    Raises:
        ShapeError: The shapes do not fit.
        RangeError: A weight is negative, infinite or NaN, or `steepness` is not positive.

    Gradient:
        Finite, by `x`, `w` and `steepness`; 0 by `x` where `w` is 0.

    >>> import torch
    >>> weighted_softmin(torch.tensor([0.0, 1.0, -50.0]), torch.tensor([1.0, 1.0, 0.0]))
    tensor([0.7311, 0.2689, 0.0000])
    """
    return _shares("weighted_softmin", -x, w, steepness, dim, check)


def _shares(operation: str, x: Tensor, w: Tensor, steepness: float | Tensor, dim: int, check: bool) -> Tensor:
    import torch

    from algonet_runtime.relax.steepness import in_batch_of, steepness_of
    from algonet_runtime.tensors import broadcast, computed

    check_positive(operation, "steepness", steepness)
    check_count(operation, "dim", dim, -max(x.ndim, w.ndim), max(x.ndim, w.ndim) - 1)
    if check:
        check_weights(operation, "w", w)
    dtype = torch.promote_types(x.dtype, w.dtype)
    scores, weights = broadcast(computed(x.to(dtype)), computed(w.to(dtype)))
    scores, weights = scores.movedim(dim, -1), weights.movedim(dim, -1)
    scores = in_batch_of(operation, scores, steepness)
    s = steepness_of(steepness, scores, None)
    powers, _ = weighted_exponentials(s * scores, weights)
    total = powers.sum(-1, keepdim=True)
    return (powers / torch.where(total > 0, total, 1.0)).to(dtype).movedim(-1, dim)


def weighted_exponentials(z: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """w exp(z - m), and m, the largest z + log w of a row.

    Powers of elements without weight are cut off, so that their derivatives by w are finite.
    """
    import torch

    most = _LARGEST[str(z.dtype).removeprefix("torch.")]
    counts = weights > 0
    logs = torch.where(counts, z, 0.0) + torch.where(counts, weights, 1.0).log()
    if not z.shape[-1]:
        return logs, logs.sum(-1, keepdim=True)
    top = logs.detach().where(counts, -torch.inf).amax(-1, keepdim=True)
    top = torch.where(top.isfinite(), top, 0.0)
    inside = (logs - top).clamp(min=-20 * most).exp()
    outside = torch.where(counts | z.isnan(), 0.0, z).nan_to_num(posinf=0.0, neginf=0.0) - top
    return torch.where(counts, inside, weights * outside.clamp(max=most).exp()), top


def check_weights(operation: str, name: str, weights: Tensor) -> None:
    """That weights are finite and at least 0, where their values can be seen.

    Raises:
        RangeError: One is not.
    """
    from algonet_runtime.tensors import is_seen

    if is_seen(weights) and not bool(((weights >= 0) & weights.isfinite()).all()):
        raise RangeError(f"{operation}: `{name}` must be finite and at least 0 everywhere", name)
