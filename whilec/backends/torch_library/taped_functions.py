"""Relaxations and functions of numbers on a tape, with slopes of their own."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch

from whilec.backends.torch_library import eager, numbers
from whilec.backends.torch_library.numbers import constant
from whilec.backends.torch_library.taped import Number, made, of_one, of_two, plain, tape_of
from whilec.backends.torch_library.weights import operands


@final
class TapedRelaxation:
    """A relaxation of `relaxations` on numbers; anything else goes to that relaxation."""

    def __init__(self, relaxation: Any) -> None:
        self._plain = relaxation
        self.tail = relaxation.tail

    def differs(self, x: Any, s: float) -> Any:
        """phi(x)."""
        if type(x) is not Number:
            return self._plain.differs(x, s)
        value, slope = self._plain.differs_with_slope(x.value, s)
        return of_one(value, x, slope)

    def equals(self, x: Any, s: float) -> Any:
        """1 - phi(x)."""
        if type(x) is not Number:
            return self._plain.equals(x, s)
        value, slope = self._plain.equals_with_slope(x.value, s)
        return of_one(value, x, slope)

    def exceeds(self, d: Any, s: float) -> Any:
        """step(d)."""
        if type(d) is not Number:
            return self._plain.exceeds(d, s)
        value, slope = self._plain.exceeds_with_slope(d.value, s)
        return of_one(value, d, slope)

    def smaller(self, a: Any, b: Any, s: float) -> Number:
        """The monotone minimum."""
        value, slope = self._plain.smaller_with_slope(plain(a), plain(b), s)
        return made(tape_of(a, b), value, a, slope, b, 1.0 - slope if type(b) is Number else None)

    def larger(self, a: Any, b: Any, s: float) -> Number:
        """The monotone maximum."""
        value, slope = self._plain.smaller_with_slope(-plain(a), -plain(b), s)
        return made(tape_of(a, b), value.neg_(), a, slope, b, 1.0 - slope if type(b) is Number else None)


def increment(old: Any, change: Any, p: Any) -> Any:
    """The sum old + p change."""
    if type(old) is Number and type(change) is float:
        x = old.value
        if type(p) is float:
            return of_one(x + constant(change, x.dtype), old, None)
        if type(p) is Number and x.dim() == 1:
            slope = None if change == 1.0 else change
            return of_two(torch.add(x, p.value, alpha=change), old, None, p, slope)
    otherwise: Any = eager.increment
    return otherwise(old, change, p)


def soft_max(a: Any, b: Any, s: float, relaxation: Any, form: str) -> Any:
    """The larger of two numbers."""
    return _extreme(a, b, s, relaxation, form, eager.soft_max, "larger")


def soft_min(a: Any, b: Any, s: float, relaxation: Any, form: str) -> Any:
    """The smaller of two numbers."""
    return _extreme(a, b, s, relaxation, form, eager.soft_min, "smaller")


def _extreme(
    a: Any, b: Any, s: float, relaxation: Any, form: str, otherwise: Callable[..., Any], name: str
) -> Any:
    if form == "blend" or not (type(a) is Number or type(b) is Number):
        return otherwise(a, b, s, relaxation, form)
    ready: Any = operands
    left, right, _ = ready(a, b, s)
    return getattr(relaxation, name)(left, right, s)


def soft_sign(x: Any, s: float, relaxation: Any) -> Any:
    """2 step(x) - 1."""
    return 2.0 * relaxation.exceeds(x, s) - 1.0


def soft_abs(x: Any, s: float, relaxation: Any) -> Any:
    """(2 step(x) - 1) x."""
    return soft_sign(x, s, relaxation) * x


def sqrt(x: Any) -> Any:
    """The square root."""
    return _unary(x, numbers.sqrt, torch.sqrt, lambda x, y: 0.5 / y)


def log(x: Any) -> Any:
    """The natural logarithm."""
    return _unary(x, numbers.log, torch.log, lambda x, y: torch.reciprocal(x))


def sin(x: Any) -> Any:
    """The sine."""
    return _unary(x, numbers.sin, torch.sin, lambda x, y: torch.cos(x))


def cos(x: Any) -> Any:
    """The cosine."""
    return _unary(x, numbers.cos, torch.cos, lambda x, y: -torch.sin(x))


def tan(x: Any) -> Any:
    """The tangent."""
    return _unary(x, numbers.tan, torch.tan, lambda x, y: 1.0 + y * y)


def sigmoid(x: Any) -> Any:
    """The logistic function."""
    return _unary(x, numbers.sigmoid, numbers.logistic, lambda x, y: y * (1.0 - y))


def _unary(
    x: Any, otherwise: Callable[..., Any], function: Callable[..., Any], slope: Callable[..., Any]
) -> Any:
    if type(x) is not Number:
        return otherwise(x)
    value = function(x.value)
    return made(x.tape, value, x, slope(x.value, value))
