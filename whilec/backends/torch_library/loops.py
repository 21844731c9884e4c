"""Loops that run, each row until its weight is used up.

A row that is done stands by: it stays among the others at weight 0, which changes nothing as long
as all numbers are finite. When half of the rows are done, or a number is not finite, the others go
on without them.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias, TypeVar, cast, final

import torch
from torch.utils.checkpoint import checkpoint

from whilec.backends.torch_library.control import Block, State, chosen, in_tensors, joined, rows_of, where
from whilec.backends.torch_library.eager import (
    TroubleError,
    blending,
    is_finite,
    is_trusting,
    plus_scaled,
    standing_by,
)
from whilec.backends.torch_library.numbers import is_uniform
from whilec.backends.torch_library.segments import segment
from whilec.backends.torch_library.tables import Table
from whilec.backends.torch_library.taped import Number, plain
from whilec.backends.torch_library.taped_weights import cut, plus_product, split
from whilec.backends.torch_library.weights import Weight, aligned

T = TypeVar("T")

MANY_ROWS = 4096
"""Among fewer rows, those that stand by cost less than it takes to send them away."""


def repeat(
    condition: Callable[..., Weight],
    body: Block,
    weight: Weight,
    state: State,
    captured: State,
    *,
    is_mixture: bool,
    epsilon: float,
    trips: int,
    loop: int,
    wanted: tuple[bool, ...],
    is_nested: bool,
) -> State:
    """WHILE: the body while its weight lasts, at most `trips` times.

    Args:
        condition: The degree, of (trip, *state, *captured).
        body: The next state, of (weight, trip, *state, *captured).
        weight: Path weight of the statement.
        state: What the body assigns.
        captured: What condition and body read besides.
        is_mixture: Whether the result is the mean of the states after every trip.
        epsilon: Path weights up to this count as 0.
        trips: The largest number of trips.
        loop: Its number in the source; its counts are added to.
        wanted: Which of the results somebody uses; the others are of no account.
        is_nested: Whether the body or the condition has loops or calls of its own.
    """
    current = _start(1.0 if is_mixture else weight, in_tensors(state, captured), captured)
    if not current.live:
        return state
    run, count = captured[0], captured[0].counts[loop]
    before = [list(numbers) for numbers in run.counts]
    entry = Entry(condition, body, is_mixture, epsilon, trips, wanted, is_nested)
    result = _run(entry, current, run, count)
    if all(is_finite(x) for x in result):
        return result
    _restore(run.counts, before)
    return _run(replace(entry, is_careful=True), current, run, count)


def _run(entry: Entry, current: Current, run: Any, count: list[int]) -> State:
    """One entry of a loop, from its first trip to its end."""
    parts: list[Part] = []
    first, length, is_done = 0, 1, False
    while not is_done:
        step: Any
        if run.is_checkpointed and is_trusting():
            step = segment(partial(_far, entry, first, length), current, _replaced)
        elif run.is_checkpointed and torch.is_grad_enabled():
            step = checkpoint(entry.advance, current, first, length, use_reentrant=False)
        else:
            step = entry.advance(current, first, entry.trips + 1)
        current, left, ends, first, is_done = step
        parts += left
        count[2:] = [a + b for a, b in zip(count[2:], ends, strict=True)]
        length += 1
    count[0] += 1
    count[1] = max(count[1], first)
    rows, values = parts[0]
    return values if rows is None else joined(cast("list[tuple[torch.Tensor, State]]", parts))


def _far(entry: Entry, first: int, length: int, current: Current) -> Any:
    """The square of `length` trips, in parts of `length`.

    With lengths 1, 2, 3, ... the states kept at any time grow as the cube root of the trips.
    """
    left: list[Part] = []
    ends = [0, 0, 0]
    is_done = False
    for _ in range(length):
        step = segment(partial(_near, entry, first, length), current, _replaced)
        current, part, ended, first, is_done = step
        left += part
        ends = [a + b for a, b in zip(ends, ended, strict=True)]
        if is_done:
            break
    return current, left, ends, first, is_done


def _near(entry: Entry, first: int, length: int, current: Current) -> Any:
    return entry.advance(current, first, length)


def _replaced(change: Callable[[Number], Any], value: Any) -> Any:
    """A value with its numbers replaced, in a fixed order."""
    if type(value) is Number:
        return change(value)
    if isinstance(value, Table):
        return Table(value.sizes, None, [_replaced(change, item) for item in value.elements()])
    if isinstance(value, Current):
        return Current(*(_replaced(change, getattr(value, name)) for name in Current.__slots__))
    if isinstance(value, tuple):
        return tuple(_replaced(change, item) for item in value)
    return [_replaced(change, item) for item in value] if isinstance(value, list) else value


Part: TypeAlias = "tuple[torch.Tensor | None, State]"
"""Rows that have left (None: all) and their values."""


@final
@dataclass(slots=True)
class Current:
    """Where a loop is; it changes from trip to trip.

    Args:
        rows: Which rows of the entry are still here; None: all.
        mass: Their weights; 0 for those that stand by.
        state: What the body assigns.
        captured: What else is read; the second one is 0 for rows that stand by.
        totals: Of the mixture, what the trips so far add to the result.
        alive: Who does not stand by; None: nobody does.
        live: How many do not stand by.
        nan: Whose weight became NaN; None: nobody's.
    """

    rows: torch.Tensor | None
    mass: Weight
    state: State
    captured: State
    totals: State | None
    alive: torch.Tensor | None
    live: int
    nan: torch.Tensor | None


def _start(weight: Weight, state: State, captured: State) -> Current:
    rows = rows_of(captured)
    if not captured[0].has_idle_rows:
        return Current(None, weight, state, captured, None, None, rows.shape[0], None)
    alive = rows > 0.0
    live = int(torch.count_nonzero(alive))
    if live == rows.shape[0]:
        return Current(None, weight, state, captured, None, None, live, None)
    return Current(None, rows if is_uniform(weight) else weight, state, captured, None, alive, live, None)


@final
@dataclass(frozen=True)
class Entry:
    """One entry of a loop; the arguments are those of `repeat`.

    Args:
        is_careful: Whether blends are careful. A blend of numbers that are not finite is not finite
            either and stays so until the loop ends, so that one look at its results tells whether
            the plain formula was right.
    """

    condition: Callable[..., Weight]
    body: Block
    is_mixture: bool
    epsilon: float
    trips: int
    wanted: tuple[bool, ...]
    is_nested: bool
    is_careful: bool = False

    def advance(
        self, now: Current, first: int, length: int
    ) -> tuple[Current, list[Part], list[int], int, bool]:
        """Some trips: what goes on, what has left, how it ended, the next trip, whether it is over."""
        with blending(is_careful=self.is_careful):
            return self._advance(now, first, length)

    def _advance(
        self, now: Current, first: int, length: int
    ) -> tuple[Current, list[Part], list[int], int, bool]:
        left: list[Part] = []
        ends = [0, 0, 0]
        now = replace(now)
        if self._is_swift(now):
            degree = self.condition(first, *now.state, *now.captured)
            if self.is_nested or not is_uniform(degree):
                return self._advance_swiftly(now, degree, first, length)
        for trip in range(first, first + length):
            now, q = self._guarded(now, left, self._weighed, trip)
            is_capped = trip == self.trips
            goes_on = None if is_uniform(q) else self._stopping(now, q, is_capped=is_capped)
            if goes_on is not None:
                now = self._sorted(now, q, goes_on, left, ends, is_capped=is_capped)
                if not now.live:
                    return now, left, ends, trip, True
            elif is_uniform(q) and (is_capped or not q > self.epsilon):
                ends[0 if q <= self.epsilon else 1 if q == q else 2] += now.live
                nan = None if q == q else torch.ones_like(rows_of(now.captured), dtype=torch.bool)
                left.append((now.rows, self._final(replace(now, nan=nan))))
                return now, left, ends, trip, True
            else:
                self._weigh(now, q)
            now, now_state = self._guarded(now, left, self._made, trip)
            now.state = now_state
        return now, left, ends, first + length, False

    def _is_swift(self, now: Current) -> bool:
        """Whether no row needs to be looked at before all have ended."""
        is_plain = not self.is_careful and now.nan is None
        return is_plain and is_trusting() and rows_of(now.captured).shape[0] < MANY_ROWS

    def _advance_swiftly(
        self, now: Current, degree: Any, first: int, length: int
    ) -> tuple[Current, list[Part], list[int], int, bool]:
        """The same as `_advance`, for numbers that count as finite; who has ended only stands by."""
        captured, state, totals = now.captured, now.state, now.totals
        mass: Any = now.mass
        for trip in range(first, first + length):
            if trip > first:
                degree = self.condition(trip, *state, *captured)
            if is_uniform(degree):
                degree = torch.full_like(rows_of(captured), degree)
            q: Any
            share: Any = None
            if self.is_mixture:
                q, share = split(mass, degree, self.epsilon)
            else:
                q = cut(degree if is_uniform(mass) else mass * degree, self.epsilon)
            most = plain(q).max().item()
            if most != most:
                raise TroubleError
            if trip == self.trips or not most:
                going = int(torch.count_nonzero(plain(q)))
                now = replace(now, mass=mass, state=state, captured=captured, totals=totals)
                return now, [(now.rows, self._final(now))], [now.live - going, going, 0], trip, True
            if self.is_mixture:
                totals = self._plus(totals, state, share)
            mass = q
            if self.is_nested:
                captured = _with_idle(captured, plain(q))
            state = self.body(1.0 if self.is_mixture else q, trip, *state, *captured)
            if any(map(is_uniform, state)):
                state = in_tensors(state, captured)
        alive = plain(mass) > 0.0
        live = int(torch.count_nonzero(alive))
        ended = now.live - live
        now = Current(now.rows, mass, state, captured, totals, alive, live, None)
        return now, [], [ended, 0, 0], first + length, False

    def _plus(self, totals: State | None, state: State, share: Any) -> State:
        """The totals of the mixture, with a share of a state."""
        found: list[Any] = []
        for i, x in enumerate(state):
            total: Any = None if totals is None else totals[i]
            is_taped = type(total) is type(x) is type(share) is Number
            if not self.wanted[i]:
                found.append(x)
            elif is_taped and not self.is_careful and x.dim() == 1:
                found.append(plus_product(total, share, x))
            else:
                found.append(plus_scaled(total, x, share))
        return tuple(found)

    def _weighed(self, now: Current, trip: int) -> Weight:
        """The weight of the next trip."""
        degree = self.condition(trip, *now.state, *now.captured)
        if is_uniform(degree) and degree not in (0.0, 1.0):
            degree = torch.full_like(rows_of(now.captured), degree)
        q = degree if is_uniform(now.mass) and now.mass == 1.0 else now.mass * degree
        if self.is_careful and now.alive is not None and not is_uniform(q):
            is_nan = torch.isnan(q.detach())
            if bool((is_nan & ~now.alive).any()):
                raise TroubleError
        return q

    def _weigh(self, now: Current, q: Weight) -> None:
        """The weights of a trip; of the mixture, the mass that stops leaves its state to the result."""
        if self.is_mixture:
            now.totals = self._added(now, now.mass - q)
        now.mass = q

    def _stopping(self, now: Current, q: Any, *, is_capped: bool) -> torch.Tensor | None:
        """Which rows go on; None if all do that do not stand by."""
        weights = q.detach()
        if now.alive is None and not is_capped and weights.amin().item() > self.epsilon:
            return None
        goes_on = weights > self.epsilon
        if is_capped or now.alive is None or int(torch.count_nonzero(goes_on)) < now.live:
            return goes_on
        return None

    def _made(self, now: Current, trip: int) -> State:
        weight = 1.0 if self.is_mixture else now.mass
        return in_tensors(self.body(weight, trip, *now.state, *now.captured), now.captured)

    def _guarded(
        self, now: Current, left: list[Part], function: Callable[[Current, int], T], trip: int
    ) -> tuple[Current, T]:
        """What a function gives; rows that stand by are sent away if they are in the way."""
        if now.alive is None or is_trusting():
            return now, function(now, trip)
        run = now.captured[0]
        before = [list(count) for count in run.counts]
        try:
            with standing_by():
                return now, function(now, trip)
        except TroubleError:
            _restore(run.counts, before)
            if now.live == rows_of(now.captured).shape[0]:
                raise
        now = _without_idle(now, left, self._final)
        return now, function(now, trip)

    def _sorted(
        self,
        now: Current,
        q: Any,
        goes_on: torch.Tensor,
        left: list[Part],
        ends: list[int],
        *,
        is_capped: bool,
    ) -> Current:
        """Note the rows that end here; what goes on."""
        going = int(torch.count_nonzero(goes_on))
        nans = 0
        low = q.detach().amin().item()
        if low != low:
            is_nan = torch.isnan(q.detach())
            is_nan = is_nan if now.alive is None else is_nan & now.alive
            nans = int(torch.count_nonzero(is_nan))
            now.nan = is_nan if now.nan is None else now.nan | is_nan
        ends[0] += now.live - nans - going
        ends[2] += nans
        if is_capped:
            ends[1] += going
            going = 0
        if not going:
            left.append((now.rows, self._final(now)))
            now.live = 0
            return now
        self._weigh(now, torch.where(goes_on, q, 0.0))
        now.alive, now.live = goes_on, going
        if self.is_nested:
            run, _, *rest = now.captured
            now.captured = (run.with_idle_rows(), goes_on.to(q.dtype), *rest)
        size = goes_on.shape[0]
        return now if size < MANY_ROWS or 2 * going >= size else _without_idle(now, left, self._final)

    def _added(self, now: Current, share: Weight) -> State:
        """The totals of the mixture, with a share of the present state."""
        totals = now.totals
        if is_uniform(share) and share == 0.0:
            return totals if totals is not None else tuple(torch.zeros_like(x) for x in now.state)
        return self._plus(totals, now.state, share)

    def _final(self, now: Current) -> State:
        """The values that rows leave with; those with a NaN weight become NaN."""
        state = now.state
        if self.is_mixture:
            state = self._added(now, now.mass)
        if now.nan is None:
            return state
        nan = now.nan
        return tuple(torch.where(aligned(nan, x), float("nan"), x) for x in state)


def _with_idle(captured: State, q: torch.Tensor) -> State:
    """What is read besides, told which rows have ended."""
    run, _, *rest = captured
    if not run.has_idle_rows and q.min().item() > 0.0:
        return captured
    return (run.with_idle_rows(), torch.sign(q), *rest)


def _restore(counts: list[list[int]], before: list[list[int]]) -> None:
    for count, old in zip(counts, before, strict=True):
        count[:] = old


def _without_idle(now: Current, left: list[Part], final: Callable[[Current], State]) -> Current:
    """The rows that go on; the others leave with their values."""
    assert now.alive is not None
    size = now.alive.shape[0]
    kept, done = where(now.alive), where(~now.alive)
    rows = torch.arange(size, device=kept.device) if now.rows is None else now.rows
    left.append((rows[done], chosen(final(now), done)))
    run, indicator, *others = chosen(now.captured, kept)
    return Current(
        rows=rows[kept],
        mass=now.mass if is_uniform(now.mass) else now.mass.index_select(0, kept),
        state=chosen(now.state, kept),
        captured=(run.without_idle_rows(), torch.ones_like(indicator), *others),
        totals=None if now.totals is None else chosen(now.totals, kept),
        alive=None,
        live=now.live,
        nan=None,
    )
