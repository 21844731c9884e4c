"""Reductions of the grammar to nodes of the syntax tree.

The parser calls one method for each rule of `while.lark`, by its name, with the values of its
symbols. The span of an expression in parentheses includes them.
"""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from math import isinf
from typing import Any, Final, final

from whilec.diagnostics.model import Code, Diagnostic, Example, Fix, Label
from whilec.diagnostics.suggest import nearest
from whilec.numerals import MAX_INTEGER_BITS, read_integer
from whilec.source import Span
from whilec.syntax import ast
from whilec.syntax.lexer import Token

E0103 = Code(
    "E0103",
    "a number is too large",
    """
A real number must be below about 1.8e308, the largest double. A whole number is exact and may have up
to a million bits, which is about 300,000 digits.
""",
    Example("x := 1e999\n"),
)

E0120 = Code(
    "E0120",
    "an unknown type",
    """
There are two types of numbers: `real`, and `int` for variables whose values are whole. Arrays of
them have their sizes in brackets: `real[n, 2]`. Conditions are no values, so there is no `bool`.
""",
    Example("VAR x: float\n"),
)

E0121 = Code(
    "E0121",
    "REQUIRE without a smoothness class",
    """
REQUIRE promises how smooth the program is: `C0` for continuous, `C1` for continuously differentiable,
`C2` and so on, and `C_INF` for derivatives of every order.
""",
    Example("REQUIRE smooth\nx := 1\n"),
)

E0122 = Code(
    "E0122",
    "WITH without STEEPNESS",
    """
After a comparison, `WITH STEEPNESS s` sets the steepness of this one comparison:
`IF x < y WITH STEEPNESS 8 THEN`. WITH has no other use.
""",
    Example("IF x < y WITH 8 THEN z := 1 END\n"),
)

MAX_PROBLEMS = 1000
"""Problems kept of one text."""

_TYPE_WORDS: Final = {"real": "real", "int": "int"}
_FOREIGN_TYPES: Final = {
    "float": "real",
    "double": "real",
    "number": "real",
    "f32": "real",
    "f64": "real",
    "decimal": "real",
    "tensor": "real",
    "integer": "int",
    "long": "int",
    "nat": "int",
    "uint": "int",
    "i32": "int",
    "i64": "int",
    "boolean": "int",
    "bool": "int",
}
_SMOOTHNESS: Final = re.compile(r"C(?:_INF|0|[1-9][0-9]{0,8})")
_COMPARISONS: Final[dict[str, ast.CompareOp]] = {
    "=": "=",
    "!=": "!=",
    "<>": "!=",
    "≠": "!=",
    "<": "<",
    "<=": "<=",
    "≤": "<=",
    ">": ">",
    ">=": ">=",
    "≥": ">=",
}


