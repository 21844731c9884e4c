"""Evaluation of static integers, constants and static conditions.

The checker, the interpreter and the lowering evaluate by this code. Names that are not bound to
a number yet (shape variables of a program checked for any sizes) stand for themselves, as
`SymbolicSize`.
"""

from __future__ import annotations

import math
import operator
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast, final

from whilec.diagnostics.model import Code, Diagnostic, Example, InternalError, Label, WhileError
from whilec.numerals import MAX_INTEGER_BITS
from whilec.semantics import sizes
from whilec.semantics.builtins import BUILTINS, KindRule
from whilec.semantics.types import Kind, SymbolicSize, ValueType, spell
from whilec.source import Span
from whilec.syntax import ast

STATIC_DIVISION = Code(
    "E0229",
    "a division by zero before the program runs",
    """
Constants and static integers are computed before the program runs. This one divides by zero, so
it has no value. Look at the divisor: for `div(a, b)` and `mod(a, b)` in a loop, every value that
`b` takes must differ from zero.
""",
    Example("CONST rate = 1 / 0\nx0 := x1 + rate\n"),
)
NOT_CONSTANT = Code(
    "E0228",
    "a value that is not a constant",
    """
The value of a CONST or a PARAM is computed before the program runs. It may be made of numbers,
constants declared above it, `+ - * /` and the functions of the language on numbers, but not of
variables, inputs or calls of a DEF.
""",
    Example("PROGRAM scale(x: real) -> y: real\nCONST twice = 2 * x\ny := twice\n"),
)
HUGE_CONSTANT = Code(
    "E0240",
    "a constant that is too large",
    """
Constants are whole numbers of at most 1,000,000 binary digits, or real numbers that fit a double
(up to about 1.8e308). This one is larger, or it is not a number at all (such as `log(-1.0)`).
""",
    Example("CONST big = 1e300 * 1e300\nx0 := x1 * 2 + big\n"),
)

StaticValue: TypeAlias = int | float | SymbolicSize
"""A number, or a size that is not known yet."""


@final
@dataclass(frozen=True, slots=True)
class StaticEnvironment:
    """What static expressions may mention.

    Args:
        names: Values of the CONSTs, shape variables and FOR variables in force.
        types: Types of expressions by `id`, for `len`.
    """

    names: Mapping[str, StaticValue]
    types: Mapping[int, ValueType] = field(default_factory=dict[int, ValueType])

    def inside(self, names: Mapping[str, StaticValue]) -> StaticEnvironment:
        """This environment with some more names, which hide those of the same spelling."""
        return StaticEnvironment(
            ChainMap(dict(names), cast("dict[str, StaticValue]", self.names)), self.types
        )


def evaluate_static(expr: ast.Expr, environment: StaticEnvironment) -> int:
    """The value of a static integer expression whose names are all bound."""
    value = evaluate(expr, environment)
    if not isinstance(value, int):
        raise InternalError(f"not a static integer: {value}")
    return value


def evaluate(expr: ast.Expr, environment: StaticEnvironment) -> StaticValue:
    """The value of a static integer or constant expression.

    Raises:
        WhileError: It divides by zero, is too large, or is not made of constants.
    """
    rule = _RULES.get(type(expr), _not_constant)
    return rule(expr, environment)


def evaluate_condition(expr: ast.Expr, environment: StaticEnvironment) -> bool:
    """The truth of a static condition whose names are all bound."""
    match expr:
        case ast.Compare():
            left, right = evaluate(expr.left, environment), evaluate(expr.right, environment)
            return COMPARISONS[expr.op](left, right)
        case ast.Connective(op="AND"):
            return evaluate_condition(expr.left, environment) and evaluate_condition(expr.right, environment)
        case ast.Connective():
            return evaluate_condition(expr.left, environment) or evaluate_condition(expr.right, environment)
        case ast.Not():
            return not evaluate_condition(expr.operand, environment)
        case _:
            raise InternalError(f"not a condition: {type(expr).__name__}")


