"""Indices of arrays as closures."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeAlias

from whilec.semantics.reference.arithmetic import ONE, Axes, Frame, Tap
from whilec.semantics.reference.errors import E0604, fail
from whilec.semantics.reference.machine import Thunk
from whilec.semantics.reference.scope import Scope
from whilec.semantics.types import Kind
from whilec.source import Span
from whilec.syntax import ast

Position: TypeAlias = tuple[int, ...]


def element(scope: Scope, expr: ast.Index) -> Thunk:
    """An element or sub-array."""
    slot = scope.slots[expr.array.id]
    position = static_position(scope, expr)
    if position is not None:
        pick = scope.arithmetic.pick
        return lambda frame: pick(frame[slot], position(frame))
    taps, read, rest = axes(scope, expr), scope.arithmetic.read, scope.shape(expr)
    return lambda frame: read(frame[slot], taps(frame), rest)


def static_position(scope: Scope, expr: ast.Index) -> Callable[[Frame], Position] | None:
    """The position that an index names, if all its parts are static."""
    if any(scope.kind(index) is not Kind.STATIC for index in expr.indices):
        return None
    sizes = scope.shape_of(expr.array.id)
    parts = [
        _in_range(scope.static(index), size, index.span)
        for index, size in zip(expr.indices, sizes, strict=False)
    ]
    if len(parts) == 1:
        only = parts[0]
        return lambda frame: (only(frame),)
    return lambda frame: tuple([part(frame) for part in parts])


def axes(scope: Scope, expr: ast.Index) -> Callable[[Frame], Axes]:
    """The taps of every axis that the index names."""
    sizes = scope.shape_of(expr.array.id)
    parts = [_axis(scope, index, size) for index, size in zip(expr.indices, sizes, strict=False)]
    return lambda frame: tuple([part(frame) for part in parts])


def _axis(scope: Scope, index: ast.Expr, size: int) -> Callable[[Frame], tuple[Tap, ...]]:
    if scope.kind(index) is Kind.STATIC:
        position = _in_range(scope.static(index), size, index.span)
        return lambda frame: ((position(frame), ONE),)
    if size == 0:
        return lambda frame: _out_of_range("of an array without elements", 0, index.span)
    taps, value = scope.arithmetic.taps(size, index.span), scope.value(index)
    return lambda frame: taps(value(frame))


def _in_range(position: Thunk, size: int, span: Span) -> Thunk:
    def checked(frame: Frame) -> int:
        i = position(frame)
        if 0 <= i < size:
            return i
        _out_of_range(str(i), size, span)

    return checked


def _out_of_range(index: str, size: int, span: Span) -> NoReturn:
    fail(
        E0604,
        f"index {index} is out of range",
        span,
        f"this axis has size {size}" + (f", so indices are 0 to {size - 1}" if size else ""),
        "keep the index in range",
    )
