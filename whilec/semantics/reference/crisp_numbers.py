"""Hard mode on Python numbers: exact integers, finite floats, degrees 0 and 1."""

# Numbers are `Any` by design (see `arithmetic.Value`), and so are the arguments of small lambdas.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import NoReturn, final

from whilec.diagnostics.model import Diagnostic, InternalError, WhileError
from whilec.numerals import MAX_INTEGER_BITS
from whilec.semantics.reference import arrays, floats
from whilec.semantics.reference.arithmetic import (
    ONE,
    OPERATORS,
    AbstractArithmetic,
    Axes,
    Binary,
    Frame,
    Function,
    Shape,
    Ternary,
    Unary,
    Value,
    Weight,
)
from whilec.semantics.reference.arrays import Array
from whilec.semantics.reference.errors import E0601, E0602, E0603, E0604, E0605, fail
from whilec.semantics.reference.smooth_numbers import array_reduction, lift_binary, lift_last, lift_unary
from whilec.semantics.types import Kind
from whilec.source import Span

COMPARISONS: dict[str, Ternary] = {
    "=": lambda a, b, s: a == b,
    "!=": lambda a, b, s: a != b,
    "<": lambda a, b, s: a < b,
    "<=": lambda a, b, s: a <= b,
    ">": lambda a, b, s: a > b,
    ">=": lambda a, b, s: a >= b,
}


@final
class CrispNumbers(AbstractArithmetic):
    """Ordinary operations on one element; whatever is not a right finite number is an error."""

    @property
    def is_crisp(self) -> bool:
        return True

    # numbers

    def number(self, value: int | float) -> Value:
        return value

    def convert(self, kind: Kind, span: Span) -> Unary:
        if kind is not Kind.REAL:
            return lambda x: arrays.map_scalars(lambda item: _bounded(item, span), x)
        return lambda x: arrays.map_scalars(lambda item: _finite(item, span), x)

    def binary(self, op: str, kind: Kind, shape: Shape, span: Span) -> Binary:
        if op == "/":
            return lift_binary(lambda a, b: _divide(a, b, span), shape)
        function = OPERATORS[op]
        if kind is Kind.REAL:
            return lift_binary(lambda a, b: _finite_result(function, a, b, span), shape)
        if op == "*":
            return lift_binary(lambda a, b: _bounded(a * b, span), shape)
        return function

    def negate(self, kind: Kind, shape: Shape, span: Span) -> Unary:
        return operator.neg

    def function(self, name: str, shape: Shape, span: Span) -> Function:
        if name == "pow":
            return lift_binary(
                lambda a, b: _finite(floats.power(floats.to_float(a), floats.to_float(b)), span), shape
            )
        plain = _sigmoid if name == "sigmoid" else floats.FUNCTIONS[name]
        return lift_unary(lambda x: _finite(plain(floats.to_float(x)), span, name, x), shape)

    def relaxed(self, name: str, kind: Kind, shape: Shape, span: Span) -> Function:
        function = _RELAXED[name]
        if kind is not Kind.REAL:
            return lift_last(function, shape)
        return lift_last(lambda s, *xs: _finite(function(s, *xs), span), shape)

    def reduction(self, name: str, kind: Kind, span: Span) -> Function:
        function = array_reduction(name, lambda a, b: _divide(a, b, span))
        check = self.convert(kind, span)

        def checked(*values: Value) -> Value:
            try:
                return check(function(*values))
            except OverflowError:
                return _finite(math.inf, span)

        return checked

    # degrees

    def comparison(self, op: str, is_int: bool) -> Ternary:
        return COMPARISONS[op]

    def degree_to_real(self, degree: Weight) -> Value:
        return 1.0 if degree else 0.0

    def demand(
        self, value: Value, holds: Callable[[float], bool], problem: Callable[[float], Diagnostic]
    ) -> None:
        if not holds(value):
            raise WhileError(problem(value))

    # arrays

    def pick(self, array: Array, position: tuple[int, ...]) -> Value:
        return array.pick(position)

    def spread(self, value: Value, shape: Shape) -> Value:
        return value

    def fill(self, value: Value, shape: Shape, frame: Frame) -> Value:
        return arrays.filled(value, shape)

    def taps(self, size: int, span: Span) -> Unary:
        return lambda i: ((whole_index(i, size, span), ONE),)

    def read(self, array: Array, axes: Axes, rest: Shape) -> Value:
        return array.pick(tuple([taps[0][0] for taps in axes]))

    def write(self, array: Array, axes: Axes, weight: Weight, value: Value) -> Array:
        array.put(tuple([taps[0][0] for taps in axes]), value)
        return array

    # path weights

    def blend(self, old: Value, weight: Weight, new: Value) -> Value:
        return new

    def mix(self, degree: Weight, a: Value, b: Value) -> Value:
        raise InternalError("hard mode takes one arm of a choice")

    def scale(self, weight: Weight, value: Value) -> Value:
        raise InternalError("hard mode has no mixtures")

    def increment(self, old: Value, weight: Weight, change: Value) -> Value:
        return old + change

    def saturate(self, old: Value, weight: Weight, count: int) -> Value:
        return arrays.map_scalars(lambda x: x - count if x > count else x - x, old)


