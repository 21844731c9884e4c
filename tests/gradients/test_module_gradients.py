"""Derivatives of compiled modules, of every graph, against finite differences in float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, final

import pytest
import torch

import whilec


@final
@dataclass(frozen=True)
class Case:
    """A program and a batch of points without kinks nearby.

    Args:
        text: The program.
        inputs: One row per element of the batch.
        trips: Copies of the loops in unrolled graphs.
        options: Of `compile_source`.
    """

    text: str
    inputs: dict[str, list[Any]]
    trips: tuple[int, ...] = ()
    options: dict[str, Any] = field(default_factory=dict[str, Any])


CASES = {
    "no_trip": Case(
        "PROGRAM p(x, y) -> z: real\nz := x * y\nWHILE x < 0 DO z := z * y x := x + y END",
        {"x": [9.0, 12.0], "y": [0.7, 1.1]},
        (2,),
        {"smooth": 1},
    ),
    "early_end": Case(
        "PROGRAM p(x, y) -> z: real\nz := y\nWHILE x != 0 DO z := z + x * y x := x - 1 END",
        {"x": [0.0, 1.3, 2.7, 4.4], "y": [0.7, -0.4, 0.3, 0.2]},
        (9,),
        {"smooth": 2, "steepness": 0.7},
    ),
    "early_end_sech": Case(
        "WHILE x1 != 0 DO x0 := x0 + x2 x1 := x1 - 1 END",
        {"x1": [0.4, 1.3, 2.6], "x2": [0.7, -0.4, 0.3]},
        (20,),
        {"epsilon": 1e-3},
    ),
    "nested": Case(
        """PROGRAM p(x, y) -> z: real
        WHILE x > 0.1 DO
          t := y
          WHILE t > 0.2 DO z := z + t * x  t := t - 0.8 END
          x := x - 0.9
        END""",
        {"x": [0.8, 1.7], "y": [1.3, 0.45]},
        (5, 5),
        {"smooth": 3},
    ),
    "loop_in_choice": Case(
        """PROGRAM p(x, y) -> z: real
        IF x > y THEN
          WHILE x > 0.3 DO z := z + x * y  x := x - 0.7 END
        ELSE
          LOOP y DO z := z * x + y END
        END""",
        {"x": [0.9, 0.35, 1.4, -2.0], "y": [0.77, 0.6, -1.0, 1.1]},
        (6, 6),
        {"smooth": 2},
    ),
    "choice_in_loop": Case(
        """PROGRAM p(x, y) -> z: real
        LOOP 2.3 DO
          IF x < y AND NOT x = 0.2 OR z > 1.3 THEN z := z + exp(x * y) ELSE z := z - sin(y) * x END
          x := x + 0.3
        END""",
        {"x": [0.31, 0.84], "y": [0.72, 1.13]},
        (4,),
        {"smooth": "inf", "compare_steepness": 2.0},
    ),
    "soft_indices": Case(
        """PROGRAM p(a: real[4], i, j) -> b: real[4], z: real
        z := a[i] * a[j]
        b := a
        b[j] := b[j] + z
        b[i] := b[2] * i""",
        {"a": [[0.1, 0.9, -0.7, 1.2], [0.4, 0.3, 0.2, 1.5]], "i": [1.3, 0.45], "j": [2.7, 1.8]},
        options={"smooth": 2},
    ),
    "soft_indices_sech": Case(
        "PROGRAM p(a: real[2, 2], i) -> a\na[i, 1] := a[0, i] + a[i, i]",
        {"a": [[[0.1, 0.9], [-0.7, 1.2]], [[0.4, 0.3], [0.2, 1.5]]], "i": [1.3, 0.45]},
    ),
    "params": Case(
        """PROGRAM p(x) -> z: real
        PARAM w: real = 0.8
        PARAM v: real[2] = 0.6
        WHILE x > 0 WITH STEEPNESS w DO z := z + v[0] * x  x := x - v[1] END
        z := max(z, w)""",
        {"x": [0.9, 1.7]},
        (5,),
        {"smooth": "inf", "max_trips": 5, "epsilon": 0.0},
    ),
    "mixture": Case(
        "PROGRAM p(x, y) -> z: real\nz := y\nWHILE x > 0.1 DO z := z + x * y  x := x - 0.6 END",
        {"x": [0.35, 1.27], "y": [0.7, -0.4]},
        (4,),
        {"smooth": 2, "loops": "mixture"},
    ),
    "mixture_sech": Case(
        """PROGRAM p(x, y) -> z: real
        WHILE x != 0 DO
          z := z + y
          LOOP y DO z := z * 0.9 END
          x := x - 0.7
        END""",
        {"x": [0.9, 1.3], "y": [0.8, 1.3]},
        (4, 4),
        {"loops": "mixture", "max_trips": 4, "epsilon": 0.0},
    ),
    "natural": Case(
        "WHILE x1 != 0 DO x0 := x0 + x2 x1 := x1 - 1 END",
        {"x1": [0.6, 1.7], "x2": [0.7, 2.4]},
        (15,),
        {"domain": "nat", "steepness": 2.0},
    ),
    "trainable": Case(
        "PROGRAM p(x, y) -> z: real\nWHILE x > 0.2 DO z := z + y * x  x := x - 0.8 END",
        {"x": [0.63, 1.71], "y": [0.7, 1.1]},
        (5,),
        {"smooth": 1, "trainable": True},
    ),
    "functions": Case(
        """PROGRAM p(x, y) -> z: real
        DEF f(a, b) -> c
        VAR c: real = 0.5
        WHILE a > 0.2 DO c := c + sqrt(b + 2) / a  a := a - 0.7 END
        END
        IF y > 0.5 THEN z := f(x, y) + pow(x, y) ELSE z := log(x) + tanh(y) END
        z := min(z, abs(x), clamp(y, 0.1, 0.9))""",
        {"x": [0.86, 1.33], "y": [0.71, 0.18]},
        (4,),
        {"smooth": 2},
    ),
}

GRAPHS = ("recurrent", "checkpointed", "unrolled")

graphs = pytest.mark.parametrize("graph", GRAPHS)

pytestmark = pytest.mark.filterwarnings("ignore::whilec.LoopWarning")


def module_of(case: Case, graph: str) -> whilec.WhileModule:
    choices: dict[str, Any] = {
        "recurrent": {},
        "checkpointed": {"checkpoint": True},
        "unrolled": {"graph": "unrolled", "trips": case.trips or None},
    }[graph]
    return whilec.compile_source(case.text, dtype=torch.float64, **case.options, **choices)


def leaves_of(case: Case, module: whilec.WhileModule) -> dict[str, torch.Tensor]:
    """The inputs, and PARAMs with a value for each row."""
    rows = len(next(iter(case.inputs.values())))
    found = {name: torch.tensor(value, dtype=torch.float64) for name, value in case.inputs.items()}
    for name, attribute in module.parameter_names.items():
        value = getattr(module, attribute).detach()
        found[name] = value.expand(rows, *value.shape).clone()
    return {name: leaf.requires_grad_() for name, leaf in found.items()}


def function_of(module: whilec.WhileModule, names: list[str]) -> Callable[..., tuple[torch.Tensor, ...]]:
    def function(*values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        named = dict(zip(names, values, strict=False))
        with _weights(module, values[len(names) :]):
            return tuple(module.run(**named).outputs.values())

    return function


class _weights:  # noqa: N801 - a context
    """Puts tensors in the place of a module's weights of targets, which are parameters."""

    def __init__(self, module: whilec.WhileModule, values: tuple[torch.Tensor, ...]) -> None:
        self._module = module
        self._values = dict(zip(("target_weights", "target_biases"), values, strict=False))
        self._before = dict(module._parameters)

    def __enter__(self) -> None:
        for name, value in self._values.items():
            self._module._parameters[name] = value  # type: ignore[assignment]

    def __exit__(self, *_: object) -> None:
        self._module._parameters.update(self._before)


