"""Nothing is timed before the test that compares it is green."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import final

from benchmarks.report import ROOT


@final
@dataclass(frozen=True)
class Verdict:
    """Whether a gate is green, and if not, what its test said."""

    is_green: bool
    reason: str = ""


def check(nodes: Sequence[str], root: Path = ROOT) -> Mapping[str, Verdict]:
    """Run tests in a fresh pytest; a skipped, missing or failed one is not green."""
    if not nodes:
        return {}
    with TemporaryDirectory() as folder:
        report = Path(folder) / "gates.xml"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *nodes, "-q", "-p", "no:cacheprovider", f"--junitxml={report}"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        if not report.exists():
            return dict.fromkeys(
                nodes, Verdict(False, f"pytest ended with {done.returncode}:\n{done.stdout}")
            )
        found = {case.get("name", ""): _verdict(case) for case in ET.parse(report).getroot().iter("testcase")}
    nothing = Verdict(False, f"no such test; pytest said:\n{done.stdout}")
    return {node: found.get(node.rpartition("::")[2], nothing) for node in nodes}


def _verdict(case: ET.Element) -> Verdict:
    for outcome in ("failure", "error", "skipped"):
        element = case.find(outcome)
        if element is not None:
            return Verdict(False, f"{outcome}: {element.get('message', '')}")
    return Verdict(True)
