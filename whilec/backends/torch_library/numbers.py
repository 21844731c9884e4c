"""Arithmetic whose derivatives are 0, not NaN, where a value is not finite or nothing is passed back.

Autograd multiplies: where nothing is passed back to a function (a value that was replaced) it
computes 0 times the function's derivative, which is NaN if that is infinite. The functions here
keep such points out of the derivative, to every order.
"""

# Torch's own stubs leave many types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias, final, overload

import torch
from typing_extensions import TypeIs

Number: TypeAlias = "torch.Tensor | float"


def is_uniform(x: Any) -> TypeIs[float]:
    """Whether a value is a Python number, the same for all rows."""
    return isinstance(x, (float, int))  # a tuple takes less time than a union


@lru_cache(256)
def constant(value: float, dtype: torch.dtype) -> torch.Tensor:
    """A number that tensors without derivatives meet.

    Torch takes as long to convert a Python number as to multiply a thousand tensor elements.
    """
    return torch.tensor(value, dtype=dtype, device="cpu")


def uniform(function: Any, *values: float) -> float:
    """A function of tensors at Python numbers."""
    return function(*(torch.tensor(value, dtype=torch.float64) for value in values)).item()


@overload
def multiply(a: torch.Tensor, b: Number) -> torch.Tensor: ...
@overload
def multiply(a: Number, b: torch.Tensor) -> torch.Tensor: ...
@overload
def multiply(a: Number, b: Number) -> Number: ...
def multiply(a: Number, b: Number) -> Number:
    """a * b."""
    if is_uniform(a) or is_uniform(b):
        return a * b
    product = a.detach() * b.detach()
    is_fine = torch.isfinite(product)
    return torch.where(is_fine, torch.where(is_fine, a, 0.0) * torch.where(is_fine, b, 0.0), product)


def divide(a: Number, b: Number) -> Number:
    """a / b by IEEE 754."""
    if is_uniform(b):
        if is_uniform(a):
            return uniform(torch.divide, a, b)
        if b:
            return a / b
        b = torch.full_like(a, b)
    quotient = (a if is_uniform(a) else a.detach()) / b.detach()
    is_fine = torch.isfinite(quotient) & torch.isfinite(b)
    numerator = a if is_uniform(a) else torch.where(is_fine, a, 0.0)
    return torch.where(is_fine, numerator / torch.where(is_fine, b, 1.0), quotient)


def exp(x: Number) -> Number:
    """e to the power x."""
    if is_uniform(x):
        return uniform(torch.exp, x)
    is_fine = x < EXPONENT_LIMIT[x.dtype]
    return torch.where(is_fine, torch.exp(torch.where(is_fine, x, 0.0)), torch.exp(x.detach()))


EXPONENT_LIMIT = {torch.float64: 709.0, torch.float32: 88.0}
"""e to this power does not overflow."""
VANISHING = {torch.float64: 1.218e-308, torch.float32: 6.061e-39}
"""Degrees up to e to the power -`EXPONENT_LIMIT` are 0."""


def log(x: Number) -> Number:
    """The natural logarithm."""
    if is_uniform(x):
        return uniform(torch.log, x)
    is_fine = x > 0.0
    return torch.where(is_fine, torch.log(torch.where(is_fine, x, 1.0)), torch.log(x.detach()))


def sqrt(x: Number) -> Number:
    """The square root."""
    if is_uniform(x):
        return uniform(torch.sqrt, x)
    if torch.compiler.is_exporting():
        return _exported_sqrt(x)
    return _ReverseSqrt.apply(x) if torch.compiler.is_dynamo_compiling() else _Sqrt.apply(x)


def _exported_sqrt(x: torch.Tensor) -> torch.Tensor:
    """The root in a file of `torch.export`, which keeps no derivatives of our own: at 0 it has none."""
    is_fine = x > 0.0
    return torch.where(is_fine, torch.sqrt(torch.where(is_fine, x, 1.0)), torch.sqrt(x.detach()))


