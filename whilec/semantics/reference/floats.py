"""Elementary functions of Python floats by IEEE 754: no function here raises."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import final

INFINITY = math.inf
NAN = math.nan


def to_float(x: float) -> float:
    """The float nearest to a number; an int beyond the range becomes infinite."""
    try:
        return float(x)
    except OverflowError:
        return INFINITY if x > 0 else -INFINITY


def divide(a: float, b: float) -> float:
    """a / b; a quotient by zero is infinite or NaN."""
    if b != 0.0:
        return a / b
    if a == 0.0 or a != a:
        return NAN
    return math.copysign(INFINITY, a) * math.copysign(1.0, b)


def exp(x: float) -> float:
    """e^x, infinite beyond the range."""
    try:
        return math.exp(x)
    except OverflowError:
        return INFINITY


def log(x: float) -> float:
    """Natural logarithm; -inf at 0, NaN below."""
    if x > 0.0:
        return math.log(x)
    return -INFINITY if x == 0.0 else NAN


def log1p(x: float) -> float:
    """log(1 + x); -inf at -1, NaN below."""
    if x > -1.0:
        return math.log1p(x)
    return -INFINITY if x == -1.0 else NAN


def sqrt(x: float) -> float:
    """Square root; NaN below 0."""
    return math.sqrt(x) if x >= 0.0 else NAN


def sin(x: float) -> float:
    """Sine; NaN at infinities."""
    return math.sin(x) if math.isfinite(x) else NAN


def cos(x: float) -> float:
    """Cosine; NaN at infinities."""
    return math.cos(x) if math.isfinite(x) else NAN


def tan(x: float) -> float:
    """Tangent; NaN at infinities."""
    return math.tan(x) if math.isfinite(x) else NAN


def power(a: float, b: float) -> float:
    """a^b by IEEE 754; NaN for a negative base with a fractional exponent."""
    try:
        return math.pow(a, b)
    except OverflowError:
        is_odd = b == math.floor(b) and math.fmod(b, 2.0) != 0.0
        return -INFINITY if a < 0.0 and is_odd else INFINITY
    except ValueError:
        if a == 0.0:
            is_odd = b == math.floor(b) and math.fmod(b, 2.0) != 0.0
            return math.copysign(INFINITY, a) if is_odd else INFINITY
        return NAN


FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sqrt": sqrt,
    "exp": exp,
    "log": log,
    "sin": sin,
    "cos": cos,
    "tan": tan,
    "tanh": math.tanh,
}


@final
class FloatElementary:
    """Floats as a number type for the relaxations."""

    exp = staticmethod(exp)
    log1p = staticmethod(log1p)
    tanh = staticmethod(math.tanh)
    multiply = staticmethod(operator.mul)
    divide = staticmethod(divide)
    power = staticmethod(power)
    absolute = staticmethod(abs)
    is_finite = staticmethod(math.isfinite)
    functions = FUNCTIONS

    @staticmethod
    def mix(weight: float, a: float, b: float) -> float:
        """weight a + (1 - weight) b."""
        return (1.0 - weight) * b + weight * a

    @staticmethod
    def clamp(x: float, low: float, high: float) -> float:
        """x cut to [low, high]; NaN passes."""
        return low if x < low else high if x > high else x

    @staticmethod
    def at_least(a: float, b: float) -> bool:
        """a >= b."""
        return a >= b

    @staticmethod
    def select(mask: bool, a: float, b: float) -> float:
        """a if the mask holds, else b."""
        return a if mask else b

    @staticmethod
    def position(x: float, last: int) -> int:
        """floor(x) cut to 0..last; 0 for NaN."""
        return min(max(math.floor(x), 0), last) if math.isfinite(x) else 0

    @staticmethod
    def largest(xs: list[float]) -> float:
        """The maximum, as a constant."""
        return max(xs)

    @staticmethod
    def number(x: float) -> float:
        """A constant."""
        return to_float(x)

    @staticmethod
    def primal(x: float) -> float:
        """The plain value of a number."""
        return x
