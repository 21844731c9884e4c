"""A Python function and the text of the same program become the same IR."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import whilec
from tests.repository import ROOT
from tests.unit.syntax.python.library import CORE, FULL
from whilec.ir.text import program_text

PROMISES = {**FULL, **dict.fromkeys(CORE)}
OPTIONS: dict[str, dict[str, Any]] = {
    "path": {"smooth": 1},
    "mixture": {"smooth": "inf", "loops": "mixture"},
    "trainable": {"smooth": "inf", "trainable": True},
}
SIZE = 3
"""Of every shape variable."""


def ir(module: whilec.WhileModule) -> str:
    programs = module._programs
    sizes = (SIZE,) * len(programs.checked.shape_variables)
    return program_text(programs.specialised(sizes).lowered)


def text_of(function: Callable[..., Any]) -> str:
    text = (ROOT / f"programs/{function.__name__}.while").read_text(encoding="utf-8")
    return f"{CORE[function]}\n{text}" if function in CORE else text


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("function", PROMISES, ids=lambda function: function.__name__)
def test_the_ir_is_that_of_the_text(function: Callable[..., Any], options: dict[str, Any]) -> None:
    ours = whilec.smooth(require=PROMISES[function], **options)(function)
    theirs = whilec.compile_source(text_of(function), **options)
    assert ir(ours).splitlines() == ir(theirs).splitlines()


def test_other_programs_have_another_ir() -> None:
    texts = {ir(whilec.compile_source(text_of(function), smooth=1)) for function in PROMISES}
    assert len(texts) == len(PROMISES)
