"""Children and descendants of syntax nodes."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from whilec.source import SourceFile
from whilec.syntax import ast
from whilec.syntax.format import format_expression
from whilec.syntax.parser import parse
from whilec.syntax.walk import blocks_of, child_expressions, expressions_of, nested_statements, statements


def items(text: str) -> tuple[Any, ...]:
    program = parse(SourceFile("<test>", text)).program
    assert program is not None
    return program.items if program.header is None else (program.header, *program.items)


def texts(nodes: tuple[ast.Expr, ...]) -> list[str]:
    return [format_expression(node) for node in nodes]


@pytest.mark.parametrize(
    ("text", "children"),
    [
        ("1", []),
        ("a", []),
        ("a[i, j + 1]", ["i", "j + 1"]),
        ("-b", ["b"]),
        ("a + b", ["a", "b"]),
        ("f(a, s = b)", ["a", "b"]),
        ("a < b", ["a", "b"]),
        ("a < b WITH STEEPNESS c", ["a", "b", "c"]),
        ("a AND b", ["a", "b"]),
        ("NOT a", ["a"]),
    ],
)
def test_children(text: str, children: list[str]) -> None:
    assert texts(child_expressions(items(f"x := {text}")[0].values[0])) == children


@pytest.mark.parametrize(
    ("text", "expressions"),
    [
        ("x, a[i] := 1, 2", ["x", "a[i]", "1", "2"]),
        ("WHILE a DO x := 1 END", ["a"]),
        ("LOOP n DO x := 1 END", ["n"]),
        ("FOR i FROM a TO b DO x := 1 END", ["a", "b"]),
        ("FOR i FROM a TO b STEP c DO x := 1 END", ["a", "b", "c"]),
        ("IF a THEN x := 1 ELSEIF b THEN ELSE y := 1 END", ["a", "b"]),
        ("CONST c = 1", ["1"]),
        ("PARAM w: real[3] = 1.0", ["3", "1.0"]),
        ("REQUIRE C1", []),
        ("VAR v: real[n]", ["n"]),
        ("VAR v: real[n] = 1", ["n", "1"]),
        ("DEF f(a: real[n]) -> b: int[m] VAR c: real = 1 x := 5 END", ["n", "m", "1"]),
        ("PROGRAM p(a: real[n, 2]) -> b: int[m]", ["n", "2", "m"]),
    ],
)
def test_expressions_of_items(text: str, expressions: list[str]) -> None:
    assert texts(expressions_of(items(text)[0])) == expressions


def test_statements_in_the_order_of_the_text() -> None:
    text = (
        "a := 1 WHILE c DO b := 1 IF c THEN d := 1 ELSEIF c THEN LOOP 2 DO e := 1 END ELSE f := 1 END"
        " g := 1 END h := 1"
    )
    found = [
        format_expression(node.targets[0]) if isinstance(node, ast.Assign) else type(node).__name__
        for node in statements(items(text))
    ]
    assert found == ["a", "While", "b", "If", "d", "Loop", "e", "f", "g", "h"]
    (function,) = items("DEF f(x) -> y LOOP 2 DO y := x END END")
    assert [type(node).__name__ for node in nested_statements(function)] == ["Loop", "Assign"]
    assert list(nested_statements(items("CONST c = 1")[0])) == []


def test_every_node_is_known() -> None:
    text = (
        "PROGRAM p() CONST c = 1 PARAM w: real = 1 REQUIRE C0 VAR v: real DEF f(x) -> y END x := 1"
        " WHILE a DO END"
        " LOOP 1 DO END FOR i FROM 1 TO 2 DO END IF a THEN END"
    )
    nodes = items(text)
    assert {type(node) for node in nodes} == {*get_args(ast.Stmt), *get_args(ast.Declaration), ast.Header}
    for node in nodes:
        expressions_of(node)
        blocks_of(node)
