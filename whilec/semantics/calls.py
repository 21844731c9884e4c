"""Types of calls: who is called, and calls of DEFs."""

from __future__ import annotations

from collections.abc import Sequence

from whilec.diagnostics.model import Code, Example, Label
from whilec.semantics import sizes
from whilec.semantics.arguments import ordered_arguments
from whilec.semantics.builtin_calls import check_builtin
from whilec.semantics.builtins import BUILTINS
from whilec.semantics.context import MaybeType, UnitContext, value_type
from whilec.semantics.intrinsic_calls import check_intrinsic
from whilec.semantics.operands import SHAPE_MISMATCH, declared_label, described, numeric
from whilec.semantics.problems import (
    report_argument_count,
    report_argument_order,
    report_unknown_argument,
)
from whilec.semantics.program import Builtin
from whilec.semantics.types import Kind
from whilec.syntax import ast

UNKNOWN_FUNCTION = Code(
    "E0204",
    "a function that does not exist",
    """
A call names a built-in function, a DEF of the program, or an intrinsic of `algonet_runtime`. Functions
have a name space of their own: a variable of that name does not count. Check the spelling, or define
the function: `DEF f(x) -> y .. END`.
""",
    Example("PROGRAM p(x: real) -> y: real\ny := sqr(x)\n"),
)
RESULT_COUNT = Code(
    "E0230",
    "a function with several results inside an expression",
    """
Inside an expression a call must give exactly one value. A function with several results is called in
an assignment of its own, with one target for each: `v, p := f(a)`.
""",
    Example(
        "PROGRAM p(x: real) -> y: real\nDEF two(a) -> b, c\n  b := a + 1\n  c := a\nEND\ny := two(x) * 2\n"
    ),
)
REAL_TO_INT = Code(
    "E0213",
    "a real number for an int variable",
    """
An `int` variable holds whole numbers only. Real are numbers with a point, PARAMs, every quotient
`a / b`, `mean`, `degree`, and functions such as `sqrt`. Declare the variable as `real`; in a program
without a header every variable is int, so give it a header. For a quotient of static integers that is
rounded down there is `div(a, b)`.
""",
    Example("PROGRAM half(x: int) -> y: int\ny := x / 2\n"),
)


def infer_call(unit: UnitContext, call: ast.Expr) -> MaybeType:
    """The type of a call inside an expression."""
    assert isinstance(call, ast.Call)
    results = call_results(unit, call)
    if results is None:
        return None
    if len(results) != 1:
        unit.report(
            RESULT_COUNT,
            f"`{call.function.id}` has {len(results)} results, but only one value fits here",
            call.span,
            f"gives {len(results)} values",
            hint=f"call it in an assignment of its own: `{', '.join('abcdefgh'[: len(results)])} := "
            f"{call.function.id}(..)`",
        )
        return None
    return results[0]


def call_results(unit: UnitContext, call: ast.Call) -> Sequence[MaybeType] | None:
    """The types of a call's results; None after an error."""
    name = call.function.id
    is_known = name in BUILTINS or name in unit.program.definitions or name in unit.program.intrinsics
    if is_known and report_argument_order(unit, call):
        for argument in call.arguments:
            unit.infer(argument.value)
        return None
    if name in BUILTINS:
        unit.callees[id(call)] = Builtin(name)
        return (check_builtin(unit, call, BUILTINS[name]),)
    if name in unit.program.definitions:
        return _definition_results(unit, call, unit.program.definitions[name])
    if name in unit.program.intrinsics:
        return check_intrinsic(unit, call, unit.program.intrinsics[name])
    for argument in call.arguments:
        unit.infer(argument.value)
    candidates = [*BUILTINS, *unit.program.definitions, *unit.program.intrinsics]
    near = _HABITS.get(name) or unit.program.nearest(name, candidates)
    if name in unit.names:
        hint = f"`{name}` is a variable; an element of an array is `{name}[i]`"
    elif near is not None:
        hint = f"did you mean `{near}`?"
    else:
        hint = f"define it: `DEF {name}(..) -> y .. END`"
    unit.report(
        UNKNOWN_FUNCTION, f"there is no function `{name}`", call.function.span, "not a function", hint=hint
    )
    return None


_HABITS = {
    "length": "len",
    "size": "len",
    "average": "mean",
    "logistic": "sigmoid",
    "power": "pow",
    "ln": "log",
}
"""What other languages call our functions."""


# ---- DEF ---------------------------------------------------------------------------------------


