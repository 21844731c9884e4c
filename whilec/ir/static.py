"""Static integers and truths of the IR: small trees over FOR counters, evaluated before kernels run.

They stand in attributes (positions, bounds, static choices), not among the operands: a backend
works with numbers of the batch, and these are the same for the whole batch.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from whilec.ir.types import Value
from whilec.source import Span


@final
@dataclass(frozen=True)
class Counter:
    """The value of a FOR variable."""

    value: Value


@final
@dataclass(frozen=True)
class Apply:
    """An operation on static integers: a key of `FUNCTIONS`, or `and`, `or` (which are lazy)."""

    function: str
    arguments: tuple[Static, ...]
    span: Span


Static: TypeAlias = int | bool | Counter | Apply
"""A static integer, or the truth of a static condition."""


def _quotient(a: int, b: int) -> int:
    return a // b


def _sign(x: int) -> int:
    return (x > 0) - (x < 0)


def _not(x: bool) -> bool:
    return not x


_FUNCTIONS: dict[str, Any] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "negate": operator.neg,
    "min": min,
    "max": max,
    "abs": abs,
    "sign": _sign,
    "div": _quotient,
    "mod": operator.mod,
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "not": _not,
}
FUNCTIONS: Mapping[str, Callable[..., Any]] = _FUNCTIONS
"""The operations by name; `and` and `or` are not among them."""


class StaticDivisionError(Exception):
    """A static division by zero: the dividend and the place."""

    def __init__(self, dividend: int, span: Span) -> None:
        super().__init__(f"{dividend} by 0")
        self.dividend = dividend
        self.span = span


def evaluate(static: Static, counters: Mapping[Value, int]) -> Any:
    """The value of a static integer or truth.

    Raises:
        StaticDivisionError: It divides by zero.
    """
    if isinstance(static, int):
        return static
    if isinstance(static, Counter):
        return counters[static.value]
    if static.function in ("and", "or"):
        left, right = static.arguments
        is_decided = bool(evaluate(left, counters)) == (static.function == "or")
        return static.function == "or" if is_decided else evaluate(right, counters)
    arguments = [evaluate(argument, counters) for argument in static.arguments]
    if static.function in ("div", "mod") and arguments[1] == 0:
        raise StaticDivisionError(arguments[0], static.span)
    return FUNCTIONS[static.function](*arguments)


def folded(static: Static, counters: Mapping[Value, Static]) -> Static:
    """The tree with some counters replaced, and computed where everything is known."""
    if isinstance(static, int):
        return static
    if isinstance(static, Counter):
        return counters.get(static.value, static)
    arguments = tuple(folded(argument, counters) for argument in static.arguments)
    result = Apply(static.function, arguments, static.span)
    if not all(isinstance(argument, int) for argument in arguments):
        return result
    is_division_by_zero = static.function in ("div", "mod") and arguments[1] == 0
    return result if is_division_by_zero else evaluate(result, {})


def counters_in(static: Static) -> Iterator[Value]:
    """The FOR counters that a static integer depends on."""
    match static:
        case Counter():
            yield static.value
        case Apply():
            for argument in static.arguments:
                yield from counters_in(argument)
        case _:
            return
