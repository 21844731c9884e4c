"""Choices and loops (language.md, "Path-weighted execution")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from whilec.ir.build import fresh
from whilec.ir.node import Region
from whilec.ir.types import COUNTER, DEGREE, Value
from whilec.lower import values
from whilec.lower.assignments import assign, target_name
from whilec.lower.scope import Scope, counter_of
from whilec.lower.static import static, trip_is_below, truth
from whilec.semantics.static import is_static_condition
from whilec.source import Span
from whilec.syntax import ast, walk


def block(scope: Scope, statements: tuple[ast.Stmt, ...], weight: Value) -> None:
    """Statements in their order."""
    for statement in statements:
        match statement:
            case ast.Assign():
                assign(scope, statement, weight)
            case ast.If():
                _branches(scope, statement.branches, statement.orelse or (), weight, statement.span)
            case ast.While():
                _while(scope, statement, weight)
            case ast.Loop():
                _loop(scope, statement, weight)
            case ast.For():
                _for(scope, statement, weight)


def assigned(scope: Scope, *blocks: tuple[ast.Stmt, ...]) -> tuple[str, ...]:
    """The variables that statements assign, at any depth, in the order of the unit's variables."""
    written = {
        target_name(target)
        for statements in blocks
        for statement in walk.statements(statements)
        if isinstance(statement, ast.Assign)
        for target in statement.targets
    }
    return tuple(name for name in scope.unit.variables if name in written)


# ---- choices


def _branches(
    scope: Scope,
    branches: tuple[ast.Branch, ...],
    orelse: tuple[ast.Stmt, ...],
    weight: Value,
    span: Span,
) -> None:
    if not branches:
        block(scope, orelse, weight)
        return
    branch, *rest = branches
    names = assigned(scope, orelse, *(branch.body for branch in branches))
    is_static = is_static_condition(branch.condition, scope.unit.types)
    known = truth(scope, branch.condition) if is_static else None
    if isinstance(known, bool):
        if known:
            block(scope, branch.body, weight)
        else:
            _branches(scope, tuple(rest), orelse, weight, span)
        return
    degree = None if is_static else values.condition(scope, branch.condition)
    with scope.inside() as builder:
        block(scope, branch.body, weight)
        then = builder.region((), _state(scope, names))
    with scope.inside() as builder:
        _branches(scope, tuple(rest), orelse, weight, span)
        otherwise = builder.region((), _state(scope, names))
    if degree is None:
        attrs = {"truth": known}
        _emit(scope, "static_choice", (), names, branch.head, attrs, (then, otherwise))
    else:
        attrs = {"epsilon": scope.options.epsilon}
        _emit(scope, "choice", (degree,), names, branch.head, attrs, (then, otherwise))


# ---- loops


def _while(scope: Scope, statement: ast.While, weight: Value) -> None:
    names = assigned(scope, statement.body)
    trip, state = _entry(scope, names)
    with scope.inside() as builder:
        _bind(scope, names, state)
        degree = values.condition(scope, statement.condition)
        condition = builder.region((trip, *state), (degree,))
    _repeated(scope, statement, names, condition, weight)


def _loop(scope: Scope, statement: ast.Loop, weight: Value) -> None:
    """A WHILE whose condition in trip i is i < e, with e read once."""
    names = assigned(scope, statement.body)
    span = statement.count.span
    trip, state = _entry(scope, names)
    if scope.is_static(statement.count):
        total = static(scope, statement.count)
        with scope.inside() as builder:
            comparison = trip_is_below(trip, total, span)
            degree = scope.emit("truth", span=span, static=comparison)
            condition = builder.region((trip, *state), (degree,))
    else:
        count = values.value(scope, statement.count)
        with scope.inside() as builder:
            number = scope.emit("number", span=span, static=counter_of(trip))
            margin = scope.emit("subtract", count, number, span=span)
            margin = scope.emit("add", margin, scope.constant(-0.5), span=span)
            s, family = scope.setting("compare_steepness"), scope.lowering.family
            degree = scope.emit("exceeds", margin, s, span=span, family=family)
            condition = builder.region((trip, *state), (degree,))
    _repeated(scope, statement, names, condition, weight)


def _repeated(
    scope: Scope, statement: ast.While | ast.Loop, names: tuple[str, ...], condition: Region, weight: Value
) -> None:
    trip, state = _entry(scope, names)
    q = Value(DEGREE, "q")
    is_mixture = scope.options.loops == "mixture"
    with scope.inside() as builder:
        _bind(scope, names, state)
        block(scope, statement.body, scope.one if is_mixture else q)
        body = builder.region((q, trip, *state), _state(scope, names))
    attrs = {
        "loop": scope.lowering.loops[id(statement)],
        "semantics": scope.options.loops,
        "epsilon": scope.options.epsilon,
        "trips": scope.options.trip_cap,
    }
    operands = (weight, *_state(scope, names))
    _emit(scope, "while", operands, names, statement.head, attrs, (condition, body))


def _for(scope: Scope, statement: ast.For, weight: Value) -> None:
    names = assigned(scope, statement.body)
    attrs = {
        "start": static(scope, statement.start),
        "stop": static(scope, statement.stop),
        "step": 1 if statement.step is None else static(scope, statement.step),
    }
    counter, state = Value(COUNTER, statement.variable.id), _fresh_state(scope, names)
    with scope.inside() as builder:
        _bind(scope, names, state)
        scope.counters[statement.variable.id] = counter_of(counter)
        block(scope, statement.body, weight)
        body = builder.region((counter, *state), _state(scope, names))
    _emit(scope, "for", _state(scope, names), names, statement.head, attrs, (body,))


# ---- the state of a region


def _entry(scope: Scope, names: tuple[str, ...]) -> tuple[Value, tuple[Value, ...]]:
    return Value(COUNTER, "trip"), _fresh_state(scope, names)


def _fresh_state(scope: Scope, names: Iterable[str]) -> tuple[Value, ...]:
    return tuple(Value(scope.values[name].type, name) for name in names)


def _state(scope: Scope, names: Iterable[str]) -> tuple[Value, ...]:
    return tuple(scope.values[name] for name in names)


def _bind(scope: Scope, names: Iterable[str], state: Iterable[Value]) -> None:
    scope.values.update(zip(names, state, strict=True))


def _emit(
    scope: Scope,
    op: str,
    operands: tuple[Value, ...],
    names: tuple[str, ...],
    span: Span,
    attrs: Mapping[str, object],
    regions: tuple[Region, ...],
) -> None:
    """A node with regions, whose results are the new values of some variables."""
    results = [fresh([scope.values[name].type], name)[0] for name in names]
    scope.builder.emit(op, operands, span, attrs=attrs, regions=regions, results=results)
    _bind(scope, names, results)
