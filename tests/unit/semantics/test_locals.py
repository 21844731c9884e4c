"""Shapes of undeclared variables."""

from __future__ import annotations

import sys

import pytest

from tests.unit.semantics.checking import codes, program, types
from whilec.semantics.check import check
from whilec.source import SourceFile
from whilec.syntax.parser import parse


def shape(body: str, name: str = "z") -> str:
    text = f"PROGRAM p(a: real[n], b: real[n, m], x: real) -> y: real\n{body}\ny := sum(a) + sum(b) + x"
    return types(program(text).main)[name]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("z := a", "real[n]"),
        ("z := b[0]", "real[m]"),
        ("z := b[0, 0]", "real"),
        ("z := a * x + 1", "real[n]"),
        ("z := x\nz := a", "real[n]"),
        ("z := 0\nz := z + a", "real[n]"),
        ("z := z + a", "real[n]"),
        ("z := v\nv := a", "real[n]"),
        ("z := v + 1\nv := w\nw := z\nw := a", "real[n]"),
        ("z := v\nv := z + 1", "int"),
        ("z := max(v, 0)\nv := a", "real[n]"),
        ("z := sum(v)\nv := a", "real"),
        ("z := v[0]\nv := b", "real[m]"),
        ("z := matmul(b, v)\nv := b[0]", "real[n]"),
        ("z := soft_sort(v)\nv := a", "real[n]"),
        ("z, v := a, x", "real[n]"),
        ("FOR i FROM 0 TO n - 1 DO z := b[i] END", "real[m]"),
    ],
)
def test_shape_of_a_variable(body: str, expected: str) -> None:
    assert shape(body) == expected


def test_shapes_through_a_function() -> None:
    text = "DEF f(u) -> v, w\n  v := u * 2\n  w := sum(u)\nEND\nz, v := f(t)\nt := t + a"
    assert shape(text) == "real[n]"
    assert shape(text, "v") == "real"


def test_a_function_of_a_counting_variable_is_called_with_a_scalar() -> None:
    text = "DEF f(u) -> v: real[3]\n  v[0] := u\nEND\nz := f(k)\nk := k + 1"
    assert shape(text) == "real[3]"
    assert shape(text, "k") == "int"


def test_different_shapes_are_an_error_at_the_second() -> None:
    assert codes("PROGRAM p(a: real[n], b: real[m]) -> y: real\nz := a\nz := b\ny := z[0]") == ["E0207"]


def test_elements_of_an_inferred_array_cannot_be_assigned() -> None:
    assert codes("PROGRAM p(a: real[n]) -> y: real\nz := a\nz[0] := 1\ny := z[0]") == ["E0218"]


def test_an_unknown_value_makes_the_variable_unknown() -> None:
    assert codes(
        "PROGRAM p(a: real[n]) -> y: real\nz := nothing(a)\nv := z\ny := v[0] + sum(v) + dot(a, v)"
    ) == ["E0204"]


@pytest.mark.parametrize("last", ["z", "sum(z)"])
def test_a_reversed_chain_takes_linear_time(last: str) -> None:
    """Counted in function calls: were it quadratic, four times the length would take 16 times as many."""

    def calls(length: int) -> int:
        links = "\n".join(f"z{i} := z{i + 1}" for i in range(length))
        kind = "real" if last == "z" else "real[3]"
        text = f"PROGRAM p(a: {kind}) -> y: real\n{links}\nz{length} := a\ny := {last.replace('z', 'z0')}"
        source = SourceFile("chain.while", text)
        parsed = parse(source)
        assert parsed.program is not None
        count = 0

        def note(*_: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(note)
        result = check(parsed.program, source)
        sys.setprofile(None)
        assert result.program is not None
        assert types(result.program.main)["z0"] == kind
        return count

    assert calls(1200) < 5 * calls(300)
