"""Which elements a dynamic index reads and writes, and with what weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from whilec.semantics.reference.arithmetic import ONE, Tap, Value, Weight
from whilec.semantics.relax import AbstractRelaxation, magnitude


def soft_taps(
    m: Any, relaxation: AbstractRelaxation, size: int, steepness: float
) -> Callable[[Value], tuple[Tap, ...]]:
    """A function of an index along an axis of `size` >= 1: positions with their weights.

    `m` is an `Elementary` that also offers `position` (floor, cut to a range, as an index) and
    `largest` (the maximum of several numbers, as a constant).
    """
    if size == 1:
        return lambda i: ((0, ONE),)

    def neighbours(i: Value) -> tuple[Tap, ...]:
        i = m.clamp(i, 0.0, size - 1.0)
        first = m.position(i, size - 2)
        weight = relaxation.tap(m, i - first)
        return ((first, 1.0 - weight), (first + 1, weight))

    def everything(i: Value) -> tuple[Tap, ...]:
        # |i - j| is the distance within the axis plus the same excess for all j, which cancels
        inside = m.clamp(i, 0.0, size - 1.0)
        excess = magnitude(m, i - inside)
        distances = [magnitude(m, inside - float(j)) for j in range(size)]
        logits = [
            -steepness * near - m.log1p(m.exp(-2.0 * steepness * (near + excess))) for near in distances
        ]
        shift = m.largest(logits)
        terms = [m.exp(logit - shift) for logit in logits]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return tuple((j, m.divide(term, total)) for j, term in enumerate(terms))

    return neighbours if relaxation.is_local else everything


def product_of(a: Weight, b: Weight) -> Weight:
    """The product of two weights, still `ONE` if both are."""
    return b if a is ONE else a if b is ONE else a * b


def combinations(axes: tuple[tuple[Tap, ...], ...]) -> Iterator[tuple[tuple[Any, ...], Weight]]:
    """Every choice of one tap per axis: the positions and the product of their weights."""
    for taps in product(*axes):
        weight = ONE
        for _, factor in taps:
            weight = product_of(weight, factor)
        yield tuple(position for position, _ in taps), weight
