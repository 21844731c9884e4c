"""Checks of assignments."""

from __future__ import annotations

from collections.abc import Sequence

from whilec.diagnostics.model import Code, Example, Label
from whilec.semantics import sizes
from whilec.semantics.calls import REAL_TO_INT, call_results
from whilec.semantics.context import MaybeType, UnitContext
from whilec.semantics.operands import (
    SHAPE_MISMATCH,
    declared_label,
    described,
    mismatch_hint,
    numeric,
)
from whilec.semantics.program import Role
from whilec.semantics.types import Kind, ValueType
from whilec.source import Span
from whilec.syntax import ast

CANNOT_ASSIGN = Code(
    "E0211",
    "an assignment to something that is no variable",
    """
A CONST, a PARAM, a shape variable and a FOR variable have values that the program does not change.
Assign to another variable: `y := y + w` instead of `w := w + 1`. Inputs and the parameters of a DEF
may be assigned; they are copies.
""",
    Example("CONST limit = 10\nlimit := x1\nx0 := limit\n"),
)
TARGET_TWICE = Code(
    "E0216",
    "a variable that one assignment sets twice",
    """
A parallel assignment writes all its targets at once; the same variable cannot take two values. Use two
assignments, one after the other, or another variable.
""",
    Example("x0, x0 := x1, x2\n"),
)
TARGET_COUNT = Code(
    "E0217",
    "an assignment with unequal numbers of targets and values",
    """
A parallel assignment has as many values as targets, `a, b := b, a`, or one call of a function with
that many results, `v, p := f(a)`.
""",
    Example("x0, x1 := x2\n"),
)
UNDECLARED_ELEMENT = Code(
    "E0218",
    "an element of an array that is not declared",
    """
Before an element can be assigned, the array must have a size. Declare it: as an output or input with a
type, `d: real[n]`, or by `VAR t: real[n] = 0.0` at the top of the program or DEF.
""",
    Example("PROGRAM p(x: real) -> y: real\nt[0] := x\ny := t[0]\n"),
)
ARRAY_TO_SCALAR = Code(
    "E0220",
    "a whole array for a single number",
    """
The variable or element is a single number, the value is an array. Take one element, `a[i]`, reduce the
array with `sum` or `mean`, or declare the variable as an array of that shape.
""",
    Example("PROGRAM p(a: real[n]) -> y: real\ny := a\n"),
)


def check_assign(unit: UnitContext, statement: ast.Assign) -> None:
    """Check values, then targets, then whether they fit."""
    targets, values = statement.targets, statement.values
    if len(targets) == 1 == len(values):
        found = numeric(unit, values[0])
        _check_target(unit, targets[0], found, values[0])
        return
    results = _values(unit, statement)
    for position, target in enumerate(targets):
        value = values[position] if len(values) == len(targets) else values[0]
        _check_target(unit, target, results[position] if results is not None else None, value)
    _check_repeats(unit, targets)


def _values(unit: UnitContext, statement: ast.Assign) -> Sequence[MaybeType] | None:
    """The types of the values, one for each target; None if their number is wrong."""
    targets, values = statement.targets, statement.values
    if len(targets) == len(values):
        return [numeric(unit, value) for value in values]
    only = values[0]
    if len(values) == 1 and isinstance(only, ast.Call):
        results = call_results(unit, only)
        if results is None or len(results) == len(targets):
            return results
        what = f"`{only.function.id}` has {_counted(len(results), 'result')}"
    else:
        for value in values:
            numeric(unit, value)
        what = f"there {'is' if len(values) == 1 else 'are'} {_counted(len(values), 'value')}"
    unit.report(
        TARGET_COUNT,
        f"{_counted(len(targets), 'target')}, but {what}",
        statement.span,
        "one value for each target",
        hint="write as many values as targets: `a, b := b, a`",
    )
    return None


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _check_repeats(unit: UnitContext, targets: Sequence[ast.Target]) -> None:
    seen: dict[str, Span] = {}
    for target in targets:
        if not isinstance(target, ast.Name):
            continue
        if target.id in seen:
            unit.report(
                TARGET_TWICE,
                f"`{target.id}` is assigned twice by one assignment",
                target.span,
                "assigned again",
                labels=(Label(seen[target.id], "assigned first"),),
                hint="use two assignments, one after the other",
            )
        seen.setdefault(target.id, target.span)


# ---- targets -----------------------------------------------------------------------------------


def _check_target(unit: UnitContext, target: ast.Target, value: MaybeType, expr: ast.Expr) -> None:
    name = target if isinstance(target, ast.Name) else target.array
    if not _may_assign(unit, name):
        if isinstance(target, ast.Index):
            for index in target.indices:
                numeric(unit, index)
        return
    if isinstance(target, ast.Index) and not _is_declared(unit, name, target):
        return
    check_value(unit, target, unit.infer(target), value, expr)