def prepared(name: str, graph: str) -> tuple[Callable[..., Any], list[torch.Tensor]]:
    case = CASES[name]
    module = module_of(case, graph)
    leaves = leaves_of(case, module)
    targets = [p.detach().clone() for n, p in module.named_parameters() if n.startswith("target_")]
    values = [*leaves.values(), *(0.93 * each + 0.02 for each in targets)]
    return function_of(module, list(leaves)), [value.detach().requires_grad_() for value in values]


@graphs
@pytest.mark.parametrize("name", CASES)
def test_first_derivatives(name: str, graph: str) -> None:
    function, values = prepared(name, graph)
    assert torch.autograd.gradcheck(function, values, eps=1e-6, atol=1e-6, rtol=1e-5)


@graphs
@pytest.mark.parametrize("name", CASES)
def test_second_derivatives(name: str, graph: str) -> None:
    function, values = prepared(name, graph)
    assert torch.autograd.gradgradcheck(function, values, eps=1e-6, atol=1e-6, rtol=1e-5)


# ---- third derivatives


THIRD = """
PROGRAM p(x, y) -> z: real
WHILE x > 0.2 DO
  IF y > 0.4 THEN z := z + exp(x * y) ELSE z := z - y * y END
  x := x - 0.8
END
"""


def third_module(graph: str) -> whilec.WhileModule:
    case = Case(THIRD, {}, (8,), {"smooth": "inf", "max_trips": 8, "epsilon": 0.0})
    return module_of(case, graph)


