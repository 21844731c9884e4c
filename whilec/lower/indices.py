"""Reading and writing elements of arrays."""

from __future__ import annotations

from typing import TypeAlias

from whilec.ir.static import Static
from whilec.ir.types import Value
from whilec.lower import values
from whilec.lower.scope import Scope
from whilec.lower.static import static
from whilec.syntax import ast

Position: TypeAlias = tuple[Static | None, ...]
"""A static index per axis; None for a soft one."""


def element(scope: Scope, expr: ast.Index) -> Value:
    """An element or sub-array."""
    position, soft = located(scope, expr)
    array = scope.values[expr.array.id]
    if not soft:
        return scope.emit("pick", array, span=expr.span, position=position)
    s = scope.setting("steepness")
    family = scope.lowering.family
    return scope.emit("read", array, s, *soft, span=expr.span, position=position, family=family)


def located(scope: Scope, expr: ast.Index) -> tuple[Position, list[Value]]:
    """Where an index points: the static indices, and the soft ones as values."""
    position = [static(scope, index) if scope.is_static(index) else None for index in expr.indices]
    soft = [values.value(scope, index) for index in expr.indices if not scope.is_static(index)]
    return tuple(position), soft
