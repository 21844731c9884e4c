"""First and second derivatives of whole programs against finite differences, in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import pytest
import torch

from tests.unit.semantics.reference.interpreting import load
from whilec.semantics.options import Options
from whilec.semantics.reference import execute, execute_tensors

MODES: dict[str, dict[str, Any]] = {
    "C0": {"smooth": 0},
    "C1": {"smooth": 1},
    "C2": {"smooth": 2},
    "C3": {"smooth": 3},
    "C8": {"smooth": 8},
    "sech": {"smooth": "inf"},
    "bump": {"smooth": "inf", "phi": "bump"},
}
ONCE = ["C0", "C1", "sech", "bump"]
TWICE = ["C2", "sech"]


@final
@dataclass(frozen=True)
class Case:
    """A program with inputs away from the kinks of mode 0.

    Args:
        text: The program.
        inputs: Inputs and PARAMs, batches first.
        shapes: Shapes of the inputs that are not scalars.
        options: Beyond the mode.
    """

    text: str
    inputs: dict[str, Any]
    shapes: dict[str, tuple[int, ...]]
    options: dict[str, Any]


def case(text: str, inputs: dict[str, Any], shapes: Any = None, **options: Any) -> Case:
    """A case with few words."""
    return Case(text, inputs, shapes or {}, {"max_trips": 12, **options})


CASES: dict[str, Case] = {
    "zero trips": case(
        "PROGRAM p(x: real, y: real) -> x, y\nWHILE x > 0 DO x := x * y - 1 ; y := y + x END\n",
        {"x": [-0.9, -2.0, -0.7], "y": [1.0, 2.0, 3.0]},
    ),
    "one loop": case(
        "PROGRAM p(x: real) -> y, x\nWHILE x != 0 DO y := y + x * x ; x := x - 0.6 END\n",
        {"x": [2.53, 0.31, -0.77]},
        steepness=0.83,
    ),
    "nested loops": case(
        """PROGRAM p(x: real, y: real) -> z, x
WHILE x > 0 DO
  t := y
  WHILE t != 0 DO z := z + x * t ; t := t - 0.9 END
  x := x - 1
END
""",
        {"x": [1.23, 0.21], "y": [1.37, 0.58]},
        max_trips=6,
    ),
    "a loop in a choice": case(
        """PROGRAM p(x: real, y: real) -> z
IF x > y THEN
  WHILE x > 0 DO z := z + y * x ; x := x - 0.7 END
ELSEIF x + y < 1 THEN
  LOOP y DO z := z + sin(x) END
ELSE
  z := x / y
END
z := z * x
""",
        {"x": [0.43, 1.57, -0.81, 0.12], "y": [0.31, 0.77, 0.36, -0.29]},
        max_trips=6,
    ),
    "a choice in a loop": case(
        """PROGRAM p(x: real, y: real) -> z, y
WHILE x > 0 AND NOT y > 2 DO
  IF y < x OR x = 1 THEN y := y + x * 0.5 ELSE z := z + exp(-y) ; x := x * 0.9 END
  x := x - 0.45
END
""",
        {"x": [0.93, 1.31, -0.11], "y": [0.52, 0.13, 0.74]},
        max_trips=6,
    ),
    "early and late rows": case(
        "PROGRAM p(x: real) -> y\nWHILE x > 1 DO x := x * 0.6 ; y := y + log(x + 3) END\n",
        {"x": [0.22, 0.97, 4.03, -2.0, 1.51]},
    ),
    "soft reads and writes": case(
        """PROGRAM p(a: real[n], m: real[2, n], i: real, j: real) -> y, a, m
y := a[i] * m[j, i]
a[j] := y + i
m[j, i] := m[j, i] * a[i + 0.37]
m[j] := 2 * m[1]
y := y + sum(a)
""",
        {
            "a": [[1.0, -2.0, 0.5]],
            "m": [[[0.3, 1.2, -0.7], [2.0, 0.1, 0.9]]],
            "i": [1.31, 0.23],
            "j": [0.62, 0.17],
        },
        {"a": (3,), "m": (2, 3)},
    ),
    "parameters": case(
        """PROGRAM p(x: real) -> y
PARAM w: real = 1.0
PARAM s: real = 1.0
PARAM v: real[2] = 0.0
DEF f(u) -> r
  IF u > v[0] WITH STEEPNESS s * s THEN r := w * u ELSE r := max(u, v[1], steepness = s) END
END
LOOP 2 DO y := y + f(x) ; x := x * w - v[1] END
WHILE y > 0 WITH STEEPNESS s DO y := y - f(y) - 0.5 END
""",
        {"x": [0.31, -0.27], "w": 1.3, "s": 0.8, "v": [0.2, -0.1]},
        {"v": (2,)},
        max_trips=4,
    ),
    "mixture": case(
        """PROGRAM p(x: real, y: real) -> y, z
WHILE x > 0 DO
  y := y * x + 1
  LOOP x DO z := z + y END
  x := x - 0.52
END
""",
        {"x": [0.93, 0.21, -0.33], "y": [0.4, 1.0, -0.3]},
        loops="mixture",
        max_trips=5,
    ),
    "natural numbers": case(
        """PROGRAM p(x: real, y: real, a: real[2]) -> z, x, a
WHILE x != 0 DO
  z := z + y
  x := x - 1
  a[1] := a[1] - 2
END
y := y - 3
z := z + y
""",
        {"x": [1.93, 0.27, 0.61], "y": [1.41, 0.35, 2.3], "a": [[0.8, 1.7]]},
        {"a": (2,)},
        domain="nat",
        steepness=0.9,
        max_trips=6,
    ),
    "relaxed functions": case(
        """PROGRAM p(a: real[n], x: real) -> y: real[n], z
