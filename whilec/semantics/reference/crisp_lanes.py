"""Hard mode on a batch of tensors: int64 with overflow detection, finite floats. Imports torch."""

# Numbers are `Any` by design (see `arithmetic.Value`), and so are the arguments of small lambdas.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import final

import torch

from whilec.diagnostics.model import Code, Diagnostic, InternalError, Label
from whilec.semantics.reference import int64
from whilec.semantics.reference.arithmetic import (
    ONE,
    OPERATORS,
    AbstractArithmetic,
    Axes,
    Binary,
    Frame,
    Function,
    Shape,
    Tap,
    Ternary,
    Unary,
    Value,
    Weight,
)
from whilec.semantics.reference.errors import E0601, E0602, E0604, E0605
from whilec.semantics.reference.floats import to_float
from whilec.semantics.reference.lanes import (
    LaneError,
    aligned,
    demand_of_lanes,
    elements,
    full,
    lane_reduction,
    overwritten,
    place,
)
from whilec.semantics.reference.tensors import TensorElementary
from whilec.semantics.relax import logistic
from whilec.semantics.types import Kind
from whilec.source import Span


@final
class CrispLanes(AbstractArithmetic):
    """Ordinary operations on every lane; a wrong result in one lane is an error that names it."""

    def __init__(self, dtype: torch.dtype, device: torch.device) -> None:
        self._m = TensorElementary(dtype)
        self._device = device

    @property
    def is_crisp(self) -> bool:
        return True

    # numbers

    def number(self, value: int | float) -> Value:
        return value

    def convert(self, kind: Kind, span: Span) -> Unary | None:
        if kind is not Kind.REAL:
            return lambda x: int64.fitting(x, span)
        return lambda x: self._finite(self._real(x), span)

    def binary(self, op: str, kind: Kind, shape: Shape, span: Span) -> Binary:
        if op == "/":
            return lambda a, b: self._divide(a, b, span)
        if kind is Kind.REAL:
            function = OPERATORS[op]
            return lambda a, b: self._finite(function(self._real(a), self._real(b)), span)
        return lambda a, b: int64.exact(op, a, b, span)

    def negate(self, kind: Kind, shape: Shape, span: Span) -> Unary:
        return operator.neg if kind is Kind.REAL else lambda x: int64.exact("-", 0, x, span)

    def function(self, name: str, shape: Shape, span: Span) -> Function:
        if name == "pow":
            return lambda a, b: self._finite(self._m.power(self._real(a), self._real(b)), span)
        plain: Unary = (lambda x: logistic(self._m, x)) if name == "sigmoid" else self._m.functions[name]
        return lambda x: self._finite(plain(self._real(x)), span, name, x)

    def relaxed(self, name: str, kind: Kind, shape: Shape, span: Span) -> Function:
        table: dict[str, Function] = {
            "max": lambda s, a, b: int64.choose(int64.order(a, b) >= 0, a, b, span),
            "min": lambda s, a, b: int64.choose(int64.order(a, b) <= 0, a, b, span),
            "abs": lambda s, x: int64.absolute(x, span),
            "sign": lambda s, x: x.sign() if isinstance(x, torch.Tensor) else (x > 0) - (x < 0),
        }
        function = table[name]
        if kind is not Kind.REAL:
            return function
        return lambda s, *xs: self._real(function(s, *[self._real(x) for x in xs]))

    def reduction(self, name: str, kind: Kind, span: Span) -> Function:
        add, multiply = self.binary("+", kind, (), span), self.binary("*", kind, (), span)

        def mean(total: Unary, a: torch.Tensor) -> Value:
            if not a.is_floating_point() and elements(a):
                return int64.mean(a)
            return self._divide(total(self._real(a)), len(elements(a)), span)

        return lane_reduction(name, add, multiply, mean)

    def _real(self, x: Value) -> Value:
        return x.to(self._m.dtype) if isinstance(x, torch.Tensor) else to_float(x)

    def _divide(self, a: Value, b: Value, span: Span) -> Value:
        lane = int64.first_lane(torch.as_tensor(b == 0))
        if lane >= 0:
            text = f"this divides {int64.number_at(a, lane)} by 0"
            raise _error(lane, E0601, "division by zero", span, text, "guard it with `IF`")
        if isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor):
            exact = int64.quotient(a, b)
            if exact is not None:
                return exact
        return self._finite(self._m.divide(self._real(a), self._real(b)), span)

    def _finite(self, x: Value, span: Span, name: str = "", argument: Value = None) -> Value:
        lane = int64.first_lane(~torch.isfinite(torch.as_tensor(x)))
        if lane < 0:
            return x
        what = f"`{name}` of {int64.number_at(argument, lane)}" if name else "result"
        raise _error(
            lane,
            E0602,
            f"{what} is not finite",
            span,
            f"this gives {int64.number_at(x, lane)}",
            "keep the operands within range; smooth modes follow IEEE 754 here",
        )

    # degrees

    def comparison(self, op: str, is_int: bool) -> Ternary:
        return int64.COMPARISONS[op]

    def degree_to_real(self, degree: Weight) -> Value:
        return degree.to(self._m.dtype) if isinstance(degree, torch.Tensor) else float(degree)

    def demand(
        self, value: Value, holds: Callable[[float], bool], problem: Callable[[float], Diagnostic]
    ) -> None:
        demand_of_lanes(value, holds, problem)

    # arrays

    def pick(self, array: torch.Tensor, position: tuple[int, ...]) -> Value:
        return array[place(position, array)]

    def spread(self, value: Value, shape: Shape) -> Value:
        return aligned(value, shape)

    def fill(self, value: Value, shape: Shape, frame: Frame) -> torch.Tensor:
        dtype = torch.int64 if isinstance(value, int) else self._m.dtype
        return full(value, shape, frame[-1].shape[0], dtype, self._device)

    def taps(self, size: int, span: Span) -> Unary:
        def position(i: Value) -> tuple[Tap, ...]:
            index = torch.as_tensor(i)
            lane = int64.first_lane(index != index.floor()) if index.is_floating_point() else -1
            if lane >= 0:
                raise _index_error(lane, E0605, i, size, span, "is not a whole number")
            lane = int64.first_lane((index < 0) | (index >= size))
            if lane >= 0:
                raise _index_error(lane, E0604, i, size, span, "is out of range")
            return ((index.long() if isinstance(i, torch.Tensor) else int(i), ONE),)

        return position

    def read(self, array: torch.Tensor, axes: Axes, rest: Shape) -> Value:
        return array[place(tuple(taps[0][0] for taps in axes), array)]

    def write(self, array: torch.Tensor, axes: Axes, weight: Weight, value: Value) -> torch.Tensor:
        return overwritten(array, tuple(taps[0][0] for taps in axes), value)

    # path weights

    def blend(self, old: Value, weight: Weight, new: Value) -> Value:
        return new

    def mix(self, degree: Weight, a: Value, b: Value) -> Value:
        raise InternalError("hard mode takes one arm of a choice")

    def scale(self, weight: Weight, value: Value) -> Value:
        raise InternalError("hard mode has no mixtures")

    def increment(self, old: Value, weight: Weight, change: Value) -> Value:
        return old + change

    def saturate(self, old: torch.Tensor, weight: Weight, count: int) -> Value:
        if old.is_floating_point():
            return (old - to_float(count)).clamp(min=0.0)
        return torch.where(old > count, old - count, 0) if count <= int64.LARGEST else torch.zeros_like(old)


def _error(lane: int, code: Code, title: str, span: Span, label: str, help: str) -> LaneError:
    return LaneError(lane, Diagnostic(code, title, Label(span, label), help=help))


def _index_error(lane: int, code: Code, i: Value, size: int, span: Span, what: str) -> LaneError:
    return _error(
        lane,
        code,
        f"index {int64.number_at(i, lane)} {what}",
        span,
        f"this axis has size {size}, so indices are whole numbers from 0 to {size - 1}",
        "keep the index in range, for instance with `clamp(i, 0, n - 1)`",
    )
