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

SUMMARY = 100
"""The longest first line of a docstring, in characters."""

SOURCES = sorted(path for package in ("whilec", "algonet_runtime") for path in (ROOT / package).rglob("*.py"))

RULES_OF_THE_GRAMMAR = {"whilec.syntax.build.Builder"}
"""Classes whose methods are described by the rules that they are named after."""

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
    assert len(docstring.splitlines()[0]) < SUMMARY
    assert text.count("\n") <= CEILING


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_first_line_of_public_docstrings_is_short(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    long = [
        f"{node.name}: {docstring.splitlines()[0]}"
        for node in ast.walk(tree)
        if isinstance(node, definitions) and not node.name.startswith("_")
        if (docstring := ast.get_docstring(node)) and len(docstring.splitlines()[0]) >= SUMMARY
    ]
    assert long == []


def documented_members(module: str) -> dict[str, object]:
    """Public classes, functions and methods that a module defines under their own names."""
    found: dict[str, object] = {}
    for name, member in vars(importlib.import_module(module)).items():
        if getattr(member, "__module__", None) == module and not name.startswith("_"):
            if inspect.isfunction(member) and member.__qualname__ == name:
                found[name] = member
            if inspect.isclass(member):
                found[name] = member
                if f"{module}.{name}" not in RULES_OF_THE_GRAMMAR:
                    found |= {f"{name}.{key}": getattr(member, key) for key in methods(member)}
    return found


def methods(cls: type) -> list[str]:
    """The names of the public methods and properties that the text of a class defines."""
    members = {key: value for key, value in vars(cls).items() if not key.startswith("_")}
    functions = {
        key: getattr(value, "fget", getattr(value, "__func__", value)) for key, value in members.items()
    }
    return [
        key
        for key, function in functions.items()
        if isinstance(function, FunctionType) and function.__qualname__ == f"{cls.__qualname__}.{key}"
    ]


@pytest.mark.parametrize("module", [*modules("whilec"), *modules("algonet_runtime")])
def test_everything_public_has_a_docstring(module: str) -> None:
    # `getdoc` finds the docstring of the method that this one overrides.
    assert [name for name, member in documented_members(module).items() if not inspect.getdoc(member)] == []


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
