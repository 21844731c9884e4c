"""Assignments as closures: x <- (1 - p) x + p e at path weight p (language.md, section 4)."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TypeAlias

from whilec.semantics.program import Unit
from whilec.semantics.reference import calls, indices
from whilec.semantics.reference.arithmetic import ONE, Axes, Frame, Shape, Value, Weight
from whilec.semantics.reference.machine import Action, Thunk
from whilec.semantics.reference.scope import Scope
from whilec.semantics.types import Kind
from whilec.source import Span
from whilec.syntax import ast

SMALL_INCREMENT = 2**62
"""Adding less than this cannot carry an integer past its size limit within a run's steps."""


def assignment(scope: Scope, statement: ast.Assign) -> Action:
    """An assignment of any form."""
    count = as_count(scope, statement)
    if count is not None:
        return _counted(*count)
    if len(statement.targets) == 1 and len(statement.values) == 1:
        special = _saturating(scope, statement) or _increment(scope, statement)
        return special or _single(scope, statement.targets[0], statement.values[0])
    return _parallel(scope, statement)


def target_name(target: ast.Target) -> str:
    """The variable that a target writes."""
    return target.array.id if isinstance(target, ast.Index) else target.id


# ---- one target


def _single(scope: Scope, target: ast.Target, value: ast.Expr) -> Action:
    right = _stored(scope, target, value)
    if isinstance(target, ast.Index):
        return _to_element(scope, target, right)
    return _to_variable(scope, target, right)


def _to_variable(scope: Scope, target: ast.Name, right: Thunk) -> Action:
    slot, shape = scope.slots[target.id], scope.shape_of(target.id)
    fill, blend = scope.arithmetic.fill, scope.arithmetic.blend
    if shape == () and scope.machine.is_exact:

        def store(frame: Frame, weight: Weight) -> None:
            frame[slot] = right(frame)

        return store

    def assign(frame: Frame, weight: Weight) -> None:
        new = fill(right(frame), shape, frame)
        frame[slot] = new if weight is ONE else blend(frame[slot], weight, new)

    return _charged(scope, assign, _cost(scope, target), target.span)


def _to_element(scope: Scope, target: ast.Index, right: Thunk) -> Action:
    slot, rest = scope.slots[target.array.id], _rest(scope, target)
    axes, write, fill = indices.axes(scope, target), scope.arithmetic.write, scope.arithmetic.fill

    def assign(frame: Frame, weight: Weight) -> None:
        value = fill(right(frame), rest, frame)
        frame[slot] = write(frame[slot], axes(frame), weight, value)

    return _charged(scope, assign, _cost(scope, target), target.span)


def _rest(scope: Scope, target: ast.Index) -> Shape:
    return scope.shape_of(target.array.id)[len(target.indices) :]


def _cost(scope: Scope, target: ast.Target) -> int:
    """Steps beyond the one of every statement: one per further element that is written."""
    shape = scope.shape_of(target_name(target))
    if isinstance(target, ast.Index) and indices.static_position(scope, target) is not None:
        shape = shape[len(target.indices) :]
    return max(prod(shape) - 1, 0)


def _charged(scope: Scope, action: Action, cost: int, span: Span) -> Action:
    if not cost:
        return action
    spend = scope.machine.spend

    def charged(frame: Frame, weight: Weight) -> None:
        spend(cost, span)
        action(frame, weight)

    return charged


# ---- what is stored


def _stored(scope: Scope, target: ast.Target, value: ast.Expr) -> Thunk:
    """A value as its target stores it: of the target's kind, with its trainable weight."""
    plain = scope.value(value)
    finish = _finish(scope, target, scope.kind(value), value)
    return plain if finish is None else lambda frame: finish(plain(frame))


def _finish(scope: Scope, target: ast.Target, kind: Kind, value: ast.Expr) -> Callable[[Value], Value] | None:
    """From a value of `kind` to what the target stores; None: it is stored as it is."""
    weights = scope.machine.target_weights.get(id(target))
    convert = _conversion(scope, target, kind, value)
    if weights is None:
        return convert
    factor, bias = weights
    if convert is None:
        return lambda x: factor * x + bias
    return lambda x: convert(factor * x + bias)


def _conversion(
    scope: Scope, target: ast.Target, kind: Kind, value: ast.Expr
) -> Callable[[Value], Value] | None:
    wanted = scope.unit.variables[target_name(target)].type.kind
    constant = scope.constant(value) if kind is Kind.STATIC else None
    is_copy = isinstance(value, ast.Name | ast.Index) if constant is None else abs(constant) < SMALL_INCREMENT
    if kind is Kind.REAL or (wanted is not Kind.REAL and is_copy):
        return None
    return scope.arithmetic.convert(wanted, value.span)


# ---- special forms


def _increment(scope: Scope, statement: ast.Assign) -> Action | None:
    """`x := x + c` and `x := x - c` as x + weight c: the same number, less rounding."""
    target, value = statement.targets[0], statement.values[0]
    if not (
        isinstance(target, ast.Name)
        and isinstance(value, ast.Binary)
        and value.op in ("+", "-")
        and value.left == target
        and id(target) not in scope.machine.target_weights
    ):
        return None
    if scope.arithmetic.is_crisp:
        return None
    slot, shape = scope.slots[target.id], scope.shape_of(target.id)
    increment, fill = scope.arithmetic.increment, scope.arithmetic.fill
    right, is_minus = scope.aligned(value.right, shape), value.op == "-"

    def change(frame: Frame, weight: Weight) -> None:
        amount = right(frame)
        new = increment(frame[slot], weight, -amount if is_minus else amount)
        frame[slot] = fill(new, shape, frame)

    return _charged(scope, change, _cost(scope, target), target.span)


