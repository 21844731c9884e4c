"""Emitted Python for people: lines that are not too long, with the source text beside them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Any, cast

from whilec.backends.torch_text.emit import Text
from whilec.source import SourceFile

WIDTH = 110
"""The longest line, in characters."""

_SILENT = re.compile(r"else:|[\w, ]+ = [\w, ]+")
"""Lines that need no comment: they only give values other names."""

_QUOTED = re.compile(r"'(\w+)'")


def annotated(text: Text, source: SourceFile) -> list[str]:
    """Emitted lines with a comment before those that come from another line of the source."""
    found: list[str] = []
    last: int | None = None
    for line, span in zip(text.lines, text.spans, strict=True):
        if line.startswith("def "):
            last = None
        number = None if span is None else source.position(span.start).line
        if number is not None and number != last and not _SILENT.fullmatch(line.strip()):
            indent = " " * (len(line) - len(line.lstrip()))
            words = " ".join(source.line(number).split())
            found.append(f"{indent}# line {number}: {words}"[:WIDTH])
            last = number
        found.append(_QUOTED.sub(r'"\1"', line))
    return found


def wrapped(lines: Iterable[str]) -> Iterator[str]:
    """The lines; a long one is broken at the commas of its last brackets."""
    for line in lines:
        yield from [line] if len(line) <= WIDTH else _broken(line)


def _broken(line: str) -> list[str]:
    if line.lstrip().startswith("#"):
        return [line]
    span = _outermost_brackets(line)
    if span is None:
        return [line]
    start, end = span
    indent = " " * (len(line) - len(line.lstrip()))
    inside = line[start + 1 : end]
    whole = [f"{line[: start + 1]}", f"{indent}    {inside}", f"{indent}{line[end:]}"]
    if len(whole[1]) <= WIDTH and line.lstrip().startswith("def ") and "*" not in inside:
        return whole
    items = [part.strip() for part in _split(inside)]
    if len(items) == 1 and not inside.rstrip().endswith(","):
        return [*whole[:1], *wrapped(whole[1:2]), whole[2]]
    body = [f"{indent}    {item}," for item in items if item]
    return [line[: start + 1], *wrapped(body), f"{indent}{line[end:]}"]


def _outermost_brackets(line: str) -> tuple[int, int] | None:
    """The last pair of brackets that is in no other one, and holds something."""
    depth, start = 0, 0
    found: tuple[int, int] | None = None
    for at, letter in _letters(line):
        if letter in "([{":
            depth += 1
            if depth == 1:
                start = at
        elif letter in ")]}":
            depth -= 1
            if depth == 0 and at > start + 1:
                found = start, at
    return found


def _split(text: str) -> list[str]:
    """A list at the commas that are in no brackets."""
    depth, start = 0, 0
    parts: list[str] = []
    for at, letter in _letters(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _letters(text: str) -> Iterator[tuple[int, str]]:
    """The letters outside of quotes."""
    quote = ""
    for at, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        else:
            yield at, letter


def number_list(start: str, value: Any) -> list[str]:
    """The lines of an assignment of a number or nested list."""
    text = f"{start}{_literal(value)}"
    if len(text) <= WIDTH:
        return [text]
    items = wrap(_literal(value)[1:-1], WIDTH - 4, break_long_words=False, break_on_hyphens=False)
    return [f"{start}[", *(f"    {line}" for line in items), "]"]


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, cast('list[Any]', value)))}]"
    text = repr(value)
    return text if text[-1].isdigit() and ast.literal_eval(text) == value else f'float("{text}")'
