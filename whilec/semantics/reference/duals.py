"""Forward-mode dual numbers: a value with its derivatives by every input."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TypeAlias, final

from whilec.semantics.reference import floats

Tangent: TypeAlias = tuple[float, ...]


@final
class Dual:
    """`value` with `tangent[i]`, its derivative by the i-th input.

    Floats and ints mix with dual numbers as constants.
    """

    __slots__ = ("tangent", "value")

    def __init__(self, value: float, tangent: Tangent) -> None:
        self.value = value
        self.tangent = tangent

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {self.tangent!r})"

    def __neg__(self) -> Dual:
        return Dual(-self.value, tuple([-t for t in self.tangent]))

    def __add__(self, other: object) -> Dual:
        if isinstance(other, Dual):
            tangent = tuple([a + b for a, b in zip(self.tangent, other.tangent, strict=True)])
            return Dual(self.value + other.value, tangent)
        if isinstance(other, int | float):
            return Dual(self.value + other, self.tangent)
        return NotImplemented

    __radd__ = __add__

    def __sub__(self, other: object) -> Dual:
        if isinstance(other, Dual):
            tangent = tuple([a - b for a, b in zip(self.tangent, other.tangent, strict=True)])
            return Dual(self.value - other.value, tangent)
        if isinstance(other, int | float):
            return Dual(self.value - other, self.tangent)
        return NotImplemented

    def __rsub__(self, other: float) -> Dual:
        return Dual(other - self.value, tuple([-t for t in self.tangent]))

    def __mul__(self, other: object) -> Dual:
        if isinstance(other, Dual):
            return combine(self.value * other.value, other.value, self, self.value, other)
        if isinstance(other, int | float):
            return Dual(self.value * other, _scaled(self.tangent, other))
        return NotImplemented

    __rmul__ = __mul__


def _scaled(tangent: Tangent, factor: float) -> Tangent:
    # What is not passed on stays without influence, even if it is infinite.
    return tuple([t * factor if t and factor else 0.0 for t in tangent])


def combine(value: float, da: float, a: Dual, db: float, b: Dual) -> Dual:
    """The number `value` with derivatives da by `a` and db by `b`."""
    pairs = zip(_scaled(a.tangent, da), _scaled(b.tangent, db), strict=True)
    return Dual(value, tuple([s + t for s, t in pairs]))


def primal(x: Dual | float) -> float:
    """The value without its derivatives."""
    return x.value if isinstance(x, Dual) else x


def tangent(x: Dual | float, size: int) -> Tangent:
    """The derivatives; those of a constant are 0."""
    return x.tangent if isinstance(x, Dual) else (0.0,) * size


def _lift(
    function: Callable[[float], float], derivative: Callable[[float, float], float]
) -> Callable[[Dual | float], Dual | float]:
    """A function on dual numbers; `derivative` takes the argument and the function's value."""

    def lifted(x: Dual | float) -> Dual | float:
        if not isinstance(x, Dual):
            return function(x)
        value = function(x.value)
        return Dual(value, _scaled(x.tangent, derivative(x.value, value)))

    return lifted


def _sign(x: float) -> float:
    return math.copysign(1.0, x) if x else x


exp = _lift(floats.exp, lambda _, y: y)
log1p = _lift(floats.log1p, lambda x, _: floats.divide(1.0, 1.0 + x))
tanh = _lift(math.tanh, lambda _, y: 1.0 - y * y)
absolute = _lift(abs, lambda x, _: _sign(x))


def divide(a: Dual | float, b: Dual | float) -> Dual | float:
    """a / b by IEEE 754."""
    q = floats.divide(primal(a), primal(b))
    if isinstance(b, Dual):
        db = floats.divide(-q, b.value)
        if isinstance(a, Dual):
            return combine(q, floats.divide(1.0, b.value), a, db, b)
        return Dual(q, _scaled(b.tangent, db))
    if isinstance(a, Dual):
        return Dual(q, _scaled(a.tangent, floats.divide(1.0, b)))
    return q


def power(a: Dual | float, b: Dual | float) -> Dual | float:
    """a^b by IEEE 754."""
    x, y = primal(a), primal(b)
    value = floats.power(x, y)
    da = 0.0 if y == 0.0 else y * floats.power(x, y - 1.0)
    db = 0.0 if value == 0.0 else value * floats.log(x)
    if isinstance(b, Dual):
        if isinstance(a, Dual):
            return combine(value, da, a, db, b)
        return Dual(value, _scaled(b.tangent, db))
    if isinstance(a, Dual):
        return Dual(value, _scaled(a.tangent, da))
    return value


FUNCTIONS: dict[str, Callable[[Dual | float], Dual | float]] = {
    "sqrt": _lift(floats.sqrt, lambda _, y: floats.divide(0.5, y)),
    "exp": exp,
    "log": _lift(floats.log, lambda x, _: floats.divide(1.0, x)),
    "sin": _lift(floats.sin, lambda x, _: floats.cos(x)),
    "cos": _lift(floats.cos, lambda x, _: -floats.sin(x)),
    "tan": _lift(floats.tan, lambda _, y: 1.0 + y * y),
    "tanh": tanh,
}


@final
class DualElementary:
    """Dual numbers as a number type for the relaxations."""

    exp = staticmethod(exp)
    log1p = staticmethod(log1p)
    tanh = staticmethod(tanh)
    multiply = staticmethod(operator.mul)
    divide = staticmethod(divide)
    power = staticmethod(power)
    absolute = staticmethod(absolute)
    functions = FUNCTIONS
    primal = staticmethod(primal)

    @staticmethod
    def mix(weight: Dual | float, a: Dual | float, b: Dual | float) -> Dual | float:
        """weight a + (1 - weight) b; the derivative by the weight is a - b, also for a steep one."""
        w, x, y = primal(weight), primal(a), primal(b)
        value = floats.FloatElementary.mix(w, x, y)
        size = next((len(n.tangent) for n in (weight, a, b) if isinstance(n, Dual)), -1)
        if size < 0:
            return value
        parts = zip(
            _scaled(tangent(weight, size), x - y),
            _scaled(tangent(a, size), w),
            _scaled(tangent(b, size), 1.0 - w),
            strict=True,
        )
        return Dual(value, tuple([dw + da + db for dw, da, db in parts]))

    @staticmethod
    def is_finite(x: Dual | float) -> bool:
        """Whether the value is finite."""
        return math.isfinite(primal(x))

    @staticmethod
    def position(x: Dual | float, last: int) -> int:
        """floor(x) cut to 0..last; 0 for NaN."""
        return floats.FloatElementary.position(primal(x), last)

    @staticmethod
    def largest(xs: list[Dual | float]) -> float:
        """The maximum, as a constant."""
        return max(primal(x) for x in xs)

    @staticmethod
    def clamp(x: Dual | float, low: float, high: float) -> Dual | float:
        """x cut to [low, high], with derivative 1 on the border; NaN passes."""
        value = primal(x)
        return low if value < low else high if value > high else x

    @staticmethod
    def at_least(a: Dual | float, b: Dual | float) -> bool:
        """a >= b."""
        return primal(a) >= primal(b)

    @staticmethod
    def select(mask: bool, a: Dual | float, b: Dual | float) -> Dual | float:
        """a if the mask holds, else b."""
        return a if mask else b

    @staticmethod
    def number(x: float) -> float:
        """A constant."""
        return floats.to_float(x)
