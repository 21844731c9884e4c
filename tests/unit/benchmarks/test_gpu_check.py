"""The call that checks everything on a GPU, on machines that have none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import final

import pytest
from click.testing import CliRunner

from benchmarks import gpu_check
from benchmarks.gpu_check import CHECKS, AbstractCheck, Row, perform

FILE = """
import pytest

@pytest.mark.cuda
def test_right(): pass

@pytest.mark.cuda
def test_wrong(): assert 1 == 2

@pytest.mark.cuda
def test_not_here(): pytest.skip("no GPU")

def test_of_something_else(): pass
"""


@final
@dataclass(frozen=True)
class Toy(AbstractCheck):
    name: str
    status: str

    def run(self, timeout_s: float) -> list[Row]:
        return [{"name": "row", "status": self.status, "reason": "so", "seconds": 0.0}]


def test_without_a_gpu_every_check_is_skipped_with_the_reason() -> None:
    rows = perform(CHECKS, "there is no GPU", 1.0, lambda name: None)
    assert [row["check"] for row in rows] == [check.name for check in CHECKS]
    assert {(row["status"], row["reason"]) for row in rows} == {("skipped", "there is no GPU")}


@pytest.mark.parametrize(("status", "exit_code"), [("passed", 0), ("failed", 1)])
def test_command(status: str, exit_code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_check, "CHECKS", (Toy("toy", status),))
    monkeypatch.setattr(gpu_check, "why_not", lambda: None)
    path = tmp_path / "gpu.json"
    done = CliRunner().invoke(gpu_check.main, ["--json", str(path)])
    assert done.exit_code == exit_code, done.output
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result["count"][status] == 1
    assert [(row["check"], row["status"]) for row in result["rows"]] == [("toy", status)]
    assert {"machine", "versions", "commit"} <= set(result)


def test_command_without_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_check, "why_not", lambda: "there is no GPU")
    path = tmp_path / "gpu.json"
    done = CliRunner().invoke(gpu_check.main, ["--json", str(path)])
    assert done.exit_code == 0
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result["device"] is None
    assert result["count"] == {"passed": 0, "failed": 0, "skipped": len(CHECKS)}


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_check, "find_spec", lambda name: None if name == "lark" else object())
    assert gpu_check.why_not() == "not installed: lark"


def test_only_marked_tests_run(tmp_path: Path) -> None:
    path = tmp_path / "test_file.py"
    path.write_text(FILE, encoding="utf-8")
    rows = gpu_check.Tests("tests", (str(path),)).run(60.0)
    assert [(row["name"], row["status"]) for row in rows] == [
        ("test_right", "passed"),
        ("test_wrong", "failed"),
        ("test_not_here", "skipped"),
    ]


def test_a_broken_file_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "test_broken.py"
    path.write_text("import nothing_of_this_name\n", encoding="utf-8")
    (row,) = gpu_check.Tests("tests", (str(path),)).run(60.0)
    assert row["status"] == "failed"
    assert "nothing_of_this_name" in row["reason"]