@final
class Problems(threading.local):
    """What the reductions of the parse that runs in this thread found wrong."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def add(self, problem: Diagnostic) -> None:
        """Keep a problem; beyond a thousand, more of the same helps nobody."""
        if len(self.found) < MAX_PROBLEMS:
            self.found.append(problem)

    def take(self) -> list[Diagnostic]:
        """The problems since the last call."""
        found, self.found = self.found, []
        return found


@final
class Builder:
    """One method for each rule, called by Lark with a list of values."""

    def __init__(self) -> None:
        self.problems = Problems()

    # ---- the file and its declarations

    def start(self, children: list[Any]) -> ast.Program:
        nodes = [child for child in children if type(child) is not Token]
        header = nodes.pop(0) if nodes and type(nodes[0]) is ast.Header else None
        end = nodes[-1].span.end if nodes else header.span.end if header else 0
        return ast.Program(header, tuple(nodes), span=Span(0, end))

    def header(self, children: list[Any]) -> ast.Header:
        keyword, name, _, inputs, closing, _, outputs = children
        end = outputs[-1].span.end if outputs else closing.end
        return ast.Header(_name(name), inputs or (), outputs or (), span=Span(keyword.start, end))

    def bindings(self, children: list[Any]) -> tuple[ast.Binding, ...]:
        return tuple(children[::2])

    def binding(self, children: list[Any]) -> ast.Binding:
        name, _, kind = children
        return ast.Binding(_name(name), kind, span=Span(name.start, kind.span.end if kind else name.end))

    def type(self, children: list[Any]) -> ast.TypeExpr:
        word, _, dims, closing = children
        kind = _TYPE_WORDS.get(word.value)
        if kind is None:
            self.problems.add(_unknown_type(word))
        span = Span(word.start, closing.end if closing else word.end)
        return ast.TypeExpr("int" if kind == "int" else "real", dims or (), span=span)

    def const(self, children: list[Any]) -> ast.Const:
        keyword, name, _, value = children
        return ast.Const(_name(name), value, span=Span(keyword.start, value.span.end))

    def param(self, children: list[Any]) -> ast.Param:
        keyword, name, _, kind, _, value = children
        return ast.Param(_name(name), kind, value, span=Span(keyword.start, value.span.end))

    def require(self, children: list[Any]) -> ast.Require:
        keyword, word = children
        if not _SMOOTHNESS.fullmatch(word.value):
            self.problems.add(_unknown_smoothness(word))
            return ast.Require(None, span=Span(keyword.start, word.end))
        order = None if word.value == "C_INF" else int(word.value[1:])
        return ast.Require(order, span=Span(keyword.start, word.end))

    def var(self, children: list[Any]) -> ast.Var:
        keyword, name, _, kind, _, start = children
        end = (start or kind).span.end
        return ast.Var(_name(name), kind, start, span=Span(keyword.start, end))

    def def_(self, children: list[Any]) -> ast.Def:
        keyword, name, _, parameters, _, _, results, *rest, end = children
        nodes = [child for child in rest if type(child) is not Token]
        variables = tuple(node for node in nodes if type(node) is ast.Var)
        return ast.Def(
            _name(name),
            parameters or (),
            results,
            variables,
            tuple(nodes[len(variables) :]),
            head=Span(keyword.start, results[-1].span.end),
            span=Span(keyword.start, end.end),
        )

    # ---- statements

    def block(self, children: list[Any]) -> tuple[ast.Stmt, ...]:
        return tuple(child for child in children if type(child) is not Token)

    def assign(self, children: list[Any]) -> ast.Assign:
        targets, _, values = children
        return ast.Assign(targets, values, span=Span(targets[0].span.start, values[-1].span.end))

    def targets(self, children: list[Any]) -> tuple[ast.Target, ...]:
        return tuple(children[::2])

    def while_(self, children: list[Any]) -> ast.While:
        keyword, condition, do, body, end = children
        head = Span(keyword.start, do.end)
        return ast.While(condition, body, head=head, span=Span(keyword.start, end.end))

    def loop(self, children: list[Any]) -> ast.Loop:
        keyword, count, do, body, end = children
        return ast.Loop(count, body, head=Span(keyword.start, do.end), span=Span(keyword.start, end.end))

    def for_(self, children: list[Any]) -> ast.For:
        keyword, name, _, start, _, stop, _, step, do, body, end = children
        return ast.For(
            _name(name),
            start,
            stop,
            step,
            body,
            head=Span(keyword.start, do.end),
            span=Span(keyword.start, end.end),
        )

    def if_(self, children: list[Any]) -> ast.If:
        first = self.elseif(children[:4])
        branches = (first, *(child for child in children[4:] if type(child) is ast.Branch))
        orelse = children[-2]
        return ast.If(branches, orelse, span=Span(children[0].start, children[-1].end))

    def elseif(self, children: list[Any]) -> ast.Branch:
        keyword, condition, then, body = children
        end = body[-1].span.end if body else then.end
        head = Span(keyword.start, then.end)
        return ast.Branch(condition, body, head=head, span=Span(keyword.start, end))

    # ---- expressions

    def exprs(self, children: list[Any]) -> tuple[ast.Expr, ...]:
        return tuple(children[::2])

    def connective(self, children: list[Any]) -> ast.Connective:
        left, op, right = children
        return ast.Connective(op.type, left, right, span=Span(left.span.start, right.span.end))

    def not_(self, children: list[Any]) -> ast.Not:
        keyword, operand = children
        return ast.Not(operand, span=Span(keyword.start, operand.span.end))

    def compare(self, children: list[Any]) -> ast.Compare:
        left, op, right, _, word, steepness = children
        if word is not None and word.value not in ("STEEPNESS", "steepness"):
            self.problems.add(not_steepness(word.span, word.value))
        return ast.Compare(
            _COMPARISONS.get(op.value, "="),
            left,
            right,
            steepness,
            op_span=Span(op.start, op.end),
            span=Span(left.span.start, (steepness or right).span.end),
        )

    def binary(self, children: list[Any]) -> ast.Binary:
        left, op, right = children
        return ast.Binary(op.value, left, right, span=Span(left.span.start, right.span.end))

    def negate(self, children: list[Any]) -> ast.Negate:
        sign, operand = children
        return ast.Negate(operand, span=Span(sign.start, operand.span.end))

    def parenthesised(self, children: list[Any]) -> ast.Expr:
        opening, inner, closing = children
        return replace(inner, span=Span(opening.start, closing.end))

    def number(self, children: list[Any]) -> ast.Number:
        (token,) = children
        return ast.Number(self._value(token), span=Span(token.start, token.end))

    def name(self, children: list[Any]) -> ast.Name:
        (token,) = children
        return ast.Name(token.value, span=Span(token.start, token.end))

    def index(self, children: list[Any]) -> ast.Index:
        array, _, indices, closing = children
        return ast.Index(array, indices, span=Span(array.span.start, closing.end))

    def call(self, children: list[Any]) -> ast.Call:
        name, _, values, closing = children
        is_condition = name.value == "degree"
        arguments = tuple(_argument(value, is_condition) for value in values or ())
        return ast.Call(_name(name), arguments, span=Span(name.start, closing.end))

    def _value(self, token: Token) -> int | float:
        spelling = token.value
        try:
            if spelling.isdigit():
                return read_integer(spelling)
            value = float(spelling)
        except OverflowError:
            self.problems.add(_too_large(token, f"above 2^{MAX_INTEGER_BITS}"))
            return 0
        except ValueError:  # the lexer has reported it
            return 0
        if isinf(value):
            self.problems.add(_too_large(token, "above 1.8e308"))
            return 0.0
        return value


def _name(token: Token) -> ast.Name:
    return ast.Name(token.value, span=Span(token.start, token.end))


def _argument(value: ast.Expr, is_condition: bool) -> ast.Argument:
    """An argument of a call; `name = value` without parentheses around it is a named one."""
    if (
        type(value) is ast.Compare
        and value.op == "="
        and not is_condition
        and value.steepness is None
        and type(value.left) is ast.Name
        and value.left.span.start == value.span.start
        and value.left.span.end - value.left.span.start == len(value.left.id)
    ):
        return ast.Argument(value.left, value.right, span=value.span)
    return ast.Argument(None, value, span=value.span)


def _unknown_type(word: Token) -> Diagnostic:
    meant = _FOREIGN_TYPES.get(word.value.lower()) or nearest(word.value, _TYPE_WORDS)
    return Diagnostic(
        E0120,
        f"there is no type `{word.value}`",
        Label(word.span, f"did you mean `{meant}`?" if meant else "not a type"),
        help=f"write `{meant}`" if meant else "write `real` or `int`",
        fix=Fix(word.span, meant) if meant else None,
    )


def _unknown_smoothness(word: Token) -> Diagnostic:
    upper = word.value.upper().replace("CINF", "C_INF")
    meant = upper if _SMOOTHNESS.fullmatch(upper) else None
    return Diagnostic(
        E0121,
        f"`{word.value}` is not a smoothness class",
        Label(word.span, "expected `C0`, `C1`, ... or `C_INF`"),
        help=f"write `REQUIRE {meant or 'C1'}`",
        fix=Fix(word.span, meant) if meant else None,
    )


def not_steepness(span: Span, word: str) -> Diagnostic:
    """That something else stands where STEEPNESS is expected."""
    return Diagnostic(
        E0122,
        "WITH needs the word STEEPNESS",
        Label(span, "expected `STEEPNESS`"),
        help="write `WITH STEEPNESS` and a number greater than 0",
        fix=Fix(span, "STEEPNESS")
        if nearest(word.upper(), ("STEEPNESS",)) or word.upper() == "STEEPNESS"
        else None,
    )


def _too_large(token: Token, limit: str) -> Diagnostic:
    shown = token.value if len(token.value) <= 24 else f"{token.value[:10]}...{token.value[-4:]}"
    return Diagnostic(
        E0103, f"the number `{shown}` is too large", Label(token.span, limit), help="write a smaller number"
    )
