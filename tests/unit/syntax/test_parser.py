"""Text to syntax trees."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from whilec.resources import programs_folder
from whilec.source import SourceFile, Span
from whilec.syntax import ast
from whilec.syntax.format import format_expression
from whilec.syntax.parser import parse


def program(text: str) -> ast.Program:
    result = parse(SourceFile("<test>", text))
    assert result.diagnostics == ()
    assert result.program is not None
    return result.program


def only(text: str) -> Any:
    (item,) = program(text).items
    return item


def expression(text: str) -> Any:
    (value,) = only(f"x := {text}").values
    return value


def shape(node: ast.Expr) -> str:
    """An expression with brackets around everything that has operands."""
    match node:
        case ast.Binary(op, left, right) | ast.Connective(op, left, right):
            return f"({shape(left)} {op} {shape(right)})"
        case ast.Compare(op, left, right, None):
            return f"({shape(left)} {op} {shape(right)})"
        case ast.Compare(op, left, right, steepness) if steepness is not None:
            return f"({shape(left)} {op} {shape(right)} @ {shape(steepness)})"
        case ast.Negate(operand):
            return f"(-{shape(operand)})"
        case ast.Not(operand):
            return f"(NOT {shape(operand)})"
        case _:
            return format_expression(node)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a + b - c", "((a + b) - c)"),
        ("a - b * c / d", "(a - ((b * c) / d))"),
        ("-a * b", "((-a) * b)"),
        ("a - -b", "(a - (-b))"),
        ("a * -b + c", "((a * (-b)) + c)"),
        ("--a", "(-(-a))"),
        ("a < b AND c = d OR e", "(((a < b) AND (c = d)) OR e)"),
        ("a OR b AND c OR d", "((a OR (b AND c)) OR d)"),
        ("NOT a < b AND c", "((NOT (a < b)) AND c)"),
        ("NOT NOT a", "(NOT (NOT a))"),
        ("a + 1 <= b - 1", "((a + 1) <= (b - 1))"),
        ("a < b WITH STEEPNESS s + 1 AND c", "((a < b @ (s + 1)) AND c)"),
        ("a <> b with steepness 2", "(a != b @ 2)"),
        ("(a < b) = (c < d)", "((a < b) = (c < d))"),
        ("(a + b) * c", "((a + b) * c)"),
        ("a ≠ b OR a ≤ b OR a ≥ b", "(((a != b) OR (a <= b)) OR (a >= b))"),
    ],
)
def test_precedence(text: str, meaning: str) -> None:
    assert shape(expression(text)) == meaning


def test_numbers() -> None:
    for text, value in (("12", 12), ("007", 7), ("1.5", 1.5), ("1e3", 1000.0), ("1.5e-2", 0.015)):
        number = expression(text)
        assert (number.value, type(number.value)) == (value, type(value))
    assert expression("1" + "0" * 20_000).value == 10**20_000


def test_named_arguments() -> None:
    call = expression("soft_sort(a, steepness = 8.0)")
    assert [argument.name and argument.name.id for argument in call.arguments] == [None, "steepness"]
    assert call.arguments[1].value == ast.Number(8.0, span=Span(0, 0))
    (argument,) = expression("f(a = b + 1)").arguments
    assert argument.name.id == "a"
    assert shape(argument.value) == "(b + 1)"


@pytest.mark.parametrize(
    "text", ["f((a = b))", "f((a) = b)", "f(a[1] = b)", "f(a != b)", "f(a = b WITH STEEPNESS 2)"]
)
def test_conditions_as_arguments(text: str) -> None:
    (argument,) = expression(text).arguments
    assert argument.name is None
    assert isinstance(argument.value, ast.Compare)


def test_the_argument_of_degree_is_a_condition() -> None:
    for text in ("degree(x = 0)", "degree((x = 0))"):
        (argument,) = expression(text).arguments
        assert argument.name is None
        assert shape(argument.value) == "(x = 0)"
    (argument,) = expression("degree(x = 0 AND y = 0)").arguments
    assert shape(argument.value) == "((x = 0) AND (y = 0))"


def test_newlines_do_not_end_statements() -> None:
    assert shape(expression("a\n-1")) == "(a - 1)"
    assert len(program("x := a y := b;;z := c ; ").items) == 3
    first, second = program("x := f\n(a)\ny := b").items
    assert isinstance(first, ast.Assign)
    assert isinstance(first.values[0], ast.Call)
    assert isinstance(second, ast.Assign)


def test_statements() -> None:
    swap = only("a[j], a[j+1] := a[j+1], a[j]")
    assert [type(target) for target in swap.targets] == [ast.Index, ast.Index]
    assert len(swap.values) == 2
    loop = only("for i from 0 to n step 2 do end")
    assert (loop.variable.id, loop.step, loop.body) == ("i", ast.Number(2, span=Span(0, 0)), ())
    assert only("FOR i FROM 0 TO n DO x := i; END").step is None
    assert only("LOOP n DO END").count == ast.Name("n", span=Span(0, 0))
    choice = only("IF a THEN x := 1 ELSEIF b THEN ; ELSEIF c THEN y := 1 ELSE END")
    assert [len(branch.body) for branch in choice.branches] == [1, 0, 1]
    assert choice.orelse == ()
    assert only("IF a THEN END").orelse is None
    nested = only("IF a THEN ELSE IF b THEN END END")
    assert isinstance(nested.orelse[0], ast.If)


def test_declarations() -> None:
    result = program(
        "; PROGRAM p(a: int[n, 2], x) -> d: real, a; CONST c = -1.5 PARAM w: real[3] = 1\n"
        "REQUIRE C2 REQUIRE C_INF VAR t: int[n + 1] = 0 VAR u: real\n"
        "DEF f(x, b: real[n]) -> y, z VAR v: real; VAR w: int[2] ; y := x; END"
    )
    assert result.header is not None
    assert [binding.name.id for binding in result.header.inputs] == ["a", "x"]
    assert [binding.type is None for binding in result.header.outputs] == [False, True]
    const, param, second, infinite, t, u, function = result.items
    assert isinstance(const, ast.Const)
    assert isinstance(param, ast.Param)
    assert param.type.dims == (ast.Number(3, span=Span(0, 0)),)
    assert isinstance(second, ast.Require)
    assert isinstance(infinite, ast.Require)
    assert (second.order, infinite.order) == (2, None)
    assert isinstance(t, ast.Var)
    assert isinstance(u, ast.Var)
    assert (t.type.kind, u.type.kind, u.start) == ("int", "real", None)
    assert isinstance(function, ast.Def)
    assert (len(function.parameters), len(function.results), len(function.variables)) == (2, 2, 2)
    assert len(function.body) == 1
    assert program("PROGRAM p()").header == ast.Header(
        ast.Name("p", span=Span(0, 0)), (), (), span=Span(0, 0)
    )


@pytest.mark.parametrize("text", ["", " \n", ";;", "// only this", "\ufeff"])
def test_empty_programs(text: str) -> None:
    assert program(text) == ast.Program(None, (), span=Span(0, 0))
    assert program(text).span == (0, len(text))


def test_words_that_are_free_as_names() -> None:
    assert only("real, int, C0, C_INF, STEEPNESS, degree := 1, 2, 3, 4, 5, 6").targets[0].id == "real"
    assert expression("real[int] + C0(STEEPNESS = steepness) < C_INF WITH STEEPNESS STEEPNESS").op == "<"


def test_spans() -> None:
    text = "IF ( a + 1 ) * 2 >= b WITH STEEPNESS 3 THEN // c\n  x := -y\nELSEIF NOT c THEN\nELSE END // end"
    choice = only(text)
    first, second = choice.branches
    source = SourceFile("<test>", text)
    snippet = source.snippet
    assert snippet(choice.span) == text[: -len(" // end")]
    assert snippet(first.head) == "IF ( a + 1 ) * 2 >= b WITH STEEPNESS 3 THEN"
    assert snippet(first.span).endswith("x := -y")
    assert snippet(second.span) == snippet(second.head) == "ELSEIF NOT c THEN"
    compare = first.condition
    assert snippet(compare.span) == "( a + 1 ) * 2 >= b WITH STEEPNESS 3"
    assert snippet(compare.op_span) == ">="
    assert snippet(compare.left.span) == "( a + 1 ) * 2"
    assert snippet(compare.left.left.span) == "( a + 1 )", "brackets belong to what they enclose"
    assert snippet(first.body[0].values[0].span) == "-y"
    text = "DEF f(a: real[n]) -> y, z: int\n VAR v: real[2] = 1\n y := a END"
    function = only(text)
    snippet = SourceFile("<test>", text).snippet
    assert snippet(function.head) == "DEF f(a: real[n]) -> y, z: int"
    assert snippet(function.span) == text
    assert snippet(function.parameters[0].span) == "a: real[n]"
    assert snippet(function.parameters[0].type.span) == "real[n]"
    assert snippet(function.variables[0].span) == "VAR v: real[2] = 1"


@pytest.mark.parametrize("path", sorted(programs_folder().glob("*.while")), ids=lambda path: path.stem)
def test_library(path: Any) -> None:
    assert program(path.read_text(encoding="utf-8")).items


def test_threads_do_not_mix_their_errors() -> None:
    texts = [f"VAR x{i}: float\n" * (i % 3) + "x := 1\n" * 200 for i in range(24)]
    counts: dict[int, int] = {}

    def work(number: int) -> None:
        counts[number] = len(parse(SourceFile("<test>", texts[number])).diagnostics)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == {i: i % 3 for i in range(len(texts))}
