"""What is dropped reaches no derivative, even where its own derivative is infinite."""

from __future__ import annotations

import math

import pytest
import torch

from tests.unit.semantics.reference.formulas import MODE_NAMES, MODES
from tests.unit.semantics.reference.interpreting import Interpret, batch

ONCE = "WHILE t > 0 DO\n  {}\n  t := t - 100\nEND"


def test_weight_1_drops_a_non_finite_old_value(interpret: Interpret) -> None:
    header = "PROGRAM p(x: real, e: real, t: real) -> y"
    for old, e in [("1 / x", 0.0), ("x / x", 0.0), ("log(x)", 0.0), ("-1 / x", 0.0)]:
        text = header + f"\ny := {old}\n" + ONCE.format("y := e + 2") + "\n"
        run = interpret(text, {"x": 0.0, "e": e, "t": 0.5}, jacobian=True, smooth=0)
        assert run["y"] == 2.0, old
        assert run.slope("y", "e") == 1.0, old
        assert math.isfinite(run.slope("y", "t")), old
        assert run.slope("y", "x") == 0.0, old


def test_weight_1_drops_an_old_value_with_an_infinite_derivative(interpret: Interpret) -> None:
    text = "PROGRAM p(x: real, e: real, t: real) -> y\ny := sqrt(x)\n" + ONCE.format("y := e") + "\n"
    run = interpret(text, {"x": 0.0, "e": 2.0, "t": 0.5}, jacobian=True, smooth=0)
    assert (run["y"], run.slope("y", "x"), run.slope("y", "e")) == (2.0, 0.0, 1.0)


@pytest.mark.parametrize("old", ["1 / x", "sqrt(x)", "log(x)", "pow(x, 0.5)", "pow(x, -1)"])
def test_rows_do_not_see_what_other_rows_keep(old: str) -> None:
    # Row 0 replaces y and row 1 keeps it, so y counts for the gradient of row 1 only.
    text = f"PROGRAM p(x: real, t: real) -> y\ny := {old}\nIF t > 0 THEN y := 2 END\n"
    x = torch.tensor([0.0, 4.0], dtype=torch.float64, requires_grad=True)
    y = batch(text, {"x": x, "t": torch.tensor([9.0, -9.0], dtype=torch.float64)}, {}, smooth=0)["y"]
    (slopes,) = torch.autograd.grad(y.sum(), x)
    alone = torch.tensor(4.0, dtype=torch.float64, requires_grad=True)
    kept = batch(text, {"x": alone, "t": torch.tensor(-9.0, dtype=torch.float64)}, {}, smooth=0)["y"]
    assert slopes.tolist() == [0.0, torch.autograd.grad(kept, alone)[0].item()]


@pytest.mark.parametrize("mode", MODES[:10], ids=MODE_NAMES[:10])
def test_an_infinite_operand_of_max_by_itself_and_by_steepness(
    interpret: Interpret, mode: dict[str, object]
) -> None:
    text = "PROGRAM p(a: real, b: real) -> y: real\nPARAM s: real = 1.0\ny := max(a, -1 / b, steepness = s)\n"
    run = interpret(text, {"a": 3.0, "b": 0.0, "s": 2.0}, jacobian=True, **mode)
    assert run["y"] == 3.0
    assert [run.slope("y", name) for name in ("a", "b", "s")] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("mode", [*MODES[:3], MODES[10]])
def test_a_weightless_element_that_is_not_finite(interpret: Interpret, mode: dict[str, object]) -> None:
    text = "PROGRAM p(x: real, i: real) -> y\nVAR a: real[3] = 1.0\na[2] := 1 / x\ny := a[i] + x\n"
    run = interpret(text, {"x": 0.0, "i": 1.0}, jacobian=True, **mode)
    assert (run["y"], run.slope("y", "x")) == (1.0, 1.0)
    assert math.isfinite(run.slope("y", "i"))


@pytest.mark.parametrize("mode", MODES[:10], ids=MODE_NAMES[:10])
def test_the_derivative_of_max_by_its_steepness_is_safe_at_infinities(
    interpret: Interpret, mode: dict[str, object]
) -> None:
    text = "PROGRAM p(a: real, b: real) -> y: real\nPARAM s: real = 1.0\ny := max(a, b, steepness = s)\n"
    run = interpret(text, {"a": 3.0, "b": -math.inf, "s": 2.0}, jacobian=True, **mode)
    assert [run.slope("y", name) for name in ("a", "b", "s")] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("i", [1e15, 1e16, -1e17, 1e300])
def test_sech_weights_do_not_cancel_however_far_outside(interpret: Interpret, i: float) -> None:
    values = [1.0, 2.0, 3.0]
    weights = [math.exp(-abs(j - (2 if i > 0 else 0))) for j in range(3)]
    expected = sum(w * x for w, x in zip(weights, values, strict=True)) / sum(weights)
    got = interpret("PROGRAM p(a: real[n], i: real) -> y: real\ny := a[i]\n", {"a": values, "i": i})["y"]
    assert got == pytest.approx(expected, rel=1e-12)
