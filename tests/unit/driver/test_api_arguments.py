"""Arguments of the Python functions that are mixed up or misspelt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

import whilec
from whilec.diagnostics.model import WhileError

TEXT = "PROGRAM p(a: real) -> b: real\nb := 2 * a\n"


def double(x: whilec.Real) -> whilec.Real:
    y = 2 * x
    return y  # noqa: RET504 - outputs are variables


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "p.while"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


def error_of(call: Callable[[], object]) -> tuple[str, str, str]:
    """Code, title and help of the first problem."""
    with pytest.raises(WhileError) as raised:
        call()
    found = raised.value.diagnostics[0]
    return found.code.name, found.title, found.help or ""


def test_inputs_given_as_options(program: str) -> None:
    code, title, help_ = error_of(lambda: whilec.run(program, a=1.0))
    assert (code, title) == ("E0518", "there is no option `a`")
    assert "in a dict" in help_


def test_misspelt_options() -> None:
    code, _, help_ = error_of(lambda: whilec.run_source(TEXT, {"a": 1}, steepnes=2))
    assert (code, help_) == ("E0518", "did you mean `steepness`?")
    code, _, help_ = error_of(lambda: whilec.smooth(smoth=2)(double))
    assert (code, help_) == ("E0518", "did you mean `smooth`?")


@pytest.mark.parametrize("function", [whilec.compile, whilec.run])
@pytest.mark.parametrize("text", [TEXT, TEXT * 500, "x0 := x1"])
def test_text_where_a_path_is_expected(function: Callable[[str], Any], text: str) -> None:
    code, _, help_ = error_of(lambda: function(text))
    assert code == "E0677"
    assert "`_source`" in help_


def test_a_file_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x0 := x1").write_text(TEXT, encoding="utf-8")
    assert whilec.run("x0 := x1", {"a": 2}).outputs == {"b": 4.0}


@pytest.mark.parametrize(
    "function", [whilec.compile_source, whilec.run_source, whilec.check_source, whilec.format_source]
)
def test_path_where_a_text_is_expected(function: Callable[[str], Any]) -> None:
    code, title, _ = error_of(lambda: function("programs/multiply.while"))
    assert (code, title) == (
        "E0677",
        "`programs/multiply.while` is the path of a file, not the text of a program",
    )
    with pytest.raises(TypeError, match="is a str, not bytes"):
        function(cast("Any", TEXT.encode()))


def test_options_that_are_texts_in_the_place_of_numbers() -> None:
    for options, shown in (
        ({"steepness": "2"}, "not '2'"),
        ({"smooth": "1"}, "`'1'`"),
        ({"dtype": "float64"}, "'float64'"),
    ):
        _, title, _ = error_of(lambda options=options: whilec.compile_source(TEXT, **cast("Any", options)))
        assert shown in title


def test_outputs_that_are_not_asked_for_are_no_unused_variables(program: str) -> None:
    text = "PROGRAM p(a: real) -> b: real, c: real\nb := 2 * a\nc := a * a\n"
    assert whilec.compile_source(text, outputs=["b"]).warnings == ()
