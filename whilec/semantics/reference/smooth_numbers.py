"""Smooth modes on Python numbers: floats, and dual numbers where derivatives are wanted."""

# Numbers are `Any` by design (see `arithmetic.Value`), and so are the arguments of small lambdas.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, final

from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.semantics.options import Options
from whilec.semantics.reference import arrays
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
from whilec.semantics.reference.indexing import combinations, product_of, soft_taps
from whilec.semantics.relax import (
    AbstractRelaxation,
    blend_max,
    blend_min,
    logistic,
    mixture,
    monotone_max,
    weighted,
)
from whilec.semantics.types import Kind
from whilec.source import Span


@final
class SmoothNumbers(AbstractArithmetic):
    """Relaxed operations on one element.

    Args:
        elementary: `FloatElementary()` or `DualElementary()`.
        relaxation: That of the mode.
        options: For the steepness of soft indices.
    """

    def __init__(self, elementary: Any, relaxation: AbstractRelaxation, options: Options) -> None:
        self._m = elementary
        self._relaxation = relaxation
        self._steepness = options.steepness

    @property
    def is_crisp(self) -> bool:
        return False

    # numbers

    def number(self, value: int | float) -> Value:
        return self._m.number(value)

    def convert(self, kind: Kind, span: Span) -> None:
        return None

    def binary(self, op: str, kind: Kind, shape: Shape, span: Span) -> Binary:
        return OPERATORS[op] if op != "/" else lift_binary(self._m.divide, shape)

    def negate(self, kind: Kind, shape: Shape, span: Span) -> Unary:
        return operator.neg

    def function(self, name: str, shape: Shape, span: Span) -> Function:
        if name == "pow":
            return lift_binary(self._m.power, shape)
        if name == "sigmoid":
            return lift_unary(lambda x: logistic(self._m, x), shape)
        return lift_unary(self._m.functions[name], shape)

    def relaxed(self, name: str, kind: Kind, shape: Shape, span: Span) -> Function:
        return relaxed_function(self._m, self._relaxation, name, kind, lambda f: lift_last(f, shape))

    def reduction(self, name: str, kind: Kind, span: Span) -> Function:
        return array_reduction(name, self._m.divide)

    # degrees

    def comparison(self, op: str, is_int: bool) -> Ternary:
        return relaxed_comparison(self._m, self._relaxation, op, is_int)

    def degree_to_real(self, degree: Weight) -> Value:
        return float(degree) if isinstance(degree, bool) else degree

    def demand(
        self, value: Value, holds: Callable[[float], bool], problem: Callable[[float], Diagnostic]
    ) -> None:
        number = self._m.primal(value)
        if not holds(number):
            raise WhileError(problem(number))

    # arrays

    def pick(self, array: Array, position: tuple[int, ...]) -> Value:
        return array.pick(position)

    def spread(self, value: Value, shape: Shape) -> Value:
        return value

    def fill(self, value: Value, shape: Shape, frame: Frame) -> Value:
        return arrays.filled(value, shape)

    def taps(self, size: int, span: Span) -> Unary:
        return soft_taps(self._m, self._relaxation, size, self._steepness)

    def read(self, array: Array, axes: Axes, rest: Shape) -> Value:
        total: Value = None
        for position, weight in combinations(axes):
            term = array.pick(position)
            if weight is not ONE:
                term = arrays.map_scalars(lambda x, w=weight: weighted(self._m, w, x), term)
            total = term if total is None else total + term
        return total

    def write(self, array: Array, axes: Axes, weight: Weight, value: Value) -> Array:
        for position, factor in combinations(axes):
            w = product_of(weight, factor)
            array.put(position, value if w is ONE else self.blend(array.pick(position), w, value))
        return array

    # path weights

    def blend(self, old: Value, weight: Weight, new: Value) -> Value:
        if weight is ONE:
            return new
        if isinstance(old, Array):
            return arrays.zip_with(lambda a, b: self._blend(a, weight, b), old, new)
        return self._blend(old, weight, new)

    def _blend(self, old: Value, weight: Weight, new: Value) -> Value:
        m = self._m
        if m.is_finite(old) and m.is_finite(new):
            return m.mix(weight, new, old)
        return mixture(m, weight, new, old)

    def mix(self, degree: Weight, a: Value, b: Value) -> Value:
        if isinstance(a, Array):
            return arrays.zip_with(lambda x, y: self._m.mix(degree, x, y), a, b)
        return self._m.mix(degree, a, b)

    def scale(self, weight: Weight, value: Value) -> Value:
        if weight is ONE:
            return arrays.map_scalars(lambda x: x, value)
        return arrays.map_scalars(lambda x: weighted(self._m, weight, x), value)

    def increment(self, old: Value, weight: Weight, change: Value) -> Value:
        return old + (change if weight is ONE else weight * change)

    def saturate(self, old: Value, weight: Weight, count: int) -> Value:
        for _ in range(count):
            step = arrays.map_scalars(lambda x: self._relaxation.differs(self._m, x, self._steepness), old)
            old = old - (step if weight is ONE else weight * step)
        return old


