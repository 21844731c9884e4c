"""Python functions give the trees of the programs that they correspond to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.repository import ROOT
from tests.unit.syntax.python.library import CORE, FULL
from whilec.source import SourceFile
from whilec.syntax import ast
from whilec.syntax.parser import parse
from whilec.syntax.python import translate

EVERY = {**FULL, **dict.fromkeys(CORE)}


def tree_of(text: str) -> ast.Program:
    result = parse(SourceFile("text.while", text))
    assert result.program is not None, result.diagnostics
    return result.program


def lines(program: ast.Program) -> list[str]:
    """The parts of a program, for readable differences."""
    return [repr(program.header), *map(repr, program.items)]


@pytest.mark.parametrize("function", EVERY, ids=lambda function: function.__name__)
def test_tree_is_that_of_the_text(function: Callable[..., Any]) -> None:
    name = function.__name__
    text = (ROOT / f"programs/{name}.while").read_text(encoding="utf-8")
    if function in CORE:
        text = f"{CORE[function]}\n{text}"
    _, program = translate(function, require=EVERY[function])
    expected = tree_of(text)
    assert lines(program) == lines(expected)
    assert program == expected
