"""What a call may give for an input, as a tensor. Imports torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch

from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.arguments import plain_inputs
from whilec.driver.values import E0652, ragged, shape_of
from whilec.module.problems import not_64_bits, not_numbers

_UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)

COMPUTED = (torch.float32, torch.float64)
"""The floating-point types that executables compute in."""


def as_array(name: str, value: Any) -> torch.Tensor | None:
    """A tensor, a NumPy array or a list of tensors, as a tensor; None for other values."""
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, np.ndarray):
        array = cast("np.ndarray[Any, Any]", value)
        try:
            return torch.as_tensor(array)
        except TypeError:
            raise not_numbers(name, f"is an array of {array.dtype}") from None
        except ValueError:  # negative strides
            return torch.as_tensor(array.copy())
    if _holds_arrays(value):
        return _stacked(name, value)
    return None


def _holds_arrays(value: Any) -> bool:
    if not isinstance(value, list | tuple):
        return False
    rows = cast("list[Any]", value)
    return any(isinstance(row, torch.Tensor | np.ndarray) or _holds_arrays(row) for row in rows)


def _stacked(name: str, rows: Sequence[Any]) -> torch.Tensor:
    """A list that holds tensors, as one tensor through which they keep their gradients."""
    found = [as_array(name, row) for row in rows]
    known = next(tensor for tensor in found if tensor is not None)
    tensors = [
        as_numbers(name, row, known.dtype, known.device, is_hard=False) if tensor is None else tensor
        for row, tensor in zip(rows, found, strict=True)
    ]
    shapes = [tuple(tensor.shape) for tensor in tensors]
    if len(set(shapes)) > 1:
        raise WhileError(ragged(shapes))
    return torch.stack(tensors)


def as_numbers(
    name: str, value: Any, dtype: torch.dtype, device: torch.device, *, is_hard: bool
) -> torch.Tensor:
    """Python numbers and nested lists of them as a tensor; whole numbers stay whole in hard mode."""
    plain = plain_inputs({name: value})[name]
    shape_of(plain)
    try:
        made = torch.tensor(plain, device=device, dtype=None if is_hard else dtype)
    except (OverflowError, RuntimeError, ValueError):  # torch raises one or another
        raise _too_large(name, is_hard) from None
    if is_hard and made.is_floating_point():
        return torch.tensor(plain, device=device, dtype=torch.float64)
    return made


def _too_large(name: str, is_hard: bool) -> WhileError:
    if is_hard:
        return not_64_bits(name)
    title = f"input `{name}` has a whole number beyond the range of real numbers"
    return WhileError(Diagnostic(E0652, title, help="give finite numbers"))


def as_signed(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of hard mode; torch compares and checks no unsigned integers."""
    if tensor.dtype not in _UNSIGNED:
        return tensor
    signed = tensor.to(torch.int64)
    if bool((signed < 0).any()):
        raise not_64_bits(name)
    return signed


def common_dtype(tensors: Mapping[str, torch.Tensor]) -> torch.dtype | None:
    """The widest floating-point type; None if there is none."""
    found: torch.dtype | None = None
    for tensor in tensors.values():
        dtype = tensor.dtype
        if dtype.is_floating_point and dtype is not found:
            found = dtype if found is None else torch.promote_types(found, dtype)
    return found
