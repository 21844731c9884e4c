"""Characters to tokens."""

from __future__ import annotations

import pytest

from whilec.source import SourceFile
from whilec.syntax.parser import scan


def tokens(text: str) -> list[tuple[str, str]]:
    lexed = scan(SourceFile("<test>", text))
    assert lexed.diagnostics == ()
    return [(token.type, token.value) for token in lexed.tokens]


def codes(text: str) -> list[str]:
    return [diagnostic.code.name for diagnostic in scan(SourceFile("<test>", text)).diagnostics]


@pytest.mark.parametrize("word", ["WHILE", "while", "elseif", "ELSEIF", "with", "NOT"])
def test_keywords(word: str) -> None:
    assert tokens(word) == [(word.upper(), word)]


@pytest.mark.parametrize(
    "word", ["While", "wHILE", "whilex", "STEEPNESS", "real", "C_INF", "_", "_1", "E5", "x"]
)
def test_names(word: str) -> None:
    assert tokens(word) == [("NAME", word)]


@pytest.mark.parametrize("number", ["0", "007", "12", "1.5", "1e3", "1E+3", "1.5e-2", "0.0"])
def test_numbers(number: str) -> None:
    assert tokens(number) == [("NUMBER", number)]
    assert tokens(f"{number}+{number}")[::2] == [("NUMBER", number)] * 2


@pytest.mark.parametrize(
    "number",
    [
        ".5",
        "1.",
        "1.e3",
        "1.2.3",
        "1..3",
        "1e",
        "1e+",
        "2x",
        "2_",
        "1_000",
        "0x1F",
        "1.5f",
        "12e3e",
        "3.x",
        ".5.",
        "1E-x",
    ],
)
def test_malformed_numbers(number: str) -> None:
    assert codes(f"x := {number} y := 1") == ["E0102"]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a<-1", ["NAME", "COMPARE", "MINUS", "NUMBER"]),
        ("a->b", ["NAME", "ARROW", "NAME"]),
        ("a--b", ["NAME", "MINUS", "MINUS", "NAME"]),
        ("a:=b", ["NAME", "ASSIGN", "NAME"]),
        ("a<>b≠c!=d", ["NAME", "COMPARE"] * 3 + ["NAME"]),
        ("a<=b≤c", ["NAME", "COMPARE"] * 2 + ["NAME"]),
        ("a>=b≥c>d<e=f", ["NAME", "COMPARE"] * 4 + ["NAME", "EQUAL", "NAME"]),
        (";;;", ["SEMICOLON"] * 3),
        ("a: real[2]", ["NAME", "COLON", "NAME", "LSQB", "NUMBER", "RSQB"]),
    ],
)
def test_signs(text: str, kinds: list[str]) -> None:
    assert [kind for kind, _ in tokens(text)] == kinds


@pytest.mark.parametrize(
    "sign",
    [
        "==",
        "===",
        "!==",
        "!",
        "&&",
        "&",
        "||",
        "|",
        "**",
        "^",
        "%",
        "~",
        "++",
        "+=",
        "-=",
        "*=",
        "/=",
        "%=",
        "=>",
        "=<",
        "<=>",
        "<<",
        ">>",
        "?",
        ".",
        "−",
        "×",
        "÷",
        "·",
        "→",
        "←",
        "≔",
        "∧",
        "∨",
        "¬",
    ],
)
def test_foreign_operators(sign: str) -> None:
    assert codes(f"a {sign} b") == ["E0104"]
    diagnostic = scan(SourceFile("<test>", f"a {sign} b")).diagnostics[0]
    assert diagnostic.help
    assert diagnostic.primary is not None
    assert diagnostic.primary.span == (2, 2 + len(sign))


@pytest.mark.parametrize("text", ['"a"', "'a'", "“a”", '"open', "'"])
def test_strings(text: str) -> None:
    assert codes(f"x := {text}") == ["E0105"]


@pytest.mark.parametrize(
    "text",
    [
        "größe",
        "é",
        "x\u0301",
        "x\u00a0y",
        "\u200b",
        "a\0b",
        "a\x07",
        "$x",
        "@",
        "\\",
        "`",
        "x\ufeffy",
        "\ud800",
    ],
)
def test_unknown_characters(text: str) -> None:
    assert codes(text) == ["E0101"]
    assert scan(SourceFile("<test>", text)).diagnostics[0].help


def test_a_run_of_junk_is_one_error() -> None:
    assert codes("x\0\0\0\x01\x02y") == ["E0101"]
    assert codes("größe := 1\ngröße := 2") == ["E0101"] * 2


def test_only_the_first_brace_is_reported() -> None:
    assert codes("{ x { y } }") == ["E0106"]


def test_foreign_comments() -> None:
    lexed = scan(SourceFile("<test>", "/* WHILE \n ** x */ y /* open"))
    assert [diagnostic.code.name for diagnostic in lexed.diagnostics] == ["E0107", "E0107"]
    assert [token.value for token in lexed.tokens] == ["y"]


def test_comments_and_line_ends() -> None:
    text = "\ufeffx := 1 // one \r\n# two é \0\n\r\n//\nx := 7 // 2"
    lexed = scan(SourceFile("<test>", text))
    assert lexed.diagnostics == ()
    assert [comment.text for comment in lexed.comments] == ["// one ", "# two é \0", "//", "// 2"]
    assert all(text[comment.span.start : comment.span.end] == comment.text for comment in lexed.comments)
    assert [token.value for token in lexed.tokens] == ["x", ":=", "1", "x", ":=", "7"]


def test_places() -> None:
    text = "  ab :=\n\t12.5"
    lexed = scan(SourceFile("<test>", text))
    assert [(token.start, token.end) for token in lexed.tokens] == [(2, 4), (5, 7), (9, 13)]


@pytest.mark.parametrize(
    ("number", "better"),
    [(".5", "0.5"), ("1.", "1.0"), ("1.e3", "1.0e3"), ("1_000", "1000"), ("0x1F", "31"), ("2f", "2")],
)
def test_repairs_of_numbers(number: str, better: str) -> None:
    (diagnostic,) = scan(SourceFile("<test>", number)).diagnostics
    assert diagnostic.fix is not None
    assert diagnostic.fix.replacement == better


def test_short_assignments_name_their_target() -> None:
    assert scan(SourceFile("<test>", "total += 1")).diagnostics[0].help == "write `total := total + ...`"
    assert scan(SourceFile("<test>", "a[i] *= 2")).diagnostics[0].help == "write `a[i] := a[i] * ...`"
    assert scan(SourceFile("<test>", "n++")).diagnostics[0].help == "write `n := n + 1`"
