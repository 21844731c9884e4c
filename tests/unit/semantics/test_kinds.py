"""Realness: the greatest fixpoint over assignments and through DEFs."""

from __future__ import annotations

import pytest

from tests.unit.semantics.checking import program, types


def kind(body: str, name: str = "z") -> str:
    return types(
        program(f"PROGRAM p(x: real, k: int, a: int[3]) -> y: real\n{body}\ny := {name} + x + k + a[0]").main
    )[name]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", "int"),
        ("3.0", "real"),
        ("1e3", "real"),
        ("k", "int"),
        ("x", "real"),
        ("k + x", "real"),
        ("k * 2 - 1", "int"),
        ("-k", "int"),
        ("k / 1", "real"),
        ("4 / 2", "real"),
        ("a[1]", "int"),
        ("a[k]", "int"),
        ("a[x]", "int"),
        ("min(k, 3)", "int"),
        ("max(k, x)", "real"),
        ("abs(k, steepness = 2.5)", "int"),
        ("sign(x)", "real"),
        ("sign(k)", "int"),
        ("clamp(k, 0, 1.0)", "real"),
        ("sum(a)", "int"),
        ("dot(a, a)", "int"),
        ("mean(a)", "real"),
        ("degree(k > 0)", "real"),
        ("sqrt(k)", "real"),
        ("len(a)", "int"),
        ("div(7, 2)", "int"),
    ],
)
def test_kind_of_a_value(value: str, expected: str) -> None:
    assert kind(f"z := {value}") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("z := k\nz := 0.5", "real"),
        ("z := v\nv := w\nw := x", "real"),
        ("z := v\nv := w\nw := z + 1", "int"),
        ("z := v\nv := w\nw := z + 1\nw := x", "real"),
        ("WHILE z < 3 DO z := z + v END\nv := k", "int"),
        ("IF k > 0 THEN z := 1 ELSE z := 0.5 END", "real"),
        ("IF x > 0.5 THEN z := 1 ELSE z := 0 END", "int"),
        ("v, z := k, x", "real"),
        ("FOR i FROM 0 TO 3 DO z := z + i END", "int"),
        ("VAR t: real\nt := k\nz := t", "real"),
        ("VAR t: int\nt := k\nz := t", "int"),
        ("CONST c = 2\nz := c", "int"),
        ("CONST c = 2.0\nz := c", "real"),
        ("PARAM c: real = 2\nz := c", "real"),
    ],
)
def test_kind_of_a_variable(body: str, expected: str) -> None:
    assert kind(body) == expected


@pytest.mark.parametrize(
    ("definition", "call", "expected"),
    [
        ("DEF f(u) -> v\n  v := u + 1\nEND", "f(k)", "int"),
        ("DEF f(u) -> v\n  v := u + 1\nEND", "f(x)", "real"),
        ("DEF f(u) -> v\n  v := u + 0.5\nEND", "f(k)", "real"),
        ("DEF f(u, w) -> v\n  v := u\n  w := w + 1\nEND", "f(k, x)", "int"),
        ("DEF f(u, w) -> v\n  v := u\n  w := w + 1\nEND", "f(x, k)", "real"),
        ("DEF f(u, w) -> v\n  v := u\n  w := w + 1\nEND", "f(w = x, u = k)", "int"),
        ("DEF f(u: real) -> v\n  v := u\nEND", "f(k)", "real"),
        ("DEF f(u) -> v: real\n  v := u\nEND", "f(k)", "real"),
        ("DEF f(u: int) -> v\n  v := u\nEND", "f(k)", "int"),
        ("DEF f(u) -> u\n  u := u + 1\nEND", "f(k)", "int"),
        ("DEF f(u) -> u\n  u := u + 1\nEND", "f(x)", "real"),
        ("DEF f(u) -> v\n  t := v\n  v := t\n  v := u\nEND", "f(x)", "real"),
        ("DEF f(u) -> v\n  v := g(u, 1)\nEND\nDEF g(a, b) -> c\n  c := b\n  a := a\nEND", "f(x)", "int"),
        ("DEF f(u) -> v\n  v := g(1, u)\nEND\nDEF g(a, b) -> c\n  c := b\n  a := a\nEND", "f(x)", "real"),
    ],
)
def test_kind_of_a_call(definition: str, call: str, expected: str) -> None:
    assert kind(f"{definition}\nz := {call}") == expected


def test_results_of_one_call_have_their_own_kinds() -> None:
    found = program(
        "PROGRAM p(x: real, k: int) -> y: real\nDEF f(u, w) -> v, r\n  v := u\n  r := w\nEND\n"
        "s, t := f(k, x)\ny := s + t"
    )
    assert types(found.main)["s"] == "int"
    assert types(found.main)["t"] == "real"
