"""Python expressions to those of the language."""

from __future__ import annotations

import ast as python
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, final

from whilec.diagnostics.model import Code
from whilec.syntax import ast
from whilec.syntax.python import outside
from whilec.syntax.python.calls import Calls
from whilec.syntax.python.example import decorated
from whilec.syntax.python.foreign import EXPRESSION, report_expression, report_operator
from whilec.syntax.python.names import number_literal, read_name
from whilec.syntax.python.unit import Place, Unit

CHAIN = Code(
    "E0151",
    "a chain of comparisons in Python",
    """
Python reads `a < b < c` as two comparisons joined by `and`. In a smooth program each comparison has a degree
of its own and `and` is a product, so both comparisons are written out: `a < b and b < c`.
""",
    decorated("y = 0\nif 0 < x < 1:\n    y = x\nreturn y"),
)


NEGATIVE_INDEX = Code(
    "E0152",
    "an index that counts from the end",
    """
Indices count from 0, and negative ones are out of range. The last element of an array is `a[n - 1]`, where
`n` is its size, or `a[len(a) - 1]`.
""",
    decorated("y = a[-1]\nreturn y", 'def f(a: whilec.Real["n"]):'),
)


_ARITHMETIC: Final[Mapping[type, ast.BinaryOp]] = {
    python.Add: "+",
    python.Sub: "-",
    python.Mult: "*",
    python.Div: "/",
}
_FUNCTIONS: Final[Mapping[type, str]] = {
    python.FloorDiv: "div",
    python.Mod: "mod",
    python.Pow: "pow",
    python.MatMult: "matmul",
}
"""Operators of Python that are functions of the language."""

_COMPARISONS: Final[Mapping[type, tuple[ast.CompareOp, str]]] = {
    python.Eq: ("=", "=="),
    python.NotEq: ("!=", "!="),
    python.Lt: ("<", "<"),
    python.LtE: ("<=", "<="),
    python.Gt: (">", ">"),
    python.GtE: (">=", ">="),
}


