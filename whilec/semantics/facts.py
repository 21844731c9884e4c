"""What one scope mentions: its names, assignments and calls, found by one walk over its text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast, final

from algonet_runtime.intrinsic import MODULES, WORDS
from whilec.semantics.builtins import BUILTINS, KindRule
from whilec.source import Span
from whilec.syntax import ast


@final
@dataclass(frozen=True, slots=True)
class WholeAssignment:
    """An assignment to a whole variable: of a value, or of one result of a call."""

    target: ast.Name
    value: ast.Expr
    result: int | None
    """Which result, where several targets share one call."""


@final
@dataclass
class Facts:
    """The names of a scope.

    Args:
        first: Where each variable first appears, in order.
        read: Where each is first read.
        assigned: Where each is first assigned, whole or in part.
        counters: FOR variables, with their first FOR.
        elements: Variables with an element or a sub-array assigned, or that are indexed.
        assignments: Whole assignments by target, each in text order.
        calls: Names of called functions that are not built in, with the first call.
    """

    first: dict[str, Span] = field(default_factory=dict[str, Span])
    read: dict[str, Span] = field(default_factory=dict[str, Span])
    assigned: dict[str, Span] = field(default_factory=dict[str, Span])
    counters: dict[str, Span] = field(default_factory=dict[str, Span])
    elements: dict[str, Span] = field(default_factory=dict[str, Span])
    assignments: dict[str, list[WholeAssignment]] = field(default_factory=dict[str, list[WholeAssignment]])
    calls: dict[str, Span] = field(default_factory=dict[str, Span])


def collect(statements: Iterable[ast.Stmt], starts: Iterable[ast.Var] = ()) -> Facts:
    """The facts of a scope with these statements and VAR start values."""
    facts = Facts()
    for variable in starts:
        for dim in variable.type.dims:
            _read(facts, dim)
        if variable.start is not None:
            _read(facts, variable.start)
    for statement in statements:
        _STATEMENTS[type(statement)](facts, statement)
    return facts


# ---- expressions -------------------------------------------------------------------------------


def _read(facts: Facts, expr: ast.Expr) -> None:
    rule = _READS.get(type(expr))
    if rule is not None:
        rule(facts, expr)


def _read_name(facts: Facts, expr: ast.Name) -> None:
    if expr.id not in facts.read:
        facts.read[expr.id] = expr.span
        facts.first.setdefault(expr.id, expr.span)


def _read_index(facts: Facts, expr: ast.Index) -> None:
    _read_name(facts, expr.array)
    facts.elements.setdefault(expr.array.id, expr.span)
    for index in expr.indices:
        _read(facts, index)


def _read_operand(facts: Facts, expr: ast.Negate | ast.Not) -> None:
    _read(facts, expr.operand)


def _read_pair(facts: Facts, expr: ast.Binary | ast.Connective) -> None:
    _read(facts, expr.left)
    _read(facts, expr.right)


def _read_compare(facts: Facts, expr: ast.Compare) -> None:
    _read(facts, expr.left)
    _read(facts, expr.right)
    if expr.steepness is not None:
        _read(facts, expr.steepness)


def _read_call(facts: Facts, expr: ast.Call) -> None:
    if expr.function.id not in BUILTINS:
        facts.calls.setdefault(expr.function.id, expr.function.span)
    is_intrinsic = expr.function.id in MODULES
    for argument in expr.arguments:
        if not (is_intrinsic and argument.name is not None and argument.name.id in WORDS):
            _read(facts, argument.value)


_Read: TypeAlias = Callable[[Facts, ast.Expr], None]
_READS: Mapping[type, _Read] = {
    node: cast("_Read", rule)
    for node, rule in {
        ast.Name: _read_name,
        ast.Index: _read_index,
        ast.Negate: _read_operand,
        ast.Not: _read_operand,
        ast.Binary: _read_pair,
        ast.Connective: _read_pair,
        ast.Compare: _read_compare,
        ast.Call: _read_call,
    }.items()
}


# ---- statements --------------------------------------------------------------------------------


def _assign(facts: Facts, statement: ast.Assign) -> None:
    values = statement.values
    shares_call = len(values) == 1 < len(statement.targets)
    for position, target in enumerate(statement.targets):
        name = target if isinstance(target, ast.Name) else target.array
        facts.assigned.setdefault(name.id, name.span)
        facts.first.setdefault(name.id, name.span)
        if isinstance(target, ast.Index):
            facts.elements.setdefault(name.id, target.span)
            for index in target.indices:
                _read(facts, index)
        elif shares_call:
            facts.assignments.setdefault(name.id, []).append(WholeAssignment(name, values[0], position))
        elif position < len(values):
            facts.assignments.setdefault(name.id, []).append(WholeAssignment(name, values[position], None))
    for value in values:
        _read(facts, value)


def _while(facts: Facts, statement: ast.While) -> None:
    _read(facts, statement.condition)
    _block(facts, statement.body)


def _loop(facts: Facts, statement: ast.Loop) -> None:
    _read(facts, statement.count)
    _block(facts, statement.body)


def _for(facts: Facts, statement: ast.For) -> None:
    name = statement.variable
    facts.counters.setdefault(name.id, name.span)
    facts.first.setdefault(name.id, name.span)
    for bound in (statement.start, statement.stop, statement.step):
        if bound is not None:
            _read(facts, bound)
    _block(facts, statement.body)


def _if(facts: Facts, statement: ast.If) -> None:
    for branch in statement.branches:
        _read(facts, branch.condition)
        _block(facts, branch.body)
    _block(facts, statement.orelse or ())


def _block(facts: Facts, statements: Iterable[ast.Stmt]) -> None:
    for statement in statements:
        _STATEMENTS[type(statement)](facts, statement)


_Walk: TypeAlias = Callable[[Facts, ast.Stmt], None]
_STATEMENTS: Mapping[type, _Walk] = {
    node: cast("_Walk", rule)
    for node, rule in {
        ast.Assign: _assign,
        ast.While: _while,
        ast.Loop: _loop,
        ast.For: _for,
        ast.If: _if,
    }.items()
}


# ---- which kinds flow where --------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class Flow:
    """What decides whether an expression is real: names and results of calls, or itself."""

    is_real: bool
    names: tuple[str, ...]
    calls: tuple[tuple[ast.Call, int], ...]
    """Calls of functions that are not built in, each with the result that counts."""


def flow_of(value: ast.Expr, result: int | None) -> Flow:
    """What the kind of an assigned value follows."""
    is_real = False
    names: list[str] = []
    calls: list[tuple[ast.Call, int]] = []
    stack = [value]
    while stack:
        expr = stack.pop()
        match expr:
            case ast.Number():
                is_real = is_real or isinstance(expr.value, float)
            case ast.Name():
                names.append(expr.id)
            case ast.Index():
                names.append(expr.array.id)
            case ast.Negate():
                stack.append(expr.operand)
            case ast.Binary():
                is_real = is_real or expr.op == "/"
                stack += (expr.left, expr.right)
            case ast.Call():
                rule = BUILTINS.get(expr.function.id)
                if rule is None:
                    calls.append((expr, result or 0 if expr is value else 0))
                elif rule.kind is KindRule.REAL:
                    is_real = True
                elif rule.kind is KindRule.FOLLOWS:
                    stack += (argument.value for argument in expr.arguments if argument.name is None)
            case _:
                pass
    return Flow(is_real, tuple(names), tuple(calls))
