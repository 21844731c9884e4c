"""The harness on functions whose cost is known; no test asserts a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from benchmarks import gate, run
from benchmarks.case import Agrees, Case, Function, Peer, Place, Program, Provider, Size, Target
from benchmarks.registry import CASES
from benchmarks.run import Task, perform, show, tasks
from whilec.driver.pipeline import check_file, format_file
from whilec.source import SourceFile

PLACE = Place(torch.float64)
GREEN = gate.Verdict(True)
RED = gate.Verdict(False, "failed: 1 is not 2\nand here is the traceback")


def chain(length: int) -> Provider:
    """A provider that keeps `length` tensors for the backward pass."""

    def build(program: Program, place: Place) -> Function:
        def call(inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
            y = inputs["x"]
            for _ in range(length):
                y = y.sin()
            return y

        return call

    return Provider(f"chain of {length}", build)


MISSING = Provider("absent", chain(1).build, lambda: "it is not installed")

CASE = Case(
    name="toy",
    about="sines",
    program=Program(Path("toy.while")),
    inputs=lambda size, generator: {"x": torch.rand(size.rows, dtype=torch.float64, generator=generator)},
    sizes=(Size(100),),
    small=Size(2),
    ours=(chain(4),),
    peers=(Peer(chain(40), Agrees(1e-3, "a toy"), Target("peak_bytes", 5.0)),),
)


def row_of(case: Case, verdict: gate.Verdict = GREEN) -> dict[str, Any]:
    (task,) = tasks([case], [1])
    return perform(task, PLACE, 3, dict.fromkeys(map(case.gate, task.providers), verdict), lambda: None)


def test_measures_and_ratios() -> None:
    row = row_of(CASE)
    assert (row["case"], row["ours"], row["peer"], row["threads"]) == ("toy", "chain of 4", "chain of 40", 1)
    for measure in ("forward_s", "forward_backward_s"):
        for side in ("ours", "peer", "ratio"):
            found = row[measure][side]
            assert 0 < found["least"] <= found["median"] <= found["largest"]
    assert row["relation"] == {"kind": "Agrees", "within": 1e-3, "because": "a toy"}
    peaks = row["peak_bytes"]
    assert peaks["ratio"]["median"] == peaks["peer"] / peaks["ours"]
    assert row["target"] == {"measure": "peak_bytes", "factor": 5.0, "is_met": True}
    json.dumps(row)


def test_a_missed_target_is_said() -> None:
    (peer,) = CASE.peers
    row = row_of(replace(CASE, peers=(replace(peer, target=Target("peak_bytes", 1000.0)),)))
    assert row["target"]["is_met"] is False
    assert "MISSED" in show([row])


def test_a_red_gate_is_refused() -> None:
    def build(program: Program, place: Place) -> Function:
        raise AssertionError("nobody may be timed")

    row = row_of(replace(CASE, ours=(Provider("ours", build),)), RED)
    assert "failed: 1 is not 2" in row["refused"]
    assert "forward_s" not in row
    assert "REFUSED" in show([row])
    assert "traceback" not in show([row])


def test_a_missing_peer_is_a_row_that_says_so() -> None:
    row = row_of(replace(CASE, peers=(Peer(MISSING, Agrees(1e-3, "a toy")),)))
    assert row["skipped"] == "absent: it is not installed"
    assert "toy: skipped: absent: it is not installed" in show([row])


def test_without_peers_ours_is_measured_alone() -> None:
    row = row_of(replace(CASE, peers=()))
    assert row["peer"] is None
    assert set(row["forward_s"]) == {"ours"}
    assert "chain of 4" in show([row])


def test_threads_are_set_for_the_row_and_put_back() -> None:
    before = torch.get_num_threads()
    seen: list[int] = []

    def build(program: Program, place: Place) -> Function:
        seen.append(torch.get_num_threads())
        return chain(1).build(program, place)

    case = replace(CASE, ours=(Provider("ours", build),), peers=())
    for task in tasks([case], [1, 2]):
        perform(task, PLACE, 1, {case.gate(task.ours): GREEN}, lambda: None)
    assert seen == [1, 2]
    assert torch.get_num_threads() == before


def test_every_run_moves_the_progress_bar() -> None:
    ticks: list[int] = []
    (task,) = tasks([CASE], [1])
    perform(task, PLACE, 3, dict.fromkeys(map(CASE.gate, task.providers), GREEN), lambda: ticks.append(1))
    assert len(ticks) == 2 * 3


def test_inputs_are_the_same_in_every_run() -> None:
    first, second = (CASE.arguments(Size(5), PLACE)["x"] for _ in range(2))
    assert first.equal(second)
    assert not first.equal(CASE.arguments(Size(5), PLACE, seed=1)["x"])


def test_command_writes_a_file_with_head_and_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "check", lambda nodes: dict.fromkeys(nodes, GREEN))
    monkeypatch.setattr(run, "CASES", (CASE,))
    path = tmp_path / "result.json"
    done = CliRunner().invoke(run.main, ["--runs", "1", "--threads", "1", "--json", str(path)])
    assert done.exit_code == 0, done.output
    result = json.loads(path.read_text(encoding="utf-8"))
    assert {"machine", "versions", "commit", "default_threads", "runs"} <= set(result)
    assert [row["case"] for row in result["rows"]] == ["toy"]
    text = path.with_suffix(".txt").read_text(encoding="utf-8")
    assert text.splitlines()[0].startswith(result["date"])
    assert "chain of 40" in text


def test_command_fails_where_a_gate_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "check", lambda nodes: dict.fromkeys(nodes, RED))
    monkeypatch.setattr(run, "CASES", (CASE,))
    done = CliRunner().invoke(run.main, ["--runs", "1", "--json", str(tmp_path / "result.json")])
    assert done.exit_code == 1
    assert "REFUSED" in done.output


def test_registry_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    for case in CASES:
        labels = [task.label() for task in tasks([case], [1])]
        assert all(labels.count(label) == 1 for label in labels)


@pytest.mark.parametrize("path", sorted({case.program.path for case in CASES}), ids=lambda path: path.stem)
def test_programs_of_the_registry_are_right_and_formatted(path: Path) -> None:
    source = SourceFile(path.name, path.read_text(encoding="utf-8"))
    assert check_file(source).diagnostics == ()
    assert format_file(source) == source.text


def test_a_task_names_both_sides() -> None:
    task = Task(CASE, Size(3), chain(4), CASE.peers[0], 1)
    assert [provider.name for provider in task.providers] == ["chain of 4", "chain of 40"]
