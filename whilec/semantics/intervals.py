"""Bounds of static integers whose FOR variables range over intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

from whilec.semantics.static import StaticEnvironment, StaticValue
from whilec.syntax import ast


class Interval(NamedTuple):
    """All integers from `low` to `high`, both included."""

    low: int
    high: int


Ranges: TypeAlias = Mapping[str, Interval]
"""The values that FOR variables take."""


def interval(expr: ast.Expr, ranges: Ranges, environment: StaticEnvironment) -> Interval | None:
    """An interval that holds every value of a static integer; None where none is known."""
    match expr:
        case ast.Number():
            return _point(expr.value)
        case ast.Name():
            return ranges.get(expr.id) or _point(environment.names.get(expr.id))
        case ast.Negate():
            found = interval(expr.operand, ranges, environment)
            return None if found is None else Interval(-found.high, -found.low)
        case ast.Binary():
            return _apply(_ARITHMETIC.get(expr.op), (expr.left, expr.right), ranges, environment)
        case ast.Call() if expr.function.id == "len" and len(expr.arguments) == 1:
            found_type = environment.types.get(id(expr.arguments[0].value))
            return _point(found_type.shape[0]) if found_type is not None and found_type.shape else None
        case ast.Call():
            operands = [argument.value for argument in expr.arguments if argument.name is None]
            return _apply(_FUNCTIONS.get(expr.function.id), operands, ranges, environment)
        case _:
            return None


def truth(expr: ast.Expr, ranges: Ranges, environment: StaticEnvironment) -> bool | None:
    """Whether a static condition always holds, never holds, or depends (None)."""
    match expr:
        case ast.Not():
            found = truth(expr.operand, ranges, environment)
            return None if found is None else not found
        case ast.Connective():
            sides = {truth(side, ranges, environment) for side in (expr.left, expr.right)}
            decisive = expr.op == "OR"
            return decisive if decisive in sides else None if None in sides else not decisive
        case ast.Compare():
            left, right = (interval(side, ranges, environment) for side in (expr.left, expr.right))
            return None if left is None or right is None else _COMPARISONS[expr.op](left, right)
        case _:
            return None


def _point(value: StaticValue | None) -> Interval | None:
    return Interval(value, value) if isinstance(value, int) else None


_Operation: TypeAlias = Callable[..., Interval | None]


def _apply(
    operation: _Operation | None, operands: Sequence[ast.Expr], ranges: Ranges, environment: StaticEnvironment
) -> Interval | None:
    if operation is None:
        return None
    found = [interval(operand, ranges, environment) for operand in operands]
    return None if None in found else operation(*found)


def _add(a: Interval, b: Interval) -> Interval:
    return Interval(a.low + b.low, a.high + b.high)


def _subtract(a: Interval, b: Interval) -> Interval:
    return Interval(a.low - b.high, a.high - b.low)


def _multiply(a: Interval, b: Interval) -> Interval:
    corners = [x * y for x, y in product(a, b)]
    return Interval(min(corners), max(corners))


def _div(a: Interval, b: Interval) -> Interval | None:
    if b.low <= 0 <= b.high:
        return None
    corners = [x // y for x, y in product(a, b)]
    return Interval(min(corners), max(corners))


def _mod(a: Interval, b: Interval) -> Interval | None:
    if b.low <= 0 <= b.high:
        return None
    if b.low > 0:
        return a if a.low >= 0 and a.high < b.low else Interval(0, b.high - 1)
    return Interval(b.low + 1, 0)


def _min(*operands: Interval) -> Interval:
    return Interval(min(each.low for each in operands), min(each.high for each in operands))


def _max(*operands: Interval) -> Interval:
    return Interval(max(each.low for each in operands), max(each.high for each in operands))


def _abs(a: Interval) -> Interval:
    low = 0 if a.low <= 0 <= a.high else min(abs(a.low), abs(a.high))
    return Interval(low, max(abs(a.low), abs(a.high)))


def _sign(a: Interval) -> Interval:
    return Interval((a.low > 0) - (a.low < 0), (a.high > 0) - (a.high < 0))


def _clamp(x: Interval, low: Interval, high: Interval) -> Interval:
    return _min(_max(x, low), high)


_ARITHMETIC: Mapping[str, _Operation] = {"+": _add, "-": _subtract, "*": _multiply}
_FUNCTIONS: Mapping[str, _Operation] = {
    "div": _div,
    "mod": _mod,
    "min": _min,
    "max": _max,
    "abs": _abs,
    "sign": _sign,
    "clamp": _clamp,
}


def _less(a: Interval, b: Interval) -> bool | None:
    return True if a.high < b.low else False if a.low >= b.high else None


def _equal(a: Interval, b: Interval) -> bool | None:
    if a.low == a.high == b.low == b.high:
        return True
    return False if a.high < b.low or b.high < a.low else None


def _opposite(found: bool | None) -> bool | None:
    return None if found is None else not found


_COMPARISONS: Mapping[ast.CompareOp, Callable[[Interval, Interval], bool | None]] = {
    "=": _equal,
    "!=": lambda a, b: _opposite(_equal(a, b)),
    "<": _less,
    ">=": lambda a, b: _opposite(_less(a, b)),
    ">": lambda a, b: _less(b, a),
    "<=": lambda a, b: _opposite(_less(b, a)),
}