class _ReverseSqrt(torch.autograd.Function):
    """Its derivative at 0 is infinite, but nothing is passed on where nothing comes back.

    TorchDynamo takes no function with a `jvp`.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor) -> torch.Tensor:
        return torch.sqrt(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        (x,) = ctx.saved_tensors
        return _sqrt_slope(x, gradients[0])


@final
class _Sqrt(_ReverseSqrt):
    """The same for derivatives in both directions."""

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        (x,) = ctx.saved_tensors
        return _sqrt_slope(x, tangents[0])


def _sqrt_slope(x: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
    is_void = change == 0.0
    return torch.where(is_void, 0.0, change * divide(0.5, sqrt(torch.where(is_void, 1.0, x))))


def power(a: Number, b: Number) -> Number:
    """a to the power b by IEEE 754."""
    if is_uniform(a):
        if is_uniform(b):
            return uniform(torch.pow, a, b)
        base, exponent = torch.full_like(b, a), b
    else:
        base, exponent = a, torch.full_like(a, b) if is_uniform(b) else b
    if torch.compiler.is_exporting():
        return _exported_power(base, exponent)
    function = _ReversePower if torch.compiler.is_dynamo_compiling() else _Power
    return function.apply(base, exponent)


def _exported_power(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """As `_exported_sqrt`: infinite derivatives at base 0 are left out."""
    still = b.detach()
    is_fine, is_steep = a > 0.0, (a == 0.0) & (still < 1.0)
    by_base = torch.pow(torch.where(is_fine | is_steep, 1.0, a), still)
    other = torch.where(is_steep, torch.pow(a.detach(), still), by_base)
    return torch.where(is_fine, torch.pow(torch.where(is_fine, a, 1.0), b), other)


class _ReversePower(torch.autograd.Function):
    """Its derivatives at base 0 may be infinite, but nothing is passed on where nothing comes back.

    TorchDynamo takes no function with a `jvp`.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.pow(a, b)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        a, b = ctx.saved_tensors
        (gradient,) = gradients
        by_base = _power_by_base(a, b, gradient) if ctx.needs_input_grad[0] else None
        return by_base, _power_by_exponent(a, b, gradient) if ctx.needs_input_grad[1] else None


@final
class _Power(_ReversePower):
    """The same for derivatives in both directions."""

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        a, b = ctx.saved_tensors
        terms = [
            slope(a, b, tangent)
            for slope, tangent in zip((_power_by_base, _power_by_exponent), tangents, strict=True)
            if tangent is not None
        ]
        return sum(terms[1:], terms[0])


def _power_by_base(a: torch.Tensor, b: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
    is_void = (change == 0.0) | (b == 0.0)
    base = torch.where(is_void, 1.0, a)
    return torch.where(is_void, 0.0, change * (b * power(base, b - 1.0)))


def _power_by_exponent(a: torch.Tensor, b: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
    value = torch.pow(a.detach(), b.detach())
    is_void = (change == 0.0) | (value == 0.0)
    base = torch.where(is_void, 1.0, a)
    return torch.where(is_void, 0.0, change * (power(base, b) * log(base)))


def sin(x: Number) -> Number:
    """The sine."""
    return uniform(torch.sin, x) if is_uniform(x) else _finite_argument(torch.sin, x)


def cos(x: Number) -> Number:
    """The cosine."""
    return uniform(torch.cos, x) if is_uniform(x) else _finite_argument(torch.cos, x)


def tan(x: Number) -> Number:
    """The tangent."""
    return uniform(torch.tan, x) if is_uniform(x) else _finite_argument(torch.tan, x)


def _finite_argument(function: Any, x: torch.Tensor) -> torch.Tensor:
    is_fine = torch.isfinite(x)
    return torch.where(is_fine, function(torch.where(is_fine, x, 0.0)), function(x.detach()))


def tanh(x: Number) -> Number:
    """The hyperbolic tangent."""
    return uniform(torch.tanh, x) if is_uniform(x) else torch.tanh(x)


def sigmoid(x: Number) -> Number:
    """The logistic function 1 / (1 + e^-x)."""
    return uniform(torch.sigmoid, x) if is_uniform(x) else logistic(x)


def logistic(z: torch.Tensor) -> torch.Tensor:
    """1 / (1 + e^-z), without overflow in value and derivatives."""
    value = torch.reciprocal(1.0 + torch.exp(torch.clamp(-z, max=EXPONENT_LIMIT[z.dtype])))
    return torch.where(value <= VANISHING[z.dtype], 0.0, value)
