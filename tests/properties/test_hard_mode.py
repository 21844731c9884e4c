"""Hard mode computes with exact, unbounded whole numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from tests.properties.running import load
from whilec.cli.main import EXIT_ERROR, EXIT_OK, run_command
from whilec.diagnostics.model import WhileError
from whilec.numerals import read_integer
from whilec.semantics.options import Options
from whilec.semantics.reference import execute

PROGRAMS = Path(__file__).parents[2] / "programs"
HARD = Options(smooth="hard")


def crisp(text: str, **inputs: Any) -> Any:
    return execute(load(text, inputs), inputs, HARD).outputs


def library(name: str, **inputs: Any) -> Any:
    return crisp((PROGRAMS / f"{name}.while").read_text(encoding="utf-8"), **inputs)


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run_command(["run", *arguments])
    output = capsys.readouterr()
    return code, output.out, output.err


# ---- large numbers -----------------------------------------------------------------------------


def test_twenty_digits_are_exact() -> None:
    text = "PROGRAM p(a: int, b: int) -> s: int, d: int, m: int\ns, d, m := a + b, a - b, a * b\n"
    random = Random(1)
    for _ in range(200):
        a, b = (random.choice([-1, 1]) * random.randrange(10**19, 10**20) for _ in range(2))
        assert crisp(text, a=a, b=b) == {"s": a + b, "d": a - b, "m": a * b}


def test_neighbours_beyond_the_range_of_floats_are_told_apart() -> None:
    text = """PROGRAM p(a: int, b: int) -> less: int, equal: int, high: int, low: int, distance: int, way: int
IF a < b THEN less := 1 END
IF a = b THEN equal := 1 END
high, low, distance, way := max(a, b), min(a, b), abs(a - b), sign(a - b)
"""
    a = 10**30
    assert crisp(text, a=a, b=a + 1) == {
        "less": 1,
        "equal": 0,
        "high": a + 1,
        "low": a,
        "distance": 1,
        "way": -1,
    }


def test_large_literals_and_arrays() -> None:
    text = """PROGRAM p(a: int[n]) -> total: int, product: int
