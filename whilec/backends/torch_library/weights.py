"""Path weights: what a statement at weight p does to a variable.

A part whose weight is exactly 0 counts as 0 if it is not finite, in value and derivatives.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import torch

from whilec.backends.torch_library.numbers import Number, is_uniform, multiply

Weight = Number
"""A tensor of shape (rows,), or 1.0."""


def aligned(weight: Any, x: torch.Tensor) -> Any:
    """One number per row, so that it meets tensors of the shape of x."""
    if is_uniform(weight) or x.dim() == 1:
        return weight
    return weight.reshape(-1, *([1] * (x.dim() - 1)))


def blend(old: torch.Tensor, new: torch.Tensor, p: Weight) -> torch.Tensor:
    """(1 - p) old + p new."""
    if is_uniform(p):
        return new
    return mixture(aligned(p, old), new, old)


def mixture(weight: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """weight a + (1 - weight) b."""
    a = without_void(a, weight == 0.0)
    b = without_void(b, weight == 1.0)
    return multiply(1.0 - weight, b) + multiply(weight, a)


def without_void(x: torch.Tensor, is_weightless: torch.Tensor) -> torch.Tensor:
    """x, and 0 where it is weightless and not finite."""
    return torch.where(is_weightless & ~torch.isfinite(x), 0.0, x)


def increment(old: torch.Tensor, change: Number, p: Weight) -> torch.Tensor:
    """The sum old + p change."""
    if is_uniform(p):
        return old + change
    return old + multiply(aligned(p, old), change)


def saturate(old: torch.Tensor, p: Weight, s: Number, count: int, relaxation: Any) -> torch.Tensor:
    """Old less a natural number, stopping at 0."""
    for _ in range(count):
        old = increment(old, -relaxation.differs(old, s), p)
    return old


def scale(x: torch.Tensor, p: Weight) -> torch.Tensor:
    """The product p x."""
    if is_uniform(p):
        return x
    weight = aligned(p, x)
    return multiply(weight, without_void(x, weight == 0.0))


# ---- relaxed functions


def soft_max(a: Number, b: Number, s: Number, relaxation: Any, form: str) -> torch.Tensor:
    """The larger of two numbers."""
    s = aligned(s, a) if isinstance(a, torch.Tensor) else s
    if form == "blend":
        return mixture(relaxation.exceeds(difference(a, b), s), *tensors(a, b))
    return monotone_max(a, b, s, relaxation)


def soft_min(a: Number, b: Number, s: Number, relaxation: Any, form: str) -> torch.Tensor:
    """The smaller of two numbers."""
    s = aligned(s, a) if isinstance(a, torch.Tensor) else s
    if form == "blend":
        left, right = tensors(a, b)
        return mixture(relaxation.exceeds(difference(a, b), s), right, left)
    return -monotone_max(-a, -b, s, relaxation)


def monotone_max(a: Number, b: Number, s: Number, relaxation: Any) -> torch.Tensor:
    """max(a, b) whose derivative by a is the degree to which a > b."""
    left, right = tensors(a, b)
    d = difference(left, right)
    is_left = d >= 0.0
    is_same_infinity = torch.isinf(left) & (left == right)
    larger = torch.where(is_left, left, torch.where(d < 0.0, right, left + right))
    larger = torch.where(is_same_infinity, 0.5 * left + 0.5 * right, larger)
    return larger + relaxation.tail(torch.where(is_left, d, -d), s)


def difference(a: Number, b: Number) -> torch.Tensor:
    """a - b, and 0 for two equal infinities."""
    left, right = tensors(a, b)
    is_same = torch.isinf(left) & (left == right)
    return torch.where(is_same, 0.0, left) - torch.where(is_same, 0.0, right)


def tensors(a: Number, b: Number) -> tuple[torch.Tensor, torch.Tensor]:
    """Two numbers as tensors of one shape."""
    if is_uniform(a) and is_uniform(b):
        return torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)
    left = torch.full_like(b, a) if is_uniform(a) else a
    return left, torch.full_like(left, b) if is_uniform(b) else b


def soft_abs(x: Number, s: Number, relaxation: Any) -> Number:
    """(2 step(x) - 1) x."""
    if is_uniform(x):
        return soft_sign(x, s, relaxation) * x
    weight = soft_sign(x, s, relaxation)
    return multiply(weight, without_void(x, weight == 0.0))


def soft_sign(x: Number, s: Number, relaxation: Any) -> Number:
    """2 step(x) - 1."""
    return 2.0 * relaxation.exceeds(x, s if is_uniform(x) else aligned(s, x)) - 1.0


# ---- degrees


def cut(q: torch.Tensor, epsilon: float) -> torch.Tensor:
    """0 up to epsilon, else q; NaN stays."""
    return torch.where(q <= epsilon, 0.0, q)


def settle(d: torch.Tensor, epsilon: float) -> torch.Tensor:
    """0 up to epsilon, 1 from 1 - epsilon on, else d."""
    return torch.where(d <= epsilon, 0.0, torch.where(d >= 1.0 - epsilon, 1.0, d))


def both(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """AND: a b, where a = 0 decides."""
    is_decided = a == 0.0
    return torch.where(is_decided, 0.0, a * torch.where(is_decided, 1.0, b))


def either(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """OR: a + b - a b, where a = 1 decides."""
    is_decided = a == 1.0
    rest = torch.where(is_decided, 0.0, b)
    return torch.where(is_decided, 1.0, a + rest - a * rest)


def steepness(s: Number) -> Number:
    """A steepness in force: NaN where it is not finite and above 0."""
    if is_uniform(s):
        return s if 0.0 < s < float("inf") else float("nan")
    return torch.where((s > 0.0) & torch.isfinite(s), s, float("nan"))
