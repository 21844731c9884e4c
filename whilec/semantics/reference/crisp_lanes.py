"""Hard mode on a batch of tensors: int64 with overflow detection, finite floats. Imports torch."""

# Numbers are `Any` by design (see `arithmetic.Value`), and so are the arguments of small lambdas.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import operator
from typing import final

import torch

from whilec.diagnostics.model import Code, Diagnostic, Label, WhileError
from whilec.semantics.reference.arithmetic import (
    ONE,
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
from whilec.semantics.reference.crisp_numbers import COMPARISONS, show
from whilec.semantics.reference.errors import E0601, E0602, E0604, E0605, E0610
from whilec.semantics.reference.lanes import aligned, fold, full, overwritten, place
from whilec.semantics.reference.tensors import FUNCTIONS, TensorElementary
from whilec.semantics.relax import logistic
from whilec.semantics.types import Kind
from whilec.source import Span

_OPERATORS: dict[str, Binary] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_LARGEST = 2**63 - 1


class LaneError(Exception):
    """A run-time error in one lane, before it is known which row of the batch that is."""

    def __init__(self, lane: int, code: Code, title: str, span: Span, label: str, help: str) -> None:
        super().__init__(title)
        self.lane = lane
        self._diagnostic = Diagnostic(code, title, Label(span, label), help=help)

    def in_row(self, rows: torch.Tensor) -> WhileError:
        """The error, naming the row of the batch."""
        d = self._diagnostic
        row = int(rows[self.lane])
        return WhileError(
            Diagnostic(d.code, d.title, d.primary, help=d.help, notes=(f"in row {row} of the batch",))
        )


def first_lane(mask: torch.Tensor) -> int:
    """The first lane in which a mask holds; -1 if there is none."""
    found = torch.nonzero(mask.reshape(mask.shape[0], -1).any(1) if mask.dim() else mask.reshape(1))
    return int(found[0, 0]) if found.numel() else -1


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
            return None
        return lambda x: self._finite(_to_real(x, self._m.dtype), span)

    def binary(self, op: str, kind: Kind, shape: Shape, span: Span) -> Binary:
        if op == "/":
            return lambda a, b: self._divide(a, b, span)
        if kind is Kind.REAL:
            function = _OPERATORS[op]
            return lambda a, b: self._finite(function(a, b), span)
        return lambda a, b: _exact(op, a, b, span)

    def negate(self, kind: Kind, shape: Shape, span: Span) -> Unary:
        return operator.neg if kind is Kind.REAL else lambda x: _exact("-", 0, x, span)

    def function(self, name: str, shape: Shape, span: Span) -> Function:
        if name == "pow":
            return lambda a, b: self._finite(self._m.power(self._real(a), self._real(b)), span)
        if name == "sigmoid":
            return lambda x: self._finite(logistic(self._m, self._real(x)), span)
        return lambda x: self._finite(FUNCTIONS[name](self._real(x)), span)

    def relaxed(self, name: str, kind: Kind, shape: Shape, span: Span) -> Function:
        def largest(s: Value, a: Value, b: Value) -> Value:
            return self._pick_by(lambda x, y: x >= y, a, b)

        def smallest(s: Value, a: Value, b: Value) -> Value:
            return self._pick_by(lambda x, y: x <= y, a, b)

        table: dict[str, Function] = {
            "max": largest,
            "min": smallest,
            "abs": lambda s, x: abs(x),
            "sign": lambda s, x: x.sign() if isinstance(x, torch.Tensor) else (x > 0) - (x < 0),
        }
        function = table[name]
        if kind is not Kind.REAL:
            return function
        return lambda s, *xs: function(s, *[self._real(x) for x in xs])

    def _pick_by(self, prefers: Function, a: Value, b: Value) -> Value:
        mask = prefers(a, b)
        if not isinstance(mask, torch.Tensor):
            return a if mask else b
        return torch.where(mask, a, b)

    def reduction(self, name: str, kind: Kind, span: Span) -> Function:
        add = self.binary("+", kind, (), span)
        multiply = self.binary("*", kind, (), span)

        def total(a: torch.Tensor) -> Value:
            parts = list(a.reshape(a.shape[0], -1).unbind(1))
            return self._fold(parts, add, torch.zeros(a.shape[0], dtype=a.dtype, device=a.device))

        def mean(a: torch.Tensor) -> Value:
            count = a.reshape(a.shape[0], -1).shape[1]
            return self._divide(total(a), count, span)

        def matmul(a: torch.Tensor, b: torch.Tensor) -> Value:
            left = a if a.dim() == 3 else a.unsqueeze(1)
            right = b if b.dim() == 3 else b.unsqueeze(2)
            terms = [multiply(left[:, :, k, None], right[:, k, None, :]) for k in range(left.shape[2])]
            zeros = torch.zeros(a.shape[0], left.shape[1], right.shape[2], dtype=a.dtype, device=a.device)
            return self._fold(terms, add, zeros).reshape(a.shape[:-1] + b.shape[2:])

        table: dict[str, Function] = {
            "sum": total,
            "mean": mean,
            "dot": lambda a, b: total(multiply(a, b)),
            "matmul": matmul,
        }
        return table[name]

    def _fold(self, terms: list[Value], add: Function, zero: Value) -> Value:
        total = fold(terms[:1], zero)
        for term in terms[1:]:
            total = add(total, term)
        return total

    def _real(self, x: Value) -> Value:
        return _to_real(x, self._m.dtype)

    def _divide(self, a: Value, b: Value, span: Span) -> Value:
        divisor = b if isinstance(b, torch.Tensor) else torch.as_tensor(b)
        lane = first_lane(divisor == 0)
        if lane >= 0:
            raise LaneError(lane, E0601, "division by zero", span, "this divides by 0", "guard it with `IF`")
        return self._finite(self._m.divide(self._real(a), self._real(b)), span)

    def _finite(self, x: Value, span: Span) -> Value:
        lane = first_lane(~torch.isfinite(torch.as_tensor(x)))
        if lane >= 0:
            raise LaneError(
                lane,
                E0602,
                "result is not finite",
                span,
                "infinite or NaN here",
                "keep the operands within range; smooth modes follow IEEE 754 here",
            )
        return x

    # degrees

    def comparison(self, op: str, is_int: bool) -> Ternary:
        return COMPARISONS[op]

    def trip_condition(self) -> Ternary:
        return lambda count, i, s: i < count

    def degree_to_real(self, degree: Weight) -> Value:
        return degree.to(self._m.dtype) if isinstance(degree, torch.Tensor) else float(degree)

    def primal(self, value: Value) -> list[float]:
        return value.detach().reshape(-1).tolist() if isinstance(value, torch.Tensor) else [value]

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
            index = i if isinstance(i, torch.Tensor) else torch.as_tensor(i)
            lane = first_lane(index != index.floor()) if index.is_floating_point() else -1
            if lane >= 0:
                raise _index_fault(lane, E0605, index, size, span, "is not a whole number")
            lane = first_lane((index < 0) | (index >= size))
            if lane >= 0:
                raise _index_fault(lane, E0604, index, size, span, "is out of range")
            return ((index.long() if isinstance(i, torch.Tensor) else int(i), ONE),)

        return position

    def read(self, array: torch.Tensor, axes: Axes, rest: Shape) -> Value:
        return array[place(tuple(taps[0][0] for taps in axes), array)]

    def write(self, array: torch.Tensor, axes: Axes, weight: Weight, value: Value) -> torch.Tensor:
        return overwritten(array, tuple(taps[0][0] for taps in axes), value)

    # path weights

    def blend(self, old: Value, weight: Weight, new: Value) -> Value:
        return new

    def scale(self, weight: Weight, value: Value) -> Value:
        return value

    def increment(self, old: Value, weight: Weight, change: Value) -> Value:
        return old + change

    def saturate(self, old: torch.Tensor, weight: Weight, count: int) -> Value:
        return torch.where(old > count, old - count, torch.zeros_like(old))


def _to_real(x: Value, dtype: torch.dtype) -> Value:
    return x.to(dtype) if isinstance(x, torch.Tensor) else float(x)


def _index_fault(lane: int, code: Code, index: torch.Tensor, size: int, span: Span, what: str) -> LaneError:
    value = index.reshape(-1)[lane].item()
    return LaneError(
        lane,
        code,
        f"index {show(value)} {what}",
        span,
        f"this axis has size {size}, so indices are whole numbers from 0 to {size - 1}",
        "keep the index in range, for instance with `clamp(i, 0, n - 1)`",
    )


def _exact(op: str, a: Value, b: Value, span: Span) -> Value:
    """`+ - *` on int64, checked for overflow."""
    if not isinstance(a, torch.Tensor) and not isinstance(b, torch.Tensor):
        result = _OPERATORS[op](a, b)
        if abs(result) > _LARGEST:
            raise _overflow(0, span)
        return result
    for number in (a, b):
        if isinstance(number, int) and abs(number) > _LARGEST:
            raise _overflow(0, span)
    result = _OPERATORS[op](a, b)
    lane = first_lane(_has_wrapped(op, torch.as_tensor(a), torch.as_tensor(b), result))
    if lane >= 0:
        raise _overflow(lane, span)
    return result


def _overflow(lane: int, span: Span) -> LaneError:
    return LaneError(
        lane,
        E0610,
        "integer does not fit into 64 bits",
        span,
        "the result is beyond 2^63 - 1 in magnitude",
        "run on single numbers, where hard mode is exact, or use `real`",
    )


def _has_wrapped(op: str, a: torch.Tensor, b: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
    """Where int64 arithmetic gave a wrong number (or the one number without a negative)."""
    lowest = result == -_LARGEST - 1
    if op == "+":
        return lowest | (((a ^ result) & (b ^ result)) < 0)
    if op == "-":
        return lowest | (((a ^ b) & (a ^ result)) < 0)
    divisor = torch.where(b == 0, torch.ones_like(b), b)
    quotient = torch.div(result, divisor, rounding_mode="trunc")
    return lowest | ((b != 0) & ((quotient != a) | (result - quotient * divisor != 0)))
