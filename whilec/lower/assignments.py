"""Assignments: x <- (1 - p) x + p e at path weight p."""

from __future__ import annotations

from whilec.diagnostics.model import InternalError
from whilec.ir.static import Apply, Static
from whilec.ir.types import Value
from whilec.lower import calls, indices, values
from whilec.lower.scope import Scope
from whilec.lower.static import static
from whilec.source import Span
from whilec.syntax import ast


def assign(scope: Scope, statement: ast.Assign, weight: Value) -> None:
    """An assignment of any form."""
    targets, sources = statement.targets, statement.values
    if len(targets) == 1 and len(sources) == 1:
        target, source = targets[0], sources[0]
        if not _saturate(scope, target, source, weight) and not _increment(scope, target, source, weight):
            _single(scope, target, source, weight)
        return
    if len(sources) == len(targets):
        results = [values.value(scope, source) for source in sources]
        spans = [source.span for source in sources]
    else:
        (source,) = sources
        assert isinstance(source, ast.Call)
        results, spans = list(calls.call(scope, source)), [source.span] * len(targets)
    located = [_located(scope, target) for target in targets]
    for target, place, result, span in zip(targets, located, results, spans, strict=True):
        _store(scope, target, place, _weighted(scope, target, result, span), weight)


def target_name(target: ast.Target) -> str:
    """The variable that a target writes."""
    return target.array.id if isinstance(target, ast.Index) else target.id


_Place = tuple[indices.Position, list[Value]]


def _located(scope: Scope, target: ast.Target) -> _Place:
    return indices.located(scope, target) if isinstance(target, ast.Index) else ((), [])


def _single(scope: Scope, target: ast.Target, source: ast.Expr, weight: Value) -> None:
    new = _weighted(scope, target, values.value(scope, source), source.span)
    _store(scope, target, _located(scope, target), new, weight)


def _weighted(scope: Scope, target: ast.Target, new: Value, span: Span) -> Value:
    """With `trainable`, w e + b."""
    number = scope.lowering.targets.get(id(target))
    if number is None:
        return new
    shape = new.type.shape
    factor = scope.aligned(scope.shared("target_weight", target=number), shape, span)
    bias = scope.aligned(scope.shared("target_bias", target=number), shape, span)
    return scope.emit("add", scope.emit("multiply", factor, new, span=span), bias, span=span)


def _store(scope: Scope, target: ast.Target, place: _Place, new: Value, weight: Value) -> None:
    name, span = target_name(target), target.span
    shape, old = scope.shape_of(name), scope.values[name]
    position, soft = place
    if isinstance(target, ast.Index):
        new = scope.fitted(new, shape[len(target.indices) :], span)
        if soft:
            operands = (old, new, weight, scope.setting("steepness"), *soft)
            family = scope.lowering.family
            result = scope.emit("write", *operands, span=span, name=name, position=position, family=family)
        else:
            result = scope.emit("put", old, new, weight, span=span, name=name, position=position)
    else:
        result = scope.fitted(new, shape, span)
        if weight is not scope.one:
            result = scope.emit("blend", old, result, weight, span=span, name=name)
    scope.values[name] = result


def _increment(scope: Scope, target: ast.Target, source: ast.Expr, weight: Value) -> bool:
    """`x := x + c` and `x := x - c` as x + p c: the same number, less rounding."""
    if not (
        isinstance(target, ast.Name)
        and isinstance(source, ast.Binary)
        and source.op in ("+", "-")
        and source.left == target
        and id(target) not in scope.lowering.targets
    ):
        return False
    shape, old = scope.shape_of(target.id), scope.values[target.id]
    change = values.aligned(scope, source.right, shape)
    if source.op == "-":
        change = scope.emit("negate", change, span=source.right.span)
    scope.values[target.id] = scope.emit("increment", old, change, weight, span=target.span, name=target.id)
    return True


def _saturate(scope: Scope, target: ast.Target, source: ast.Expr, weight: Value) -> bool:
    """`x := x - c` and `a[i] := a[i] - c` in domain nat, with static i and natural c."""
    if not (
        scope.options.domain == "nat"
        and isinstance(source, ast.Binary)
        and source.op == "-"
        and source.left == target
        and scope.is_static(source.right)
    ):
        return False
    place = _located(scope, target)
    if place[1]:
        return False
    count = static(scope, source.right)
    if isinstance(count, int):
        if count >= 0:
            _subtract(scope, target, place, count, weight)
        return count >= 0
    name = target_name(target)
    before = scope.values[name]
    with scope.inside() as builder:
        _subtract(scope, target, place, count, weight)
        natural = builder.region((), (scope.values[name],))
    with scope.inside() as builder:
        if not _increment(scope, target, source, weight):
            _single(scope, target, source, weight)
        ordinary = builder.region((), (scope.values[name],))
    is_natural = Apply(">=", (count, 0), source.right.span)
    (scope.values[name],) = scope.builder.emit(
        "static_choice",
        (),
        target.span,
        attrs={"truth": is_natural},
        regions=(natural, ordinary),
        results=(Value(before.type, name),),
    )
    return True


def _subtract(scope: Scope, target: ast.Target, place: _Place, count: Static, weight: Value) -> None:
    name, span, family = target_name(target), target.span, scope.lowering.family
    s, old = scope.setting("steepness"), scope.values[name]
    position, soft = place
    if soft:
        raise InternalError("a soft index saturates nowhere")
    if isinstance(target, ast.Name):
        result = scope.emit("saturate", old, weight, s, span=span, name=name, count=count, family=family)
    else:
        element = scope.emit("pick", old, span=span, position=position)
        less = scope.emit("saturate", element, weight, s, span=span, count=count, family=family)
        result = scope.emit("put", old, less, scope.one, span=span, name=name, position=position)
    scope.values[name] = result
