"""Checks of statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, cast

from whilec.diagnostics.model import Code, Example, Label
from whilec.semantics.assignments import check_assign
from whilec.semantics.context import STATIC, ForFrame, GuardFrame, UnitContext
from whilec.semantics.expressions import COUNTER_SCOPE
from whilec.semantics.operands import condition, scalar, static_integer
from whilec.semantics.static import is_static_condition
from whilec.syntax import ast

ZERO_STEP = Code(
    "E0210",
    "a FOR with step 0",
    """
The step of a FOR says by how much its variable changes from trip to trip. With step 0 the loop would
never reach its end. Use a positive step to count up, a negative one to count down.
""",
    Example("x0 := x1\nFOR i FROM 1 TO 9 STEP 0 DO x0 := x0 + i END\n"),
)


_USE_LOOP = "to repeat as often as a variable says, use `LOOP x DO .. END`"


def check_block(unit: UnitContext, statements: Iterable[ast.Stmt]) -> None:
    """Check statements in their order."""
    for statement in statements:
        _RULES[type(statement)](unit, statement)


def _while(unit: UnitContext, statement: ast.While) -> None:
    condition(unit, statement.condition)
    check_block(unit, statement.body)


def _loop(unit: UnitContext, statement: ast.Loop) -> None:
    scalar(unit, statement.count, "the count of a LOOP")
    check_block(unit, statement.body)


def _for(unit: UnitContext, statement: ast.For) -> None:
    is_static = static_integer(unit, statement.start, "the first value of a FOR", _USE_LOOP)
    is_static = static_integer(unit, statement.stop, "the last value of a FOR", _USE_LOOP) and is_static
    if statement.step is not None:
        is_static = static_integer(unit, statement.step, "the step of a FOR") and is_static
    if is_static and statement.step is not None:
        unit.oblige(statement)
    name = statement.variable.id
    outer = unit.frame
    if not _may_count(unit, statement.variable):
        before = unit.names.get(name)
        check_block(unit, statement.body)
        if before is not None:
            unit.names[name] = before
        return
    unit.names[name] = unit.types[id(statement.variable)] = STATIC
    unit.counters[name] = statement
    unit.frame = ForFrame(outer, statement)
    was_verifiable = unit.is_verifiable
    unit.is_verifiable = was_verifiable and is_static
    check_block(unit, statement.body)
    unit.is_verifiable = was_verifiable
    unit.frame = outer
    del unit.names[name], unit.counters[name]


def _may_count(unit: UnitContext, variable: ast.Name) -> bool:
    """Whether a FOR may use this variable; reports it if not."""
    name = variable.id
    if name in unit.counters:
        what, place = "already counts the FOR around this one", unit.counters[name].variable.span
    elif name in unit.names or name in unit.program.globals or name in unit.program.broken:
        what, place = "is also another variable here", unit.declaration(name) or unit.facts.assigned.get(name)
        if place == variable.span:
            place = unit.facts.assigned.get(name)
    else:
        return True
    unit.report(
        COUNTER_SCOPE,
        f"the FOR variable `{name}` {what}",
        variable.span,
        "needs a name of its own",
        labels=() if place is None or place == variable.span else (Label(place, "the other one"),),
        hint="rename one of the two",
    )
    return False


def _if(unit: UnitContext, statement: ast.If) -> None:
    outer = failed = unit.frame
    for branch in statement.branches:
        unit.frame = failed
        condition(unit, branch.condition)
        is_static = is_static_condition(branch.condition, unit.types)
        if is_static:
            unit.frame = GuardFrame(failed, branch.condition, holds=True)
        check_block(unit, branch.body)
        if is_static:
            failed = GuardFrame(failed, branch.condition, holds=False)
    unit.frame = failed
    check_block(unit, statement.orelse or ())
    unit.frame = outer


_Check: TypeAlias = Callable[[UnitContext, ast.Stmt], None]
_RULES: Mapping[type, _Check] = {
    node: cast("_Check", rule)
    for node, rule in {
        ast.Assign: check_assign,
        ast.While: _while,
        ast.Loop: _loop,
        ast.For: _for,
        ast.If: _if,
    }.items()
}
