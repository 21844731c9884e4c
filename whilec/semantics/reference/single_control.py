"""Control flow over one element: Python's own."""

from __future__ import annotations

from math import nan
from typing import Any, final

from whilec.diagnostics.model import WhileError
from whilec.semantics.options import Options
from whilec.semantics.reference.arithmetic import ONE, AbstractArithmetic, Frame, Value, Weight
from whilec.semantics.reference.arrays import Array, map_scalars
from whilec.semantics.reference.control import AbstractControl, Block, Condition
from whilec.semantics.reference.duals import primal
from whilec.semantics.reference.errors import beyond_cap
from whilec.semantics.reference.tally import Tally


@final
class SingleControl(AbstractControl):
    """Choices and loops for one element, in hard mode or any smooth one."""

    def __init__(self, options: Options, arithmetic: AbstractArithmetic) -> None:
        self._options = options
        self._arithmetic = arithmetic
        self._is_crisp = options.is_hard

    @property
    def is_single(self) -> bool:
        return True

    def keep(self, value: Value) -> Value:
        return value.copy() if isinstance(value, Array) else value

    def weight_of(self, weight: Weight) -> float:
        return float(primal(weight))

    def conjunction(self, left: Condition, right: Condition) -> Condition:
        if self._is_crisp:
            return lambda frame: left(frame) and right(frame)

        def both(frame: Frame) -> Weight:
            degree = left(frame)
            return 0.0 if primal(degree) == 0 else degree * right(frame)

        return both

    def disjunction(self, left: Condition, right: Condition) -> Condition:
        if self._is_crisp:
            return lambda frame: left(frame) or right(frame)

        def either(frame: Frame) -> Weight:
            a = left(frame)
            if primal(a) == 1:
                return 1.0
            b = right(frame)
            return a + b - a * b

        return either

    def negation(self, operand: Condition) -> Condition:
        if self._is_crisp:
            return lambda frame: not operand(frame)
        return lambda frame: 1.0 - operand(frame)

    def choice(self, condition: Condition, then: Block, orelse: Block, assigned: tuple[int, ...]) -> Block:
        if self._is_crisp:

            def take(frame: Frame, weight: Weight) -> None:
                (then if condition(frame) else orelse)(frame, weight)

            return take
        epsilon = self._options.epsilon

        def choose(frame: Frame, weight: Weight) -> None:
            degree = condition(frame)
            value = primal(degree)
            if value <= epsilon:
                orelse(frame, weight)
            elif value >= 1.0 - epsilon:
                then(frame, weight)
            else:
                before = [self.keep(frame[slot]) for slot in assigned]
                then(frame, weight)
                after = [frame[slot] for slot in assigned]
                for slot, value in zip(assigned, before, strict=True):
                    frame[slot] = value
                orelse(frame, weight)
                for slot, value in zip(assigned, after, strict=True):
                    frame[slot] = self._arithmetic.mix(degree, value, frame[slot])

        return choose

    def loop(self, condition: Condition, body: Block, assigned: tuple[int, ...], tally: Tally) -> Block:
        if self._is_crisp:
            return self._crisp_loop(condition, body, tally)
        if self._options.loops == "mixture":
            return self._mixture_loop(condition, body, assigned, tally)
        return self._path_loop(condition, body, assigned, tally)

    def _crisp_loop(self, condition: Condition, body: Block, tally: Tally) -> Block:
        cap = self._options.trip_cap

        def run(frame: Frame, weight: Weight) -> None:
            trips = 0
            while condition(frame):
                if trips == cap:
                    raise WhileError(beyond_cap(cap, tally.node.head))
                body(frame, weight)
                trips += 1
            tally.entries += 1
            tally.converged += 1
            tally.trips = max(tally.trips, trips)

        return run

    def _cut(self, weight: Weight) -> Weight:
        return 0.0 if primal(weight) <= self._options.epsilon else weight

    def _path_loop(
        self,
        condition: Condition,
        body: Block,
        assigned: tuple[int, ...],
        tally: Tally,
    ) -> Block:
        cap = self._options.trip_cap

        def run(frame: Frame, weight: Weight) -> None:
            trips = 0
            q = self._cut(weight * condition(frame))
            while _is_alive(q) and trips != cap:
                body(frame, q)
                trips += 1
                q = self._cut(q * condition(frame))
            self._close(frame, q, trips, assigned, tally)

        return run

    def _mixture_loop(
        self,
        condition: Condition,
        body: Block,
        assigned: tuple[int, ...],
        tally: Tally,
    ) -> Block:
        cap = self._options.trip_cap
        arithmetic = self._arithmetic

        def run(frame: Frame, weight: Weight) -> None:
            trips = 0
            mass: Weight = ONE
            totals: list[Value] = [None] * len(assigned)
            while True:
                degree = condition(frame)
                q = self._cut(mass * degree)
                share = mass if not _is_alive(q) or trips == cap else mass * (1.0 - degree)
                for i, slot in enumerate(assigned):
                    term = arithmetic.scale(share, frame[slot])
                    totals[i] = term if totals[i] is None else totals[i] + term
                if not _is_alive(q) or trips == cap:
                    break
                body(frame, ONE)
                trips += 1
                mass = q
            for slot, total in zip(assigned, totals, strict=True):
                frame[slot] = total
            self._close(frame, q, trips, assigned, tally)

        return run

    def _close(self, frame: Frame, q: Weight, trips: int, assigned: tuple[int, ...], tally: Tally) -> None:
        tally.entries += 1
        tally.trips = max(tally.trips, trips)
        value = primal(q)
        if value != value:
            tally.nan += 1
            for slot in assigned:
                frame[slot] = map_scalars(lambda _: nan, frame[slot])
        elif value == 0:
            tally.converged += 1
        else:
            tally.capped += 1


def _is_alive(q: Any) -> bool:
    value = primal(q)
    return value == value and value != 0