Count: TypeAlias = tuple[int, int]
"""A slot and what is added to it."""


def as_count(scope: Scope, statement: ast.Stmt) -> Count | None:
    """`x := x + c` and `x := x - c` on an exact integer with a small c, which needs no check.

    Core programs spend nearly all their statements in these.
    """
    if not (
        scope.machine.is_exact
        and isinstance(statement, ast.Assign)
        and isinstance(statement.values[0], ast.Binary)
        and isinstance(statement.targets[0], ast.Name)
        and len(statement.targets) == 1
    ):
        return None
    target, value = statement.targets[0], statement.values[0]
    if value.left != target or value.op not in ("+", "-") or scope.machine.options.domain == "nat":
        return None
    constant = scope.constant(value.right)
    is_integer = scope.kind(value) is Kind.INT and scope.shape(value) == ()
    if constant is None or abs(constant) >= SMALL_INCREMENT or not is_integer:
        return None
    return scope.slots[target.id], constant if value.op == "+" else -constant


def _counted(slot: int, change: int) -> Action:
    def count(frame: Frame, weight: Weight) -> None:
        frame[slot] += change

    return count


def _saturating(scope: Scope, statement: ast.Assign) -> Action | None:
    """`x := x - c` and `a[i] := a[i] - c` in domain nat, with static i and natural c."""
    target, value = statement.targets[0], statement.values[0]
    if not (
        scope.machine.options.domain == "nat"
        and isinstance(value, ast.Binary)
        and value.op == "-"
        and value.left == target
        and scope.kind(value.right) is Kind.STATIC
    ):
        return None
    subtract = _subtraction(scope, target)
    if subtract is None:
        return None
    amount, ordinary = scope.static(value.right), _single(scope, target, value)
    cost = 0 if scope.arithmetic.is_crisp else 1 + _cost(scope, target)

    def run(frame: Frame, weight: Weight) -> None:
        count = amount(frame)
        if count < 0:
            ordinary(frame, weight)
        else:
            scope.machine.spend(cost * count, target.span)
            subtract(frame, weight, count)

    return run


def _subtraction(scope: Scope, target: ast.Target) -> Callable[[Frame, Weight, int], None] | None:
    arithmetic, slot = scope.arithmetic, scope.slots[target_name(target)]
    if isinstance(target, ast.Name):

        def from_variable(frame: Frame, weight: Weight, count: int) -> None:
            frame[slot] = arithmetic.saturate(frame[slot], weight, count)

        return from_variable
    position = indices.static_position(scope, target)
    if position is None:
        return None

    def from_element(frame: Frame, weight: Weight, count: int) -> None:
        place = position(frame)
        new = arithmetic.saturate(arithmetic.pick(frame[slot], place), weight, count)
        axes = tuple([((i, ONE),) for i in place])
        frame[slot] = arithmetic.write(frame[slot], axes, ONE, new)

    return from_element


# ---- several targets

_Prepare: TypeAlias = Callable[[Frame], "Axes | None"]
_Write: TypeAlias = "Callable[[Frame, Weight, Axes | None, Value], None]"


def _parallel(scope: Scope, statement: ast.Assign) -> Action:
    """All right sides and indices first, then the targets from left to right."""
    values = _values(scope, statement)
    writers = [_writer(scope, target) for target in statement.targets]

    def assign(frame: Frame, weight: Weight) -> None:
        results = values(frame)
        prepared = [prepare(frame) for prepare, _ in writers]
        for (_, write), axes, value in zip(writers, prepared, results, strict=True):
            write(frame, weight, axes, value)

    cost = sum(_cost(scope, target) for target in statement.targets)
    return _charged(scope, assign, cost, statement.span)


def _values(scope: Scope, statement: ast.Assign) -> Callable[[Frame], list[Value]]:
    targets = statement.targets
    if len(statement.values) == len(targets):
        keep = scope.machine.control.keep
        pairs = zip(targets, statement.values, strict=True)
        stored = [_stored(scope, target, value) for target, value in pairs]
        return lambda frame: [keep(value(frame)) for value in stored]
    call = statement.values[0]
    assert isinstance(call, ast.Call)
    results, kinds = calls.call(scope, call), _result_kinds(scope, call, len(targets))
    finishes = [
        _finish(scope, target, kind, call) or _unchanged for target, kind in zip(targets, kinds, strict=True)
    ]
    return lambda frame: [finish(x) for finish, x in zip(finishes, results(frame), strict=True)]


def _unchanged(value: Value) -> Value:
    return value


def _result_kinds(scope: Scope, call: ast.Call, count: int) -> list[Kind]:
    callee = scope.unit.callees[id(call)]
    if isinstance(callee, Unit):
        return [callee.variables[name].type.kind for name in callee.outputs]
    return [Kind.REAL] * count


def _writer(scope: Scope, target: ast.Target) -> tuple[_Prepare, _Write]:
    arithmetic = scope.arithmetic
    slot = scope.slots[target_name(target)]
    if isinstance(target, ast.Index):
        rest = _rest(scope, target)

        def write(frame: Frame, weight: Weight, axes: Axes | None, value: Value) -> None:
            assert axes is not None
            new = arithmetic.fill(value, rest, frame)
            frame[slot] = arithmetic.write(frame[slot], axes, weight, new)

        return indices.axes(scope, target), write
    shape = scope.shape_of(target.id)

    def replace(frame: Frame, weight: Weight, axes: Axes | None, value: Value) -> None:
        new = arithmetic.fill(value, shape, frame)
        frame[slot] = new if weight is ONE else arithmetic.blend(frame[slot], weight, new)

    return (lambda frame: None), replace
