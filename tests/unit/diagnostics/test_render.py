"""Diagnostics as text."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whilec.diagnostics.cells import cells
from whilec.diagnostics.model import Code, Diagnostic, Example, Fix, Label
from whilec.diagnostics.render import ANSI, render, render_one
from whilec.source import SourceFile, Span

ERROR = Code("E0203", "title", "explanation", Example(""))
WARNING = Code("W0203", "title", "explanation", Example(""))

PATH = """PROGRAM path(cost: real[n]) -> d: real

x := 1

FOR i FROM 1 TO n DO
  d := d + cost[i, j]
END
"""


def span(text: str, part: str, occurrence: int = 0) -> Span:
    start = -1
    for _ in range(occurrence + 1):
        start = text.index(part, start + 1)
    return Span(start, start + len(part))


def shown(text: str, primary: Label, *labels: Label, **more: object) -> str:
    diagnostic = Diagnostic(ERROR, "wrong", primary, labels, source=SourceFile("p.while", text))
    return render_one(replace(diagnostic, **more), explain=False)


def test_everything_at_once() -> None:
    diagnostic = Diagnostic(
        ERROR,
        "`cost` has shape [n], but is indexed with two indices",
        Label(span(PATH, "cost[i, j]"), "two indices"),
        (Label(span(PATH, "cost"), "declared here with one dimension"),),
        help="declare it as `cost: real[n, m]`",
        notes=("one line\nand another",),
        fix=Fix(span(PATH, "[n]"), "[n, m]"),
        source=SourceFile("programs/path.while", PATH),
    )
    assert render([diagnostic]) == (
        """\
error[E0203]: `cost` has shape [n], but is indexed with two indices
  --> programs/path.while:6:12
   |
 1 | PROGRAM path(cost: real[n]) -> d: real
   |              ---- declared here with one dimension
   :
 6 |   d := d + cost[i, j]
   |            ^^^^^^^^^^ two indices
   |
   = help: declare it as `cost: real[n, m]`
   = fix:
 1 - PROGRAM path(cost: real[n]) -> d: real
 1 + PROGRAM path(cost: real[n, m]) -> d: real
   = note: one line
           and another
   = note: `whilec explain E0203` shows examples
