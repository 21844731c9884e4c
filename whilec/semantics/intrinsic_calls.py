"""Types of calls of `algonet_runtime`'s operations, from their signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from algonet_runtime.intrinsic import Parameter, ResultSpec, Signature
from whilec.diagnostics.model import Code, Example, Label
from whilec.diagnostics.suggest import nearest
from whilec.semantics import sizes
from whilec.semantics.context import MaybeType, UnitContext, value_type
from whilec.semantics.operands import declared_label, described, numeric, scalar
from whilec.semantics.program import IntrinsicCall, Role
from whilec.semantics.types import Dim, Kind
from whilec.syntax import ast

UNKNOWN_OPTION = Code(
    "E0301",
    "an argument that the intrinsic does not have",
    """
An intrinsic takes the arguments of its signature, each once: positional ones first, then others by
name. `whilec explain soft_sort` shows the arguments of `soft_sort` with their meaning.
""",
    Example("PROGRAM p(a: real[n]) -> b: real[n]\nb := soft_sort(a, stepness = 8.0)\n"),
)
MISSING_ARGUMENT = Code(
    "E0302",
    "an intrinsic without an argument that it needs",
    """
Arguments without a default value must be given, by position or by name. `whilec explain soft_sort`
shows which arguments `soft_sort` has and which of them have a default.
""",
    Example("PROGRAM p(a: real[n]) -> b: real[n]\nb := soft_sort()\n"),
)
TOO_MANY = Code(
    "E0303",
    "an intrinsic with too many positional arguments",
    """
The call gives more arguments by position than the intrinsic takes so. Options such as `steepness` are
given by name: `soft_sort(a, steepness = 8.0)`.
""",
    Example("PROGRAM p(a: real[n]) -> b: real[n]\nb := soft_sort(a, a, a, a, a, a, a, a, a)\n"),
)
WRONG_SHAPE = Code(
    "E0304",
    "an argument of a shape that the intrinsic does not take",
    """
The signature of an intrinsic says how many dimensions each argument has, and which sizes must be
equal. Sizes of the program's inputs are equal only if they have the same name in its header.
""",
    Example("PROGRAM p(x: real) -> y: real\ny := sum(soft_sort(x))\n"),
)
NOT_COMPILE_TIME = Code(
    "E0305",
    "an option of an intrinsic that is not known before the program runs",
    """
Options of intrinsics, such as `steepness`, are numbers that are known before the program runs: a
literal, a CONST, a static integer, or an expression of these. Where a whole number is wanted, a real
one does not do.
""",
    Example("PROGRAM p(a: real[n], s: real) -> b: real[n]\nb := soft_sort(a, steepness = s)\n"),
)

UNKNOWN_WORD = Code(
    "E0306",
    "a word that an option of an intrinsic does not know",
    """
Some options of intrinsics are words, such as `network = bitonic` of `soft_sort`. They are written as names,
and are no variables. `whilec explain soft_sort` shows which words there are.
""",
    Example("PROGRAM p(a: real[n]) -> b: real[n]\nb := soft_sort(a, network = quick)\n"),
)


NOT_WHOLE = Code(
    "E0307",
    "an argument of an intrinsic that must hold whole numbers",
    """
Some arguments of intrinsics are indices, such as `faces` of `render_silhouette`, the corners of triangles.
They are declared as `int` or `nat`; real numbers between two indices mean nothing.
""",
    Example(
        "PROGRAM p(v: real[n, 3], f: real[m, 3], eye: real[3]) -> s: real[8, 8]\n"
        "s := render_silhouette(v, f, eye, size = 8)\n"
    ),
)


def check_intrinsic(unit: UnitContext, call: ast.Call, signature: Signature) -> Sequence[MaybeType] | None:
    """The types of an intrinsic's results; None after a reported error."""
    arguments = _sorted_arguments(unit, call, signature)
    if arguments is None:
        for argument in call.arguments:
            unit.infer(argument.value)
        return None
    bound: dict[str, Dim] = {}
    givers: dict[str, ast.Expr] = {}
    shape: list[Dim] = []
    """Of an argument of any shape."""
    words: dict[str, str] = {}
    is_fine = True
    for parameter in signature.parameters:
        value = arguments.get(parameter.name)
        if value is None:
            if isinstance(parameter.default, int):
                bound.setdefault(parameter.name, parameter.default)
        elif parameter.kind == "word":
            is_fine = _bind_word(unit, signature, parameter, value, words) and is_fine
        elif parameter.kind == "tensor":
            is_fine = _bind_tensor(unit, signature, parameter, value, bound, givers, shape) and is_fine
        else:
            is_fine = _bind_number(unit, signature, parameter, value, bound) and is_fine
    if not is_fine:
        unit.callees[id(call)] = IntrinsicCall(signature, arguments, (), words)
        return None
    results = tuple(_result(unit, call, result, bound, shape) for result in signature.results)
    known = tuple(result for result in results if result is not None)
    expressions = {name: value for name, value in arguments.items() if name not in words}
    unit.callees[id(call)] = IntrinsicCall(signature, expressions, known, words)
    return results


