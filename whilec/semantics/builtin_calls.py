"""Types of calls of the language's own functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from whilec.diagnostics.model import Code, Example, Label
from whilec.semantics import sizes
from whilec.semantics.builtins import BuiltinRule, KindRule, ShapeRule
from whilec.semantics.context import REAL, STATIC, MaybeType, UnitContext, value_type
from whilec.semantics.expressions import check_steepness
from whilec.semantics.operands import (
    SHAPE_MISMATCH,
    condition,
    declared_label,
    described,
    elementwise,
    join,
    numeric,
    static_integer,
)
from whilec.semantics.problems import report_argument_count, report_unknown_argument
from whilec.semantics.types import Kind, Shape, ValueType
from whilec.syntax import ast

ARRAY_WANTED = Code(
    "E0239",
    "a single number where a function needs an array",
    """
`sum`, `mean`, `dot`, `len` and `matmul` work on arrays: `sum(a)` adds all elements of one array, `dot`
takes two vectors of one length, `matmul` matrices and vectors. Of single numbers write `a + b`
instead, or `min(a, b)` and `max(a, b)`.
""",
    Example("PROGRAM p(x: real) -> y: real\ny := sum(x)\n"),
)


def check_builtin(unit: UnitContext, call: ast.Call, rule: BuiltinRule) -> MaybeType:
    """The type of a call of a built-in; None after a reported error."""
    is_fine = _check_named(unit, call, rule)
    positional = [argument.value for argument in call.arguments if argument.name is None]
    least = len(rule.parameters)
    if len(positional) < least or (len(positional) > least and not rule.is_variadic):
        for expr in positional:
            unit.infer(expr)
        usage = f"`{call.function.id}{rule.usage}`"
        report_argument_count(unit, call, least, None if rule.is_variadic else least, usage)
        return None
    found = _SHAPES[rule.shape](unit, call, rule, positional)
    return found if is_fine else None


def _check_named(unit: UnitContext, call: ast.Call, rule: BuiltinRule) -> bool:
    """Whether the named arguments are `steepness`, once, where there is one."""
    known = ("steepness",) if rule.is_relaxed else ()
    seen: set[str] = set()
    is_fine = True
    for argument in call.arguments:
        if argument.name is None:
            continue
        name = argument.name
        if name.id not in known or name.id in seen:
            unit.infer(argument.value)
            report_unknown_argument(unit, call, name, known, is_repeated=name.id in seen)
            is_fine = False
        else:
            check_steepness(unit, argument.value)
        seen.add(name.id)
    return is_fine


# ---- by shape rule -----------------------------------------------------------------------------


def _elementwise(
    unit: UnitContext, call: ast.Call, rule: BuiltinRule, values: Sequence[ast.Expr]
) -> MaybeType:
    operands = [(value, numeric(unit, value)) for value in values]
    known = [found for _, found in operands if found is not None]
    if rule.kind is KindRule.REAL:
        kind = Kind.REAL
    else:
        kind = max((found.kind for found in known), default=Kind.INT)
    return elementwise(kind, join(unit, operands))


def _reduce(unit: UnitContext, call: ast.Call, rule: BuiltinRule, values: Sequence[ast.Expr]) -> MaybeType:
    found = _array(unit, call, values[0])
    if found is None:
        return None
    return REAL if rule.kind is KindRule.REAL else value_type(found.kind)


def _dot(unit: UnitContext, call: ast.Call, rule: BuiltinRule, values: Sequence[ast.Expr]) -> MaybeType:
    left, right = (_array(unit, call, value) for value in values)
    if left is None or right is None:
        return None
    if len(left.shape) != 1 or len(right.shape) != 1 or sizes.differ(left.shape[0], right.shape[0]):
        return _mismatch(unit, call, values, (left, right), "two vectors of one length")
    return value_type(max(left.kind, right.kind))


def _matmul(unit: UnitContext, call: ast.Call, rule: BuiltinRule, values: Sequence[ast.Expr]) -> MaybeType:
    left, right = (_array(unit, call, value) for value in values)
    if left is None or right is None:
        return None
    shape = _product_shape(left.shape, right.shape)
    if shape is None:
        wanted = "[n, m] and [m, k], [n, m] and [m], or [n] and [n, m]"
        return _mismatch(unit, call, values, (left, right), f"shapes {wanted}")
    return value_type(max(left.kind, right.kind), shape)


def _product_shape(left: Shape, right: Shape) -> Shape | None:
    if (len(left), len(right)) not in {(2, 2), (2, 1), (1, 2)} or sizes.differ(left[-1], right[0]):
        return None
    return left[:-1] + right[1:]


def _length(unit: UnitContext, call: ast.Call, rule: BuiltinRule, values: Sequence[ast.Expr]) -> MaybeType:
    return None if _array(unit, call, values[0]) is None else STATIC


def _scalars(unit: UnitContext, call: ast.Call, rule: BuiltinRule, values: Sequence[ast.Expr]) -> MaybeType:
    name = call.function.id
    is_static = [static_integer(unit, value, f"an argument of `{name}`") for value in values]
    if not all(is_static):
        return None
    unit.oblige(call)
    return STATIC


def _condition(unit: UnitContext, call: ast.Call, rule: BuiltinRule, values: Sequence[ast.Expr]) -> MaybeType:
    condition(unit, values[0])
    return REAL


_ShapeCheck: TypeAlias = Callable[[UnitContext, ast.Call, BuiltinRule, Sequence[ast.Expr]], MaybeType]
_SHAPES: Mapping[ShapeRule, _ShapeCheck] = {
    ShapeRule.ELEMENTWISE: _elementwise,
    ShapeRule.REDUCE: _reduce,
    ShapeRule.DOT: _dot,
    ShapeRule.MATMUL: _matmul,
    ShapeRule.LENGTH: _length,
    ShapeRule.SCALARS: _scalars,
    ShapeRule.CONDITION: _condition,
}


def _array(unit: UnitContext, call: ast.Call, expr: ast.Expr) -> MaybeType:
    """The type of an argument that must be an array."""
    found = numeric(unit, expr)
    if found is None or found.shape:
        return found
    unit.report(
        ARRAY_WANTED,
        f"`{call.function.id}` needs an array, but gets a single number",
        expr.span,
        described(found),
        labels=declared_label(unit, expr, found),
        hint="add single numbers with `+`" if call.function.id == "sum" else None,
    )
    return None


def _mismatch(
    unit: UnitContext, call: ast.Call, values: Sequence[ast.Expr], found: Sequence[ValueType], wanted: str
) -> None:
    left, right = (sizes.spell_shape(each.shape) for each in found)
    unit.report(
        SHAPE_MISMATCH,
        f"`{call.function.id}` needs {wanted}, but gets shapes {left} and {right}",
        call.span,
        "these shapes do not fit",
        labels=tuple(
            Label(value.span, f"shape {shape}") for value, shape in zip(values, (left, right), strict=True)
        ),
    )
