"""Integers with thousands of digits are shown by their first ones, wherever a message needs them."""

from __future__ import annotations

import pytest

from whilec.diagnostics.render import render
from whilec.driver.pipeline import check_file
from whilec.semantics.types import Kind, SymbolicSize, ValueType, spell
from whilec.source import SourceFile

HUGE = "9" * 5000


def messages(text: str) -> str:
    return render(check_file(SourceFile("p.while", text)).diagnostics)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"PROGRAM p(a: real[3]) -> y: real\ny := a[{HUGE}]\n", "E0208"),
        (f"PROGRAM p(a: real[n]) -> y: real\ny := a[n + {HUGE}]\n", "E0208"),
        (f"VAR t: real[-{HUGE}]\nx0 := x1\n", "E02"),
        (f"VAR t: real[{HUGE}]\nx0 := x1\n", "E02"),
        (f"IF x1 < 3 WITH STEEPNESS {HUGE} THEN x0 := 1 END\n", "E0"),
        (f"IF x1 < 3 WITH STEEPNESS -{HUGE} THEN x0 := 1 END\n", "E0"),
    ],
)
def test_a_message_is_short(text: str, code: str) -> None:
    shown = messages(text)
    assert f"error[{code}" in shown
    assert "internal" not in shown
    assert len(shown) < 2000


def test_numbers_that_people_read_are_whole() -> None:
    assert spell(12) == "12"
    assert spell(-7) == "-7"
    assert spell(2.5) == "2.5"
    assert spell(10**39) == "1" + "0" * 39


def test_longer_numbers_are_cut() -> None:
    assert spell(10**4999) == "100000000000... (5,000 digits)"
    assert spell(-(10**100)) == "-10000000000... (101 digits)"
    assert str(SymbolicSize(((("n",), 10**50),))) == "100000000000... (51 digits)*n"
    assert str(ValueType(Kind.INT, (10**50,))) == "int[100000000000... (51 digits)]"


def test_without_a_header_x0_is_a_variable() -> None:
    for text in ("CONST x0 = 2\n", "PARAM x0: real = 2\n", "FOR x0 FROM 0 TO 1 DO x1 := 1 END\n"):
        assert "error[E0232]" in messages(text)
