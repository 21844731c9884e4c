"""Diagnostics as JSON, for editors and other programs.

One object, `{"diagnostics": [...]}`. Lines and columns count from 1, in characters; the `end` of a
range is the place after its last character.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from whilec.diagnostics.model import Diagnostic, Label
from whilec.diagnostics.render import label_range
from whilec.source import Position, SourceFile


def to_json(diagnostics: Iterable[Diagnostic]) -> str:
    """The diagnostics as the text of one JSON object."""
    import json

    return json.dumps({"diagnostics": [to_data(d) for d in diagnostics]}, indent=2)


def to_data(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic as plain dictionaries, lists and texts."""
    source, fix = diagnostic.source, diagnostic.fix
    return {
        "code": diagnostic.code.name,
        "severity": diagnostic.severity.value,
        "title": diagnostic.title,
        "file": None if source is None else source.name,
        "primary": _label(source, diagnostic.primary),
        "labels": [_label(source, label) for label in diagnostic.labels if source is not None],
        "help": diagnostic.help,
        "notes": list(diagnostic.notes),
        "fix": None
        if source is None or fix is None
        else {
            **_range(source.position(fix.span.start), source.position(fix.span.end)),
            "replacement": fix.replacement,
        },
    }


def _label(source: SourceFile | None, label: Label | None) -> dict[str, Any] | None:
    if source is None or label is None:
        return None
    return {**_range(*label_range(source, label.span)), "text": label.text}


def _range(start: Position, end: Position) -> dict[str, Any]:
    return {"line": start.line, "column": start.column, "end": {"line": end.line, "column": end.column}}
