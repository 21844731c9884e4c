"""The loops of a run as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from whilec.cli.table import layout
from whilec.source import SourceFile

if TYPE_CHECKING:
    from whilec.semantics.reference import LoopReport


def loop_table(loops: Iterable[LoopReport], source: SourceFile) -> list[str]:
    """Lines with a row for each loop."""
    rows: list[tuple[str, ...]] = [("line", "loop", "entries", "trips", "converged", "capped", "nan")]
    for loop in loops:
        head = " ".join(source.snippet(loop.span).split())
        shares = [f"{share:.4g}" for share in (loop.converged, loop.capped, loop.nan)]
        rows.append((str(loop.line), head, str(loop.entries), str(loop.trips), *shares))
    return layout(rows, "rlrrrrr") if len(rows) > 1 else ["no loops"]
