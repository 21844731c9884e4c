"""The checker on programs that are slightly wrong: it never fails, and what it accepts is typed."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.repository import ROOT
from tests.unit.semantics.checking import INTRINSICS
from tests.unit.semantics.test_check import expressions
from whilec.diagnostics.model import Severity, WhileError
from whilec.semantics.check import check, specialise
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram, IntrinsicCall, Unit
from whilec.semantics.smoothness import program_smoothness
from whilec.source import SourceFile
from whilec.syntax import ast
from whilec.syntax.parser import parse

TOKEN = re.compile(r"[A-Za-z_]\w*|\d+\.\d+|\d+|:=|!=|<=|>=|->|\S")
COMMENT = re.compile(r"(//|#).*")
OPERAND = re.compile(r"(?!(?:END|DO|THEN|TO|STEP|ELSE|ELSEIF|WITH)\b)[A-Za-z_]\w*|\d+", re.IGNORECASE)
FOLDERS = ["programs", "tests/golden/semantics"]
TEXTS = [
    path.read_text(encoding="utf-8") for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.while"))
]
PROGRAMS = [TOKEN.findall(COMMENT.sub("", text)) for text in TEXTS]
NAMES = ["x", "y", "a", "n", "i", "0", "1", "2.5", "t", "f", "len"]
FUNCTIONS = ["sum", "f", "min", "soft_sort", "len", "abs", "top", "degree"]


@st.composite
def mutants(draw: st.DrawFn) -> str:
    tokens = list(draw(st.sampled_from(PROGRAMS)))
    for _ in range(draw(st.integers(1, 3))):
        places = [position for position, token in enumerate(tokens) if OPERAND.fullmatch(token)]
        place = draw(st.sampled_from(places))
        name = draw(
            st.one_of(st.sampled_from(NAMES), st.sampled_from(places).map(lambda other: tokens[other]))
        )
        operator, function = draw(st.sampled_from(["+", "-", "*", "/"])), draw(st.sampled_from(FUNCTIONS))
        changes = [[name], [tokens[place], operator, name], [function, "(", tokens[place], ")"]]
        tokens[place : place + 1] = draw(st.sampled_from(changes))
    return " ".join(tokens)


def assert_typed(program: CheckedProgram) -> None:
    """Every unit knows its variables and the type of every expression."""
    pending, seen = [program.main], {id(program.main)}
    while pending:
        unit = pending.pop()
        assert set(unit.inputs) | set(unit.outputs) <= set(unit.variables)
        for expr in expressions(unit.body):
            assert id(expr) in unit.types or (isinstance(expr, ast.Call) and has_several_results(unit, expr))
        for callee in unit.callees.values():
            if isinstance(callee, Unit) and id(callee) not in seen:
                seen.add(id(callee))
                pending.append(callee)


def has_several_results(unit: Unit, call: ast.Call) -> bool:
    match unit.callees[id(call)]:
        case Unit(outputs=outputs):
            return len(outputs) != 1
        case IntrinsicCall(signature=signature):
            return len(signature.results) != 1
        case _:
            return False


@given(mutants())
def test_mutants(text: str) -> None:
    source = SourceFile("mutant.while", text)
    parsed = parse(source)
    if parsed.program is None:
        return
    result = check(parsed.program, source, intrinsics=INTRINSICS, comments=parsed.comments)
    if result.program is None:
        assert result.errors
        assert all(error.severity is Severity.ERROR and error.title for error in result.errors)
        return
    assert not result.errors
    assert_typed(result.program)
    program_smoothness(result.program, Options(smooth=1))
    for size in (1, 3):
        specialised = specialise_or_none(result.program, size)
        if specialised is not None:
            assert_typed(specialised)


def specialise_or_none(program: CheckedProgram, size: int) -> CheckedProgram | None:
    try:
        return specialise(program, dict.fromkeys(program.shape_variables, size))
    except WhileError:
        return None