y := max(a, x, 0) + abs(a) * sign(x)
z := clamp(x, -0.3, mean(a)) + min(a[0], a[1], x) + degree(x < a[2] AND a[0] != x)
y[1] := dot(y, a)
""",
        {"a": [[0.13, -0.22, 0.41]], "x": [0.27, -0.18]},
        {"a": (3,)},
        steepness=1.3,
    ),
    "blends of ints": case(
        """PROGRAM p(i: int, j: int) -> y: int, z
y := max(i, j) * min(i, j, 2) - abs(i - j)
z := degree(i < j) + degree(i >= 2) * degree(i = j)
LOOP i DO z := z + j END
""",
        {"i": [1.38, 2.21, 0.17], "j": [1.73, 1.12, 0.41]},
        steepness=0.9,
    ),
    "smooth functions": case(
        """PROGRAM p(x: real, y: real) -> z
z := sqrt(x) + exp(y) * log(x) - sin(x * y) / cos(y) + tan(y) * tanh(x) + sigmoid(x - y) + pow(x, y)
""",
        {"x": [0.7, 1.9], "y": [0.4, -0.8]},
    ),
    "parallel assignments": case(
        """PROGRAM p(a: real[n], x: real) -> a, x
FOR i FROM 0 TO n - 2 DO
  IF a[i] > a[i + 1] THEN a[i], a[i + 1], x := a[i + 1], a[i], x + a[i] END
END
WHILE x > 0.5 DO x, a[0], a := x - a[1], x, a * x END
""",
        {"a": [[0.31, 0.13, -0.22], [0.1, 0.45, 0.2]], "x": [0.52, 0.74]},
        {"a": (3,)},
        max_trips=3,
    ),
    "matrices": case(
        "PROGRAM p(m: real[n, n], a: real[n]) -> y, b: real[n]\nb := matmul(matmul(m, m), a)\n"
        "WHILE dot(b, b) > 1 DO b := b / 2 ; y := y + mean(m) END\n",
        {"m": [[0.4, 1.1], [-0.7, 0.6]], "a": [[0.9, 0.3], [1.5, -2.0]]},
        {"m": (2, 2), "a": (2,)},
        max_trips=4,
    ),
}


def weighted_outputs(name: str, mode: str) -> tuple[Any, tuple[torch.Tensor, ...]]:
    """The program as a function of its inputs: a weighted sum of everything it gives."""
    chosen = CASES[name]
    leaves = {
        key: torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for key, value in chosen.inputs.items()
    }
    program = load(chosen.text, {key: chosen.shapes.get(key, ()) for key in leaves})
    options = Options(**{**chosen.options, **MODES[mode]})

    def function(*values: torch.Tensor) -> torch.Tensor:
        outputs = execute_tensors(program, dict(zip(leaves, values, strict=True)), options).outputs
        total = torch.zeros((), dtype=torch.float64)
        for number, value in enumerate(outputs.values()):
            flat = value.reshape(-1)
            weights = torch.cos(torch.arange(flat.numel(), dtype=torch.float64) * 1.7 + number) + 0.3
            total = total + (flat * weights).sum()
        return total

    return function, tuple(leaves.values())


@pytest.mark.parametrize("mode", ONCE)
@pytest.mark.parametrize("name", CASES)
def test_first_derivatives(name: str, mode: str) -> None:
    function, inputs = weighted_outputs(name, mode)
    assert torch.autograd.gradcheck(function, inputs, eps=1e-6, atol=2e-5, rtol=2e-4)


@pytest.mark.parametrize("mode", TWICE)
@pytest.mark.parametrize("name", CASES)
def test_second_derivatives(name: str, mode: str) -> None:
    function, inputs = weighted_outputs(name, mode)
    assert torch.autograd.gradgradcheck(function, inputs, eps=1e-6, atol=1e-4, rtol=1e-3, fast_mode=True)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", CASES)
def test_derivatives_are_not_trivially_0(name: str, mode: str) -> None:
    function, inputs = weighted_outputs(name, mode)
    slopes = torch.autograd.grad(function(*inputs), inputs)
    assert any(bool((slope != 0).any()) for slope in slopes)
    assert all(bool(slope.isfinite().all()) for slope in slopes)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", CASES)
def test_dual_numbers_give_the_derivatives_of_autograd(name: str, mode: str) -> None:
    chosen, options = CASES[name], Options(**{**CASES[name].options, **MODES[mode]})
    shapes = {key: chosen.shapes.get(key, ()) for key in chosen.inputs}
    program = load(chosen.text, shapes)
    # The first row of the batch alone.
    row = {}
    for key, value in chosen.inputs.items():
        tensor = torch.tensor(value, dtype=torch.float64)
        row[key] = tensor[0] if tensor.dim() > len(shapes[key]) else tensor
    leaves = {key: value.clone().requires_grad_() for key, value in row.items()}
    outputs = execute_tensors(program, leaves, options).outputs
    run = execute(program, {key: value.tolist() for key, value in row.items()}, options, jacobian=True)
    assert run.jacobian is not None
    for output, value in outputs.items():
        given = torch.tensor(run.outputs[output], dtype=torch.float64)
        assert torch.allclose(value, given, rtol=1e-12, atol=1e-13)
        for key, leaf in leaves.items():
            found = torch.tensor(run.jacobian[output][key], dtype=torch.float64).reshape(value.numel(), -1)
            for element, dual in zip(value.reshape(-1), found, strict=True):
                if not element.requires_grad:
                    assert not dual.any()
                    continue
                (slope,) = torch.autograd.grad(
                    element, leaf, retain_graph=True, allow_unused=True, materialize_grads=True
                )
                assert torch.allclose(slope.reshape(-1), dual, rtol=1e-10, atol=1e-12)
