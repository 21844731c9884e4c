"""The standard layout."""

from __future__ import annotations

from textwrap import dedent

import pytest

from whilec.source import SourceFile
from whilec.syntax.format import format_ast, format_expression, format_program
from whilec.syntax.layout import WIDTH
from whilec.syntax.parser import parse


def formatted(text: str) -> str:
    source = SourceFile("<test>", text)
    result = parse(source)
    assert result.diagnostics == ()
    once = format_program(result, source)
    again = SourceFile("<test>", once)
    assert format_program(parse(again), again) == once
    return once


def check(text: str, wanted: str) -> None:
    assert formatted(dedent(text).lstrip("\n")) == dedent(wanted).lstrip("\n")


def test_keywords_indentation_and_lines() -> None:
    check(
        "while x<>0 do x:=x-1;;if x≤1 then y:=1 elseif x>=2 then y:=2 else y:=3 end end loop n do end",
        """
        WHILE x != 0 DO
          x := x - 1
          IF x <= 1 THEN
            y := 1
          ELSEIF x >= 2 THEN
            y := 2
          ELSE
            y := 3
          END
        END
        LOOP n DO
        END
        """,
    )


def test_declarations() -> None:
    check(
        "program p(a:int[n,2],x)->d:real,e const c=1.50 param w:real[3]=-1 require C_INF require C2\n"
        "var t:int[n+1]=0 def f(x,b:real[n])->y var v:real y:=x end for i from 0 to n step 2 do end",
        """
        PROGRAM p(a: int[n, 2], x) -> d: real, e
        CONST c = 1.50
        PARAM w: real[3] = -1
        REQUIRE C_INF
        REQUIRE C2
        VAR t: int[n + 1] = 0
        DEF f(x, b: real[n]) -> y
          VAR v: real
          y := x
        END
        FOR i FROM 0 TO n STEP 2 DO
        END
        """,
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("((a))+(b*c)", "a + b * c"),
        ("(a+b)*c", "(a + b) * c"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a-b)-c", "a - b - c"),
        ("a/(b*c)", "a / (b * c)"),
        ("-(a+b)", "-(a + b)"),
        ("-(a*b)", "-(a * b)"),
        ("(-a)*b", "-a * b"),
        ("a-(-b)", "a - -b"),
        ("NOT(a<b)", "NOT a < b"),
        ("NOT(a<b AND c)", "NOT (a < b AND c)"),
        ("(a<b)and(c or d)", "a < b AND (c OR d)"),
        ("a and(b and c)", "a AND (b AND c)"),
        ("(a<b)=(c)", "(a < b) = c"),
        ("(a)<(b)with steepness(2)", "a < b WITH STEEPNESS 2"),
        ("f((a=b),c=(d))", "f((a = b), c = d)"),
        ("degree((a=b))", "degree(a = b)"),
        ("f(a=(b<c))", "f(a = (b < c))"),
        ("a [ (i) , j+1 ]", "a[i, j + 1]"),
    ],
)
def test_fewest_brackets(text: str, wanted: str) -> None:
    assert formatted(f"x:={text}") == f"x := {wanted}\n"


@pytest.mark.parametrize("number", ["1.50", "1E3", "007", "1e+05", "0.10e-2", "1" + "0" * 5000])
def test_spellings_of_numbers_stay(number: str) -> None:
    assert formatted(f"x := {number}") == f"x := {number}\n"
    assert formatted(f"x := ( // why\n {number})") == f"// why\nx := {number}\n"


def test_comments_keep_their_place() -> None:
    text = """
        // about the program
        #!second

        x := 1  // behind x
        // before the loop
        WHILE x > 0 DO  # behind the head
          // first in the body
          x := x - 1  // behind

          // last in the body
        // at the level of END
        END  // behind the END
        IF x > 0 THEN
          y := 1
          // last in the first arm
        // about the other case
        ELSE
          // alone
        END
        // last
        """
    check(text, text)


def test_comments_in_odd_places() -> None:
    check(
        """
        x := a + // one
             // two
             b   // three
        f // four
          := g( // five
          a) WHILE // six
          x > 0 DO END // seven
        """,
        """
        // one
        // two
        x := a + b  // three
        // four
        // five
        f := g(a)
        // six
        WHILE x > 0 DO
        END  // seven
        """,
    )


def test_a_comment_behind_several_statements_stays_behind_the_last() -> None:
    check("IF c THEN x := 1 ELSE y := 2 END // why", "IF c THEN\n  x := 1\nELSE\n  y := 2\nEND  // why\n")
    check("x := 1; y := 2; // why\n", "x := 1\ny := 2  // why\n")


def test_empty_lines() -> None:
    check(
        "\n\n\nx := 1\n\n\n\ny := 2\nWHILE x > 0 DO\n\n  x := 1\n\n\n  // c\n\n  y := 1\n\nEND\n\n\n// d\n\n",
        "x := 1\n\ny := 2\nWHILE x > 0 DO\n  x := 1\n\n  // c\n\n  y := 1\nEND\n\n// d\n",
    )


@pytest.mark.parametrize("text", ["", "\n\n", ";;", "\ufeff", "  \r\n"])
def test_nothing(text: str) -> None:
    assert formatted(text) == ""


def test_only_comments() -> None:
    check("// a\n\n\n// b", "// a\n\n// b\n")


def test_line_ends() -> None:
    assert formatted("x := 1 // c\r\n\r\ny := 2\r\n") == "x := 1  // c\n\ny := 2\n"


def test_long_lines_are_broken() -> None:
    terms = " + ".join(f"weight_{i} * value[{i}, {i} + 1]" for i in range(12))
    text = formatted(f"WHILE a > 0 DO\n  result := {terms}\nEND\n")
    assert all(len(line) <= WIDTH for line in text.split("\n"))
    assert all(line.endswith(" +") for line in text.split("\n")[1:-3])
    text = formatted(f"y := pow(max({', '.join(f'some_name_{i}' for i in range(20))}), 2)")
    assert all(len(line) <= WIDTH for line in text.split("\n"))
    text = formatted(
        f"PROGRAM long({', '.join(f'input_{i}: real[n]' for i in range(9))}) -> first: real, second: real"
    )
    assert all(len(line) <= WIDTH for line in text.split("\n"))
    assert formatted(f"x := {'y' * 300}") == f"x := {'y' * 300}\n"


def test_a_program_with_errors_has_no_layout() -> None:
    source = SourceFile("<test>", "x = 1")
    with pytest.raises(ValueError, match="syntax errors"):
        format_program(parse(source), source)


def test_without_a_source() -> None:
    program = parse(SourceFile("<test>", "// gone\nx := 1.50 + (2)\n\n\ny := 1e22")).program
    assert program is not None
    assert format_ast(program) == "x := 1.5 + 2\ny := 1e+22\n"
    (first, _) = program.items
    assert format_expression(first.values[0]) == "1.5 + 2"  # type: ignore[union-attr]
