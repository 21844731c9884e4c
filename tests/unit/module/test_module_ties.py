"""What a batch leaves out of a run gets no gradient, but the outputs can always be differentiated."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import whilec

TEXT = """
PROGRAM p(x) -> y: real, n: int
PARAM w: real = 2.0
WHILE x > 0 DO
  y := y + w * x
  n := n + 1
  x := x - 1
END
"""

CHOICES: dict[str, dict[str, Any]] = {
    "recurrent": {},
    "checkpointed": {"checkpoint": True},
    "trainable": {"trainable": True},
    "mixture": {"loops": "mixture"},
    "interpreter": {"backend": "interpreter"},
    "unrolled": {"graph": "unrolled", "trips": 2},
}

choices = pytest.mark.parametrize("options", CHOICES.values(), ids=CHOICES)


@choices
def test_a_loop_without_trips_can_be_differentiated(options: dict[str, Any]) -> None:
    module = whilec.compile_source(TEXT, smooth=1, **options)
    x = torch.tensor([-3.0, -2.0], requires_grad=True)
    y, n = module(x)
    assert (y.tolist(), n.tolist()) == ([0.0, 0.0], [0.0, 0.0])
    (y.sum() + n.sum()).backward()
    for leaf in (x, module.w):
        assert leaf.grad is None or not leaf.grad.any()
    with torch.no_grad():
        assert not module(x).y.requires_grad
    module.requires_grad_(False)
    assert not module(x.detach()).y.requires_grad


@choices
def test_derivatives_go_through(options: dict[str, Any]) -> None:
    module = whilec.compile_source(TEXT, smooth=1, dtype=torch.float64, **options)
    x = torch.tensor([0.3, -2.0, 1.4], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: module(x).y, x)
    assert torch.autograd.gradgradcheck(lambda x: module(x).y, x)
    y = module(x).y
    y += 1.0  # an output belongs to the caller
    assert torch.autograd.grad(y.sum(), x)[0].abs().sum() > 0


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_transforms_of_recurrent_modules() -> None:
    module = whilec.compile_source(TEXT, smooth=1, dtype=torch.float64)
    x = torch.tensor([0.3, -2.0, 1.4], dtype=torch.float64)
    leaf = x.clone().requires_grad_()
    (want,) = torch.autograd.grad(module(leaf).y.sum(), leaf)
    assert torch.allclose(torch.func.grad(lambda x: module(x).y.sum())(x), want)
    assert torch.allclose(torch.func.jvp(lambda x: module(x).y, (x,), (torch.ones_like(x),))[1], want)
    second = torch.func.hessian(lambda x: module(x).y.sum())(x)
    expected: Any = torch.autograd.functional.hessian(lambda x: module(x).y.sum(), x)
    assert torch.allclose(second, expected)