def _divide(a: float, b: float, span: Span) -> float:
    if b == 0:
        fail(
            E0601,
            "division by zero",
            span,
            f"this divides {show(a)} by 0",
            "guard it with `IF`, or keep the divisor away from 0",
        )
    try:
        return _finite(a / b, span)
    except OverflowError:
        return _finite(math.inf, span)


def _finite_result(function: Function, a: float, b: float, span: Span) -> float:
    try:
        return _finite(function(a, b), span)
    except OverflowError:
        return _finite(math.inf, span)


def _finite(value: float, span: Span, name: str = "", argument: Value = None) -> float:
    value = floats.to_float(value)
    if not math.isfinite(value):
        _not_finite(value, span, name, argument)
    return value


def _not_finite(value: float, span: Span, name: str, argument: Value) -> NoReturn:
    if name:
        title, label = f"`{name}` of {show(argument)} is not finite", f"the result is {value}"
    else:
        title, label = "result is not finite", f"this gives {value}"
    fail(E0602, title, span, label, "keep the operands within range; smooth modes follow IEEE 754 here")


def _bounded(value: int, span: Span) -> int:
    if value.bit_length() > MAX_INTEGER_BITS:
        fail(
            E0603,
            "integer is too large",
            span,
            f"this has {value.bit_length():,} bits, more than {MAX_INTEGER_BITS:,}",
            "look for a loop that multiplies without end; `real` numbers have no such size",
        )
    return value


def whole_index(i: Value, size: int, span: Span) -> int:
    """A dynamic index as an int, checked to be whole and in range."""
    if i != math.floor(i):
        fail(
            E0605,
            f"index {show(i)} is not a whole number",
            span,
            "in hard mode an index must be whole",
            "give whole numbers, or run in a smooth mode",
        )
    if not 0 <= i < size:
        fail(
            E0604,
            f"index {show(i)} is out of range",
            span,
            f"this axis has size {size}, so indices are 0 to {size - 1}",
            "keep the index in range, for instance with `clamp(i, 0, n - 1)`",
        )
    return int(i)


def show(value: Value) -> str:
    """A number for a message, shortened if it is very long."""
    if isinstance(value, int) and value.bit_length() > 200:
        return f"an integer of {value.bit_length():,} bits"
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _sigmoid(x: float) -> float:
    e = floats.exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)


_RELAXED: dict[str, Function] = {
    "max": lambda s, a, b: a if a >= b else b,
    "min": lambda s, a, b: a if a <= b else b,
    "abs": lambda s, x: abs(x),
    "sign": lambda s, x: (x > 0) - (x < 0),
}
