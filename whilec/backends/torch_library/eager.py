"""The functions of `numbers` and `weights` that look first whether the plain formula will do.

Where every number is finite, the plain formula and the careful one have the same value and
derivatives; the plain one takes a fraction of the operations. Not for tracing, and on a GPU not
worth waiting for the answer.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from math import isfinite
from typing import Any, final

import torch

from whilec.backends.torch_library import numbers, run, weights
from whilec.backends.torch_library.numbers import Number, is_uniform
from whilec.backends.torch_library.weights import Weight, aligned


@final
class TroubleError(Exception):
    """A number that is not finite turned up while rows stood by."""


class _Thread(threading.local):
    stands_by = False
    is_careful = False
    is_trusting = False


_THREAD = _Thread()


@contextmanager
def standing_by() -> Generator[None]:
    """What runs within may be computed for rows that it does not concern, as long as all is finite."""
    before, _THREAD.stands_by = _THREAD.stands_by, True
    try:
        yield
    finally:
        _THREAD.stands_by = before


@contextmanager
def blending(*, is_careful: bool) -> Generator[None]:
    """Whether blends of variables within take care of numbers that are not finite."""
    before, _THREAD.is_careful = _THREAD.is_careful, is_careful
    try:
        yield
    finally:
        _THREAD.is_careful = before


def careful(function: Callable[..., Any], *arguments: Any) -> Any:
    """The careful version of a function, for numbers that are not all finite."""
    if _THREAD.stands_by:
        raise TroubleError
    return function(*arguments)


@contextmanager
def trusting() -> Generator[None]:
    """Within, numbers count as finite until the end of a loop or of the run tells."""
    before, _THREAD.is_trusting = _THREAD.is_trusting, True
    try:
        with standing_by():
            yield
    finally:
        _THREAD.is_trusting = before


def is_trusting() -> bool:
    """Whether numbers count as finite for now."""
    return _THREAD.is_trusting


def is_calm(x: torch.Tensor) -> bool:
    """Whether all numbers are surely finite, or taken to be so; never on a GPU."""
    return _THREAD.is_trusting or is_finite(x)


def is_finite(x: torch.Tensor) -> bool:
    """Whether all numbers are surely finite; never on a GPU."""
    return not x.is_cuda and isfinite(x.detach().sum().item())


def multiply(a: Number, b: Number) -> Number:
    """a * b."""
    plain = a * b
    if is_uniform(plain) or is_uniform(a) or is_uniform(b) or is_calm(plain):
        return plain
    return careful(numbers.multiply, a, b)


def exp(x: Number) -> Number:
    """e to the power x."""
    if is_uniform(x):
        return numbers.exp(x)
    plain = torch.exp(x)
    return plain if is_calm(plain) else careful(numbers.exp, x)


def divide(a: Number, b: Number) -> Number:
    """a / b by IEEE 754."""
    if is_uniform(b):
        return numbers.divide(a, b)
    plain = a / b
    return plain if is_calm(plain) and is_calm(b) else careful(numbers.divide, a, b)


def blend(old: Number, new: Number, p: Weight) -> Number:
    """(1 - p) old + p new."""
    if is_uniform(p):
        return new
    if _THREAD.is_careful:
        return careful(_blend, old, new, p)
    first, second = weights.in_rows(old, p), weights.in_rows(new, p)
    taped: Any = p
    if type(p) is not torch.Tensor and first.dim() == 1:
        return taped.blended(first, second)
    return torch.lerp(first, second, aligned(p, first))


def increment(old: Number, change: Number, p: Weight) -> Number:
    """The sum old + p change."""
    if is_uniform(p):
        return old + change
    old = weights.in_rows(old, p)
    weight = aligned(p, old)
    if is_uniform(change):
        return torch.add(old, weight, alpha=change)
    if _THREAD.is_careful:
        return careful(_increment, old, change, p)
    return torch.addcmul(old, weight, change)


def checked_steepness(s: Number) -> Number:
    """A steepness in force, which must be finite and above 0 for rows that do not stand by."""
    try:
        return run.checked_steepness(s)
    except run.RunError:
        return careful(run.checked_steepness, s)


def saturate(old: Number, p: Weight, s: Number, count: int, relaxation: Any) -> Number:
    """Old less a natural number, stopping at 0."""
    for _ in range(count):
        old = increment(old, -relaxation.differs(old, s), p)
    return old


def soft_max(a: Number, b: Number, s: Number, relaxation: Any, form: str) -> Number:
    """The larger of two numbers."""
    if is_uniform(a) and is_uniform(b) and is_uniform(s):
        return weights.soft_max(a, b, s, relaxation, form)
    left, right, steep = weights.operands(a, b, s)
    if form == "blend":
        plain = torch.lerp(right, left, relaxation.exceeds(left - right, steep))
    else:
        d = left - right
        is_left = d >= 0.0
        larger = torch.where(is_left, left, right)
        plain = larger + relaxation.tail(torch.where(is_left, d, -d), steep)
    return plain if is_calm(plain) else careful(_larger, left, right, steep, relaxation, form)


def soft_min(a: Number, b: Number, s: Number, relaxation: Any, form: str) -> Number:
    """The smaller of two numbers."""
    if is_uniform(a) and is_uniform(b) and is_uniform(s):
        return weights.soft_min(a, b, s, relaxation, form)
    left, right, steep = weights.operands(a, b, s)
    if form == "blend":
        plain = torch.lerp(left, right, relaxation.exceeds(left - right, steep))
    else:
        d = left - right
        is_right = d >= 0.0
        smaller = torch.where(is_right, right, left)
        plain = smaller - relaxation.tail(torch.where(is_right, d, -d), steep)
    return plain if is_calm(plain) else careful(_smaller, left, right, steep, relaxation, form)


def mix(degree: torch.Tensor, a: Any, b: Any) -> Any:
    """degree a + (1 - degree) b, for a degree strictly between 0 and 1."""
    plain = torch.lerp(b, a, aligned(degree, a))
    if is_calm(plain):
        return plain
    return careful(_mix, aligned(degree, a), a, b)


def _mix(d: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> Any:
    return _where_fine(torch.lerp, numbers.multiply(1.0 - d, b) + numbers.multiply(d, a), b, a, d)


def _where_fine(function: Callable[..., Any], otherwise: Any, *arguments: Any) -> Any:
    """The plain formula where all numbers are finite, so that it gives the same bits in every batch."""
    is_fine = torch.isfinite(otherwise)
    for argument in arguments:
        is_fine = is_fine & torch.isfinite(argument)
    return torch.where(is_fine, function(*(torch.where(is_fine, x, 0.0) for x in arguments)), otherwise)


def _blend(old: Number, new: Number, p: torch.Tensor) -> Any:
    first, second = weights.in_rows(old, p), weights.in_rows(new, p)
    weight = aligned(p, first)
    first = weights.without_void(first, weight == 1.0)
    second = weights.without_void(second, weight == 0.0)
    return _where_fine(torch.lerp, weights.mixture(weight, second, first), first, second, weight)


def _increment(old: torch.Tensor, change: torch.Tensor, p: Weight) -> Any:
    return _where_fine(torch.addcmul, weights.increment(old, change, p), old, aligned(p, old), change)


def _plus_scaled(total: torch.Tensor | None, x: torch.Tensor, p: torch.Tensor) -> Any:
    term = weights.scale(x, p)
    if total is None:
        return term
    weight = aligned(p, x)
    return _where_fine(torch.addcmul, total + term, total, weight, weights.without_void(x, weight == 0.0))


def _larger(a: torch.Tensor, b: torch.Tensor, s: Number, relaxation: Any, form: str) -> Any:
    return _extreme(a, b, s, relaxation, form, is_max=True)


def _smaller(a: torch.Tensor, b: torch.Tensor, s: Number, relaxation: Any, form: str) -> Any:
    return _extreme(a, b, s, relaxation, form, is_max=False)


def _extreme(a: torch.Tensor, b: torch.Tensor, s: Number, relaxation: Any, form: str, *, is_max: bool) -> Any:
    """The larger or smaller of two numbers that may not be finite."""
    careful_function = weights.soft_max if is_max else weights.soft_min
    result = careful_function(a, b, s, relaxation, form)
    if form != "blend":
        return result
    degree = relaxation.exceeds(weights.difference(a, b), s)
    first, second = (b, a) if is_max else (a, b)
    first = weights.without_void(first, degree == 1.0)
    second = weights.without_void(second, degree == 0.0)
    return _where_fine(torch.lerp, result, first, second, degree)


def plus_scaled(total: torch.Tensor | None, x: torch.Tensor, p: Weight) -> torch.Tensor:
    """The sum total + p x."""
    if is_uniform(p):
        return x if total is None else total + x
    if _THREAD.is_careful:
        return careful(_plus_scaled, total, x, p)
    weight = aligned(p, x)
    if type(weight) is not torch.Tensor:
        return weight.scaled_onto(total, x)
    return weight * x if total is None else torch.addcmul(total, weight, x)
