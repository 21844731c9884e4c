"""Limits of what is parsed, checked without recursion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from whilec.diagnostics.model import Code, Diagnostic, Example, Label
from whilec.source import SourceFile, Span
from whilec.syntax import ast
from whilec.syntax.depth import MAX_BLOCKS, MAX_LEVELS
from whilec.syntax.lexer import Token
from whilec.syntax.walk import child_expressions, expressions_of, nested_statements

MAX_CHARACTERS = 4 * 2**20
"""Longer texts are not parsed."""

OPENERS: Final = frozenset({"WHILE", "LOOP", "FOR", "IF", "DEF"})
"""The terminals that END answers."""

E0108 = Code(
    "E0108",
    "a program is too long",
    """
Programs of up to 4 million characters are parsed, some hundred thousand statements. A longer text was
most likely generated; a FOR loop or a DEF says the same in less.
""",
    Example("x := 1 // repeated until the file has more than 4 million characters\n", "check -"),
)

E0109 = Code(
    "E0109",
    "a program is nested too deeply",
    """
Loops, choices and functions may nest 1,000 deep, and an expression may have 2,000 levels: each operator
inside an operand of another is one level deeper, so that a sum of `n` terms has `n` levels.
Assign parts of a long expression to variables, or compute a long sum in a FOR loop.
""",
    Example("x :=\n" + ("-" * 100 + "\n") * 20 + "y\n"),
)


def check_size(source: SourceFile) -> Diagnostic | None:
    """What is wrong if the text is too long."""
    if len(source.text) <= MAX_CHARACTERS:
        return None
    return Diagnostic(
        E0108,
        f"the program has {len(source.text):,} characters, more than {MAX_CHARACTERS:,}",
        help="say the same with a FOR loop or a DEF",
        source=source,
    )


def check_blocks(tokens: list[Token]) -> Diagnostic | None:
    """What is wrong if blocks nest too deeply."""
    openers = [token for token in tokens if token.type in OPENERS]
    if len(openers) <= MAX_BLOCKS:
        return None
    depth = 0
    for token in tokens:
        if token.type in OPENERS:
            depth += 1
            if depth > MAX_BLOCKS:
                return _too_deep(token.span, f"blocks are nested more than {MAX_BLOCKS:,} deep")
        elif token.type == "END":
            depth = max(0, depth - 1)
    return None


def check_levels(program: ast.Program) -> list[Diagnostic]:
    """What is wrong where expressions nest too deeply."""
    found: list[Diagnostic] = []
    for expression in _roots(program):
        # A level takes a character at least, so a short text needs no measuring.
        if expression.span.end - expression.span.start > MAX_LEVELS:
            deep = _first_below(expression, MAX_LEVELS)
            if deep is not None:
                found.append(_too_deep(deep.span, f"the expression has more than {MAX_LEVELS:,} levels"))
    return found


def _roots(program: ast.Program) -> Iterator[ast.Expr]:
    """Every expression that is no part of another one."""
    if program.header is not None:
        yield from expressions_of(program.header)
    for item in program.items:
        yield from expressions_of(item)
        for statement in nested_statements(item):
            yield from expressions_of(statement)


def _first_below(root: ast.Expr, levels: int) -> ast.Expr | None:
    """Some expression that lies more than `levels` deep, the root being on level 1."""
    pending = [(root, 1)]
    while pending:
        expression, level = pending.pop()
        if level > levels:
            return expression
        pending += [(child, level + 1) for child in child_expressions(expression)]
    return None


def _too_deep(span: Span, title: str) -> Diagnostic:
    return Diagnostic(
        E0109,
        title,
        Label(span, "one level too many"),
        help="assign a part to a variable, or move it into a DEF",
    )
