"""Statements as closures: what runs at which path weight (language.md, section 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

from whilec.semantics.program import Unit
from whilec.semantics.reference.arithmetic import ONE, Frame, Value, Weight
from whilec.semantics.reference.errors import E0609, E0613, fail
from whilec.semantics.reference.expressions import Scope
from whilec.semantics.reference.machine import Action, Machine, Thunk, UnitCode, layout
from whilec.semantics.reference.result import Step
from whilec.semantics.types import Kind
from whilec.source import Span
from whilec.syntax import ast

SMALL_INCREMENT = 2**62
"""Adding less than this cannot carry an integer past its size limit within a run's steps."""


def unit_code(machine: Machine, unit: Unit) -> UnitCode:
    """The closures of a unit, built on first use."""
    known = machine.codes.get(id(unit))
    if known is not None:
        return known
    code = machine.codes[id(unit)] = layout(machine.program, unit)
    Statements(machine, code).build()
    return code


@final
class Statements:
    """Builds the statements of one unit."""

    def __init__(self, machine: Machine, code: UnitCode) -> None:
        self._machine = machine
        self._code = code
        self._unit = code.unit
        self._scope = Scope(machine, code, lambda unit: unit_code(machine, unit))
        self._depth = 0

    def build(self) -> None:
        """Fill in the unit's code."""
        self._code.enter = self._entrance()
        self._code.body = self.block(self._unit.body)

    def _entrance(self) -> Callable[[Frame, list[Value]], Frame]:
        arithmetic, unit, slots, size = (
            self._machine.arithmetic,
            self._unit,
            self._code.slots,
            self._code.size,
        )
        parameters = len(self._machine.program.parameters)
        inputs = [(slots[name], self._scope.array_shape(name), self._converter(name)) for name in unit.inputs]
        given = set(unit.inputs)
        zeros = [
            (
                slots[name],
                self._scope.array_shape(name),
                arithmetic.number(0.0 if v.type.kind is Kind.REAL else 0),
            )
            for name, v in unit.variables.items()
            if name in slots and slots[name] >= parameters and name not in given
        ]
        starts = [self._start(var) for var in unit.starts]

        def enter(caller: Frame, arguments: list[Value]) -> Frame:
            frame = [*caller[:parameters], *[None] * (size - parameters - 1), caller[-1]]
            for (slot, shape, convert), value in zip(inputs, arguments, strict=True):
                frame[slot] = arithmetic.fill(convert(value), shape, frame)
            for slot, shape, zero in zeros:
                frame[slot] = arithmetic.fill(zero, shape, frame)
            for start in starts:
                start(frame)
            return frame

        return enter

    def _converter(self, name: str) -> Callable[[Value], Value]:
        variable = self._unit.variables[name]
        convert = self._machine.arithmetic.convert(variable.type.kind, variable.span)
        return convert or (lambda value: value)

    def _start(self, var: ast.Var) -> Callable[[Frame], None]:
        assert var.start is not None
        fill, slot = self._machine.arithmetic.fill, self._code.slots[var.name.id]
        shape, convert, value = (
            self._scope.array_shape(var.name.id),
            self._converter(var.name.id),
            self._scope.value(var.start),
        )

        def start(frame: Frame) -> None:
            frame[slot] = fill(convert(value(frame)), shape, frame)

        return start

    # ---- blocks

    def block(self, statements: tuple[ast.Stmt, ...]) -> Action:
        """Statements in their order."""
        self._depth += 1
        actions = [_RULES[type(statement)](self, statement) for statement in statements]
        self._depth -= 1
        machine, count = self._machine, len(actions)
        limit = machine.options.max_steps
        if count == 0:
            return lambda frame, weight: None
        span = statements[0].span

        def run(frame: Frame, weight: Weight) -> None:
            machine.steps += count
            if machine.steps > limit:
                machine.overrun(span)
            for action in actions:
                action(frame, weight)

        return run

    # ---- assignment

    def _assign(self, statement: ast.Assign) -> Action:
        action = self._unobserved_assign(statement)
        observer = self._machine.observer
        if observer is None:
            return action
        names = tuple(dict.fromkeys(_target_name(target) for target in statement.targets))
        primal, depth = self._machine.control.weight_of, self._depth

        def observed(frame: Frame, weight: Weight) -> None:
            action(frame, weight)
            changes = tuple((name, frame[self._code.slots[name]]) for name in names)
            observer(Step(statement, primal(weight), changes, depth))

        return observed

    def _unobserved_assign(self, statement: ast.Assign) -> Action:
        if len(statement.targets) == 1 and len(statement.values) == 1:
            special = self._saturating(statement) or self._increment(statement)
            return special or self._single(statement.targets[0], statement.values[0])
        return self._parallel(statement)

    def _single(self, target: ast.Target, value: ast.Expr) -> Action:
        right = self._stored(target, value)
        if isinstance(target, ast.Index):
            return self._element(target, right, self._cost(target))
        return self._variable(target, right)

    def _variable(self, target: ast.Name, right: Thunk) -> Action:
        slot, shape = self._code.slots[target.id], self._scope.array_shape(target.id)
        fill, blend = self._machine.arithmetic.fill, self._machine.arithmetic.blend
        spend = self._spender(self._cost(target), target.span)
        if shape == () and self._machine.arithmetic.is_crisp and self._machine.control.is_single:

            def store(frame: Frame, weight: Weight) -> None:
                frame[slot] = right(frame)

            return store

        def assign(frame: Frame, weight: Weight) -> None:
            spend()
            new = fill(right(frame), shape, frame)
            frame[slot] = new if weight is ONE else blend(frame[slot], weight, new)

        return assign

    def _element(self, target: ast.Index, right: Thunk, cost: int) -> Action:
        slot = self._code.slots[target.array.id]
        axes, write = self._scope.axes(target), self._machine.arithmetic.write
        fill, rest = self._machine.arithmetic.fill, self._rest(target)
        spend = self._spender(cost, target.span)

        def assign(frame: Frame, weight: Weight) -> None:
            spend()
            value = fill(right(frame), rest, frame)
            frame[slot] = write(frame[slot], axes(frame), weight, value)

        return assign

    def _rest(self, target: ast.Index) -> tuple[int, ...]:
        return self._scope.array_shape(target.array.id)[len(target.indices) :]

    def _cost(self, target: ast.Target) -> int:
        """Steps beyond the one of every statement: one per element that is written."""
        name = _target_name(target)
        shape = self._scope.array_shape(name)
        if isinstance(target, ast.Index):
            is_static = self._scope.static_position(target) is not None
            shape = shape[len(target.indices) :] if is_static else shape
        elements = 1
        for size in shape:
            elements *= size
        return max(elements - 1, 0)

    def _spender(self, cost: int, span: Span) -> Callable[[], None]:
        machine = self._machine
        return (lambda: machine.spend(cost, span)) if cost else (lambda: None)

    def _stored(self, target: ast.Target, value: ast.Expr) -> Thunk:
        """A value as its target stores it: of the target's kind, with its trainable weight."""
        thunk = self._scope.value(value)
        weights = self._machine.target_weights.get(id(target))
        if weights is not None:
            factor, bias = weights
            plain = thunk

            def weighted(frame: Frame) -> Value:
                return factor * plain(frame) + bias

            thunk = weighted
        return self._converted(target, self._scope.kind(value), value, thunk)

    def _converted(self, target: ast.Target, kind: Kind, value: ast.Expr, thunk: Thunk) -> Thunk:
        wanted = self._unit.variables[_target_name(target)].type.kind
        needs = wanted is Kind.REAL and kind is not Kind.REAL or wanted is Kind.INT and kind is Kind.INT
        is_copy = isinstance(value, ast.Name | ast.Index | ast.Number)
        convert = self._machine.arithmetic.convert(wanted, value.span)
        if convert is None or not needs or (wanted is Kind.INT and is_copy):
            return thunk
        return lambda frame: convert(thunk(frame))

    def _increment(self, statement: ast.Assign) -> Action | None:
        """`x := x + c` and `x := x - c` as x + weight c: the same number, less rounding."""
        target, value = statement.targets[0], statement.values[0]
        if not (
            isinstance(target, ast.Name)
            and isinstance(value, ast.Binary)
            and value.op in ("+", "-")
            and value.left == target
            and id(target) not in self._machine.target_weights
        ):
            return None
        slot, shape = self._code.slots[target.id], self._scope.array_shape(target.id)
        constant = self._scope.constant(value.right)
        if (
            self._machine.arithmetic.is_crisp
            and self._machine.control.is_single
            and shape == ()
            and self._scope.kind(value) is not Kind.REAL
            and isinstance(constant, int)
            and abs(constant) < SMALL_INCREMENT
        ):
            change = constant if value.op == "+" else -constant

            def count(frame: Frame, weight: Weight) -> None:
                frame[slot] += change

            return count
        if self._machine.arithmetic.is_crisp:
            return None
        increment, fill = self._machine.arithmetic.increment, self._machine.arithmetic.fill
        right, spend = self._scope.aligned(value.right, shape), self._spender(self._cost(target), target.span)
        sign = 1.0 if value.op == "+" else -1.0

        def change_by(frame: Frame, weight: Weight) -> None:
            spend()
            amount = right(frame)
            change = amount if sign > 0.0 else -amount
            frame[slot] = fill(increment(frame[slot], weight, change), shape, frame)

        return change_by

    def _saturating(self, statement: ast.Assign) -> Action | None:
        """`x := x - c` in domain nat, c a static natural number."""
        target, value = statement.targets[0], statement.values[0]
        if not (
            self._machine.options.domain == "nat"
            and isinstance(value, ast.Binary)
            and value.op == "-"
            and value.left == target
            and self._scope.kind(value.right) is Kind.STATIC
        ):
            return None
        if isinstance(target, ast.Index):
            return self._saturating_element(target, value)
        slot, amount = self._code.slots[target.id], self._scope.static(value.right)
        saturate, ordinary = self._machine.arithmetic.saturate, self._single(target, value)
        cost, spend = self._cost(target) + 1, self._machine.spend

        def subtract(frame: Frame, weight: Weight) -> None:
            count = amount(frame)
            if count < 0:
                ordinary(frame, weight)
                return
            spend(cost * count if not self._machine.arithmetic.is_crisp else 0, target.span)
            frame[slot] = saturate(frame[slot], weight, count)

        return subtract

    def _saturating_element(self, target: ast.Index, value: ast.Binary) -> Action | None:
        position = self._scope.static_position(target)
        if position is None:
            return None
        slot, amount = self._code.slots[target.array.id], self._scope.static(value.right)
        arithmetic, ordinary, spend = (
            self._machine.arithmetic,
            self._single(target, value),
            self._machine.spend,
        )

        def subtract(frame: Frame, weight: Weight) -> None:
            count = amount(frame)
            if count < 0:
                ordinary(frame, weight)
                return
            spend(count if not arithmetic.is_crisp else 0, target.span)
            place = position(frame)
            new = arithmetic.saturate(arithmetic.pick(frame[slot], place), weight, count)
            axes = tuple([((i, ONE),) for i in place])
            frame[slot] = arithmetic.write(frame[slot], axes, ONE, new)

        return subtract

    def _parallel(self, statement: ast.Assign) -> Action:
        values = self._values(statement)
        writers = [self._writer(target) for target in statement.targets]
        spend = self._spender(sum(self._cost(target) for target in statement.targets), statement.span)

        def assign(frame: Frame, weight: Weight) -> None:
            spend()
            results = values(frame)
            prepared = [prepare(frame) for prepare, _ in writers]
            for (_, write), axes, value in zip(writers, prepared, results, strict=True):
                write(frame, weight, axes, value)

        return assign

    def _values(self, statement: ast.Assign) -> Callable[[Frame], list[Value]]:
        targets = statement.targets
        if len(statement.values) == len(targets):
            keep = self._machine.control.keep
            stored = [
                self._stored(target, value) for target, value in zip(targets, statement.values, strict=True)
            ]
            return lambda frame: [keep(value(frame)) for value in stored]
        call = statement.values[0]
        assert isinstance(call, ast.Call)
        results = self._scope.call(call)
        callee = self._unit.callees[id(call)]
        finish = [self._call_result(target, callee, i, call) for i, target in enumerate(targets)]
        return lambda frame: [end(value) for end, value in zip(finish, results(frame), strict=True)]

    def _call_result(
        self, target: ast.Target, callee: Any, number: int, call: ast.Call
    ) -> Callable[[Value], Value]:
        kind = callee.variables[callee.outputs[number]].type.kind if isinstance(callee, Unit) else Kind.REAL
        weights = self._machine.target_weights.get(id(target))
        factor, bias = weights if weights is not None else (None, None)

        def result(value: Value) -> Value:
            return value if factor is None else factor * value + bias

        # the frame of `_converted` is the value itself here
        return self._converted(target, kind, call, result)

    def _writer(
        self, target: ast.Target
    ) -> tuple[Callable[[Frame], Any], Callable[[Frame, Weight, Any, Value], None]]:
        """How to write a target: read its indices first, write later."""
        arithmetic = self._machine.arithmetic
        if isinstance(target, ast.Index):
            array, rest = self._code.slots[target.array.id], self._rest(target)

            def write(frame: Frame, weight: Weight, axes: Any, value: Value) -> None:
                frame[array] = arithmetic.write(
                    frame[array], axes, weight, arithmetic.fill(value, rest, frame)
                )

            return self._scope.axes(target), write
        slot, shape = self._code.slots[target.id], self._scope.array_shape(target.id)

        def replace(frame: Frame, weight: Weight, axes: Any, value: Value) -> None:
            new = arithmetic.fill(value, shape, frame)
            frame[slot] = new if weight is ONE else arithmetic.blend(frame[slot], weight, new)

        return (lambda frame: None), replace

    # ---- choices and loops

    def _if(self, statement: ast.If) -> Action:
        action = self.block(statement.orelse or ())
        written = assigned(statement.orelse or ())
        for branch in reversed(statement.branches):
            written = written | assigned(branch.body)
            action = self._branch(branch, action, written)
        return action

    def _branch(self, branch: ast.Branch, orelse: Action, written: frozenset[str]) -> Action:
        then = self.block(branch.body)
        condition = self._scope.condition(branch.condition)
        if self._scope.is_static_condition(branch.condition):

            def take(frame: Frame, weight: Weight) -> None:
                (then if condition(frame) else orelse)(frame, weight)

            return take
        return self._machine.control.choice(condition, then, orelse, self._slots(written))

    def _slots(self, names: frozenset[str]) -> tuple[int, ...]:
        return tuple(sorted(self._code.slots[name] for name in names))

    def _while(self, statement: ast.While) -> Action:
        condition = self._scope.condition(statement.condition)
        body = self.block(statement.body)
        return self._machine.control.loop(
            lambda frame: None,
            lambda frame, head, trip: condition(frame),
            self._counted(body, statement),
            self._slots(assigned(statement.body)),
            self._machine.tally(statement),
        )

    def _loop(self, statement: ast.Loop) -> Action:
        count = self._scope.value(statement.count)
        steepness = self._machine.options.order_steepness
        if self._scope.kind(statement.count) is Kind.STATIC:
            count = self._scope.static(statement.count)
            condition: Any = lambda frame, head, trip: trip < head  # noqa: E731
        else:
            runs = self._machine.arithmetic.trip_condition()
            condition = lambda frame, head, trip: runs(head, trip, steepness)  # noqa: E731
            count = self._whole(count, statement) if self._machine.arithmetic.is_crisp else count
        return self._machine.control.loop(
            count,
            condition,
            self._counted(self.block(statement.body), statement),
            self._slots(assigned(statement.body)),
            self._machine.tally(statement),
        )

    def _whole(self, count: Thunk, statement: ast.Loop) -> Thunk:
        primal = self._machine.arithmetic.primal

        def checked(frame: Frame) -> Value:
            value = count(frame)
            for number in primal(value):
                if number != number // 1:
                    fail(
                        E0609,
                        f"LOOP count {number:.7g} is not a whole number",
                        statement.count.span,
                        "how often the body runs",
                        "round it before, or run in a smooth mode",
                    )
            return value

        return checked

    def _counted(self, body: Action, statement: ast.While | ast.Loop) -> Action:
        """The body of a loop; a trip without statements counts as one, or it would never stop."""
        if statement.body:
            return body
        machine, span = self._machine, statement.head
        return lambda frame, weight: machine.spend(1, span)

    def _for(self, statement: ast.For) -> Action:
        slot = self._code.slots[statement.variable.id]
        start, stop = self._scope.static(statement.start), self._scope.static(statement.stop)
        step = (lambda frame: 1) if statement.step is None else self._scope.static(statement.step)
        body, spend = self.block(statement.body), self._machine.spend

        def run(frame: Frame, weight: Weight) -> None:
            stride = step(frame)
            if stride == 0:
                assert statement.step is not None
                fail(
                    E0613,
                    "FOR has a step of 0",
                    statement.step.span,
                    "must not be 0",
                    "use a step of 1 or -1",
                )
            for value in range(start(frame), stop(frame) + (1 if stride > 0 else -1), stride):
                spend(1, statement.head)
                frame[slot] = value
                body(frame, weight)

        return run


_RULES: Mapping[type, Callable[[Statements, Any], Action]] = {
    ast.Assign: Statements._assign,
    ast.If: Statements._if,
    ast.While: Statements._while,
    ast.Loop: Statements._loop,
    ast.For: Statements._for,
}


def _target_name(target: ast.Target) -> str:
    return target.array.id if isinstance(target, ast.Index) else target.id


def assigned(statements: tuple[ast.Stmt, ...]) -> frozenset[str]:
    """The variables that statements assign, at any depth."""
    names: set[str] = set()
    pending = list(statements)
    while pending:
        statement = pending.pop()
        match statement:
            case ast.Assign():
                names.update(_target_name(target) for target in statement.targets)
            case ast.If():
                for branch in statement.branches:
                    pending += branch.body
                pending += statement.orelse or ()
            case _:
                pending += statement.body
    return frozenset(names)
