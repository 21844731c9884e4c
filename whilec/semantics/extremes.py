"""The largest and smallest value of an affine index over a FOR nest, as polynomials.

FOR variables are replaced by their first or last values, innermost first. So the bound of
`i + j` with `j FROM 0 TO n - 1 - i` is `n - 1`, where intervals would give `2*n - 2`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from whilec.diagnostics.model import WhileError
from whilec.semantics import sizes
from whilec.semantics.context import ForFrame
from whilec.semantics.static import StaticEnvironment, evaluate
from whilec.semantics.types import Dim
from whilec.syntax import ast


@final
@dataclass(frozen=True)
class Extreme:
    """A bound, and the values of the FOR variables there, innermost first.

    A value may depend on the FOR variables further out.
    """

    value: Dim
    places: tuple[tuple[ForFrame, Dim], ...]


def _symbol(name: str) -> str:
    """A FOR variable's name within polynomials; no shape variable is called so."""
    return f"{name} "


@final
class Extremes:
    """Bounds of static integers in one unit."""

    def __init__(self, environment: StaticEnvironment) -> None:
        self._environments: dict[ForFrame | None, StaticEnvironment] = {None: environment}
        self._ranges: dict[ForFrame, tuple[Dim, Dim, int] | None] = {}

    def of(self, expr: ast.Expr, loops: Sequence[ForFrame], *, is_upper: bool) -> Extreme | None:
        """The upper or lower bound of a static integer; None where it is not affine."""
        value = _polynomial(expr, self._inside(loops))
        places: list[tuple[ForFrame, Dim]] = []
        for depth in range(len(loops) - 1, -1, -1):
            name = _symbol(loops[depth].statement.variable.id)
            found = self._range(loops[: depth + 1])
            factor = None if value is None else _factor(value, name)
            if found is None or value is None or factor is None:
                return None
            start, stop, step = found
            takes_stop = (factor > 0) == (is_upper == (step > 0))
            place = stop if factor and takes_stop else start
            places.append((loops[depth], place))
            value = sizes.replace(value, name, place)
        return None if value is None else Extreme(value, tuple(places))

    def point(self, extreme: Extreme, loops: Sequence[ForFrame]) -> Mapping[str, Dim] | None:
        """The FOR variables where a bound is reached; None if it may not be."""
        point: dict[str, Dim] = {}
        for depth, (loop, place) in enumerate(reversed(extreme.places), 1):
            found = self._range(loops[:depth])
            if found is None or abs(found[2]) != 1:
                return None
            start, stop, step = found
            trips = sizes.subtract(stop, start) if step > 0 else sizes.subtract(start, stop)
            for name, value in point.items():
                place = sizes.replace(place, _symbol(name), value)
                trips = sizes.replace(trips, _symbol(name), value)
            if not sizes.is_never_negative(trips):
                return None
            point[loop.statement.variable.id] = place
        return point

    def _range(self, loops: Sequence[ForFrame]) -> tuple[Dim, Dim, int] | None:
        """First value, last value and step of the innermost loop, as polynomials."""
        frame = loops[-1]
        if frame not in self._ranges:
            statement = frame.statement
            outside = self._inside(loops[:-1])
            start, stop = _polynomial(statement.start, outside), _polynomial(statement.stop, outside)
            step = 1 if statement.step is None else _polynomial(statement.step, outside)
            if start is None or stop is None or not isinstance(step, int) or step == 0:
                self._ranges[frame] = None
            else:
                self._ranges[frame] = (start, stop, step)
        return self._ranges[frame]

    def _inside(self, loops: Sequence[ForFrame]) -> StaticEnvironment:
        """The environment in which the FOR variables stand for themselves."""
        frame = loops[-1] if loops else None
        if frame not in self._environments:
            assert frame is not None
            outside = self._inside(loops[:-1])
            name = frame.statement.variable.id
            self._environments[frame] = outside.inside({name: sizes.symbol(_symbol(name))})
        return self._environments[frame]


def _polynomial(expr: ast.Expr, environment: StaticEnvironment) -> Dim | None:
    try:
        value = evaluate(expr, environment)
    except WhileError:
        return None
    return None if isinstance(value, float) or not sizes.is_polynomial(value) else value


def _factor(size: Dim, name: str) -> int | None:
    """The constant factor of a name in a polynomial; None if there is no such one."""
    factor = 0
    for names, each in sizes.terms_of(size).items():
        if names == (name,):
            factor = each
        elif name in names:
            return None
    return factor
