"""Path weights: what a statement at weight p does to a variable.

A part whose weight is exactly 0 counts as 0 if it is not finite, in value and derivatives.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from typing import Any, overload

import torch

from whilec.backends.torch_library.numbers import Number, is_uniform, multiply, uniform

Weight = Number
"""A tensor of shape (rows,), or 1.0."""


def aligned(weight: Any, x: torch.Tensor) -> Any:
    """One number per row, so that it meets tensors of the shape of x."""
    if is_uniform(weight) or x.dim() == 1:
        return weight
    return weight.reshape(-1, *([1] * (x.dim() - 1)))


def in_rows(x: Number, rows: torch.Tensor) -> torch.Tensor:
    """A value as a tensor; `rows` has shape (rows,)."""
    return torch.full_like(rows, x) if is_uniform(x) else x


@overload
def blend(old: Number, new: torch.Tensor, p: Weight) -> torch.Tensor: ...
@overload
def blend(old: Number, new: Number, p: Weight) -> Number: ...
def blend(old: Number, new: Number, p: Weight) -> Number:
    """(1 - p) old + p new."""
    if is_uniform(p):
        return new
    old, new = in_rows(old, p), in_rows(new, p)
    return mixture(aligned(p, old), new, old)


def mixture(weight: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """weight a + (1 - weight) b."""
    a = without_void(a, weight == 0.0)
    b = without_void(b, weight == 1.0)
    return multiply(1.0 - weight, b) + multiply(weight, a)


def without_void(x: torch.Tensor, is_weightless: torch.Tensor) -> torch.Tensor:
    """x, and 0 where it is weightless and not finite."""
    return torch.where(is_weightless & ~torch.isfinite(x), 0.0, x)


def increment(old: Number, change: Number, p: Weight) -> Number:
    """The sum old + p change."""
    if is_uniform(p):
        return old + change
    weight = p if is_uniform(old) else aligned(p, old)
    return old + multiply(weight, change)


def saturate(old: Number, p: Weight, s: Number, count: int, relaxation: Any) -> Number:
    """Old less a natural number, stopping at 0."""
    for _ in range(count):
        old = increment(old, -relaxation.differs(old, s), p)
    return old


def scale(x: Number, p: Weight) -> Number:
    """The product p x."""
    if is_uniform(p):
        return x
    x = in_rows(x, p)
    weight = aligned(p, x)
    return multiply(weight, without_void(x, weight == 0.0))


# ---- relaxed functions


def soft_max(a: Number, b: Number, s: Number, relaxation: Any, form: str) -> Number:
    """The larger of two numbers."""
    if is_uniform(a) and is_uniform(b) and is_uniform(s):
        return uniform(lambda x, y: soft_max(x, y, s, relaxation, form), a, b)
    left, right, steep = operands(a, b, s)
    if form == "blend":
        return mixture(relaxation.exceeds(difference(left, right), steep), left, right)
    return monotone_max(left, right, steep, relaxation)


def soft_min(a: Number, b: Number, s: Number, relaxation: Any, form: str) -> Number:
    """The smaller of two numbers."""
    if is_uniform(a) and is_uniform(b) and is_uniform(s):
        return uniform(lambda x, y: soft_min(x, y, s, relaxation, form), a, b)
    left, right, steep = operands(a, b, s)
    if form == "blend":
        return mixture(relaxation.exceeds(difference(left, right), steep), right, left)
    return -monotone_max(-left, -right, steep, relaxation)


def operands(a: Number, b: Number, s: Number) -> tuple[torch.Tensor, torch.Tensor, Number]:
    """Two numbers, of which one may be the same for all rows, and a steepness that meets them."""
    like = next(x for x in (a, b, s) if not is_uniform(x))
    left, right = in_rows(a, like), in_rows(b, like)
    return left, right, s if is_uniform(s) else aligned(s, left)


def monotone_max(a: torch.Tensor, b: torch.Tensor, s: Number, relaxation: Any) -> torch.Tensor:
    """max(a, b) whose derivative by a is the degree to which a > b."""
    d = difference(a, b)
    is_left = d >= 0.0
    is_same_infinity = torch.isinf(a) & (a == b)
    larger = torch.where(is_left, a, torch.where(d < 0.0, b, a + b))
    larger = torch.where(is_same_infinity, 0.5 * a + 0.5 * b, larger)
    return larger + relaxation.tail(torch.where(is_left, d, -d), s)


def difference(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a - b, and 0 for two equal infinities."""
    is_same = torch.isinf(a) & (a == b)
    return torch.where(is_same, 0.0, a) - torch.where(is_same, 0.0, b)


def soft_abs(x: Number, s: Number, relaxation: Any) -> Number:
    """(2 step(x) - 1) x."""
    if is_uniform(x):
        return soft_sign(x, s, relaxation) * x
    weight: Any = soft_sign(x, s, relaxation)
    return multiply(weight, without_void(x, weight == 0.0))


def soft_sign(x: Number, s: Number, relaxation: Any) -> Number:
    """2 step(x) - 1."""
    return 2.0 * relaxation.exceeds(x, s if is_uniform(x) else aligned(s, x)) - 1.0


# ---- degrees


def cut(q: Weight, epsilon: float) -> Weight:
    """0 up to epsilon, else q; NaN stays."""
    if is_uniform(q):
        return 0.0 if q <= epsilon else q
    return torch.where(q <= epsilon, 0.0, q)


def settle(d: Weight, epsilon: float) -> Weight:
    """0 up to epsilon, 1 from 1 - epsilon on, else d."""
    if is_uniform(d):
        return 0.0 if d <= epsilon else 1.0 if d >= 1.0 - epsilon else d
    return torch.where(d <= epsilon, 0.0, torch.where(d >= 1.0 - epsilon, 1.0, d))


def both(a: Weight, b: Weight) -> Weight:
    """AND: a b, where a = 0 decides."""
    if is_uniform(a):
        return 0.0 if a == 0.0 else a * b
    is_decided = a == 0.0
    b = in_rows(b, a)
    return torch.where(is_decided, 0.0, a * torch.where(is_decided, 1.0, b))


def either(a: Weight, b: Weight) -> Weight:
    """OR: a + b - a b, where a = 1 decides."""
    if is_uniform(a):
        return 1.0 if a == 1.0 else a + b - a * b
    is_decided = a == 1.0
    b = in_rows(b, a)
    rest = torch.where(is_decided, 0.0, b)
    return torch.where(is_decided, 1.0, a + rest - a * rest)
