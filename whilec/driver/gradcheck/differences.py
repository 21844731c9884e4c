"""Slopes of a function at a point by finite differences, from both sides.

The steps halve. From neighbouring steps Richardson's extrapolation takes away the leading error, and
where successive extrapolations agree best is the slope, with their disagreement as its error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from math import ceil, floor, inf, isfinite, log2, nan
from typing import final

TOLERANCE = 1e-5
"""Largest relative difference between a gradient and the slope."""

_ROUNDING = 2.0**-50
"""Of a function value, relative to it: a few units in the last place."""

_JUMPS = 5
"""Steps over which a difference that comes from a jump does not shrink."""


class Kind(Enum):
    """How a function looks near a point."""

    SMOOTH = "smooth"
    KINK = "kink"
    JUMP = "jump"
    UNSETTLED = "unsettled"
    """The differences do not tell."""


@final
@dataclass(frozen=True)
class Slope:
    """An extrapolated slope and an estimate of its error."""

    value: float
    error: float

    def is_settled(self, least: float) -> bool:
        """Whether the error is small against the slope, or against `least`."""
        return isfinite(self.value) and self.error <= TOLERANCE * max(abs(self.value), least)


_UNKNOWN = Slope(nan, inf)


@final
@dataclass(frozen=True)
class Estimate:
    """What finite differences say at a point.

    Args:
        kind: How the function looks there.
        slope: Of the function, if it is smooth.
        left: Its slope from the left; at a jump, its value there.
        right: The same from the right.
    """

    kind: Kind
    slope: Slope
    left: float
    right: float


@final
@dataclass(frozen=True)
class Side:
    """A function on one side of a point.

    Args:
        steps: Distances from the point, each about half of the one before.
        values: Of the function there; NaN where it cannot be evaluated.
    """

    steps: tuple[float, ...]
    values: tuple[float, ...]

    def slopes(self, here: float) -> list[float]:
        """The difference quotients, going away from the point."""
        return [(value - here) / step for value, step in zip(self.values, self.steps, strict=True)]

    @property
    def is_missing(self) -> bool:
        """Whether the function cannot be evaluated on this side."""
        return all(value != value for value in self.values)


def steps_around(x: float, steepness: float, least: float) -> tuple[float, ...]:
    """Powers of two, from about the width of a relaxed comparison down to `least`."""
    largest = -5 - ceil(log2(max(1.0, steepness)))
    smallest = max(2.0**-30 * abs(x), 2.0 ** (largest - 20), least)
    count = max(_JUMPS, 1 + floor(largest - log2(smallest)))
    return tuple(2.0 ** (largest - k) for k in range(count))


def least_slope(value: float) -> float:
    """Slopes of an output with this value are known relative to this at least: inputs move by about 1."""
    return 1e-2 * max(1.0, abs(value))


def estimate(here: float, left: Side, right: Side) -> Estimate:
    """What values around a point tell.

    Args:
        here: The value at the point.
        left: Values before it.
        right: Values behind it.
    """
    jumps = [_jumps(here, side.values) for side in (left, right)]
    if any(jumps):
        before, behind = left.values[-1], right.values[-1]
        return Estimate(Kind.JUMP, _UNKNOWN, before if jumps[0] else here, behind if jumps[1] else here)
    size = max(map(abs, (here, *left.values, *right.values)))
    rounding = [_ROUNDING * size / step for step in right.steps]
    least = least_slope(here)
    quotients = [-slope for slope in left.slopes(here)], right.slopes(here)
    before, behind = (_extrapolated(slopes, 1, rounding) for slopes in quotients)
    if left.is_missing or right.is_missing:
        slope = behind if left.is_missing else before
    elif _differ(before, behind, least):
        return Estimate(Kind.KINK, _UNKNOWN, before.value, behind.value)
    else:
        middle = _extrapolated([(a + b) / 2 for a, b in zip(*quotients, strict=True)], 2, rounding)
        mean = Slope((before.value + behind.value) / 2, before.error + behind.error)
        slope = min(middle, mean, key=_error)
    kind = Kind.SMOOTH if slope.is_settled(least) else Kind.UNSETTLED
    return Estimate(kind, slope, before.value, behind.value)


def _extrapolated(slopes: Sequence[float], order: int, rounding: Sequence[float]) -> Slope:
    """The extrapolation that agrees best with its neighbours.

    Args:
        slopes: Difference quotients, the step halved each time.
        order: Of their error in the step.
        rounding: An estimate of their error by rounding.
    """
    factor = 2.0**order
    found = [(factor * b - a) / (factor - 1) for a, b in pairwise(slopes)]
    candidates: list[Slope] = []
    for at in range(1, len(found) - 1):
        spread = max(abs(found[at] - found[at - 1]), abs(found[at] - found[at + 1]))
        error = spread + rounding[at + 1]
        candidates.append(Slope(found[at], error) if isfinite(error) else _UNKNOWN)
    return min(candidates, key=_error, default=_UNKNOWN)


def _error(slope: Slope) -> float:
    return slope.error


def _differ(a: Slope, b: Slope, least: float) -> bool:
    """Whether two one-sided slopes are known well enough to be different."""
    gap = abs(a.value - b.value)
    return a.error + b.error <= gap / 4 and gap > TOLERANCE * max(abs(a.value), abs(b.value), least)


def _jumps(here: float, values: Sequence[float]) -> bool:
    """Whether values stay away from that at the point as the steps shrink."""
    gaps = [abs(value - here) for value in values[-_JUMPS:]]
    if len(gaps) < _JUMPS or not all(map(isfinite, gaps)):
        return False
    # A difference that comes from a slope is 16 times larger four halvings before.
    return gaps[-1] > 1e-4 * max(1.0, abs(here)) and gaps[0] < 2 * gaps[-1]
