"""The parameters and the `return` of a Python function: inputs, PARAMs and outputs."""

from __future__ import annotations

import ast as python
from collections.abc import Sequence

from whilec.diagnostics.model import Code
from whilec.source import Span
from whilec.syntax import ast
from whilec.syntax.python import outside
from whilec.syntax.python.example import decorated
from whilec.syntax.python.expressions import Expressions
from whilec.syntax.python.types import ANNOTATION, annotated_type, parameter_type
from whilec.syntax.python.unit import Unit

PARAMETER = Code(
    "E0145",
    "a parameter that is neither an input nor a PARAM",
    """
Positional parameters are the inputs of the program, and every input must be given. Parameters after a `*`
have a start value and become trainable PARAMs: `def f(x, *, w: whilec.Real = 1.0)`. There are no `*args` and
`**kwargs`, because the number of inputs of a program is fixed.
""",
    decorated("x = x * scale\nreturn x", "def f(x, scale=2.0):"),
)


OUTPUT = Code(
    "E0146",
    "a `return` that does not name the outputs",
    """
The last statement of the function is `return y` or `return a, b`: it names the variables that are the
outputs of the program. A smooth program cannot be left early, because every path through it counts to a
degree; assign to a variable in the arms of an `if` and return this variable at the end.
""",
    decorated("if x > 0:\n    return x\nreturn x"),
)


def read_inputs(unit: Unit, expressions: Expressions, node: python.FunctionDef) -> tuple[ast.Binding, ...]:
    """The positional parameters; reports those that a program cannot have."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    for default, parameter in zip(reversed(arguments.defaults), reversed(positional), strict=False):
        unit.report(
            PARAMETER,
            f"the input `{parameter.arg}` has a default",
            default,
            "every input must be given",
            f"leave it out; or make `{parameter.arg}` a PARAM: write it after a `*` in the list",
        )
    for spread, sign in ((arguments.vararg, "*"), (arguments.kwarg, "**")):
        if spread is not None:
            unit.report(
                PARAMETER,
                f"there are no parameters such as `{sign}{spread.arg}`",
                spread,
                "any number of them",
                "name each input",
            )
    found: list[ast.Binding] = []
    for parameter in positional:
        kind = None
        if parameter.annotation is not None:
            kind = parameter_type(unit, parameter.annotation, expressions.translate)
        if kind is not None and kind.dims:
            unit.sizes[parameter.arg] = kind.dims
        name = unit.name_at(parameter.arg, _name_place(unit, parameter))
        found.append(ast.Binding(name, kind, span=unit.span(parameter)))
    return tuple(found)


def read_parameters(unit: Unit, expressions: Expressions, node: python.FunctionDef) -> None:
    """Declare the keyword-only parameters as PARAMs."""
    for parameter, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        name = unit.name_at(parameter.arg, _name_place(unit, parameter))
        if default is None:
            unit.report(
                PARAMETER,
                f"the PARAM `{parameter.arg}` has no start value",
                parameter,
                "trainable, because it stands after `*`",
                f"write `{parameter.arg}=1.0`, or move it before the `*`",
            )
            continue
        kind = None
        if parameter.annotation is not None:
            kind = annotated_type(unit, parameter.annotation, expressions.translate)
        kind = kind or ast.TypeExpr("real", (), span=unit.span(parameter))
        value = expressions.translate(default)
        if parameter.arg in unit.parts.parameters:
            unit.report(
                PARAMETER,
                f"two functions of the program have a PARAM `{parameter.arg}`",
                parameter,
                "the other one belongs to a function that is called, or that calls this one",
                "rename one of the two",
            )
        unit.parts.parameters[parameter.arg] = ast.Param(name, kind, value, span=unit.span(parameter))


def read_outputs(
    unit: Unit, expressions: Expressions, node: python.FunctionDef, inputs: Sequence[ast.Binding]
) -> tuple[ast.Binding, ...]:
    """The outputs that the last statement returns, with the types of the annotation."""
    last = node.body[-1]
    if not isinstance(last, python.Return) or last.value is None:
        place = last if isinstance(last, python.Return) else unit.places.name(node)
        unit.report(
            OUTPUT,
            f"`{node.name}` returns nothing",
            place,
            "no outputs",
            "end the function with `return y`, where `y` is the variable with the result",
        )
        return ()
    written = last.value.elts if isinstance(last.value, python.Tuple) else [last.value]
    kinds = _result_types(unit, expressions, node, len(written))
    types = {binding.name.id: binding.type for binding in inputs}
    found: list[ast.Binding] = []
    for value, kind in zip(written, kinds, strict=True):
        if not isinstance(value, python.Name) or not (value.id in unit.locals or value.id in unit.shapes):
            expressions.translate(value)
            unit.report(
                OUTPUT,
                "outputs are variables",
                value,
                "not a variable",
                f"assign it first: `y = {_shortened(python.unparse(value))}`, then `return y`",
            )
            continue
        if value.id in types and (types[value.id] == kind or (types[value.id] is None and kind == _SCALAR)):
            kind = None  # an output that is an input has its type
        found.append(ast.Binding(unit.name_at(value.id, value), kind, span=unit.span(value)))
    return tuple(found)


_SCALAR = ast.TypeExpr("real", (), span=Span(0, 0))


def _result_types(
    unit: Unit, expressions: Expressions, node: python.FunctionDef, count: int
) -> list[ast.TypeExpr | None]:
    annotation = node.returns
    if annotation is None:
        return [None] * count
    parts = [annotation]
    if isinstance(annotation, python.Subscript) and _is_tuple(unit, annotation.value):
        inner = annotation.slice
        parts = inner.elts if isinstance(inner, python.Tuple) else [inner]
    if len(parts) != count:
        unit.report(
            ANNOTATION,
            f"{count} variable{'s are' if count > 1 else ' is'} returned, but {len(parts)} annotated",
            annotation,
            f"{len(parts)} type{'s' if len(parts) > 1 else ''}",
            "write `-> tuple[whilec.Real, whilec.Int]`, with a type for each output",
        )
        return [None] * count
    return [annotated_type(unit, part, expressions.translate) for part in parts]


def _is_tuple(unit: Unit, node: python.expr) -> bool:
    return outside.resolve(node, unit.namespace) is tuple


def _name_place(unit: Unit, parameter: python.arg) -> Span:
    span = unit.places.span(parameter)
    return span._replace(end=span.start + len(parameter.arg))


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else "..."
