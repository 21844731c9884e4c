"""Declarations: names and their types, CONST and PARAM."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from whilec.diagnostics.model import Code, Example, Label
from whilec.semantics import sizes
from whilec.semantics.assignments import check_value
from whilec.semantics.builtins import BUILTINS
from whilec.semantics.context import REAL, STATIC, MaybeType, UnitContext, value_type
from whilec.semantics.expressions import report_unknown
from whilec.semantics.operands import numeric, scalar, static_size
from whilec.semantics.program import Role, Variable
from whilec.semantics.static import NOT_CONSTANT
from whilec.semantics.types import Dim, Kind, Shape, SymbolicSize, ValueType, spell
from whilec.source import Span
from whilec.syntax import ast

DECLARED_TWICE = Code(
    "E0202",
    "a name that is declared twice",
    """
Within the program, and within each DEF, a name stands for one thing: an input, an output, a shape
variable, a CONST, a PARAM or a VAR. CONSTs and PARAMs are visible in every DEF, so its names must
differ from theirs. Rename one of the two. (An output may be an input as well, and may have a VAR that
gives its start value.)
""",
    Example("CONST a = 1\nVAR a: int\nx0 := a\n"),
)
BAD_SIZE = Code(
    "E0222",
    "an array size that is not possible",
    """
An array has at most 10,000,000 elements, its sizes are not negative, and the size of an input is at
least 1. A size that is computed, such as `n - 2`, must be possible for the arrays that the program is
called with.
""",
    Example("VAR t: int[0 - 3]\nx0 := x1\n"),
)
CONFLICTING_TYPES = Code(
    "E0233",
    "an output with two different types",
    """
An output that is also an input has the input's type, and one VAR may give an output a start value.
Where the type is written twice it must be the same. Write it once: leave out the type after `->`.
""",
    Example("PROGRAM p(x: int) -> x: real\nx := x + 1\n"),
)
PARAM_TYPE = Code(
    "E0227",
    "a PARAM that is not real, or of a size that the call decides",
    """
