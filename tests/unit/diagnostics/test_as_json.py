"""Diagnostics as JSON."""

from __future__ import annotations

import json

from whilec.diagnostics.as_json import to_json
from whilec.diagnostics.model import Code, Diagnostic, Example, Fix, Label
from whilec.source import SourceFile, Span

CODE = Code("E0203", "title", "explanation", Example(""))


def test_all_fields() -> None:
    source = SourceFile("p.while", "x := 1\ny = é\n")
    diagnostic = Diagnostic(
        CODE,
        "wrong",
        Label(Span(9, 10), "here"),
        (Label(Span(0, 8), "two lines"),),
        help="write `:=`",
        notes=("note",),
        fix=Fix(Span(9, 10), ":="),
        source=source,
    )
    assert json.loads(to_json([diagnostic])) == {
        "diagnostics": [
            {
                "code": "E0203",
                "severity": "error",
                "title": "wrong",
                "file": "p.while",
                "primary": {"line": 2, "column": 3, "end": {"line": 2, "column": 4}, "text": "here"},
                "labels": [{"line": 1, "column": 1, "end": {"line": 2, "column": 2}, "text": "two lines"}],
                "help": "write `:=`",
                "notes": ["note"],
                "fix": {"line": 2, "column": 3, "end": {"line": 2, "column": 4}, "replacement": ":="},
            }
        ]
    }


def test_without_a_place() -> None:
    found = json.loads(to_json([Diagnostic(CODE, "wrong", fix=Fix(Span(0, 1), ""))]))["diagnostics"]
    assert found[0]["file"] is found[0]["primary"] is found[0]["fix"] is None


def test_none() -> None:
    assert json.loads(to_json([])) == {"diagnostics": []}


def test_odd_characters_survive_any_encoding() -> None:
    text = to_json([Diagnostic(CODE, "\udcff\x00é")])
    assert text.isascii()
    assert json.loads(text)["diagnostics"][0]["title"] == "\udcff\x00é"
