"""Elementwise functions of tensors whose derivatives are safe at poles. Imports torch.

Autograd multiplies: where nothing is passed back to a function (a value that was replaced, another
row of the batch) it still computes 0 times the function's derivative, which is NaN if that is
infinite. The functions here pass back 0 in this case, and are otherwise those of torch, to every
order of derivative.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import torch

from whilec.semantics.reference import floats

Value = Any


@final
@dataclass(frozen=True)
class Rule:
    """A function on tensors and on Python numbers, with its derivative by each argument."""

    on_tensors: Callable[..., Any]
    on_floats: Callable[..., Any]
    derivatives: tuple[Callable[..., Value], ...]


class _Chain(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rule: Rule, *arguments: Value) -> torch.Tensor:
        ctx.rule = rule
        ctx.numbers = [None if isinstance(x, torch.Tensor) else x for x in arguments]
        ctx.save_for_backward(*(x for x in arguments if isinstance(x, torch.Tensor)))
        return rule.on_tensors(*arguments)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        saved = iter(ctx.saved_tensors)
        arguments = [next(saved) if x is None else x for x in ctx.numbers]
        wanted = zip(ctx.needs_input_grad[1:], ctx.rule.derivatives, arguments, strict=True)
        return (
            None,
            *(
                _passed_on(gradients[0], derivative(*arguments)).sum_to_size(x.shape) if needs else None
                for needs, derivative, x in wanted
            ),
        )


def _passed_on(gradient: torch.Tensor, derivative: Value) -> torch.Tensor:
    d = torch.as_tensor(derivative, dtype=gradient.dtype, device=gradient.device)
    is_void = ((gradient == 0) & ~torch.isfinite(d)) | ((d == 0) & ~torch.isfinite(gradient))
    zero = torch.zeros((), dtype=gradient.dtype, device=gradient.device)
    return multiply(torch.where(is_void, zero, gradient), torch.where(is_void, zero, d))


def apply(rule: Rule, *arguments: Value) -> Value:
    """A function at tensors, mixed with Python numbers."""
    tensors = [x for x in arguments if isinstance(x, torch.Tensor)]
    if not tensors:
        return rule.on_floats(*arguments)
    if torch.is_grad_enabled() and any(x.requires_grad for x in tensors):
        return _Chain.apply(rule, *arguments)
    return rule.on_tensors(*arguments)


def _power_by_base(a: Value, b: Value) -> Value:
    slope = multiply(b, power(a, b - 1.0))
    return _zero_where(torch.as_tensor(b == 0), slope)


def _power_by_exponent(a: Value, b: Value) -> Value:
    value = power(a, b)
    return _zero_where(value == 0, multiply(value, FUNCTIONS["log"](a)))


def _zero_where(mask: torch.Tensor, x: Value) -> torch.Tensor:
    x = torch.as_tensor(x)
    return torch.where(mask, torch.zeros((), dtype=x.dtype, device=x.device), x)


_MULTIPLY = Rule(operator.mul, operator.mul, (lambda a, b: b, lambda a, b: a))
_DIVIDE = Rule(
    operator.truediv,
    floats.divide,
    (lambda a, b: divide(1.0, b), lambda a, b: -divide(divide(a, b), b)),
)
_POWER = Rule(torch.pow, floats.power, (_power_by_base, _power_by_exponent))
_LOG1P = Rule(torch.log1p, floats.log1p, (lambda x: divide(1.0, 1.0 + x),))
_DERIVATIVES: Mapping[str, Callable[[Value], Value]] = {
    "sqrt": lambda x: divide(0.5, FUNCTIONS["sqrt"](x)),
    "exp": lambda x: _named("exp", x),
    "log": lambda x: divide(1.0, x),
    "sin": lambda x: _named("cos", x),
    "cos": lambda x: -FUNCTIONS["sin"](x),
    "tan": lambda x: 1.0 + multiply(FUNCTIONS["tan"](x), FUNCTIONS["tan"](x)),
    "tanh": lambda x: 1.0 - multiply(FUNCTIONS["tanh"](x), FUNCTIONS["tanh"](x)),
}


def _named(name: str, x: Value) -> Value:
    return FUNCTIONS[name](x)


def multiply(a: Value, b: Value) -> Value:
    """a * b."""
    return apply(_MULTIPLY, a, b)


def divide(a: Value, b: Value) -> Value:
    """a / b by IEEE 754."""
    return apply(_DIVIDE, a, b)


def power(a: Value, b: Value) -> Value:
    """a^b by IEEE 754."""
    return apply(_POWER, a, b)


def log1p(x: Value) -> Value:
    """log(1 + x)."""
    return apply(_LOG1P, x)


def _function(name: str) -> Callable[[Value], Value]:
    rule = Rule(getattr(torch, name), floats.FUNCTIONS[name], (_DERIVATIVES[name],))
    return lambda x: apply(rule, x)


FUNCTIONS: Mapping[str, Callable[[Value], Value]] = {name: _function(name) for name in floats.FUNCTIONS}
"""The smooth built-ins of one argument."""