CONST big = 123456789012345678901234567890
total := sum(a) + big
product := dot(a, a)
"""
    a = [10**25 + 1, -(10**24), 7]
    expected = {"total": sum(a) + 123456789012345678901234567890, "product": sum(x * x for x in a)}
    assert crisp(text, a=a) == expected


@pytest.mark.parametrize("n", [0, 1, 5])
def test_factorial_by_counting(n: int) -> None:
    assert library("factorial", x1=n)["x0"] == math.factorial(n)


def test_factorial_of_25() -> None:
    text = "PROGRAM f(n: int) -> r: int\nr := 1\nWHILE n > 0 DO\n  r := r * n\n  n := n - 1\nEND\n"
    assert crisp(text, n=25) == {"r": math.factorial(25)}


def test_a_million_bits_is_the_limit() -> None:
    text = "PROGRAM p(x: int, n: int) -> x\nLOOP n DO\n  x := x * x\nEND\n"
    largest = crisp(text, x=2, n=19)["x"]
    assert largest == 2 ** (2**19)
    with pytest.raises(WhileError) as caught:
        crisp(text, x=2, n=20)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code.name.startswith("E06")
    assert diagnostic.primary is not None


def test_more_digits_than_python_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.while"
    path.write_text("PROGRAM p(x: int, y: int) -> z: int\nz := x * x + y\n", encoding="utf-8")
    digits = "7" * 5000
    code, out, err = command(capsys, str(path), f"x={digits}", "y=-3", "--smooth", "hard")
    assert (code, err) == (EXIT_OK, "")
    printed = out.removeprefix("z = ").strip()
    assert len(printed) == 10_000
    assert read_integer(printed) == read_integer(digits) ** 2 - 3


def test_more_digits_than_python_prints_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.while"
    path.write_text("PROGRAM p(x: int) -> z: int\nz := x + 1\n", encoding="utf-8")
    code, out, err = command(capsys, str(path), f"x={'9' * 4999}", "--smooth", "hard", "--json")
    assert (code, err) == (EXIT_OK, "")
    compact = "".join(out.split())
    assert '"z":1' + "0" * 4999 in compact


# ---- computability -----------------------------------------------------------------------------


def ackermann(m: int, n: int) -> int:
    if m == 0:
        return n + 1
    return ackermann(m - 1, 1 if n == 0 else ackermann(m, n - 1))


@pytest.mark.parametrize(("m", "n"), [(0, 0), (1, 2), (2, 3)])
def test_ackermann(m: int, n: int) -> None:
    assert library("ackermann", m=m, n=n)["n"] == ackermann(m, n)


@pytest.mark.parametrize(("x1", "x2"), [(0, 3), (3, 0), (3, 4), (5, 2)])
def test_universal_machine_multiplies(x1: int, x2: int) -> None:
    words = {"x11": 5, "x12": 46, "x13": 32, "x14": 19, "x15": 15, "x16": 42}
    assert library("register_machine", x1=x1, x2=x2, **words)["x0"] == x1 * x2


# ---- errors instead of wrong numbers -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("PROGRAM p(x: real) -> y: real\ny := 1 / x\n", {"x": 0}),
        ("PROGRAM p(x: real) -> y: real\ny := exp(x)\n", {"x": 1000}),
        ("PROGRAM p(x: real) -> y: real\ny := log(x)\n", {"x": -1}),
        ("PROGRAM p(x: real) -> y: real\ny := x * x\n", {"x": 1e200}),
        ("PROGRAM p(x: int) -> y: int\ny := x\n", {"x": 1.5}),
        ("PROGRAM p(x: real) -> y: int\nLOOP x DO\n  y := y + 1\nEND\n", {"x": 1.5}),
        ("PROGRAM p(a: real[3], i: int) -> y: real\ny := a[i]\n", {"a": [1, 2, 3], "i": 3}),
        ("PROGRAM p(a: real[3], i: int) -> y: real\ny := a[i]\n", {"a": [1, 2, 3], "i": -1}),
        ("PROGRAM p(a: real[3], i: real) -> y: real\ny := a[i]\n", {"a": [1, 2, 3], "i": 0.5}),
        ("PROGRAM p(a: real[3], i: int) -> a\na[i] := 0\n", {"a": [1, 2, 3], "i": 7}),
    ],
)
def test_run_time_errors_have_code_and_place(text: str, inputs: dict[str, Any]) -> None:
    with pytest.raises(WhileError) as caught:
        crisp(text, **inputs)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code.name.startswith("E06")
    assert diagnostic.primary is not None


def test_short_circuit() -> None:
    text = """PROGRAM p(a: int[n], i: int) -> found: int
WHILE i < n AND a[i] != 0 DO
  i := i + 1
END
IF i >= n OR a[i] = 0 THEN found := i END
"""
    assert crisp(text, a=[4, 4, 4], i=0) == {"found": 3}
    assert crisp(text, a=[4, 0, 4], i=0) == {"found": 1}


def test_a_loop_without_end_stops_at_the_limit_of_steps(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(PROGRAMS / "multiply.while")
    code, out, err = command(capsys, path, "x1=1", "x2=-1", "--smooth", "hard", "--max-steps", "10000")
    assert (code, out) == (EXIT_ERROR, "")
    assert "error[E06" in err
    assert "10000" in err.replace(",", "").replace("_", "")


def test_no_limit_of_trips_in_hard_mode_by_default() -> None:
    assert library("add", x1=0, x2=5000)["x0"] == 5000


def test_json_of_large_numbers_is_read_back(tmp_path: Path) -> None:
    from whilec.cli.main import cli

    path = tmp_path / "p.while"
    path.write_text("PROGRAM p(a: int[n]) -> b: int[n]\nb := a * 3\n", encoding="utf-8")
    arguments = ["run", str(path), f"a=[{10**20}, {-(10**21)}]", "--smooth", "hard", "--json"]
    outcome = CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)
    assert json.loads(outcome.stdout)["outputs"] == {"b": [3 * 10**20, -3 * 10**21]}
