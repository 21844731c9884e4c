"""What a tape of its own could get wrong: aliases, rounding, batches of gradients, long arrays."""

from __future__ import annotations

import math

import pytest
import torch

import whilec

pytestmark = pytest.mark.filterwarnings("ignore::whilec.LoopWarning")


def compiled(text: str, **options: object) -> whilec.WhileModule:
    return whilec.compile_source(text, **{"dtype": torch.float64, **options})


def number(*values: float, by: bool = True, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.tensor(values, dtype=dtype, requires_grad=by)


@pytest.mark.parametrize("checkpoint", [False, True])
def test_inputs_without_derivatives_may_change_before_the_backward_pass(checkpoint: bool) -> None:
    module = compiled(
        "PROGRAM p(x: real, w: real) -> y: real WHILE w > 0.5 DO w := w - x y := y + w * x END",
        checkpoint=checkpoint,
        max_trips=20,
    )
    found: list[torch.Tensor] = []
    for scale in (1.0, 100.0):
        x, w = number(0.7, by=False), number(2.0)
        y = module(x, w)
        x.mul_(scale)
        found += torch.autograd.grad(y.sum(), w)
    assert torch.equal(found[0], found[1])
    assert found[0].item() != 0.0


def test_inputs_with_derivatives_may_not() -> None:
    x = number(3.0)
    y = compiled("PROGRAM p(x: real) -> y: real y := x * x")(x)
    with torch.no_grad():
        x.mul_(2.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


@pytest.mark.parametrize("comparison", ["n > 0.0", "n = 0.0"])
def test_degrees_vanish_alike_with_and_without_derivatives(comparison: str) -> None:
    module = compiled(f"PROGRAM p(n: real) -> y: real y := 1e300 * degree({comparison})")
    values = (-800.0, -720.0, -709.5, -708.5, -700.0, -30.0, 0.0, 30.0, 800.0)
    with_derivatives, without = module(number(*values)), module(number(*values, by=False))
    beside_nan = module(number(*values, math.nan))
    assert with_derivatives[0] == 0.0
    assert torch.equal(with_derivatives, without)
    assert torch.equal(with_derivatives, beside_nan[:-1])


def test_a_degree_of_zero_keeps_a_call_from_running() -> None:
    module = compiled(
        """PROGRAM p(n: real) -> y: real
IF n > 0.5 AND f(n) > 0.5 THEN y := 1.0 END
DEF f(q) -> r
  LOOP 2 DO r := r + q END
END""",
        steepness=1e8,
    )
    for by in (False, True):
        (loop,) = module.run(number(-800.0, by=by)).loops
        assert loop.entries == 0


def test_the_slope_of_a_step_is_right_where_it_is_nearly_one() -> None:
    module = compiled("PROGRAM p(x: real) -> y: real y := degree(x > 0.0)")
    x = number(-700.0, -30.0, 0.0, 15.0, 30.0, 700.0)
    (slope,) = torch.autograd.grad(module(x).sum(), x)
    decay = (-x.detach().abs()).exp()
    torch.testing.assert_close(slope, decay / (1.0 + decay).square(), rtol=1e-13, atol=0.0)


def test_many_gradients_at_once() -> None:
    module = compiled("PROGRAM p(x: real) -> y: real y := x * x")
    x = number(3.0, 4.0)
    want = torch.diag(2.0 * x.detach())
    (rows,) = torch.autograd.grad(module(x), x, torch.eye(2, dtype=torch.float64), is_grads_batched=True)
    torch.testing.assert_close(rows, want)
    jacobian = torch.autograd.functional.jacobian(module, x, vectorize=True)
    torch.testing.assert_close(jacobian, want)


@pytest.mark.parametrize("size", [10, 4096, 5000])
def test_long_arrays(size: int) -> None:
    module = compiled(f"PROGRAM p(x: real) -> y: real VAR t: real[{size}] = 0.0  t[0] := x  y := t[0] * 2.0")
    x = number(3.0, 4.0)
    y = module(x)
    assert y.tolist() == [6.0, 8.0]
    assert torch.autograd.grad(y.sum(), x)[0].tolist() == [2.0, 2.0]


def test_nan_of_a_condition_stays_in_unrolled_graphs() -> None:
    text = "PROGRAM p(a: real) -> d: real IF a < 0.0 THEN LOOP 0 DO d := d - 2.0 END END"
    module = compiled(text, graph="unrolled", trips=3, smooth=0)
    found = module(number(math.nan, 1.0, by=False))
    assert found[0].isnan()
    assert found[1] == 0.0
