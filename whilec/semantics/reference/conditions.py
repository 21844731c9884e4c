"""Conditions as closures that give a degree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite

from whilec.diagnostics.model import Diagnostic, Label
from whilec.semantics.reference.arithmetic import Frame, Ternary, Value
from whilec.semantics.reference.errors import E0612
from whilec.semantics.reference.machine import Thunk
from whilec.semantics.reference.scope import Scope
from whilec.semantics.types import Kind
from whilec.syntax import ast


def comparison(scope: Scope, expr: ast.Compare) -> Thunk:
    """`= != < <= > >=`; two ints have the threshold between the integers."""
    is_int = max(scope.kind(expr.left), scope.kind(expr.right)) is Kind.INT
    options = scope.machine.options
    default = options.steepness if expr.op in ("=", "!=") else options.order_steepness
    function = scope.arithmetic.comparison(expr.op, is_int)
    if expr.steepness is None or scope.arithmetic.is_crisp:
        return _at_steepness(scope, function, expr, default)
    steepness_in_force = steepness(scope, expr.steepness, default)
    left, right = scope.value(expr.left), scope.value(expr.right)
    return lambda frame: function(left(frame), right(frame), steepness_in_force(frame))


def _at_steepness(scope: Scope, function: Ternary, expr: ast.Compare, s: float) -> Thunk:
    slot, constant = scope.slot(expr.left), scope.constant(expr.right)
    if slot is not None and constant is not None and scope.machine.is_exact:
        return _EXACT[expr.op](slot, constant)
    if slot is not None and constant is not None:
        number = scope.arithmetic.number(constant)
        return lambda frame: function(frame[slot], number, s)
    left, right = scope.value(expr.left), scope.value(expr.right)
    return lambda frame: function(left(frame), right(frame), s)


_EXACT: Mapping[str, Callable[[int, int], Thunk]] = {
    "=": lambda slot, number: lambda frame: frame[slot] == number,
    "!=": lambda slot, number: lambda frame: frame[slot] != number,
    "<": lambda slot, number: lambda frame: frame[slot] < number,
    "<=": lambda slot, number: lambda frame: frame[slot] <= number,
    ">": lambda slot, number: lambda frame: frame[slot] > number,
    ">=": lambda slot, number: lambda frame: frame[slot] >= number,
}
"""Comparisons of a variable with a number in hard mode, where most loops spend their time."""


def steepness(scope: Scope, expr: ast.Expr | None, default: float) -> Thunk:
    """The steepness in force, checked to be finite and positive."""
    if expr is None:
        return lambda frame: default
    value, demand = scope.value(expr), scope.arithmetic.demand

    def problem(number: float) -> Diagnostic:
        return Diagnostic(
            E0612,
            f"steepness `{scope.machine.program.source.snippet(expr.span)}` is {number:.7g}",
            Label(expr.span, "must be finite and above 0"),
            help="choose the parameter so that the steepness stays positive",
        )

    def checked(frame: Frame) -> Value:
        s = value(frame)
        demand(s, lambda number: isfinite(number) and number > 0.0, problem)
        return s

    return checked


def connective(scope: Scope, expr: ast.Connective) -> Thunk:
    """AND, OR."""
    control = scope.machine.control
    join = control.conjunction if expr.op == "AND" else control.disjunction
    return join(scope.condition(expr.left), scope.condition(expr.right))


def negation(scope: Scope, expr: ast.Not) -> Thunk:
    """NOT."""
    return scope.machine.control.negation(scope.condition(expr.operand))
