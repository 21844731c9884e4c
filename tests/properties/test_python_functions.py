"""Random Python functions end in a program or in diagnostics, never in another way."""

from __future__ import annotations

import ast as python
import math
import random
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import whilec
from tests.unit.syntax.python import library
from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.diagnostics.render import render
from whilec.semantics.check import check
from whilec.source import SourceFile
from whilec.syntax import ast
from whilec.syntax.format import format_ast
from whilec.syntax.parser import parse
from whilec.syntax.python import translate_source
from whilec.syntax.walk import expressions_of

NAMESPACE = {
    "whilec": whilec,
    "math": math,
    "gap": 1.5,
    "limit": 3,
    "table": [1],
    "helper": lambda x: x,
    "smoothed": library.flow,
    "flag": True,
    "infinite": math.inf,
}

NAMES = ("x", "y", "a", "i", "n", "gap", "limit", "table", "flag", "infinite", "step", "größe", "_", "zeta")
ATOMS = ("0", "1", "2.5", "-1", "True", "None", "'t'", "1e999", "2j", "...", "0x10", "math.pi", "b''", *NAMES)
TYPES = (
    "int",
    "float",
    "whilec.Int",
    "whilec.Real",
    "whilec.Real['n']",
    "whilec.Int[n, 'm + 1']",
    "'whilec.Real[3]'",
    "whilec.Real['n m']",
    "whilec.Real[()]",
    "list[int]",
    "tuple[int, whilec.Real]",
    "Final",
    "'('",
    "None",
)
FORMS = (
    "({} + {})",
    "({} - {})",
    "({} // {})",
    "({} ** {})",
    "({} @ {})",
    "({} << {})",
    "(-{})",
    "(not {})",
    "(~{})",
    "({} < {})",
    "({} == {})",
    "({} < {} <= {})",
    "({} in {})",
    "({} is {})",
    "({} and {})",
    "({} or {})",
    "({} if {} else {})",
    "(lambda: {})",
    "a[{}]",
    "a[{}, {}]",
    "a[{}][{}]",
    "a[{}:{}]",
    "{}.shape",
    "a.shape[{}]",
    "min({}, {})",
    "len({})",
    "math.sqrt({})",
    "math.gcd({}, {})",
    "helper({})",
    "smoothed({}, {})",
    "sigmoid({}, steepness={})",
    "float({})",
    "print({})",
    "range({})",
    "whilec.steep({}, {})",
    "f({})",
    "x({})",
    "sum(*{})",
    "sum(**{})",
    "[{} for x in {}]",
    "[{}, {}]",
    "{{{}: {}}}",
    "(z := {})",
    "(yield {})",
    "f'{{{}}}'",
)
SIMPLE = (
    "{t} = {e}",
    "{t}, {t} = {e}, {e}",
    "{t} = {t} = {e}",
    "{t}, *x = {e}",
    "{t} += {e}",
    "{t} **= {e}",
    "{n}: {k} = {e}",
    "{n}: {k}",
    "a[{e}]: {k} = 1",
    "{e}",
    "pass",
    "break",
    "continue",
    "return",
    "return {n}",
    "return {n}, {e}",
    "global x",
    "import math",
    "assert {e}",
    "raise ValueError",
    "del x",
    "n = len(a)",
    "n, m = a.shape",
)
BLOCKS = (
    "while {e}:",
    "if {e}:",
    "if {e}:\n    x = 1\nelif {e}:",
    "for {n} in range({e}):",
    "for {n} in range({e}, {e}, -1):",
    "for {n} in range(1, n + 1):",
    "for {n}, y in {e}:",
    "with open('x') as y:",
    "try:\n    x = 1\nfinally:",
    "def g(x):",
    "class C:",
    "while {e}:\n    x = 1\nelse:",
    "match {e}:\n  case 1:",
)
HEADS = (
    "def f(x, y):",
    "def f(a: whilec.Real['n'], x, y: int) -> whilec.Real['n']:",
    "def f(a: whilec.Real['n', 'm'], /, x, *, y: whilec.Real = {e}):",
    "def f(x, y=1):",
    "def f(*a, **x):",
    "def f(*, x, y=2) -> {k}:",
    "def f(x: {k}, a: {k}, y) -> {k}:",
    "async def f(x, y):",
    "@whilec.smooth\ndef f(x, y):",
)


@dataclass(frozen=True)
class Pieces:
    """What functions are made of."""

    atoms: tuple[str, ...]
    types: tuple[str, ...]
    forms: tuple[str, ...]
    simple: tuple[str, ...]
    blocks: tuple[str, ...]
    heads: tuple[str, ...]
    names: tuple[str, ...] = NAMES