def is_static_condition(expr: ast.Expr, types: Mapping[int, ValueType]) -> bool:
    """Whether a condition compares static integers only, so that it is crisp in every mode."""
    match expr:
        case ast.Compare():
            return all(_is_static(side, types) for side in (expr.left, expr.right))
        case ast.Connective():
            return is_static_condition(expr.left, types) and is_static_condition(expr.right, types)
        case ast.Not():
            return is_static_condition(expr.operand, types)
        case _:
            return False


def _is_static(expr: ast.Expr, types: Mapping[int, ValueType]) -> bool:
    found = types.get(id(expr))
    return found is not None and found.kind is Kind.STATIC


def _compare_equal(left: StaticValue, right: StaticValue) -> bool:
    return left == right


def _less(left: StaticValue, right: StaticValue) -> bool:
    return _number(left) < _number(right)


def _at_most(left: StaticValue, right: StaticValue) -> bool:
    return _number(left) <= _number(right)


COMPARISONS: Mapping[ast.CompareOp, Callable[[StaticValue, StaticValue], bool]] = {
    "=": _compare_equal,
    "!=": lambda left, right: not _compare_equal(left, right),
    "<": _less,
    "<=": _at_most,
    ">": lambda left, right: _less(right, left),
    ">=": lambda left, right: _at_most(right, left),
}
"""The crisp comparisons."""


def _number(value: StaticValue) -> int | float:
    if isinstance(value, SymbolicSize):
        raise UnboundSizeError(value)
    return value


class UnboundSizeError(Exception):
    """A value depends on a shape variable that is not bound yet."""


# ---- rules by node -----------------------------------------------------------------------------


def _literal(expr: ast.Number, environment: StaticEnvironment) -> StaticValue:
    return expr.value


def _name(expr: ast.Name, environment: StaticEnvironment) -> StaticValue:
    value = environment.names.get(expr.id)
    return _not_constant(expr, environment) if value is None else value


def _negate(expr: ast.Negate, environment: StaticEnvironment) -> StaticValue:
    value = evaluate(expr.operand, environment)
    return sizes.negate(value) if isinstance(value, SymbolicSize) else -value


def _binary(expr: ast.Binary, environment: StaticEnvironment) -> StaticValue:
    left, right = evaluate(expr.left, environment), evaluate(expr.right, environment)
    operation = _ARITHMETIC[expr.op]
    if isinstance(left, SymbolicSize) or isinstance(right, SymbolicSize):
        symbolic = _SYMBOLIC.get(expr.op)
        if symbolic is None or isinstance(left, float) or isinstance(right, float):
            raise _error(
                NOT_CONSTANT,
                "a size that the call decides is not a constant",
                expr.span,
                "depends on the call",
            )
        return symbolic(left, right)
    return _guarded(expr.span, operation, left, right)


def _call(expr: ast.Call, environment: StaticEnvironment) -> StaticValue:
    name = expr.function.id
    if name == "len":
        return _length(expr, environment)
    function, rule = _FUNCTIONS.get(name), BUILTINS.get(name)
    named = [argument.name.id for argument in expr.arguments if argument.name is not None]
    if function is None or rule is None or any(each != "steepness" for each in named):
        return _not_constant(expr, environment)
    # Static operands are crisp in every mode: their steepness has no effect.
    values = [evaluate(argument.value, environment) for argument in expr.arguments if argument.name is None]
    if len(values) < len(rule.parameters) or (len(values) > len(rule.parameters) and not rule.is_variadic):
        return _not_constant(expr, environment)
    numbers = [value for value in values if not isinstance(value, SymbolicSize)]
    if len(numbers) < len(values):
        return sizes.opaque(f"{name}({', '.join(map(spell, values))})")
    if rule.kind is KindRule.STATIC and not all(isinstance(number, int) for number in numbers):
        return _not_constant(expr, environment)
    return _guarded(expr.span, function, *numbers)


