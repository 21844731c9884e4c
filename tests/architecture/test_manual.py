"""The generated pages of the manual cover their sources."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.repository import ROOT
from whilec.catalogue import all_codes
from whilec.diagnostics.model import Code
from whilec.semantics.builtins import BUILTINS

PROGRAMS = sorted((ROOT / "programs").glob("*.while"))
FACTS = ("Inputs", "Source")
"""What the header of every program says."""


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    """The generator of the manual, which needs no Sphinx to be loaded."""
    spec = importlib.util.spec_from_file_location("generated_pages", ROOT / "docs/_ext/generated_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("code", all_codes().values(), ids=lambda code: code.name)
def test_code_is_explained(code: Code) -> None:
    assert re.fullmatch(r"[EW]0[1-6]\d\d", code.name)
    assert code.title
    assert not code.title.endswith(".")
    assert len(code.explanation.split()) >= 12


def test_error_index_has_every_code(pages: ModuleType) -> None:
    text = pages.errors_page(all_codes().values())
    missing = [name for name in all_codes() if f"({name})=\n### {name}: " not in text]
    assert missing == []


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program_page_has_all_parts(pages: ModuleType, path: Path) -> None:
    program = pages.read_program(path)
    facts = dict(program.facts)
    assert program.summary
    assert all(facts.get(name) for name in FACTS)
    assert program.tests
    assert program.code
    assert "// ==" not in program.code


def test_language_page_names_every_keyword_and_builtin() -> None:
    text = (ROOT / "docs/language.md").read_text(encoding="utf-8")
    keywords = re.findall(r'"([A-Z]+)"i?', (ROOT / "grammar/while.lark").read_text(encoding="utf-8"))
    assert keywords
    missing = {*keywords, *BUILTINS} - set(re.findall(r"[A-Za-z_]+", text))
    assert missing == set()
