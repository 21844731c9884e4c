"""Syntax nodes to text, one construct at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias, final

from whilec.numerals import write_integer
from whilec.syntax import ast

# How tightly a construct binds; an operand that binds less tightly than its place needs brackets.
_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _UNARY, _ATOM = range(8)

_BINARY: Final = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}
_CONNECTIVE: Final = {"OR": _OR, "AND": _AND}

Spell: TypeAlias = Callable[[ast.Number], str]
"""How a literal is written."""


def plain_number(number: ast.Number) -> str:
    """The shortest spelling of a literal's value."""
    return write_integer(number.value) if isinstance(number.value, int) else repr(number.value)


@final
class Unparser:
    """Writes expressions and the heads of items, with the fewest brackets."""

    def __init__(self, spell: Spell = plain_number) -> None:
        self._spell = spell
        self._writers: dict[type, Callable[[Any], tuple[str, int]]] = {
            ast.Number: lambda node: (spell(node), _ATOM),
            ast.Name: lambda node: (node.id, _ATOM),
            ast.Index: lambda node: (f"{node.array.id}[{self._list(node.indices)}]", _ATOM),
            ast.Call: lambda node: (self._call(node), _ATOM),
            ast.Negate: lambda node: (f"-{self._at_least(_UNARY, node.operand)}", _UNARY),
            ast.Binary: self._binary,
            ast.Compare: lambda node: (self._compare(node), _COMPARE),
            ast.Not: lambda node: (f"NOT {self._at_least(_NOT, node.operand)}", _NOT),
            ast.Connective: self._connective,
        }
        self._heads: dict[type, Callable[[Any], str]] = {
            ast.Assign: lambda node: f"{self._list(node.targets)} := {self._list(node.values)}",
            ast.While: lambda node: f"WHILE {self.expression(node.condition)} DO",
            ast.Loop: lambda node: f"LOOP {self.expression(node.count)} DO",
            ast.For: self._for,
            ast.Header: lambda node: (
                f"PROGRAM {node.name.id}({self._bindings(node.inputs)}){self._arrow(node.outputs)}"
            ),
            ast.Const: lambda node: f"CONST {node.name.id} = {self.expression(node.value)}",
            ast.Param: lambda node: (
                f"PARAM {node.name.id}: {self._type(node.type)} = {self.expression(node.value)}"
            ),
            ast.Require: lambda node: f"REQUIRE {'C_INF' if node.order is None else f'C{node.order}'}",
            ast.Var: self._var,
            ast.Def: lambda node: (
                f"DEF {node.name.id}({self._bindings(node.parameters)}){self._arrow(node.results)}"
            ),
        }

    def expression(self, node: ast.Expr) -> str:
        """An expression, without brackets around it."""
        return self._writers[type(node)](node)[0]

    def head(self, node: ast.Item | ast.Header) -> str:
        """The line of a simple item, or the first line of one with a block; not for IF."""
        return self._heads[type(node)](node)

    def _at_least(self, level: int, node: ast.Expr) -> str:
        text, own = self._writers[type(node)](node)
        return text if own >= level else f"({text})"

    def _list(self, nodes: Iterable[ast.Expr]) -> str:
        return ", ".join(map(self.expression, nodes))

    def _binary(self, node: ast.Binary) -> tuple[str, int]:
        level = _BINARY[node.op]
        left, right = self._at_least(level, node.left), self._at_least(level + 1, node.right)
        return f"{left} {node.op} {right}", level

    def _connective(self, node: ast.Connective) -> tuple[str, int]:
        level = _CONNECTIVE[node.op]
        left, right = self._at_least(level, node.left), self._at_least(level + 1, node.right)
        return f"{left} {node.op} {right}", level

    def _compare(self, node: ast.Compare) -> str:
        text = f"{self._at_least(_SUM, node.left)} {node.op} {self._at_least(_SUM, node.right)}"
        if node.steepness is None:
            return text
        return f"{text} WITH STEEPNESS {self._at_least(_SUM, node.steepness)}"

    def _call(self, node: ast.Call) -> str:
        is_condition = node.function.id == "degree"
        arguments = ", ".join(self._argument(argument, is_condition) for argument in node.arguments)
        return f"{node.function.id}({arguments})"

    def _argument(self, node: ast.Argument, is_condition: bool) -> str:
        value = node.value
        if node.name is not None:
            return f"{node.name.id} = {self._at_least(_SUM, value)}"
        looks_named = (
            isinstance(value, ast.Compare)
            and value.op == "="
            and value.steepness is None
            and isinstance(value.left, ast.Name)
        )
        return f"({self.expression(value)})" if looks_named and not is_condition else self.expression(value)

    def _for(self, node: ast.For) -> str:
        step = f" STEP {self.expression(node.step)}" if node.step is not None else ""
        bounds = f"FROM {self.expression(node.start)} TO {self.expression(node.stop)}"
        return f"FOR {node.variable.id} {bounds}{step} DO"

    def _var(self, node: ast.Var) -> str:
        start = f" = {self.expression(node.start)}" if node.start is not None else ""
        return f"VAR {node.name.id}: {self._type(node.type)}{start}"

    def _type(self, node: ast.TypeExpr) -> str:
        return f"{node.kind}[{self._list(node.dims)}]" if node.dims else node.kind

    def _bindings(self, nodes: Iterable[ast.Binding]) -> str:
        return ", ".join(
            f"{node.name.id}: {self._type(node.type)}" if node.type is not None else node.name.id
            for node in nodes
        )

    def _arrow(self, outputs: tuple[ast.Binding, ...]) -> str:
        return f" -> {self._bindings(outputs)}" if outputs else ""
