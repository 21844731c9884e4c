"""Masks of straight-line code: what rows at path weight 0 do not take part in."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import torch

from whilec.backends.torch_library.numbers import Number, is_uniform
from whilec.backends.torch_library.weights import Weight, in_rows


def mask_like(mask: Any, x: torch.Tensor) -> Any:
    """A mask per row, to meet tensors of the shape of x."""
    return mask.reshape(-1, *([1] * (x.dim() - 1))) if x.dim() > 1 else mask


def select(mask: torch.Tensor, a: Number, b: Number, rows: torch.Tensor) -> torch.Tensor:
    """a where the mask holds, else b."""
    like = b if is_uniform(a) else a
    if is_uniform(like):
        return torch.where(mask, in_rows(a, rows), b)
    return torch.where(mask_like(mask, like), a, b)


def gate(mask: torch.Tensor, p: Weight, rows: torch.Tensor) -> torch.Tensor:
    """A path weight, and 0 outside of the mask."""
    return torch.where(mask, in_rows(p, rows), 0.0)


def void(mask: torch.Tensor, x: Number, rows: torch.Tensor) -> torch.Tensor:
    """NaN where the mask holds, else x."""
    x = in_rows(x, rows)
    return torch.where(mask_like(mask, x), float("nan"), x)


def checked_steepness(s: Number) -> Number:
    """A steepness in force: NaN where it is not finite and above 0."""
    if is_uniform(s):
        return s if 0.0 < s < float("inf") else float("nan")
    return torch.where((s > 0.0) & torch.isfinite(s), s, float("nan"))


def is_positive(p: Weight, rows: torch.Tensor) -> torch.Tensor:
    """Where p > 0."""
    return in_rows(p, rows) > 0.0


def is_above_zero(d: Weight, rows: torch.Tensor) -> torch.Tensor:
    """Where d is not 0: NaN takes part."""
    return in_rows(d, rows) != 0.0


def is_below_one(d: Weight, rows: torch.Tensor) -> torch.Tensor:
    """Where d is not 1: NaN takes part."""
    return in_rows(d, rows) != 1.0


def is_nan(p: Weight, rows: torch.Tensor) -> torch.Tensor:
    """Where p is NaN."""
    return torch.isnan(in_rows(p, rows))
