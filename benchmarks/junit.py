"""Tests run in a fresh pytest, and their outcomes as data."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias, final

from benchmarks.report import ROOT

Status: TypeAlias = Literal["passed", "failed", "skipped"]

_STATUS: dict[str, Status] = {"failure": "failed", "error": "failed", "skipped": "skipped"}


@final
@dataclass(frozen=True)
class Outcome:
    """What became of one test; `name` with its parameters, without file."""

    name: str
    status: Status
    reason: str
    seconds: float


@final
@dataclass(frozen=True)
class Report:
    """Every outcome, and what pytest printed."""

    outcomes: tuple[Outcome, ...]
    output: str


def run(arguments: Sequence[str], root: Path = ROOT, timeout_s: float | None = None) -> Report:
    """Run pytest; if it breaks off or takes too long, there are no outcomes."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", *arguments, "-q", "-p", "no:cacheprovider"]
        try:
            done = subprocess.run(
                [*command, f"--junitxml={report}"],
                cwd=root,
                capture_output=True,
                text=True,
                check=False,
                timeout=timeout_s,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *_given_path()])},
            )
        except subprocess.TimeoutExpired:
            return Report((), f"pytest did not end within {timeout_s:g} s")
        output = done.stdout + done.stderr
        if not report.exists():
            return Report((), f"pytest ended with {done.returncode}:\n{output}")
        cases = ET.parse(report).getroot().iter("testcase")
        return Report(tuple(_outcome(case) for case in cases), output)


def _given_path() -> list[str]:
    given = os.environ.get("PYTHONPATH")
    return [given] if given else []


def _outcome(case: ET.Element) -> Outcome:
    name, seconds = case.get("name", ""), float(case.get("time", 0))
    for tag, status in _STATUS.items():
        element = case.find(tag)
        if element is not None:
            reason = element.get("message", "")
            if status == "failed":  # an import that failed is told in the text only
                reason = f"{reason}\n{element.text or ''}"
            return Outcome(name, status, reason, seconds)
    return Outcome(name, "passed", "", seconds)
