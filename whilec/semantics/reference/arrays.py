"""Arrays of Python numbers: a flat list and a shape."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeAlias, final

Scalar: TypeAlias = Any
Shape: TypeAlias = tuple[int, ...]


@final
class Array:
    """A row-major array; operators are elementwise and take scalars on either side."""

    __slots__ = ("items", "shape")

    def __init__(self, items: list[Scalar], shape: Shape) -> None:
        self.items = items
        self.shape = shape

    def __repr__(self) -> str:
        return f"Array({to_nested(self)!r})"

    def copy(self) -> Array:
        """An array of its own with the same elements."""
        return Array(self.items.copy(), self.shape)

    def __neg__(self) -> Array:
        return Array([-x for x in self.items], self.shape)

    def __add__(self, other: Array | Scalar) -> Array:
        return zip_with(operator.add, self, other)

    def __radd__(self, other: Scalar) -> Array:
        return Array([other + x for x in self.items], self.shape)

    def __sub__(self, other: Array | Scalar) -> Array:
        return zip_with(operator.sub, self, other)

    def __rsub__(self, other: Scalar) -> Array:
        return Array([other - x for x in self.items], self.shape)

    def __mul__(self, other: Array | Scalar) -> Array:
        return zip_with(operator.mul, self, other)

    def __rmul__(self, other: Scalar) -> Array:
        return Array([other * x for x in self.items], self.shape)

    def offset(self, index: tuple[int, ...]) -> int:
        """Where the element or sub-array at `index` starts in `items`; 0-based, in range."""
        offset = 0
        for i, size in zip(index, self.shape, strict=False):
            offset = offset * size + i
        return offset * prod(self.shape[len(index) :])

    def pick(self, index: tuple[int, ...]) -> Scalar | Array:
        """The element, or a copy of the sub-array, at a (shorter) index in range."""
        start = self.offset(index)
        rest = self.shape[len(index) :]
        if not rest:
            return self.items[start]
        return Array(self.items[start : start + prod(rest)], rest)

    def put(self, index: tuple[int, ...], value: Scalar | Array) -> None:
        """Overwrite the element or sub-array at an index in range; a scalar fills it."""
        start = self.offset(index)
        rest = self.shape[len(index) :]
        if not rest:
            self.items[start] = value
            return
        size = prod(rest)
        self.items[start : start + size] = value.items if isinstance(value, Array) else [value] * size


def filled(value: Array | Scalar, shape: Shape) -> Array | Scalar:
    """A value of its own of exactly this shape: an array is copied, a scalar repeated."""
    if shape == ():
        return value
    return value.copy() if isinstance(value, Array) else Array([value] * prod(shape), shape)


def zip_with(function: Callable[[Scalar, Scalar], Scalar], a: Array | Scalar, b: Array | Scalar) -> Array:
    """A function of two scalars, elementwise; at least one argument is an array."""
    if not isinstance(a, Array):
        return Array([function(a, y) for y in b.items], b.shape)
    if not isinstance(b, Array):
        return Array([function(x, b) for x in a.items], a.shape)
    return Array([function(x, y) for x, y in zip(a.items, b.items, strict=True)], a.shape)


def map_scalars(function: Callable[[Scalar], Scalar], x: Array | Scalar) -> Array | Scalar:
    """A function of one scalar, elementwise."""
    if isinstance(x, Array):
        return Array([function(item) for item in x.items], x.shape)
    return function(x)


def from_nested(value: Sequence[Any], shape: Shape, convert: Callable[[Any], Scalar]) -> Array:
    """An array from nested lists of the given shape."""
    items: list[Any] = [value]
    for _ in shape:
        items = [item for row in items for item in row]
    return Array([convert(item) for item in items], shape)


def to_nested(value: Array | Scalar) -> Any:
    """Nested lists of the elements; a scalar is itself."""
    if not isinstance(value, Array):
        return value
    rows: list[Any] = value.items
    for level in range(len(value.shape) - 1, 0, -1):
        size = value.shape[level]
        count = prod(value.shape[:level])
        rows = [rows[i * size : (i + 1) * size] for i in range(count)]
    return list(rows)
