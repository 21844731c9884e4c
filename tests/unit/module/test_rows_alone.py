"""Rows, and batches without rows, that other rows of a batch must not decide about."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import whilec
from whilec.diagnostics.model import WhileError

STEEP = {
    "choice": ("IF x > 0 THEN y := degree(x > 1 WITH STEEPNESS s) ELSE y := 5.0 END", 5.0),
    "loop": ("WHILE x > 0 DO y := degree(x > 1 WITH STEEPNESS s) x := x - 1 END", 0.0),
    "count": ("LOOP x DO y := y + degree(y > 1 WITH STEEPNESS s) END", 0.0),
}


@pytest.mark.parametrize(
    "options", [{}, {"loops": "mixture"}, {"checkpoint": True}, {"trainable": True}], ids=str
)
@pytest.mark.parametrize("name", STEEP)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_steepness_that_a_row_does_not_reach(name: str, options: Any, requires_grad: bool) -> None:
    body, wanted = STEEP[name]
    text = f"PROGRAM f(x: real) -> y\nPARAM s: real = 2.0\n{body}\n"
    module: Any = whilec.compile_source(text, smooth=0, **options)
    x = torch.tensor([-3.0, 2.0], requires_grad=requires_grad)
    both = module(x, s=torch.tensor([-1.0, 2.0]))
    assert both[0].item() == wanted
    assert both[1].item() == module(x[1], s=torch.tensor(2.0)).item()
    with pytest.raises(WhileError, match="E0612: steepness `s` is -1"):
        module(x, s=torch.tensor([2.0, -1.0]))


@pytest.mark.parametrize(
    "body", ["y := x * x + w", "WHILE x > w DO x := x - 1 END y := x", "IF x > 0 THEN y := w END"]
)
@pytest.mark.parametrize("options", [{}, {"trainable": True}, {"graph": "unrolled", "trips": 3}], ids=str)
def test_gradients_of_an_empty_batch_are_empty_or_0(body: str, options: Any) -> None:
    module: Any = whilec.compile_source(f"PROGRAM f(x: real) -> y\nPARAM w: real = 1.0\n{body}\n", **options)
    x = torch.zeros(0, 3, requires_grad=True)
    y = module(x)
    assert y.shape == (0, 3)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.shape == (0, 3)
    assert all(parameter.grad is not None and not parameter.grad.any() for parameter in module.parameters())


@pytest.mark.parametrize("options", [{}, {"graph": "unrolled", "trips": 60}], ids=str)
def test_negative_inputs_of_natural_numbers(options: Any) -> None:
    text = "PROGRAM f(x: real) -> y\nWHILE x > 0 DO x := x - 2 y := y + 1 END\n"
    module: Any = whilec.compile_source(text, domain="nat", smooth=0, **options)
    with pytest.raises(
        WhileError, match="E0611: input `x` is -1, which is negative, but `domain` is nat"
    ) as raised:
        module(torch.tensor([2.0, -1.0]))
    assert raised.value.diagnostics[0].notes == ("in row 1 of the batch",)
    assert module(torch.tensor([2.0, 0.0]))[0].item() == module(2.0).item()
