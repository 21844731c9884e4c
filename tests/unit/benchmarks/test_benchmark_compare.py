"""Verdicts on two result files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks.compare import changes, main


def row(name: str = "toy", **measures: Any) -> dict[str, Any]:
    return {"case": name, "size": "batch 2", "threads": 1, "ours": "a", "peer": "b", **measures}


def ratio(least: float, median: float, largest: float) -> dict[str, Any]:
    return {"ratio": {"least": least, "median": median, "largest": largest}}


def seconds(least: float, median: float, largest: float) -> dict[str, Any]:
    return {"ours": {"least": least, "median": median, "largest": largest}}


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        (ratio(2.9, 3.0, 3.1), ratio(3.9, 4.0, 4.1), "better"),
        (ratio(3.9, 4.0, 4.1), ratio(2.9, 3.0, 3.1), "WORSE"),
        (ratio(2.0, 3.0, 4.0), ratio(3.0, 3.9, 5.0), "same"),  # the spreads overlap
        (ratio(2.99, 3.0, 3.01), ratio(3.02, 3.03, 3.04), "same"),  # apart, but within the margin
        (seconds(1.9, 2.0, 2.1), seconds(0.9, 1.0, 1.1), "better"),
        (seconds(0.9, 1.0, 1.1), seconds(1.9, 2.0, 2.1), "WORSE"),
        (ratio(2.9, 3.0, 3.1), seconds(0.9, 1.0, 1.1), "not comparable"),
    ],
)
def test_verdict(old: dict[str, Any], new: dict[str, Any], verdict: str) -> None:
    (change,) = changes([row(forward_s=old)], [row(forward_s=new)])
    assert change.verdict == verdict


def test_memory_has_no_spread() -> None:
    old, new = ({"ours": 2000, "peer": 4000, "ratio": {"median": 2.0}}, {"ratio": {"median": 4.0}})
    (change,) = changes([row(peak_bytes=old)], [row(peak_bytes=new)])
    assert (change.factor, change.verdict) == (2.0, "better")


def test_rows_of_one_file_only() -> None:
    found = changes([row("gone", forward_s=ratio(1, 2, 3))], [row("fresh", forward_s=ratio(1, 2, 3))])
    assert [(change.label[0], change.verdict) for change in found] == [
        ("gone", "only in old"),
        ("fresh", "only in new"),
    ]


def test_rows_without_measures_say_nothing() -> None:
    assert changes([row(skipped="absent")], [row(skipped="absent")]) == []


def test_command_names_what_differs_between_the_machines(tmp_path: Path) -> None:
    files: list[str] = []
    for number, cores in enumerate((2, 8)):
        head = {"machine": {"cores": cores, "load_at_start": [cores]}, "versions": {"torch": "2.13.0"}}
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps({**head, "rows": [row(forward_s=ratio(1, 2, 3))]}), encoding="utf-8")
        files.append(str(path))
    done = CliRunner().invoke(main, files)
    assert done.exit_code == 0
    assert "machine: cores was 2, is 8" in done.stderr
    assert "load" not in done.stderr
    assert "same" in done.stdout
