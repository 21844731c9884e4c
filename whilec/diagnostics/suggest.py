"""Near names: what a misspelt name was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like `name`, or None where nothing is near.

    Near means that at most a third of the name's letters must be inserted, removed, replaced or
    swapped with their neighbour. Capitals and small letters count as the same, so `X1` is near
    `x1`. Of equally near names the one that starts alike wins, then the first in the alphabet.
    """
    folded = name.casefold()
    limit = len(name) // 3
    best: tuple[int, bool, str] | None = None
    for candidate in candidates:
        if candidate == name or abs(len(candidate) - len(name)) > limit:
            continue
        distance = _distance(folded, candidate.casefold(), limit)
        if distance > limit:
            continue
        rank = (distance, candidate[:1].casefold() != folded[:1], candidate)
        if best is None or rank < best:
            best, limit = rank, distance
    return None if best is None else best[2]


def _distance(left: str, right: str, limit: int) -> int:
    """Edits (insert, remove, replace, swap neighbours) between two texts; > limit if too many."""
    if left == right:
        return 0
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        current = [i]
        for j, b in enumerate(right, 1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > limit and min(previous) > limit:
            return limit + 1
        before, previous = previous, current
    return previous[-1]
