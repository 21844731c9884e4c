"""What commands print: diagnostics on standard error, in colour on a terminal, and JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from math import isfinite
from typing import TYPE_CHECKING, Any, TextIO, cast

import click

from whilec.diagnostics.model import Diagnostic
from whilec.diagnostics.render import ANSI, MAX_WIDTH, PLAIN, Palette, render
from whilec.numerals import write_integer

if TYPE_CHECKING:
    from whilec.semantics.reference import LoopReport

_MIN_WIDTH = 40


def show_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics for people."""
    text = render(diagnostics, palette_for(sys.stderr), _width(sys.stderr))
    if text:
        click.echo(text, err=True, nl=False, color=True)


def palette_for(stream: TextIO) -> Palette:
    """Colours on a terminal, unless NO_COLOR is set; see no-color.org."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return PLAIN
    return ANSI if stream.isatty() else PLAIN


def json_text(value: object, indent: str = "\n") -> str:
    """JSON of nested dicts, lists, texts and numbers.

    Whole numbers are written in full. JSON has no NaN or infinity: these are the texts "nan",
    "inf" and "-inf". Lists of numbers stay on one line.
    """
    import json

    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        inner = indent + "  "
        fields = [f"{inner}{json.dumps(key)}: {json_text(item, inner)}" for key, item in items]
        return "{" + ",".join(fields) + indent + "}" if fields else "{}"
    if isinstance(value, list):
        elements = cast("list[object]", value)
        inner = indent + "  "
        if not any(isinstance(element, dict) for element in elements):
            return f"[{', '.join(json_text(element, inner) for element in elements)}]"
        return "[" + ",".join(f"{inner}{json_text(element, inner)}" for element in elements) + indent + "]"
    return _json_atom(value)


def loops_to_data(loops: Iterable[LoopReport]) -> list[dict[str, object]]:
    """The loops of a run for JSON."""
    return [
        {
            "line": loop.line,
            "entries": loop.entries,
            "trips": loop.trips,
            "converged": loop.converged,
            "capped": loop.capped,
            "nan": loop.nan,
        }
        for loop in loops
    ]


def _json_atom(value: Any) -> str:
    import json

    if isinstance(value, int) and not isinstance(value, bool):
        return write_integer(value)
    if isinstance(value, float) and not isfinite(value):
        return json.dumps(str(value))
    return json.dumps(value)


def _width(stream: TextIO) -> int:
    """Width for source lines: the terminal's, or else a fixed one, so that files do not differ."""
    if not stream.isatty():
        return MAX_WIDTH
    try:
        return max(_MIN_WIDTH, os.get_terminal_size(stream.fileno()).columns - 12)
    except (OSError, ValueError):
        return MAX_WIDTH
