"""Degrees of truth on tensors: phi(x) for `x != 0` and step(d) for `d > 0`, one class per family.

Everything is elementwise, and right when it is differentiated to every order that the family
allows. `s` is the steepness.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Any, final, overload

import torch

from whilec.backends.torch_library.numbers import (
    EXPONENT_LIMIT,
    VANISHING,
    Number,
    constant,
    divide,
    is_uniform,
    logistic,
    multiply,
    uniform,
)


@overload
def steep(x: torch.Tensor, s: Number) -> torch.Tensor: ...
@overload
def steep(x: Number, s: Number) -> Number: ...
def steep(x: Number, s: Number) -> Number:
    """The product s x."""
    if is_uniform(s):
        return x if is_one(s) else x * s
    return multiply(x, s)


def is_one(s: Number) -> bool:
    """Whether a steepness is 1 for good: traced code keeps a steepness as an input."""
    return type(s) is float and s == 1.0


def elementwise(function: Callable[[torch.Tensor], torch.Tensor], x: Number) -> Number:
    """A function of a tensor, also at a Python number."""
    return uniform(function, x) if is_uniform(x) else function(x)


@final
@dataclass(frozen=True)
class Sech:
    """Mode inf of the paper: phi(x) = 1 - sech(s x), and the logistic step."""

    is_local = False

    def differs(self, x: Number, s: Number) -> Number:
        """Phi(x)."""
        return elementwise(lambda z: torch.tanh(z) * torch.tanh(0.5 * z), steep(x, s))

    def equals(self, x: Number, s: Number) -> Number:
        """1 - phi(x)."""
        return elementwise(sech, steep(x, s))

    def exceeds(self, d: Number, s: Number) -> Number:
        """Step(d)."""
        return elementwise(logistic, steep(d, s))

    def differs_with_slope(self, x: torch.Tensor, s: float) -> tuple[torch.Tensor, torch.Tensor]:
        """phi(x) and its derivative."""
        z = x if s == 1.0 else x * s
        rise = torch.tanh(z)
        value = (z * constant(0.5, z.dtype)).tanh_().mul_(rise)
        slope = rise.addcmul_(value, rise, value=-1.0)
        return value, slope if s == 1.0 else slope.mul_(s)

    def equals_with_slope(self, x: torch.Tensor, s: float) -> tuple[torch.Tensor, torch.Tensor]:
        """1 - phi(x) and its derivative."""
        z = x * s
        value = torch.exp(z).add_(torch.exp(-z)).reciprocal_().mul_(2.0)
        torch.threshold_(value, 6.0 * VANISHING[z.dtype], 0.0)
        return value, z.tanh_().mul_(value).mul_(-s)

    def exceeds_with_slope(self, d: torch.Tensor, s: float) -> tuple[torch.Tensor, torch.Tensor]:
        """step(d) and its derivative."""
        z = torch.neg(d) if s == 1.0 else d * constant(-s, d.dtype)
        growth = z.exp_()
        value = torch.reciprocal(growth + constant(1.0, d.dtype))
        torch.threshold_(value, VANISHING[z.dtype], 0.0)
        # 1 - value is lost to rounding where value is near 1.
        slope = growth.clamp_(max=LARGEST[z.dtype]).mul_(value).mul_(value)
        return value, slope if s == 1.0 else slope.mul_(s)

    def smaller_with_slope(
        self, a: torch.Tensor, b: torch.Tensor, s: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The monotone minimum and its derivative by a."""
        d = b - a
        tail = torch.abs(d).mul_(-s).exp_().log1p_()
        tail = tail if s == 1.0 else tail.div_(s)
        return torch.minimum(a, b).sub_(tail), d.mul_(s).sigmoid_()

    def tail(self, distance: torch.Tensor, s: Number) -> Number:
        """The integral of step from minus infinity to -distance, for distance >= 0."""
        value = torch.log1p(torch.exp(-steep(distance, s)))
        return value if is_one(s) else divide(value, s)


LARGEST = {torch.float64: 1e308, torch.float32: 3e38}
"""Finite, and so large that its product with a degree of 0 is 0 where that of inf were NaN."""


def sech(z: torch.Tensor) -> torch.Tensor:
    """1 / cosh(z)."""
    limit = EXPONENT_LIMIT[z.dtype] - 1.0
    near = torch.clamp(z, -limit, limit)
    value = 2.0 * torch.reciprocal(torch.exp(near) + torch.exp(-near))
    # At the limit it is 2 e times e to the power -`EXPONENT_LIMIT`.
    return torch.where(value <= 6.0 * VANISHING[z.dtype], 0.0, value)


