"""Counts of how a loop of the source ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from whilec.semantics.options import Options
from whilec.semantics.reference.result import LoopReport
from whilec.source import SourceFile
from whilec.syntax import ast


@final
@dataclass
class Tally:
    """Ends of one WHILE or LOOP, over all entries and elements."""

    node: ast.While | ast.Loop
    entries: int = 0
    trips: int = 0
    converged: int = 0
    capped: int = 0
    nan: int = 0

    def report(self, source: SourceFile, options: Options) -> LoopReport:
        """The counts as shares."""
        ends = self.converged + self.capped + self.nan

        def share(count: int) -> float:
            return count / ends if ends else 0.0

        return LoopReport(
            line=source.position(self.node.span.start).line,
            span=self.node.head,
            entries=self.entries,
            trips=self.trips,
            converged=share(self.converged),
            capped=share(self.capped),
            nan=share(self.nan),
            advice=_advice(self.node, options) if self.capped else None,
            ends=ends,
        )


def _advice(node: ast.While | ast.Loop, options: Options) -> str:
    """What is known about the end of loops in this mode (language.md, section 5)."""
    if isinstance(node, ast.Loop):
        return "a LOOP ends by itself once its trips outnumber its count by far; raise `max_trips`"
    if options.domain == "nat" and options.smooth == "inf" and options.phi == "sech":
        return "`x := x - 1` under `x != 0` does not overshoot 0 for steepness <= 3.567 (nat, sech)"
    bound, runaway = _bounds(options)
    return (
        f"`x := x - 1` under `x != 0` does not overshoot 0 for steepness <= {bound} in this mode,"
        f" and runs away above about {runaway}; whole numbers"
        + (" may overshoot too" if _is_sech(options) else " converge for every steepness >= 1")
    )


def _is_sech(options: Options) -> bool:
    return options.smooth == "inf" and options.phi == "sech"


def _bounds(options: Options) -> tuple[str, str]:
    if _is_sech(options):
        return "2.609", "3.5"
    if options.smooth == "inf":
        return "0.8", "1.1"
    exact = {0: "1", 1: "0.888", 2: "0.834", 3: "0.8"}
    order = options.smooth if isinstance(options.smooth, int) else 0
    return exact.get(order, "0.8 (at most)"), "1.1"
