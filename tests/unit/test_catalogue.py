"""The catalogue of codes."""

from __future__ import annotations

import ast
import io
import re
import runpy
from pathlib import Path

import pytest
import torch

from tests.command_line import split_command, whilec, write_example
from tests.repository import ROOT
from whilec import catalogue
from whilec.catalogue import DECLARING_MODULES, all_codes, code_to_markdown, code_to_text
from whilec.diagnostics.model import Code, Example, InternalError, WhileError
from whilec.driver.pipeline import prepare
from whilec.semantics.options import Options
from whilec.semantics.reference import execute_tensors
from whilec.source import SourceFile

UNPROVOKED = {
    "E0510": "an argument of `compile`: tests/unit/module/test_module_choices.py",
    "E0511": "an argument of `compile`: tests/unit/module/test_module_choices.py",
    "E0512": "an argument of `compile`: tests/unit/module/test_module_choices.py",
    "E0513": "an argument of `compile`: tests/unit/module/test_module_choices.py",
    "E0514": "weights of a module: tests/unit/module/test_module_parameters.py",
    "E0515": "an argument of `compile`: tests/unit/module/test_module_calls.py",
    "E0516": "an attribute of a module: tests/unit/module/test_module_choices.py",
    "E0517": "an attribute of a module: tests/unit/module/test_module_choices.py",
    "E0518": "an argument of `run`: tests/unit/driver/test_api_arguments.py",
    "E0532": "packages are not installed: tests/cli/test_compile.py",
    "E0610": "64-bit integers are those of tensors: test_example_of_tensors",
    "E0643": "matplotlib is not installed: tests/cli/test_plot.py",
    "E0662": "a full stack: tests/cli/test_main.py",
    "E0663": "no memory left: tests/cli/test_main.py",
    "E0677": "arguments of Python functions: tests/unit/driver/test_api_arguments.py",
    "E0681": "rows of a batch file: tests/cli/test_run_batch.py",
    "E0682": "columns of a batch file: tests/cli/test_run_batch.py",
    "E0685": "a bug of a backend: tests/cli/test_gradcheck.py",
    "E0690": "a call of a module: tests/unit/module/test_module_calls.py",
    "E0691": "a call of a module: tests/unit/module/test_module_calls.py",
    "E0692": "a call of a module: tests/unit/module/test_module_calls.py",
    "E0676": "a file system that refuses to write: tests/unit/driver/test_files.py",
    "W0652": "rows of a batch file: tests/cli/test_run_batch.py",
}
"""Codes that no command line shows at will, and where they are tested."""

CODES = list(all_codes().values())


def declares_codes(path: Path) -> bool:
    """Whether a module assigns `Code(...)` at its top level."""
    return any(
        isinstance(statement, ast.Assign | ast.AnnAssign)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Name)
        and statement.value.func.id == "Code"
        for statement in ast.parse(path.read_text(encoding="utf-8")).body
    )


def test_every_declaring_module_is_listed() -> None:
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "whilec").rglob("*.py")
        if declares_codes(path)
    }
    assert found == set(DECLARING_MODULES)


def test_a_name_declared_twice_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    from whilec.driver import limits

    monkeypatch.setattr(limits, "AGAIN", Code("E0670", "again", "again", Example("")), raising=False)
    with pytest.raises(InternalError, match="E0670 is declared twice"):
        catalogue.all_codes.__wrapped__()


def test_codes_are_sorted() -> None:
    assert list(all_codes()) == sorted(all_codes())
    assert all(name == code.name for name, code in all_codes().items())


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_code_is_documented(code: Code) -> None:
    assert re.fullmatch(r"[EW]0[1-6]\d\d", code.name)
    assert code.title == code.title.strip()
    assert not code.title.endswith(".")
    assert not re.match(r"[A-Z][a-z]", code.title)
    assert len(code.explanation.split()) >= 15
    assert code.explanation.strip() in code_to_markdown(code)
    assert code.title in code_to_text(code)


@pytest.mark.parametrize("code", [c for c in CODES if c.example.command], ids=lambda code: code.name)
def test_example_shows_the_code(
    code: Code, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    repeated = code.example.source.encode("utf-8", "surrogateescape") * 100_000  # for the limit of length
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(repeated)))
    path = write_example(tmp_path, code.example.source)
    finished = whilec(capsys, *split_command(code.example.command, path.name))
    assert f"[{code.name}]" in finished.err, finished.err
    assert finished.code == (1 if code.name.startswith("E") else 0)


def test_every_code_has_a_command_but_these() -> None:
    examples = {code.name: code.example for code in CODES if code.example.language == "while"}
    assert {name for name, example in examples.items() if not example.command} == set(UNPROVOKED)


@pytest.mark.parametrize(
    "code", [c for c in CODES if c.example.language == "python"], ids=lambda code: code.name
)
def test_python_example_shows_the_code(code: Code, tmp_path: Path) -> None:
    path = tmp_path / code.example.file
    path.write_text(code.example.source, encoding="utf-8")
    with pytest.raises(WhileError) as raised:
        runpy.run_path(str(path))
    assert {d.code.name for d in raised.value.diagnostics} == {code.name}


def test_example_of_tensors() -> None:
    source = SourceFile("example.while", all_codes()["E0610"].example.source)
    options = Options(smooth="hard")
    program = prepare(source, {"x": 3}, options)
    with pytest.raises(WhileError, match="E0610"):
        execute_tensors(program, {"x": torch.tensor([3, 4_000_000_000])}, options)


def test_markdown() -> None:
    code = Code("E0999", "a title", "\nOne.\n\nTwo.\n", Example("x0 := x1\n", "run {file} x1=3"))
    assert code_to_markdown(code) == (
        "## E0999: a title\n\nOne.\n\nTwo.\n\nAn example, `example.while`:\n\n```while\nx0 := x1\n```\n\n"
        "```console\n$ whilec run example.while x1=3\n```\n"
    )
    assert code_to_text(code) == (
        "E0999: a title\n\nOne.\n\nTwo.\n\nAn example, `example.while`:\n\n    x0 := x1\n\n"
        "    $ whilec run example.while x1=3"
    )
