"""Tools to test relaxations: on floats and tensors, with derivatives of any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.unit.semantics.reference.formulas import MODE_NAMES, MODES
from whilec.semantics.reference.floats import FloatElementary
from whilec.semantics.reference.tensors import TensorElementary
from whilec.semantics.relax import AbstractRelaxation, relaxation

FLOATS = FloatElementary()
TENSORS = TensorElementary(torch.float64)
Unary = Callable[[Any], Any]


def of(mode: dict[str, Any]) -> AbstractRelaxation:
    """The relaxation of a mode."""
    return relaxation(mode["smooth"], mode.get("phi", "sech"))


def on_float(function: Callable[..., Any]) -> Unary:
    """A function of an `Elementary` and a number, on floats."""
    return lambda x: function(FLOATS, x)


def on_tensor(function: Callable[..., Any]) -> Unary:
    """The same on tensors, giving a float."""
    return lambda x: function(TENSORS, torch.tensor(x, dtype=torch.float64)).item()


def derivatives(function: Unary, x: float, count: int) -> list[float]:
    """The function and its derivatives at x, by repeated reverse differentiation."""
    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    value = function(leaf)
    found = [value.item()]
    for _ in range(count):
        if not value.requires_grad:
            found.append(0.0)
            continue
        (value,) = torch.autograd.grad(
            value, leaf, create_graph=True, allow_unused=True, materialize_grads=True
        )
        found.append(value.item())
    return found


modes = pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
local_modes = pytest.mark.parametrize("mode", [*MODES[:9], MODES[10]], ids=[*MODE_NAMES[:9], "bump"])
monotone_modes = pytest.mark.parametrize("mode", MODES[:10], ids=MODE_NAMES[:10])
lifts = pytest.mark.parametrize("lift", [on_float, on_tensor], ids=["float", "tensor"])