def differences_of_second(
    module: whilec.WhileModule, x: torch.Tensor, y: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Third derivatives by x three times, and by x, x and y, from second ones at points around."""

    def second(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        x = x.detach().requires_grad_()
        (first,) = torch.autograd.grad(module(x, y).sum(), x, create_graph=True)
        return torch.autograd.grad(first.sum(), x)[0]

    h = 1e-4

    def slope(step_x: float, step_y: float) -> torch.Tensor:
        near = second(x + h * step_x, y + h * step_y) - second(x - h * step_x, y - h * step_y)
        far = second(x + 2 * h * step_x, y + 2 * h * step_y) - second(x - 2 * h * step_x, y - 2 * h * step_y)
        return (8 * near - far) / (12 * h)

    return slope(1, 0), slope(0, 1)


@graphs
def test_third_derivatives(graph: str) -> None:
    module = third_module(graph)
    x = torch.tensor([0.35, 0.9, 1.72], dtype=torch.float64)
    y = torch.tensor([0.31, 0.7, -0.2], dtype=torch.float64)
    x, y = x.requires_grad_(), y.requires_grad_()
    (first,) = torch.autograd.grad(module(x, y).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
    found = torch.autograd.grad(second.sum(), [x, y])
    wanted = differences_of_second(module, x.detach(), y.detach())
    assert wanted[0].abs().min() > 1e-2
    for have, want in zip(found, wanted, strict=True):
        torch.testing.assert_close(have, want, rtol=1e-6, atol=1e-7)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_third_derivatives_by_transforms() -> None:
    module = third_module("unrolled")
    x = torch.tensor([0.35, 0.9, 1.72], dtype=torch.float64)
    y = torch.tensor([0.31, 0.7, -0.2], dtype=torch.float64)

    def second(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.func.grad(torch.func.grad(module))(x, y)

    wanted = differences_of_second(module, x, y)
    for third in (torch.func.grad(second, (0, 1)), torch.func.jacfwd(second, (0, 1))):
        for have, want in zip(torch.vmap(third)(x, y), wanted, strict=True):
            torch.testing.assert_close(have, want, rtol=1e-6, atol=1e-7)
