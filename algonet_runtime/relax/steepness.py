"""Steepness: a number, a tensor per row, or relative to the row's spread. Imports torch."""

from __future__ import annotations

import torch
from torch import Tensor

from algonet_runtime.checks import check_positive
from algonet_runtime.errors import RangeError

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
    return given.to(values.dtype).unsqueeze(-1) if isinstance(given, Tensor) else given


def spread(values: Tensor, mask: Tensor | None) -> Tensor:
    """The standard deviation of each row, (.., 1); 1 where all elements are equal.

    Args:
        values: (.., n); 0 where masked.
        mask: (.., n), the elements that count; None for all.
    """
    counted = torch.ones_like(values) if mask is None else mask.to(values.dtype)
    count = counted.sum(-1, keepdim=True).clamp(min=1)
    mean = values.sum(-1, keepdim=True) / count
    variance = ((values - mean) * counted).square().sum(-1, keepdim=True) / count
    is_flat = variance == 0
    return torch.where(is_flat, 1.0, torch.where(is_flat, 1.0, variance).sqrt())
