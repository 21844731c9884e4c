"""Limits of nesting and size, and recursion up to them."""

from __future__ import annotations

import sys
import threading

import pytest

from whilec.source import SourceFile
from whilec.syntax.depth import MAX_BLOCKS, MAX_LEVELS, deep_recursion
from whilec.syntax.format import format_ast, format_program
from whilec.syntax.limits import MAX_CHARACTERS
from whilec.syntax.parser import parse


def codes(text: str) -> list[str]:
    return [diagnostic.code.name for diagnostic in parse(SourceFile("<test>", text)).diagnostics]


def nested(head: str, depth: int) -> str:
    return f"{head} " * depth + "x := 1 " + "END " * depth


DEEP = {
    "sum": lambda n: "x := " + " + ".join(["a"] * n),
    "power": lambda n: "x := " + "pow(" * (n - 1) + "a" + ")" * (n - 1),
    "right": lambda n: "x := " + "(a - " * (n - 1) + "a" + ")" * (n - 1),
    "negation": lambda n: "x := " + "-" * (n - 1) + "a",
    "not": lambda n: "IF " + "NOT " * (n - 2) + "a < b THEN x := 1 END",
    "index": lambda n: "x := " + "a[" * (n - 1) + "1" + "]" * (n - 1),
    "target": lambda n: "a[" * n + "1" + "]" * n + " := 1",
    "size": lambda n: "VAR x: real[" + " + ".join(["a"] * n) + "]",
    "start": lambda n: "DEF f(y) -> x VAR v: real = " + " + ".join(["a"] * n) + " END",
    "header": lambda n: "PROGRAM f(x: real[" + " * ".join(["a"] * n) + "]) -> y",
}


@pytest.mark.parametrize("kind", DEEP)
def test_levels(kind: str) -> None:
    deepest = DEEP[kind](MAX_LEVELS - (kind == "target"))
    source = SourceFile("<test>", deepest)
    result = parse(source)
    assert result.diagnostics == ()
    assert result.program is not None
    with deep_recursion():
        again = parse(SourceFile("<test>", format_program(result, source))).program
        assert again == result.program
        assert parse(SourceFile("<test>", format_ast(result.program))).program == result.program
        assert len(repr(result.program)) > MAX_LEVELS
    assert codes(DEEP[kind](MAX_LEVELS + 1)) == ["E0109"]


def test_brackets_are_no_levels() -> None:
    assert codes("x := " + "(" * 10_000 + "a" + ")" * 10_000) == []


@pytest.mark.parametrize("head", ["WHILE a DO", "LOOP 2 DO", "FOR i FROM 1 TO 2 DO", "IF a THEN"])
def test_blocks(head: str) -> None:
    source = SourceFile("<test>", nested(head, MAX_BLOCKS))
    result = parse(source)
    assert result.diagnostics == ()
    with deep_recursion():
        assert parse(SourceFile("<test>", format_program(result, source))).program == result.program
    assert codes(nested(head, MAX_BLOCKS + 1)) == ["E0109"]
    assert codes(f"{head} END " * (2 * MAX_BLOCKS)) == []


def test_deepest_expression_in_deepest_block() -> None:
    text = nested("IF a THEN", MAX_BLOCKS).replace("x := 1", DEEP["right"](MAX_LEVELS))
    source = SourceFile("<test>", text)
    result = parse(source)
    assert result.diagnostics == ()
    with deep_recursion():
        assert parse(SourceFile("<test>", format_program(result, source))).program == result.program


def test_very_deep_texts_do_not_recurse() -> None:
    limit = sys.getrecursionlimit()
    for text in (
        "(" * 100_000,
        "x := " + "a+" * 100_000 + "a",
        "WHILE a DO " * 100_000,
        "x := " + "-" * 100_000,
        "f(" * 50_000,
    ):
        assert codes(text)
    assert sys.getrecursionlimit() == limit


def test_size() -> None:
    assert codes("x := 1\n" * (MAX_CHARACTERS // 7 + 1)) == ["E0108"]


@pytest.mark.parametrize(
    "text",
    [
        "a ",
        "END ",
        "x = 1 ",
        "f(a) ",
        "( ",
        "{ ",
        "} ",
        "ELSE ",
        "a, ",
        "VAR ",
        "x := 1 2 ",
        "é ",
        ".5 ",
        "IF a THEN ELSE ",
    ],
)
def test_long_nonsense(text: str) -> None:
    """A hundred thousand errors on one line; hours, were every error to look at all others."""
    assert codes(text * (100_000 // len(text)))


def test_ten_thousand_statements() -> None:
    text = "WHILE x2 != 0 DO\n  x0 := x0 + a[i + 1] * 2\n  x2 := x2 - 1\nEND\n" * 3334
    assert codes(text) == []


def test_recursion_limit_is_restored() -> None:
    limit = sys.getrecursionlimit()

    def depth(n: int) -> int:
        return n if n == 0 else 1 + depth(n - 1)

    with deep_recursion():
        assert depth(5 * limit) == 5 * limit
        with deep_recursion():
            pass
        assert depth(5 * limit) == 5 * limit
    assert sys.getrecursionlimit() == limit
    with pytest.raises(ZeroDivisionError), deep_recursion():
        raise ZeroDivisionError
    assert sys.getrecursionlimit() == limit


def test_recursion_limit_with_threads() -> None:
    limit = sys.getrecursionlimit()
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with deep_recursion():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=stay)
    thread.start()
    inside.wait()
    with deep_recursion():
        pass
    assert sys.getrecursionlimit() > limit, "the other thread is still inside"
    leave.set()
    thread.join()
    assert sys.getrecursionlimit() == limit
