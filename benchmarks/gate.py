"""Nothing is timed before the test that compares it is green."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from benchmarks import junit
from benchmarks.report import ROOT


@final
@dataclass(frozen=True)
class Verdict:
    """Whether a gate is green, and if not, why."""

    is_green: bool
    reason: str = ""


def check(nodes: Sequence[str], root: Path = ROOT) -> Mapping[str, Verdict]:
    """Run the tests of these nodes; a skipped, missing or failed one is not green."""
    if not nodes:
        return {}
    report = junit.run(nodes, root)
    found = {outcome.name: outcome for outcome in report.outcomes}
    return {node: _verdict(found.get(node.rpartition("::")[2]), report) for node in nodes}


def _verdict(outcome: junit.Outcome | None, report: junit.Report) -> Verdict:
    if outcome is None:
        return Verdict(False, f"the test did not run:\n{report.output}")
    if outcome.status == "passed":
        return Verdict(True)
    return Verdict(False, f"{outcome.status}: {outcome.reason}")
