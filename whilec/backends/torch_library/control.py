"""Loops and choices that run: rows that a statement does not concern are left out of it.

A part of a program runs on the rows it concerns only, and the results are put back together in
the old order. So nothing is evaluated for a row at path weight 0, and no row sees another.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch

from whilec.backends.torch_library.eager import (
    TroubleError,
    careful,
    mix,
    multiply,
    standing_by,
)
from whilec.backends.torch_library.numbers import is_uniform
from whilec.backends.torch_library.tables import Table, chosen_rows, dense, mixed_items, table
from whilec.backends.torch_library.taped import Number
from whilec.backends.torch_library.weights import Weight

State: TypeAlias = "tuple[Any, ...]"
"""Values; those that a part captures begin with the run and a tensor of shape (rows,)."""
Block: TypeAlias = "Callable[..., State]"


def chosen(values: State, rows: torch.Tensor) -> State:
    """Some rows of all values; what is the same for all rows stays."""
    return tuple(_chosen(x, rows) for x in values)


def _chosen(x: Any, rows: torch.Tensor) -> Any:
    if isinstance(x, Table):
        return chosen_rows(x, rows)
    return x.index_select(0, rows) if isinstance(x, torch.Tensor | Number) and x.dim() else x


def joined(parts: list[tuple[torch.Tensor, State]]) -> State:
    """Values of some rows each, put together in the order of the rows."""
    order = torch.argsort(torch.cat([rows for rows, _ in parts]))
    columns = zip(*(values for _, values in parts), strict=True)
    return tuple(table(torch.cat(dense(column)).index_select(0, order)) for column in columns)


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
    low, _ = bounds(left)
    _expect_number(low)
    if low > 0.0:
        return multiply(left, right(*captured))
    return _decided(left, left.detach() == 0.0, multiply, right, captured)


def disjunction(left: Weight, right: Callable[..., Weight], captured: State) -> Weight:
    """OR: the right side runs where the left degree is not 1."""
    if is_uniform(left):
        return 1.0 if left == 1.0 else _either(left, right(*captured))
    low, high = bounds(left)
    _expect_number(low)
    if high < 1.0:
        return _either(left, right(*captured))
    return _decided(left, left.detach() == 1.0, _either, right, captured)


def _expect_number(x: float) -> None:
    """A degree that is NaN may belong to a row that stands by."""
    if x != x:
        careful(lambda: None)


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
        parts.append((rest, (result,)))
    return joined(parts)[0]


# ---- choices


def choose(degree: Weight, then: Block, orelse: Block, captured: State, epsilon: float) -> State:
    """IF: both arms from the same state, blended by the degree; only one where it decides."""
    if is_uniform(degree):
        if degree <= epsilon or degree >= 1.0 - epsilon:
            return (orelse if degree <= epsilon else then)(*captured)
        degree = torch.full_like(rows_of(captured), degree)
    low, high = bounds(degree)
    _expect_number(low)
    if low > epsilon and high < 1.0 - epsilon:
        first, second = then(*captured), orelse(*captured)
        return _mixed(degree, in_tensors(first, captured), in_tensors(second, captured))
    if high <= epsilon:
        return orelse(*captured)
    if low >= 1.0 - epsilon:
        return then(*captured)
    return _partly(degree, then, orelse, captured, epsilon)


def bounds(degree: torch.Tensor) -> tuple[float, float]:
    """The smallest and the largest degree; NaN if one is."""
    if not degree.numel():
        return 0.0, 0.0
    low, high = torch.aminmax(degree.detach())
    return low.item(), high.item()


def _mixed(degree: torch.Tensor, first: State, second: State) -> State:
    return tuple(_mix(degree, a, b) for a, b in zip(first, second, strict=True))


def _mix(degree: torch.Tensor, a: Any, b: Any) -> Any:
    if a is b:
        return a
    if isinstance(a, Table) and isinstance(b, Table):
        items = mixed_items(a, b, lambda x, y: mix(degree, x, y))
        if items is not None:
            return items
    return mix(degree, a, b)


def merge(degree: Weight, then: Block, orelse: Block, captured: State, epsilon: float) -> State:
    """As `choose`, of arms without loops and calls: both may be computed for all rows."""
    if is_uniform(degree):
        return choose(degree, then, orelse, captured, epsilon)
    low, high = bounds(degree)
    is_partly = low <= epsilon < high or low < 1.0 - epsilon <= high
    if not is_partly:
        return choose(degree, then, orelse, captured, epsilon)
    try:
        with standing_by():
            first, second = then(*captured), orelse(*captured)
            settled = degree.masked_fill(degree <= epsilon, 0.0) if low <= epsilon else degree
            if high >= 1.0 - epsilon:
                settled = settled.masked_fill(degree >= 1.0 - epsilon, 1.0)
            return _mixed(settled, in_tensors(first, captured), in_tensors(second, captured))
    except TroubleError:
        return choose(degree, then, orelse, captured, epsilon)


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
