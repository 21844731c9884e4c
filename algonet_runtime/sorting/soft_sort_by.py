"""A payload in the order of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from algonet_runtime.annotations import Bool, Float
from algonet_runtime.checks import check_count
from algonet_runtime.errors import ShapeError
from algonet_runtime.intrinsic import intrinsic
from algonet_runtime.smoothness import Smoothness
from algonet_runtime.sorting.providers import run_kernels

if TYPE_CHECKING:
    from torch import Tensor

    from algonet_runtime.relax.distribution import Distribution


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.1")
def soft_sort_by(
    keys: Float[Tensor, "*batch n"],
    payload: Float[Tensor, "*batch n *trail"],
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
    trailing: int = 0,
    check: bool = True,
) -> Float[Tensor, "*batch n *trail"]:
    """The payload in the order of the keys: the relaxed permutation matrix of the keys times the payload.

    Args:
        keys: Keys, finite.
        payload: What is ordered: one element per key, or with `trailing`, one array per key.
        steepness: As for `soft_sort`.
        network: As for `soft_sort`.
        distribution: As for `soft_sort`.
        mask: Which elements count; payloads of others are not looked at.
        descending: Whether that of the largest key comes first.
        layers: Only the first so many layers.
        error_free: As for `soft_sort`.
        fill: What stands after the elements that count.
        trailing: Dimensions of the payload behind that of the keys.
        check: Whether keys are looked at.

    Returns:
        The payload in its dtype, with the batch dimensions of both.

    Raises:
        ShapeError: Keys, payload or mask do not fit.
        RangeError: A key is not finite, or an option is out of range.

    Gradient:
        By `keys`, `payload` and `steepness`, of any order.

    >>> import torch
    >>> keys, letters = torch.tensor([3.0, 1.0, 2.0]), torch.tensor([30.0, 10.0, 20.0])
    >>> soft_sort_by(keys, letters, steepness=100.0)
    tensor([10.0637, 20.0000, 29.9363])
    """
    return carried(
        "soft_sort_by",
        "keys",
        keys,
        payload,
        steepness=steepness,
        network=network,
        distribution=distribution,
        mask=mask,
        descending=descending,
        layers=layers,
        error_free=error_free,
        fill=fill,
        trailing=trailing,
        check=check,
    )


def carried(
    operation: str,
    name: str,
    keys: Tensor,
    payload: Tensor,
    *,
    steepness: float | Tensor | Literal["auto"],
    network: str,
    distribution: str | Distribution,
    mask: Tensor | None,
    descending: bool,
    layers: int | None,
    error_free: bool,
    fill: float,
    trailing: int,
    check: bool,
) -> Tensor:
    """As `soft_sort_by`, for an operation and an argument of other names."""
    import torch

    from algonet_runtime.sorting.arguments import read_keys
    from algonet_runtime.tensors import common_shape, computed

    read = read_keys(
        operation,
        name,
        keys,
        steepness,
        network,
        distribution,
        mask=mask,
        layers=layers,
        error_free=error_free,
        check=check,
    )
    check_count(operation, "trailing", trailing, 0, payload.ndim)
    rank = payload.ndim - trailing
    n = keys.shape[-1]
    if rank < 1 or payload.shape[rank - 1] != n:
        shapes = f"{tuple(payload.shape)} with trailing={trailing}"
        hint = ""
        if n in payload.shape:
            meant = payload.ndim - 1 - payload.shape.index(n)
            hint = f"; if every key has an array, give trailing={meant}" if meant != trailing else ""
        message = f"{operation}: `payload` has shape {shapes}, which has not {n} elements{hint}"
        raise ShapeError(message, "payload")
    try:
        common_shape(read.values.shape[:-1], payload.shape[: rank - 1])
    except RuntimeError:
        batch = tuple(payload.shape[: rank - 1])
        others = tuple(read.values.shape[:-1])
        message = f"{operation}: batch dimensions {batch} of `payload` do not fit {others} of the keys"
        raise ShapeError(message, "payload") from None
    shape = payload.shape[rank:]
    flat = computed(payload).reshape(*payload.shape[:rank], shape.numel())
    if mask is not None:
        flat = torch.where(mask.unsqueeze(-1), flat, 0.0)
    flat = read.compare().carry(read.gathered(flat, -2))
    flat = flat.expand(*common_shape(read.values.shape[:-1], flat.shape[:-2]), *flat.shape[-2:])
    if descending:
        flat = read.flipped(flat, -2)
    is_filled = read.is_filled()
    if is_filled is not None:
        flat = flat.where(is_filled.unsqueeze(-1), fill)
    return flat.reshape(*flat.shape[:-1], *shape).to(payload.dtype)


run_kernels(soft_sort_by)
