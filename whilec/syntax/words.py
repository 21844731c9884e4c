"""Tokens and sets of terminals in words for people."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from whilec.syntax.lexer import END_OF_TEXT, Token

SPELLINGS: Final = {
    "ASSIGN": ":=",
    "ARROW": "->",
    "EQUAL": "=",
    "COMPARE": "<",
    "PLUS": "+",
    "MINUS": "-",
    "STAR": "*",
    "SLASH": "/",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "COMMA": ",",
    "COLON": ":",
    "SEMICOLON": ";",
}
"""How a sign is written; a keyword is written like its terminal."""

_EXPRESSION: Final = frozenset({"NAME", "NUMBER", "MINUS", "LPAR", "NOT"})
_OPERAND: Final = _EXPRESSION - {"NOT"}
_OPERATOR: Final = frozenset({"PLUS", "MINUS", "STAR", "SLASH", "EQUAL", "COMPARE", "AND", "OR", "WITH"})
_ARITHMETIC: Final = frozenset({"PLUS", "MINUS", "STAR", "SLASH"})
_STATEMENT: Final = frozenset({"WHILE", "LOOP", "FOR", "IF", "NAME"})
_DECLARATION: Final = frozenset({"CONST", "PARAM", "REQUIRE", "VAR", "DEF"})


def describe(token: Token) -> str:
    """What a token is: the keyword, the name or the number with its spelling."""
    if token.type == END_OF_TEXT:
        return "the end of the file"
    text = token.value if len(token.value) <= 40 else f"{token.value[:37]}..."
    kind = {"NAME": "the name ", "NUMBER": "the number "}.get(token.type, "")
    return f"{kind}`{text}`"


def spelling(terminal: str) -> str:
    """How a keyword or a sign is written."""
    return SPELLINGS.get(terminal, terminal)


def describe_expected(terminals: Set[str]) -> str:
    """What could stand at a place, in words."""
    rest = set(terminals) - {"SEMICOLON"}
    if rest >= _STATEMENT | _ARITHMETIC:
        return "an operator or a new statement"
    parts: list[str] = []
    if rest >= _EXPRESSION:
        rest -= _EXPRESSION
        parts.append("an expression")
    elif rest >= _OPERAND:
        rest -= _OPERAND
        parts.append("a number, a name or `(`")
    elif rest >= _STATEMENT:
        rest -= _STATEMENT
        parts.append("a statement")
        if rest & _DECLARATION:
            rest -= _DECLARATION | {"PROGRAM", END_OF_TEXT}
            parts.append("a declaration")
    elif "NAME" in rest:
        rest.remove("NAME")
        parts.append("a name")
    if rest >= _ARITHMETIC:
        rest -= _OPERATOR
        rest -= {"LPAR", "LSQB"}
        parts.append("an operator")
    end = "the end of the file" if END_OF_TEXT in rest else None
    parts = [f"`{spelling(terminal)}`" for terminal in sorted(rest - {END_OF_TEXT})] + parts
    if end is not None:
        parts.append(end)
    return " or ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
