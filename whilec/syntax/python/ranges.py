"""The bounds of a `range`: which are static, and what the inclusive ones are."""

from __future__ import annotations

import ast as python
from dataclasses import dataclass
from typing import Final, final

from whilec.source import Span
from whilec.syntax import ast
from whilec.syntax.python.counters import LOOP
from whilec.syntax.python.expressions import Expressions
from whilec.syntax.python.unit import Unit

_FOLDED: Final = frozenset({"min", "max", "abs", "sign", "clamp", "div", "mod"})
"""Functions that are static where their arguments are."""


@final
@dataclass(frozen=True)
class Count:
    """`for _ in range(e)` with an `e` that the run decides: LOOP e."""

    trips: ast.Expr


@final
@dataclass(frozen=True)
class Bounds:
    """`for i in range(a, b, k)` with static bounds: FOR i FROM start TO stop STEP step."""

    start: ast.Expr
    stop: ast.Expr
    step: ast.Expr | None


def read_range(unit: Unit, expressions: Expressions, node: python.Call) -> Bounds | Count | None:
    """The bounds of a call of `range`; None after a reported error."""
    if node.keywords or not 1 <= len(node.args) <= 3:
        unit.report(
            LOOP,
            "`range` takes one to three bounds",
            node,
            "what is the last value?",
            "write `range(a, b)`",
        )
        return None
    values = [expressions.translate(argument) for argument in node.args]
    start = values[0] if len(values) > 1 else ast.Number(0, span=unit.span(node))
    stop = values[0] if len(values) == 1 else values[1]
    step = values[2] if len(values) == 3 else None
    if not (is_static(unit, start) and is_static(unit, stop)):
        if step is not None:
            unit.report(
                LOOP,
                "a range with a step needs bounds that are known before the program runs",
                node,
                "depends on a variable",
                "count by hand, and write a `while`",
            )
            return None
        is_from_zero = isinstance(start, ast.Number) and start.value == 0
        return Count(stop if is_from_zero else ast.Binary("-", stop, start, span=unit.span(node)))
    sign = 1 if step is None else _sign(unit, step)
    if sign is None or sign == 0:
        title = "the step of a range must not be 0" if sign == 0 else "the step of a range must be a number"
        unit.report(LOOP, title, node.args[2], "the step", "write a number, such as `-1`")
        return None
    return Bounds(start, shifted(stop, -1 if sign > 0 else 1), step)


def is_static(unit: Unit, expr: ast.Expr) -> bool:
    """Whether the value of a whole number is known before the program runs."""
    match expr:
        case ast.Number(value=value):
            return isinstance(value, int)
        case ast.Name(id=name):
            return name in unit.shapes or name in unit.counters or unit.is_constant(name)
        case ast.Negate(operand=operand):
            return is_static(unit, operand)
        case ast.Binary(op=op, left=left, right=right):
            return op != "/" and is_static(unit, left) and is_static(unit, right)
        case ast.Call(function=ast.Name(id="len")):
            return True
        case ast.Call(function=ast.Name(id=name), arguments=arguments):
            return name in _FOLDED and all(is_static(unit, argument.value) for argument in arguments)
        case _:
            return False


def shifted(expr: ast.Expr, by: int) -> ast.Expr:
    """A whole number plus 1 or minus 1, folded into a literal term of its sum if it has one."""
    found = _in_term(expr, by)
    if found is not None:
        return found
    one = ast.Number(1, span=expr.span)
    return ast.Binary("+" if by > 0 else "-", expr, one, span=expr.span)


def _in_term(expr: ast.Expr, by: int) -> ast.Expr | None:
    match expr:
        case ast.Number(value=int(value)):
            return _literal(value + by, expr.span)
        case ast.Negate(operand=ast.Number(value=int(value))):
            return _literal(by - value, expr.span)
        case ast.Binary(op="+" | "-" as op, left=left, right=ast.Number(value=int(value))):
            value = value + by if op == "+" else by - value
            if value == 0:
                return left
            sign: ast.BinaryOp = "+" if value > 0 else "-"
            return ast.Binary(sign, left, ast.Number(abs(value), span=expr.right.span), span=expr.span)
        case ast.Binary(op="+" | "-" as op, left=left, right=right):
            inner = _in_term(left, by)
            if inner is None:
                return None
            if isinstance(inner, ast.Number) and inner.value == 0:
                return right if op == "+" else ast.Negate(right, span=expr.span)
            return ast.Binary(op, inner, right, span=expr.span)
        case _:
            return None


def _literal(value: int, span: Span) -> ast.Expr:
    number = ast.Number(abs(value), span=span)
    return ast.Negate(number, span=span) if value < 0 else number


def _sign(unit: Unit, step: ast.Expr) -> int | None:
    """The sign of a step that is a number or a constant."""
    match step:
        case ast.Number(value=int(value)):
            return value
        case ast.Negate(operand=operand):
            inner = _sign(unit, operand)
            return None if inner is None else -inner
        case ast.Name(id=name) if unit.is_constant(name):
            return _sign(unit, unit.own_constants[name].value)
        case _:
            return None