A PARAM is a number, or an array of numbers, that training changes: it is `real`, and it exists before
any input does, so its sizes are constants. Use `CONST` for a number that does not change, and a number
or an integer CONST for the size.
""",
    Example("PARAM w: int = 1\nx0 := x1\n"),
)

MAX_ELEMENTS = 10**7
"""The most elements that an array may have."""


def declare(
    unit: UnitContext,
    name: ast.Name,
    role: Role,
    found: MaybeType,
    *,
    start: ast.Expr | None = None,
    hint: str = "rename one of the two",
) -> bool:
    """Add a name to the unit; reports one that is taken."""
    if name.id in unit.variables or name.id in unit.program.globals or name.id in unit.program.broken:
        place = unit.declaration(name.id)
        report_twice(unit, name.id, name.span, place, hint)
        unit.ambiguous.add(name.id)
        unit.names[name.id] = None
        return False
    unit.variables[name.id] = (role, name.span, start)
    unit.names[name.id] = found
    return True


def report_twice(unit: UnitContext, name: str, span: Span, other: Span | None, hint: str) -> None:
    """Report a name with two declarations, at the later one."""
    first, second = sorted((span, other or span))
    unit.report(
        DECLARED_TWICE,
        f"`{name}` is declared twice",
        second,
        "declared again",
        labels=() if first == second else (Label(first, "declared first"),),
        hint=hint,
    )


def declared_type(unit: UnitContext, written: ast.TypeExpr, *, least: int = 0) -> MaybeType:
    """The type that is written; None after a reported error."""
    kind = Kind.INT if written.kind == "int" else Kind.REAL
    dims: list[Dim] = []
    is_fine = True
    for dim in written.dims:
        size = static_size(unit, dim, "the size of an array")
        if size is None or isinstance(size, float):
            is_fine = False
        elif isinstance(size, int) and size < least:
            report_bad_size(unit, dim.span, size, least)
            is_fine = False
        else:
            dims.append(size)
    if not is_fine or not check_elements(unit, written.span, tuple(dims)):
        return None
    return value_type(kind, tuple(dims))


def report_bad_size(unit: UnitContext, span: Span, size: int, least: int) -> None:
    """Report a size below the least one."""
    unit.report(
        BAD_SIZE,
        f"the size of an array must be at least {least}, not {spell(size)}",
        span,
        f"this is {spell(size)}",
        hint="use a larger size",
    )


def check_elements(unit: UnitContext, span: Span, shape: Shape) -> bool:
    """Whether an array of this shape is not too large."""
    known = [size for size in shape if isinstance(size, int)]
    elements = math.prod(known)
    if elements <= MAX_ELEMENTS or 0 in known:
        return True
    shown = f"{elements:,}" if elements < 10**30 else "far too many"
    unit.report(
        BAD_SIZE,
        f"an array of shape {sizes.spell_shape(shape)} has too many elements",
        span,
        f"{shown} elements",
        notes=(f"an array has at most {MAX_ELEMENTS:,} elements",),
        hint="use a smaller size",
    )
    return False


# ---- CONST and PARAM ---------------------------------------------------------------------------


def declare_const(unit: UnitContext, item: ast.Const) -> None:
    """Compute a CONST and make it visible."""
    value = _constant(unit, item.value, "the value of a CONST")
    if _is_taken(unit, item.name):
        return
    program = unit.program
    if value is None:
        program.broken.add(item.name.id)
        return
    found = STATIC if isinstance(value, int) else REAL
    program.globals[item.name.id] = Variable(item.name.id, Role.CONST, found, item.name.span, item.value)
    program.constants[item.name.id] = value


def declare_param(unit: UnitContext, item: ast.Param, shape_names: Iterable[str]) -> None:
    """Check a PARAM and make it visible."""
    found = _param_type(unit, item, frozenset(shape_names))
    _constant(unit, item.value, "the value of a PARAM")
    if _is_taken(unit, item.name):
        return
    program = unit.program
    if found is None:
        program.broken.add(item.name.id)
        return
    program.globals[item.name.id] = Variable(item.name.id, Role.PARAM, found, item.name.span, item.value)


def _is_taken(unit: UnitContext, name: ast.Name) -> bool:
    if name.id not in unit.program.globals and name.id not in unit.program.broken:
        return False
    report_twice(unit, name.id, name.span, unit.declaration(name.id), "rename one of the two")
    return True


def _param_type(unit: UnitContext, item: ast.Param, shape_names: frozenset[str]) -> MaybeType:
    written = item.type
    is_fine = written.kind == "real"
    if not is_fine:
        unit.report(
            PARAM_TYPE,
            f"the PARAM `{item.name.id}` must be real",
            written.span,
            "training needs real numbers",
            hint=f"`PARAM {item.name.id}: real = ..`, or `CONST {item.name.id} = ..` if it never changes",
        )
    for dim in written.dims:
        sizes_used = [part for part in parts(dim) if isinstance(part, ast.Name) and part.id in shape_names]
        if sizes_used:
            unit.report(
                PARAM_TYPE,
                f"the size of the PARAM `{item.name.id}` depends on an input",
                sizes_used[0].span,
                "a shape variable, known only in a call",
                hint="use a number or an integer CONST as its size",
            )
            return None
    found = declared_type(unit, written, least=1)
    return found if is_fine else None


def _constant(unit: UnitContext, expr: ast.Expr, place: str) -> int | float | None:
    """The value of a constant; None after a reported error."""
    for part in parts(expr):
        match part:
            case ast.Name() if part.id not in unit.program.globals:
                if part.id not in unit.program.broken:
                    _report_inconstant_name(unit, part, place)
                return None
            case ast.Call() if part.function.id not in BUILTINS:
                unit.report(
                    NOT_CONSTANT,
                    f"{place} cannot call `{part.function.id}`",
                    part.span,
                    "called only when the program runs",
                    hint="use numbers, `+ - * /`, other CONSTs, and functions such as `sqrt` or `max`",
                )
                return None
            case _:
                pass
    if scalar(unit, expr, place) is None:
        return None
    value = unit.static_value(expr)
    return None if isinstance(value, SymbolicSize) else value


def _report_inconstant_name(unit: UnitContext, name: ast.Name, place: str) -> None:
    if name.id in unit.facts.first or name.id in unit.later:
        unit.report(
            NOT_CONSTANT,
            f"{place} cannot use `{name.id}`",
            name.span,
            "not known before the program runs",
            hint="use numbers and CONSTs that are declared above",
        )
    else:
        report_unknown(unit, name, "no constant of this name")


def parts(expr: ast.Expr) -> Sequence[ast.Expr]:
    """An expression and all its parts, outermost first."""
    found: list[ast.Expr] = []
    pending: list[ast.Expr] = [expr]
    while pending:
        part = pending.pop()
        found.append(part)
        match part:
            case ast.Index():
                pending += (*reversed(part.indices), part.array)
            case ast.Negate() | ast.Not():
                pending.append(part.operand)
            case ast.Binary() | ast.Connective():
                pending += (part.right, part.left)
            case ast.Compare():
                pending += (
                    (part.right, part.left)
                    if part.steepness is None
                    else (part.steepness, part.right, part.left)
                )
            case ast.Call():
                pending += (argument.value for argument in reversed(part.arguments))
            case _:
                pass
    return found


# ---- VAR ---------------------------------------------------------------------------------------


def declare_var(unit: UnitContext, item: ast.Var, outputs: Iterable[str]) -> None:
    """Declare a VAR, or the start value of an output."""
    found = declared_type(unit, item.type)
    value = None if item.start is None else numeric(unit, item.start)
    known = unit.variables.get(item.name.id)
    if known is not None and known[0] is Role.LOCAL and item.name.id in outputs:
        _redeclare_output(unit, item, found)
    else:
        declare(unit, item.name, Role.DECLARED, found, start=item.start)
    unit.declared.add(item.name.id)
    if item.start is not None and unit.variables.get(item.name.id, (None, None))[1] == item.name.span:
        check_value(unit, item.name, found, value, item.start)


def _redeclare_output(unit: UnitContext, item: ast.Var, found: MaybeType) -> None:
    """A VAR for an output: it must agree with the header's type."""
    name = item.name.id
    written = unit.names.get(name)
    if name in unit.declared and written is not None and found is not None and written != found:
        report_conflict(unit, name, item.type.span, found, written)
    unit.variables[name] = (Role.DECLARED, item.name.span, item.start)
    unit.names[name] = found


def report_conflict(unit: UnitContext, name: str, span: Span, found: ValueType, written: ValueType) -> None:
    """Report an output whose type is written twice, differently."""
    unit.report(
        CONFLICTING_TYPES,
        f"`{name}` is {found} here, but {written} elsewhere",
        span,
        f"{found} here",
        labels=(Label(unit.variables[name][1], f"{written} here"),),
        hint="write its type once",
    )
