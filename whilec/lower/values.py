"""Numbers, arrays and conditions as nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from whilec.ir.static import Static
from whilec.ir.types import Value
from whilec.lower import calls, indices
from whilec.lower.scope import Scope
from whilec.lower.static import static, truth
from whilec.semantics.program import Role
from whilec.semantics.reference.floats import to_float
from whilec.semantics.static import is_static_condition
from whilec.semantics.types import Kind
from whilec.source import Span
from whilec.syntax import ast


def value(scope: Scope, expr: ast.Expr) -> Value:
    """An expression that is a number or an array."""
    if scope.is_static(expr):
        return static_number(scope, static(scope, expr), expr.span)
    return _VALUES[type(expr)](scope, expr)


def static_number(scope: Scope, known: Static, span: Span) -> Value:
    """A static integer as a number."""
    if isinstance(known, int):
        return scope.constant(to_float(known))
    return scope.emit("number", span=span, static=known)


def aligned(scope: Scope, expr: ast.Expr, shape: tuple[int, ...]) -> Value:
    """A value that meets arrays of `shape` elementwise."""
    return scope.aligned(value(scope, expr), shape, expr.span)


def _number(scope: Scope, expr: ast.Number) -> Value:
    return scope.constant(to_float(expr.value))


def _name(scope: Scope, expr: ast.Name) -> Value:
    if scope.unit.variables[expr.id].role is Role.CONST:
        return scope.constant(to_float(scope.constants[expr.id]))
    return scope.values[expr.id]


def _negation(scope: Scope, expr: ast.Negate) -> Value:
    return scope.emit("negate", value(scope, expr.operand), span=expr.span)


_OPERATORS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}


def _binary(scope: Scope, expr: ast.Binary) -> Value:
    shape = scope.shape(expr)
    left, right = aligned(scope, expr.left, shape), aligned(scope, expr.right, shape)
    return scope.emit(_OPERATORS[expr.op], left, right, span=expr.span)


_VALUES: Mapping[type, Callable[[Scope, Any], Value]] = {
    ast.Number: _number,
    ast.Name: _name,
    ast.Index: indices.element,
    ast.Negate: _negation,
    ast.Binary: _binary,
    ast.Call: calls.value_call,
}

# ---- conditions


def condition(scope: Scope, expr: ast.Expr) -> Value:
    """A condition: its degree."""
    if is_static_condition(expr, scope.unit.types):
        return scope.emit("truth", span=expr.span, static=truth(scope, expr))
    return _CONDITIONS[type(expr)](scope, expr)


def _comparison(scope: Scope, expr: ast.Compare) -> Value:
    """Two ints have the threshold between the integers."""
    is_int = max(scope.kind(expr.left), scope.kind(expr.right)) is Kind.INT
    default = "steepness" if expr.op in ("=", "!=") else "compare_steepness"
    left, right, span = value(scope, expr.left), value(scope, expr.right), expr.span
    s = steepness(scope, expr.steepness, default)
    family = scope.lowering.family
    if expr.op in ("=", "!="):
        distance = scope.emit("subtract", left, right, span=span)
        return scope.emit("equals" if expr.op == "=" else "differs", distance, s, span=span, family=family)
    low, high = (left, right) if expr.op in ("<", "<=") else (right, left)
    margin = scope.emit("subtract", high, low, span=span)
    if is_int:
        half = scope.constant(-0.5 if expr.op in ("<", ">") else 0.5)
        margin = scope.emit("add", margin, half, span=span)
    return scope.emit("exceeds", margin, s, span=span, family=family)


def steepness(scope: Scope, expr: ast.Expr | None, default: str) -> Value:
    """The steepness in force."""
    if expr is None:
        return scope.setting(default)
    return scope.emit("checked_steepness", value(scope, expr), span=expr.span)


def _connective(scope: Scope, expr: ast.Connective) -> Value:
    left = condition(scope, expr.left)
    with scope.inside() as builder:
        right = condition(scope, expr.right)
        region = builder.region((), (right,))
    (result,) = scope.builder.emit(expr.op.lower(), (left,), expr.span, regions=(region,))
    return result


def _not(scope: Scope, expr: ast.Not) -> Value:
    return scope.emit("not", condition(scope, expr.operand), span=expr.span)


_CONDITIONS: Mapping[type, Callable[[Scope, Any], Value]] = {
    ast.Compare: _comparison,
    ast.Connective: _connective,
    ast.Not: _not,
}
