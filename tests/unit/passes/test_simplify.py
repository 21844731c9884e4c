"""What `Simplify` makes of whole programs: constants, regions, values that are used twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.differential.torch_runs import lowered
from tests.properties.running import load
from whilec.ir.build import Builder
from whilec.ir.node import Program, Stage, walk
from whilec.ir.text import program_text
from whilec.ir.types import NUMBER, Value
from whilec.ir.verify import verify
from whilec.passes.base import run_passes
from whilec.passes.drop_unused import DropUnused
from whilec.passes.simplify import Simplify
from whilec.semantics.options import Options
from whilec.source import Span

HEAD = "PROGRAM p(x: real, z: real) -> y: real\n"
SPAN = Span(0, 1)


def program_of(text: str, **options: Any) -> Program:
    return lowered(load(HEAD + text, {"x": 1.0, "z": 1.0}), Options(**options))


def simplified(program: Program) -> Program:
    return run_passes(program, [Simplify(), DropUnused()])


def body(text: str, **options: Any) -> str:
    """The simplified statements of a program, without its head."""
    return program_text(simplified(program_of(text, **options))).partition("(%x, %z)\n")[2]


def operations(text: str) -> list[str]:
    return [node.op for node in walk(simplified(program_of(text)).body)]


def by_hand(builder: Builder, *results: Value, parameters: tuple[Value, ...]) -> Program:
    names = tuple(f"y{i}" for i in range(len(results)))
    inputs = tuple(value.name for value in parameters)
    region = builder.region(parameters, results)
    return Program("p", inputs, (), names, {}, region, (), "c1", stage=Stage.FLAT)


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("0.5 * 4.0 + 1.5", 3.5),
        ("1.0 / 4.0", 0.25),
        ("0.1 + 0.2", 0.1 + 0.2),
        ("-(2.5 - 0.5)", -2.0),
        ("1.0 / 3.0", 1.0 / 3.0),
    ],
)
def test_arithmetic_on_constants_is_computed(source: str, number: float) -> None:
    text = f"y := ({source}) * x\n"
    assert body(text).splitlines()[0].endswith(f"constant [value={number!r}]")
    assert operations(text) == ["constant", "multiply"]


@pytest.mark.parametrize("source", ["1e200 * 1e200", "1.5 / 0.0", "exp(1.5)", "sqrt(2.5)", "pow(2.5, 0.5)"])
def test_what_is_not_finite_or_not_rounded_in_one_way_is_left_to_the_backend(source: str) -> None:
    assert len(operations(f"y := {source} * x\n")) > 2


@pytest.mark.parametrize("source", ["x * 1", "1 * x", "x / 1", "x - 0", "-(-x)", "(x - 0) * 1 / 1"])
def test_neutral_operands_vanish(source: str) -> None:
    assert body(f"y := {source}\n") == "  -> %x\n"


@pytest.mark.parametrize("source", ["x + 0", "0 + x", "x * 0", "0 - x", "x * (-1)", "x - x", "x / x"])
def test_what_differs_for_some_number_stays(source: str) -> None:
    program = program_of(f"y := {source}\n")
    assert program_text(simplified(program)) == program_text(run_passes(program, [DropUnused()]))
    assert operations(f"y := {source}\n")


def test_arrays_have_the_same_neutral_operands() -> None:
    text = "PROGRAM p(a: real[3]) -> b: real[3]\nb := a * 1 - 0\n"
    program = lowered(load(text, {"a": [1.0, 2.0, 3.0]}), Options())
    assert simplified(program).body.nodes == ()


def test_a_sum_with_a_negation_is_a_difference() -> None:
    assert operations("y := x + (-z)\n") == ["subtract"]
    assert operations("y := (-x) + z\n") == ["subtract"]
    assert operations("y := x - (-z)\n") == ["add"]
    assert operations("y := x - (-(-(-z)))\n") == ["add"]


def test_a_constant_is_subtracted_by_adding_its_negative() -> None:
    nodes = list(walk(simplified(program_of("WHILE x > 0 DO x := x - 1.5 END y := x\n")).body))
    (increment,) = [node for node in nodes if node.op == "increment"]
    (constant,) = [node for node in nodes if node.op == "constant" and node.result is increment.operands[1]]
    assert constant.attrs["value"] == -1.5
    assert all(node.op != "negate" for node in nodes)


def test_equal_constants_of_a_region_become_one() -> None:
    assert operations("y := (x + 0.5 * 3) * (z + 1.5)\n").count("constant") == 1
    assert operations("y := (x + 0.0) * (z * (-0.0))\n").count("constant") == 2
    in_two_regions = operations("y := x + 0.5 * 3\nIF x > 0 THEN y := y * z + 0.5 * 3 END\n")
    assert in_two_regions.count("constant") == 2


def test_negated_comparisons_become_others() -> None:
    assert "not" not in operations("IF NOT x = z THEN y := 1.5 END\n")
    assert operations("IF NOT x = z THEN y := 1.5 END\n").count("differs") == 1
    assert operations("IF NOT x != z THEN y := 1.5 END\n").count("equals") == 1
    assert operations("IF NOT NOT x = z THEN y := 1.5 END\n").count("equals") == 1
    text = body("IF NOT x > z THEN y := 1.5 END\n")
    assert "subtract %z, %x" in text
    assert "negate" not in text


def test_the_side_that_decides_keeps_its_rounding() -> None:
    for word, op in (("AND", "and"), ("OR", "or")):
        nodes = list(walk(simplified(program_of(f"IF NOT x = 0 {word} NOT z = 0 THEN y := 1.5 END\n")).body))
        (connective,) = [node for node in nodes if node.op == op]
        (left,) = [node for node in nodes if connective.operands[0] in node.results]
        assert left.op == "not"
        assert [node.op for node in walk(connective.regions[0])].count("differs") == 1


def test_what_is_used_elsewhere_is_not_computed_twice() -> None:
    x, s = Value(NUMBER, "x"), Value(NUMBER, "s")
    builder = Builder()
    equals = builder.one("equals", x, s, span=SPAN, family="c1")
    degree = builder.one("real", equals, span=SPAN)
    rest = builder.one("real", builder.one("not", equals, span=SPAN), span=SPAN)
    program = by_hand(builder, degree, rest, parameters=(x, s))
    assert [node.op for node in simplified(program).body.nodes] == ["equals", "real", "not", "real"]


def test_one_of_the_operands_may_be_used_elsewhere() -> None:
    x = Value(NUMBER, "x")
    builder = Builder()
    negative = builder.one("negate", x, span=SPAN)
    program = by_hand(builder, negative, builder.one("negate", negative, span=SPAN), parameters=(x,))
    result = simplified(program)
    assert [node.op for node in result.body.nodes] == ["negate"]
    assert result.body.results[1] is x


def test_nothing_moves_into_a_loop() -> None:
    text = "k := -z\nWHILE x > 0 DO x := x - 1; y := y * x - k END\n"
    program = simplified(program_of(text))
    assert [node.op for node in program.body.nodes].count("negate") == 1
    assert [node.op for node in walk(program.body)].count("negate") == 1


def test_conditions_of_loops_are_simplified() -> None:
    ops = operations("WHILE NOT x * 1 = 0 DO x := x - 1; y := y + z END\n")
    assert "differs" in ops
    assert "not" not in ops
    assert "multiply" not in ops


def test_the_values_of_a_swap_stay_apart() -> None:
    text = "WHILE x > 0 DO y, z := z * 1, y * 1; x := x - 1 END\n"
    program = simplified(program_of(text))
    (loop,) = [node for node in program.body.nodes if node.op == "while"]
    blends = [node for node in loop.regions[1].nodes if node.op == "blend"]
    first, second = blends
    assert first.operands[0] is second.operands[1]
    assert first.operands[1] is second.operands[0]


def test_functions_are_simplified_too() -> None:
    program = program_of("DEF f(a: real) -> b: real\nb := a * 1\nEND\ny := f(x) + z\n")
    (function,) = simplified(program).functions.values()
    assert function.body.nodes == ()
    assert function.body.results == function.body.parameters


def test_a_second_time_changes_nothing() -> None:
    program = simplified(program_of("y := 0.5 * 3.0 - (-x)\nIF NOT y > x - 0 THEN y := -(-z) END\n"))
    assert program_text(simplified(program)) == program_text(program)
    verify(program)
