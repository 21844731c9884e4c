"""All codes of diagnostics, collected from the modules that declare them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from textwrap import indent

from whilec.diagnostics.cells import printable
from whilec.diagnostics.model import Code, InternalError

DECLARING_MODULES = (
    "whilec.driver.arguments",
    "whilec.driver.batch.problems",
    "whilec.driver.devices",
    "whilec.driver.axes",
    "whilec.driver.exporting",
    "whilec.driver.files",
    "whilec.driver.gradcheck.report",
    "whilec.driver.inputs",
    "whilec.driver.ir_listing",
    "whilec.driver.limits",
    "whilec.driver.long_graphs",
    "whilec.driver.loop_warnings",
    "whilec.driver.pictures",
    "whilec.driver.pipeline",
    "whilec.driver.plotting",
    "whilec.driver.recipe",
    "whilec.driver.specialising",
    "whilec.driver.testblocks",
    "whilec.driver.testing",
    "whilec.driver.values",
    "whilec.module.problems",
    "whilec.semantics.assignments",
    "whilec.semantics.bind",
    "whilec.semantics.builtin_calls",
    "whilec.semantics.calls",
    "whilec.semantics.check",
    "whilec.semantics.declarations",
    "whilec.semantics.definitions",
    "whilec.semantics.expressions",
    "whilec.semantics.intrinsic_calls",
    "whilec.semantics.levels",
    "whilec.semantics.lint",
    "whilec.semantics.loops",
    "whilec.semantics.operands",
    "whilec.semantics.option_checks",
    "whilec.semantics.problems",
    "whilec.semantics.ranges",
    "whilec.semantics.reference.errors",
    "whilec.semantics.smoothness",
    "whilec.semantics.statements",
    "whilec.semantics.static",
    "whilec.semantics.units",
    "whilec.syntax.build",
    "whilec.syntax.lexical",
    "whilec.syntax.limits",
    "whilec.syntax.mistakes.blocks",
    "whilec.syntax.mistakes.declarations",
    "whilec.syntax.mistakes.expressions",
    "whilec.syntax.mistakes.general",
    "whilec.syntax.mistakes.heads",
    "whilec.syntax.mistakes.statements",
    "whilec.syntax.python.calls",
    "whilec.syntax.python.counters",
    "whilec.syntax.python.expressions",
    "whilec.syntax.python.foreign",
    "whilec.syntax.python.names",
    "whilec.syntax.python.reading",
    "whilec.syntax.python.signature",
    "whilec.syntax.python.statements",
    "whilec.syntax.python.types",
    "whilec.syntax.python.unit",
)
"""Modules with module-level `Code` constants; a test compares this with the source."""


@cache
def all_codes() -> Mapping[str, Code]:
    """Every code by its name, sorted: errors, then warnings.

    Raises:
        InternalError: Two codes have the same name.
    """
    codes: dict[str, Code] = {}
    for module in DECLARING_MODULES:
        for value in vars(import_module(module)).values():
            if isinstance(value, Code) and codes.setdefault(value.name, value) is not value:
                raise InternalError(f"{value.name} is declared twice, the second time in {module}")
    return dict(sorted(codes.items()))


def code_to_markdown(code: Code) -> str:
    """One code as a section of Markdown: title, explanation, example."""
    command = code.example.command.replace("{file}", "example.while")
    language = code.example.language
    parts = [f"## {code.name}: {code.title}", code.explanation.strip()]
    source = printable(code.example.source.strip("\n"))
    if source:
        parts.append(f"An example, `{code.example.file}`:\n\n```{language}\n{source}\n```")
    if command:
        parts.append(f"```console\n$ whilec {command}\n```")
    return "\n\n".join(parts) + "\n"


def code_to_text(code: Code) -> str:
    """One code for a terminal: as in Markdown, but the example indented instead of fenced."""
    command = code.example.command.replace("{file}", "example.while")
    parts = [f"{code.name}: {code.title}", code.explanation.strip()]
    source = printable(code.example.source.strip("\n"))
    if source:
        parts.append(f"An example, `{code.example.file}`:\n\n" + indent(source, "    "))
    if command:
        parts.append(f"    $ whilec {command}")
    return "\n\n".join(parts)
