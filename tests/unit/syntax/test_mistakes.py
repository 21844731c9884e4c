"""Syntax errors: each is found, none is invented."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from whilec.diagnostics.model import Code, Diagnostic
from whilec.source import SourceFile
from whilec.syntax import build, lexical, limits
from whilec.syntax.mistakes import blocks, declarations, expressions, general, heads, statements
from whilec.syntax.parser import MAX_DIAGNOSTICS, parse

MODULES: tuple[ModuleType, ...] = (
    build,
    lexical,
    limits,
    blocks,
    declarations,
    expressions,
    general,
    heads,
    statements,
)
CODES = sorted(
    {value for module in MODULES for value in vars(module).values() if isinstance(value, Code)},
    key=lambda code: code.name,
)


def found(text: str) -> list[Diagnostic]:
    result = parse(SourceFile("<test>", text))
    assert (result.program is None) == bool(result.diagnostics)
    return list(result.diagnostics)


def places(text: str) -> list[tuple[str, int]]:
    """Code and line of each error."""
    source = SourceFile("<test>", text)
    return [(d.code.name, source.position(d.primary.span.start).line) for d in found(text) if d.primary]


def lines(*text: str) -> str:
    return "\n".join(text) + "\n"


GOLDEN = sorted((Path(__file__).parents[2] / "golden" / "syntax").glob("*.while"))


def with_fixes(text: str) -> list[Diagnostic]:
    return [diagnostic for diagnostic in found(text) if diagnostic.fix is not None]


def test_fixes_are_found() -> None:
    texts = [path.read_bytes().decode("utf-8", "replace") for path in GOLDEN]
    assert len({diagnostic.code for text in texts for diagnostic in with_fixes(text)}) > 8


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_fix_removes_its_error_and_brings_no_other(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    before = set(places(text))
    for diagnostic in with_fixes(text):
        assert diagnostic.primary is not None
        assert diagnostic.fix is not None
        place, fix = diagnostic.primary.span.start, diagnostic.fix
        own_line = SourceFile("<test>", text).position(place).line
        fixed = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
        left = found(fixed)
        assert (diagnostic.title, place) not in {(d.title, d.primary.span.start) for d in left if d.primary}
        elsewhere = {(code, line) for code, line in before if line != own_line}
        assert {(code, line) for code, line in places(fixed) if line != own_line} == elsewhere, fixed
        rest_of_line = [code for code, line in places(fixed) if line == own_line]
        assert set(rest_of_line) <= {diagnostic.code.name}, fixed


def test_codes_are_those_of_syntax() -> None:
    assert len({code.name for code in CODES}) == len(CODES)
    assert all(code.name.startswith("E01") for code in CODES)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_examples(code: Code) -> None:
    text = code.example.source
    if code is limits.E0108:
        text *= 80_000
    assert [diagnostic.code for diagnostic in found(text)] == [code]
    assert found(text)[0].help
    assert code.explanation.strip()


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_titles(code: Code) -> None:
    for text in (code.title, *(diagnostic.title for diagnostic in found(code.example.source))):
        assert not text.endswith(".")
        assert text[0] == "`" or text[0].islower() or text.split()[0].isupper()


def test_one_broken_statement_hides_no_other() -> None:
    good = "x := 1"
    for bad in ("x := := 1", "x := (1", "x := 1 + *", "f(x)", "VAR", "x := 1 2", "IF x", ")", "x := a b c"):
        for before, after in ((0, 3), (3, 0), (2, 2)):
            text = lines(*[good] * before, "x = 1", bad, *[good] * after, "y = 2")
            found_lines = [line for _, line in places(text)]
            assert before + 1 in found_lines
            assert before + after + 3 in found_lines
            assert set(found_lines) - {before + 1, before + after + 3} <= {before + 2}


def test_broken_heads_keep_their_end() -> None:
    for head in (
        "WHILE x > DO",
        "WHILE (x > 1 DO",
        "IF x > 1 ) THEN",
        "FOR i FROM 1 TO DO",
        "LOOP DO",
        "IF a < b < c THEN",
        "WHILE DO",
        "FOR i FROM 1 UNTIL 3 DO",
        "for i in range(3):",
        "while x > 1:",
        "if (x == 1) {",
    ):
        text = lines("WHILE a > 0 DO", head, "x := 1", "END", "y := 2", "END", "z := 3")
        assert {line for _, line in places(text)} == {2}, head


def test_a_missing_end_is_put_down_to_one_block() -> None:
    text = lines(
        "FOR i FROM 1 TO 3 DO",
        "  IF a > 0 THEN",
        "    WHILE b > 0 DO",
        "      b := b - 1",
        "  END",
        "END",
        "x := 1",
    )
    assert places(text) == [("E0112", 3)]
    text = lines("IF a > 0 THEN", "  LOOP 3 DO", "    x := 1", "  END", "LOOP 2 DO", "  x := 2", "END")
    assert places(text) == [("E0112", 1)]


def test_without_indentation_the_last_block_is_blamed() -> None:
    assert places(lines("WHILE a > 0 DO", "IF b > 0 THEN", "x := 1", "END")) == [("E0112", 1)]
    assert places("WHILE a > 0 DO IF b > 0 THEN x := 1 END") == [("E0112", 1)]


def test_several_missing_ends_are_one_error() -> None:
    (diagnostic,) = found(lines("WHILE a > 0 DO", "  WHILE b > 0 DO", "    LOOP 3 DO", "      x := 1"))
    assert diagnostic.code is blocks.E0112
    assert diagnostic.notes == ("3 blocks have no END; this is the last of them",)


def test_a_stray_end_shows_the_suspicious_one() -> None:
    (diagnostic,) = found(lines("WHILE a > 0 DO", "  x := 1", "  END", "  y := 2", "END"))
    assert diagnostic.code is blocks.E0113
    (label,) = diagnostic.labels
    assert (
        SourceFile("", lines("WHILE a > 0 DO", "  x := 1", "  END", "  y := 2", "END"))
        .position(label.span.start)
        .line
        == 3
    )


def test_another_language_altogether() -> None:
    text = lines(
        "def f(x):",
        "    while x != 0:",
        "        x -= 1",
        "        if x == 3:",
        "            return x",
        "    return 0",
    )
    assert [line for _, line in places(text)] == [1, 2, 3, 4, 5, 6]
    text = lines(
        "int main() {",
        "  int x = 3;",
        "  while (x > 0) {",
        "    x--;",
        "  }",
        "  for (int i = 0; i < 3; i++) {",
        "    x += i;",
        "  }",
        "  return x;",
        "}",
    )
    assert [line for _, line in places(text)] == [1, 2, 4, 6, 7, 9]


def test_at_most_one_error_a_line() -> None:
    for text in (
        "a a a a a a",
        "x := ) ) ) ]",
        "END END END",
        "VAR VAR VAR",
        "WHILE WHILE DO DO",
        "x = y = z = 1 ;; = = =",
    ):
        assert len(found(text)) == 1


def test_many_errors_are_cut_short() -> None:
    diagnostics = found("x = 1\n" * 30)
    assert len(diagnostics) == MAX_DIAGNOSTICS
    assert diagnostics[-1].notes == ("10 more syntax errors in this file",)
    assert all(diagnostic.notes == () for diagnostic in diagnostics[:-1])


def test_errors_come_in_the_order_of_the_text() -> None:
    text = lines("VAR x: float", "y = 1", "z := 1 && 2", "REQUIRE X", "WHILE z > 0 DO")
    assert places(text) == [("E0120", 1), ("E0123", 2), ("E0104", 3), ("E0121", 4), ("E0112", 5)]


def test_fixes_mend() -> None:
    for text in (
        "x = 1",
        "IF a == b THEN x := 1 END",
        "While x > 0 DO END",
        "WHILE x > 0 THEN END",
        "FOR i = 1 TO 2 DO END",
        "VAR x: float",
        "x := .5",
        "REQUIRE c2",
        "x := a × 2",
        "CONST n := 3",
        "WHIEL x > 0 DO END",
        "IF a < b WITH STEEPNES 2 THEN END",
        "IF x THEN ELSE x := 1 endif",
    ):
        (diagnostic, *_) = found(text)
        assert diagnostic.fix is not None
        span, replacement = diagnostic.fix.span, diagnostic.fix.replacement
        assert found(text[: span.start] + replacement + text[span.end :]) == [], text


def test_broken_names_still_count_as_names() -> None:
    assert places(lines("größe := 1", "x := größe + 1", "IF größe > 1 THEN x := 2 END")) == [
        ("E0101", i) for i in (1, 2, 3)
    ]
