"""The core level accepts the paper's grammar, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.semantics.checking import checked, codes


def statements() -> st.SearchStrategy[str]:
    numbers = st.integers(0, 12)
    names = numbers.map(lambda i: f"x{i}")
    copies = (
        st.tuples(names, names)
        .filter(lambda pair: pair[0] != pair[1])
        .map(lambda pair: f"{pair[0]} := {pair[1]}")
    )
    steps = st.tuples(names, st.sampled_from("+-")).map(lambda pair: f"{pair[0]} := {pair[0]} {pair[1]} 1")

    def loops(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        bodies = st.lists(inner, min_size=1, max_size=3).map(" ; ".join)
        return st.tuples(names, bodies).map(lambda pair: f"WHILE {pair[0]} != 0 DO {pair[1]} END")

    return st.recursive(st.one_of(copies, steps), loops, max_leaves=8)


@given(st.lists(statements(), min_size=1, max_size=4))
def test_core_programs_are_accepted(lines: list[str]) -> None:
    assert codes("\n".join(lines), std="core") == []


@pytest.mark.parametrize(
    "text",
    [
        "while x1 <> 0 do x1 := x1 - 1 end",
        "x0 := x1;; x0 := x0 + 1 // (a comment)",
        "WHILE x1 ≠ 0 DO x1 := x1 - 1 END",
    ],
)
def test_core_has_the_same_spellings(text: str) -> None:
    assert codes(text, std="core") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PROGRAM p(x1: int) -> x0: int\nx0 := x1", ["E0410"]),
        ("CONST c = 1\nx0 := x1", ["E0410"]),
        ("PARAM c: real = 1\nx0 := x1", ["E0410"]),
        ("REQUIRE C0\nx0 := x1", ["E0410"]),
        ("VAR x2: int\nx0 := x2", ["E0410"]),
        ("DEF f(a) -> b\n  b := a\nEND\nx0 := x1", ["E0410"]),
        ("IF x1 != 0 THEN x0 := x1 END", ["E0411"]),
        ("LOOP x1 DO x0 := x0 + 1 END", ["E0411"]),
        ("FOR i FROM 1 TO 3 DO x0 := x0 + 1 END", ["E0411"]),
        ("IF x1 != 0 THEN x0 := 3 END", ["E0411", "E0412"]),
        ("x0 := x0", ["E0412"]),
        ("x0 := x1 + 1", ["E0412"]),
        ("x0 := 1 + x0", ["E0412"]),
        ("x0 := x0 + 2", ["E0412"]),
        ("x0 := x0 * 1", ["E0412"]),
        ("x0 := x0 + x1", ["E0412"]),
        ("x0 := -x1", ["E0412"]),
        ("x0 := 0", ["E0412"]),
        ("x0 := max(x1, x2)", ["E0412"]),
        ("x0, x1 := x1, x0", ["E0412"]),
        ("x0 := (x1)", ["E0412"]),
        ("x0 := x1 // ( no\n", []),
        ("WHILE x1 > 0 DO x1 := x1 - 1 END", ["E0413"]),
        ("WHILE x1 != 1 DO x1 := x1 - 1 END", ["E0413"]),
        ("WHILE 0 != x1 DO x1 := x1 - 1 END", ["E0413"]),
        ("WHILE x1 != 0 AND x2 != 0 DO x1 := x1 - 1 END", ["E0413"]),
        ("WHILE x1 != 0 WITH STEEPNESS 2 DO x1 := x1 - 1 END", ["E0413"]),
        ("WHILE (x1 != 0) DO x1 := x1 - 1 END", ["E0413"]),
        ("y := x1", ["E0414"]),
        ("x01 := x1", ["E0414"]),
        ("x0 := X1", ["E0414"]),
        ("", ["E0415"]),
        ("WHILE x1 != 0 DO END", ["E0415"]),
    ],
)
def test_what_the_core_lacks(text: str, expected: list[str]) -> None:
    assert codes(text, std="core") == expected


def test_every_message_says_what_to_do_instead() -> None:
    text = "CONST c = 1\nx0 := x1 + x2\ny := x1\nWHILE x0 < c DO END\nLOOP 3 DO x0 := x0 * 2 END"
    errors = checked(text, std="core").errors
    assert len(errors) == 7
    assert all(error.help for error in errors)


def test_core_programs_mean_the_same_in_full() -> None:
    text = "WHILE x1 != 0 DO x1 := x1 - 1; x0 := x0 + 1 END"
    core, full = checked(text, std="core"), checked(text)
    assert core.program is not None
    assert full.program is not None
    assert core.program.main.inputs == full.program.main.inputs == ("x1",)