def _sorted_arguments(
    unit: UnitContext, call: ast.Call, signature: Signature
) -> Mapping[str, ast.Expr] | None:
    """The arguments by parameter; None after a reported error."""
    by_place = [parameter for parameter in signature.parameters if not parameter.keyword_only]
    known = {parameter.name: parameter for parameter in signature.parameters}
    found: dict[str, ast.Expr] = {}
    is_fine = True
    positional = [argument for argument in call.arguments if argument.name is None]
    if len(positional) > len(by_place):
        most = len(by_place)
        unit.report(
            TOO_MANY,
            f"`{signature.name}` takes {most} argument{'' if most == 1 else 's'} by position, "
            f"but gets {len(positional)}",
            positional[most].span,
            "one too many",
            hint=f"call it as {_usage(signature)}",
        )
        is_fine = False
    for parameter, argument in zip(by_place, positional, strict=False):
        found[parameter.name] = argument.value
    for argument in call.arguments:
        name = argument.name
        if name is None:
            continue
        if name.id not in known or name.id in found:
            near = nearest(name.id, known)
            given_twice = name.id in found
            unit.report(
                UNKNOWN_OPTION,
                f"argument `{name.id}` is given twice"
                if given_twice
                else f"`{signature.name}` has no argument `{name.id}`",
                name.span,
                "given twice" if given_twice else "unknown argument",
                hint=f"did you mean `{near}`?"
                if near and not given_twice
                else f"call it as {_usage(signature)}",
            )
            is_fine = False
        found.setdefault(name.id, argument.value)
    missing = [
        p.name for p in signature.parameters if p.required and p.default is None and p.name not in found
    ]
    if missing and is_fine:
        unit.report(
            MISSING_ARGUMENT,
            f"`{signature.name}` needs the argument `{missing[0]}`",
            call.span,
            f"`{missing[0]}` is missing",
            hint=f"call it as {_usage(signature)}",
        )
        is_fine = False
    return {name: found[name] for name in known if name in found} if is_fine else None


def _bind_tensor(
    unit: UnitContext,
    signature: Signature,
    parameter: Parameter,
    value: ast.Expr,
    bound: dict[str, Dim],
    givers: dict[str, ast.Expr],
    shape: list[Dim],
) -> bool:
    found = numeric(unit, value)
    if found is None:
        return False
    if parameter.is_whole and found.kind is Kind.REAL:
        unit.report(
            NOT_WHOLE,
            f"`{parameter.name}` of `{signature.name}` must hold whole numbers, not {described(found)}",
            value.span,
            described(found),
            hint=f"declare it as `int[{', '.join(parameter.dims)}]`",
            labels=declared_label(unit, value, found),
        )
        return False
    if parameter.dims == ("...",):
        shape.extend(found.shape)
        return True
    if len(found.shape) != len(parameter.dims):
        target = f"an array [{', '.join(parameter.dims)}]" if parameter.dims else "a single number"
        unit.report(
            WRONG_SHAPE,
            f"`{parameter.name}` of `{signature.name}` must be {target}, not {described(found)}",
            value.span,
            described(found),
            labels=declared_label(unit, value, found),
        )
        return False
    for name, size in zip(parameter.dims, found.shape, strict=True):
        expected = int(name) if name.isdecimal() else bound.setdefault(name, size)
        giver = givers.setdefault(name, value)
        if name.isdecimal() and sizes.differ(expected, size):
            unit.report(
                WRONG_SHAPE,
                f"`{parameter.name}` of `{signature.name}` must be an array [{', '.join(parameter.dims)}], "
                f"not {described(found)}",
                value.span,
                described(found),
                labels=declared_label(unit, value, found),
            )
            return False
        if sizes.differ(expected, size):
            unit.report(
                WRONG_SHAPE,
                f"`{signature.name}` needs equal sizes {name}, but gets {expected} and {size}",
                value.span,
                f"{name} is {size} here",
                labels=(Label(giver.span, f"{name} is {expected} here"), *declared_label(unit, value, found)),
            )
            return False
    return True


