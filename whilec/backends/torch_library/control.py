"""Loops and choices that run: rows that a statement does not concern are left out of it.

A part of a program runs on the rows it concerns only, and the results are put back together in
the old order. So nothing is evaluated for a row at path weight 0, and no row sees another.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, final

import torch
from torch.utils.checkpoint import checkpoint

from whilec.backends.torch_library.eager import mix, multiply, plus_scaled
from whilec.backends.torch_library.numbers import is_uniform
from whilec.backends.torch_library.weights import Weight, aligned

State: TypeAlias = "tuple[Any, ...]"
"""Values; those that a part captures begin with the run and a tensor of shape (rows,)."""
Block: TypeAlias = "Callable[..., State]"


def chosen(values: State, rows: torch.Tensor) -> State:
    """Some rows of all values; what is the same for all rows stays."""
    return tuple(x.index_select(0, rows) if isinstance(x, torch.Tensor) and x.dim() else x for x in values)


def joined(parts: list[tuple[torch.Tensor, State]]) -> State:
    """Values of some rows each, put together in the order of the rows."""
    order = torch.argsort(torch.cat([rows for rows, _ in parts]))
    columns = zip(*(values for _, values in parts), strict=True)
    return tuple(torch.cat(column).index_select(0, order) for column in columns)


def rows_of(captured: State) -> torch.Tensor:
    """The tensor of shape (rows,) that every part of a program is given."""
    return captured[1]


def in_tensors(values: State, captured: State) -> State:
    """Values as tensors, those too that are the same for all rows."""
    rows = rows_of(captured)
    return tuple(torch.full_like(rows, x) if is_uniform(x) else x for x in values)


def where(mask: torch.Tensor) -> torch.Tensor:
    """The rows where a mask holds."""
    return torch.nonzero(mask.detach())[:, 0]


# ---- degrees


def conjunction(left: Weight, right: Callable[..., Weight], captured: State) -> Weight:
    """AND: the right side runs where the left degree is not 0."""
    if is_uniform(left):
        return 0.0 if left == 0.0 else left * right(*captured)
    if left.numel() and left.detach().amin().item() > 0.0:
        return multiply(left, right(*captured))
    return _decided(left, left == 0.0, multiply, right, captured)


def disjunction(left: Weight, right: Callable[..., Weight], captured: State) -> Weight:
    """OR: the right side runs where the left degree is not 1."""
    if is_uniform(left):
        return 1.0 if left == 1.0 else _either(left, right(*captured))
    if left.numel() and left.detach().amax().item() < 1.0:
        return _either(left, right(*captured))
    return _decided(left, left == 1.0, _either, right, captured)


def _either(a: Weight, b: Weight) -> Weight:
    return a + b - a * b


def _decided(
    left: torch.Tensor,
    is_decided: torch.Tensor,
    join: Callable[[Any, Any], Any],
    right: Callable[..., Weight],
    captured: State,
) -> torch.Tensor:
    done, rest = where(is_decided), where(~is_decided)
    parts: list[tuple[torch.Tensor, State]] = [(done, (left.detach().index_select(0, done),))]
    if rest.numel():
        degree = left.index_select(0, rest)
        result = join(degree, right(*chosen(captured, rest)))
        parts.append((rest, (result.expand_as(degree),)))
    return joined(parts)[0]


# ---- choices


def choose(degree: Weight, then: Block, orelse: Block, captured: State, epsilon: float) -> State:
    """IF: both arms from the same state, blended by the degree; only one where it decides."""
    if is_uniform(degree):
        if degree <= epsilon or degree >= 1.0 - epsilon:
            return (orelse if degree <= epsilon else then)(*captured)
        degree = torch.full_like(rows_of(captured), degree)
    low, high = _bounds(degree)
    if low > epsilon and high < 1.0 - epsilon:
        first, second = then(*captured), orelse(*captured)
        return _mixed(degree, in_tensors(first, captured), in_tensors(second, captured))
    if high <= epsilon:
        return orelse(*captured)
    if low >= 1.0 - epsilon:
        return then(*captured)
    return _partly(degree, then, orelse, captured, epsilon)


def _bounds(degree: torch.Tensor) -> tuple[float, float]:
    if not degree.numel():
        return 0.0, 0.0
    low, high = torch.aminmax(degree.detach())
    return low.item(), high.item()


def _mixed(degree: torch.Tensor, first: State, second: State) -> State:
    return tuple(a if a is b else mix(degree, a, b) for a, b in zip(first, second, strict=True))


def _partly(degree: torch.Tensor, then: Block, orelse: Block, captured: State, epsilon: float) -> State:
    is_else, is_then = degree <= epsilon, degree >= 1.0 - epsilon
    only_else, only_then = where(is_else), where(is_then & ~is_else)
    both = where(~is_else & ~is_then)
    first = _arm(then, torch.cat([only_then, both]), captured)
    second = _arm(orelse, torch.cat([only_else, both]), captured)
    parts: list[tuple[torch.Tensor, State]] = []
    if only_then.numel():
        parts.append((only_then, tuple(x[: only_then.numel()] for x in first)))
    if only_else.numel():
        parts.append((only_else, tuple(x[: only_else.numel()] for x in second)))
    if both.numel():
        ours = tuple(x[only_then.numel() :] for x in first)
        theirs = tuple(x[only_else.numel() :] for x in second)
        parts.append((both, _mixed(degree.index_select(0, both), ours, theirs)))
    return joined(parts)


def _arm(arm: Block, rows: torch.Tensor, captured: State) -> State:
    if not rows.numel():
        return ()
    captured = chosen(captured, rows)
    return in_tensors(arm(*captured), captured)


# ---- loops


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
    """
    if not rows_of(captured).shape[0]:
        return state
    run = captured[0]
    count = run.counts[loop]
    entry = Entry(condition, body, is_mixture=is_mixture, epsilon=epsilon, trips=trips)
    state = in_tensors(state, captured)
    current = Current(None, 1.0 if is_mixture else weight, state, captured, None)
    parts: list[tuple[torch.Tensor | None, State]] = []
    length = 1
    first = 0
    while current is not None:
        if run.is_checkpointed and torch.is_grad_enabled():
            step = checkpoint(entry.advance, current, first, length, use_reentrant=False)
        else:
            step = entry.advance(current, first, trips + 1)
        current, left, ends, first = step
        parts += left
        count[2:] = [a + b for a, b in zip(count[2:], ends, strict=True)]
        length += 1
    count[0] += 1
    count[1] = max(count[1], first)
    rows, values = parts[0]
    return values if rows is None else joined(parts)