def lift_unary(function: Function, shape: Shape) -> Function:
    """A function of one scalar for results of `shape`."""
    return function if shape == () else lambda x: arrays.map_scalars(function, x)


def lift_binary(function: Function, shape: Shape) -> Function:
    """A function of two scalars for results of `shape`."""
    return function if shape == () else lambda a, b: arrays.zip_with(function, a, b)


def lift_last(function: Function, shape: Shape) -> Function:
    """A function of a steepness and one or two scalars for results of `shape`."""
    if shape == ():
        return function

    def lifted(s: Value, a: Value, b: Value = None) -> Value:
        if b is None:
            return arrays.map_scalars(lambda x: function(s, x), a)
        return arrays.zip_with(lambda x, y: function(s, x, y), a, b)

    return lifted


def relaxed_function(
    m: Any, relaxation: AbstractRelaxation, name: str, kind: Kind, lift: Callable[[Function], Function]
) -> Function:
    """`min max abs sign` of a mode, as a function of the steepness, then the arguments."""
    is_monotone = kind is Kind.REAL and relaxation.is_monotone
    maximum = monotone_max if is_monotone else blend_max

    def sign(s: Value, x: Value) -> Value:
        return 2.0 * relaxation.exceeds(m, x, s) - 1.0

    def minimum(s: Value, a: Value, b: Value) -> Value:
        if is_monotone:
            return -monotone_max(m, relaxation, -a, -b, s)
        return blend_min(m, relaxation, a, b, s)

    functions: dict[str, Function] = {
        "max": lambda s, a, b: maximum(m, relaxation, a, b, s),
        "min": minimum,
        "abs": lambda s, x: weighted(m, sign(s, x), x),
        "sign": sign,
    }
    return lift(functions[name])


def relaxed_comparison(m: Any, relaxation: AbstractRelaxation, op: str, is_int: bool) -> Function:
    """The degree of a comparison, as a function of the operands and the steepness."""
    differs, equals, exceeds = relaxation.differs, relaxation.equals, relaxation.exceeds
    margin = 0.5 if is_int else 0.0
    table: dict[str, Function] = {
        "=": lambda a, b, s: equals(m, a - b, s),
        "!=": lambda a, b, s: differs(m, a - b, s),
        "<": lambda a, b, s: exceeds(m, b - a - margin, s),
        "<=": lambda a, b, s: exceeds(m, b - a + margin, s),
        ">": lambda a, b, s: exceeds(m, a - b - margin, s),
        ">=": lambda a, b, s: exceeds(m, a - b + margin, s),
    }
    return table[op]


def array_reduction(name: str, divide: Function) -> Function:
    """`sum`, `mean`, `dot`, `matmul` on arrays of numbers, added up from left to right."""
    table: dict[str, Function] = {
        "sum": lambda a: _fold(a.items),
        "mean": lambda a: divide(_fold(a.items), float(len(a.items))),
        "dot": lambda a, b: _fold([x * y for x, y in zip(a.items, b.items, strict=True)]),
        "matmul": _matmul,
    }
    return table[name]


def _fold(items: list[Value]) -> Value:
    if not items:
        return 0.0
    total = items[0]
    for item in items[1:]:
        total = total + item
    return total


def _matmul(a: Array, b: Array) -> Array:
    inner = a.shape[-1]
    columns = b.shape[1] if len(b.shape) == 2 else 1
    rows = len(a.items) // inner if inner else (a.shape[0] if len(a.shape) == 2 else 1)
    items = [
        _fold([a.items[r * inner + k] * b.items[k * columns + c] for k in range(inner)])
        for r in range(rows)
        for c in range(columns)
    ]
    return Array(items, a.shape[:-1] + b.shape[1:])
