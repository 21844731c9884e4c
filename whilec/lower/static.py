"""Static integers and conditions as trees of the IR."""

from __future__ import annotations

from functools import reduce

from whilec.diagnostics.model import InternalError
from whilec.ir.static import Apply, Counter, Static, folded
from whilec.ir.types import Value
from whilec.lower.scope import Scope
from whilec.semantics.program import Role
from whilec.source import Span
from whilec.syntax import ast


def static(scope: Scope, expr: ast.Expr) -> Static:
    """A static integer."""
    match expr:
        case ast.Number():
            return _whole(expr.value)
        case ast.Name() if scope.unit.variables[expr.id].role is Role.COUNTER:
            return scope.counters[expr.id]
        case ast.Name():
            return _whole(scope.constants[expr.id])
        case ast.Negate():
            return _apply("negate", [static(scope, expr.operand)], expr)
        case ast.Binary():
            return _apply(expr.op, [static(scope, expr.left), static(scope, expr.right)], expr)
        case ast.Call():
            return _call(scope, expr)
        case _:
            raise InternalError(f"not a static integer: {type(expr).__name__}")


def truth(scope: Scope, expr: ast.Expr) -> Static:
    """A static condition."""
    match expr:
        case ast.Compare():
            return _apply(expr.op, [static(scope, expr.left), static(scope, expr.right)], expr)
        case ast.Not():
            return _apply("not", [truth(scope, expr.operand)], expr)
        case ast.Connective():
            left, right = truth(scope, expr.left), truth(scope, expr.right)
            if isinstance(left, bool):
                return left if left == (expr.op == "OR") else right
            return Apply(expr.op.lower(), (left, right), expr.span)
        case _:
            raise InternalError(f"not a static condition: {type(expr).__name__}")


def _call(scope: Scope, expr: ast.Call) -> Static:
    name = expr.function.id
    if name == "len":
        return scope.shape(expr.arguments[0].value)[0]
    values = [static(scope, argument.value) for argument in expr.arguments if argument.name is None]
    if name == "clamp":
        return _apply("min", [_apply("max", values[:2], expr), values[2]], expr)
    if name in ("min", "max"):
        return reduce(lambda a, b: _apply(name, [a, b], expr), values)
    return _apply(name, values, expr)


def _apply(function: str, arguments: list[Static], expr: ast.Expr) -> Static:
    return folded(Apply(function, tuple(arguments), expr.span), {})


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise InternalError("not a static integer")
    return value


def trip_is_below(trip: Value, total: Static, span: Span) -> Static:
    """Whether a trip of a LOOP with a static count still runs."""
    return Apply("<", (Counter(trip), total), span)
