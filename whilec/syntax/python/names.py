"""Names and numbers, those from outside of the function included."""

from __future__ import annotations

import ast as python
import math

from whilec.diagnostics.model import Code
from whilec.diagnostics.suggest import nearest
from whilec.numerals import MAX_INTEGER_BITS
from whilec.syntax import ast
from whilec.syntax.python import outside
from whilec.syntax.python.counters import check_counter
from whilec.syntax.python.example import decorated
from whilec.syntax.python.unit import Unit

OUTSIDE = Code(
    "E0148",
    "a name from outside that is no number",
    """
A function may read numbers of its module, and of a function around it: they become CONSTs, with the value
that they have when the function is decorated. Other values, such as lists and tensors, must be passed as
inputs. A name must be known when the function is decorated: write constants and helper functions above it.
""",
    decorated("y = table[0] * x\nreturn y", before="\ntable = [1, 2]\n"),
)

NUMBER = Code(
    "E0156",
    "a Python number that the language cannot have",
    """
Numbers are whole or real. A real number is finite, at most about 1.8e308, and a whole number has at most a
million bits. There are no complex numbers and no truth values: compare something, `1 == 1`, where a
condition is meant.
""",
    decorated("y = 2j * x\nreturn y"),
)


def read_name(unit: Unit, node: python.Name) -> ast.Expr:
    """A variable, or a number of the module that becomes a CONST."""
    name = node.id
    if name in unit.locals or name in unit.shapes:
        check_counter(unit, node)
        return unit.name_at(name, node)
    found = outside.resolve(node, unit.namespace)
    value = outside.number(found)
    if value is not None:
        unit.constant(name, number_literal(unit, value, node), node)
        return unit.name_at(name, node)
    if outside.is_missing(found):
        constants = [each for each, value in unit.namespace.items() if outside.number(value) is not None]
        near = nearest(name, [*unit.locals, *unit.shapes, *constants])
        other = "assign it first, or write the constant above the function"
        help_ = f"did you mean `{near}`?" if near else other
        unit.report(OUTSIDE, f"`{name}` is not defined", node, "no variable of this name", help_)
    else:
        title = f"`{name}` is from outside, and no number"
        label = f"of the type `{type(found).__name__}`"
        unit.report(OUTSIDE, title, node, label, "pass it as an input")
    return ast.Number(0, span=unit.span(node))


def number_literal(unit: Unit, value: complex, node: python.expr) -> ast.Expr:
    """A literal for a number of Python."""
    span = unit.span(node)
    if isinstance(value, complex):
        unit.report(NUMBER, "there are no complex numbers", node, "complex", "use two real numbers")
        return ast.Number(0, span=span)
    is_huge = isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS
    if is_huge or (isinstance(value, float) and not math.isfinite(value)):
        label = f"above 2^{MAX_INTEGER_BITS}" if is_huge else f"this is {value}"
        unit.report(NUMBER, "the number is too large", node, label, "use a smaller number, such as 1e6")
        return ast.Number(0, span=span)
    if math.copysign(1.0, value) < 0 if isinstance(value, float) else value < 0:
        return ast.Negate(ast.Number(-value, span=span), span=span)
    return ast.Number(value, span=span)
