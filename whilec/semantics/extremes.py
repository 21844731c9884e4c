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
from whilec.semantics.static import StaticEnvironment, StaticValue, evaluate
from whilec.semantics.types import Dim
from whilec.syntax import ast


@final
@dataclass(frozen=True)
class Extreme:
    """A bound, and whether some point of the nest surely reaches it."""

    value: Dim
    is_reached: bool
    point: Mapping[str, Dim]
    """The FOR variables where it is reached."""


def _symbol(name: str) -> str:
    """A FOR variable's name within polynomials; no shape variable is called so."""
    return f"{name} "


def extreme(
    expr: ast.Expr, loops: Sequence[ForFrame], environment: StaticEnvironment, *, is_upper: bool
) -> Extreme | None:
    """The upper or lower bound of a static integer; None where it is not affine."""
    names: dict[str, StaticValue] = dict(environment.names)
    for loop in loops:
        name = loop.statement.variable.id
        names[name] = sizes.symbol(_symbol(name))
    inner = StaticEnvironment(names, environment.types)
    value = _polynomial(expr, inner)
    if value is None:
        return None
    is_reached = True
    chosen: dict[str, Dim] = {}
    conditions: list[Dim] = []
    for loop in reversed(loops):
        statement = loop.statement
        name = _symbol(statement.variable.id)
        start, stop = _polynomial(statement.start, inner), _polynomial(statement.stop, inner)
        step: Dim | None = 1 if statement.step is None else _polynomial(statement.step, inner)
        factor = _factor(value, name)
        if start is None or stop is None or factor is None or not isinstance(step, int) or step == 0:
            return None
        is_reached = is_reached and abs(step) == 1
        takes_stop = (factor > 0) == is_upper if step > 0 else (factor > 0) != is_upper
        bound = stop if factor and takes_stop else start
        conditions.append(sizes.subtract(stop, start) if step > 0 else sizes.subtract(start, stop))
        chosen[name] = bound
        value = _replace(value, name, bound)
    point: dict[str, Dim] = {}
    for loop in loops:
        name = loop.statement.variable.id
        found = chosen[_symbol(name)]
        for outer, chosen_value in point.items():
            found = _replace(found, _symbol(outer), chosen_value)
        point[name] = found
        conditions = [_replace(each, _symbol(name), found) for each in conditions]
    return Extreme(value, is_reached and all(map(is_never_negative, conditions)), point)


def is_never_negative(size: Dim) -> bool:
    """Whether a size is >= 0 whatever the shape variables, which are >= 1."""
    if isinstance(size, int):
        return size >= 0
    shifted: Dim = size
    for name in {name for names, _ in size.terms for name in names}:
        shifted = _replace(shifted, name, sizes.add(sizes.symbol(name), 1))
    return sizes.is_polynomial(shifted) and all(factor >= 0 for factor in sizes.terms_of(shifted).values())


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


def _replace(size: Dim, name: str, value: Dim) -> Dim:
    """The polynomial with `value` for `name`."""
    result: Dim = 0
    for names, factor in sizes.terms_of(size).items():
        term: Dim = factor
        for each in names:
            term = sizes.multiply(term, value if each == name else sizes.symbol(each))
        result = sizes.add(result, term)
    return result
