"""Differences of neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from algonet_runtime.annotations import Float
from algonet_runtime.checks import check_choice, check_count
from algonet_runtime.errors import RangeError
from algonet_runtime.intrinsic import intrinsic
from algonet_runtime.smoothness import Smoothness

if TYPE_CHECKING:
    from torch import Tensor


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.4")
def finite_differences(
    x: Float[Tensor, "*shape"],
    *,
    dims: int | tuple[int, ...] = -1,
    pad: Literal["zero", "replicate", "circular"] = "zero",
    center: bool = False,
    order: int = 1,
) -> Float[Tensor, "*shape"]:
    """Differences of neighbours along dimensions: x shifted by one, minus x.

    Args:
        x: Any shape.
        dims: A dimension, or several, whose differences are stacked on a new last dimension.
        pad: What stands at the end, where there is no next element: "zero", "replicate" for the last
            difference, "circular" for the difference to the first element.
        center: Whether the mean of the differences along the dimension is subtracted, before padding.
        order: 1, or 2 for differences of differences.

    Returns:
        The shape of `x`; with several dims one dimension more, of their number.

    Raises:
        RangeError: A dimension does not exist or is given twice, or an option is out of range.

    Gradient:
        The operation is linear.

    >>> import torch
    >>> finite_differences(torch.tensor([1.0, 2.0, 4.0]))
    tensor([1., 2., 0.])
    """
    import torch

    check_choice("finite_differences", "pad", pad, ("zero", "replicate", "circular"))
    check_count("finite_differences", "order", order, 1, 2)
    wanted = (dims,) if isinstance(dims, int) else tuple(dims)
    for dim in wanted:
        check_count("finite_differences", "dims", dim, -x.ndim, x.ndim - 1)
    if len({dim % x.ndim for dim in wanted}) < len(wanted) or not wanted:
        raise RangeError(f"finite_differences: `dims` are {wanted}; give each dimension once", "dims")
    found = [_along(x.movedim(dim, -1), pad, center, order).movedim(-1, dim) for dim in wanted]
    return found[0] if isinstance(dims, int) else torch.stack(found, -1)


def _along(x: Tensor, pad: str, center: bool, order: int) -> Tensor:
    import torch

    n = x.shape[-1]
    found = x
    for _ in range(order):
        found = found.roll(-1, -1) - found if pad == "circular" else found[..., 1:] - found[..., :-1]
    if center and found.shape[-1]:
        found = found - found.mean(-1, keepdim=True)
    missing = n - found.shape[-1]
    if not missing:
        return found
    if pad == "replicate" and found.shape[-1]:
        return torch.cat((found, found[..., -1:].expand(*found.shape[:-1], missing)), -1)
    return torch.cat((found, x.new_zeros(*x.shape[:-1], missing)), -1)
