"""Warnings."""

from __future__ import annotations

import pytest

from tests.unit.semantics.checking import checked, warnings


def body(text: str) -> list[str]:
    return warnings(f"PROGRAM p(x: real, a: real[3]) -> y: real\n{text}\ny := y + x + a[0]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y := 1", []),
        ("z := 1", ["W0201"]),
        ("z := z + 1", []),
        ("VAR z: real[2] = 1", ["W0201"]),
        ("VAR z: real[2] = 1\nz[0] := 2", ["W0201"]),
        ("CONST c = 1", ["W0202"]),
        ("CONST c = 1\nCONST d = c + 1\ny := d", []),
        ("CONST c = 3\nVAR z: real[c]\ny := z[0]", []),
        ("PARAM w: real = 1.0", ["W0202"]),
        ("PARAM w: real = 1.0\nIF x > 0 WITH STEEPNESS w THEN y := 1 END", []),
        ("DEF f(u) -> v\n  v := u\nEND", ["W0202"]),
        ("DEF f(u) -> v\n  v := u\nEND\ny := f(x)", []),
        ("DEF f(u) -> v\n  v := 1\nEND\ny := f(x)", ["W0201"]),
        ("DEF f(u) -> v\n  w := u\nEND\ny := f(x)", ["W0203", "W0201"]),
        ("DEF f(u) -> u\n  y := u\nEND\ny := f(x)", ["W0201"]),
        ("DEF f(u: real[k]) -> v\n  v := u[0]\nEND\ny := f(a)", []),
        ("CONST size = 2\nDEF f(u) -> v: real[size]\n  v[0] := u\nEND\ny := sum(f(x))", []),
        ("y := zz", ["W0204"]),
        ("y := y + 1", []),
        ("FOR i FROM 1 TO 3 DO y := y + 1 END", []),
        ("DEF f(u) -> v\n  v := u + x\nEND\ny := f(x)", ["W0204"]),
        ("WHILE x > 0 DO y := y + 1 END", ["W0205"]),
        ("WHILE x > 0 DO x := x - 1 END", []),
        ("WHILE a[0] > 0 DO a[1] := 1 END", []),
        ("WHILE x > y DO IF x > 3 THEN y := y + 1 END END", []),
        ("WHILE x > 0 DO WHILE y < 3 DO y := y + 1 END END", ["W0205"]),
        ("FOR i FROM 1 TO 3 DO WHILE i > 0 DO y := 1 END END", []),
        ("DEF f(u) -> v\n  v := 0\n  WHILE u > 0 DO v := v + 1 END\nEND\ny := f(x)", ["W0205"]),
        ("WHILE 1 < 2 DO y := y + 1 END", ["W0206"]),
        ("WHILE 1 > 2 DO y := y + 1 END", []),
        ("CONST c = 2\nWHILE c != 0 DO y := y + 1 END", ["W0206"]),
        ("sum := x\ny := sum", ["W0207"]),
        ("soft_sort := x\ny := soft_sort", ["W0207"]),
        ("DEF f(u) -> v\n  v := u\nEND\nf := f(x)\ny := f", ["W0207"]),
        ("End := x\ny := End", ["W0209"]),
        ("y := 1 // 2", ["W0208"]),
        ("y := x // x + 1", ["W0208"]),
        ("y := (x) // len(a)", ["W0208"]),
        ("y := a[0] // (x - 1);", ["W0208"]),
        ("y := 1 // 2 # half", ["W0208"]),
        ("y := 1 # 2", []),
        ("y := 1 // the first", []),
        ("y := x // x is an input", []),
        ("y := 1 // -", []),
        ("// 2", []),
        ("IF x > 0 THEN // 2\n  y := 1\nEND // 3", []),
    ],
)
def test_warnings(text: str, expected: list[str]) -> None:
    assert body(text) == expected


def test_no_warnings_about_variables_without_a_header() -> None:
    assert warnings("x0 := x1\nx5 := x2") == []


def test_an_output_that_is_never_assigned() -> None:
    assert warnings("x1 := x2") == ["W0203"]
    assert warnings("PROGRAM p(x: real) -> y: real, z\ny := x") == ["W0203"]
    assert warnings("PROGRAM p(x: real) -> x\n") == []
    assert warnings("PROGRAM p(x: real) -> y\nVAR y: real = x") == []


def test_errors_silence_warnings_about_use() -> None:
    result = checked("PROGRAM p(x: real, z: real) -> y: real\nCONST c = 1\ny := nothing(x)")
    assert [d.code.name for d in result.diagnostics] == ["E0204"]


def test_warnings_stay_with_the_program() -> None:
    result = checked("PROGRAM p(x: real, z: real) -> y: real\ny := x")
    assert result.program is not None
    assert [d.code.name for d in result.program.warnings] == ["W0201"]


def test_after_many_misspelt_names_none_is_looked_up() -> None:
    """Comparing every unknown name with every other one would take minutes for a large file."""
    lines = [f"VAR long_name_{i}: real[long_nam_{i}]" for i in range(500)]
    errors = checked("PROGRAM p(x: real) -> y: real\n" + "\n".join(lines) + "\ny := x").errors
    assert len(errors) == 500
    assert errors[1].help == "did you mean `long_name_0`?"
    assert "did you mean" not in (errors[-1].help or "")
