"""Values of the IR and their types."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, final


class Kind(Enum):
    """What a value is."""

    NUMBER = "real"
    """A number, or an array of numbers, for every element of the batch."""
    DEGREE = "degree"
    """A truth or path weight in [0, 1] for every element of the batch."""
    MASK = "mask"
    """A bool for every element of the batch."""
    COUNTER = "counter"
    """A FOR variable or the number of a trip: an integer that the whole batch shares."""


Shape: TypeAlias = tuple[int, ...]


@final
@dataclass(frozen=True, slots=True)
class Type:
    """Kind and shape; only numbers have a shape other than ()."""

    kind: Kind
    shape: Shape = ()

    def __str__(self) -> str:
        sizes = ", ".join(map(str, self.shape))
        return f"{self.kind.value}[{sizes}]" if self.shape else self.kind.value


NUMBER = Type(Kind.NUMBER)
DEGREE = Type(Kind.DEGREE)
MASK = Type(Kind.MASK)
COUNTER = Type(Kind.COUNTER)


@final
@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """Something that is computed once; two values are equal only if they are the same object.

    Args:
        type: Kind and shape.
        name: The source variable it belongs to, or empty; for readers of the text form.
    """

    type: Type
    name: str = ""
