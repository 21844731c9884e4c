"""Where the language says that no gradient flows, none does, even through an infinite derivative.

A condition that counts as 0 or 1 has derivative 0, and an old value that is dropped at weight 1
reaches neither value nor gradient: each by definition, not as 0 times something.
"""

from __future__ import annotations

import pytest
import torch

from tests.properties.running import load
from whilec.semantics.options import Options
from whilec.semantics.reference import execute, execute_tensors

SMOOTH = Options(smooth=1)

# Every program has a pole of the derivative at x = 0, and y = 2 x there.
DECIDED_CHOICE = """PROGRAM p(x: real) -> y: real
IF sqrt(x) > 3 THEN y := x * x ELSE y := 2 * x END
"""
DECIDED_LOOP = """PROGRAM p(x: real) -> y: real
y := 2 * x
WHILE sqrt(y) > 3 DO y := y - 1 END
"""
DECIDED_CONJUNCTION = """PROGRAM p(x: real) -> y: real
y := 2 * x + 0 * degree(sqrt(x) > 3 AND x < 100)
"""
DROPPED_IN_LOOP = """PROGRAM p(x: real) -> y: real
y := 1 / x
n := 1
WHILE n != 0 DO
  y := 2 * x
  n := n - 1
END
"""
DROPPED_IN_CHOICE = """PROGRAM p(x: real) -> y: real
y := 1 / x
IF x < 5 THEN y := 2 * x END
"""

PROGRAMS = {
    "choice": DECIDED_CHOICE,
    "loop": DECIDED_LOOP,
    "conjunction": DECIDED_CONJUNCTION,
    "dropped in loop": DROPPED_IN_LOOP,
    "dropped in choice": DROPPED_IN_CHOICE,
}


def gradient(text: str, *xs: float) -> list[float]:
    """The derivative of every lane's y by its own x."""
    program = load(text, {"x": xs[0]})
    x = torch.tensor(xs, dtype=torch.float64, requires_grad=True)
    y = execute_tensors(program, {"x": x}, SMOOTH).outputs["y"]
    (found,) = torch.autograd.grad(y.sum(), x)
    return found.tolist()


@pytest.mark.parametrize("name", PROGRAMS)
def test_by_dual_numbers(name: str) -> None:
    run = execute(load(PROGRAMS[name], {"x": 0.0}), {"x": 0.0}, SMOOTH, jacobian=True)
    assert run.outputs == {"y": 0.0}
    assert run.jacobian == {"y": {"x": 2.0}}


@pytest.mark.parametrize("name", PROGRAMS)
def test_alone(name: str) -> None:
    assert gradient(PROGRAMS[name], 0.0) == [2.0]


@pytest.mark.parametrize("name", PROGRAMS)
def test_in_a_batch(name: str) -> None:
    alone = gradient(PROGRAMS[name], 9.1)
    assert gradient(PROGRAMS[name], 0.0, 9.1) == [2.0, *alone]
