"""Evaluation of constants and static integers."""

from __future__ import annotations

import pytest

from tests.unit.semantics.checking import codes, program
from whilec.diagnostics.model import InternalError, WhileError
from whilec.semantics import sizes
from whilec.semantics.program import CheckedProgram
from whilec.semantics.static import (
    StaticEnvironment,
    UnboundSizeError,
    evaluate,
    evaluate_condition,
    evaluate_static,
    is_static_condition,
)
from whilec.semantics.types import SymbolicSize
from whilec.syntax import ast


def constant(expression: str) -> int | float:
    return program(f"CONST base = 7\nCONST value = {expression}\nx0 := x1\nx2 := base").constants["value"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("1 + 2 * 3", 7),
        ("base - 10", -3),
        ("7 / 2", 3.5),
        ("6 / 2", 3.0),
        ("div(7, 2)", 3),
        ("div(-7, 2)", -4),
        ("div(7, -2)", -4),
        ("mod(-7, 3)", 2),
        ("mod(7, -3)", -2),
        ("min(3, 1, 2)", 1),
        ("max(3, 1, 2.5)", 3),
        ("abs(-4)", 4),
        ("sign(-4)", -1),
        ("sign(0)", 0),
        ("clamp(9, 0, 5)", 5),
        ("clamp(-1, 0, 5)", 0),
        ("sqrt(16)", 4.0),
        ("pow(2, 10)", 1024.0),
        ("sigmoid(0)", 0.5),
        ("exp(0.0)", 1.0),
        ("max(1, 2, steepness = 5)", 2),
    ],
)
def test_constants(expression: str, value: float) -> None:
    found = constant(expression)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("1 / 0", "E0229"),
        ("div(1, 0)", "E0229"),
        ("mod(1, 1 - 1)", "E0229"),
        ("sqrt(-1)", "E0240"),
        ("exp(1e5)", "E0240"),
        ("1e308 * 10", "E0240"),
        ("x1", "E0228"),
        ("nothing", "E0201"),
        ("f(1)", "E0228"),
        ("div(1.5, 2)", "E0209"),
        ("1 < 2", "E0214"),
        ("sum(1)", "E0239"),
    ],
)
def test_what_is_no_constant(expression: str, code: str) -> None:
    assert codes(f"CONST value = {expression}\nx0 := x1\nx0 := value") == [code]


def test_constants_cannot_grow_without_bound() -> None:
    lines = ["CONST c0 = 1000000", *(f"CONST c{i + 1} = c{i} * c{i}" for i in range(30))]
    assert codes("\n".join(lines) + "\nx0 := x1 + c30")[0] == "E0240"


def _value(found: CheckedProgram) -> ast.Expr:
    [statement] = found.main.body
    assert isinstance(statement, ast.Assign)
    return statement.values[0]


def test_symbolic_values() -> None:
    found = program(
        "PROGRAM p(a: real[n], b: real[m]) -> y: int\ny := 2 * n * (m + 1) - n + div(m, 2) + len(b)"
    )
    environment = StaticEnvironment({"n": sizes.symbol("n"), "m": sizes.symbol("m")}, found.main.types)
    value = evaluate(_value(found), environment)
    assert isinstance(value, SymbolicSize)
    assert str(value) == "div(m, 2) + m + 2*m*n + n"
    with pytest.raises(InternalError):
        evaluate_static(_value(found), environment)


def test_lengths() -> None:
    found = program("PROGRAM p(a: real[3, 4]) -> y: int\ny := len(a) * 10 + len(a[0])")
    assert evaluate_static(_value(found), StaticEnvironment({}, found.main.types)) == 34


def test_static_conditions() -> None:
    found = program(
        "PROGRAM p(a: real[n], x: int) -> y: int\nIF n > 2 AND NOT (n = 4 OR n != n) THEN y := x END"
    )
    [branch] = next(s for s in found.main.body if isinstance(s, ast.If)).branches
    assert is_static_condition(branch.condition, found.main.types)
    truths = [evaluate_condition(branch.condition, StaticEnvironment({"n": n})) for n in (2, 3, 4, 5)]
    assert truths == [False, True, False, True]
    with pytest.raises(UnboundSizeError):
        evaluate_condition(branch.condition, StaticEnvironment({"n": sizes.symbol("n")}))


def test_conditions_on_variables_are_not_static() -> None:
    found = program("PROGRAM p(a: real[n], x: int) -> y: int\nIF n > 2 AND x > 1 THEN y := x END")
    [branch] = next(s for s in found.main.body if isinstance(s, ast.If)).branches
    assert not is_static_condition(branch.condition, found.main.types)


def test_unknown_names_are_a_diagnostic() -> None:
    found = program("PROGRAM p(x: int) -> y: int\ny := x + 1")
    with pytest.raises(WhileError, match="E0228"):
        evaluate(_value(found), StaticEnvironment({}))
