"""Warnings about loops that did not end by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, final

from whilec.diagnostics.model import Code, Diagnostic, Example, Label

if TYPE_CHECKING:
    from whilec.semantics.reference import LoopReport

W0650 = Code(
    "W0650",
    "a loop was stopped at the limit of trips",
    """
A smooth loop ends when the path weight of its next trip is as good as 0 (at most `--epsilon`). This
one still had weight left after `--max-trips` trips, so the outputs are those of a loop that was cut
short. They may be far off, or near enough: `--stats` shows how often it happened.

Most often the relaxed condition never becomes false: a counter that should reach 0 jumps over it
and runs away. A smaller `--steepness`, another mode or `--domain nat` helps; where the loop is just
long, raise `--max-trips`.
""",
    Example(
        "WHILE x1 != 0 DO\n  x1 := x1 - 1\n  x0 := x0 + 1\nEND",
        "run {file} x1=3.5 --smooth inf --steepness 9 --max-trips 50",
    ),
)

W0651 = Code(
    "W0651",
    "a loop was ended by NaN",
    """
The condition of the loop became NaN ("not a number"): it is neither true nor false nor anything
between. The loop ended, and every variable that its body assigns is NaN, so that the mistake shows.
NaN comes from `0 / 0`, `inf - inf`, or a function outside of its domain, such as `log(-1)`.
""",
    Example(
        "PROGRAM p(x: real) -> y: real\ny := log(x)\nWHILE y > 0 DO\n  y := y - 1\nEND",
        "run {file} x=-1 --smooth 1",
    ),
)


@final
class LoopWarning(UserWarning):
    """A loop of a module was cut short; given once per module."""


def loop_warnings(loops: Iterable[LoopReport], limit: str = "max_trips") -> Iterator[Diagnostic]:
    """A warning for each loop that was cut short or met a NaN.

    Args:
        loops: How the loops ended.
        limit: The option that says how many trips a loop makes at most.
    """
    for loop in loops:
        if loop.capped > 0:
            share = "" if loop.capped >= 1 else f" in {100 * loop.capped:.3g}% of its runs"
            yield Diagnostic(
                W0650,
                f"this loop was stopped after {loop.trips} trips{share}",
                Label(loop.span, "still had weight left"),
                help=f"try a smaller `--steepness`, another mode or a larger `--{limit.replace('_', '-')}`",
                notes=() if loop.advice is None else (loop.advice,),
            )
        if loop.nan > 0:
            yield Diagnostic(
                W0651,
                "NaN ended this loop",
                Label(loop.span, "its condition became NaN"),
                help="look for a division by zero or a function outside of its domain",
            )