def _length(expr: ast.Call, environment: StaticEnvironment) -> StaticValue:
    found = environment.types.get(id(expr.arguments[0].value)) if len(expr.arguments) == 1 else None
    return found.shape[0] if found is not None and found.shape else _not_constant(expr, environment)


def _not_constant(expr: ast.Expr, environment: StaticEnvironment) -> StaticValue:
    raise _error(
        NOT_CONSTANT,
        "this value must be known before the program runs",
        expr.span,
        "not a constant",
        "use numbers, constants declared above, and functions of the language on them",
    )


_Rule: TypeAlias = Callable[[ast.Expr, StaticEnvironment], StaticValue]
_RULES: Mapping[type, _Rule] = {
    node: cast("_Rule", rule)
    for node, rule in {
        ast.Number: _literal,
        ast.Name: _name,
        ast.Negate: _negate,
        ast.Binary: _binary,
        ast.Call: _call,
    }.items()
}


# ---- numbers -----------------------------------------------------------------------------------


def _divide(a: int | float, b: int | float) -> float:
    return a / b


def _abs(x: int | float) -> int | float:
    return abs(x)


def _div(a: int, b: int) -> int:
    return a // b


def _mod(a: int, b: int) -> int:
    return a % b


def _sign(x: int | float) -> int:
    return (x > 0) - (x < 0)


def _clamp(x: int | float, low: int | float, high: int | float) -> int | float:
    return min(max(x, low), high)


def _sigmoid(x: float) -> float:
    return 0.5 * (1 + math.tanh(0.5 * x))


_Operation: TypeAlias = Callable[..., int | float]

INTEGER_ARITHMETIC: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
"""The operators whose result is static if their operands are."""
_ARITHMETIC: Mapping[str, _Operation] = {**INTEGER_ARITHMETIC, "/": _divide}
_SYMBOLIC: Mapping[ast.BinaryOp, Callable[[int | SymbolicSize, int | SymbolicSize], StaticValue]] = {
    "+": sizes.add,
    "-": sizes.subtract,
    "*": sizes.multiply,
}
INTEGER_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "abs": _abs,
    "sign": _sign,
    "clamp": _clamp,
    "div": _div,
    "mod": _mod,
}
"""The functions whose result is static if their arguments are."""
_FUNCTIONS: Mapping[str, _Operation] = {
    **INTEGER_FUNCTIONS,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "tanh": math.tanh,
    "sigmoid": _sigmoid,
    "pow": math.pow,
}


def _guarded(span: Span, operation: _Operation, *numbers: int | float) -> int | float:
    """`operation(*numbers)`, with what can go wrong as a diagnostic."""
    try:
        value = operation(*numbers)
    except ZeroDivisionError:
        dividend = f" ({numbers[0]} by 0)" if len(numbers) == 2 and _is_short(numbers[0]) else ""
        raise _error(STATIC_DIVISION, f"division by zero{dividend}", span, "the divisor is 0") from None
    except (OverflowError, ValueError):
        raise _error(HUGE_CONSTANT, "this constant has no value", span, "too large or undefined") from None
    if isinstance(value, int):
        if value.bit_length() > MAX_INTEGER_BITS:
            raise _error(
                HUGE_CONSTANT,
                f"this integer has more than {MAX_INTEGER_BITS:,} binary digits",
                span,
                "too large",
            )
    elif not math.isfinite(value):
        raise _error(HUGE_CONSTANT, "this constant is not a finite number", span, "too large or undefined")
    return value


def _is_short(number: int | float) -> bool:
    return isinstance(number, float) or number.bit_length() <= 64


def _error(code: Code, title: str, span: Span, label: str, hint: str | None = None) -> WhileError:
    return WhileError(Diagnostic(code, title, Label(span, label), help=hint))
