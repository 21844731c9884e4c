"""Mistakes that can happen anywhere."""

from __future__ import annotations

from whilec.diagnostics.model import Code, Example
from whilec.source import Span
from whilec.syntax.lexer import END_OF_TEXT
from whilec.syntax.situation import Finding, Situation, diagnose
from whilec.syntax.words import describe, describe_expected

E0110 = Code(
    "E0110",
    "something else is expected here",
    """
The text up to this place is the beginning of a correct program, but what follows cannot come next. The
message says what could. Often something is missing just before the marked place, or at the end of
the line above: an operator between two operands, an operand after an operator, a comma.
""",
    Example("x := 1 + * 2\n"),
)

E0111 = Code(
    "E0111",
    "a keyword in mixed letters",
    """
Keywords are written in capitals or in small letters: `WHILE` or `while`. In a mixture, such as `While`,
the word is an ordinary name, and names are case-sensitive. `whilec fmt` writes keywords in capitals.
""",
    Example("While x > 0 DO\n  x := x - 1\nEND\n"),
)

_OPERATORS = frozenset(
    {"PLUS", "MINUS", "STAR", "SLASH", "EQUAL", "COMPARE", "AND", "OR", "NOT", "COMMA", "ASSIGN"}
)


def mixed_keyword(situation: Situation) -> Finding | None:
    """`While x > 0 DO`: a name where a keyword would do, with the keyword's letters."""
    for number in sorted({situation.first, situation.at - 1, situation.at}):
        if number < situation.first:
            continue
        token = situation.tokens[number]
        terminal = situation.keywords.get(token.value.upper()) if token.type == "NAME" else None
        if terminal is None or situation.tokens[number + 1].type in ("ASSIGN", "LSQB"):
            continue
        diagnostic = diagnose(
            E0111,
            f"`{token.value}` is a name, not the keyword `{terminal}`",
            token,
            "mixed letters",
            help=f"write `{terminal}` or `{terminal.lower()}`",
            fix=terminal,
        )
        return Finding(diagnostic, lambda edit, n=number, t=terminal: edit.retype({n: t}, restart=True))
    return None


def unfinished_line(situation: Situation) -> Finding | None:
    """`x := 1 +` at the end of a line, which swallows the beginning of the next one."""
    start = situation.line_start(situation.at)
    if start <= situation.first or situation.token.type == END_OF_TEXT:
        return None
    before = situation.tokens[start - 1]
    is_swallowed = start < situation.at and situation.starts_assignment(start, frozenset({"ASSIGN"}))
    if not (is_swallowed or (start == situation.at and before.type in _OPERATORS)):
        return None
    diagnostic = diagnose(
        E0110,
        f"something is missing after `{before.value}`",
        before,
        "the line breaks off here",
        help="complete the line, or remove what is too much at its end",
    )
    return Finding(diagnostic, lambda edit: edit.panic())


def unexpected(situation: Situation) -> Finding:
    """Anything else: say what is expected."""
    token, previous = situation.token, situation.previous
    expected = describe_expected(situation.expected())
    is_late = token.type == END_OF_TEXT or situation.is_first_on_line(situation.at)
    if previous is not None and is_late and not (situation.is_complete or situation.begins_statement):
        place, label = previous.span, f"expected {expected} after this"
    else:
        place, label = Span(token.start, max(token.end, token.start)), "not expected here"
    help_ = "remove it, or complete what stands before it"
    if "an expression" in expected or "a number, a name" in expected:
        help_ = "write an expression before it" if label == "not expected here" else "complete the line"
    elif expected.startswith("an operator"):
        help_ = "write an operator before it, or begin a statement with a name or a keyword"
    diagnostic = diagnose(E0110, f"expected {expected}, found {describe(token)}", place, label, help=help_)
    return Finding(diagnostic, lambda edit: edit.panic())
