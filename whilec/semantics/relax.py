r"""The relaxations of the language: smooth stand-ins for `x != 0` and `d > 0`.

Written once, over `Elementary`: the few functions that a number type (float, dual number,
tensor) must offer. Everything is elementwise. A formula here is also right when it is
differentiated, to every order that its class allows: selections never meet at a point where
their branches disagree, and no branch that is not taken can put a NaN into a derivative.

Source: AlgoNet, sections 3.1 and 3.2; language.md of this project, section 3.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Any, Literal, Protocol, TypeAlias, final

from whilec.diagnostics.model import InternalError

Value: TypeAlias = Any
"""A number, a dual number or a tensor."""
Mask: TypeAlias = Any
"""A bool, or a tensor of bools."""


class Elementary(Protocol):
    """What a number type must offer; `+ - *` are its Python operators."""

    def exp(self, x: Value, /) -> Value:
        """e^x."""
        ...

    def log1p(self, x: Value, /) -> Value:
        """log(1 + x)."""
        ...

    def tanh(self, x: Value, /) -> Value:
        """The hyperbolic tangent."""
        ...

    def multiply(self, a: Value, b: Value, /) -> Value:
        """a * b, whose derivatives are 0 where nothing is passed on, also for infinite factors."""
        ...

    def mix(self, weight: Value, a: Value, b: Value, /) -> Value:
        """weight * a + (1 - weight) * b, whose derivative by the weight is a - b."""
        ...

    def divide(self, a: Value, b: Value, /) -> Value:
        """a / b by IEEE 754."""
        ...

    def absolute(self, x: Value, /) -> Value:
        """abs(x), with derivative 0 at 0."""
        ...

    def clamp(self, x: Value, low: float, high: float, /) -> Value:
        """x cut to [low, high], with derivative 1 on the border; NaN passes."""
        ...

    def at_least(self, a: Value, b: Value, /) -> Mask:
        """a >= b, false for NaN."""
        ...

    def is_finite(self, x: Value, /) -> Mask:
        """Whether x is neither infinite nor NaN."""
        ...

    def select(self, mask: Mask, a: Value, b: Value, /) -> Value:
        """a where the mask holds, else b."""
        ...


def magnitude(m: Elementary, x: Value) -> Value:
    """abs(x) whose derivative at 0 is the one from the right (1, not 0)."""
    return m.select(m.at_least(x, 0.0), x, -x)


def logistic(m: Elementary, z: Value) -> Value:
    """1 / (1 + e^-z), without overflow in value and derivatives."""
    e = m.exp(-magnitude(m, z))
    r = m.divide(1.0, 1.0 + e)
    return m.select(m.at_least(z, 0.0), r, m.multiply(e, r))


def sech(m: Elementary, z: Value) -> Value:
    """1 / cosh(z) to full relative precision, even where it underflows."""
    is_near = m.at_least(1.0, m.absolute(z))
    near = m.select(is_near, z, 0.0)
    far = m.select(is_near, 1.0, m.absolute(z))
    e = m.exp(-far)
    return m.select(is_near, m.divide(2.0, m.exp(near) + m.exp(-near)), m.divide(2.0 * e, 1.0 + e * e))


class AbstractRelaxation(ABC):
    """A family of smooth degrees; steepness `s` is in 1 / (unit of the operand)."""

    @abstractmethod
    def differs(self, m: Elementary, x: Value, s: Value) -> Value:
        """phi(x), the degree to which x != 0, in [0, 1]."""

    @abstractmethod
    def equals(self, m: Elementary, x: Value, s: Value) -> Value:
        """1 - phi(x), the degree to which x = 0."""

    @abstractmethod
    def exceeds(self, m: Elementary, d: Value, s: Value) -> Value:
        """step(d), the degree to which d > 0."""

    @abstractmethod
    def tail(self, m: Elementary, distance: Value, s: Value) -> Value:
        """R(-distance) for distance >= 0, where R is the integral of `exceeds`."""

    @property
    @abstractmethod
    def is_monotone(self) -> bool:
        """Whether min and max of reals use `tail` (else the blend that is exact at ties)."""

    @property
    @abstractmethod
    def is_local(self) -> bool:
        """Whether a soft index reads two neighbours by `tap` (else all elements count)."""

    @abstractmethod
    def tap(self, m: Elementary, u: Value) -> Value:
        """Weight of the upper of two neighbours at u in [0, 1]."""


def _evaluate(coefficients: tuple[float, ...], t: Value) -> Value:
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * t + coefficient
    return total


@final
@dataclass(frozen=True)
class PolynomialRelaxation(AbstractRelaxation):
    """Mode k: the smoothstep polynomial S_k of class C^k, 0 <= k <= 8."""

    k: int

    @cached_property
    def _smoothstep(self) -> tuple[float, ...]:
        k = self.k
        return tuple(float((-1) ** n * comb(k + n, n) * comb(2 * k + 1, k - n)) for n in range(k + 1))

    @cached_property
    def _integral(self) -> tuple[float, ...]:
        return tuple(c / (self.k + 2 + n) for n, c in enumerate(self._smoothstep))

    def _lower_half(self, t: Value) -> Value:
        value = _evaluate(self._smoothstep, t)
        for _ in range(self.k + 1):
            value = value * t
        return value

    def smoothstep(self, m: Elementary, t: Value) -> Value:
        """S_k(t) for t in [0, 1]; exactly 0, 1/2, 1 at 0, 1/2, 1."""
        is_upper = m.at_least(t, 0.5)
        half = self._lower_half(m.select(is_upper, 1.0 - t, t))
        return m.select(is_upper, 1.0 - half, half)

    def differs(self, m: Elementary, x: Value, s: Value) -> Value:
        return self.smoothstep(m, m.clamp(m.multiply(s, m.absolute(x)), 0.0, 1.0))

    def equals(self, m: Elementary, x: Value, s: Value) -> Value:
        return self.smoothstep(m, 1.0 - m.clamp(m.multiply(s, m.absolute(x)), 0.0, 1.0))

    def exceeds(self, m: Elementary, d: Value, s: Value) -> Value:
        return self.smoothstep(m, m.clamp(0.5 + m.multiply(s, d), 0.0, 1.0))

    def tail(self, m: Elementary, distance: Value, s: Value) -> Value:
        t = m.clamp(0.5 - m.multiply(s, distance), 0.0, 1.0)
        value = _evaluate(self._integral, t)
        for _ in range(self.k + 2):
            value = value * t
        return m.divide(value, s)

    @property
    def is_monotone(self) -> bool:
        return True

    @property
    def is_local(self) -> bool:
        return True

    def tap(self, m: Elementary, u: Value) -> Value:
        return self.smoothstep(m, u)


@final
@dataclass(frozen=True)
class SechRelaxation(AbstractRelaxation):
    """Mode inf of the paper: phi(x) = 1 - sech(s x), and the logistic step."""

    def differs(self, m: Elementary, x: Value, s: Value) -> Value:
        z = m.multiply(s, x)
        return m.tanh(z) * m.tanh(0.5 * z)

    def equals(self, m: Elementary, x: Value, s: Value) -> Value:
        return sech(m, m.multiply(s, x))

    def exceeds(self, m: Elementary, d: Value, s: Value) -> Value:
        return logistic(m, m.multiply(s, d))

    def tail(self, m: Elementary, distance: Value, s: Value) -> Value:
        return m.divide(m.log1p(m.exp(-m.multiply(s, distance))), s)

    @property
    def is_monotone(self) -> bool:
        return True

    @property
    def is_local(self) -> bool:
        return False

    def tap(self, m: Elementary, u: Value) -> Value:
        raise InternalError("with sech all elements count")


@final
@dataclass(frozen=True)
class BumpRelaxation(AbstractRelaxation):
    """Mode inf with `phi="bump"`: g(t) / (g(t) + g(1 - t)), g(t) = exp(-1/t).

    Computed as logistic(1/(1-t) - 1/t). Nearer to the ends than `_FLAT` the result is 0 or 1 to
    the last bit of a float64, and all derivatives are 0.
    """

    def _rise(self, m: Elementary, t: Value) -> Value:
        low = m.at_least(_FLAT, t)
        high = m.at_least(t, 1.0 - _FLAT)
        inner = m.select(low, 0.5, m.select(high, 0.5, t))
        value = logistic(m, m.divide(1.0, 1.0 - inner) - m.divide(1.0, inner))
        return m.select(low, 0.0, m.select(high, 1.0, value))

    def differs(self, m: Elementary, x: Value, s: Value) -> Value:
        return self._rise(m, m.clamp(m.multiply(s, m.absolute(x)), 0.0, 1.0))

    def equals(self, m: Elementary, x: Value, s: Value) -> Value:
        return self._rise(m, 1.0 - m.clamp(m.multiply(s, m.absolute(x)), 0.0, 1.0))

    def exceeds(self, m: Elementary, d: Value, s: Value) -> Value:
        return self._rise(m, m.clamp(0.5 + m.multiply(s, d), 0.0, 1.0))

    def tail(self, m: Elementary, distance: Value, s: Value) -> Value:
        raise InternalError("bump has no monotone maximum")

    @property
    def is_monotone(self) -> bool:
        return False

    @property
    def is_local(self) -> bool:
        return True

    def tap(self, m: Elementary, u: Value) -> Value:
        return self._rise(m, u)


_FLAT = 1.0 / 750.0
"""exp(-750) is 0 in float64."""


def relaxation(smooth: int | Literal["inf"], phi: Literal["sech", "bump"]) -> AbstractRelaxation:
    """The relaxation of a smooth mode."""
    if smooth == "inf":
        return BumpRelaxation() if phi == "bump" else SechRelaxation()
    return PolynomialRelaxation(smooth)


def difference(m: Elementary, a: Value, b: Value) -> Value:
    """a - b, and 0 for two equal infinities."""
    return m.select(_are_same_infinity(m, a, b), 0.0, a - b)


def monotone_max(m: Elementary, relaxation: AbstractRelaxation, a: Value, b: Value, s: Value) -> Value:
    """max(a, b) whose derivative by a is the degree to which a > b."""
    d = difference(m, a, b)
    larger = m.select(m.at_least(d, 0.0), a, m.select(m.at_least(0.0, d), b, a + b))
    larger = m.select(_are_same_infinity(m, a, b), 0.5 * a + 0.5 * b, larger)
    return larger + relaxation.tail(m, magnitude(m, d), s)


def blend_max(m: Elementary, relaxation: AbstractRelaxation, a: Value, b: Value, s: Value) -> Value:
    """h a + (1 - h) b with h = step(a - b): exact at ties and where |a - b| >= 1 / (2 s)."""
    return mixture(m, relaxation.exceeds(m, difference(m, a, b), s), a, b)


def blend_min(m: Elementary, relaxation: AbstractRelaxation, a: Value, b: Value, s: Value) -> Value:
    """h b + (1 - h) a with h = step(a - b), the counterpart of `blend_max`."""
    return mixture(m, relaxation.exceeds(m, difference(m, a, b), s), b, a)


def mixture(m: Elementary, weight: Value, a: Value, b: Value) -> Value:
    """weight a + (1 - weight) b, where what has a weight of exactly 0 counts as 0 if not finite."""
    is_only_a = m.at_least(weight, 1.0) & m.at_least(1.0, weight)
    is_only_b = m.at_least(weight, 0.0) & m.at_least(0.0, weight)
    return m.mix(weight, _void_where(m, is_only_b, a), _void_where(m, is_only_a, b))


def weighted(m: Elementary, weight: Value, x: Value) -> Value:
    """weight * x, where an x that is not finite counts as 0 if its weight is exactly 0."""
    is_weightless = m.at_least(weight, 0.0) & m.at_least(0.0, weight)
    return m.multiply(weight, _void_where(m, is_weightless, x))


def _void_where(m: Elementary, mask: Mask, x: Value) -> Value:
    return m.select(mask, m.select(m.is_finite(x), x, 0.0), x)


def _are_same_infinity(m: Elementary, a: Value, b: Value) -> Mask:
    infinite = float("inf")
    return m.at_least(m.absolute(a), infinite) & m.at_least(a, b) & m.at_least(b, a)
