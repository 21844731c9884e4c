"""Every CUDA test and benchmark in one call: `python -m benchmarks.gpu_check [--json FILE]`.

It works from a plain checkout, with torch and the few packages that it names where they are missing.
Each check runs in a process of its own, so that a crash or a hang costs one row and not the result.
Without a GPU every check is a row that says why it was skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias, final

import click

from benchmarks import junit
from benchmarks.report import ROOT, table, write

Row: TypeAlias = dict[str, Any]

NEEDED: Final = ("torch", "lark", "numpy", "pytest", "hypothesis")


class AbstractCheck(ABC):
    """Something that needs a GPU."""

    name: str

    @abstractmethod
    def run(self, timeout_s: float) -> list[Row]:
        """Rows with `name`, `status` (passed, failed, skipped), `reason`, `seconds`, and facts."""


@final
@dataclass(frozen=True)
class Tests(AbstractCheck):
    """The tests with the mark `cuda` in some files."""

    name: str
    paths: tuple[str, ...]

    def run(self, timeout_s: float) -> list[Row]:
        begin = time.perf_counter()
        # Another torch or Python may warn of other things, which are no news about the GPU.
        arguments = ["-m", "cuda", "-W", "default", "--continue-on-collection-errors"]
        report = junit.run([*self.paths, *arguments], timeout_s=timeout_s)
        if not report.outcomes:
            return [_row(self.name, "failed", report.output, time.perf_counter() - begin)]
        return [_row(o.name, o.status, o.reason, o.seconds) for o in report.outcomes]


@final
@dataclass(frozen=True)
class Benchmarks(AbstractCheck):
    """Benchmarks of the registry on the GPU, behind their gates; none named: all."""

    name: str
    cases: tuple[str, ...] = ()
    runs: int = 9
    options: tuple[str, ...] = field(default=("--threads", "1"))

    def run(self, timeout_s: float) -> list[Row]:
        begin = time.perf_counter()
        with TemporaryDirectory() as folder:
            path = Path(folder) / "result.json"
            command = [sys.executable, "-m", "benchmarks.run", *self.cases, "--device", "cuda"]
            try:
                done = subprocess.run(
                    [*command, "--runs", str(self.runs), "--json", str(path), *self.options],
                    cwd=ROOT,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=timeout_s,
                    env=os.environ,
                )
            except subprocess.TimeoutExpired:
                return [_row(self.name, "failed", f"no end within {timeout_s:g} s", timeout_s)]
            seconds = time.perf_counter() - begin
            if not path.exists():
                return [_row(self.name, "failed", done.stdout + done.stderr, seconds)]
            rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        return [_benchmark_row(row) for row in rows]


CHECKS: Final[tuple[AbstractCheck, ...]] = (
    Tests("tests", ("tests",)),
    Benchmarks("benchmarks"),
)


def _row(name: str, status: str, reason: str = "", seconds: float = 0.0, **facts: Any) -> Row:
    return {"name": name, "status": status, "reason": reason, "seconds": round(seconds, 3), **facts}


def _benchmark_row(measured: Row) -> Row:
    name = f"{measured['case']}: {measured['ours']} against {measured['peer']}"
    if "skipped" in measured:
        return _row(name, "skipped", measured["skipped"])
    if "refused" in measured:
        return _row(name, "failed", measured["refused"])
    return _row(name, "passed", **measured)


def why_not() -> str | None:
    """Why nothing can be checked on this machine, or None."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    import torch

    if not torch.cuda.is_available():
        return "torch finds no CUDA device"
    return None


def perform(
    checks: Sequence[AbstractCheck], reason: str | None, timeout_s: float, tell: Callable[[str], None]
) -> list[Row]:
    """The rows of all checks; all skipped if there is a reason."""
    rows: list[Row] = []
    for check in checks:
        tell(check.name)
        found = [_row(check.name, "skipped", reason)] if reason else check.run(timeout_s)
        rows += [{"check": check.name, **row} for row in found]
    return rows


def device() -> Row | None:
    """The GPU, in words and numbers."""
    import torch

    if not torch.cuda.is_available():
        return None
    properties = torch.cuda.get_device_properties(0)
    return {
        "name": properties.name,
        "capability": f"{properties.major}.{properties.minor}",
        "memory_gib": round(properties.total_memory / 2**30, 1),
        "cuda": torch.version.cuda,
    }


@click.command()
@click.option("--json", "path", type=click.Path(path_type=Path), help="Where the JSON goes.")
@click.option("--timeout", default=280.0, show_default=True, help="Seconds for each check.")
def main(path: Path | None, timeout: float) -> None:
    """Run every CUDA test and benchmark; exit code 1 if one failed."""
    reason = why_not()
    rows = perform(CHECKS, reason, timeout, lambda name: click.echo(f"{name} ...", err=True))
    count = {
        status: sum(row["status"] == status for row in rows) for status in ("passed", "failed", "skipped")
    }
    result = {"device": None if reason else device(), "count": count, "rows": rows}
    lines = [
        [row["name"], row["status"], row["seconds"], row["reason"].partition("\n")[0][:120]] for row in rows
    ]
    click.echo(table(["check", "status", "s", "reason"], lines))
    click.echo(f"written to {write('gpu_check', result, path)}")
    click.echo(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    if count["failed"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
