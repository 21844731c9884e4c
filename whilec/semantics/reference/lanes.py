"""Smooth modes on a batch of tensors. Imports torch.

A value is a tensor of shape (lanes, *shape), or a Python number that all lanes share. The last
slot of a frame holds the row of the batch that every lane came from.
"""

# Numbers are `Any` by design (see `arithmetic.Value`), and so are the arguments of small lambdas.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from math import prod
from typing import Any, final

import torch

from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.semantics.options import Options
from whilec.semantics.reference import chain
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
from whilec.semantics.reference.indexing import combinations, product_of, soft_taps
from whilec.semantics.reference.smooth_numbers import relaxed_comparison, relaxed_function
from whilec.semantics.reference.tensors import TensorElementary
from whilec.semantics.relax import AbstractRelaxation, logistic, mixture, weighted
from whilec.semantics.types import Kind
from whilec.source import Span

_OPERATORS: dict[str, Binary] = {**OPERATORS, "*": chain.multiply, "/": chain.divide}


class LaneError(Exception):
    """A run-time error in one lane, before it is known which row of the batch that is."""

    def __init__(self, lane: int, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.title)
        self.lane = lane
        self._diagnostic = diagnostic

    def in_row(self, rows: torch.Tensor) -> WhileError:
        """The error, naming the row of the batch."""
        note = f"in row {int(rows[self.lane])} of the batch"
        return WhileError(replace(self._diagnostic, notes=(*self._diagnostic.notes, note)))


def demand_of_lanes(
    value: Value, holds: Callable[[float], bool], problem: Callable[[float], Diagnostic]
) -> None:
    """An error in the first lane whose number is not as it must be."""
    numbers = value.detach().reshape(-1).tolist() if isinstance(value, torch.Tensor) else [value]
    for lane, number in enumerate(numbers):
        if not holds(number):
            raise LaneError(lane, problem(number))


def aligned(value: Value, shape: Shape) -> Value:
    """One number per lane, so that it meets tensors of shape (lanes, *shape)."""
    if not isinstance(value, torch.Tensor) or value.dim() > 1 or not shape:
        return value
    return value.reshape(-1, *(1 for _ in shape))