"""
    )


def test_labels_on_one_line_hang_below_each_other() -> None:
    text = "x := cost[i] + b"
    labels = (Label(span(text, "b"), "scalar"), Label(span(text, "x"), "target"))
    assert shown(text, Label(span(text, "cost[i]"), "array"), *labels).endswith(
        """\
 1 | x := cost[i] + b
   | -    ^^^^^^^   - scalar
   | |    |
   | |    array
   | target"""
    )


def test_a_label_inside_another_does_not_hide_its_text() -> None:
    text = "x := a + b"
    inner, outer = Label(span(text, "a"), "inner"), Label(span(text, "a + b"), "outer")
    assert shown(text, inner, outer).endswith(
        """\
 1 | x := a + b
   |      ^----
   |      |
   |      inner
   |      outer"""
    )


def test_a_span_over_several_lines_marks_its_first_and_last() -> None:
    whole = Span(span(PATH, "FOR").start, span(PATH, "END").end)
    assert shown(PATH, Label(whole, "this loop")).endswith(
        """\
 5 | FOR i FROM 1 TO n DO
   | ^^^^^^^^^^^^^^^^^^^^ this loop
 6 |   d := d + cost[i, j]
 7 | END
   | ^^^ up to here"""
    )


def test_the_end_of_the_file_is_shown_after_its_last_text() -> None:
    end = Span(len(PATH), len(PATH))
    assert shown(PATH, Label(end, "END is missing")).endswith(
        """\
  --> p.while:7:4
   |
 7 | END
   |    ^ END is missing"""
    )


def test_an_empty_span_has_one_mark() -> None:
    assert shown("x := ", Label(Span(2, 2), "here")).endswith(" 1 | x :=\n   |   ^ here")


def test_an_empty_file() -> None:
    assert shown("", Label(Span(0, 0), "empty")).endswith(":1:1\n   |\n 1 |\n   | ^ empty")


def test_spans_beyond_the_text_are_cut() -> None:
    assert shown("ab", Label(Span(1, 99), "there")).endswith(" 1 | ab\n   |  ^ there")


def test_tabs_and_wide_characters_keep_marks_in_line() -> None:
    text = '\tx := "漢字e\u0301" + y'
    mark_line = shown(text, Label(span(text, "y"), "here")).splitlines()
    line, marks = mark_line[-2], mark_line[-1]
    assert "\t" not in line
    assert cells(line[: line.index("y")]) == cells(marks[: marks.index("^")])


def test_control_characters_cannot_reach_the_terminal() -> None:
    text = "x := \x1b[31m1\x00\u202e"
    out = shown(text, Label(Span(0, 1), "red\x1b[0m"), title="\x1b[2Jtitle", help="\x07")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", out)
    assert "␛[2Jtitle" in out


def test_carriage_returns_do_not_count() -> None:
    text = "x := 1\r\ny := z\r\n"
    assert shown(text, Label(span(text, "z"), "here")).endswith(" 2 | y := z\n   |      ^ here")


def test_a_long_line_is_clipped_around_its_primary_mark() -> None:
    text = "x := " + "1 + " * 300 + "wrong" + " + 1" * 300
    out = shown(text, Label(span(text, "wrong"), "here"), Label(Span(0, 1), "far away")).splitlines()
    line, marks = out[-2], out[-1]
    assert line.startswith(" 1 | ...")
    assert line.endswith("...")
    assert line.index("wrong") == marks.index("^^^^^")
    assert max(map(len, out)) < 140


def test_a_mark_longer_than_the_screen_is_clipped_too() -> None:
    text = "x := " + "1 + " * 3000 + "1"
    out = shown(text, Label(Span(0, len(text)), "all of it"))
    assert max(map(len, out.splitlines())) < 150
    assert "all of it" in out


def test_without_a_source_the_label_becomes_a_note() -> None:
    diagnostic = Diagnostic(ERROR, "wrong", Label(Span(3, 4), "there"), help="do that")
    assert (
        render_one(diagnostic, explain=False) == "error[E0203]: wrong\n   = help: do that\n   = note: there"
    )


def test_a_source_without_a_place() -> None:
    diagnostic = Diagnostic(WARNING, "odd", source=SourceFile("p.while", "x"))
    assert render_one(diagnostic, explain=False) == "warning[W0203]: odd\n  --> p.while"


def test_a_fix_may_add_and_remove_lines() -> None:
    text = "a := 1\nb := 2\n"
    added = shown(text, Label(Span(0, 1)), fix=Fix(Span(6, 6), "\nc := 3"))
    assert added.endswith(" 1 - a := 1\n 1 + a := 1\n 2 + c := 3")
    removed = shown(text, Label(Span(0, 1)), fix=Fix(Span(7, 13), ""))
    assert removed.endswith("   = fix:\n 2 - b := 2")


def test_numbers_of_different_width_stand_in_one_column() -> None:
    text = "a := 1\n" * 12
    out = shown(text, Label(Span(11 * 7, 11 * 7 + 1), "later"), Label(Span(0, 1), "first"))
    assert out.splitlines()[2:] == [
        "    |",
        "  1 | a := 1",
        "    | - first",
        "    :",
        " 12 | a := 1",
        "    | ^ later",
    ]


def test_only_the_first_of_each_code_says_where_to_read_more() -> None:
    out = render([Diagnostic(ERROR, "one"), Diagnostic(ERROR, "two"), Diagnostic(WARNING, "three")])
    assert out.count("`whilec explain E0203`") == 1
    assert out.count("`whilec explain W0203`") == 1
    assert out.count("\n\n") == 2


def test_nothing_to_say() -> None:
    assert render([]) == ""


def test_colours_change_nothing_else() -> None:
    diagnostic = Diagnostic(
        ERROR,
        "wrong",
        Label(span(PATH, "cost[i, j]"), "two"),
        (Label(span(PATH, "cost"), "one"),),
        help="help",
        fix=Fix(Span(0, 1), "p"),
        source=SourceFile("p.while", PATH),
    )
    coloured = render([diagnostic], ANSI)
    assert "\x1b[1;31m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render([diagnostic])


@pytest.mark.parametrize("text", ["", "\n", "\n\n", "  ", "x", "x\n", "\t\n\t", "a\r\n"])
def test_every_span_of_small_texts_renders(text: str) -> None:
    for start in range(len(text) + 1):
        for end in range(start, len(text) + 1):
            out = shown(text, Label(Span(start, end), "here"))
            assert out.count("^") >= 1
            assert "here" in out


@given(
    st.text(max_size=60), st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), min_size=1, max_size=4)
)
def test_any_text_and_any_labels_render(text: str, ranges: list[tuple[int, int]]) -> None:
    labels = [Label(Span(min(r), max(r)), "label") for r in ranges]
    out = shown(text, labels[0], *labels[1:], fix=Fix(Span(0, min(3, len(text))), "new"))
    assert out.startswith("error[E0203]: wrong\n")
    assert "^" in out
