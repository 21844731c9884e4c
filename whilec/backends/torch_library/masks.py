"""Masks of straight-line code: what rows at path weight 0 do not take part in."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import torch

from whilec.backends.torch_library.numbers import is_uniform
from whilec.backends.torch_library.weights import Weight


def mask_like(mask: Any, x: torch.Tensor) -> Any:
    """A mask per row, to meet tensors of the shape of x."""
    return mask.reshape(-1, *([1] * (x.dim() - 1))) if x.dim() > 1 else mask


def select(mask: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a where the mask holds, else b."""
    return torch.where(mask_like(mask, a), a, b)


def gate(mask: torch.Tensor, p: Weight) -> torch.Tensor:
    """A path weight, and 0 outside of the mask."""
    return torch.where(mask, p, 0.0)


def void(mask: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """NaN where the mask holds, else x."""
    return torch.where(mask_like(mask, x), float("nan"), x)


def is_positive(p: Weight) -> Any:
    """Where p > 0."""
    return p > 0.0


def is_below_one(d: Weight) -> Any:
    """Where d is not 1."""
    return d != 1.0


def is_nan(p: Weight) -> Any:
    """Where p is NaN."""
    return p != p if is_uniform(p) else torch.isnan(p)
