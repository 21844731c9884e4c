"""Runs of compiled code that fail tell it as the interpreter does."""

from __future__ import annotations

import pytest

import whilec
from whilec.backends.base import FailedRunError
from whilec.diagnostics.model import InternalError
from whilec.driver.failures import failed_run
from whilec.source import SourceFile, Span

SOURCE = SourceFile("p.while", "y := a[i]")


@pytest.mark.parametrize("backend", ["interpreter", "torch"])
def test_a_steepness_that_came_out_negative(backend: str) -> None:
    text = "PROGRAM p(x: real) -> y: real\nPARAM s: real = 1.0\nIF x > 0 WITH STEEPNESS s THEN y := 1 END\n"
    module = whilec.compile_source(text, smooth=1, backend=backend)
    with pytest.raises(whilec.WhileError) as caught:
        module([1.0, 2.0], s=[1.0, -1.0])
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code.name, diagnostic.title) == ("E0612", "steepness `s` is -1")
    assert diagnostic.source is module.source
    assert diagnostic.primary is not None
    assert text[slice(*diagnostic.primary.span)] == "s"


@pytest.mark.parametrize(
    ("problem", "numbers", "code", "title"),
    [
        ("index", (3, 2), "E0604", "index 3 is out of range"),
        ("division", (), "E0229", "division by zero"),
        ("step", (0,), "E0210", "FOR has a step of 0"),
        ("steepness", (0.5,), "E0612", "steepness `a[i]` is 0.5"),
    ],
)
def test_every_problem_has_its_code(problem: str, numbers: tuple[float, ...], code: str, title: str) -> None:
    for span in (Span(5, 9), None):
        (diagnostic,) = failed_run(FailedRunError(problem, span, numbers), SOURCE).diagnostics
        assert diagnostic.code.name == code
        assert diagnostic.title == (title if span else title.replace(" `a[i]`", ""))
        assert (diagnostic.primary is None) == (span is None)
        assert diagnostic.source is SOURCE


def test_an_unknown_problem_is_a_bug() -> None:
    with pytest.raises(InternalError, match="weather"):
        failed_run(FailedRunError("weather", None), SOURCE)