def _definition_results(unit: UnitContext, call: ast.Call, definition: ast.Def) -> Sequence[MaybeType] | None:
    name = call.function.id
    found = {id(argument.value): numeric(unit, argument.value) for argument in call.arguments}
    parameters = [parameter.name.id for parameter in definition.parameters]
    if not _is_complete(unit, call, definition, parameters):
        return None
    ordered = ordered_arguments(call, parameters)
    given = [None if argument is None else found[id(argument)] for argument in ordered]
    if None in given or name in unit.program.recursive:
        return tuple(None for _ in definition.results)
    kinds = [
        _parameter_type(unit, argument, given_type, parameter)
        for argument, given_type, parameter in zip(ordered, given, definition.parameters, strict=True)
    ]
    if None in kinds or not _shapes_fit(unit, call, definition, ordered, kinds):
        return tuple(None for _ in definition.results)
    instance = unit.program.instantiate(unit.program, name, tuple(kinds))
    unit.callees[id(call)] = instance.unit
    unit.instances[id(call)] = instance
    unit.oblige(call)
    return instance.results


def _is_complete(unit: UnitContext, call: ast.Call, definition: ast.Def, parameters: Sequence[str]) -> bool:
    """Whether each parameter gets exactly one argument."""
    usage = f"`{definition.name.id}({', '.join(parameters)})`"
    label = Label(definition.name.span, "defined here")
    positional = [argument for argument in call.arguments if argument.name is None]
    named = [argument.name for argument in call.arguments if argument.name is not None]
    if len(positional) > len(parameters) or len(positional) + len(named) != len(parameters):
        report_argument_count(unit, call, len(parameters), len(parameters), usage, (label,))
        return False
    taken = set(parameters[: len(positional)])
    for name in named:
        if name.id not in parameters or name.id in taken:
            report_unknown_argument(unit, call, name, parameters, is_repeated=name.id in taken)
            return False
        taken.add(name.id)
    return True


def _parameter_type(
    unit: UnitContext, argument: ast.Expr | None, given: MaybeType, parameter: ast.Binding
) -> MaybeType:
    """The type that a parameter takes from its argument; None after an error."""
    if argument is None or given is None:
        return None
    declared = parameter.type
    if declared is None:
        return value_type(max(given.kind, Kind.INT), given.shape)
    if len(declared.dims) != len(given.shape):
        wanted = _dimensions(len(declared.dims))
        unit.report(
            SHAPE_MISMATCH,
            f"`{parameter.name.id}` must be {wanted}, but the argument is {described(given)}",
            argument.span,
            described(given),
            labels=(Label(parameter.span, f"declared as {wanted}"), *declared_label(unit, argument, given)),
        )
        return None
    if declared.kind == "int" and given.kind is Kind.REAL:
        unit.report(
            REAL_TO_INT,
            f"`{parameter.name.id}` is an int, but the argument is real",
            argument.span,
            "a real number",
            labels=(Label(parameter.span, "declared as int"),),
            hint=f"declare the parameter as `{parameter.name.id}: real`",
        )
        return None
    return value_type(Kind.INT if declared.kind == "int" else Kind.REAL, given.shape)


def _dimensions(count: int) -> str:
    return "a single number" if not count else f"an array with {count} dimension{'s' if count > 1 else ''}"


def _shapes_fit(
    unit: UnitContext,
    call: ast.Call,
    definition: ast.Def,
    arguments: Sequence[ast.Expr | None],
    types: Sequence[MaybeType],
) -> bool:
    """Whether the sizes of the arguments agree with the parameters' and with each other."""
    bound: dict[str, sizes.Dim] = {}
    for parameter, argument, found in zip(definition.parameters, arguments, types, strict=True):
        if parameter.type is None or argument is None or found is None:
            continue
        for dim, size in zip(parameter.type.dims, found.shape, strict=True):
            if isinstance(dim, ast.Name):
                wanted = bound.setdefault(dim.id, size)
                spelt = f"{dim.id} = {wanted}"
            elif isinstance(dim, ast.Number) and isinstance(dim.value, int):
                wanted = dim.value
                spelt = str(wanted)
            else:
                continue
            if sizes.differ(wanted, size):
                unit.report(
                    SHAPE_MISMATCH,
                    f"`{parameter.name.id}` must have size {spelt}, but the argument has shape "
                    f"{sizes.spell_shape(found.shape)}",
                    argument.span,
                    f"size {size}",
                    labels=(Label(dim.span, "the size wanted"), *declared_label(unit, argument, found)),
                )
                return False
    return True
