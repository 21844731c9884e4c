"""Calls of built-ins, DEFs and intrinsics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from whilec.ir.build import fresh
from whilec.ir.static import Apply, Static, folded
from whilec.ir.types import Shape, Value
from whilec.lower import values
from whilec.lower.scope import Scope, concrete, number_type
from whilec.lower.static import static
from whilec.semantics.arguments import ordered_arguments
from whilec.semantics.program import Builtin, IntrinsicCall, Unit
from whilec.semantics.static import StaticEnvironment, evaluate
from whilec.semantics.types import Kind
from whilec.syntax import ast

_REDUCTIONS = frozenset({"sum", "mean", "dot", "matmul"})
_RELAXED = frozenset({"min", "max", "abs", "sign", "clamp"})
_NAMES = {"pow": "power"}


def value_call(scope: Scope, expr: ast.Call) -> Value:
    """A call with one result."""
    return call(scope, expr)[0]


def call(scope: Scope, expr: ast.Call) -> tuple[Value, ...]:
    """A call with all its results."""
    callee = scope.unit.callees[id(expr)]
    if isinstance(callee, Unit):
        return _unit_call(scope, callee, expr)
    if isinstance(callee, IntrinsicCall):
        return _intrinsic_call(scope, callee, expr)
    return (_builtin(scope, callee, expr),)


def _unit_call(scope: Scope, callee: Unit, expr: ast.Call) -> tuple[Value, ...]:
    function = scope.lowering.lower_unit(callee)
    arguments = [scope.values[name] for name in scope.lowering.parameters]
    for name, argument in zip(callee.inputs, ordered_arguments(expr, callee.inputs), strict=True):
        assert argument is not None
        shape = concrete(callee.variables[name].type.shape)
        arguments.append(scope.fitted(values.value(scope, argument), shape, argument.span))
    results = fresh([result.type for result in function.body.results])
    return scope.builder.emit(
        "call", arguments, expr.span, attrs={"function": function.name}, results=results
    )


def _intrinsic_call(scope: Scope, callee: IntrinsicCall, expr: ast.Call) -> tuple[Value, ...]:
    kinds = {parameter.name: parameter.kind for parameter in callee.signature.parameters}
    tensors = {name: value for name, value in callee.arguments.items() if kinds[name] == "tensor"}
    options = {name: value for name, value in callee.arguments.items() if kinds[name] != "tensor"}
    attrs = {
        "function": callee.signature.name,
        "names": tuple(tensors),
        "option_names": (*options, *callee.words),
        "options": (*(_option(scope, value) for value in options.values()), *callee.words.values()),
    }
    results = fresh(number_type(concrete(result.shape)) for result in callee.results)
    operands = [values.value(scope, value) for value in tensors.values()]
    return scope.builder.emit("intrinsic", operands, expr.span, attrs=attrs, results=results)


def _option(scope: Scope, expr: ast.Expr) -> Static | float:
    if scope.is_static(expr):
        return static(scope, expr)
    number = evaluate(expr, StaticEnvironment(scope.constants, scope.unit.types))
    assert isinstance(number, float)
    return number


def _builtin(scope: Scope, callee: Builtin, expr: ast.Call) -> Value:
    arguments = [argument.value for argument in expr.arguments if argument.name is None]
    name = callee.name
    if name == "degree":
        return scope.emit("real", values.condition(scope, arguments[0]), span=expr.span)
    if name in _REDUCTIONS:
        operands = [values.value(scope, argument) for argument in arguments]
        return scope.emit(name, *operands, span=expr.span)
    shape = scope.shape(expr)
    if name in _RELAXED:
        return _relaxed(scope, name, expr, arguments, shape)
    operands = [values.aligned(scope, argument, shape) for argument in arguments]
    return scope.emit(_NAMES.get(name, name), *operands, span=expr.span)


def _relaxed(scope: Scope, name: str, expr: ast.Call, arguments: list[ast.Expr], shape: Shape) -> Value:
    named = [argument.value for argument in expr.arguments if argument.name is not None]
    s = values.steepness(scope, named[0] if named else None, "compare_steepness")
    if name in ("abs", "sign"):
        operand = values.aligned(scope, arguments[0], shape)
        return scope.emit(f"soft_{name}", operand, s, span=expr.span, family=scope.lowering.family)
    names = ["max", "min"] if name == "clamp" else [name] * (len(arguments) - 1)
    folding = _Folding(scope, expr, s, shape)
    total = folding.operand(arguments[0])
    for step, argument in zip(names, arguments[1:], strict=True):
        total = folding.pair(step, total, folding.operand(argument))
    return folding.value(total)


@final
@dataclass(frozen=True)
class _Operand:
    """A number to fold: static as long as only static integers took part."""

    kind: Kind
    known: Static | None
    value: Value | None


@final
@dataclass(frozen=True)
class _Folding:
    """`min` and `max` of several numbers; two static integers are crisp in every mode."""

    scope: Scope
    expr: ast.Call
    s: Value
    shape: Shape

    def operand(self, expr: ast.Expr) -> _Operand:
        """An argument."""
        if self.scope.is_static(expr):
            return _Operand(Kind.STATIC, static(self.scope, expr), None)
        return _Operand(self.scope.kind(expr), None, values.aligned(self.scope, expr, self.shape))

    def pair(self, name: str, left: _Operand, right: _Operand) -> _Operand:
        """The larger or smaller of two."""
        if left.known is not None and right.known is not None:
            known = folded(Apply(name, (left.known, right.known), self.expr.span), {})
            return _Operand(Kind.STATIC, known, None)
        kind, family = max(left.kind, right.kind), self.scope.lowering.family
        result = self.scope.emit(
            f"soft_{name}",
            self.value(left),
            self.value(right),
            self.s,
            span=self.expr.span,
            family=family,
            form="monotone" if kind is Kind.REAL and family != "bump" else "blend",
        )
        return _Operand(kind, None, result)

    def value(self, operand: _Operand) -> Value:
        """The operand as a value of the common shape."""
        if operand.value is not None:
            return operand.value
        assert operand.known is not None
        number = values.static_number(self.scope, operand.known, self.expr.span)
        return self.scope.aligned(number, self.shape, self.expr.span)
