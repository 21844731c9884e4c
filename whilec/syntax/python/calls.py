"""Calls: of functions of the language, of smooth functions, and of a few others."""

from __future__ import annotations

import ast as python
from collections.abc import Callable
from dataclasses import replace
from typing import final

from algonet_runtime.intrinsic import MODULES, WORDS
from whilec.diagnostics.model import Code
from whilec.source import Span
from whilec.syntax import ast
from whilec.syntax.python import outside
from whilec.syntax.python.example import decorated
from whilec.syntax.python.foreign import EXPRESSION, report_expression
from whilec.syntax.python.unit import Unit

FUNCTION = Code(
    "E0149",
    "a call of a Python function that is not smooth",
    """
A program calls the functions of the language and other smooth functions. `min`, `max`, `abs`, `sum`, `len`,
`pow` and those of `math` that the language has are recognised. A function of one's own is decorated with
`@whilec.smooth` too, above the one that calls it; it becomes a DEF of the program. It cannot call itself.
""",
    decorated("y = twice(x)\nreturn y", before="\n\ndef twice(x):\n    y = 2 * x\n    return y\n"),
)

STEEPNESS = Code(
    "E0155",
    "a steepness for something that is no comparison",
    """
`whilec.steep(a < b, 8.0)` gives one comparison a steepness of its own. Its first argument is a comparison,
not a whole condition with `and`, `or` or `not`, and its second a constant or an expression of PARAMs.
""",
    decorated("y = 0\nif whilec.steep(x < 1 and x > 0, 8.0):\n    y = x\nreturn y"),
)


@final
class Calls:
    """Translates the calls of one function; `translate` is for their arguments."""

    def __init__(self, unit: Unit, translate: Callable[[python.expr], ast.Expr]) -> None:
        self._unit = unit
        self._translate = translate

    def translate(self, node: python.Call) -> ast.Expr:
        """The call in the language."""
        unit, function = self._unit, node.func
        if isinstance(function, python.Name) and function.id in unit.locals:
            unit.report(
                FUNCTION,
                f"`{function.id}` is a variable here",
                function,
                "called like a function",
                "rename it",
            )
            return self._after_error(node)
        if isinstance(function, python.Name) and function.id == unit.name:
            unit.report(
                FUNCTION,
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
                report_expression(unit, function)
                return self._after_error(node)
        unit.report(FUNCTION, title, function, "not a function of the language", help_)
        return self._after_error(node)

    def _known(self, node: python.Call, name: str) -> ast.Expr:
        unit = self._unit
        arguments: list[ast.Argument] = []
        for value in node.args:
            inner = self._translate(value)
            arguments.append(ast.Argument(None, inner, span=inner.span))
        for keyword in node.keywords:
            if keyword.arg is None:
                unit.report(
                    EXPRESSION,
                    "`**` does not spread arguments",
                    keyword,
                    "spread",
                    "write each argument",
                )
            else:
                # Python gives no place to the name itself, but the keyword begins with it.
                start = unit.places.span(keyword).start
                place = Span(start, start + len(keyword.arg))
                inner = self._word(name, keyword) or self._translate(keyword.value)
                arguments.append(
                    ast.Argument(unit.name_at(keyword.arg, place), inner, span=unit.span(keyword))
                )
        return ast.Call(unit.name_at(name, node.func), tuple(arguments), span=unit.span(node))

    def _word(self, function: str, keyword: python.keyword) -> ast.Name | None:
        """A text that is an option of an intrinsic: a program writes it as a name."""
        match keyword.value:
            case python.Constant(value=str(text)) if function in MODULES and keyword.arg in WORDS:
                return self._unit.name_at(text, keyword.value)
            case _:
                return None

    def _degree(self, node: python.Call) -> ast.Expr:
        """`float(a < b)`."""
        inner = self._translate(node.args[0]) if len(node.args) == 1 and not node.keywords else None
        if isinstance(inner, ast.Compare | ast.Connective | ast.Not):
            span = self._unit.span(node)
            function = ast.Name("degree", span=self._unit.span(node.func))
            return ast.Call(function, (ast.Argument(None, inner, span=inner.span),), span=span)
        self._unit.report(
            FUNCTION,
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
        inner, steepness = self._translate(condition), self._translate(value)
        if isinstance(inner, ast.Compare) and inner.steepness is None:
            return replace(inner, steepness=steepness, span=self._unit.span(node))
        return self._not_steep(node, condition)

    def _not_steep(self, node: python.Call, place: python.expr) -> ast.Expr:
        help_ = "write `steep(a < b, 8.0)`, once for each comparison"
        self._unit.report(
            STEEPNESS, "a steepness belongs to one comparison", place, "not one comparison", help_
        )
        return ast.Number(0, span=self._unit.span(node))

    def _after_error(self, node: python.Call) -> ast.Expr:
        """Look for more errors inside a call that is wrong itself."""
        for value in (*node.args, *(keyword.value for keyword in node.keywords)):
            self._translate(value)
        return ast.Number(0, span=self._unit.span(node))
