"""Reports about the loops of several runs as one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whilec.semantics.reference import LoopReport


def merged(runs: Iterable[tuple[LoopReport, ...]]) -> tuple[LoopReport, ...]:
    """For each loop the most entries and trips of a run, and the shares over all of them."""
    return tuple(reduce(_both, reports) for reports in zip(*runs, strict=True))


def _both(a: LoopReport, b: LoopReport) -> LoopReport:
    ends = a.ends + b.ends

    def share(first: float, second: float) -> float:
        return (first * a.ends + second * b.ends) / ends if ends else 0.0

    return replace(
        a,
        entries=max(a.entries, b.entries),
        trips=max(a.trips, b.trips),
        converged=share(a.converged, b.converged),
        capped=share(a.capped, b.capped),
        nan=share(a.nan, b.nan),
        advice=a.advice or b.advice,
        ends=ends,
    )
