"""Calls of built-ins, DEFs and intrinsics as closures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from typing import Any, TypeAlias, cast

from algonet_runtime.errors import ArgumentError
from whilec.diagnostics.model import WhileError
from whilec.semantics.arguments import ordered_arguments
from whilec.semantics.program import Builtin, IntrinsicCall, Unit
from whilec.semantics.reference.arithmetic import ONE, Frame, Function, Shape, Value
from whilec.semantics.reference.conditions import steepness
from whilec.semantics.reference.errors import E0614, fail, refused_by_intrinsic
from whilec.semantics.reference.machine import Thunk
from whilec.semantics.reference.scope import Scope, pair
from whilec.semantics.types import Kind
from whilec.source import Span
from whilec.syntax import ast

Results: TypeAlias = Callable[[Frame], tuple[Value, ...]]

_REDUCTIONS = frozenset({"sum", "mean", "dot", "matmul"})
_RELAXED = frozenset({"min", "max", "abs", "sign", "clamp"})


def value_call(scope: Scope, expr: ast.Call) -> Thunk:
    """A call with one result."""
    callee = scope.unit.callees[id(expr)]
    if isinstance(callee, Builtin):
        return _builtin(scope, callee, expr)
    results = call(scope, expr)
    return lambda frame: results(frame)[0]


def call(scope: Scope, expr: ast.Call) -> Results:
    """A call with all its results."""
    callee = scope.unit.callees[id(expr)]
    if isinstance(callee, Unit):
        return _unit_call(scope, callee, expr)
    if isinstance(callee, IntrinsicCall):
        return _intrinsic_call(scope, callee, expr)
    builtin = _builtin(scope, callee, expr)
    return lambda frame: (builtin(frame),)


def _unit_call(scope: Scope, callee: Unit, expr: ast.Call) -> Results:
    code = scope.unit_code(callee)
    ordered = ordered_arguments(expr, callee.inputs)
    arguments = [scope.value(argument) for argument in ordered if argument is not None]
    results = [code.slots[name] for name in callee.outputs]

    def run(frame: Frame) -> tuple[Value, ...]:
        inner = code.enter(frame, [argument(frame) for argument in arguments])
        code.body(inner, ONE)
        return tuple([inner[slot] for slot in results])

    return run


def _intrinsic_call(scope: Scope, callee: IntrinsicCall, expr: ast.Call) -> Results:
    intrinsics = scope.machine.intrinsics
    if intrinsics is None:
        fail(
            E0614,
            f"`{callee.signature.name}` works on tensors only",
            expr.span,
            "an intrinsic",
            "use `whilec run`, which runs it on tensors",
        )
    function, words = intrinsics[callee.signature.name], callee.words
    options = {parameter.name for parameter in callee.signature.parameters if parameter.kind != "tensor"}
    arguments = {
        name: _intrinsic_argument(scope, value, is_option=name in options)
        for name, value in callee.arguments.items()
    }

    def run(frame: Frame) -> tuple[Value, ...]:
        try:
            results = function(**{name: argument(frame) for name, argument in arguments.items()}, **words)
        except ArgumentError as error:
            raise WhileError(refused_by_intrinsic(str(error), expr.span)) from None
        return cast("tuple[Value, ...]", results) if isinstance(results, tuple) else (results,)

    return run


def _intrinsic_argument(scope: Scope, expr: ast.Expr, *, is_option: bool) -> Thunk:
    if not is_option:
        return scope.value(expr)
    if scope.kind(expr) is Kind.STATIC:
        return scope.static(expr)
    number: Any = scope.known_number(expr)
    return lambda frame: number


def _builtin(scope: Scope, callee: Builtin, expr: ast.Call) -> Thunk:
    values = [argument.value for argument in expr.arguments if argument.name is None]
    name = callee.name
    if name == "degree":
        condition, to_real = scope.condition(values[0]), scope.arithmetic.degree_to_real
        return lambda frame: to_real(condition(frame))
    if name in _REDUCTIONS:
        function = scope.arithmetic.reduction(name, scope.kind(expr), expr.span)
        return _applied(function, [scope.value(value) for value in values])
    shape = scope.shape(expr)
    if name in _RELAXED:
        return _relaxed(scope, name, expr, values, shape)
    function = scope.arithmetic.function(name, shape, expr.span)
    return _applied(function, [scope.aligned(value, shape) for value in values])


def _applied(function: Function, arguments: list[Thunk]) -> Thunk:
    if len(arguments) == 1:
        only = arguments[0]
        return lambda frame: function(only(frame))
    return lambda frame: function(*[argument(frame) for argument in arguments])


_Operand: TypeAlias = tuple[Kind, Thunk]


def _relaxed(scope: Scope, name: str, expr: ast.Call, values: list[ast.Expr], shape: Shape) -> Thunk:
    named = [argument.value for argument in expr.arguments if argument.name is not None]
    s = steepness(scope, named[0] if named else None, scope.machine.options.order_steepness)
    operands = [(scope.kind(value), scope.aligned(value, shape)) for value in values]
    fold = partial(_fold, scope, s, shape, expr.span)
    if name in ("min", "max"):
        return reduce(lambda a, b: fold(name, a, b), operands)[1]
    if name == "clamp":
        return fold("min", fold("max", operands[0], operands[1]), operands[2])[1]
    kind, value = operands[0]
    function: Any = scope.arithmetic.relaxed(name, kind, shape, expr.span)
    return lambda frame: function(s(frame), value(frame))


def _fold(scope: Scope, s: Thunk, shape: Shape, span: Span, name: str, a: _Operand, b: _Operand) -> _Operand:
    """One step of `min` or `max`; two static integers are crisp in every mode."""
    kind = max(a[0], b[0])
    left, right = a[1], b[1]
    if kind is Kind.STATIC:
        return kind, pair(min if name == "min" else max, left, right)
    function = scope.arithmetic.relaxed(name, kind, shape, span)
    return kind, lambda frame: function(s(frame), left(frame), right(frame))
