"""The table of built-in functions."""

from __future__ import annotations

import pytest

from tests.unit.semantics.checking import codes, program, types
from whilec.semantics.builtins import BUILTINS, BuiltinRule, KindRule, ShapeRule, SmoothnessRule

SMOOTH = ["sqrt", "exp", "log", "sin", "cos", "tan", "tanh", "sigmoid", "pow"]
RELAXED = ["min", "max", "abs", "sign", "clamp"]
NAMES = [*SMOOTH, *RELAXED, "sum", "mean", "dot", "matmul", "len", "div", "mod", "degree"]


def test_the_table_is_complete() -> None:
    assert list(BUILTINS) == NAMES
    assert [name for name in NAMES if BUILTINS[name].is_relaxed] == RELAXED
    assert [name for name in NAMES if BUILTINS[name].smoothness is SmoothnessRule.SMOOTH][
        : len(SMOOTH)
    ] == SMOOTH


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_a_line_of_documentation(name: str) -> None:
    rule = BUILTINS[name]
    assert rule.doc.endswith(".")
    assert len(rule.doc) < 80
    assert rule.parameters


def arguments(rule: BuiltinRule, number: int) -> str:
    value = {
        ShapeRule.ELEMENTWISE: "x",
        ShapeRule.REDUCE: "a",
        ShapeRule.DOT: "a",
        ShapeRule.MATMUL: "t",
        ShapeRule.LENGTH: "a",
        ShapeRule.SCALARS: "3",
        ShapeRule.CONDITION: "x > 0",
    }[rule.shape]
    return ", ".join([value] * number)


@pytest.mark.parametrize("name", NAMES)
def test_arity(name: str) -> None:
    rule = BUILTINS[name]
    head = "PROGRAM p(x: real, a: real[n], t: real[3, 3]) -> y: real\ny := x + a[0] + t[0, 0]\nz := "
    least = len(rule.parameters)
    assert codes(f"{head}{name}({arguments(rule, least)})") == []
    assert codes(f"{head}{name}({arguments(rule, least - 1)})") == ["E0205"]
    assert codes(f"{head}{name}({arguments(rule, least + 1)})") == ([] if rule.is_variadic else ["E0205"])
    if rule.shape is ShapeRule.CONDITION:
        return  # what follows a condition is another condition
    steepness = f"{head}{name}({arguments(rule, least)}, steepness = 2)"
    assert codes(steepness) == ([] if rule.is_relaxed else ["E0206"])


@pytest.mark.parametrize(
    "name", [name for name in NAMES if BUILTINS[name].folds or BUILTINS[name].kind is KindRule.STATIC]
)
def test_static_arguments_give_a_static_result(name: str) -> None:
    rule = BUILTINS[name]
    values = "a" if rule.shape is ShapeRule.LENGTH else ", ".join(["2"] * len(rule.parameters))
    text = f"PROGRAM p(a: real[n]) -> y: real\nFOR i FROM 0 TO {name}({values}) DO y := y + a[0] END"
    assert codes(text) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("sqrt(a)", "real[n]"),
        ("max(a, 0, a)", "real[n]"),
        ("max(k, 2)", "int[2]"),
        ("pow(a, 2)", "real[n]"),
        ("sum(t)", "real"),
        ("sum(k)", "int"),
        ("mean(k)", "real"),
        ("dot(k, k)", "int"),
        ("matmul(t, t)", "real[3, 3]"),
        ("matmul(t, u)", "real[3]"),
        ("matmul(u, t)", "real[3]"),
        ("matmul(r, a)", "real[2]"),
        ("matmul(t[0], t)", "real[3]"),
        ("len(r[0])", "int"),
        ("t[0] * 2 + u", "real[3]"),
        ("-k", "int[2]"),
        ("k / 2", "real[2]"),
        ("degree(k[0] > 1)", "real"),
    ],
)
def test_results(value: str, expected: str) -> None:
    head = "PROGRAM p(a: real[n], t: real[3, 3], u: real[3], r: real[2, n], k: int[2]) -> y: real\n"
    found = program(f"{head}z := {value}\ny := a[0] + t[0, 0] + u[0] + r[0, 0] + k[0]")
    assert types(found.main)["z"] == expected


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("matmul(a, t)", "E0207"),
        ("matmul(a, a)", "E0207"),
        ("matmul(r, t)", "E0207"),
        ("dot(t, t)", "E0207"),
        ("dot(a, t[0])", "E0207"),
        ("dot(a, 3)", "E0239"),
        ("mean(3)", "E0239"),
        ("max(a, t)", "E0207"),
        ("sum(a > 1)", "E0221"),
        ("sqrt(r[0, 0] > 1)", "E0214"),
        ("degree(a)", "E0215"),
        ("div(a, 2)", "E0221"),
        ("div(r[0, 0], 2)", "E0209"),
    ],
)
def test_wrong_arguments(value: str, code: str) -> None:
    head = "PROGRAM p(a: real[n], t: real[3, 3], r: real[2, n]) -> y: real\n"
    assert codes(f"{head}z := {value}\ny := a[0] + t[0, 0] + r[0, 0]")[0] == code
