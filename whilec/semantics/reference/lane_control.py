"""Control flow over the lanes of a batch. Imports torch.

Lanes that a statement does not concern are left out of it altogether: a body runs on a smaller
frame that holds the other lanes only, and the results are put back together in the old order.
So nothing is evaluated for an element at path weight 0, and no element sees another.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import final

import torch

from whilec.semantics.options import Options
from whilec.semantics.reference.arithmetic import ONE, AbstractArithmetic, Frame, Value, Weight
from whilec.semantics.reference.control import AbstractControl, Block, Condition
from whilec.semantics.reference.errors import beyond_cap
from whilec.semantics.reference.lanes import LaneError, aligned
from whilec.semantics.reference.tally import Tally


def chosen(frame: Frame, lanes: torch.Tensor) -> Frame:
    """The frame of some lanes."""
    return [value[lanes] if isinstance(value, torch.Tensor) else value for value in frame]


def chosen_weight(weight: Weight, lanes: torch.Tensor) -> Weight:
    """The path weights of some lanes."""
    return weight[lanes] if isinstance(weight, torch.Tensor) else weight


@contextmanager
def rows_of(frame: Frame) -> Generator[None]:
    """Let an error in a lane of this frame name its row of the batch."""
    try:
        yield
    except LaneError as error:
        raise error.in_row(frame[-1]) from None


def joined(parts: list[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
    """Tensors of some lanes each, put together in the order of the lanes."""
    lanes = torch.cat([lanes for lanes, _ in parts])
    return torch.cat([values for _, values in parts])[torch.argsort(lanes)]


@final
class LaneControl(AbstractControl):
    """Choices and loops for every lane of a batch, in hard mode or any smooth one."""

    def __init__(
        self, options: Options, arithmetic: AbstractArithmetic, dtype: torch.dtype, device: torch.device
    ) -> None:
        self._options = options
        self._arithmetic = arithmetic
        self._dtype = dtype
        self._device = device
        self._is_crisp = options.is_hard

    @property
    def is_single(self) -> bool:
        return False

    def keep(self, value: Value) -> Value:
        return value

    def weight_of(self, weight: Weight) -> float:
        return float(weight.max()) if isinstance(weight, torch.Tensor) and weight.numel() else 1.0

    def _degree(self, degree: Weight, frame: Frame) -> torch.Tensor:
        """A degree as one number (hard mode: bool) per lane."""
        if isinstance(degree, torch.Tensor):
            return degree
        dtype = torch.bool if self._is_crisp else self._dtype
        return torch.full((frame[-1].shape[0],), float(degree), dtype=dtype, device=self._device)

    def _where(self, mask: torch.Tensor) -> torch.Tensor:
        return torch.nonzero(mask.detach())[:, 0]

    # degrees

    def conjunction(self, left: Condition, right: Condition) -> Condition:
        def both(frame: Frame) -> Weight:
            degree = self._degree(left(frame), frame)
            return self._partly(
                degree, degree == 0, frame, lambda a, inner: self._product(a, right(inner), inner)
            )

        return both

    def disjunction(self, left: Condition, right: Condition) -> Condition:
        def join(a: torch.Tensor, inner: Frame) -> torch.Tensor:
            b = self._degree(right(inner), inner)
            return b if self._is_crisp else a + b - a * b

        def either(frame: Frame) -> Weight:
            degree = self._degree(left(frame), frame)
            return self._partly(degree, degree == 1, frame, join)

        return either

    def _product(self, a: torch.Tensor, b: Weight, frame: Frame) -> torch.Tensor:
        b = self._degree(b, frame)
        return b if self._is_crisp else a * b

    def _partly(
        self,
        degree: torch.Tensor,
        is_decided: torch.Tensor,
        frame: Frame,
        rest: Callable[[torch.Tensor, Frame], torch.Tensor],
    ) -> torch.Tensor:
        """The left degree, as a constant, where it decides; elsewhere what `rest` makes of it."""
        decided, open_ = self._where(is_decided), self._where(~is_decided)
        parts = [(decided, degree[decided].detach())]
        if open_.numel():
            inner = chosen(frame, open_)
            with rows_of(inner):
                parts.append((open_, rest(degree[open_], inner)))
        return joined(parts)

    def negation(self, operand: Condition) -> Condition:
        def negate(frame: Frame) -> Weight:
            degree = self._degree(operand(frame), frame)
            return ~degree if self._is_crisp else 1.0 - degree

        return negate

    # choices

    def choice(self, condition: Condition, then: Block, orelse: Block, assigned: tuple[int, ...]) -> Block:
        epsilon = 0.0 if self._is_crisp else self._options.epsilon

        def choose(frame: Frame, weight: Weight) -> None:
            degree = self._degree(condition(frame), frame)
            is_else, is_then = degree <= epsilon, degree >= 1.0 - epsilon
            only_else, only_then = self._where(is_else), self._where(is_then & ~is_else)
            mixed = self._where(~is_else & ~is_then)
            first = self._arm(then, torch.cat([only_then, mixed]), frame, weight)
            second = self._arm(orelse, torch.cat([only_else, mixed]), frame, weight)
            for slot in assigned:
                a, b = first[slot], second[slot]
                parts = [(only_then, a[: only_then.numel()]), (only_else, b[: only_else.numel()])]
                if mixed.numel():
                    ours, theirs = a[only_then.numel() :], b[only_else.numel() :]
                    parts.append((mixed, self._arithmetic.mix(degree[mixed], ours, theirs)))
                frame[slot] = joined(parts)

        return choose

    def _arm(self, arm: Block, lanes: torch.Tensor, frame: Frame, weight: Weight) -> Frame:
        inner = chosen(frame, lanes)
        if lanes.numel():
            with rows_of(inner):
                arm(inner, chosen_weight(weight, lanes))
        return inner

    # loops

    def loop(self, condition: Condition, body: Block, assigned: tuple[int, ...], tally: Tally) -> Block:
        is_mixture = self._options.loops == "mixture" and not self._is_crisp
        cap = self._options.trip_cap

        def run(frame: Frame, weight: Weight) -> None:
            if not frame[-1].numel():
                return
            entry = _Entry(self._arithmetic, frame, weight, assigned, is_mixture)
            while entry.lanes.numel():
                with rows_of(entry.frame):
                    degree = self._degree(condition(entry.frame), entry.frame)
                q = self._cut(entry.mass, degree)
                if self._is_crisp and entry.trips == cap and bool(q.any()):
                    raise self._beyond_cap(tally, int(self._where(q)[0])).in_row(entry.frame[-1])
                is_nan = torch.isnan(q)
                is_capped = (q != 0) & ~is_nan & (entry.trips == cap)
                is_done = (q == 0) | is_nan | is_capped
                entry.leave(self._where(is_done), is_nan)
                tally.nan += int(is_nan.sum())
                tally.capped += int(is_capped.sum())
                tally.converged += int((q == 0).sum())
                entry.go_on(self._where(~is_done), q, degree)
                if entry.lanes.numel():
                    with rows_of(entry.frame):
                        body(entry.frame, ONE if is_mixture or self._is_crisp else entry.mass)
                    entry.trips += 1
            entry.finish(frame)
            tally.entries += 1
            tally.trips = max(tally.trips, entry.trips)

        return run

    def _cut(self, mass: Weight, degree: torch.Tensor) -> torch.Tensor:
        if self._is_crisp:
            return degree.to(self._dtype)
        q = degree if mass is ONE else mass * degree
        return torch.where(q <= self._options.epsilon, torch.zeros_like(q), q)

    def _beyond_cap(self, tally: Tally, lane: int) -> LaneError:
        return LaneError(lane, beyond_cap(self._options.trip_cap, tally.node.head))


@final
class _Entry:
    """One entry of a loop: the lanes that still run, and the values of those that have left."""

    def __init__(
        self,
        arithmetic: AbstractArithmetic,
        frame: Frame,
        weight: Weight,
        assigned: tuple[int, ...],
        is_mixture: bool,
    ) -> None:
        self._arithmetic = arithmetic
        self._assigned = assigned
        self._is_mixture = is_mixture
        self._left: dict[int, list[tuple[torch.Tensor, torch.Tensor]]] = {slot: [] for slot in assigned}
        self._totals: dict[int, torch.Tensor] | None = None
        self.frame = list(frame)
        self.mass = ONE if is_mixture else weight
        self.lanes = torch.arange(frame[-1].shape[0], device=frame[-1].device)
        self.trips = 0

    def leave(self, done: torch.Tensor, is_nan: torch.Tensor) -> None:
        """Note the final values of lanes that end here; those with a NaN weight become NaN."""
        if not done.numel():
            return
        for slot in self._assigned:
            value = self.frame[slot][done]
            if self._is_mixture:
                value = self._arithmetic.scale(chosen_weight(self.mass, done), value)
                if self._totals is not None:
                    value = self._totals[slot][done] + value
            mask = aligned(is_nan[done], value.shape[1:])
            if bool(mask.any()):
                value = torch.where(mask, torch.full_like(value, float("nan")), value)
            self._left[slot].append((self.lanes[done], value))

    def go_on(self, alive: torch.Tensor, q: torch.Tensor, degree: torch.Tensor) -> None:
        """Keep the lanes that make another trip."""
        if self._is_mixture:
            rest = 1.0 - degree[alive]
            share = rest if self.mass is ONE else chosen_weight(self.mass, alive) * rest
            totals: dict[int, torch.Tensor] = {}
            for slot in self._assigned:
                term = self._arithmetic.scale(share, self.frame[slot][alive])
                totals[slot] = term if self._totals is None else self._totals[slot][alive] + term
            self._totals = totals
        self.frame = chosen(self.frame, alive)
        self.lanes = self.lanes[alive]
        self.mass = q[alive]

    def finish(self, frame: Frame) -> None:
        """Put the final values of all lanes into the frame of the loop."""
        for slot in self._assigned:
            frame[slot] = joined(self._left[slot])
