"""The relaxations once more, by other formulas, in exact or 60-digit arithmetic."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from math import comb, factorial
from typing import Any

MODES: list[dict[str, Any]] = [
    *({"smooth": k} for k in range(9)),
    {"smooth": "inf"},
    {"smooth": "inf", "phi": "bump"},
]
"""The options of every smooth mode."""

MODE_NAMES = [*(f"C{k}" for k in range(9)), "sech", "bump"]
FEW_MODES = [MODES[0], MODES[2], *MODES[9:]]
FEW_NAMES = ["C0", "C2", "sech", "bump"]
DIGITS = 60


def smoothstep(k: int, t: Fraction) -> Fraction:
    """S_k(t), written as t^(k+1) times a polynomial of 1 - t."""
    return t ** (k + 1) * sum((comb(k + n, n) * (1 - t) ** n for n in range(k + 1)), Fraction(0))


def smoothstep_slope(k: int, t: Fraction) -> Fraction:
    """S_k'(t) = (2k+1)! / k!^2 t^k (1-t)^k."""
    return Fraction(factorial(2 * k + 1), factorial(k) ** 2) * t**k * (1 - t) ** k


def smoothstep_integral(k: int, t: Fraction) -> Fraction:
    """The integral of S_k from 0 to t."""
    return sum(
        (
            Fraction(comb(k + n, n) * comb(n, j) * (-1) ** j, k + 2 + j) * t ** (k + 2 + j)
            for n in range(k + 1)
            for j in range(n + 1)
        ),
        Fraction(0),
    )


def _decimal(x: float | Fraction) -> Decimal:
    f = Fraction(x)
    return Decimal(f.numerator) / Decimal(f.denominator)


def sech(x: float) -> Decimal:
    """1 / cosh x."""
    with localcontext() as context:
        context.prec = DIGITS
        return 2 / (_decimal(x).exp() + (-_decimal(x)).exp())


def logistic(x: float) -> Decimal:
    """1 / (1 + e^-x)."""
    with localcontext() as context:
        context.prec = DIGITS
        return 1 / (1 + (-_decimal(x)).exp())


def softplus(x: float) -> Decimal:
    """log(1 + e^x)."""
    with localcontext() as context:
        context.prec = DIGITS
        return (1 + _decimal(x).exp()).ln()


def bump(t: Fraction) -> Decimal:
    """g(t) / (g(t) + g(1 - t)) with g(t) = exp(-1/t)."""
    with localcontext() as context:
        context.prec = DIGITS
        if t <= 0 or t >= 1:
            return Decimal(int(t >= 1))
        low, high = (-1 / _decimal(t)).exp(), (-1 / _decimal(1 - t)).exp()
        return low / (low + high)


def rise(mode: dict[str, Any], t: Fraction) -> float:
    """The function of [0, 1] that finite k and bump use everywhere."""
    t = min(max(t, Fraction(0)), Fraction(1))
    return float(bump(t) if "phi" in mode else smoothstep(mode["smooth"], t))


def phi(mode: dict[str, Any], x: float, s: float = 1.0) -> float:
    """The degree to which x != 0."""
    if mode == {"smooth": "inf"}:
        with localcontext() as context:
            context.prec = DIGITS
            return float(1 - sech(s * x))
    return rise(mode, Fraction(s) * abs(Fraction(x)))


def equal(mode: dict[str, Any], x: float, s: float = 1.0) -> float:
    """The degree to which x = 0, to full relative precision."""
    if mode == {"smooth": "inf"}:
        return float(sech(s * x))
    return rise(mode, 1 - min(Fraction(1), Fraction(s) * abs(Fraction(x))))


def step(mode: dict[str, Any], d: float, s: float = 1.0) -> float:
    """The degree to which d > 0."""
    if mode == {"smooth": "inf"}:
        return float(logistic(s * d))
    return rise(mode, Fraction(1, 2) + Fraction(s) * Fraction(d))


def ramp(mode: dict[str, Any], d: float, s: float = 1.0) -> float:
    """R(d), the integral of the step from minus infinity to d; not for bump."""
    if mode["smooth"] == "inf":
        return float(softplus(s * d)) / s
    exact, slope = Fraction(d), Fraction(s)
    t = min(max(Fraction(1, 2) + slope * exact, Fraction(0)), Fraction(1))
    return float(smoothstep_integral(mode["smooth"], t) / slope + max(Fraction(0), exact - 1 / (2 * slope)))


def maximum(mode: dict[str, Any], a: float, b: float, s: float = 1.0) -> float:
    """The monotone maximum of two reals, b + R(a - b)."""
    return b + ramp(mode, a - b, s)


def blended_maximum(mode: dict[str, Any], a: float, b: float, s: float = 1.0) -> float:
    """h a + (1 - h) b with h = step(a - b)."""
    h = step(mode, a - b, s)
    return h * a + (1 - h) * b
