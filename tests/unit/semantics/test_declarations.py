"""Declarations: names, sizes, start values, CONST, PARAM, outputs."""

from __future__ import annotations

import pytest

from tests.unit.semantics.checking import codes, program, types


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # names
        ("PROGRAM p(x: real, x: int) -> y: real\ny := x", ["E0202"]),
        ("PROGRAM p(x: real) -> y: real, y: real\ny := x", ["E0202"]),
        ("PROGRAM p(x: real) -> y: real\nVAR x: real\ny := x", ["E0202"]),
        ("PROGRAM p(x: real) -> y: real\nVAR z: real\nVAR z: real\ny := x + z", ["E0202"]),
        ("PROGRAM p(x: real) -> y: real\nCONST x = 1\ny := x", ["E0202"]),
        ("PROGRAM p(a: real[n]) -> y: real\nVAR n: int\ny := a[n]", ["E0202"]),
        ("PROGRAM p(a: real[n], n: int) -> y: real\ny := a[n]", ["E0202"]),
        ("PROGRAM p(a: real[n]) -> n: real\nn := a[0]", ["E0202"]),
        ("CONST c = 1\nDEF f(c) -> d\n  d := c\nEND\nx0 := f(x1)", ["E0202"]),
        ("DEF f(d) -> d, d\n  d := 1\nEND\nx0 := x1", ["E0202"]),
        ("DEF f(d) -> e\n  VAR d: real\n  e := d\nEND\nx0 := f(x1)", ["E0202"]),
        # sizes
        ("PROGRAM p(a: real[0]) -> y: real\ny := a[0]", ["E0222"]),
        ("PROGRAM p(a: real[2 * n]) -> y: real\ny := a[0]", ["E0226"]),
        ("PROGRAM p(a: real[2.0]) -> y: real\ny := a[0]", ["E0226"]),
        ("PROGRAM p(a: real[n]) -> y: real[k]\ny[0] := a[0]", ["E0201"]),
        ("VAR t: int[0]\nx0 := sum(t) + x1", []),
        ("VAR t: int[x1]\nx0 := t[0]", ["E0201"]),
        ("VAR t: int[1.0]\nx0 := t[0]", ["E0209"]),
        ("VAR t: int[1 - 2]\nx0 := t[0]", ["E0222"]),
        ("VAR t: int[3163, 3163]\nx0 := t[0, x1]", ["E0222"]),
        ("VAR t: int[10000000]\nx0 := t[x1]", []),
        ("PROGRAM p(a: real[n], b: real[m]) -> y: real\nVAR t: real[n * m + len(b)]\ny := t[0] + a[0]", []),
        ("VAR t: int[3]\nVAR u: int[len(t) + 1]\nx0 := u[3] + t[x1]", []),
        # start values
        ("PROGRAM p(x: real) -> y: real\nVAR z: real = x + 1\nVAR w: real = z / 2\ny := w", []),
        ("PROGRAM p(x: real) -> y: real\nVAR w: real = z / 2\nVAR z: real = x + 1\ny := w + z", ["E0201"]),
        ("PROGRAM p(x: real) -> y: real\nVAR z: int = x\ny := z", ["E0213"]),
        ("PROGRAM p(a: real[n]) -> y: real\nVAR z: real[n] = a\ny := z[0]", []),
        ("PROGRAM p(a: real[n]) -> y: real\nVAR z: real = a\ny := z", ["E0220"]),
        ("PROGRAM p(a: real[n]) -> y: real\nVAR z: real[n + 1] = a\ny := z[0]", ["E0207"]),
        ("PROGRAM p(a: real[n]) -> y: real\nVAR z: real[n] = n > 1\ny := z[0] + a[0]", ["E0214"]),
        ("PROGRAM p(a: real[n]) -> y: real\nVAR z: real = f(a)\nDEF f(b) -> c\n  c := b[0]\nEND\ny := z", []),
        # constants
        ("CONST a = b\nCONST b = 1\nx0 := x1 + a + b", ["E0228"]),
        ("CONST a = len(x1)\nx0 := x1 + a", ["E0228"]),
        # parameters
        ("PARAM w: real[3] = 1 / 3\nPROGRAMS := x1\nx0 := PROGRAMS", []),
        ("PARAM w: real[0] = 1\nx0 := x1", ["E0222"]),
        ("CONST k = 3\nPARAM w: real[k] = k\nx0 := x1", []),
        ("PARAM v: real = 1\nPARAM w: real = v\nx0 := x1", ["E0228"]),
        ("PARAM w: int = 1\nx0 := x1", ["E0227"]),
        ("PROGRAM p(a: real[n]) -> y: real\nPARAM w: real[n] = 1\ny := dot(a, w)", ["E0227"]),
        # outputs
        ("PROGRAM p(x: real) -> x: real\nx := 1", []),
        ("PROGRAM p(x: real) -> x: int\nx := 1", ["E0233"]),
        ("PROGRAM p(a: real[n]) -> a: real[n]\na[0] := 1", []),
        ("PROGRAM p(a: real[n]) -> a: real[n + 1]\na[0] := 1", ["E0233"]),
        ("PROGRAM p(x: real) -> y: real[2]\nVAR y: real[2] = x", []),
        ("PROGRAM p(x: real) -> y: real[2]\nVAR y: real[3] = x", ["E0233"]),
        ("PROGRAM p(x: real) -> y\nVAR y: real[3] = x\ny[2] := 1", []),
        ("REQUIRE C0\nREQUIRE C0\nx0 := x1", ["E0402"]),
    ],
)
def test_declarations(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_program_and_function_have_their_own_shape_variables() -> None:
    text = "PROGRAM p(a: real[n]) -> y: real\nDEF f(b: real[n], c: real[n]) -> d\n  d := dot(b, c) * n\nEND\n"
    text += "VAR t: real[2]\ny := f(a, a) + f(t, t)"
    assert codes(text) == []
    assert codes(text + " + f(a, t)") == ["E0207"]


def test_an_input_without_a_type_is_a_real_number() -> None:
    assert types(program("PROGRAM p(x) -> y\ny := x").main) == {"x": "real", "y": "real"}


def test_functions_have_a_name_space_of_their_own() -> None:
    text = (
        "PROGRAM p(a: real[n]) -> y: real\nsum := sum(a)\nf := sum\nDEF f(u) -> v\n  v := u\nEND\n"
        "y := f(f) + max(sum, 0)"
    )
    assert codes(text) == []


@pytest.mark.parametrize(
    ("steepness", "is_right"),
    [
        ("8", True),
        ("0.5", True),
        ("s", True),
        ("w", True),
        ("exp(w) * s + 1", True),
        ("v[1]", True),
        ("s - 4", False),
        ("0", False),
        ("-w", True),
        ("x", False),
        ("n", False),
        ("v[i]", False),
        ("v", False),
        ("degree(w > 1)", False),
        ("f(1)", False),
        ("(w > 1)", False),
        ("1 / 0", False),
    ],
)
def test_steepness_is_constant_or_trained(steepness: str, is_right: bool) -> None:
    for condition in (f"x > 0 WITH STEEPNESS {steepness}", f"abs(x, steepness = {steepness}) > 0"):
        text = (
            "PROGRAM p(x: real, b: real[n]) -> y: real\nCONST s = 4\nPARAM w: real = 1.0\n"
            "PARAM v: real[3] = 1.0\n"
            "DEF f(u) -> r\n  r := u\nEND\n"
            f"FOR i FROM 0 TO 2 DO IF {condition} THEN y := y + s + w + v[i] + b[0] + f(x) END END"
        )
        assert (codes(text) == []) == is_right, text
