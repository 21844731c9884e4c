"""Hard mode: exact integers, and errors with code, place and values."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from tests.unit.semantics.reference.interpreting import (
    Interpret,
    batch,
    error_of,
    marked,
    on_numbers,
    on_tensors,
)

HARD: dict[str, Any] = {"smooth": "hard"}
MULTIPLY = """WHILE x1 != 0 DO
  x3 := x2
  WHILE x3 != 0 DO x0 := x0 + 1 ; x3 := x3 - 1 END
  x1 := x1 - 1
END
"""
LARGEST = 2**63 - 1


# ---- errors

HEADER = "PROGRAM p(x: real, a: real[3]) -> "
ERRORS = [
    ("y\ny := 4 / x\n", 0.0, 2.0, "E0601", "4 / x"),
    ("y\ny := x / (x - 1)\n", 1.0, 2.0, "E0601", "x / (x - 1)"),
    ("y: real[3]\ny := a / x\n", 0.0, 2.0, "E0601", "a / x"),
    ("y\ny := x * 1e200 * 1e200\n", 3.0, 0.0, "E0602", "x * 1e200 * 1e200"),
    ("y\ny := x - 1e308 - 1e308\n", -1e308, 1e308, "E0602", "x - 1e308"),
    ("y\ny := 1e300 / x\n", 1e-20, 1.0, "E0602", "1e300 / x"),
    ("y\ny := sqrt(x)\n", -1.0, 2.0, "E0602", "sqrt(x)"),
    ("y\ny := log(x)\n", 0.0, 2.0, "E0602", "log(x)"),
    ("y\ny := exp(x)\n", 1000.0, 2.0, "E0602", "exp(x)"),
    ("y\ny := pow(x, 0.5)\n", -2.0, 2.0, "E0602", "pow(x, 0.5)"),
    ("y\ny := pow(x, -1)\n", 0.0, 2.0, "E0602", "pow(x, -1)"),
    ("y\ny := sum(x * a)\n", 1e308, 1e307, "E0602", "sum(x * a)"),
    ("y\ny := dot(x * a, a)\n", 1e308, 1e307, "E0602", "dot(x * a, a)"),
    ("y\ny := a[x]\n", 3.0, 2.0, "E0604", "x"),
    ("y\ny := a[2 * x - 1]\n", 0.0, 1.0, "E0604", "2 * x - 1"),
    ("a\na[x] := 1\n", -2.0, 0.0, "E0604", "x"),
    ("y\ny := a[x / 2]\n", 1.0, 2.0, "E0605", "x / 2"),
    ("a\na[x], a[0] := 1, 2\n", 0.25, 1.0, "E0605", "x"),
    ("y\nDEF f(u) -> v v := 1 / u END\ny := f(x)\n", 0.0, 2.0, "E0601", "1 / u"),
    ("y\nIF x = 0 AND 1 / x > 0 THEN END\n", 0.0, 2.0, "E0601", "1 / x"),
    ("y\nWHILE 1 / x > 0.4 DO x := 3 * (x - 1) END\n", 1.0, 2.0, "E0601", "1 / x"),
    ("y\nLOOP 3 DO x := x - 1 ; IF x < 9 THEN y := 1 / x END END\n", 2.0, 5.0, "E0601", "1 / x"),
]


@pytest.mark.parametrize(("body", "x", "good", "code", "place"), ERRORS)
def test_errors_name_their_place(
    interpret: Interpret, body: str, x: float, good: float, code: str, place: str
) -> None:
    text, ones = HEADER + body, [1.0, 1.0, 1.0]
    error = error_of(interpret, text, {"x": x, "a": ones}, **HARD)
    assert (error.code.name, marked(error, text)) == (code, place)
    assert error.help
    assert interpret(text, {"x": good, "a": ones}, **HARD).outputs


@pytest.mark.parametrize(("body", "x", "good", "code", "place"), ERRORS)
def test_errors_name_the_row_of_the_batch(body: str, x: float, good: float, code: str, place: str) -> None:
    text = HEADER + body
    xs = torch.full((3, 2), good, dtype=torch.float64)
    xs[2, 0] = x
    error = error_of(batch, text, {"x": xs, "a": torch.ones(3)}, {"a": (3,)}, **HARD)
    assert (error.code.name, marked(error, text)) == (code, place)
    assert error.notes == ("in row 4 of the batch",)


def test_errors_of_inner_rows_name_the_row_of_the_whole_batch() -> None:
    text = """PROGRAM p(x: int) -> y
IF x > 0 THEN
  LOOP x DO
    x := x - 1
    IF x = 1 THEN y := 1 / (x - 1) END
  END
