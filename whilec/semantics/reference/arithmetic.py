"""What the interpreter asks of a kind of numbers.

The interpreter turns each statement and expression into a Python closure once. While it does,
it asks an arithmetic for the functions to call; these know the operation, the shapes and the
place in the source, and are plain functions of values.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from whilec.diagnostics.model import Diagnostic
from whilec.semantics.types import Kind
from whilec.source import Span

Value: TypeAlias = Any
"""A number, dual number, array or tensor."""
Weight: TypeAlias = Any
"""A path weight or degree; `ONE` stands for an unconditional 1."""
Frame: TypeAlias = list[Any]
"""The values of one scope, by slot."""
Function: TypeAlias = Callable[..., Value]
Unary: TypeAlias = Callable[[Value], Value]
Binary: TypeAlias = Callable[[Value, Value], Value]
Ternary: TypeAlias = Callable[[Value, Value, Value], Value]
Shape: TypeAlias = tuple[int, ...]
Tap: TypeAlias = tuple[Any, Weight]
"""An index along one axis (int, or one per lane) and the weight it is read and written with."""
Axes: TypeAlias = tuple[tuple[Tap, ...], ...]
"""The taps of every axis that an index names."""

OPERATORS: Mapping[str, Binary] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
"""Python's operators, which every kind of numbers has."""

ONE = 1
"""The path weight of statements that always run; compared by identity."""


class AbstractArithmetic(ABC):
    """Numbers with their operations, degrees and arrays."""

    @property
    @abstractmethod
    def is_crisp(self) -> bool:
        """Whether degrees are 0 or 1 (hard mode)."""

    # numbers

    @abstractmethod
    def number(self, value: int | float) -> Value:
        """A constant."""

    @abstractmethod
    def convert(self, kind: Kind, span: Span) -> Unary | None:
        """Make a value of a smaller kind fit a variable of `kind`; None: nothing to do."""

    @abstractmethod
    def binary(self, op: str, kind: Kind, shape: Shape, span: Span) -> Binary:
        """`+ - * /` with a result of this kind and shape."""

    @abstractmethod
    def negate(self, kind: Kind, shape: Shape, span: Span) -> Unary:
        """Unary minus."""

    @abstractmethod
    def function(self, name: str, shape: Shape, span: Span) -> Function:
        """A smooth built-in: `sqrt exp log sin cos tan tanh sigmoid pow`, elementwise."""

    @abstractmethod
    def relaxed(self, name: str, kind: Kind, shape: Shape, span: Span) -> Function:
        """`min max` of two, `abs`, `sign`: a function of the steepness, then the arguments."""

    @abstractmethod
    def reduction(self, name: str, kind: Kind, span: Span) -> Function:
        """`sum`, `mean`, `dot`, `matmul` on arrays."""

    # degrees

    @abstractmethod
    def comparison(self, op: str, is_int: bool) -> Ternary:
        """A function of the operands and the steepness that gives a degree."""

    @abstractmethod
    def degree_to_real(self, degree: Weight) -> Value:
        """A degree as a real number in [0, 1]."""

    @abstractmethod
    def demand(
        self, value: Value, holds: Callable[[float], bool], problem: Callable[[float], Diagnostic]
    ) -> None:
        """An error where a scalar (of one lane) is not as it must be."""

    # arrays

    @abstractmethod
    def pick(self, array: Value, position: tuple[int, ...]) -> Value:
        """The element or sub-array at a position in range."""

    @abstractmethod
    def spread(self, value: Value, shape: Shape) -> Value:
        """A scalar (or degree) so that it meets an array of this shape elementwise."""

    @abstractmethod
    def fill(self, value: Value, shape: Shape, frame: Frame) -> Value:
        """A value of its own, of exactly this shape, to be stored in a variable."""

    @abstractmethod
    def taps(self, size: int, span: Span) -> Unary:
        """A function of a dynamic index along an axis of `size`: the taps that take part."""

    @abstractmethod
    def read(self, array: Value, axes: Axes, rest: Shape) -> Value:
        """The weighted element (of shape `rest`) at the taps of the leading axes."""

    @abstractmethod
    def write(self, array: Value, axes: Axes, weight: Weight, value: Value) -> Value:
        """The array with `value` written at the taps at a path weight; may reuse `array`."""

    # path weights

    @abstractmethod
    def blend(self, old: Value, weight: Weight, new: Value) -> Value:
        """(1 - weight) old + weight new, of equal shapes, with the rule for weights 0 and 1."""

    @abstractmethod
    def increment(self, old: Value, weight: Weight, change: Value) -> Value:
        """old + weight change; `change` is a scalar or has the shape of `old`."""

    @abstractmethod
    def saturate(self, old: Value, weight: Weight, count: int) -> Value:
        """old less a natural number, stopping at 0 (domain nat)."""

    @abstractmethod
    def mix(self, degree: Weight, a: Value, b: Value) -> Value:
        """degree a + (1 - degree) b, of equal shapes, for a degree strictly between 0 and 1."""

    @abstractmethod
    def scale(self, weight: Weight, value: Value) -> Value:
        """weight * value; a part of `value` that is not finite counts as 0 at weight 0."""
