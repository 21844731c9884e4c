"""Checks of arguments at the border of an operation. Imports torch where it is called with tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from algonet_runtime.annotations import TensorType
from algonet_runtime.errors import RangeError, ShapeError, TypeMismatchError

if TYPE_CHECKING:
    from torch import Tensor


_NEAR = 0.25
"""How far an index may be from a whole number."""

_MOST = 1e38
"""Numbers beyond it overflow in float32."""


def check_tensors(operation: str, given: Mapping[str, tuple[object, TensorType]]) -> None:
    """Kinds, devices and shapes of tensor arguments.

    Args:
        operation: Its name, for messages.
        given: By the name of the argument: what was given, and the type that it must have.

    Raises:
        TypeMismatchError: One is no tensor, of the wrong kind, or on another device than the first.
        ShapeError: A shape does not fit.
    """
    import torch

    sizes: dict[str, tuple[int, str]] = {}
    batch: tuple[int, ...] = ()
    first: Tensor | None = None
    for name, (value, wanted) in given.items():
        is_tensor = isinstance(value, torch.Tensor)
        if (value is None and wanted.is_optional) or (wanted.has_plain_form and not is_tensor):
            continue
        if not isinstance(value, torch.Tensor):
            raise TypeMismatchError(
                f"{operation}: `{name}` must be a tensor, not {type(value).__name__}; use torch.tensor(..)",
                name,
            )
        _check_kind(operation, name, value, wanted)
        if first is None:
            first = value
        elif value.device != first.device:
            message = f"{operation}: `{name}` is on {value.device}, other arguments are on {first.device}"
            raise TypeMismatchError(message, name)
        batch = _check_shape(operation, name, value, wanted, sizes, batch)


def _check_kind(operation: str, name: str, value: Tensor, wanted: TensorType) -> None:
    import torch

    if wanted.kind == "float":
        is_right, what = value.is_floating_point(), "floating-point numbers"
    elif wanted.kind == "bool":
        is_right, what = value.dtype == torch.bool, "truth values (torch.bool)"
    else:
        is_right, what = value.dtype in (torch.int64, torch.int32), "whole numbers (torch.int64)"
    if not is_right:
        raise TypeMismatchError(f"{operation}: `{name}` must hold {what}, not {value.dtype}", name)


def _check_shape(
    operation: str,
    name: str,
    value: Tensor,
    wanted: TensorType,
    sizes: dict[str, tuple[int, str]],
    batch: tuple[int, ...],
) -> tuple[int, ...]:
    """Bind the sizes, and give the batch shape of all arguments so far."""
    from algonet_runtime.tensors import common_shape

    if "..." in wanted.dims or wanted.has_trail:
        return batch
    rank = len(wanted.dims)
    shape = tuple(value.shape)
    if value.ndim < rank or (value.ndim != rank and not wanted.is_batched):
        dims = " ".join((*(("*batch",) if wanted.is_batched else ()), *wanted.dims)) or "a single number"
        raise ShapeError(f"{operation}: `{name}` must have shape ({dims}), not {shape}", name)
    for dim, size in zip(wanted.dims, shape[len(shape) - rank :], strict=True):
        if dim.isdecimal():
            if size != int(dim):
                dims = " ".join((*(("*batch",) if wanted.is_batched else ()), *wanted.dims))
                raise ShapeError(f"{operation}: `{name}` must have shape ({dims}), not {shape}", name)
            continue
        known, giver = sizes.setdefault(dim, (size, name))
        if known != size:
            message = f"{operation}: size {dim} is {known} in `{giver}`, but {size} in `{name}`"
            raise ShapeError(message, name)
    try:
        return common_shape(batch, shape[: len(shape) - rank])
    except RuntimeError:
        own = shape[: len(shape) - rank]
        message = f"{operation}: batch dimensions {own} of `{name}` do not fit {batch} of others"
        raise ShapeError(message, name) from None


def as_whole(operation: str, name: str, value: Tensor) -> Tensor:
    """Numbers that are indices, as the nearest whole numbers: smooth programs compute them only nearly.

    Raises:
        RangeError: One is further than a quarter from each, where values can be seen.
    """
    from algonet_runtime.tensors import is_seen

    if not value.is_floating_point():
        return value.long()
    is_between = ~((value.detach() - value.detach().round()).abs() <= _NEAR)
    if is_seen(value) and bool(is_between.any()):
        place: list[int] = cast("Any", is_between.nonzero()[0]).tolist()
        number = value.detach()[tuple(place)].item()
        message = f"{operation}: `{name}` must hold whole numbers, but element {tuple(place)} is {number}"
        raise RangeError(message, name, tuple(place[:1]))
    return value.round().long()


def check_choice(
    operation: str, name: str, value: object, choices: Mapping[str, object] | tuple[str, ...]
) -> None:
    """That a value is one of the names.

    Raises:
        RangeError: It is not.
    """
    if value not in choices:
        listing = ", ".join(f'"{choice}"' for choice in choices)
        raise RangeError(f"{operation}: `{name}` is {value!r}; choose {listing}", name)


def check_count(operation: str, name: str, value: object, least: int, most: int | None = None) -> None:
    """That a value is a whole number in a range.

    Raises:
        RangeError: It is not.
    """
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    number = cast("int", value)
    if not is_whole or number < least or (most is not None and number > most):
        limits = f"at least {least}" if most is None else f"in {least}..{most}"
        raise RangeError(f"{operation}: `{name}` must be a whole number {limits}, not {value!r}", name)


def check_positive(operation: str, name: str, value: object) -> None:
    """That a number is finite and above 0; of a tensor, all of it, where its values can be seen.

    Raises:
        RangeError: It is not.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if 0 < value < _MOST:
            return
        raise RangeError(f"{operation}: `{name}` must be a finite number above 0, not {value!r:.40}", name)
    import torch

    from algonet_runtime.tensors import is_seen

    if not isinstance(value, torch.Tensor) or not value.is_floating_point():
        raise RangeError(f"{operation}: `{name}` must be a number or a floating-point tensor", name)
    if is_seen(value) and not bool(((value > 0) & value.isfinite()).all()):
        raise RangeError(f"{operation}: `{name}` must be finite and above 0 everywhere", name)


def check_finite(operation: str, name: str, value: Tensor, mask: Tensor | None = None) -> None:
    """That all rows (last dimension) are finite, where values can be seen; masked elements do not count.

    Raises:
        RangeError: A row is not; the message and the error name it.
    """
    from algonet_runtime.tensors import is_seen

    if not is_seen(value) or (mask is not None and not is_seen(mask)):
        return
    is_bad = ~value.detach().isfinite()
    if mask is not None:
        is_bad = is_bad & mask
    if not bool(is_bad.any()):
        return
    place: list[int] = cast("Any", is_bad.nonzero()[0]).tolist()
    row, element = tuple(place[:-1]), place[-1]
    number = value.detach()[tuple(place)].item()
    where = f"row {row[0] if len(row) == 1 else row}, element {element}" if row else f"element {element}"
    raise RangeError(
        f"{operation}: `{name}` has {number} in {where}; sort finite numbers, mask out what is missing",
        name,
        row,
    )