def full(value: Value, shape: Shape, lanes: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """A contiguous tensor of shape (lanes, *shape); one number, or one per lane, fills it."""
    if not isinstance(value, torch.Tensor):
        return torch.full((lanes, *shape), value, dtype=dtype, device=device)
    if value.shape == (lanes, *shape):
        return value
    return aligned(value, shape).expand(lanes, *shape).contiguous()


def place(position: tuple[Any, ...], array: torch.Tensor) -> tuple[Any, ...]:
    """Where the elements at a position (ints, or one index per lane) lie in a tensor of lanes."""
    if all(isinstance(part, int) for part in position):
        return (slice(None), *position)
    return (torch.arange(array.shape[0], device=array.device), *position)


def overwritten(array: torch.Tensor, position: tuple[Any, ...], value: Value) -> torch.Tensor:
    """A copy of the array with the elements at a position replaced."""
    array = array.clone()
    array[place(position, array)] = value
    return array


def elements(array: torch.Tensor) -> list[torch.Tensor]:
    """The elements of an array, each with its lanes."""
    return list(array.reshape(array.shape[0], prod(array.shape[1:])).unbind(1))


def fold(add: Binary, terms: list[torch.Tensor], zero: torch.Tensor) -> torch.Tensor:
    """The sum from left to right, whose bits do not depend on the batch."""
    return reduce(add, terms) if terms else zero


def lane_reduction(
    name: str, add: Binary, multiply: Binary, mean: Callable[[Unary, torch.Tensor], Value]
) -> Function:
    """`sum`, `mean`, `dot`, `matmul` of every lane, added up from left to right."""

    def total(a: torch.Tensor) -> torch.Tensor:
        return fold(add, elements(a), a.new_zeros(a.shape[0]))

    def matmul(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        left = a if a.dim() == 3 else a.unsqueeze(1)
        right = b if b.dim() == 3 else b.unsqueeze(2)
        terms = [multiply(left[:, :, k, None], right[:, k, None, :]) for k in range(left.shape[2])]
        zeros = a.new_zeros(a.shape[0], left.shape[1], right.shape[2])
        return fold(add, terms, zeros).reshape(a.shape[:-1] + b.shape[2:])

    table: dict[str, Function] = {
        "sum": total,
        "mean": lambda a: mean(total, a),
        "dot": lambda a, b: total(multiply(a, b)),
        "matmul": matmul,
    }
    return table[name]


@final
class SmoothLanes(AbstractArithmetic):
    """Relaxed operations on every lane."""

    def __init__(
        self, dtype: torch.dtype, device: torch.device, relaxation: AbstractRelaxation, options: Options
    ) -> None:
        self._m = TensorElementary(dtype)
        self._device = device
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
        return _OPERATORS[op]

    def negate(self, kind: Kind, shape: Shape, span: Span) -> Unary:
        return operator.neg

    def function(self, name: str, shape: Shape, span: Span) -> Function:
        if name == "pow":
            return self._m.power
        if name == "sigmoid":
            return lambda x: logistic(self._m, x)
        return self._m.functions[name]

    def relaxed(self, name: str, kind: Kind, shape: Shape, span: Span) -> Function:
        function = relaxed_function(self._m, self._relaxation, name, kind, lambda f: f)
        return lambda s, *values: function(aligned(s, shape), *values)

    def reduction(self, name: str, kind: Kind, span: Span) -> Function:
        return lane_reduction(name, operator.add, chain.multiply, self._mean)

    def _mean(self, total: Unary, a: torch.Tensor) -> Value:
        added = total(a)
        return chain.divide(added, torch.full_like(added.detach(), float(len(elements(a)))))

    # degrees

    def comparison(self, op: str, is_int: bool) -> Ternary:
        return relaxed_comparison(self._m, self._relaxation, op, is_int)

    def degree_to_real(self, degree: Weight) -> Value:
        return degree if isinstance(degree, torch.Tensor) else float(degree)

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
        return full(value, shape, frame[-1].shape[0], self._m.dtype, self._device)

    def taps(self, size: int, span: Span) -> Unary:
        return soft_taps(self._m, self._relaxation, size, self._steepness)

    def read(self, array: torch.Tensor, axes: Axes, rest: Shape) -> Value:
        total: Value = None
        for position, weight in combinations(axes):
            term = array[place(position, array)]
            if weight is not ONE:
                term = weighted(self._m, aligned(weight, rest), term)
            total = term if total is None else total + term
        return total

    def write(self, array: torch.Tensor, axes: Axes, weight: Weight, value: Value) -> torch.Tensor:
        for position, factor in combinations(axes):
            w = product_of(weight, factor)
            new = value if w is ONE else self.blend(array[place(position, array)], w, value)
            array = overwritten(array, position, new)
        return array

    # path weights

    def blend(self, old: torch.Tensor, weight: Weight, new: Value) -> Value:
        if weight is ONE:
            return new
        return mixture(self._m, aligned(weight, old.shape[1:]), new, old)

    def mix(self, degree: Weight, a: torch.Tensor, b: Value) -> Value:
        return self._m.mix(aligned(degree, a.shape[1:]), a, b)

    def scale(self, weight: Weight, value: Value) -> Value:
        return value if weight is ONE else weighted(self._m, aligned(weight, value.shape[1:]), value)

    def increment(self, old: torch.Tensor, weight: Weight, change: Value) -> Value:
        return old + (change if weight is ONE else chain.multiply(aligned(weight, old.shape[1:]), change))

    def saturate(self, old: torch.Tensor, weight: Weight, count: int) -> Value:
        differs: Callable[..., Value] = self._relaxation.differs
        for _ in range(count):
            old = self.increment(old, weight, -differs(self._m, old, self._steepness))
        return old
