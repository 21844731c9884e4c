"""Units, blocks, choices and loops as closures (language.md, section 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from whilec.diagnostics.model import Diagnostic, Label
from whilec.semantics.program import Unit
from whilec.semantics.reference.arithmetic import Frame, Value, Weight
from whilec.semantics.reference.assignments import Count, as_count, assignment, target_name
from whilec.semantics.reference.errors import E0609, fail
from whilec.semantics.reference.machine import Action, Machine, Thunk, UnitCode, layout
from whilec.semantics.reference.result import Step
from whilec.semantics.reference.rules import RULES
from whilec.semantics.reference.scope import Scope
from whilec.semantics.statements import ZERO_STEP
from whilec.semantics.types import Kind
from whilec.source import Span
from whilec.syntax import ast, walk


def unit_code(machine: Machine, unit: Unit) -> UnitCode:
    """The closures of a unit, built on first use."""
    known = machine.codes.get(id(unit))
    if known is not None:
        return known
    code = machine.codes[id(unit)] = layout(machine.program, unit)
    scope = Scope(machine, code, RULES, lambda callee: unit_code(machine, callee))
    code.enter = _entrance(scope, code)
    code.body = Statements(scope, code).block(unit.body)
    return code


def _entrance(scope: Scope, code: UnitCode) -> Callable[[Frame, list[Value]], Frame]:
    """How to make the unit's frame from the caller's and the arguments."""
    arithmetic, unit, slots = scope.arithmetic, scope.unit, code.slots
    parameters = len(scope.machine.program.parameters)
    inputs = [(slots[name], scope.shape_of(name), _converter(scope, name)) for name in unit.inputs]
    zeros = [
        (slots[name], scope.shape_of(name), arithmetic.number(0.0 if v.type.kind is Kind.REAL else 0))
        for name, v in unit.variables.items()
        if slots.get(name, -1) >= parameters and name not in unit.inputs
    ]
    starts = [_start(scope, var) for var in unit.starts]

    def enter(caller: Frame, arguments: list[Value]) -> Frame:
        frame = [*caller[:parameters], *[None] * (code.size - parameters - 1), caller[-1]]
        for (slot, shape, convert), value in zip(inputs, arguments, strict=True):
            frame[slot] = arithmetic.fill(convert(value), shape, frame)
        for slot, shape, zero in zeros:
            frame[slot] = arithmetic.fill(zero, shape, frame)
        for start in starts:
            start(frame)
        return frame

    return enter


def _converter(scope: Scope, name: str) -> Callable[[Value], Value]:
    variable = scope.unit.variables[name]
    return scope.arithmetic.convert(variable.type.kind, variable.span) or (lambda value: value)


def _start(scope: Scope, var: ast.Var) -> Callable[[Frame], None]:
    assert var.start is not None
    name = var.name.id
    slot, shape, fill = scope.slots[name], scope.shape_of(name), scope.arithmetic.fill
    value, convert = scope.value(var.start), _converter(scope, name)

    def start(frame: Frame) -> None:
        frame[slot] = fill(convert(value(frame)), shape, frame)

    return start


@final
class Statements:
    """Builds the statements of one unit."""

    def __init__(self, scope: Scope, code: UnitCode) -> None:
        self._scope = scope
        self._code = code
        self._machine = scope.machine
        self._depth = -1

    def block(self, statements: tuple[ast.Stmt, ...]) -> Action:
        """Statements in their order."""
        self._depth += 1
        counts = [as_count(self._scope, statement) for statement in statements]
        if counts and None not in counts and self._machine.observer is None:
            action = self._counting_block([count for count in counts if count], statements[0].span)
        else:
            action = self._sequence([self._action(statement) for statement in statements], statements)
        self._depth -= 1
        return action

    def _sequence(self, actions: list[Action], statements: tuple[ast.Stmt, ...]) -> Action:
        machine, count, limit = self._machine, len(actions), self._machine.options.max_steps
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

    def _counting_block(self, counts: list[Count], span: Span) -> Action:
        """A block of nothing but counts, in one closure."""
        machine, number, limit = self._machine, len(counts), self._machine.options.max_steps
        if number == 2:
            (slot, change), (other_slot, other_change) = counts

            def run_two(frame: Frame, weight: Weight) -> None:
                machine.steps += 2
                if machine.steps > limit:
                    machine.overrun(span)
                frame[slot] += change
                frame[other_slot] += other_change

            return run_two

        def run(frame: Frame, weight: Weight) -> None:
            machine.steps += number
            if machine.steps > limit:
                machine.overrun(span)
            for slot, change in counts:
                frame[slot] += change

        return run

    def _action(self, statement: ast.Stmt) -> Action:
        match statement:
            case ast.Assign():
                return self._assign(statement)
            case ast.If():
                return self._if(statement)
            case ast.While():
                return self._while(statement)
            case ast.Loop():
                return self._loop(statement)
            case ast.For():
                return self._for(statement)

    def _assign(self, statement: ast.Assign) -> Action:
        action, observer = assignment(self._scope, statement), self._machine.observer
        if observer is None:
            return action
        names = tuple(dict.fromkeys(target_name(target) for target in statement.targets))
        slots, weight_of, depth = self._scope.slots, self._machine.control.weight_of, self._depth

        def observed(frame: Frame, weight: Weight) -> None:
            action(frame, weight)
            changes = tuple((name, frame[slots[name]]) for name in names)
            observer(Step(statement, weight_of(weight), changes, depth))

        return observed

    # choices

    def _if(self, statement: ast.If) -> Action:
        action = self.block(statement.orelse or ())
        written = assigned(statement.orelse or ())
        for branch in reversed(statement.branches):
            written = written | assigned(branch.body)
            action = self._branch(branch, action, written)
        return action

    def _branch(self, branch: ast.Branch, orelse: Action, written: frozenset[str]) -> Action:
        then, condition = self.block(branch.body), self._scope.condition(branch.condition)
        if not self._scope.is_static_condition(branch.condition):
            return self._machine.control.choice(condition, then, orelse, self._slots(written))

        def take(frame: Frame, weight: Weight) -> None:
            (then if condition(frame) else orelse)(frame, weight)

        return take

    def _slots(self, names: frozenset[str]) -> tuple[int, ...]:
        return tuple(sorted(self._scope.slots[name] for name in names))

    # loops

    def _while(self, statement: ast.While) -> Action:
        body = self.block(statement.body) if statement.body else self._empty_body(statement)
        return self._repeated(statement, self._scope.condition(statement.condition), body)

    def _loop(self, statement: ast.Loop) -> Action:
        """A WHILE over two hidden variables: the count, read once, and the trip's number."""
        total, trip = self._code.hidden_slot(), self._code.hidden_slot()
        count, condition = self._loop_head(statement, total, trip)
        body = self.block(statement.body) if statement.body else self._empty_body(statement)

        def counted_body(frame: Frame, weight: Weight) -> None:
            body(frame, weight)
            frame[trip] += 1

        loop = self._repeated(statement, condition, counted_body)

        def run(frame: Frame, weight: Weight) -> None:
            frame[total], frame[trip] = count(frame), 0
            loop(frame, weight)

        return run

    def _loop_head(self, statement: ast.Loop, total: int, trip: int) -> tuple[Thunk, Thunk]:
        arithmetic, steepness = self._machine.arithmetic, self._machine.options.order_steepness
        if self._scope.kind(statement.count) is Kind.STATIC:
            return self._scope.static(statement.count), lambda frame: frame[trip] < frame[total]
        less, count = arithmetic.comparison("<", is_int=True), self._scope.value(statement.count)
        checked = self._whole(count, statement) if arithmetic.is_crisp else count
        return checked, lambda frame: less(frame[trip], frame[total], steepness)

    def _repeated(self, statement: ast.While | ast.Loop, condition: Thunk, body: Action) -> Action:
        written, tally = self._slots(assigned(statement.body)), self._machine.tally(statement)
        return self._machine.control.loop(condition, body, written, tally)

    def _empty_body(self, statement: ast.While | ast.Loop) -> Action:
        """A trip without statements costs a step all the same, or it would never stop."""
        spend, span = self._machine.spend, statement.head
        return lambda frame, weight: spend(1, span)

    def _whole(self, count: Thunk, statement: ast.Loop) -> Thunk:
        demand = self._machine.arithmetic.demand

        def problem(number: float) -> Diagnostic:
            return Diagnostic(
                E0609,
                f"LOOP count {number:.7g} is not a whole number",
                Label(statement.count.span, "how often the body runs"),
                help="give whole numbers, or run in a smooth mode",
            )

        def checked(frame: Frame) -> Value:
            value = count(frame)
            demand(value, lambda number: number == number // 1, problem)
            return value

        return checked

    def _for(self, statement: ast.For) -> Action:
        scope, spend, body = self._scope, self._machine.spend, self.block(statement.body)
        slot, start, stop = (
            scope.slots[statement.variable.id],
            scope.static(statement.start),
            scope.static(statement.stop),
        )
        step: Thunk = (lambda _: 1) if statement.step is None else scope.static(statement.step)

        def run(frame: Frame, weight: Weight) -> None:
            stride = step(frame)
            if stride == 0:
                assert statement.step is not None
                fail(ZERO_STEP, "FOR has a step of 0", statement.step.span, "must not be 0", "use 1 or -1")
            for value in range(start(frame), stop(frame) + (1 if stride > 0 else -1), stride):
                spend(1, statement.head)
                frame[slot] = value
                body(frame, weight)

        return run


def assigned(block: tuple[ast.Stmt, ...]) -> frozenset[str]:
    """The variables that statements assign, at any depth."""
    return frozenset(
        target_name(target)
        for statement in walk.statements(block)
        if isinstance(statement, ast.Assign)
        for target in statement.targets
    )
