"""Expressions of numbers and arrays as closures; calls are in `calls`, indices in `indices`."""

from __future__ import annotations

import operator

from whilec.semantics.program import Role
from whilec.semantics.reference.arithmetic import Binary
from whilec.semantics.reference.machine import Thunk
from whilec.semantics.reference.scope import Scope, pair
from whilec.syntax import ast


def literal(scope: Scope, expr: ast.Number) -> Thunk:
    """A number."""
    value = scope.arithmetic.number(expr.value)
    return lambda frame: value


def variable(scope: Scope, expr: ast.Name) -> Thunk:
    """A variable, PARAM or real CONST."""
    if scope.unit.variables[expr.id].role is Role.CONST:
        value = scope.number(expr.id)
        return lambda frame: value
    return operator.itemgetter(scope.slots[expr.id])


def negation(scope: Scope, expr: ast.Negate) -> Thunk:
    """Unary minus."""
    function = scope.arithmetic.negate(scope.kind(expr), scope.shape(expr), expr.span)
    operand = scope.value(expr.operand)
    return lambda frame: function(operand(frame))


def operation(scope: Scope, expr: ast.Binary) -> Thunk:
    """`+ - * /`."""
    shape = scope.shape(expr)
    function = scope.arithmetic.binary(expr.op, scope.kind(expr), shape, expr.span)
    if shape == ():
        return _scalar_operation(scope, function, expr)
    return pair(function, scope.aligned(expr.left, shape), scope.aligned(expr.right, shape))


def _scalar_operation(scope: Scope, function: Binary, expr: ast.Binary) -> Thunk:
    slot, constant = scope.slot(expr.left), scope.constant(expr.right)
    if slot is None or constant is None:
        return pair(function, scope.value(expr.left), scope.value(expr.right))
    number = scope.arithmetic.number(constant)
    return lambda frame: function(frame[slot], number)
