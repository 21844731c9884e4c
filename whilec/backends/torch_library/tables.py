"""Arrays as tables of their elements, for programs that read and write one element at a time.

A write to a tensor copies it, in value and in derivative; a write to a table replaces one entry.
Whatever else is done with a table is done with its tensor.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from math import prod
from typing import Any, final

import torch

from whilec.backends.torch_library import arrays
from whilec.backends.torch_library.eager import blend
from whilec.backends.torch_library.numbers import Number, is_uniform
from whilec.backends.torch_library.run import RunError
from whilec.backends.torch_library.weights import Weight, in_rows

MOST_ELEMENTS = 4096
"""Larger arrays stay tensors."""


@final
class Table:
    """An array of numbers for every row, as a tensor, as its elements, or as both.

    Args:
        shape: Of the array, without the rows.
        tensor: Of shape (rows, *shape).
        items: The elements, each of shape (rows,).
    """

    def __init__(
        self, shape: tuple[int, ...], tensor: torch.Tensor | None, items: list[Any] | None = None
    ) -> None:
        self.sizes = shape
        self._tensor = tensor
        self.items = items

    def dense(self) -> torch.Tensor:
        """The array as a tensor."""
        if self._tensor is None:
            assert self.items is not None
            self._tensor = torch.stack(self.items, 1).reshape(-1, *self.sizes)
        return self._tensor

    def elements(self) -> list[Any]:
        """The array as its elements."""
        if self.items is None:
            self.items = list(self.dense().flatten(1).unbind(1))
        return self.items

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Every torch function gets the tensor."""
        plain = [_plain(argument) for argument in args]
        return func(*plain, **{name: _plain(value) for name, value in (kwargs or {}).items()})

    def __getattr__(self, name: str) -> Any:
        """Everything else is the tensor's."""
        return getattr(self.dense(), name)

    def __getitem__(self, index: Any) -> torch.Tensor:
        return self.dense()[index]

    def __add__(self, other: Any) -> Any:
        return self.dense() + _plain(other)

    def __radd__(self, other: Any) -> Any:
        return _plain(other) + self.dense()

    def __sub__(self, other: Any) -> Any:
        return self.dense() - _plain(other)

    def __rsub__(self, other: Any) -> Any:
        return _plain(other) - self.dense()

    def __mul__(self, other: Any) -> Any:
        return self.dense() * _plain(other)

    def __rmul__(self, other: Any) -> Any:
        return _plain(other) * self.dense()

    def __truediv__(self, other: Any) -> Any:
        return self.dense() / _plain(other)

    def __rtruediv__(self, other: Any) -> Any:
        return _plain(other) / self.dense()

    def __neg__(self) -> Any:
        return -self.dense()

    def __ge__(self, other: Any) -> Any:
        return self.dense() >= _plain(other)

    def __gt__(self, other: Any) -> Any:
        return self.dense() > _plain(other)

    def __lt__(self, other: Any) -> Any:
        return self.dense() < _plain(other)

    def __le__(self, other: Any) -> Any:
        return self.dense() <= _plain(other)


def _plain(value: Any) -> Any:
    if isinstance(value, Table):
        return value.dense()
    if isinstance(value, list | tuple):
        return type(value)(_plain(item) for item in value)
    return value


def table(value: Any) -> Any:
    """An array that is read and written one element at a time; other values stay what they are."""
    is_array = isinstance(value, torch.Tensor) and value.dim() > 1
    if not is_array or not 0 < prod(value.shape[1:]) <= MOST_ELEMENTS:
        return value
    return Table(tuple(value.shape[1:]), value)


def dense(value: Any) -> Any:
    """A value without tables."""
    return _plain(value)


def fill(value: Number, shape: tuple[int, ...], rows: torch.Tensor) -> Any:
    """An array of equal numbers for every row; `rows` has shape (rows,)."""
    if not shape or not 0 < prod(shape) <= MOST_ELEMENTS:
        return arrays.fill(value, shape, rows)
    return Table(shape, None, [in_rows(value, rows)] * prod(shape))


def pick(array: Any, position: tuple[int, ...]) -> Any:
    """The element or sub-array at a static position."""
    array = table(array)
    if not isinstance(array, Table):
        return arrays.pick(array, position)
    first, count = _place(array, position)
    items = array.elements()
    rest = array.sizes[len(position) :]
    return Table(rest, None, items[first : first + count]) if rest else items[first]


def put(array: Any, value: Any, p: Weight, position: tuple[int, ...]) -> Any:
    """The array with a value blended in at a static position."""
    array = table(array)
    if not isinstance(array, Table):
        return arrays.put(array, dense(value), p, position)
    first, count = _place(array, position)
    items = list(array.elements())
    for number, new in enumerate(_new_items(array, value, count, len(position))):
        old = items[first + number]
        items[first + number] = new if is_uniform(p) else blend(old, new, p)
    return Table(array.sizes, None, items)


def _new_items(array: Table, value: Any, count: int, indexed: int) -> list[Any]:
    if len(array.sizes) > indexed:
        value = table(value)
        return value.elements() if isinstance(value, Table) else list(value.flatten(1).unbind(1))
    return [in_rows(value, array.elements()[0])] * count


def _place(array: Table, position: tuple[int, ...]) -> tuple[int, int]:
    """The number of the first element at a position, and how many are there."""
    first, count = 0, prod(array.sizes)
    for i, size in zip(position, array.sizes, strict=False):
        if not 0 <= i < size:
            raise RunError("index", i, size)
        count //= size
        first += i * count
    return first, count


def chosen_rows(array: Table, rows: torch.Tensor) -> Table:
    """Some rows of an array."""
    items = array.items
    if items is not None and all(item is items[0] for item in items):
        return Table(array.sizes, None, [items[0].index_select(0, rows)] * len(items))
    return Table(array.sizes, array.dense().index_select(0, rows))


def mixed_items(first: Table, second: Table, mix: Any) -> Table | None:
    """Two arrays mixed where they differ; None if that is not worth while."""
    ours, theirs = first.items, second.items
    is_taped = not isinstance((ours or [first.dense()])[0], torch.Tensor)
    if is_taped:
        ours, theirs = first.elements(), second.elements()
    if ours is None or theirs is None:
        return None
    differing = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a is not b]
    if len(differing) > max(4, len(ours) // 4) and not is_taped:
        return None
    items = list(ours)
    for i in differing:
        items[i] = mix(ours[i], theirs[i])
    return Table(first.sizes, None, items)