def _bind_number(
    unit: UnitContext, signature: Signature, parameter: Parameter, value: ast.Expr, bound: dict[str, Dim]
) -> bool:
    found = scalar(unit, value, f"`{parameter.name}`")
    if found is None:
        return False
    is_known = found.kind is Kind.STATIC or (parameter.kind == "real" and _is_constant(unit, value))
    if not is_known:
        kind = "whole number" if parameter.kind == "int" else "number"
        unit.report(
            NOT_COMPILE_TIME,
            f"`{parameter.name}` of `{signature.name}` must be a {kind} known before the program runs",
            value.span,
            described(found),
            hint=f"use a literal or a CONST: `{parameter.name} = {8 if parameter.kind == 'int' else 8.0}`",
        )
        return False
    if found.kind is Kind.STATIC and parameter.kind == "int" and not unit.counters:
        size = unit.static_value(value)
        if size is None:
            return False
        if not isinstance(size, float):
            bound.setdefault(parameter.name, size)
    elif parameter.kind == "real" and not unit.counters:
        return unit.static_value(value) is not None
    return True


def _bind_word(
    unit: UnitContext,
    signature: Signature,
    parameter: Parameter,
    value: ast.Expr,
    words: dict[str, str],
) -> bool:
    if isinstance(value, ast.Name) and value.id in parameter.words:
        words[parameter.name] = value.id
        return True
    near = nearest(value.id, parameter.words) if isinstance(value, ast.Name) else None
    unit.report(
        UNKNOWN_WORD,
        f"`{parameter.name}` of `{signature.name}` is one of {', '.join(parameter.words)}",
        value.span,
        "none of these words",
        hint=f"did you mean `{near}`?" if near else f"write `{parameter.name} = {parameter.words[0]}`",
    )
    return False


def _is_constant(unit: UnitContext, expr: ast.Expr) -> bool:
    """Whether an expression is made of literals, CONSTs and static integers."""
    pending = [expr]
    while pending:
        part = pending.pop()
        found = unit.types.get(id(part))
        is_static = found is not None and found.kind is Kind.STATIC
        match part:
            case ast.Number():
                pass
            case ast.Name() if is_static and unit.role(part.id) is not Role.COUNTER:
                pass
            case ast.Call() if is_static and part.function.id == "len":
                pass
            case ast.Name() if unit.role(part.id) is Role.CONST:
                pass
            case ast.Negate():
                pending.append(part.operand)
            case ast.Binary():
                pending += (part.left, part.right)
            case ast.Call() if all(argument.name is None for argument in part.arguments):
                pending += (argument.value for argument in part.arguments)
            case _:
                return False
    return True


def _result(
    unit: UnitContext, call: ast.Call, result: ResultSpec, bound: Mapping[str, Dim], shape: Sequence[Dim]
) -> MaybeType:
    if result.dims == ("...",):
        return value_type(Kind.REAL, tuple(shape))
    known: list[Dim] = []
    for dim in result.dims:
        size = dim if isinstance(dim, int) else bound.get(dim)
        if size is None:
            unit.report(
                NOT_COMPILE_TIME,
                f"the size `{dim}` of the result of `{call.function.id}` must not change from call to call",
                call.span,
                "its size is not the same in every trip of the FOR",
                hint=f"use a literal or a CONST for `{dim}`",
            )
            return None
        known.append(size)
    return value_type(Kind.REAL, tuple(known))


def _usage(signature: Signature) -> str:
    parts = [
        f"{p.name} = {p.default}" if p.default is not None else f"{p.name} = .." if p.keyword_only else p.name
        for p in signature.parameters
    ]
    return f"`{signature.name}({', '.join(parts)})`"