@final
class Current:
    """Where a loop is: the rows that still run (None: all), and what they carry."""

    def __init__(
        self, rows: torch.Tensor | None, mass: Weight, state: State, captured: State, totals: State | None
    ) -> None:
        self.rows = rows
        self.mass = mass
        self.state = state
        self.captured = captured
        self.totals = totals


@final
class Entry:
    """One entry of a loop."""

    def __init__(
        self,
        condition: Callable[..., Weight],
        body: Block,
        *,
        is_mixture: bool,
        epsilon: float,
        trips: int,
    ) -> None:
        self._condition = condition
        self._body = body
        self._is_mixture = is_mixture
        self._epsilon = epsilon
        self._trips = trips

    def advance(
        self, now: Current, first: int, length: int
    ) -> tuple[Current | None, list[tuple[torch.Tensor | None, State]], list[int], int]:
        """Some trips: what goes on (None: nothing), what has left, how it ended, the next trip."""
        left: list[tuple[torch.Tensor | None, State]] = []
        ends = [0, 0, 0]
        for trip in range(first, first + length):
            degree = self._condition(trip, *now.state, *now.captured)
            if is_uniform(degree) and degree not in (0.0, 1.0):
                degree = torch.full_like(rows_of(now.captured), degree)
            q = degree if is_uniform(now.mass) and now.mass == 1.0 else now.mass * degree
            if not self._all_go_on(q, trip):
                after = self._leave(now, q, trip, left, ends)
                if after is None:
                    return None, left, ends, trip
                now, rows = after
                q = q.index_select(0, rows)
                degree = degree if is_uniform(degree) else degree.index_select(0, rows)
            if self._is_mixture:
                rest = 1.0 - degree
                share = rest if is_uniform(now.mass) else now.mass * rest
                now = Current(now.rows, q, now.state, now.captured, self._added(now, share))
                state = self._body(1.0, trip, *now.state, *now.captured)
            else:
                state = self._body(q, trip, *now.state, *now.captured)
            now = Current(now.rows, q, in_tensors(state, now.captured), now.captured, now.totals)
        return now, left, ends, first + length

    def _all_go_on(self, q: Weight, trip: int) -> bool:
        if trip == self._trips:
            return False
        return (q if is_uniform(q) else q.detach().amin().item()) > self._epsilon

    def _added(self, now: Current, share: Weight) -> State:
        if is_uniform(share) and share == 0.0 and now.totals is None:
            return tuple(torch.zeros_like(x) for x in now.state)
        if is_uniform(share) and share == 0.0:
            return now.totals or ()
        totals = now.totals or (None,) * len(now.state)
        return tuple(plus_scaled(total, x, share) for total, x in zip(totals, now.state, strict=True))

    def _leave(
        self,
        now: Current,
        q: Weight,
        trip: int,
        left: list[tuple[torch.Tensor | None, State]],
        ends: list[int],
    ) -> tuple[Current, torch.Tensor] | None:
        """Note the rows that end here; what goes on, and which of its rows."""
        size = rows_of(now.captured).shape[0]
        if is_uniform(q):
            ends[0 if q <= self._epsilon else 1 if q == q else 2] += size
            left.append((now.rows, self._final(now, None, q != q)))
            return None
        is_nan = torch.isnan(q)
        goes_on = q > self._epsilon
        nans = int(is_nan.sum())
        going = int(goes_on.sum())
        ends[0] += size - nans - going
        ends[2] += nans
        if trip == self._trips:
            ends[1] += going
            going = 0
        if not going:
            left.append((now.rows, self._final(now, None, is_nan if nans else False)))
            return None
        done, rest = where(~goes_on), where(goes_on)
        rows = torch.arange(size, device=done.device) if now.rows is None else now.rows
        left.append((rows[done], self._final(now, done, is_nan[done] if nans else False)))
        totals = None if now.totals is None else chosen(now.totals, rest)
        mass = now.mass if is_uniform(now.mass) else now.mass.index_select(0, rest)
        return Current(rows[rest], mass, chosen(now.state, rest), chosen(now.captured, rest), totals), rest

    def _final(self, now: Current, done: torch.Tensor | None, is_nan: Any) -> State:
        """The values that rows (None: all) leave with; those with a NaN weight become NaN."""
        state = now.state if done is None else chosen(now.state, done)
        if self._is_mixture:
            totals = now.totals if now.totals is None or done is None else chosen(now.totals, done)
            mass = now.mass if is_uniform(now.mass) or done is None else now.mass.index_select(0, done)
            before = totals or (None,) * len(state)
            state = tuple(plus_scaled(total, x, mass) for total, x in zip(before, state, strict=True))
        if is_nan is False:
            return state
        if is_nan is True:
            return tuple(torch.full_like(x, float("nan")) for x in state)
        return tuple(torch.where(aligned(is_nan, x), float("nan"), x) for x in state)
