"""Annotations to types."""

from __future__ import annotations

import ast as python
import typing
from collections.abc import Callable
from typing import Literal, TypeAlias

from whilec.diagnostics.model import Code
from whilec.syntax import ast
from whilec.syntax.python import markers
from whilec.syntax.python.example import decorated
from whilec.syntax.python.outside import is_missing, number, resolve
from whilec.syntax.python.unit import Unit

ANNOTATION = Code(
    "E0144",
    "an annotation that is no type of the language",
    """
There are real and whole numbers and arrays of them: `whilec.Real`, `whilec.Int`, `whilec.Real["n"]`,
`whilec.Int["n", "m + 1"]`. Each size is an expression of its own, in quotes where Python would not know
its names. `float` and `int` may be written for single numbers. A parameter without an annotation is a real
number.
""",
    decorated("return x", 'def f(x: "list[float]"):'),
)


Translate: TypeAlias = Callable[[python.expr], ast.Expr]
"""How an expression is translated."""

_Size: TypeAlias = Callable[[python.expr, bool], ast.Expr]
"""How a size is translated, knowing whether it stands in quotes."""

_KINDS: tuple[tuple[object, Literal["real", "int"], bool], ...] = (
    (markers.Real, "real", True),
    (markers.Int, "int", True),
    (float, "real", False),
    (int, "int", False),
)
"""Objects in annotations, the kind that they mean, and whether they take sizes."""

_SPELLINGS: dict[str, Literal["real", "int"]] = {"Real": "real", "Int": "int"}
"""The markers where Python does not know them: imported for type checkers only, say."""

_HELP = 'write `whilec.Real`, `whilec.Int`, or with the sizes of an array `whilec.Real["n", "m"]`'


def annotated_type(unit: Unit, node: python.expr, translate: Translate) -> ast.TypeExpr | None:
    """The type that an annotation means; None after a reported error."""
    return _type(unit, node, lambda size, _: translate(size))


def _type(unit: Unit, node: python.expr, translate: _Size) -> ast.TypeExpr | None:
    node = _unquoted(unit, node)
    if isinstance(node, python.Constant) and isinstance(node.value, str):
        return None
    base, sizes = (node.value, _elements(node.slice)) if isinstance(node, python.Subscript) else (node, None)
    found = _kind(unit, base)
    if found is None or (sizes is not None and not found[1]):
        unit.report(ANNOTATION, "the annotation is no type of the language", node, "not a type", _HELP)
        return None
    if sizes is None:
        return ast.TypeExpr(found[0], (), span=unit.span(node))
    dims = tuple(_size(unit, size, translate) for size in sizes)
    if not dims or None in dims:
        if not dims:
            unit.report(ANNOTATION, "an array needs at least one size", node, "no size", _HELP)
        return None
    return ast.TypeExpr(found[0], tuple(dim for dim in dims if dim is not None), span=unit.span(node))


def parameter_type(unit: Unit, node: python.expr, translate: Translate) -> ast.TypeExpr | None:
    """The type of a parameter: the names of its sizes are variables that the call binds."""

    def size(written: python.expr, is_quoted: bool) -> ast.Expr:
        if isinstance(written, python.Name):
            value = None if is_quoted else number(resolve(written, unit.namespace))
            if isinstance(value, int) and value >= 0:
                return ast.Number(value, span=unit.span(written))
            unit.shapes.add(written.id)
            return unit.name_at(written.id, written)
        return translate(written)

    return _type(unit, node, size)


def is_final(unit: Unit, node: python.expr) -> bool:
    """Whether an annotation says that a name is constant."""
    node = _unquoted(unit, node, silent=True)
    base = node.value if isinstance(node, python.Subscript) else node
    found = resolve(base, unit.namespace)
    return found is typing.Final or (is_missing(found) and _last_name(base) == "Final")


def _kind(unit: Unit, node: python.expr) -> tuple[Literal["real", "int"], bool] | None:
    found = resolve(node, unit.namespace)
    if is_missing(found):
        kind = _SPELLINGS.get(_last_name(node))
        return None if kind is None else (kind, True)
    return next(((kind, is_sized) for each, kind, is_sized in _KINDS if each is found), None)


def _last_name(node: python.expr) -> str:
    match node:
        case python.Name():
            return node.id
        case python.Attribute():
            return node.attr
        case _:
            return ""


def _elements(node: python.expr) -> list[python.expr]:
    return node.elts if isinstance(node, python.Tuple) else [node]


def _size(unit: Unit, node: python.expr, translate: _Size) -> ast.Expr | None:
    inner = _unquoted(unit, node)
    if isinstance(inner, python.Constant) and isinstance(inner.value, str):
        return None
    if isinstance(inner, python.Tuple):
        hint = 'write `["n", "m"]`, each in quotes'
        unit.report(ANNOTATION, "one text holds several sizes", node, "more than one", hint)
        return None
    return translate(inner, inner is not node)


def _unquoted(unit: Unit, node: python.expr, *, silent: bool = False) -> python.expr:
    """The expression inside an annotation that is written as a text; the text itself if it is none."""
    if not isinstance(node, python.Constant) or not isinstance(node.value, str):
        return node
    try:
        inner = python.parse(node.value.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        if not silent:
            hint = 'write each size in quotes: `["n", "m"]`'
            unit.report(ANNOTATION, "the text is no expression", node, "not understood", hint)
        return node
    for part in python.walk(inner):
        python.copy_location(part, node)
    return inner
