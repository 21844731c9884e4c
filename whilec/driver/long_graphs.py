"""Unrolled graphs beyond the length that is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from whilec.diagnostics.model import Code, Diagnostic, Example, Label, WhileError
from whilec.source import SourceFile

E0522 = Code(
    "E0522",
    "a graph that is too long",
    """
An unrolled graph has a copy of the body for every trip of a loop, and nested loops multiply. Beyond 20,000
nodes it is not built. Fewer `trips`, or a number for each loop, make it shorter, and so does a smaller
program; a recurrent graph does not grow with the trips at all. The message names the text that most of the
nodes come from.
""",
    Example("WHILE x1 != 0 DO\n  x1 := x1 - 1\nEND\n", "ir {file} --graph unrolled --trips 100000"),
)


def too_long(most: int, counts: Mapping[Any, int], source: SourceFile) -> WhileError:
    """The error for a graph with more than so many nodes; `counts` has those of every span, or of None."""
    places = [(count, span) for span, count in counts.items() if span is not None]
    count, span = max(places, key=lambda place: place[0], default=(0, None))
    return WhileError(
        Diagnostic(
            E0522,
            f"the unrolled graph has more than {most:,} nodes",
            None if span is None else Label(span, f"{count:,} of them come from here"),
            help='use fewer `trips`, or `graph="recurrent"`',
            source=source,
        )
    )