@final
@dataclass(frozen=True)
class Polynomial:
    """Mode k: the smoothstep polynomial S_k of class C^k."""

    k: int
    is_local = True

    def differs(self, x: Number, s: Number) -> Number:
        """Phi(x)."""
        return elementwise(lambda z: self.smoothstep(torch.clamp(torch.abs(z), 0.0, 1.0)), steep(x, s))

    def equals(self, x: Number, s: Number) -> Number:
        """1 - phi(x)."""
        return elementwise(lambda z: self.smoothstep(1.0 - torch.clamp(torch.abs(z), 0.0, 1.0)), steep(x, s))

    def exceeds(self, d: Number, s: Number) -> Number:
        """Step(d)."""
        return elementwise(lambda z: self.smoothstep(torch.clamp(0.5 + z, 0.0, 1.0)), steep(d, s))

    def tail(self, distance: torch.Tensor, s: Number) -> Number:
        """The integral of step from minus infinity to -distance, for distance >= 0."""
        t = torch.clamp(0.5 - steep(distance, s), 0.0, 1.0)
        value = horner([c / (self.k + 2 + n) for n, c in enumerate(self.coefficients)], t)
        for _ in range(self.k + 2):
            value = value * t
        return divide(value, s)

    def differs_with_slope(self, x: torch.Tensor, s: float) -> tuple[torch.Tensor, torch.Tensor]:
        """phi(x) and its derivative."""
        z = steep(x, s)
        t = torch.clamp(torch.abs(z), 0.0, 1.0)
        return self.smoothstep(t), steep(torch.sign(z) * self._slope(t, torch.abs(z) <= 1.0), s)

    def equals_with_slope(self, x: torch.Tensor, s: float) -> tuple[torch.Tensor, torch.Tensor]:
        """1 - phi(x) and its derivative."""
        z = steep(x, s)
        t = torch.clamp(torch.abs(z), 0.0, 1.0)
        return self.smoothstep(1.0 - t), steep(torch.sign(z) * self._slope(t, torch.abs(z) <= 1.0), -s)

    def exceeds_with_slope(self, d: torch.Tensor, s: float) -> tuple[torch.Tensor, torch.Tensor]:
        """step(d) and its derivative."""
        z = steep(d, s)
        t = torch.clamp(0.5 + z, 0.0, 1.0)
        return self.smoothstep(t), steep(self._slope(t, torch.abs(z) <= 0.5), s)

    def smaller_with_slope(
        self, a: torch.Tensor, b: torch.Tensor, s: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The monotone minimum and its derivative by a."""
        d = b - a
        value = torch.minimum(a, b) - self.tail(torch.abs(d), s)
        return value, self.exceeds_with_slope(d, s)[0]

    def _slope(self, t: torch.Tensor, is_inside: torch.Tensor) -> torch.Tensor:
        """The derivative of S_k, proportional to t^k (1 - t)^k."""
        k = self.k
        if k == 0:
            return is_inside.to(t.dtype)
        base = t * (1.0 - t)
        power = base
        for _ in range(k - 1):
            power = power * base
        return power * float((2 * k + 1) * comb(2 * k, k))

    def tap(self, u: torch.Tensor) -> torch.Tensor:
        """Weight of the upper of two neighbours at u in [0, 1]."""
        return self.smoothstep(u)

    def smoothstep(self, t: torch.Tensor) -> torch.Tensor:
        """S_k(t) for t in [0, 1]; exactly 0, 1/2, 1 at 0, 1/2, 1."""
        if self.k == 0:
            return t
        is_upper = t >= 0.5
        u = torch.where(is_upper, 1.0 - t, t)
        half = horner(self.coefficients, u)
        for _ in range(self.k + 1):
            half = half * u
        return torch.where(is_upper, 1.0 - half, half)

    @cached_property
    def coefficients(self) -> list[float]:
        """Those of S_k(t) / t^(k+1), from the constant on."""
        k = self.k
        return [float((-1) ** n * comb(k + n, n) * comb(2 * k + 1, k - n)) for n in range(k + 1)]


def horner(terms: list[float], t: torch.Tensor) -> Any:
    """The polynomial with these coefficients."""
    total: Any = terms[-1]
    for term in reversed(terms[:-1]):
        total = total * t + term
    return total


@final
@dataclass(frozen=True)
class Bump:
    """Mode inf with bump: g(t) / (g(t) + g(1 - t)), g(t) = e^(-1/t)."""

    is_local = True

    def differs(self, x: Number, s: Number) -> Number:
        """Phi(x)."""
        return elementwise(lambda z: rise(torch.clamp(torch.abs(z), 0.0, 1.0)), steep(x, s))

    def equals(self, x: Number, s: Number) -> Number:
        """1 - phi(x)."""
        return elementwise(lambda z: rise(1.0 - torch.clamp(torch.abs(z), 0.0, 1.0)), steep(x, s))

    def exceeds(self, d: Number, s: Number) -> Number:
        """Step(d)."""
        return elementwise(lambda z: rise(torch.clamp(0.5 + z, 0.0, 1.0)), steep(d, s))

    def tap(self, u: torch.Tensor) -> torch.Tensor:
        """Weight of the upper of two neighbours at u in [0, 1]."""
        return rise(u)


def rise(t: torch.Tensor) -> torch.Tensor:
    """From 0 to 1 on [0, 1]; within `FLAT` of the ends it is 0 or 1 to the last bit."""
    is_low, is_high = t <= FLAT, t >= 1.0 - FLAT
    inner = torch.where(is_low | is_high, 0.5, t)
    value = logistic(torch.reciprocal(1.0 - inner) - torch.reciprocal(inner))
    return torch.where(is_low, 0.0, torch.where(is_high, 1.0, value))


FLAT = 1.0 / 750.0
"""e^-750 is 0 in float64."""
