"""Colours for WHILE programs in the manual."""

from __future__ import annotations

from typing import Any, ClassVar

from pygments.lexer import RegexLexer, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, Text, Token
from sphinx.application import Sphinx

KEYWORDS = [
    *("WHILE", "DO", "END", "IF", "THEN", "ELSEIF", "ELSE", "FOR", "FROM", "TO", "STEP", "LOOP"),
    *("DEF", "PROGRAM", "CONST", "PARAM", "REQUIRE", "VAR", "AND", "OR", "NOT", "WITH"),
]


class WhileLexer(RegexLexer):
    """Keywords, numbers, comments."""

    name = "WHILE"
    aliases: ClassVar[list[str]] = ["while"]
    filenames: ClassVar[list[str]] = ["*.while"]
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"(//|#)[^\n]*", Comment.Single),
            (words([*KEYWORDS, *(word.lower() for word in KEYWORDS)], prefix=r"\b", suffix=r"\b"), Keyword),
            (r"\b(STEEPNESS|steepness)\b", Keyword),
            (r"(?<=: )(real|int)\b", Keyword.Type),
            (r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", Number),
            (r"[A-Za-z_][A-Za-z0-9_]*(?=\()", Name.Function),
            (r"[A-Za-z_][A-Za-z0-9_]*", Name),
            (r":=|->|<=|>=|!=|<>|[≠≤≥<>=+\-*/]", Operator),
            (r"[()\[\],:;]", Punctuation),
            (r"\s+", Text),
            (r".", Token.Text),
        ]
    }


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the language known to Sphinx."""
    app.add_lexer("while", WhileLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
