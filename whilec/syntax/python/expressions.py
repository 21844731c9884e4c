"""Python expressions to those of the language."""

from __future__ import annotations

import ast as python
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, final

from whilec.diagnostics.model import Label
from whilec.diagnostics.suggest import nearest
from whilec.numerals import MAX_INTEGER_BITS
from whilec.source import Span
from whilec.syntax import ast
from whilec.syntax.python import codes, outside
from whilec.syntax.python.foreign import describe_expression, describe_operator
from whilec.syntax.python.unit import Place, Unit

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
            python.Name: self._name,
            python.Attribute: self._attribute,
            python.Subscript: self.index,
            python.UnaryOp: self._unary,
            python.BinOp: self._binary,
            python.BoolOp: self._connective,
            python.Compare: self._compare,
            python.Call: self._call,
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
        title, help_ = describe_operator(op)
        self._unit.report(codes.EXPRESSION, title, node, "unknown operator", help_)
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
            self._unit.report(codes.EXPRESSION, "there is no index", node, "empty", "write `a[i]`")
        if array is None or not written:
            return ast.Number(0, span=self._unit.span(node))
        indices = tuple(self._one_index(base.id, axis, index) for axis, index in enumerate(written))
        return ast.Index(array, indices, span=self._unit.span(node))

    # ---- names and numbers

    def _constant(self, node: python.Constant) -> ast.Expr:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float | complex):
            return self._foreign(node)
        return self._number(value, node)

    def _number(self, value: complex, node: python.expr) -> ast.Expr:
        """A literal for a number of Python."""
        unit, span = self._unit, self._unit.span(node)
        if isinstance(value, complex):
            unit.report(codes.NUMBER, "there are no complex numbers", node, "complex", "use two real numbers")
            return ast.Number(0, span=span)
        is_huge = isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS
        if is_huge or (isinstance(value, float) and not math.isfinite(value)):
            label = f"above 2^{MAX_INTEGER_BITS}" if is_huge else f"this is {value}"
            unit.report(
                codes.NUMBER, "the number is too large", node, label, "use a smaller number, such as 1e6"
            )
            return ast.Number(0, span=span)
        if math.copysign(1.0, value) < 0 if isinstance(value, float) else value < 0:
            return ast.Negate(ast.Number(-value, span=span), span=span)
        return ast.Number(value, span=span)

    def _name(self, node: python.Name) -> ast.Expr:
        unit, name = self._unit, node.id
        if name in unit.locals or name in unit.shapes:
            self._check_counter(node)
            return unit.name_at(name, node)
        found = outside.resolve(node, unit.namespace)
        value = outside.number(found)
        if value is not None:
            unit.constant(name, self._number(value, node), node)
            return unit.name_at(name, node)
        if outside.is_missing(found):
            near = nearest(name, [*unit.locals, *unit.shapes])
            help_ = (
                f"did you mean `{near}`?"
                if near
                else "assign it first, or write the constant above the function"
            )
            unit.report(codes.OUTSIDE, f"`{name}` is not defined", node, "no variable of this name", help_)
        else:
            what = f"a {type(found).__name__}"
            unit.report(
                codes.OUTSIDE, f"`{name}` is {what} from outside", node, "no number", "pass it as an input"
            )
        return ast.Number(0, span=unit.span(node))

    def _check_counter(self, node: python.Name) -> None:
        """Report the variable of a loop where it does not exist."""
        unit, name = self._unit, node.id
        if name not in unit.loop_names or name in unit.counters:
            return
        loop = next((span for each, span in unit.uncounted if each == name), None)
        if loop is None:
            title, label = f"`{name}` exists only inside its loop", "outside of the loop"
            help_ = "assign it to another variable in the loop"
            labels: tuple[Label, ...] = ()
        else:
            title = f"`{name}` has no value, because the number of trips is not known before the program runs"
            label = "used here"
            help_ = "count by hand: `k = 0` before the loop, `k = k + 1` at the end of its body"
            labels = (Label(loop, "depends on a variable"),)
        unit.report(codes.LOOP, title, node, label, help_, labels)

    def _attribute(self, node: python.Attribute) -> ast.Expr:
        value = outside.number(outside.resolve(node, self._unit.namespace))
        return self._foreign(node) if value is None else self._number(value, node)

    def _array(self, node: python.Name) -> ast.Name | None:
        if node.id in self._unit.locals or node.id in self._unit.shapes:
            return self._unit.name_at(node.id, node)
        self._name(node)
        return None

    def _one_index(self, array: str, axis: int, node: python.expr) -> ast.Expr:
        if _is_negative(node):
            sizes = self._unit.sizes.get(array, ())
            size = sizes[axis] if axis < len(sizes) else None
            last = size.id if isinstance(size, ast.Name) else f"len({array})" if axis == 0 else "n"
            back = python.unparse(node).lstrip("-")
            self._unit.report(
                codes.NEGATIVE_INDEX,
                "an index does not count from the end",
                node,
                "less than 0",
                f"write `{last} - {back}`",
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
                title, help_ = describe_operator(node.op)
                self._unit.report(codes.EXPRESSION, title, node, "unknown operator", help_)
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
                codes.CHAIN,
                "comparisons are not chained",
                node,
                "two comparisons at once",
                f"write `{first} {signs[0]} {middle} and {middle} {signs[1]} {second}`",
            )
            return ast.Number(0, span=unit.span(node))
        found = _COMPARISONS.get(type(node.ops[0]))
        if found is None:
            title, help_ = describe_operator(node.ops[0])
            unit.report(codes.EXPRESSION, title, node, "unknown comparison", help_)
            return ast.Number(0, span=unit.span(node))
        op, sign = found
        place = unit.places.between(unit.places.span(node.left), unit.places.span(node.comparators[0]), sign)
        op_span = place if unit.moved is None else unit.moved
        return ast.Compare(op, left, rights[0], None, op_span=op_span, span=unit.span(node))

    # ---- calls

    def _call(self, node: python.Call) -> ast.Expr:
        unit, function = self._unit, node.func
        if isinstance(function, python.Name) and function.id in unit.locals:
            unit.report(
                codes.FUNCTION,
                f"`{function.id}` is a variable here",
                function,
                "called like a function",
                "rename it",
            )
            return self._after_error(node)
        if isinstance(function, python.Name) and function.id == unit.name:
            unit.report(
                codes.FUNCTION,
                f"`{unit.name}` calls itself",
                function,
                "recursion",
                "write a loop; a call that ends by a condition is a `while`",
            )
            return self._after_error(node)
        match outside.callee(function, unit.namespace):
            case outside.Unknown(is_plain=True) if isinstance(function, python.Name):
                return self._known(node, function.id)
            case outside.Known(name):
                return self._known(node, name)
            case outside.Smooth(function=inner):
                name = unit.parts.define(inner, unit.span(node))
                return self._after_error(node) if name is None else self._known(node, name)
            case outside.Special("float"):
                return self._degree(node)
            case outside.Special("steep"):
                return self._steep(node)
            case outside.Special("range"):
                title, help_ = "a range stands only in the head of a `for`", "write `for i in range(n):`"
            case outside.Foreign(what, help_):
                title = f"{what} cannot be called here"
            case _:
                return self._foreign(function)
        unit.report(codes.FUNCTION, title, function, "not a function of the language", help_)
        return self._after_error(node)

    def _known(self, node: python.Call, name: str) -> ast.Expr:
        unit = self._unit
        arguments: list[ast.Argument] = []
        for value in node.args:
            inner = self.translate(value)
            arguments.append(ast.Argument(None, inner, span=inner.span))
        for keyword in node.keywords:
            if keyword.arg is None:
                unit.report(
                    codes.EXPRESSION,
                    "`**` does not spread arguments",
                    keyword,
                    "spread",
                    "write each argument",
                )
            else:
                # Python gives no place to the name itself, but the keyword begins with it.
                start = unit.places.span(keyword).start
                place = Span(start, start + len(keyword.arg))
                inner = self.translate(keyword.value)
                arguments.append(
                    ast.Argument(unit.name_at(keyword.arg, place), inner, span=unit.span(keyword))
                )
        return ast.Call(unit.name_at(name, node.func), tuple(arguments), span=unit.span(node))

    def _degree(self, node: python.Call) -> ast.Expr:
        """`float(a < b)`."""
        inner = self.translate(node.args[0]) if len(node.args) == 1 and not node.keywords else None
        if isinstance(inner, ast.Compare | ast.Connective | ast.Not):
            span = self._unit.span(node)
            function = ast.Name("degree", span=self._unit.span(node.func))
            return ast.Call(function, (ast.Argument(None, inner, span=inner.span),), span=span)
        self._unit.report(
            codes.FUNCTION,
            "`float` does not convert numbers here",
            node,
            "not a condition",
            "leave it out; `float(a < b)` is the degree of a condition",
        )
        return ast.Number(0, span=self._unit.span(node))

    def _steep(self, node: python.Call) -> ast.Expr:
        """`steep(a < b, 8.0)`."""
        match node:
            case python.Call(args=[condition, value], keywords=[]):
                pass
            case python.Call(args=[condition], keywords=[python.keyword(arg="steepness", value=value)]):
                pass
            case _:
                return self._not_steep(node, node)
        inner, steepness = self.translate(condition), self.translate(value)
        if isinstance(inner, ast.Compare) and inner.steepness is None:
            return replace(inner, steepness=steepness, span=self._unit.span(node))
        return self._not_steep(node, condition)

    def _not_steep(self, node: python.Call, place: python.expr) -> ast.Expr:
        help_ = "write `steep(a < b, 8.0)`, once for each comparison"
        self._unit.report(
            codes.STEEPNESS, "a steepness belongs to one comparison", place, "not one comparison", help_
        )
        return ast.Number(0, span=self._unit.span(node))

    def _after_error(self, node: python.Call) -> ast.Expr:
        """Look for more errors inside a call that is wrong itself."""
        for value in (*node.args, *(keyword.value for keyword in node.keywords)):
            self.translate(value)
        return ast.Number(0, span=self._unit.span(node))

    def _foreign(self, node: python.expr) -> ast.Expr:
        title, help_ = describe_expression(node)
        self._unit.report(codes.EXPRESSION, title, node, "not in the language", help_)
        return ast.Number(0, span=self._unit.span(node))


def _is_negative(node: python.expr) -> bool:
    match node:
        case python.UnaryOp(op=python.USub(), operand=python.Constant(value=int(value))):
            return value > 0
        case _:
            return False
