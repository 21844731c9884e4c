"""Functions that call functions, and where their nodes are placed."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

import whilec
from tests.unit.syntax.python import library
from whilec.diagnostics.model import WhileError
from whilec.source import SourceFile
from whilec.syntax import ast
from whilec.syntax.format import format_ast
from whilec.syntax.python import translate, translate_source
from whilec.syntax.walk import expressions_of, statements


def smooth(function: Any) -> Any:
    return library.smooth(function)


def module(path: Path, text: str, **names: object) -> dict[str, Any]:
    """What a file defines; `smooth` compiles nothing in it."""
    path.write_text(text, encoding="utf-8")
    return runpy.run_path(str(path), {"smooth": smooth, "whilec": whilec, **names})


def translated(function: object) -> tuple[SourceFile, ast.Program]:
    return translate(function)


def codes(function: object) -> list[tuple[str, int]]:
    with pytest.raises(WhileError) as raised:
        translate(function)
    found: list[tuple[str, int]] = []
    for problem in raised.value.diagnostics:
        assert problem.primary is not None
        assert problem.source is not None
        found.append((problem.code.name, problem.source.position(problem.primary.span.start).line))
    return found


def definition(program: ast.Program) -> ast.Def:
    return next(item for item in program.items if isinstance(item, ast.Def))


INNER = "h = 2.0\n\n\n@smooth\ndef inner(x):\n    y = h * x\n    return y\n"


def test_a_function_of_another_file_stands_at_its_call(tmp_path: Path) -> None:
    inner = module(tmp_path / "inner.py", INNER)["inner"]
    outer = module(tmp_path / "outer.py", "def outer(x):\n    y = inner(x) + 1\n    return y\n", inner=inner)
    source, program = translated(outer["outer"])
    found = definition(program)
    nodes = [found, *found.body, *(part for each in statements(found.body) for part in expressions_of(each))]
    assert {source.snippet(node.span) for node in nodes} == {"inner(x)"}
    assert format_ast(program).splitlines()[:5] == [
        "PROGRAM outer(x) -> y",
        "CONST h = 2.0",
        "DEF inner(x) -> y",
        "  y := h * x",
        "END",
    ]


def test_a_function_of_the_same_file_stands_where_it_is(tmp_path: Path) -> None:
    text = f"{INNER}\n\ndef outer(x):\n    y = inner(x) + inner(2 * x)\n    return y\n"
    source, program = translated(module(tmp_path / "both.py", text)["outer"])
    found = definition(program)
    assert source.snippet(found.body[0].span) == "y = h * x"
    assert source.snippet(found.name.span) == "inner"
    assert sum(isinstance(item, ast.Def) for item in program.items) == 1


def test_problems_of_a_called_function_are_in_its_own_file(tmp_path: Path) -> None:
    inner = module(tmp_path / "inner.py", "@smooth\ndef inner(x):\n    break_ = [x]\n    return break_\n")
    text = "def outer(x):\n    y = inner(x) + None\n    return y\n"
    outer = module(tmp_path / "outer.py", text, inner=inner["inner"])
    assert codes(outer["outer"]) == [("E0143", 2), ("E0143", 3)]


def test_two_functions_of_one_name(tmp_path: Path) -> None:
    first = module(tmp_path / "first.py", INNER)["inner"]
    second = module(tmp_path / "second.py", INNER)["inner"]
    text = "def outer(x):\n    y = first(x)\n    y = second(y)\n    return y\n"
    outer = module(tmp_path / "outer.py", text, first=first, second=second)["outer"]
    assert codes(outer) == [("E0149", 3)]
    text = "def inner(x):\n    y = first(x)\n    return y\n"
    assert codes(module(tmp_path / "third.py", text, first=first)["inner"]) == [("E0149", 2)]


def test_functions_that_call_each_other(tmp_path: Path) -> None:
    text = """
@smooth
def f(x):
    y = g(x)
    return y


@smooth
def g(x):
    y = f(x)
    return y


def h(x):
    y = f(x)
    return y
"""
    assert ("E0149", 10) in codes(module(tmp_path / "cycle.py", text)["h"])


def test_constants_of_one_name_and_several_values(tmp_path: Path) -> None:
    inner = module(tmp_path / "inner.py", INNER)["inner"]
    text = "h = {}\n\n\ndef outer(x):\n    y = h * inner(x)\n    return y\n"
    same = module(tmp_path / "same.py", text.format(2.0), inner=inner)["outer"]
    assert len([item for item in translated(same)[1].items if isinstance(item, ast.Const)]) == 1
    other = module(tmp_path / "other.py", text.format(3.0), inner=inner)["outer"]
    assert [code for code, _ in codes(other)] == ["E0147"]


def test_the_text_is_the_one_that_was_read_first(tmp_path: Path) -> None:
    path = tmp_path / "edited.py"
    function = module(path, INNER)["inner"].__wrapped__
    assert isinstance(function, FunctionType)
    before = translated(function)
    path.write_text("# nothing is left\n", encoding="utf-8")
    assert translated(function) == before


@pytest.mark.parametrize(
    "text",
    ["def f(x):\n    return x\n", "", "def f(x)\n", "x = 1\0\n", "def g(x):\n    return x\n"],
    ids=repr,
)
def test_a_file_without_the_function(text: str) -> None:
    with pytest.raises(WhileError, match="E0140"):
        translate_source(SourceFile("module.py", text), "f", 2, {})


def source_of(body: str) -> SourceFile:
    return SourceFile("module.py", f"def f(x):\n{body}    return x\n")


def test_deep_functions() -> None:
    long = f"    x = {' + '.join(['x'] * 1500)}\n"
    assert translate_source(source_of(long), "f", 1, {}).items
    with pytest.raises(WhileError, match="E0109"):
        translate_source(source_of(f"    x = {' + '.join(['x'] * 2500)}\n"), "f", 1, {})
    arms = "".join(f"    elif x == {i}:\n        x = {i}\n" for i in range(800))
    (chain,) = translate_source(source_of(f"    if x < 0:\n        x = 1\n{arms}"), "f", 1, {}).items
    assert isinstance(chain, ast.If)
    assert len(chain.branches) == 801


def test_columns_are_counted_in_characters() -> None:
    source = SourceFile("module.py", "# ä\r\ndef f(x):\r\n    'ö'; x = [x]  # ü\r\n    return x\r\n")
    with pytest.raises(WhileError) as raised:
        translate_source(source, "f", 2, {})
    (problem,) = raised.value.diagnostics
    assert problem.primary is not None
    assert source.snippet(problem.primary.span) == "[x]"
