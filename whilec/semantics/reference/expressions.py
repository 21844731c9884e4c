"""Expressions and conditions as closures.

`Scope` turns the expressions of one unit into functions of a frame. Types and shapes are known,
so all choices by operation, kind and shape are made here, once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import partial, reduce
from math import isfinite
from typing import Any, final

from whilec.diagnostics.model import InternalError
from whilec.semantics.program import Builtin, IntrinsicCall, Role, Unit
from whilec.semantics.reference.arithmetic import ONE, Frame, Function, Shape, Tap, Value
from whilec.semantics.reference.errors import E0604, E0612, E0614, fail
from whilec.semantics.reference.machine import Machine, Thunk, UnitCode
from whilec.semantics.static import (
    COMPARISONS,
    StaticEnvironment,
    StaticValue,
    evaluate,
    is_static_condition,
)
from whilec.semantics.types import Kind
from whilec.source import Span
from whilec.syntax import ast

_STATIC_OPERATORS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_PAIRWISE = ("min", "max")


@final
class Scope:
    """Builds the closures of one unit.

    Args:
        machine: The run.
        code: The unit and its slots.
        unit_code: Gives the code of another unit, for calls.
    """

    def __init__(self, machine: Machine, code: UnitCode, unit_code: Callable[[Unit], UnitCode]) -> None:
        self.machine = machine
        self.code = code
        self.unit = code.unit
        self._unit_code = unit_code
        self._arithmetic = machine.arithmetic
        self._constants: dict[str, StaticValue] = {
            **machine.program.constants,
            **(machine.program.bindings or {}),
            **code.unit.shapes,
        }
        self._counted: dict[int, bool] = {}

    def shape(self, expr: ast.Expr) -> Shape:
        """The shape of an expression, in numbers."""
        return concrete(self.unit.type_of(expr).shape)

    def kind(self, expr: ast.Expr) -> Kind:
        """The kind of an expression."""
        return self.unit.type_of(expr).kind

    # ---- values

    def value(self, expr: ast.Expr) -> Thunk:
        """An expression that is a number or an array."""
        if self.kind(expr) is Kind.STATIC:
            return self._static_value(expr)
        return _VALUE_RULES[type(expr)](self, expr)

    def static(self, expr: ast.Expr) -> Thunk:
        """A static integer, as a Python int in every mode."""
        if not self._mentions_counter(expr):
            constant = evaluate(expr, StaticEnvironment(self._constants, self.unit.types))
            return lambda frame: constant
        return _STATIC_RULES.get(type(expr), Scope._static_call)(self, expr)

    def constant(self, expr: ast.Expr) -> StaticValue | None:
        """The value of a static expression without counters; None for any other."""
        if self.kind(expr) is not Kind.STATIC or self._mentions_counter(expr):
            return None
        return evaluate(expr, StaticEnvironment(self._constants, self.unit.types))

    def _static_value(self, expr: ast.Expr) -> Thunk:
        number = self._arithmetic.number
        constant = self.constant(expr)
        if constant is not None:
            value = number(constant)  # pyright: ignore[reportArgumentType]
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

    def _static_name(self, expr: ast.Name) -> Thunk:
        return operator.itemgetter(self.code.slots[expr.id])

    def _static_negate(self, expr: ast.Negate) -> Thunk:
        operand = self.static(expr.operand)
        return lambda frame: -operand(frame)

    def _static_binary(self, expr: ast.Binary) -> Thunk:
        function = _STATIC_OPERATORS[expr.op]
        return _pair(function, self.static(expr.left), self.static(expr.right))

    def _static_call(self, expr: ast.Expr) -> Thunk:
        counters = {
            name: self.code.slots[name]
            for name, variable in self.unit.variables.items()
            if variable.role is Role.COUNTER
        }

        def call(frame: Frame) -> StaticValue:
            names = {**self._constants, **{name: frame[slot] for name, slot in counters.items()}}
            return evaluate(expr, StaticEnvironment(names, self.unit.types))

        return call

    def _number(self, expr: ast.Number) -> Thunk:
        value = self._arithmetic.number(expr.value)
        return lambda frame: value

    def _name(self, expr: ast.Name) -> Thunk:
        if self.unit.variables[expr.id].role is Role.CONST:
            constant = self._constants[expr.id]
            value = self._arithmetic.number(constant)  # pyright: ignore[reportArgumentType]
            return lambda frame: value
        return operator.itemgetter(self.code.slots[expr.id])

    def _negate(self, expr: ast.Negate) -> Thunk:
        function = self._arithmetic.negate(self.kind(expr), self.shape(expr), expr.span)
        operand = self.value(expr.operand)
        return lambda frame: function(operand(frame))

    def _binary(self, expr: ast.Binary) -> Thunk:
        kind, shape = self.kind(expr), self.shape(expr)
        function = self._arithmetic.binary(expr.op, kind, shape, expr.span)
        if self.shape(expr.left) == shape == self.shape(expr.right):
            return self._pair(function, expr.left, expr.right)
        return _pair(function, self.aligned(expr.left, shape), self.aligned(expr.right, shape))

    def aligned(self, expr: ast.Expr, shape: Shape) -> Thunk:
        """A value that meets arrays of `shape` elementwise."""
        value = self.value(expr)
        if self.shape(expr) == shape:
            return value
        spread = self._arithmetic.spread
        return lambda frame: spread(value(frame), shape)

    def _pair(self, function: Function, left: ast.Expr, right: ast.Expr) -> Thunk:
        """A function of two operands; those that are plain variables or constants are quicker."""
        slot = self._slot(left)
        constant = self.constant(right)
        if slot is not None and constant is not None:
            number = self._arithmetic.number(constant)  # pyright: ignore[reportArgumentType]
            return lambda frame: function(frame[slot], number)
        return _pair(function, self.value(left), self.value(right))

    def _slot(self, expr: ast.Expr) -> int | None:
        if isinstance(expr, ast.Name) and self.kind(expr) is not Kind.STATIC:
            return self.code.slots.get(expr.id)
        return None

    # ---- indices

    def _index(self, expr: ast.Index) -> Thunk:
        slot = self.code.slots[expr.array.id]
        rest = self.shape(expr)
        positions = self.static_position(expr)
        if positions is not None:
            pick = self._arithmetic.pick
            return lambda frame: pick(frame[slot], positions(frame))
        axes = self.axes(expr)
        read = self._arithmetic.read
        return lambda frame: read(frame[slot], axes(frame), rest)

    def static_position(self, expr: ast.Index) -> Callable[[Frame], tuple[int, ...]] | None:
        """The position that an index names, if all its parts are static."""
        if any(self.kind(index) is not Kind.STATIC for index in expr.indices):
            return None
        sizes = self.array_shape(expr.array.id)
        parts = [
            self._in_range(self.static(index), size, index.span)
            for index, size in zip(expr.indices, sizes, strict=False)
        ]
        if len(parts) == 1:
            only = parts[0]
            return lambda frame: (only(frame),)
        return lambda frame: tuple([part(frame) for part in parts])

    def axes(self, expr: ast.Index) -> Callable[[Frame], tuple[tuple[Tap, ...], ...]]:
        """The taps of every axis that the index names."""
        sizes = self.array_shape(expr.array.id)
        parts = [self._axis(index, size) for index, size in zip(expr.indices, sizes, strict=False)]
        return lambda frame: tuple([part(frame) for part in parts])

    def _axis(self, index: ast.Expr, size: int) -> Callable[[Frame], tuple[Tap, ...]]:
        if self.kind(index) is Kind.STATIC:
            position = self._in_range(self.static(index), size, index.span)
            return lambda frame: ((position(frame), ONE),)
        if size == 0:
            return lambda frame: _out_of_range("any", 0, index.span)
        taps = self._arithmetic.taps(size, index.span)
        value = self.value(index)
        return lambda frame: taps(value(frame))

    def _in_range(self, position: Thunk, size: int, span: Span) -> Thunk:
        def checked(frame: Frame) -> int:
            i = position(frame)
            if 0 <= i < size:
                return i
            _out_of_range(str(i), size, span)

        return checked

    def array_shape(self, name: str) -> Shape:
        """The shape of a variable."""
        return concrete(self.unit.variables[name].type.shape)

    # ---- calls

    def _call(self, expr: ast.Call) -> Thunk:
        results = self.call(expr)
        return lambda frame: results(frame)[0]

    def call(self, expr: ast.Call) -> Callable[[Frame], tuple[Value, ...]]:
        """A call with all its results."""
        callee = self.unit.callees[id(expr)]
        if isinstance(callee, Unit):
            return self._unit_call(callee, expr)
        if isinstance(callee, IntrinsicCall):
            return self._intrinsic_call(callee, expr)
        builtin = self._builtin(callee, expr)
        return lambda frame: (builtin(frame),)

    def _value_call(self, expr: ast.Call) -> Thunk:
        callee = self.unit.callees[id(expr)]
        return self._builtin(callee, expr) if isinstance(callee, Builtin) else self._call(expr)

    def _unit_call(self, callee: Unit, expr: ast.Call) -> Callable[[Frame], tuple[Value, ...]]:
        code = self._unit_code(callee)
        arguments = [self.value(argument.value) for argument in expr.arguments]
        results = [code.slots[name] for name in callee.outputs]

        def call(frame: Frame) -> tuple[Value, ...]:
            inner = code.enter(frame, [argument(frame) for argument in arguments])
            code.body(inner, ONE)
            return tuple([inner[slot] for slot in results])

        return call

    def _intrinsic_call(self, callee: IntrinsicCall, expr: ast.Call) -> Callable[[Frame], tuple[Value, ...]]:
        if self.machine.intrinsics is None:
            fail(
                E0614,
                f"`{callee.signature.name}` works on tensors only",
                expr.span,
                "an intrinsic",
                "run the program on tensors",
            )
        function = self.machine.intrinsics[callee.signature.name]
        arguments = {name: self._intrinsic_argument(value) for name, value in callee.arguments.items()}

        def call(frame: Frame) -> tuple[Value, ...]:
            results = function(**{name: argument(frame) for name, argument in arguments.items()})
            return results if isinstance(results, tuple) else (results,)

        return call

    def _intrinsic_argument(self, expr: ast.Expr) -> Thunk:
        constant = self.constant(expr)
        return self.value(expr) if constant is None else lambda frame: constant

    def _builtin(self, callee: Builtin, expr: ast.Call) -> Thunk:
        values = [argument.value for argument in expr.arguments if argument.name is None]
        name = callee.name
        if name == "degree":
            condition, to_real = self.condition(values[0]), self._arithmetic.degree_to_real
            return lambda frame: to_real(condition(frame))
        if name in _REDUCTIONS:
            function = self._arithmetic.reduction(name, self.kind(expr), expr.span)
            return _apply(function, [self.value(value) for value in values])
        shape = self.shape(expr)
        if name in _RELAXED:
            return self._relaxed(name, expr, values, shape)
        function = self._arithmetic.function(name, shape, expr.span)
        return _apply(function, [self.aligned(value, shape) for value in values])

    def _relaxed(self, name: str, expr: ast.Call, values: list[ast.Expr], shape: Shape) -> Thunk:
        named = [argument.value for argument in expr.arguments if argument.name is not None]
        steepness = self.steepness(named[0] if named else None, self.machine.options.order_steepness)
        parts = [(self.kind(value), self.aligned(value, shape)) for value in values]
        if name in _PAIRWISE:
            fold = partial(self._fold, name, steepness, shape, expr.span)
            return reduce(fold, parts)[1]
        if name == "clamp":
            above = self._fold("max", steepness, shape, expr.span, parts[0], parts[1])
            return self._fold("min", steepness, shape, expr.span, above, parts[2])[1]
        kind, value = parts[0]
        function = self._arithmetic.relaxed(name, kind, shape, expr.span)
        return lambda frame: function(steepness(frame), value(frame))

    def _fold(
        self,
        name: str,
        steepness: Thunk,
        shape: Shape,
        span: Span,
        a: tuple[Kind, Thunk],
        b: tuple[Kind, Thunk],
    ) -> tuple[Kind, Thunk]:
        """One step of `min` or `max`; two static integers are crisp in every mode."""
        kind = max(a[0], b[0])
        if kind is Kind.STATIC:
            plain = min if name == "min" else max
            return kind, _pair(plain, a[1], b[1])
        function = self._arithmetic.relaxed(name, kind, shape, span)
        left, right = a[1], b[1]
        return kind, lambda frame: function(steepness(frame), left(frame), right(frame))

    # ---- conditions

    def condition(self, expr: ast.Expr) -> Thunk:
        """A condition: a function of the frame that gives its degree."""
        if is_static_condition(expr, self.unit.types):
            return self.static_condition(expr)
        return _CONDITION_RULES[type(expr)](self, expr)

    def is_static_condition(self, expr: ast.Expr) -> bool:
        """Whether a condition compares static integers only."""
        return is_static_condition(expr, self.unit.types)

    def static_condition(self, expr: ast.Expr) -> Thunk:
        """A condition on static integers: a function that gives True or False."""
        match expr:
            case ast.Compare():
                return _pair(COMPARISONS[expr.op], self.static(expr.left), self.static(expr.right))
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

    def _compare(self, expr: ast.Compare) -> Thunk:
        is_int = max(self.kind(expr.left), self.kind(expr.right)) is Kind.INT
        options = self.machine.options
        default = options.steepness if expr.op in ("=", "!=") else options.order_steepness
        function = self._arithmetic.comparison(expr.op, is_int)
        if expr.steepness is None or self._arithmetic.is_crisp:
            return self._compare_at(function, expr, default)
        steepness = self.steepness(expr.steepness, default)
        left, right = self.value(expr.left), self.value(expr.right)
        return lambda frame: function(left(frame), right(frame), steepness(frame))

    def _compare_at(self, function: Function, expr: ast.Compare, steepness: float) -> Thunk:
        slot = self._slot(expr.left)
        constant = self.constant(expr.right)
        if slot is not None and constant is not None:
            number = self._arithmetic.number(constant)  # pyright: ignore[reportArgumentType]
            return lambda frame: function(frame[slot], number, steepness)
        left, right = self.value(expr.left), self.value(expr.right)
        return lambda frame: function(left(frame), right(frame), steepness)

    def steepness(self, expr: ast.Expr | None, default: float) -> Thunk:
        """The steepness in force, checked to be finite and positive."""
        if expr is None:
            return lambda frame: default
        value = self.value(expr)
        primal = self._arithmetic.primal

        def checked(frame: Frame) -> Value:
            steepness = value(frame)
            for number in primal(steepness):
                if not (isfinite(number) and number > 0.0):
                    fail(
                        E0612,
                        f"steepness `{self.machine.program.source.snippet(expr.span)}` is {number:.7g}",
                        expr.span,
                        "must be finite and above 0",
                        "choose the parameter so that the steepness stays positive",
                    )
            return steepness

        return checked

    def _connective(self, expr: ast.Connective) -> Thunk:
        control = self.machine.control
        join = control.conjunction if expr.op == "AND" else control.disjunction
        return join(self.condition(expr.left), self.condition(expr.right))

    def _not(self, expr: ast.Not) -> Thunk:
        return self.machine.control.negation(self.condition(expr.operand))


_REDUCTIONS = frozenset({"sum", "mean", "dot", "matmul"})
_RELAXED = frozenset({"min", "max", "abs", "sign", "clamp"})

_Rule = Callable[[Scope, Any], Thunk]
_VALUE_RULES: Mapping[type, _Rule] = {
    ast.Number: Scope._number,
    ast.Name: Scope._name,
    ast.Negate: Scope._negate,
    ast.Binary: Scope._binary,
    ast.Index: Scope._index,
    ast.Call: Scope._value_call,
}
_STATIC_RULES: Mapping[type, _Rule] = {
    ast.Name: Scope._static_name,
    ast.Negate: Scope._static_negate,
    ast.Binary: Scope._static_binary,
}
_CONDITION_RULES: Mapping[type, _Rule] = {
    ast.Compare: Scope._compare,
    ast.Connective: Scope._connective,
    ast.Not: Scope._not,
}


def concrete(shape: tuple[Any, ...]) -> Shape:
    """A shape whose sizes are all known."""
    if any(not isinstance(size, int) for size in shape):
        raise InternalError("the program is not specialised")
    return shape


def _pair(function: Function, left: Thunk, right: Thunk) -> Thunk:
    return lambda frame: function(left(frame), right(frame))


def _apply(function: Function, arguments: list[Thunk]) -> Thunk:
    if len(arguments) == 1:
        only = arguments[0]
        return lambda frame: function(only(frame))
    return lambda frame: function(*[argument(frame) for argument in arguments])


def _out_of_range(index: str, size: int, span: Span) -> Any:
    fail(
        E0604,
        f"index {index} is out of range",
        span,
        f"this axis has size {size}" + (f", so indices are 0 to {size - 1}" if size else ""),
        "keep the index in range",
    )
