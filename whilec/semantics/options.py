"""How a program is to be run: the choices that change its meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, final

Smooth: TypeAlias = int | Literal["hard", "inf"]
"""`hard`, a whole number 0 <= k <= 8, or `inf`."""

MAX_SMOOTH_ORDER = 8


@final
@dataclass(frozen=True)
class Options:
    """The arguments of `compile` that belong to the language's meaning (language.md, 3 and 4).

    Args:
        smooth: `hard`, k in 0..8 for class C^k, or `inf`.
        steepness: s > 0 of `=` and `!=`, in 1 / (unit of the operands).
        compare_steepness: The same for `< <= > >=`, LOOP and relaxed built-ins; None: `steepness`.
        epsilon: Path weights up to this count as 0; in [0, 1/2). Ignored in hard mode.
        max_trips: Cap on the trips of one entry of a loop; None: 1000, in hard mode no limit.
        loops: `path` (default) or `mixture`.
        phi: `sech` (default) or `bump`, in mode inf.
        domain: `int` (default) or `nat`, with saturating subtraction.
        trainable: Whether every assignment target has a weight and a bias.
        max_steps: Cap on executed statements of one run.
    """

    smooth: Smooth = "inf"
    steepness: float = 1.0
    compare_steepness: float | None = None
    epsilon: float = 1e-6
    max_trips: int | None = None
    loops: Literal["path", "mixture"] = "path"
    phi: Literal["sech", "bump"] = "sech"
    domain: Literal["int", "nat"] = "int"
    trainable: bool = False
    max_steps: int = 10**8

    @property
    def is_hard(self) -> bool:
        """Whether programs run crisply."""
        return self.smooth == "hard"

    @property
    def order_steepness(self) -> float:
        """The steepness of `< <= > >=`, LOOP and relaxed built-ins."""
        return self.steepness if self.compare_steepness is None else self.compare_steepness

    @property
    def trip_cap(self) -> int | None:
        """The largest number of trips of one entry of a loop; None: no limit."""
        return 1000 if self.max_trips is None and not self.is_hard else self.max_trips
