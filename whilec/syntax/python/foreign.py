"""What Python has and the language has not: how it is called, and what to write instead."""

from __future__ import annotations

import ast as python
from collections.abc import Mapping
from typing import Final

from whilec.diagnostics.model import Code
from whilec.syntax.python.example import decorated
from whilec.syntax.python.unit import Place, Unit

STATEMENT = Code(
    "E0142",
    "a Python statement outside of the language",
    """
The body of a smooth function consists of assignments, `while`, `for` over a `range`, `if`, and one `return`
at its end. A smooth program executes both arms of a choice and every loop to a degree, so there are no
jumps: what `break` and `continue` do must be said by conditions. There are no exceptions, no objects and no
files, and a module is imported outside of the function.
""",
    decorated("while x > 1:\n    x = x / 2\n    if x < 3:\n        break\nreturn x"),
)


EXPRESSION = Code(
    "E0143",
    "a Python expression outside of the language",
    """
Expressions are made of numbers, variables, elements of arrays, `+ - * / // % **`, comparisons,
`and or not`, and calls of functions. There are no texts, lists, comprehensions, slices or attributes.
`//` and `%` are for static whole numbers, those known before the program runs.
""",
    decorated("y = [x, x]\nreturn y"),
)


_EXPRESSIONS: Final[Mapping[type, tuple[str, str]]] = {
    python.Lambda: ("there are no lambdas", "write the expression itself, or a decorated function"),
    python.IfExp: (
        "there is no `a if c else b`",
        "write an `if` statement that assigns in both arms",
    ),
    python.Dict: ("there are no dictionaries", "use an array"),
    python.Set: ("there are no sets", "use an array"),
    python.List: (
        "there are no lists",
        'declare an array, `t: whilec.Real["n"] = 0.0`, and assign its elements',
    ),
    python.Tuple: ("a tuple is not a value", "assign each part: `a, b = b, a`"),
    python.ListComp: ("there are no comprehensions", "declare an array and fill it in a `for` loop"),
    python.SetComp: ("there are no comprehensions", "declare an array and fill it in a `for` loop"),
    python.DictComp: ("there are no comprehensions", "declare an array and fill it in a `for` loop"),
    python.GeneratorExp: ("there are no generators", "add up in a `for` loop"),
    python.Await: ("there is nothing to wait for", "leave out `await`"),
    python.Yield: ("nothing is yielded", "return all results at the end: `return a, b`"),
    python.YieldFrom: ("nothing is yielded", "return all results at the end: `return a, b`"),
    python.JoinedStr: ("there are no texts", "leave it out; programs compute with numbers"),
    python.FormattedValue: ("there are no texts", "leave it out; programs compute with numbers"),
    python.Starred: ("`*` does not spread values", "write each value"),
    python.Slice: ("there are no slices", "copy the elements in a `for` loop; `a[i]` is a row of a matrix"),
    python.NamedExpr: ("there is no `:=` inside an expression", "assign before, in a statement of its own"),
    python.Subscript: ("only variables have elements", "assign it to a variable first, then write `a[i]`"),
    python.Call: ("only variables have elements", "assign the result to a variable first, then write `a[i]`"),
}

_CONSTANTS: Final[Mapping[type, tuple[str, str]]] = {
    bool: (
        "there are no truth values",
        "write a comparison, such as `x != 0`; a loop ends when its condition fails",
    ),
    str: ("there are no texts", "leave it out; programs compute with numbers"),
    bytes: ("there are no texts", "leave it out; programs compute with numbers"),
    type(None): ("there is no `None`", "use a number, such as 0"),
    type(...): ("there is no `...`", "write each index, or a number"),
}

