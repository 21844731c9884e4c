"""Hard mode on tensors gives the numbers of hard mode, or an error, and never another number."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.unit.semantics.reference.interpreting import (
    Interpret,
    batch,
    error_of,
    on_numbers,
    on_tensors,
    shape_of,
)

HARD: dict[str, Any] = {"smooth": "hard"}
BIG = 2**53 + 1


@pytest.mark.parametrize(
    "expression",
    [
        "x + 0.1",
        "0.1 - x",
        "x * 0.1",
        "x / 3",
        "x / 0.1",
        "-x * 0.1",
        "x + y * 0.1",
        "max(x, 0.1)",
        "min(x, 123456789.3)",
        "clamp(x, 0.1, 0.7)",
        "degree(x > 0.5) * 0.1 + x",
        "pow(x, 0.3)",
        "exp(0.1 * x)",
        "sum(a) * 0.1",
        "mean(a)",
        "dot(a, 0.1 * a)",
        "abs(0.1 - x)",
        "0.1",
        "1 / 3",
        "x - x + 1 / 3",
    ],
)
def test_reals_are_computed_in_float64(expression: str) -> None:
    text = f"PROGRAM p(x: int, y: real) -> z: real\nVAR a: int[2] = 3\na[0] := x\nz := {expression}\n"
    inputs = {"x": 3, "y": 0.7}
    assert on_tensors(text, inputs, **HARD)["z"] == pytest.approx(
        on_numbers(text, inputs, **HARD)["z"], rel=1e-15
    )


@pytest.mark.parametrize("op", ["=", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize(
    ("x", "r"),
    [
        (BIG, 2.0**53),
        (BIG + 1, 2.0**53 + 2),
        (-BIG, -(2.0**53)),
        (2**24 + 1, 2.0**24),
        (3, 3.0),
        (2**62 + 1, 2.0**62),
    ],
)
def test_ints_compare_with_reals_exactly(interpret: Interpret, op: str, x: int, r: float) -> None:
    text = f"PROGRAM p(x: int, r: real) -> z\nz := degree(x {op} r)\n"
    holds = {"=": x == r, "!=": x != r, "<": x < r, "<=": x <= r, ">": x > r, ">=": x >= r}[op]
    assert interpret(text, {"x": x, "r": r}, **HARD)["z"] == float(holds)


@pytest.mark.parametrize("op", ["<", ">", "="])
def test_ints_compare_with_literals_exactly(interpret: Interpret, op: str) -> None:
    for x, literal in [
        (16777217, 16777216.5),
        (16777217, 16777216.0),
        (1, 9223372036854775808),
        (-1, -(2**70)),
    ]:
        text = f"PROGRAM p(x: int) -> z\nz := degree(x {op} {literal})\n"
        holds = {"<": x < literal, ">": x > literal, "=": x == literal}[op]
        assert interpret(text, {"x": x}, **HARD)["z"] == float(holds), (x, literal)


@pytest.mark.parametrize(
    ("expression", "x"),
    [
        ("abs(x)", -(2**63)),
        ("max(x, 9223372036854775808)", 1),
        ("9223372036854775808", 1),
        ("x", 1e19),
        ("x", -1e19),
    ],
)
def test_what_does_not_fit_into_64_bits_is_an_error(expression: str, x: float) -> None:
    text = f"PROGRAM p(x: int) -> z: int\nz := {expression}\n"
    assert error_of(on_tensors, text, {"x": x}, **HARD).code.name in ("E0610", "E0608")


def test_large_constants_that_are_not_reached_are_no_error() -> None:
    large = "9223372036854775808"
    text = f"PROGRAM p(x: int) -> z: int\nIF x < {large} THEN z := 1 ELSE z := {large} END\n"
    assert on_tensors(text, {"x": 5}, **HARD)["z"] == 1


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("PROGRAM p(x: real) -> y\nLOOP x DO y := y + 1 END\n", [1.0, 2.0, 1.5]),
        ("PROGRAM p(x: real) -> y\nWHILE x != 0 DO x := x - 1 END\n", [1.0, 2.0, 9.0]),
    ],
)
def test_every_error_names_the_row_of_the_batch(text: str, values: list[float]) -> None:
    error = error_of(batch, text, {"x": torch.tensor(values)}, {}, max_trips=5, **HARD)
    assert error.notes == ("in row 2 of the batch",)


@pytest.mark.parametrize(
    ("text", "inputs", "wanted"),
    [
        ("PROGRAM p(x: real) -> y\ny := 4.5 / x\n", {"x": 0.0}, "4.5"),
        ("PROGRAM p(x: int) -> y: int\ny := x * x\n", {"x": 3037000500}, "3037000500"),
        ("PROGRAM p(x: int) -> y: int\ny := x\n", {"x": 2.5}, "2.5"),
        ("PROGRAM p(x: real) -> y\ny := sqrt(x)\n", {"x": -2.25}, "-2.25"),
        ("PROGRAM p(x: real) -> y\nLOOP x DO y := 1 END\n", {"x": 2.5}, "2.5"),
    ],
)
def test_errors_name_the_values_involved(text: str, inputs: dict[str, float], wanted: str) -> None:
    assert all(shape_of(value) == () for value in inputs.values())
    error = error_of(on_tensors, text, inputs, **HARD)
    assert error.primary is not None
    assert wanted in f"{error.title} {error.primary.text} {' '.join(error.notes)}"


@pytest.mark.parametrize("smooth", ["hard", 0])
def test_outputs_do_not_alias_inputs(smooth: str | int) -> None:
    text = "PROGRAM p(a: real[n]) -> a, b: real[n]\nb := a\n"
    a = torch.ones(3, 2, dtype=torch.float64)
    got = batch(text, {"a": a}, {"a": (2,)}, smooth=smooth)
    got["a"].zero_()
    assert torch.equal(a, torch.ones_like(a))
    assert torch.equal(got["b"], torch.ones_like(a))


def test_an_empty_batch_of_arrays() -> None:
    text = "PROGRAM p(a: real[n], m: int[n]) -> a, m\nVAR t: real[2] = 0.5\na := 2 * a\n"
    inputs = {"a": torch.zeros(0, 2, dtype=torch.float64), "m": torch.zeros(0, 2, dtype=torch.int64)}
    got = batch(text, inputs, {"a": (2,), "m": (2,)}, **HARD)
    assert got["a"].shape == got["m"].shape == (0, 2)


def test_the_mean_of_large_ints_does_not_wrap(interpret: Interpret) -> None:
    text = "PROGRAM p(a: int[n]) -> z\nz := mean(a)\n"
    assert interpret(text, {"a": [2**62, 2**62 + 2**61, 2**62]}, **HARD)["z"] == pytest.approx(7 / 6 * 2**62)


@pytest.mark.parametrize(
    "text",
    [
        "PROGRAM p(x: real) -> z\nz := x + 99999999999999999999\n",
        "PROGRAM p(x: real) -> z\nz := 99999999999999999999 / (x + 1)\n",
        "PROGRAM p(x: real) -> z\nz := max(x, 99999999999999999999)\n",
        "PROGRAM p(x: real) -> z: real\nz := 99999999999999999999\n",
        "PROGRAM p(x: real) -> z\nVAR a: real[2] = 99999999999999999999\nz := a[0] + x\n",
    ],
)
def test_large_constants_are_reals_where_reals_are_wanted(interpret: Interpret, text: str) -> None:
    assert interpret(text, {"x": 0.0}, **HARD)["z"] == 1e20


def test_saturating_subtraction_of_a_large_constant(interpret: Interpret) -> None:
    text = "PROGRAM p(x: int) -> x\nx := x - 99999999999999999999\n"
    assert interpret(text, {"x": 5}, domain="nat", **HARD)["x"] == 0
