"""Relaxed sorting on plain numbers: a second computation, comparator by comparator, without torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

TAILS: dict[str, Callable[[float], float]] = {
    "logistic": lambda z: math.exp(-z) / (1 + math.exp(-z)),
    "gaussian": lambda z: math.erfc(z / math.sqrt(2)) / 2,
    "cauchy": lambda z: math.atan2(1, z) / math.pi,
    "reciprocal": lambda z: 1 / (2 + z),
    "optimal": lambda z: 0.5 - z if z < 0.25 else 1 / (16 * z),
    "hard": lambda z: 0.0,
}
"""F(-z) for z >= 0."""


def pairs(network: str, n: int) -> list[tuple[int, int]]:
    """All comparators in order, from the textbook descriptions of the two networks."""
    if network == "odd_even":
        rounds = n if n > 2 else max(n - 1, 0)
        return [(i, i + 1) for level in range(rounds) for i in range(level % 2, n - 1, 2)]
    found: list[tuple[int, int]] = []
    size = 1
    while size < n:
        size *= 2

    def merge(start: int, length: int, *, is_first: bool) -> None:
        half = length // 2
        if not half:
            return
        found.extend(
            (start + i, start + length - 1 - i) if is_first else (start + i, start + half + i)
            for i in range(half)
        )
        merge(start, half, is_first=False)
        merge(start + half, half, is_first=False)

    def sort(start: int, length: int) -> None:
        if length > 1:
            sort(start, length // 2)
            sort(start + length // 2, length // 2)
            merge(start, length, is_first=True)

    sort(0, size)
    return [(i, j) for i, j in found if j < n]


def soft_permutation(
    x: Sequence[float], steepness: float, network: str, distribution: str
) -> list[list[float]]:
    """P of the keys, row by row."""
    n = len(x)
    keys = list(x)
    p = [[float(i == j) for j in range(n)] for i in range(n)]
    for i, j in pairs(network, n):
        d = keys[j] - keys[i]
        tail = TAILS[distribution](steepness * abs(d))
        in_order, out_of_order = (1 - tail, tail) if d >= 0 else (tail, 1 - tail)
        keys[i], keys[j] = (
            in_order * keys[i] + out_of_order * keys[j],
            out_of_order * keys[i] + in_order * keys[j],
        )
        p[i], p[j] = (
            [in_order * a + out_of_order * b for a, b in zip(p[i], p[j], strict=True)],
            [out_of_order * a + in_order * b for a, b in zip(p[i], p[j], strict=True)],
        )
    return p


def times(p: Sequence[Sequence[float]], x: Sequence[float]) -> list[float]:
    """A matrix times a vector."""
    return [math.fsum(a * b for a, b in zip(row, x, strict=True)) for row in p]