def check_value(
    unit: UnitContext, target: ast.Target, slot: MaybeType, value: MaybeType, expr: ast.Expr
) -> None:
    """Whether a value fits a variable or element of type `slot`."""
    if slot is None or value is None:
        return
    if slot.kind is Kind.INT and value.kind is Kind.REAL:
        _report_real(unit, target, expr)
    if value.shape and not slot.shape:
        _report_array(unit, target, value, expr)
    elif value.shape and sizes.shapes_differ(slot.shape, value.shape):
        shape = sizes.spell_shape(slot.shape)
        unit.report(
            SHAPE_MISMATCH,
            f"the target has shape {shape}, but the value has shape {sizes.spell_shape(value.shape)}",
            expr.span,
            f"shape {sizes.spell_shape(value.shape)}",
            labels=(Label(target.span, f"shape {shape}"), *declared_label(unit, target, slot)),
            hint=mismatch_hint(slot.shape, value.shape),
        )


def _may_assign(unit: UnitContext, name: ast.Name) -> bool:
    if name.id in unit.ambiguous:
        return False
    role = unit.role(name.id)
    what = _FIXED.get(role) if role is not None else None
    if what is None:
        return name.id not in unit.program.broken
    place = unit.declaration(name.id)
    unit.report(
        CANNOT_ASSIGN,
        f"`{name.id}` is a {what} and cannot be assigned",
        name.span,
        "assigned here",
        labels=() if place is None else (Label(place, f"the {what}"),),
        hint=_ADVICE[role] if role is not None else None,
    )
    return False


_FIXED = {
    Role.COUNTER: "FOR variable",
    Role.CONST: "CONST",
    Role.PARAM: "PARAM",
    Role.SHAPE: "shape variable",
}
_ADVICE = {
    Role.COUNTER: "assign to another variable; to leave a loop early use WHILE",
    Role.CONST: "assign to another variable, or declare it with VAR instead of CONST",
    Role.PARAM: "assign to another variable; a PARAM changes only in training",
    Role.SHAPE: "assign to another variable; a shape variable is the size of an input",
}


def _is_declared(unit: UnitContext, name: ast.Name, target: ast.Index) -> bool:
    """Whether elements of this variable can be assigned; reports it if not."""
    if name.id in unit.declared or name.id in unit.facts.counters:
        return True
    for index in target.indices:
        numeric(unit, index)
    sizes_text = ", ".join("10" for _ in target.indices)
    unit.report(
        UNDECLARED_ELEMENT,
        f"an element of `{name.id}` is assigned, but `{name.id}` is not declared",
        target.span,
        "an array of unknown size",
        hint=f"declare it first: `VAR {name.id}: real[{sizes_text}] = 0.0`",
    )
    return False


def _report_real(unit: UnitContext, target: ast.Target, expr: ast.Expr) -> None:
    name = target.id if isinstance(target, ast.Name) else target.array.id
    place = unit.declaration(name)
    if unit.name is None and name not in unit.declared:
        notes = ("in a program without a header every variable is int",)
        hint = "give the program a header that says `real`: `PROGRAM p(x1: real) -> x0: real`"
    else:
        notes = ()
        hint = f"declare `{name}` as real" + _static_quotient(unit, expr)
    labels = () if place is None or place == target.span else (Label(place, "an int"),)
    unit.report(
        REAL_TO_INT,
        f"a real number is assigned to `{name}`, which is an int",
        expr.span,
        "a real number",
        labels=labels,
        hint=hint,
        notes=notes,
    )


def _static_quotient(unit: UnitContext, expr: ast.Expr) -> str:
    if isinstance(expr, ast.Binary) and expr.op == "/":
        sides = [unit.types.get(id(side)) for side in (expr.left, expr.right)]
        if all(side is not None and side.kind is Kind.STATIC for side in sides):
            return ", or round down with `div(a, b)`"
    return ""


def _report_array(unit: UnitContext, target: ast.Target, value: ValueType, expr: ast.Expr) -> None:
    what = f"`{target.id}`" if isinstance(target, ast.Name) else f"an element of `{target.array.id}`"
    unit.report(
        ARRAY_TO_SCALAR,
        f"{described(value)} is assigned to {what}, which is a single number",
        expr.span,
        described(value),
        labels=declared_label(unit, target, value)
        if isinstance(target, ast.Index)
        else _scalar_label(unit, target),
        hint="take an element, `a[i]`, or reduce it: `sum(a)`",
    )


def _scalar_label(unit: UnitContext, target: ast.Name) -> tuple[Label, ...]:
    place = unit.declaration(target.id)
    return () if place is None or place == target.span else (Label(place, "a single number"),)
