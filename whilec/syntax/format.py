"""The standard layout of programs."""

from __future__ import annotations

from whilec.source import SourceFile
from whilec.syntax import ast
from whilec.syntax.depth import deep_recursion
from whilec.syntax.layout import LineWriter, lay_out, plain_text
from whilec.syntax.parser import ParseResult, scan
from whilec.syntax.unparse import Unparser


def format_program(result: ParseResult, source: SourceFile) -> str:
    """The program that `source` was parsed into, in the standard layout.

    Keywords stand in capitals, each statement has a line of its own, blocks are indented by two
    spaces, brackets that change nothing are gone. Comments stay, as do the spellings of numbers and
    single empty lines. The text has the same syntax tree, and formatting it again changes nothing.
    """
    if result.program is None:
        raise ValueError("a program with syntax errors has no layout")
    tokens = scan(source).tokens

    def spell(number: ast.Number) -> str:
        snippet = source.snippet(number.span)
        if snippet[0] != "(":
            return snippet
        return next(t.value for t in scan(SourceFile(source.name, snippet)).tokens if t.type == "NUMBER")

    writer = LineWriter(Unparser(spell), [token.start for token in tokens if token.type == "ELSE"])
    with deep_recursion():
        return lay_out(writer.program(result.program), result.comments, source)


def format_ast(program: ast.Program) -> str:
    """A program in the standard layout, from its syntax tree alone."""
    with deep_recursion():
        return plain_text(LineWriter(Unparser(), []).program(program))


def format_expression(expression: ast.Expr) -> str:
    """An expression as text."""
    with deep_recursion():
        return Unparser().expression(expression)