@final
class Expressions:
    """Translates the expressions of one function; where one is wrong, 0 stands for it."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._rules: Mapping[type, Callable[[Any], ast.Expr]] = {
            python.Constant: self._constant,
            python.Name: lambda node: read_name(unit, node),
            python.Attribute: self._attribute,
            python.Subscript: self.index,
            python.UnaryOp: self._unary,
            python.BinOp: self._binary,
            python.BoolOp: self._connective,
            python.Compare: self._compare,
            python.Call: Calls(unit, self.translate).translate,
        }

    def translate(self, node: python.expr) -> ast.Expr:
        """The expression in the language."""
        rule = self._rules.get(type(node))
        return self._foreign(node) if rule is None else rule(node)

    def operation(self, node: Place, op: python.operator, left: ast.Expr, right: ast.Expr) -> ast.Expr:
        """`left op right`, also for an assignment such as `x += 1`."""
        span = self._unit.span(node) if isinstance(node, python.AST) else node
        sign = _ARITHMETIC.get(type(op))
        if sign is not None:
            return ast.Binary(sign, left, right, span=span)
        function = _FUNCTIONS.get(type(op))
        if function is not None:
            arguments = tuple(ast.Argument(None, value, span=value.span) for value in (left, right))
            return ast.Call(ast.Name(function, span=span), arguments, span=span)
        report_operator(self._unit, op, node)
        return ast.Number(0, span=span)

    def index(self, node: python.Subscript) -> ast.Expr:
        """`a[i, j]` or `a[i][j]`."""
        groups: list[list[python.expr]] = []
        base: python.expr = node
        while isinstance(base, python.Subscript):
            groups.append(base.slice.elts if isinstance(base.slice, python.Tuple) else [base.slice])
            base = base.value
        written = [index for group in reversed(groups) for index in group]
        if not isinstance(base, python.Name):
            return self._size(node, base, written) or self._foreign(base)
        array = self._array(base)
        if not written:
            self._unit.report(EXPRESSION, "there is no index", node, "empty", "write `a[i]`")
        if array is None or not written:
            return ast.Number(0, span=self._unit.span(node))
        indices = tuple(self._one_index(base.id, axis, index) for axis, index in enumerate(written))
        return ast.Index(array, indices, span=self._unit.span(node))

    # ---- names and numbers

    def _constant(self, node: python.Constant) -> ast.Expr:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float | complex):
            return self._foreign(node)
        return number_literal(self._unit, value, node)

    def _attribute(self, node: python.Attribute) -> ast.Expr:
        value = outside.number(outside.resolve(node, self._unit.namespace))
        return self._foreign(node) if value is None else number_literal(self._unit, value, node)

    def _array(self, node: python.Name) -> ast.Name | None:
        if node.id in self._unit.locals or node.id in self._unit.shapes:
            return self._unit.name_at(node.id, node)
        read_name(self._unit, node)
        return None

    def _one_index(self, array: str, axis: int, node: python.expr) -> ast.Expr:
        if _is_negative(node):
            sizes = self._unit.sizes.get(array, ())
            size = sizes[axis] if axis < len(sizes) else None
            last = size.id if isinstance(size, ast.Name) else f"len({array})" if axis == 0 else "n"
            back = python.unparse(node).lstrip("-")
            self._unit.report(
                NEGATIVE_INDEX,
                "an index does not count from the end",
                node,
                "less than 0",
                f"write `{last} - {back}`" if axis else f"write `{array}[{last} - {back}]`",
            )
        return self.translate(node)

    def _size(self, node: python.expr, base: python.expr, written: list[python.expr]) -> ast.Expr | None:
        """`a.shape[k]` of a parameter with an array type."""
        match base, written:
            case python.Attribute(value=python.Name(id=array), attr="shape"), [
                python.Constant(value=int(axis))
            ]:
                sizes = self._unit.sizes.get(array, ())
                return replace(sizes[axis], span=self._unit.span(node)) if 0 <= axis < len(sizes) else None
            case _:
                return None

    # ---- operators

    def _unary(self, node: python.UnaryOp) -> ast.Expr:
        operand = self.translate(node.operand)
        span = self._unit.span(node)
        match node.op:
            case python.USub():
                return ast.Negate(operand, span=span)
            case python.Not():
                return ast.Not(operand, span=span)
            case python.UAdd():
                return operand
            case _:
                report_operator(self._unit, node.op, node)
                return operand

    def _binary(self, node: python.BinOp) -> ast.Expr:
        return self.operation(node, node.op, self.translate(node.left), self.translate(node.right))

    def _connective(self, node: python.BoolOp) -> ast.Expr:
        op: ast.BoolOp = "AND" if isinstance(node.op, python.And) else "OR"
        first, *others = node.values
        result = self.translate(first)
        for other in others:
            right = self.translate(other)
            span = result.span.to(right.span) if self._unit.moved is None else self._unit.moved
            result = ast.Connective(op, result, right, span=span)
        return result

    def _compare(self, node: python.Compare) -> ast.Expr:
        left = self.translate(node.left)
        rights = [self.translate(right) for right in node.comparators]
        unit = self._unit
        if len(rights) > 1:
            first, second, *_ = (python.unparse(part) for part in (node.left, *node.comparators[1:]))
            middle = python.unparse(node.comparators[0])
            signs = [_COMPARISONS.get(type(op), ("", "in"))[1] for op in node.ops]
            unit.report(
                CHAIN,
                "comparisons are not chained",
                node,
                "two comparisons at once",
                f"write `{first} {signs[0]} {middle} and {middle} {signs[1]} {second}`",
            )
            return ast.Number(0, span=unit.span(node))
        found = _COMPARISONS.get(type(node.ops[0]))
        if found is None:
            report_operator(unit, node.ops[0], node)
            return ast.Number(0, span=unit.span(node))
        op, sign = found
        place = unit.places.between(unit.places.span(node.left), unit.places.span(node.comparators[0]), sign)
        op_span = place if unit.moved is None else unit.moved
        return ast.Compare(op, left, rights[0], None, op_span=op_span, span=unit.span(node))

    def _foreign(self, node: python.expr) -> ast.Expr:
        report_expression(self._unit, node)
        return ast.Number(0, span=self._unit.span(node))


def _is_negative(node: python.expr) -> bool:
    match node:
        case python.UnaryOp(op=python.USub(), operand=python.Constant(value=int(value))):
            return value > 0
        case _:
            return False
