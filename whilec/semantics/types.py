"""Types of values: kind (static, int, real, degree) and shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias, final

from whilec.numerals import write_integer

_MOST_DIGITS = 40
"""Of an integer in a message; a longer one is shown by its first digits."""


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
    """A size that mentions shape variables not yet bound.

    Two of them are equal when their normal forms are: `terms` maps each product of names
    (a sorted tuple; `()` is the constant) to its coefficient.
    """

    terms: tuple[tuple[tuple[str, ...], int], ...]

    def __str__(self) -> str:
        """Its source text: names first, the constant last."""
        parts: list[str] = []
        for names, factor in sorted(self.terms, key=lambda term: term[0] == ()):
            product, magnitude = "*".join(names), abs(factor)
            text = "*".join([spell(magnitude)] * (magnitude != 1 or not names) + [product] * (names != ()))
            sign = ("-" if factor < 0 else "") if not parts else (" - " if factor < 0 else " + ")
            parts.append(sign + text)
        return "".join(parts)


Dim: TypeAlias = int | SymbolicSize
Shape: TypeAlias = tuple[Dim, ...]


def spell(value: Dim | float) -> str:
    """A size or number for a message, also where it has more digits than anyone reads."""
    if not isinstance(value, int):
        return str(value)
    digits = write_integer(value)
    return digits if len(digits) <= _MOST_DIGITS else f"{digits[:12]}... ({len(digits.lstrip('-')):,} digits)"


@final
@dataclass(frozen=True)
class ValueType:
    """Kind and shape of an expression or variable; a scalar has shape ()."""

    kind: Kind
    shape: Shape = ()

    def __str__(self) -> str:
        name = {Kind.STATIC: "static int", Kind.INT: "int", Kind.REAL: "real"}.get(self.kind, "degree")
        return f"{name}[{', '.join(map(spell, self.shape))}]" if self.shape else name


Bindings: TypeAlias = Mapping[str, int]
"""Values of the shape variables."""
