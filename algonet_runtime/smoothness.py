"""Smoothness classes, ordered from jumps to C-infinity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final


@final
@dataclass(frozen=True, order=True)
class Smoothness:
    """How often a function can be differentiated continuously.

    Args:
        order: -1 for a function with jumps, k >= 0 for class C^k; `Smoothness.C_INF` is above all.
    """

    order: float

    DISCONTINUOUS: ClassVar[Smoothness]
    C0: ClassVar[Smoothness]
    C_INF: ClassVar[Smoothness]

    @staticmethod
    def c(k: int) -> Smoothness:
        """The class C^k, k >= 0."""
        return Smoothness(k)

    def __str__(self) -> str:
        if self.order < 0:
            return "discontinuous"
        return "C_INF" if self.order == float("inf") else f"C{int(self.order)}"


Smoothness.DISCONTINUOUS = Smoothness(-1)
Smoothness.C0 = Smoothness(0)
Smoothness.C_INF = Smoothness(float("inf"))
