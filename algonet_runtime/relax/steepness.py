"""Steepness: a number, a tensor per row, or relative to the row's spread. Imports torch."""

from __future__ import annotations

import torch
from torch import Tensor

from algonet_runtime.checks import check_positive
from algonet_runtime.errors import RangeError, ShapeError
from algonet_runtime.tensors import common_shape, is_seen

AUTO = 10.0
"""`steepness="auto"` is this, divided by the standard deviation of each row."""


def check_steepness(operation: str, given: object) -> None:
    """That it is a positive number, a tensor of such, or "auto".

    Raises:
        RangeError: It is not.
    """
    if not isinstance(given, str):
        check_positive(operation, "steepness", given)
    elif given != "auto":
        raise RangeError(f'{operation}: `steepness` is {given!r}; give a number or "auto"', "steepness")


def steepness_of(given: float | Tensor | str, values: Tensor, mask: Tensor | None) -> float | Tensor:
    """A number, or a tensor (.., 1) for rows of values (.., n), in their dtype."""
    if isinstance(given, str):
        return AUTO / spread(values, mask)
    if not isinstance(given, Tensor):
        return given
    cast = given.to(values.dtype).unsqueeze(-1)
    is_narrower = given.dtype == torch.float64 and cast.dtype == torch.float32
    if is_narrower and is_seen(cast) and not bool(cast.isfinite().all()):
        raise RangeError("`steepness` has numbers beyond those of float32, in which `x` is", "steepness")
    return cast


def in_batch_of(operation: str, values: Tensor, steepness: object) -> Tensor:
    """Rows of values (.., n), as many as a tensor of steepnesses asks for.

    Raises:
        ShapeError: The tensor does not fit the batch.
    """
    if not isinstance(steepness, Tensor):
        return values
    batch, wanted = tuple(values.shape[:-1]), tuple(steepness.shape)
    if batch and wanted == (*batch, 1):
        message = f"{operation}: `steepness` has shape {wanted}; give it the shape {batch} of the batch"
        raise ShapeError(f"{message}, without keepdim", "steepness")
    try:
        return values.expand(*common_shape(batch, wanted), values.shape[-1])
    except RuntimeError:
        message = f"{operation}: `steepness` has shape {wanted}, which does not fit the batch {batch}"
        raise ShapeError(message, "steepness") from None


def spread(values: Tensor, mask: Tensor | None) -> Tensor:
    """The standard deviation of each row, (.., 1); 1 where all elements are equal.

    Args:
        values: (.., n); 0 where masked.
        mask: (.., n), the elements that count; None for all.
    """
    if not values.shape[-1]:
        return values.new_ones((*values.shape[:-1], 1))
    counted = torch.ones_like(values, dtype=torch.bool) if mask is None else mask
    count = counted.sum(-1, keepdim=True).clamp(min=1)
    fixed = values.detach()
    top = fixed.masked_fill(~counted, -torch.inf).amax(-1, keepdim=True)
    low = fixed.masked_fill(~counted, torch.inf).amin(-1, keepdim=True)
    is_flat = ~(top > low)
    scale = torch.where(is_flat, 1.0, top / 2 - low / 2)  # squares neither overflow nor vanish
    middle = torch.where(is_flat, 0.0, top / 2 + low / 2)
    parts = torch.where(counted, (values - middle) / scale, 0.0)
    mean = parts.sum(-1, keepdim=True) / count
    variance = torch.where(counted, parts - mean, 0.0).square().sum(-1, keepdim=True) / count
    return torch.where(is_flat, 1.0, scale * torch.where(is_flat, 1.0, variance).sqrt())
