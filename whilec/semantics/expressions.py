"""Types of expressions: names, indices, arithmetic and conditions."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import cast

from whilec.diagnostics.model import Code, Example, Label, WhileError
from whilec.semantics import sizes
from whilec.semantics.builtins import BUILTINS
from whilec.semantics.context import (
    DEGREE,
    INT,
    REAL,
    STATIC,
    GuardFrame,
    MaybeType,
    Rule,
    UnitContext,
    value_type,
)
from whilec.semantics.operands import (
    NOT_STATIC,
    STATIC_HINT,
    condition,
    declared_label,
    elementwise,
    join,
    numeric,
    scalar,
)
from whilec.semantics.program import Role
from whilec.semantics.static import StaticEnvironment, evaluate, is_static_condition
from whilec.semantics.types import Kind, SymbolicSize, spell
from whilec.syntax import ast

UNKNOWN_NAME = Code(
    "E0201",
    "a name that stands for nothing here",
    """
An array must be declared before it is indexed: as an input, an output with a type, a parameter of a
DEF, or by VAR. The size of an array and the value of a CONST see only what stands above them: shape
variables, constants, inputs and earlier VARs. A requested output must be a variable of the program.
Check the spelling first.
""",
    Example("PROGRAM p(cost: real[n]) -> d: real\nd := csot[0]\n"),
)
INDEX_COUNT = Code(
    "E0203",
    "more indices than the array has dimensions",
    """
An array with one dimension takes one index, one with two dimensions at most two. Fewer indices than
dimensions give a sub-array: of `t: real[n, m]`, `t[i]` is row i. Declare another dimension if the
array should have one.
""",
    Example("PROGRAM path(cost: real[n]) -> d: real\nFOR i FROM 0 TO n - 1 DO d := d + cost[i, i] END\n"),
)
COUNTER_SCOPE = Code(
    "E0212",
    "a FOR variable outside of its loop",
    """
A FOR variable exists only between DO and END of its loop, and it shares its name with no other
variable of the program or DEF (two FORs may use the same name, one after the other). To keep its last
value, assign it to another variable inside the loop; to use the name twice, rename one of them.
""",
    Example("PROGRAM p() -> y: int\nFOR i FROM 1 TO 3 DO y := y + i END\ny := y * i\n"),
)
INDEXED_SCALAR = Code(
    "E0219",
    "an index on a variable that is no array",
    """
Only arrays have elements. A variable without a declaration is a single number unless a whole array
is assigned to it; an array is declared as an input or output with sizes, `a: real[n]`, or by
`VAR a: real[n] = 0.0`.
""",
    Example("PROGRAM p(x: real) -> y: real\ny := x[0]\n"),
)
BAD_STEEPNESS = Code(
    "E0231",
    "a steepness that is not a constant > 0 or made of PARAMs",
    """
