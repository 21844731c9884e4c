"""One unit while its closures are built: types, slots, constants and static integers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from whilec.diagnostics.model import InternalError
from whilec.semantics.program import Role, Unit
from whilec.semantics.reference.arithmetic import OPERATORS, Frame, Shape, Value
from whilec.semantics.reference.machine import Machine, Thunk, UnitCode
from whilec.semantics.static import (
    COMPARISONS,
    StaticEnvironment,
    StaticValue,
    evaluate,
    is_static_condition,
)
from whilec.semantics.types import Kind
from whilec.syntax import ast


@final
@dataclass(frozen=True)
class Rules:
    """How to build the closure of every kind of expression."""

    values: Mapping[type, Callable[[Scope, Any], Thunk]]
    conditions: Mapping[type, Callable[[Scope, Any], Thunk]]


@final
class Scope:
    """What the builders of expressions and statements know about the unit they are in.

    Args:
        machine: The run.
        code: The unit and its slots.
        rules: The builders, which call each other through `value` and `condition`.
        unit_code: Gives the code of another unit, for calls.
    """

    def __init__(
        self, machine: Machine, code: UnitCode, rules: Rules, unit_code: Callable[[Unit], UnitCode]
    ) -> None:
        self.machine = machine
        self.arithmetic = machine.arithmetic
        self.unit = code.unit
        self.slots = code.slots
        self.unit_code = unit_code
        self._rules = rules
        self._constants: dict[str, StaticValue] = {
            **machine.program.constants,
            **(machine.program.bindings or {}),
            **code.unit.shapes,
        }
        self._counted: dict[int, bool] = {}

    # types

    def kind(self, expr: ast.Expr) -> Kind:
        """The kind of an expression."""
        return self.unit.type_of(expr).kind

    def shape(self, expr: ast.Expr) -> Shape:
        """The shape of an expression, in numbers."""
        return concrete(self.unit.type_of(expr).shape)

    def shape_of(self, name: str) -> Shape:
        """The shape of a variable, in numbers."""
        return concrete(self.unit.variables[name].type.shape)

    def slot(self, expr: ast.Expr) -> int | None:
        """The slot of a plain variable; None for any other expression, also for static ones."""
        if isinstance(expr, ast.Name) and self.kind(expr) is not Kind.STATIC:
            return self.slots.get(expr.id)
        return None

    # closures

    def value(self, expr: ast.Expr) -> Thunk:
        """An expression that is a number or an array."""
        if self.kind(expr) is Kind.STATIC:
            return self._static_value(expr)
        return self._rules.values[type(expr)](self, expr)

    def condition(self, expr: ast.Expr) -> Thunk:
        """A condition: a function of the frame that gives its degree."""
        if self.is_static_condition(expr):
            return self.static_condition(expr)
        return self._rules.conditions[type(expr)](self, expr)

    def aligned(self, expr: ast.Expr, shape: Shape) -> Thunk:
        """A value that meets arrays of `shape` elementwise."""
        value = self.value(expr)
        if self.shape(expr) == shape:
            return value
        spread = self.arithmetic.spread
        return lambda frame: spread(value(frame), shape)

    # static integers

    def constant(self, expr: ast.Expr) -> int | None:
        """The value of a static integer that no FOR variable takes part in; None otherwise."""
        if self.kind(expr) is not Kind.STATIC or self._mentions_counter(expr):
            return None
        value = evaluate(expr, StaticEnvironment(self._constants, self.unit.types))
        assert isinstance(value, int)
        return value

    def known_number(self, expr: ast.Expr) -> float:
        """A number that is known before the program runs: crisp in every mode."""
        value = evaluate(expr, StaticEnvironment(self._constants, self.unit.types))
        assert isinstance(value, int | float)
        return value

    def number(self, name: str) -> Value:
        """A CONST as a number of the run."""
        constant = self._constants[name]
        assert isinstance(constant, int | float)
        return self.arithmetic.number(constant)

    def static(self, expr: ast.Expr) -> Thunk:
        """A static integer, as a Python int in every mode."""
        constant = self.constant(expr)
        if constant is not None:
            return lambda frame: constant
        match expr:
            case ast.Name():
                return operator.itemgetter(self.slots[expr.id])
            case ast.Negate():
                operand = self.static(expr.operand)
                return lambda frame: -operand(frame)
            case ast.Binary():
                return pair(OPERATORS[expr.op], self.static(expr.left), self.static(expr.right))
            case _:
                return self._evaluated(expr)

    def _evaluated(self, expr: ast.Expr) -> Thunk:
        counters = {
            name: self.slots[name]
            for name, variable in self.unit.variables.items()
            if variable.role is Role.COUNTER
        }

        def call(frame: Frame) -> StaticValue:
            names = {**self._constants, **{name: frame[slot] for name, slot in counters.items()}}
            return evaluate(expr, StaticEnvironment(names, self.unit.types))

        return call

    def _static_value(self, expr: ast.Expr) -> Thunk:
        number = self.arithmetic.number
        constant = self.constant(expr)
        if constant is not None:
            value = number(constant)
            return lambda frame: value
        static = self.static(expr)
        return lambda frame: number(static(frame))

    def _mentions_counter(self, expr: ast.Expr) -> bool:
        known = self._counted.get(id(expr))
        if known is None:
            known = self._counted[id(expr)] = self._finds_counter(expr)
        return known

    def _finds_counter(self, expr: ast.Expr) -> bool:
        match expr:
            case ast.Name():
                return self.unit.variables[expr.id].role is Role.COUNTER
            case ast.Negate():
                return self._mentions_counter(expr.operand)
            case ast.Binary():
                return self._mentions_counter(expr.left) or self._mentions_counter(expr.right)
            case ast.Call() if expr.function.id != "len":
                return any(self._mentions_counter(argument.value) for argument in expr.arguments)
            case _:
                return False

    # static conditions

    def is_static_condition(self, expr: ast.Expr) -> bool:
        """Whether a condition compares static integers only."""
        return is_static_condition(expr, self.unit.types)

    def static_condition(self, expr: ast.Expr) -> Thunk:
        """A condition on static integers: a function that gives True or False."""
        match expr:
            case ast.Compare():
                return pair(COMPARISONS[expr.op], self.static(expr.left), self.static(expr.right))
            case ast.Not():
                operand = self.static_condition(expr.operand)
                return lambda frame: not operand(frame)
            case ast.Connective():
                left, right = self.static_condition(expr.left), self.static_condition(expr.right)
                if expr.op == "AND":
                    return lambda frame: left(frame) and right(frame)
                return lambda frame: left(frame) or right(frame)
            case _:
                raise InternalError(f"not a static condition: {type(expr).__name__}")


_Pairing: TypeAlias = Callable[[Any, Any], Any]


def pair(function: _Pairing, left: Thunk, right: Thunk) -> Thunk:
    """A function of two operands."""
    return lambda frame: function(left(frame), right(frame))


def concrete(shape: tuple[Any, ...]) -> Shape:
    """A shape whose sizes are all known."""
    if any(not isinstance(size, int) for size in shape):
        raise InternalError("the program is not specialised")
    return shape
