"""House rules that the linters do not know."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from types import FunctionType

import pytest

from tests.repository import ROOT, modules, tracked_files

CEILING = 450
"""The longest that a module of the two packages may be, in lines."""

SOURCES = sorted(path for package in ("whilec", "algonet_runtime") for path in (ROOT / package).rglob("*.py"))

DOCUMENTED = (FunctionType, type)
METHODS = (FunctionType, property, classmethod, staticmethod)

# Spelled in pieces, so that this file does not match itself.
MACHINE_PATHS = re.compile("|".join(f"/{top}/" + r"[\w.]" for top in ("tmp", "work", "root", "home")))
ALLOWED_PATHS = re.compile(r"/home/runner")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_module_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, f"{name(path)} has no docstring"
    assert len(docstring.splitlines()[0]) < 80
    assert text.count("\n") <= CEILING


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_first_line_of_public_docstrings_is_short(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    long = [
        f"{node.name}: {docstring.splitlines()[0]}"
        for node in ast.walk(tree)
        if isinstance(node, definitions) and not node.name.startswith("_")
        if (docstring := ast.get_docstring(node)) and len(docstring.splitlines()[0]) >= 72
    ]
    assert long == []


@pytest.mark.parametrize("module", [*modules("whilec"), *modules("algonet_runtime")])
def test_everything_public_has_a_docstring(module: str) -> None:
    members = vars(importlib.import_module(module))
    public = {name: member for name, member in members.items() if not name.startswith("_")}
    own = {name: member for name, member in public.items() if getattr(member, "__module__", None) == module}
    missing = [name for name, member in own.items() if isinstance(member, DOCUMENTED) and not member.__doc__]
    for cls in filter(inspect.isclass, own.values()):
        methods = {name for name, member in vars(cls).items() if isinstance(member, METHODS)}
        # `getdoc` finds the docstring of the method that this one overrides.
        bare = {name for name in methods if not inspect.getdoc(getattr(cls, name))}
        missing += [f"{cls.__name__}.{name}" for name in sorted(bare) if not name.startswith("_")]
    assert missing == []


def test_tracked_files_name_no_path_of_a_machine() -> None:
    found: list[str] = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATHS.search(ALLOWED_PATHS.sub("", line)):
                found.append(f"{name(path)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "misc", "common"}
    packages = [*modules("whilec"), *modules("algonet_runtime")]
    assert [module for module in packages if module.rsplit(".", 1)[-1] in drawers] == []