WILD = Pieces(ATOMS, TYPES, FORMS, SIMPLE, BLOCKS, HEADS)
TAME = Pieces(
    ("0", "1", "2.5", "-1", "gap", "limit", "n", "x", "y", "a[0]", "a[x]", "math.pi"),
    ("int", "float", "whilec.Real", "whilec.Int['n']", "whilec.Real['n + 1', 3]", "whilec.Real[limit]"),
    (
        "({} + {})",
        "({} - {})",
        "{} * {}",
        "(-{})",
        "{} ** {}",
        "min({}, {})",
        "max({}, 1)",
        "n % {}",
        "math.sqrt({})",
        "float({} < {})",
        "float({} == {} and not {} < 2)",
        "float(whilec.steep({} != {}, 8.0))",
        "sum(smoothed(a, {}))",
        "sigmoid({}, steepness={})",
    ),
    (
        "x = {e}",
        "x, y = {e}, {e}",
        "a[{e}] = {e}",
        "y += {e}",
        "y **= {e}",
        "a[n - 1], x = {e}, {e}",
        "z: {k} = {e}",
        "w: {k}",
        "pass",
        "n = len(a)",
        "(n,) = a.shape",
    ),
    (
        "while {e} != {e}:",
        "while x < {e} or {e} <= y:",
        "if {e} > {e}:",
        "if {e} >= {e}:\n    x = 1\nelif not {e} < 3:",
        "if x < y:\n    x = 2\nelse:",
        "for i in range({e}):",
        "for i in range(1, n + 1):",
        "for i in range(n - 1, -1, -limit):",
        "for i in range({e}, n - 1 - {e}):",
        "for _ in range(y):",
    ),
    ("def f(a: whilec.Real['n'], x, y: int):", "def f(a: whilec.Real['n'], x, *, y: whilec.Real = {e}):"),
    ("x",),
)


@st.composite
def functions(draw: st.DrawFn, pieces: Pieces) -> str:
    """The text of a function `f`, nearly always valid Python."""

    def expression(depth: int) -> str:
        if depth == 0 or draw(st.booleans()):
            return draw(st.sampled_from(pieces.atoms))
        form = draw(st.sampled_from(pieces.forms))
        return form.format(*(expression(depth - 1) for _ in range(form.count("{}"))))

    def filled(form: str) -> str:
        target = st.sampled_from(("x", "y", "a[i]", "a[0, 1]", "a[0][x]", "n", "(x, y)", "math.pi"))
        for key, value in (
            ("{t}", target),
            ("{n}", st.sampled_from(pieces.names)),
            ("{k}", st.sampled_from(pieces.types)),
        ):
            while key in form:
                form = form.replace(key, draw(value), 1)
        while "{e}" in form:
            form = form.replace("{e}", expression(2), 1)
        return form

    def block(depth: int) -> str:
        lines: list[str] = []
        for _ in range(draw(st.integers(1, 4))):
            if depth and draw(st.integers(0, 2)) == 0:
                head = filled(draw(st.sampled_from(pieces.blocks)))
                indent = "    " if "case" not in head else "      "
                lines += [head, textwrap.indent(block(depth - 1), indent)]
            else:
                lines.append(filled(draw(st.sampled_from(pieces.simple))))
        return "\n".join(lines)

    head = filled(draw(st.sampled_from(pieces.heads)))
    end = draw(st.sampled_from(("return x", "return x, y", "return a", "x = 1")))
    return f"# é\n{head}\n{textwrap.indent(block(2), '    ')}\n    {end}\n"


def check_outcome(text: str, line: int, name: str = "f") -> ast.Program | None:
    """Translate, check and compare with what the parser would build."""
    source = SourceFile("module.py", text)
    problems: tuple[Diagnostic, ...] = ()
    program: ast.Program | None = None
    try:
        program = translate_source(source, name, line, NAMESPACE)
    except WhileError as error:
        problems = error.diagnostics
    if program is None:
        assert problems
        assert render(problems)
        assert all(problem.help or problem.notes for problem in problems)
        return None
    result = check(program, source, intrinsics={})
    assert render(result.diagnostics) or not result.diagnostics
    check_spans(program, text)
    again = format_ast(program)
    assert parse(SourceFile("p.while", again)).program == program, again
    return program


def check_spans(program: ast.Program, text: str) -> None:
    """Every span lies in the text."""
    for item in program.items:
        for node in (item, *expressions_of(item)):
            assert 0 <= node.span.start <= node.span.end <= len(text)


@settings(deadline=None)
@given(st.sampled_from((WILD, TAME)).flatmap(functions))
def test_random_functions(text: str) -> None:
    try:
        python.parse(text)
    except SyntaxError:
        return
    check_outcome(text, 2)


@pytest.mark.parametrize("seed", range(4))
def test_mutated_programs(seed: int) -> None:
    text = Path(library.__file__).read_text(encoding="utf-8")
    chosen = random.Random(seed)
    tree = python.parse(text)
    found = [node for node in tree.body if isinstance(node, python.FunctionDef)]
    assert len(found) > 20
    pool = [node for node in python.walk(tree) if isinstance(node, python.expr)]
    for node in found * 3:
        lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
        body = "\n".join(lines)
        for _ in range(chosen.randint(1, 3)):
            old = python.unparse(chosen.choice(pool))
            new = python.unparse(chosen.choice(pool))
            body = body.replace(old, new, 1) if len(old) < 20 else body
        check_outcome(body, 1, node.name)
