"""Cases that once gave a wrong number, a wrong derivative or killed the process."""

from __future__ import annotations

import pytest
import torch

from tests.unit.semantics.reference.interpreting import Interpret, batch, error_of, on_numbers, on_tensors

LOWEST = -(2**63)


def test_named_arguments_of_a_def_go_to_their_parameters(interpret: Interpret) -> None:
    text = "PROGRAM p(x: real) -> y: real\nDEF f(u, v) -> w\n  w := u - v\nEND\ny := f(v = x, u = 1)\n"
    assert interpret(text, {"x": 5.0}, smooth=0)["y"] == -4.0


@pytest.mark.parametrize("expression", ["x * (0 - 1)", "x * m", "-x", "x"])
def test_the_lowest_64_bit_integer_is_an_error(expression: str) -> None:
    text = f"PROGRAM p(x: int, m: int) -> y: int\ny := {expression}\n"
    inputs = {"x": torch.tensor([LOWEST]), "m": torch.tensor([-1])}
    assert error_of(batch, text, inputs, {}, smooth="hard").code.name == "E0610"


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("PROGRAM p(x: int) -> y\ny := x / 3\n", {"x": 2**53 + 1}),
        ("PROGRAM p(x: int, z: int) -> y\ny := x / z\n", {"x": 2**62 + 1, "z": 2**61 + 3}),
        ("PROGRAM p(a: int[n]) -> y\ny := mean(a)\n", {"a": [2**53 + 1, -(2**53), 1]}),
    ],
)
def test_large_integers_are_not_rounded_before_a_division(text: str, inputs: dict[str, object]) -> None:
    assert on_tensors(text, inputs, smooth="hard")["y"] == on_numbers(text, inputs, smooth="hard")["y"]


def test_saturating_subtraction_of_a_large_number_from_a_real(interpret: Interpret) -> None:
    text = "PROGRAM p(x: real) -> y: real\ny := x\ny := y - 10000000000000000000000\n"
    assert interpret(text, {"x": 1e30}, smooth="hard", domain="nat")["y"] == 1e30 - 1e22


def test_a_static_degree_is_a_real(interpret: Interpret) -> None:
    got = interpret("PROGRAM p(x: real) -> y: real\ny := degree(1 < 2)\n", {"x": 1.0}, smooth=1)["y"]
    assert got == 1.0
    assert isinstance(got, float)


@pytest.mark.parametrize("s", [1.0, 1e17, 1e300])
@pytest.mark.parametrize("smooth", [0, "inf"])
@pytest.mark.parametrize(
    "body", ["IF x > z THEN y := x ELSE y := z END", "y := max(x, z)", "y := min(i, z) + 0 * x"]
)
def test_derivatives_at_a_tie_survive_any_steepness(
    interpret: Interpret, body: str, smooth: int | str, s: float
) -> None:
    text = f"PROGRAM p(x: real, z: real, i: int) -> y: real\n{body}\n"
    run = interpret(text, {"x": 1.0, "z": 1.0, "i": 1.0}, jacobian=True, smooth=smooth, steepness=s)
    assert run.slope("y", "z") == 0.5
    assert run.slope("y", "x") + run.slope("y", "i") == 0.5
