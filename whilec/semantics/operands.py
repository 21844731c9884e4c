"""What a place wants from the expression in it: a number, a scalar, a condition, a static int."""

from __future__ import annotations

from collections.abc import Iterable

from whilec.diagnostics.model import Code, Example, Fix, Label
from whilec.semantics import sizes
from whilec.semantics.context import MaybeType, UnitContext, value_type
from whilec.semantics.static import StaticValue
from whilec.semantics.types import Kind, Shape, ValueType
from whilec.syntax import ast

SHAPE_MISMATCH = Code(
    "E0207",
    "shapes that do not agree",
    """
Arithmetic and functions work element by element on arrays of equal shape, and between an array
and a scalar. An array can be assigned to an array of the same shape, and passed where that shape is
declared. Sizes agree only if they are the same for every call: `n` and `m` may differ, so declare
both arrays with `n` if they are always equally long.
""",
    Example("PROGRAM p(a: real[n], b: real[m]) -> c: real[n]\nc := a + b\n"),
)
NOT_STATIC = Code(
    "E0209",
    "a value that must be known before the program runs",
    """
The bounds and the step of a FOR, the sizes of arrays and the arguments of `div` and `mod` must be
static integers: whole numbers, FOR variables, shape variables, integer CONSTs, `len(a)`, and
`+ - * min max abs sign clamp div mod` of them. A variable is not static, even if it never changes.
To repeat something as often as a variable says, use `LOOP x DO .. END`.
""",
    Example("PROGRAM p(x: int) -> y: int\nFOR i FROM 1 TO x DO y := y + i END\n"),
)
DEGREE_AS_NUMBER = Code(
    "E0214",
    "a condition where a number is needed",
    """
A condition such as `a < b` has a degree of truth, which is not a number of the language. The
function `degree` turns it into one: `x := degree(a < b)` gives 1 where it is true, 0 where it is
false, and something between where a smooth mode cannot tell.
""",
    Example("PROGRAM p(a: real, b: real) -> x: real\nx := a < b\n"),
)
NUMBER_AS_CONDITION = Code(
    "E0215",
    "a number where a condition is needed",
    """
WHILE, IF, AND, OR, NOT and `degree` take conditions: comparisons with `= != < <= > >=` and what is
built of them. A number is no condition; write what is to be compared with it, often `x != 0`.
""",
    Example("x0 := x1\nWHILE x0 DO x0 := x0 - 1 END\n"),
)
ARRAY_AS_SCALAR = Code(
    "E0221",
    "an array where a single number is needed",
    """
Comparisons, indices, the count of a LOOP and a steepness take single numbers. Of an array, say which
element is meant, `a[i]`, or reduce it to one number: `sum(a)`, `mean(a)`, `dot(a, b)`.
""",
    Example("PROGRAM p(a: real[n]) -> x: real\nIF a > 0 THEN x := 1 END\n"),
)


def numeric(unit: UnitContext, expr: ast.Expr) -> MaybeType:
    """The type of an expression that must be a number or an array."""
    found = unit.infer(expr)
    if found is None or found.kind is not Kind.DEGREE:
        return found
    text = unit.program.source.snippet(expr.span)
    wrapped = f"degree{text}" if _is_wrapped(text) else f"degree({text})"
    unit.report(
        DEGREE_AS_NUMBER,
        "a condition is used as a number",
        expr.span,
        "has a degree of truth, not a value",
        hint=f"turn it into a number: `{wrapped}`"
        if len(text) < 60 and "\n" not in text
        else "use `degree(..)`",
        fix=Fix(expr.span, wrapped),
    )
    return None


def _is_wrapped(text: str) -> bool:
    """Whether a text is one expression in parentheses."""
    if not text.startswith("("):
        return False
    depth = 0
    for position, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return position == len(text) - 1
    return False


def scalar(unit: UnitContext, expr: ast.Expr, place: str) -> MaybeType:
    """The type of an expression that must be a single number; `place` says where it stands."""
    found = numeric(unit, expr)
    if found is None or not found.shape:
        return found
    unit.report(
        ARRAY_AS_SCALAR,
        f"{place} must be a single number, but this is an array of shape {sizes.spell_shape(found.shape)}",
        expr.span,
        "an array",
        labels=declared_label(unit, expr, found),
        hint="name an element, as in `a[i]`, or use `sum`, `mean` or `dot`",
    )
    return None


_TRUTHS = {
    word: condition
    for upper, condition in (("TRUE", "1 = 1"), ("FALSE", "1 != 1"))
    for word in (upper, upper.lower(), upper.capitalize())
}
"""Conditions that mean what the constants of other languages mean."""