The steepness in `WITH STEEPNESS e`, and in the argument `steepness = e` of `min max abs sign clamp`,
is a constant greater than 0, such as `8` or a CONST, or an expression of PARAMs, which can be trained
(`exp(w)` stays positive). It cannot depend on inputs, variables or FOR variables.
""",
    Example("PROGRAM p(x: real, s: real) -> y: real\nIF x > 0 WITH STEEPNESS s THEN y := x END\n"),
)


# ---- values ------------------------------------------------------------------------------------


def _number(unit: UnitContext, expr: ast.Number) -> MaybeType:
    return STATIC if isinstance(expr.value, int) else REAL


def _name(unit: UnitContext, expr: ast.Name) -> MaybeType:
    name = expr.id
    if name in unit.names:
        if unit.is_declaring and unit.role(name) is Role.LOCAL and name not in unit.declared:
            unit.report(
                NOT_STATIC,
                f"`{name}` is not known before the program runs",
                expr.span,
                "gets its value while the program runs",
                hint=STATIC_HINT,
            )
        return unit.names[name]
    if name in unit.program.globals:
        return unit.program.globals[name].type
    if name in unit.program.broken:
        return None
    if name in unit.facts.counters and not unit.is_declaring:
        place = unit.facts.counters[name]
        unit.report(
            COUNTER_SCOPE,
            f"`{name}` exists only inside its FOR",
            expr.span,
            "used outside of the loop",
            labels=(Label(place, "the FOR variable"),),
            hint=f"inside the loop, keep it in another variable: `last := {name}`",
        )
        return None
    report_unknown(unit, expr, "not known here")
    return None


def report_unknown(unit: UnitContext, name: ast.Name, label: str) -> None:
    """Report a name that stands for nothing, with a near one."""
    near = unit.program.nearest(name.id, [*unit.names, *unit.program.globals])
    first = unit.facts.assigned.get(name.id)
    labels: tuple[Label, ...] = ()
    if near is not None:
        hint = f"did you mean `{near}`?"
    elif unit.is_declaring and first is not None:
        hint = "a declaration sees inputs, constants and what is declared above it"
        labels = (Label(first, "assigned only when the program runs"),)
    elif unit.is_declaring:
        hint = f"use it as a size of an input, `a: real[{name.id}]`, or declare `CONST {name.id} = 10` above"
    else:
        hint = f"declare the array: `VAR {name.id}: real[10] = 0.0`"
    unit.report(UNKNOWN_NAME, f"`{name.id}` is not declared", name.span, label, labels=labels, hint=hint)


def _index(unit: UnitContext, expr: ast.Index) -> MaybeType:
    array = unit.infer(expr.array)
    has_static = False
    for index in expr.indices:
        found = scalar(unit, index, "an index")
        has_static = has_static or (found is not None and found.kind is Kind.STATIC)
    if array is None:
        return None
    shape = array.shape
    if not shape:
        _report_scalar(unit, expr)
        return None
    if len(expr.indices) > len(shape):
        report_index_count(unit, expr, array.shape)
        return None
    if has_static:
        unit.oblige(expr)
    return value_type(array.kind, shape[len(expr.indices) :])


def report_index_count(unit: UnitContext, expr: ast.Index, shape: sizes.Shape) -> None:
    """Report an element with more indices than dimensions."""
    name, place = expr.array.id, unit.declaration(expr.array.id)
    given, declared = (
        _counted(len(expr.indices), "index", "indices"),
        _counted(len(shape), "dimension", "dimensions"),
    )
    labels = () if place is None else (Label(place, f"declared here with {declared}"),)
    unused = [letter for letter in "nmkpqr" if letter not in map(str, shape)]
    missing = len(expr.indices) - len(shape)
    wanted = ", ".join([*map(str, shape), *unused[:missing]])
    unit.report(
        INDEX_COUNT,
        f"`{name}` has shape {sizes.spell_shape(shape)}, but is indexed with {given}",
        expr.span,
        given,
        labels=labels,
        hint=f"declare it as `{name}: {_kind_word(unit, name)}[{wanted}]`"
        if missing <= len(unused)
        else None,
    )


def _kind_word(unit: UnitContext, name: str) -> str:
    found = unit.names.get(name)
    return "int" if found is not None and found.kind is Kind.INT else "real"


def _counted(number: int, one: str, many: str) -> str:
    words = {1: "one", 2: "two", 3: "three", 4: "four"}
    return f"{words.get(number, number)} {one if number == 1 else many}"


def _report_scalar(unit: UnitContext, expr: ast.Index) -> None:
    name = expr.array.id
    role = unit.role(name)
    facts = unit.facts
    if name not in unit.declared and name in facts.assigned and name not in facts.assignments:
        return  # an element is assigned, which is reported there
    if (
        role is Role.LOCAL
        and name not in facts.assignments
        and unit.declaration(name) in (None, expr.array.span)
    ):
        report_unknown(unit, expr.array, "no array of this name")
        return
    place = unit.declaration(name)
    unit.report(
        INDEXED_SCALAR,
        f"`{name}` is a single number and has no elements",
        expr.span,
        "indexed here",
        labels=() if place in (None, expr.array.span) else (Label(place, "declared here"),) if place else (),
        hint=f"declare an array: `{name}: real[n]` in the header, or `VAR {name}: real[10] = 0.0`",
    )


def _negate(unit: UnitContext, expr: ast.Negate) -> MaybeType:
    return numeric(unit, expr.operand)


def _binary(unit: UnitContext, expr: ast.Binary) -> MaybeType:
    left, right = numeric(unit, expr.left), numeric(unit, expr.right)
    if left is not None and right is not None and not left.shape and not right.shape:
        if expr.op == "/":
            return REAL
        return left if left.kind >= right.kind else right
    shape = join(unit, ((expr.left, left), (expr.right, right)))
    kind = (
        Kind.REAL if expr.op == "/" else max(found.kind for found in (left, right, INT) if found is not None)
    )
    return elementwise(kind, shape)


# ---- conditions --------------------------------------------------------------------------------


def _compare(unit: UnitContext, expr: ast.Compare) -> MaybeType:
    scalar(unit, expr.left, "a side of a comparison")
    scalar(unit, expr.right, "a side of a comparison")
    if expr.steepness is not None:
        check_steepness(unit, expr.steepness)
    return DEGREE


def _connective(unit: UnitContext, expr: ast.Connective) -> MaybeType:
    condition(unit, expr.left)
    outer = unit.frame
    if is_static_condition(expr.left, unit.types):
        unit.frame = GuardFrame(outer, expr.left, holds=expr.op == "AND")
    condition(unit, expr.right)
    unit.frame = outer
    return DEGREE


def _not(unit: UnitContext, expr: ast.Not) -> MaybeType:
    condition(unit, expr.operand)
    return DEGREE


def check_steepness(unit: UnitContext, expr: ast.Expr) -> None:
    """A steepness is a constant > 0 or an expression of PARAMs."""
    if scalar(unit, expr, "a steepness") is None:
        return
    culprit, has_param = _inconstant_part(unit, expr)
    if culprit is not None:
        unit.report(
            BAD_STEEPNESS,
            "a steepness must be a constant > 0 or made of PARAMs",
            culprit.span,
            "changes while the program runs",
            labels=declared_label(unit, culprit, REAL) if isinstance(culprit, ast.Index) else (),
            hint="use a number, a CONST, or a PARAM, as in `PARAM s: real = 8.0`",
        )
        return
    if has_param:
        return
    value = _constant(unit, expr)
    if value is None:
        return
    if value > sys.float_info.max:
        unit.report(
            BAD_STEEPNESS,
            "a steepness must be a number of 64-bit floating point",
            expr.span,
            "too large",
            hint="use a smaller number; the crisp program is mode `hard`",
        )
    if not value > 0:
        unit.report(
            BAD_STEEPNESS,
            f"a steepness must be greater than 0, not {spell(value)}",
            expr.span,
            f"this is {spell(value)}",
            hint="use a number greater than 0; larger is nearer to the crisp program",
        )


def _constant(unit: UnitContext, expr: ast.Expr) -> int | float | None:
    try:
        value = evaluate(expr, StaticEnvironment(unit.program.constants, unit.types))
    except WhileError as error:
        unit.reporter.add(*error.diagnostics)
        return None
    return None if isinstance(value, SymbolicSize) or value != value else value


def _inconstant_part(unit: UnitContext, expr: ast.Expr) -> tuple[ast.Expr | None, bool]:
    """The first part that is neither constant nor PARAM, and whether a PARAM takes part."""
    has_param = False
    pending: list[ast.Expr] = [expr]
    while pending:
        part = pending.pop()
        match part:
            case ast.Number():
                pass
            case ast.Name():
                role = unit.role(part.id)
                has_param = has_param or role is Role.PARAM
                if role not in (Role.PARAM, Role.CONST):
                    return part, has_param
            case ast.Index():
                pending += (part.array, *part.indices)
            case ast.Negate():
                pending.append(part.operand)
            case ast.Binary():
                pending += (part.right, part.left)
            case ast.Call() if part.function.id in BUILTINS and part.function.id != "degree":
                pending += (argument.value for argument in part.arguments)
            case _:
                return part, has_param
    return None, has_param


EXPRESSION_RULES: Mapping[type, Rule] = {
    node: cast("Rule", rule)
    for node, rule in {
        ast.Number: _number,
        ast.Name: _name,
        ast.Index: _index,
        ast.Negate: _negate,
        ast.Binary: _binary,
        ast.Compare: _compare,
        ast.Connective: _connective,
        ast.Not: _not,
    }.items()
}
"""The rules of all expressions but calls."""
