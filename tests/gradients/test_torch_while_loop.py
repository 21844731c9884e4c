"""Why loops do not run on `torch.while_loop`: its gradients are silently wrong where ours are right.

Both compute x^(number of trips), from the same text: the degrees of its conditions are exactly 0 or 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import whilec

TEXT = """
PROGRAM power(y: real, x: real, i: real) -> y
WHILE i < 3.5 DO
  y := y * x
  i := i + 1
END
"""

STEP = 1e-6


def foreign_loop() -> Callable[..., Any]:
    try:
        from torch._higher_order_ops.while_loop import while_loop
    except ImportError:
        pytest.skip("this torch has no `while_loop`")
    return while_loop


def by_while_loop(y: torch.Tensor, x: torch.Tensor, i: torch.Tensor) -> torch.Tensor:
    """The program of `TEXT`; nothing that is carried may be returned as it came in."""

    def condition(y: torch.Tensor, x: torch.Tensor, i: torch.Tensor) -> torch.Tensor:
        return i < 3.5

    def body(y: torch.Tensor, x: torch.Tensor, i: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return y * x, x.clone(), i + 1.0

    return foreign_loop()(condition, body, (y, x, i))[0]


def ours(**choices: Any) -> Callable[..., torch.Tensor]:
    return whilec.compile_source(TEXT, smooth="inf", phi="bump", **choices)


OURS = {
    "recurrent": ours(),
    "checkpointed": ours(checkpoint=True),
    "unrolled": ours(graph="unrolled", trips=5),
    "interpreter": ours(backend="interpreter"),
}


def gradients(function: Callable[..., torch.Tensor], start: tuple[float, ...], wanted: int) -> list[float]:
    """Derivatives by the first `wanted` inputs; the others do not require grad."""
    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=k < wanted) for k, x in enumerate(start)]
    found = torch.autograd.grad(function(*inputs), inputs[:wanted], materialize_grads=True)
    return [gradient.item() for gradient in found]


def differences(start: tuple[float, ...], wanted: int) -> list[float]:
    """The same by central differences of the values of `torch.while_loop`, which are right."""
    found: list[float] = []
    for k in range(wanted):
        low, high = (
            [torch.tensor(x + sign * STEP * (j == k), dtype=torch.float64) for j, x in enumerate(start)]
            for sign in (-1.0, 1.0)
        )
        found.append((by_while_loop(*high) - by_while_loop(*low)).item() / (2 * STEP))
    return found


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("i", [10.0, 3.0, 0.0])
def test_ours_equals_finite_differences(name: str, i: float) -> None:
    start = (2.0, 1.5, i)
    inputs = [torch.tensor(x, dtype=torch.float64) for x in start]
    assert OURS[name](*inputs).item() == by_while_loop(*inputs).item()
    assert gradients(OURS[name], start, 2) == pytest.approx(differences(start, 2), abs=1e-7)


def check_that_it_is_wrong(start: tuple[float, ...], function: Callable[..., torch.Tensor]) -> None:
    found, wanted = gradients(function, start, 2), differences(start, 2)
    if found == pytest.approx(wanted, abs=1e-7):
        pytest.skip("this torch has become right")
    assert max(abs(have - want) for have, want in zip(found, wanted, strict=True)) > 0.5


def test_theirs_is_wrong_without_a_trip() -> None:
    check_that_it_is_wrong((2.0, 1.5, 10.0), by_while_loop)


def test_theirs_is_wrong_where_a_carry_does_not_require_grad() -> None:
    start = (1.0, 1.5, 0.0)
    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=x == 1.5) for x in start]
    (found,) = torch.autograd.grad(by_while_loop(*inputs), inputs[1])
    wanted = differences(start, 2)[1]
    assert wanted == pytest.approx(4 * 1.5**3, abs=1e-6)
    for module in OURS.values():
        (gradient,) = torch.autograd.grad(module(*inputs), inputs[1])
        assert gradient.item() == pytest.approx(wanted, abs=1e-6)
    if found.item() == pytest.approx(wanted, abs=1e-6):
        pytest.skip("this torch has become right")
    assert abs(found.item() - wanted) > 1.0