_OPERATORS: Final[Mapping[type, tuple[str, str]]] = {
    python.In: ("there is no `in`", "compare with each element in a `for` loop"),
    python.NotIn: ("there is no `not in`", "compare with each element in a `for` loop"),
    python.Is: ("there is no `is`", "numbers are compared by `==`"),
    python.IsNot: ("there is no `is not`", "numbers are compared by `!=`"),
    python.Invert: ("there is no `~`", "a condition is negated by `not`"),
    python.BitAnd: ("there is no `&`", "conditions are joined by `and`"),
    python.BitOr: ("there is no `|`", "conditions are joined by `or`"),
    python.BitXor: ("there is no `^`", "a power is written `x ** 2`"),
    python.LShift: ("there is no `<<`", "multiply by a power of 2"),
    python.RShift: ("there is no `>>`", "static integers are divided by `//`"),
}

_JUMP = "a loop ends when its condition fails: make it part of the condition of a `while`"
_NO_OBJECTS = "leave it out; programs compute with numbers and arrays"

_STATEMENTS: Final[Mapping[str, tuple[str, str]]] = {
    "Break": ("there is no `break`", _JUMP),
    "Continue": ("there is no `continue`", "put the rest of the loop's body into an `if`"),
    "Try": ("there are no exceptions", "test with an `if` what could go wrong"),
    "TryStar": ("there are no exceptions", "test with an `if` what could go wrong"),
    "Raise": ("there are no exceptions", "give an output that says what went wrong"),
    "With": ("there is no `with`", _NO_OBJECTS),
    "AsyncWith": ("there is no `with`", _NO_OBJECTS),
    "AsyncFor": ("there is nothing to wait for", "write `for i in range(n):`"),
    "Match": ("there is no `match`", "write `if`, `elif` and `else`"),
    "Assert": ("nothing is asserted inside a program", "leave it out; test the results outside"),
    "Delete": ("nothing is deleted", "leave it out; arrays keep their sizes"),
    "Import": ("nothing is imported inside a program", "import it outside of the function"),
    "ImportFrom": ("nothing is imported inside a program", "import it outside of the function"),
    "Global": ("a program assigns no global variables", "return the value as an output"),
    "Nonlocal": ("a program assigns no variables of other functions", "return the value as an output"),
    "FunctionDef": ("functions are not nested", "move it out and decorate it with `@whilec.smooth`"),
    "AsyncFunctionDef": ("functions are not nested", "move it out and decorate it with `@whilec.smooth`"),
    "ClassDef": ("there are no classes", _NO_OBJECTS),
    "TypeAlias": ("there are no type aliases", "write the type itself"),
}


def report_expression(unit: Unit, node: python.expr) -> None:
    """Report an expression that is none of the language."""
    title, help_ = _describe(node)
    unit.report(EXPRESSION, title, node, "not in the language", help_)


def report_operator(unit: Unit, op: python.AST, place: Place) -> None:
    """Report an operator that the language has not."""
    title, help_ = _OPERATORS.get(type(op), ("there is no such operator", "use `+ - * /`"))
    unit.report(EXPRESSION, title, place, "unknown operator", help_)


def report_statement(unit: Unit, node: python.stmt) -> None:
    """Report a statement that is none of the language; of a longer one its first line is marked."""
    title, help_ = _STATEMENTS.get(type(node).__name__, ("there is no such statement", _NO_OBJECTS))
    span = unit.places.span(node)
    end = unit.places.source.text.find("\n", span.start, span.end)
    place = span if end < 0 else span._replace(end=end)
    unit.report(STATEMENT, title, place, "not in the language", help_)


def _describe(node: python.expr) -> tuple[str, str]:
    match node:
        case python.Constant():
            return _CONSTANTS.get(type(node.value), ("there is no such value", _NO_OBJECTS))
        case python.Attribute(attr="shape"):
            return "a shape is not a value", "write `n, m = a.shape`, with the names of its sizes"
        case python.Attribute(attr=name):
            return f"there is no attribute `{name}`", "call functions as `sum(a)`, not as `a.sum()`"
        case _:
            return _EXPRESSIONS.get(type(node), ("there is no such expression", _NO_OBJECTS))