END
"""
    error = error_of(batch, text, {"x": torch.tensor([0, 1, -3, 0, 5, 0])}, {}, **HARD)
    assert (error.code.name, error.notes) == ("E0601", ("in row 4 of the batch",))


def test_rows_that_do_not_get_there_do_not_fail() -> None:
    text = """PROGRAM p(x: real) -> y
IF x > 0 AND 1 / x < 10 THEN y := sqrt(x) ELSEIF x < 0 OR 1 / (x + 1) > 5 THEN y := log(-x) ELSE y := 7 END
WHILE x > 1 DO y := 1 / (x - 1) ; x := x - 1 END
"""
    got = batch(text, {"x": torch.tensor([4.0, 0.0, -1.0, 0.01], dtype=torch.float64)}, {}, **HARD)["y"]
    assert got.tolist() == [1.0, 7.0, 0.0, 7.0]


def test_int_inputs_must_be_whole(interpret: Interpret) -> None:
    error = error_of(interpret, MULTIPLY, {"x1": 2.5, "x2": 1}, **HARD)
    assert error.code.name == "E0608"
    assert interpret(MULTIPLY, {"x1": 3.0, "x2": 4.0}, **HARD)["x0"] == 12
    text = "PROGRAM p(a: int[n]) -> y: int\ny := a[0]\n"
    assert error_of(interpret, text, {"a": [1.0, 0.5]}, **HARD).code.name == "E0608"
    assert interpret(MULTIPLY, {"x1": 2.5, "x2": 1.0}, smooth=0)["x0"] > 0


def test_a_loop_beyond_max_trips_is_an_error(interpret: Interpret) -> None:
    text = "WHILE x1 != 0 DO x1 := x1 - 1 END"
    assert interpret(text, {"x1": 5}, max_trips=5, **HARD)["x0"] == 0
    error = error_of(interpret, text, {"x1": 6}, max_trips=5, **HARD)
    assert (error.code.name, marked(error, text)) == ("E0606", "WHILE x1 != 0 DO")
    assert "5" in error.title
    text = "PROGRAM p(x: int) -> y\nLOOP x DO y := y + 1 END\n"
    assert error_of(interpret, text, {"x": 6}, max_trips=5, **HARD).code.name == "E0606"


def test_there_is_no_limit_on_trips_by_default(interpret: Interpret) -> None:
    run = interpret("WHILE x1 != 0 DO x1 := x1 - 1 ; x0 := x0 + 1 END", {"x1": 1500}, **HARD)
    assert (run["x0"], run.loops[0].trips, run.loops[0].converged) == (1500, 1500, 1.0)


@pytest.mark.parametrize("smooth", ["hard", 0])
def test_a_run_beyond_max_steps_is_an_error(interpret: Interpret, smooth: Any) -> None:
    text = "PROGRAM p(x: real) -> y\nWHILE y < 1 WITH STEEPNESS 1 DO y := y - 1 END\n"
    error = error_of(interpret, text, {"x": 0.0}, max_steps=50, max_trips=100, smooth=smooth)
    assert error.code.name == "E0607"
    text = "PROGRAM p(x: real) -> y\ny := 1\ny := 2\ny := 3\n"
    assert interpret(text, {"x": 0.0}, max_steps=3, smooth=smooth)["y"] == 3.0
    assert error_of(interpret, text, {"x": 0.0}, max_steps=2, smooth=smooth).code.name == "E0607"


def test_an_empty_endless_loop_runs_out_of_steps(interpret: Interpret) -> None:
    text = "PROGRAM p(x: real) -> y\nWHILE x = x DO END\n"
    assert error_of(interpret, text, {"x": 0.0}, max_steps=100, **HARD).code.name == "E0607"


def test_epsilon_is_ignored(interpret: Interpret) -> None:
    text = "PROGRAM p(x: real) -> y, z\ny := degree(x > 0)\nIF x > 0 THEN z := 1 ELSE z := 2 END\n"
    run = interpret(text, {"x": 1e-9}, epsilon=0.49, **HARD)
    assert (run["y"], run["z"]) == (1.0, 1.0)


# ---- integers


def test_integers_are_exact_and_unbounded_on_numbers() -> None:
    text = (
        "PROGRAM p(n: int) -> x: int, y: int\nx := 1\nFOR i FROM 1 TO 50 DO x := x * i END\ny := x - 1 + n\n"
    )
    run = on_numbers(text, {"n": 10**40}, **HARD)
    assert (run["x"], run["y"]) == (math.factorial(50), math.factorial(50) - 1 + 10**40)


def test_integers_have_a_million_bits_at_most() -> None:
    # 2^(2^n): after 19 squarings 524,289 bits, after 20 1,048,577.
    text = "PROGRAM p(n: int) -> x: int\nx := 2\nLOOP n DO x := x * x END\n"
    assert on_numbers(text, {"n": 19}, **HARD)["x"] == 2**2**19
    error = error_of(on_numbers, text, {"n": 20}, **HARD)
    assert (error.code.name, marked(error, text)) == ("E0603", "x * x")
    text = "PROGRAM p(x: int) -> x: int\nLOOP 20 DO x := x + x END\n"
    assert on_numbers(text, {"x": 2 ** (10**6 - 21)}, **HARD)["x"] == 2 ** (10**6 - 1)
    error = error_of(on_numbers, text, {"x": 2 ** (10**6 - 20)}, **HARD)
    assert (error.code.name, marked(error, text)) == ("E0603", "x + x")


BORDERS = [
    ("x + y", LARGEST - 5, 5, True),
    ("x + y", LARGEST - 5, 6, False),
    ("x + y", -LARGEST + 5, -5, True),
    ("x + y", -LARGEST + 5, -7, False),
    ("x + y", LARGEST, -LARGEST, True),
    ("x - y", LARGEST - 5, -5, True),
    ("x - y", LARGEST - 5, -6, False),
    ("x - y", -LARGEST + 5, 5, True),
    ("x - y", -LARGEST + 5, 7, False),
    ("x - y", 0, LARGEST, True),
    ("x * y", 3037000499, 3037000499, True),
    ("x * y", 3037000500, 3037000500, False),
    ("x * y", -3037000499, 3037000499, True),
    ("x * y", -3037000500, 3037000500, False),
    ("x * y", LARGEST, 1, True),
    ("x * y", LARGEST, -1, True),
    ("x * y", LARGEST, 2, False),
    ("x * y", 2**62, 2, False),
    ("x * y", 2**62, 4, False),
    ("x * y", 2**32, 2**32, False),
    ("x * y", -(2**32), 2**31, False),
    ("x * y", 0, LARGEST, True),
    ("x * y", 7, LARGEST // 7, True),
    ("x * y", 7, LARGEST // 7 + 1, False),
    ("-x * y", LARGEST, 1, True),
    ("x + 1", LARGEST, 0, False),
    ("1 - x", -LARGEST, 0, False),
    ("x * x", 3037000500, 0, False),
    ("2 * x", 2**62, 0, False),
    ("2 * x", 2**62 - 1, 0, True),
    ("sum(a)", LARGEST, 1, False),
    ("dot(a, a)", 3037000500, 0, False),
]


@pytest.mark.parametrize(("expression", "x", "y", "fits"), BORDERS)
def test_int64_overflow_on_tensors_is_an_error(expression: str, x: int, y: int, fits: bool) -> None:
    text = (
        f"PROGRAM p(x: int, y: int) -> z: int\nVAR a: int[2] = 0\na[0] := x ; a[1] := y\nz := {expression}\n"
    )
    inputs = {"x": x, "y": y}
    exact = on_numbers(text, inputs, **HARD)["z"]
    assert exact == eval(
        expression, {"x": x, "y": y, "sum": lambda a: x + y, "dot": lambda a, b: x * x + y * y, "a": None}
    )
    assert (abs(exact) <= LARGEST) == fits
    if fits:
        assert on_tensors(text, inputs, **HARD)["z"] == exact
    else:
        error = error_of(on_tensors, text, inputs, **HARD)
        assert error.code.name == "E0610"
        assert marked(error, text) in expression


def test_negating_the_lowest_int64_is_an_error() -> None:
    text = "PROGRAM p(x: int) -> z: int\nz := -x\n"
    assert error_of(on_tensors, text, {"x": -(2**63)}, **HARD).code.name == "E0610"


def test_overflow_in_a_row_that_does_not_get_there_is_none() -> None:
    text = "PROGRAM p(x: int) -> z: int\nIF x < 10 THEN z := x * x * x ELSE z := x END\n"
    got = batch(text, {"x": torch.tensor([3, 2**62])}, {}, **HARD)["z"]
    assert got.tolist() == [27, 2**62]
    assert got.dtype is torch.int64


def test_dtypes_of_a_hard_run() -> None:
    text = "PROGRAM p(x: int, r: real) -> x, r, d\nx := x + 1\nd := degree(r > 0)\n"
    got = batch(
        text, {"x": torch.tensor([1, 2], dtype=torch.int32), "r": torch.tensor([1.0, 0.0])}, {}, **HARD
    )
    assert [got[name].dtype for name in ("x", "r", "d")] == [torch.int64, torch.float64, torch.float64]
    assert got["d"].tolist() == [1.0, 0.0]


def test_programs_of_several_loops(interpret: Interpret) -> None:
    for x, y in [(0, 4), (4, 0), (3, 4), (7, 8)]:
        assert interpret(MULTIPLY, {"x1": x, "x2": y}, **HARD)["x0"] == x * y
