"""Exact enumeration of the points of a FOR nest, with its static conditions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, final

from whilec.diagnostics.model import InternalError
from whilec.semantics.context import ForFrame, Frame, GuardFrame
from whilec.semantics.static import INTEGER_ARITHMETIC, INTEGER_FUNCTIONS, StaticEnvironment, evaluate_static
from whilec.syntax import ast

Point: TypeAlias = dict[str, int]
"""Values of the FOR variables in force."""
Evaluator: TypeAlias = Callable[[Point], int]
Truth: TypeAlias = Callable[[Point], bool]

_Found = TypeVar("_Found")


class OutOfBudgetError(Exception):
    """The nest has more points than may be enumerated."""


@final
@dataclass
class Budget:
    """How many points may still be visited."""

    left: int

    def spend(self) -> None:
        """Pay for one point."""
        self.left -= 1
        if self.left < 0:
            raise OutOfBudgetError


def first(
    frames: Sequence[Frame],
    environment: StaticEnvironment,
    budget: Budget,
    visit: Callable[[Point], _Found | None],
) -> _Found | None:
    """What `visit` finds at the first point of the nest where it finds something.

    Raises:
        OutOfBudgetError: The nest has too many points.
    """
    point: Point = {}
    steps = [_for_step(f, environment) if isinstance(f, ForFrame) else _guard(f, environment) for f in frames]

    def walk(depth: int) -> _Found | None:
        if depth == len(steps):
            budget.spend()
            return visit(point)
        name, values = steps[depth](point)
        for value in values:
            if name is not None:
                point[name] = value
            budget.spend()
            found = walk(depth + 1)
            if found is not None:
                return found
        if name is not None:
            point.pop(name, None)
        return None

    return walk(0)


_Step: TypeAlias = Callable[[Point], tuple[str | None, Sequence[int]]]
"""What one frame does at a point: its FOR variable, if it has one, and the trips that it makes."""


def _for_step(frame: ForFrame, environment: StaticEnvironment) -> _Step:
    statement = frame.statement
    name = statement.variable.id
    start, stop = compiled(statement.start, environment), compiled(statement.stop, environment)
    step = _constant(1) if statement.step is None else compiled(statement.step, environment)

    def values(point: Point) -> tuple[str | None, Sequence[int]]:
        by = step(point)
        if by == 0:
            return name, ()
        return name, range(start(point), stop(point) + (1 if by > 0 else -1), by)

    return values


def _guard(frame: GuardFrame, environment: StaticEnvironment) -> _Step:
    condition, holds = compiled_truth(frame.condition, environment), frame.holds

    def values(point: Point) -> tuple[str | None, Sequence[int]]:
        return None, (0,) if condition(point) == holds else ()

    return values


def compiled(expr: ast.Expr, environment: StaticEnvironment) -> Evaluator:
    """A static integer expression as a function of the FOR variables."""
    match expr:
        case ast.Number():
            return _constant(int(expr.value))
        case ast.Name() if expr.id not in environment.names:
            name = expr.id
            return lambda point: point[name]
        case ast.Negate():
            operand = compiled(expr.operand, environment)
            return lambda point: -operand(point)
        case ast.Binary():
            left, right = compiled(expr.left, environment), compiled(expr.right, environment)
            apply = INTEGER_ARITHMETIC[expr.op]
            return lambda point: apply(left(point), right(point))
        case ast.Call() if expr.function.id != "len":
            operands = [
                compiled(argument.value, environment) for argument in expr.arguments if argument.name is None
            ]
            function = INTEGER_FUNCTIONS[expr.function.id]
            return lambda point: function(*(operand(point) for operand in operands))
        case _:
            return _constant(evaluate_static(expr, environment))


def _constant(value: int) -> Evaluator:
    return lambda point: value


def compiled_truth(expr: ast.Expr, environment: StaticEnvironment) -> Truth:
    """A static condition as a function of the FOR variables."""
    match expr:
        case ast.Compare():
            left, right = compiled(expr.left, environment), compiled(expr.right, environment)
            compare = _COMPARISONS[expr.op]
            return lambda point: compare(left(point), right(point))
        case ast.Connective():
            one, other = compiled_truth(expr.left, environment), compiled_truth(expr.right, environment)
            if expr.op == "AND":
                return lambda point: one(point) and other(point)
            return lambda point: one(point) or other(point)
        case ast.Not():
            operand = compiled_truth(expr.operand, environment)
            return lambda point: not operand(point)
        case _:
            raise InternalError(f"not a condition: {type(expr).__name__}")


_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
