"""A program in words: what it takes and gives, its loops, and how smooth it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from whilec.driver.pipeline import smoothness
from whilec.semantics.bind import input_variables
from whilec.semantics.options import Options, Smooth
from whilec.semantics.program import CheckedProgram, Role, Variable
from whilec.source import SourceFile
from whilec.syntax import ast

_MODES: tuple[Smooth, ...] = ("hard", 0, 1, 2, "inf")


def describe(program: CheckedProgram) -> str:
    """A page about the program, without a line end after it."""
    source = program.source
    header = program.syntax.header
    lines = [source.name if header is None else f"{header.name.id} ({source.name})"]
    comment = _leading_comment(source)
    if comment:
        lines += ["", *comment]
    settable = input_variables(program)
    inputs = [_variable(v) for v in settable.values() if v.role is not Role.PARAM]
    lines += ["", *_section("inputs", inputs)]
    if not program.has_header and inputs:
        lines.append("  without a header every input may be left out, and is then 0")
    if program.shape_variables:
        lines += _section("sizes, from the inputs", list(program.shape_variables))
    lines += _section("PARAMs", [_variable(v, source) for v in program.parameters], leave_out_empty=True)
    outputs = [program.main.variables[name] for name in program.main.outputs]
    lines += _section("outputs", [_variable(v) for v in outputs])
    lines += _section("loops", [_loop(loop, source) for loop in loops(program.syntax.items)])
    classes = [f"{mode}: {smoothness(program, Options(smooth=mode))}" for mode in _MODES]
    lines += _section("smoothness, by --smooth", classes)
    return "\n".join(lines)


def loops(items: Iterable[ast.Item | ast.Branch]) -> Iterator[ast.While | ast.Loop]:
    """All WHILE and LOOP of a program, DEFs included, in text order."""
    waiting: list[ast.Item | ast.Branch] = list(items)[::-1]
    while waiting:
        item = waiting.pop()
        if isinstance(item, ast.While | ast.Loop):
            yield item
        waiting.extend(_parts(item)[::-1])


def _parts(item: ast.Item | ast.Branch) -> list[ast.Item | ast.Branch]:
    """The statements directly inside."""
    if isinstance(item, ast.If):
        return [*item.branches, *(item.orelse or ())]
    return list(getattr(item, "body", ()))


def _leading_comment(source: SourceFile) -> list[str]:
    """The comment at the top of the file, without its marks and without test blocks."""
    lines: list[str] = []
    for line in source.text.splitlines():
        text = line.strip()
        if not text.startswith(("//", "#")) or text.lstrip("/# ") == "==":
            break
        lines.append(text.lstrip("/#").removeprefix(" "))
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _variable(variable: Variable, source: SourceFile | None = None) -> str:
    start = variable.start
    value = "" if source is None or start is None else f" = {source.snippet(start.span)}"
    return f"{variable.name}: {variable.type}{value}"


def _loop(loop: ast.While | ast.Loop, source: SourceFile) -> str:
    return f"line {source.position(loop.span.start).line}: {' '.join(source.snippet(loop.head).split())}"


def _section(title: str, lines: list[str], *, leave_out_empty: bool = False) -> list[str]:
    if not lines and leave_out_empty:
        return []
    return [f"{title}:", *(f"  {line}" for line in lines or ["none"])]
