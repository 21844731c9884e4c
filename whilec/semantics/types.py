"""Types of values: kind (static, int, real, degree) and shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias, final


class Kind(IntEnum):
    """What a value is; of two numbers that meet, the result has the larger kind.

    STATIC is an integer known at specialisation, INT a number whose crisp value is whole,
    REAL any number, DEGREE the truth of a condition (not a number).
    """

    STATIC = 0
    INT = 1
    REAL = 2
    DEGREE = 3


@final
@dataclass(frozen=True)
class SymbolicSize:
    """A size that mentions shape variables not yet bound; `text` is its source spelling.

    Two of them are equal when their normal forms are: `terms` maps each product of names
    (a sorted tuple; `()` is the constant) to its coefficient.
    """

    terms: tuple[tuple[tuple[str, ...], int], ...]
    text: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SymbolicSize) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.terms)

    def __str__(self) -> str:
        return self.text


Dim: TypeAlias = int | SymbolicSize
Shape: TypeAlias = tuple[Dim, ...]


@final
@dataclass(frozen=True)
class ValueType:
    """Kind and shape of an expression or variable; a scalar has shape ()."""

    kind: Kind
    shape: Shape = ()

    def __str__(self) -> str:
        name = {Kind.STATIC: "static int", Kind.INT: "int", Kind.REAL: "real"}.get(self.kind, "degree")
        return f"{name}[{', '.join(map(str, self.shape))}]" if self.shape else name


Bindings: TypeAlias = Mapping[str, int]
"""Values of the shape variables."""
