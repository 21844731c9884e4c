"""Trainable targets: x <- (1 - p) x + p (w e + b)."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.unit.semantics.reference.formulas import FEW_MODES, FEW_NAMES, step
from tests.unit.semantics.reference.interpreting import load
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference import execute_tensors
from whilec.syntax import ast, walk

few_modes = pytest.mark.parametrize("mode", FEW_MODES, ids=FEW_NAMES)


def number(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def targets(program: CheckedProgram) -> list[ast.Target]:
    """The targets of the program's own assignments, in text order."""
    return [
        target
        for statement in walk.statements(program.main.body)
        if isinstance(statement, ast.Assign)
        for target in statement.targets
    ]


def run(
    text: str, inputs: dict[str, Any], weights: list[tuple[torch.Tensor, torch.Tensor]], **options: Any
) -> dict[str, torch.Tensor]:
    given = {name: torch.tensor(value, dtype=torch.float64) for name, value in inputs.items()}
    program = load(text, {name: tuple(value.shape) for name, value in given.items()})
    found = targets(program)
    assert len(found) == len(weights)
    chosen = {id(target): pair for target, pair in zip(found, weights, strict=True)}
    return dict(
        execute_tensors(program, given, Options(trainable=True, **options), target_weights=chosen).outputs
    )


@few_modes
def test_the_formula_at_weight_1_and_its_gradient(mode: dict[str, Any]) -> None:
    w, b = number(1.5), number(-0.25)
    y = run("PROGRAM p(x: real) -> y\ny := x * x\n", {"x": 3.0}, [(w, b)], **mode)["y"]
    assert y.item() == 1.5 * 9 - 0.25
    by_w, by_b = torch.autograd.grad(y, (w, b))
    assert (by_w.item(), by_b.item()) == (9.0, 1.0)


@few_modes
def test_the_formula_at_a_path_weight(mode: dict[str, Any]) -> None:
    text = "PROGRAM p(t: real) -> y\ny := 4\nWHILE t > 0 DO\n  y := y + 3\n  t := t - 100\nEND\n"
    pairs = [(number(2.0), number(1.0)), (number(1.5), number(-0.5)), (number(1.0), number(0.0))]
    y = run(text, {"t": 0.1}, pairs, **mode)["y"]
    p = step(mode, 0.1)
    assert y.item() == pytest.approx((1 - p) * 9 + p * (1.5 * 12 - 0.5), rel=1e-14)
    slopes = torch.autograd.grad(y, [pairs[0][0], pairs[0][1], pairs[1][0], pairs[1][1]])
    inner = (1 - p) + p * 1.5
    assert [s.item() for s in slopes] == pytest.approx([4 * inner, inner, 12 * p, p], rel=1e-13)


def test_all_executions_of_a_target_share_its_weight() -> None:
    w, b = number(1.1), number(0.5)
    y = run("PROGRAM p(x: real) -> y\nFOR i FROM 1 TO 3 DO y := y + x END\n", {"x": 2.0}, [(w, b)], smooth=0)[
        "y"
    ]
    expected, by_w, by_b = 0.0, 0.0, 0.0
    for _ in range(3):
        by_w, by_b = (expected + 2) + 1.1 * by_w, 1 + 1.1 * by_b
        expected = 1.1 * (expected + 2) + 0.5
    assert y.item() == pytest.approx(expected)
    slopes = torch.autograd.grad(y, (w, b))
    assert [s.item() for s in slopes] == pytest.approx([by_w, by_b])


def test_scalars_also_for_arrays_and_elements() -> None:
    text = "PROGRAM p(a: real[n]) -> a, b: real[n], i\na[1] := 5\nb := 2 * a\nb := 3\ni := 0.5\nb[i] := 4\n"
    pairs = [(number(w), number(b)) for w, b in [(2.0, 1.0), (0.5, 1.0), (1.0, 2.0), (1.0, 0.5), (3.0, 0.0)]]
    got = run(text, {"a": [1.0, 1.0]}, pairs, smooth=0)
    assert got["a"].tolist() == [1.0, 11.0]
    assert got["b"].tolist() == [5.0, 12.0]
    got = run(text.replace("b := 3", "b := b"), {"a": [1.0, 1.0]}, pairs, smooth=0)
    assert got["b"].tolist() == [4.0, 12.0]
    (slope,) = torch.autograd.grad(got["b"][0], pairs[1][0])
    assert slope.item() == 2.0


def test_parallel_targets_have_one_each() -> None:
    text = "PROGRAM p(x: real, y: real) -> x, y\nx, y := y, x\n"
    got = run(text, {"x": 1.0, "y": 10.0}, [(number(2.0), number(0.5)), (number(3.0), number(0.0))], smooth=1)
    assert (got["x"].item(), got["y"].item()) == (20.5, 3.0)


def test_targets_of_a_call_with_several_results() -> None:
    text = "PROGRAM p(x: real) -> x, y\nx, y := f(x)\nDEF f(u) -> u, v\n  v := u + 1\nEND\n"
    program = load(text, {"x": ()})
    (statement,) = [s for s in walk.statements(program.main.body) if isinstance(s, ast.Assign)]
    chosen = {
        id(target): (number(w), number(b))
        for target, (w, b) in zip(statement.targets, [(2.0, 1.0), (3.0, 0.0)], strict=True)
    }
    x = torch.tensor(5.0, dtype=torch.float64)
    got = execute_tensors(program, {"x": x}, Options(smooth=0, trainable=True), target_weights=chosen).outputs
    assert (got["x"].item(), got["y"].item()) == (11.0, 18.0)


def test_start_values_and_loop_counters_have_none() -> None:
    text = "PROGRAM p(x: real) -> y\nVAR y: real = 7.0\nLOOP x DO y := y END\n"
    got = run(text, {"x": 2.0}, [(number(1.0), number(1.0))], smooth=0)
    assert got["y"].item() == 9.0


@few_modes
def test_weights_1_and_biases_0_change_nothing(mode: dict[str, Any]) -> None:
    text = "PROGRAM p(x: real) -> y\nWHILE x > 0 DO\n  y := y + x\n  x := x - 1\nEND\n"
    plain = execute_tensors(
        load(text, {"x": ()}), {"x": torch.tensor(2.3, dtype=torch.float64)}, Options(**mode)
    )
    got = run(text, {"x": 2.3}, [(number(1.0), number(0.0))] * 2, **mode)
    assert got["y"].item() == pytest.approx(plain.outputs["y"].item(), rel=1e-13)


def test_frozen_rows_do_not_move_the_weights() -> None:
    w, b = number(1.0), number(0.0)
    text = "PROGRAM p(x: real) -> y\nIF x > 0 THEN y := x END\n"
    program = load(text, {"x": ()})
    (target,) = targets(program)
    x = torch.tensor([1.0, -1.0, 2.0], dtype=torch.float64)
    out = execute_tensors(
        program, {"x": x}, Options(smooth=0, trainable=True), target_weights={id(target): (w, b)}
    )
    by_w, by_b = torch.autograd.grad(out.outputs["y"].sum(), (w, b))
    assert (by_w.item(), by_b.item()) == (3.0, 2.0)