def condition(unit: UnitContext, expr: ast.Expr) -> None:
    """Infer an expression that must be a condition."""
    found = unit.infer(expr)
    if found is None or found.kind is Kind.DEGREE:
        return
    text = unit.program.source.snippet(expr.span)
    is_own = text in unit.facts.assigned or text in unit.declared or text in unit.program.globals
    truth = None if is_own else _TRUTHS.get(text)
    compared = truth or f"{text} != 0"
    hint = f"write `{truth}`" if truth else f"compare it: `{compared}`"
    unit.report(
        NUMBER_AS_CONDITION,
        "a number is used as a condition",
        expr.span,
        f"this is {described(found)}",
        hint=hint if len(text) < 60 and "\n" not in text else "compare it with `!= 0`",
        fix=Fix(expr.span, compared) if not found.shape and isinstance(expr, ast.Name | ast.Index) else None,
    )


STATIC_HINT = "use whole numbers, FOR variables, shape variables, integer CONSTs and `len(a)`"


def static_integer(unit: UnitContext, expr: ast.Expr, place: str, hint: str = STATIC_HINT) -> bool:
    """Infer an expression that must be a static integer, and say whether it is one."""
    found = scalar(unit, expr, place)
    if found is None:
        return False
    if found.kind is Kind.STATIC:
        return True
    culprit = _first_dynamic(unit, expr)
    unit.report(
        NOT_STATIC,
        f"{place} must be known before the program runs",
        culprit.span,
        "a real number, not a static integer"
        if isinstance(culprit, ast.Number)
        else f"{described(found)}, not static",
        hint=hint,
    )
    return False


def static_size(unit: UnitContext, expr: ast.Expr, place: str) -> StaticValue | None:
    """The value of an expression that must be a static integer, outside of loops."""
    return unit.static_value(expr) if static_integer(unit, expr, place) else None


def join(unit: UnitContext, operands: Iterable[tuple[ast.Expr, MaybeType]]) -> Shape | None:
    """The common shape of operands taken element by element; None if unknown."""
    shape: Shape = ()
    giver: ast.Expr | None = None
    is_known = True
    for expr, found in operands:
        if found is None:
            is_known = False
        elif found.shape and giver is None:
            shape, giver = found.shape, expr
        elif found.shape and giver is not None and sizes.shapes_differ(shape, found.shape):
            unit.report(
                SHAPE_MISMATCH,
                f"shapes {sizes.spell_shape(shape)} and {sizes.spell_shape(found.shape)} do not go together",
                expr.span,
                f"shape {sizes.spell_shape(found.shape)}",
                labels=(
                    Label(giver.span, f"shape {sizes.spell_shape(shape)}"),
                    *declared_label(unit, expr, found),
                ),
                hint=mismatch_hint(shape, found.shape),
            )
            return None
    return shape if is_known or shape else None


def elementwise(kind: Kind, shape: Shape | None) -> MaybeType:
    """The type of a result of known or unknown shape."""
    return None if shape is None else value_type(kind, shape)


def mismatch_hint(left: Shape, right: Shape) -> str | None:
    """What to type where two shapes differ."""
    if len(left) != len(right):
        return "take a sub-array, `a[i]`, or work on the elements in a FOR"
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if sizes.differ(a, b)]
    for a, b in pairs:
        name, size = (b, a) if isinstance(a, int) else (a, b)
        if isinstance(name, int):
            continue
        if isinstance(size, int):
            return f"`{name}` may be another size than {size}; if it never is, declare it as {size}"
        return f"`{a}` and `{b}` may differ; if they never do, use the same name in both declarations"
    return None


def declared_label(unit: UnitContext, expr: ast.Expr, found: ValueType) -> tuple[Label, ...]:
    """A label at the declaration of the variable that an expression names."""
    name = expr.array if isinstance(expr, ast.Index) else expr
    place = unit.declaration(name.id) if isinstance(name, ast.Name) else None
    if place is None or place == name.span:
        return ()
    return (Label(place, "declared here" if isinstance(expr, ast.Index) else f"declared here as {found}"),)


def described(found: ValueType) -> str:
    """`a real number`, `an int`, `an array of shape [n]`."""
    if found.shape:
        return f"an array of shape {sizes.spell_shape(found.shape)}"
    return {Kind.STATIC: "a whole number", Kind.INT: "an int", Kind.REAL: "a real number"}.get(
        found.kind, "a condition"
    )


def _first_dynamic(unit: UnitContext, expr: ast.Expr) -> ast.Expr:
    """The smallest part that keeps an expression from being static."""
    children: tuple[ast.Expr, ...] = ()
    match expr:
        case ast.Negate():
            children = (expr.operand,)
        case ast.Binary() if expr.op != "/":
            children = (expr.left, expr.right)
        case ast.Call():
            children = tuple(argument.value for argument in expr.arguments)
        case _:
            pass
    for child in children:
        found = unit.types.get(id(child))
        if found is not None and found.kind is not Kind.STATIC:
            return _first_dynamic(unit, child)
    return expr
