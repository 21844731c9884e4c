"""Tensors as a number type for the relaxations. Imports torch.

Every function here gives the same bits wherever an element stands in a tensor and however many
stand beside it; torch's own `sigmoid`, `cosh` and `pow` do not (`pow` is offered all the same).
Values that are the same for all lanes may be Python numbers.
"""

# Numbers are `Any` by design (see `arithmetic.Value`), and so are the arguments of small lambdas.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, final

import torch

from whilec.semantics.reference import chain, floats

Value = Any


def _either(on_tensor: Callable[..., Any], on_float: Callable[..., Any]) -> Callable[..., Any]:
    def function(*values: Value) -> Value:
        is_tensor = any(isinstance(value, torch.Tensor) for value in values)
        return (on_tensor if is_tensor else on_float)(*values)

    return function


@final
class TensorElementary:
    """Tensors of one floating-point dtype, mixed with Python numbers."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype

    exp = staticmethod(chain.FUNCTIONS["exp"])
    log1p = staticmethod(chain.log1p)
    tanh = staticmethod(chain.FUNCTIONS["tanh"])
    absolute = staticmethod(_either(torch.abs, abs))
    is_finite = staticmethod(_either(torch.isfinite, floats.FloatElementary.is_finite))
    power = staticmethod(chain.power)
    multiply = staticmethod(chain.multiply)
    divide = staticmethod(chain.divide)
    clamp = staticmethod(_either(torch.clamp, floats.FloatElementary.clamp))
    at_least = staticmethod(operator.ge)
    functions = chain.FUNCTIONS

    def select(self, mask: Any, a: Value, b: Value) -> Value:
        """a where the mask holds, else b."""
        if not isinstance(mask, torch.Tensor):
            return a if mask else b
        if not isinstance(a, torch.Tensor) and not isinstance(b, torch.Tensor):
            a = torch.tensor(a, dtype=self.dtype, device=mask.device)
        return torch.where(mask, a, b)

    def mix(self, weight: Value, a: Value, b: Value) -> Value:
        """weight a + (1 - weight) b."""
        return chain.multiply(1.0 - weight, b) + chain.multiply(weight, a)

    def position(self, x: Value, last: int) -> Any:
        """floor(x) cut to 0..last, as indices; 0 for NaN."""
        if not isinstance(x, torch.Tensor):
            return floats.FloatElementary.position(x, last)
        return torch.nan_to_num(x.detach(), nan=0.0).floor().clamp(0, last).long()

    def largest(self, xs: list[Value]) -> Value:
        """The elementwise maximum, as a constant."""
        if not any(isinstance(x, torch.Tensor) for x in xs):
            return max(xs)
        tensors = [torch.as_tensor(x, dtype=self.dtype) for x in xs]
        return torch.stack(list(torch.broadcast_tensors(*tensors))).detach().amax(0)

    def number(self, x: float) -> float:
        """A constant."""
        return floats.to_float(x)
