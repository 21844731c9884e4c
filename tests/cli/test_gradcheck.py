"""`whilec gradcheck`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.command_line import Runner
from whilec.backends.base import (
    AbstractBackend,
    AbstractExecutable,
    Answer,
    Available,
    Call,
    No,
    Outcome,
    Probe,
    Request,
    Unavailable,
    Yes,
)
from whilec.backends.registry import BACKENDS, backend
from whilec.backends.torch_recurrent import TorchRecurrent
from whilec.driver.gradcheck.stencil import Stencil

ALL = ["interpreter", "interpreter on tensors", "torch recurrent", "torch unrolled"]


def check(command: Runner, *arguments: str) -> dict[str, Any]:
    finished = command("gradcheck", *arguments, "--json")
    assert finished.code == 0, finished.err
    return json.loads(finished.out)


@pytest.mark.parametrize("mode", ["1", "2", "inf"])
def test_gradients_of_smooth_modes(command: Runner, mode: str) -> None:
    data = check(command, "multiply.while", "x1=2.7", "x2=1.6", "--smooth", mode)
    assert data["ok"] is True
    assert [who["name"] for who in data["participants"] if who["reason"] is None] == ALL
    assert [(row["output"], row["input"]) for row in data["gradients"]] == [("x0", "x1"), ("x0", "x2")]
    for row in data["gradients"]:
        assert row["verdict"] == "ok"
        assert row["slope"] == pytest.approx(row["gradients"]["interpreter"], rel=1e-6)
        assert row["between"] < 1e-12


def test_the_table(command: Runner) -> None:
    finished = command("gradcheck", "scale.while", "a=[1, 2]", "factor=2", "--smooth", "1")
    assert finished.code == 0
    lines = finished.out.splitlines()
    assert lines[0] == f"compared: {', '.join(ALL)}"
    assert lines[2].split() == ["value", "between", "backends", "to", "differences"]
    assert [line.partition("  ")[0] for line in lines[3:]] == [
        "b",
        "total",
        "d b / d a",
        "d b / d factor",
        "d b / d w",
        "d total / d a",
        "d total / d factor",
        "d total / d w",
    ]
    assert all(line.endswith("ok") for line in lines[5:])


def test_a_kink(command: Runner, folder: Path) -> None:
    (folder / "kink.while").write_text(
        "PROGRAM p(x: real, z: real) -> y: real\nc := clamp(x, 0 - 0.5, 7)\n"
        "IF x >= 0 THEN y := 3 * x + z ELSE y := z END\n"
    )
    data = check(command, "kink.while", "x=0.5", "z=1", "--smooth", "0")
    by_x, by_z = data["gradients"]
    assert by_x["verdict"] == "kink"
    assert (by_x["left"], by_x["right"]) == (pytest.approx(4.5, rel=1e-6), pytest.approx(3, rel=1e-6))
    assert by_x["difference"] is None
    assert by_z["verdict"] == "ok"
    out = command("gradcheck", "kink.while", "x=0.5", "z=1", "--smooth", "0").out
    assert "kink: d y / d x: slope 4.5 on the left, 3 on the right; gradient " in out


def test_kinks_that_cancel(command: Runner, folder: Path) -> None:
    # Each degree has a kink at 1/2, where its derivative is 1 by convention; their sum has the slope 1.
    text = "PROGRAM p(x: real) -> y: real\ny := degree(x > 0) + degree(x > 1)\n"
    (folder / "cancel.while").write_text(text)
    row = check(command, "cancel.while", "x=0.5", "--smooth", "0")["gradients"][0]
    assert row["verdict"] == "kink"
    assert (row["slope"], row["gradients"]["interpreter"]) == (pytest.approx(1), 2)
    finished = command("gradcheck", "cancel.while", "x=0.5", "--smooth", "0")
    assert "slope 1 on both sides, where kinks inside of the program meet; gradient 2" in finished.out


@pytest.mark.parametrize("mode", ["0", "1"])
def test_a_wrong_derivative_is_no_kink(
    command: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr("whilec.driver.gradcheck.participants.Subject.gradients", wrong_everywhere)
    beside = Stencil.beside

    def wrong_beside(stencil: Stencil, *place: Any) -> tuple[float, float]:
        left, right = beside(stencil, *place)
        return 1.001 * left, 1.001 * right

    monkeypatch.setattr(Stencil, "beside", wrong_beside)
    finished = command("gradcheck", "multiply.while", "x1=2.7", "x2=1.6", "--smooth", mode, "--json")
    assert finished.code == 1
    assert {row["verdict"] for row in json.loads(finished.out)["gradients"]} == {"wrong"}


def test_a_jump(command: Runner, folder: Path) -> None:
    text = "PROGRAM p(x: real) -> y: real\nIF x > 0 THEN y := 1000000 END\n"
    (folder / "jump.while").write_text(text)
    arguments = ["jump.while", "x=-0.49", "--smooth", "0", "--epsilon", "0.01"]
    row = check(command, *arguments)["gradients"][0]
    assert row["verdict"] == "jump"
    assert row["left"] == 0
    assert row["right"] == pytest.approx(10_000, rel=0.1)
    assert "jump: d y / d x: value 0 on the left, " in command("gradcheck", *arguments).out


def test_the_border_of_a_domain(command: Runner, folder: Path) -> None:
    text = "PROGRAM p(x: int) -> y: real\ny := x * x + 2 * x\n"
    (folder / "square.while").write_text(text)
    row = check(command, "square.while", "x=0", "--domain", "nat")["gradients"][0]
    assert row["verdict"] == "ok"
    assert row["slope"] == pytest.approx(2, rel=1e-6)


def test_functions_without_a_slope_are_unsettled(command: Runner, folder: Path) -> None:
    (folder / "root.while").write_text("PROGRAM p(x: real) -> y: real\ny := sqrt(x)\n")
    row = check(command, "root.while", "x=0", "--smooth", "1")["gradients"][0]
    assert row["verdict"] == "unsettled"


class Wrong(AbstractBackend[Any]):
    """As the recurrent torch backend, but its gradient by the first input is 1 percent too large."""

    factor = 1.01

    def probe(self) -> Probe:
        return Available()

    def accepts(self, program: Any, device: torch.device, dtype: torch.dtype) -> Answer:
        return Yes()

    def compile(self, program: Any, request: Request) -> AbstractExecutable:
        return WrongExecutable(TorchRecurrent().compile(program, request), program.inputs[0], self.factor)


class WrongExecutable(AbstractExecutable):
    def __init__(self, executable: AbstractExecutable, name: str, factor: float) -> None:
        self.executable = executable
        self.name = name
        self.factor = factor

    def run(self, call: Call) -> Outcome:
        value = call.inputs[self.name]
        changed = value * self.factor - value.detach() * (self.factor - 1)
        return self.executable.run(replace(call, inputs={**call.inputs, self.name: changed}))


class WrongValue(AbstractBackend[Any]):
    """As the recurrent torch backend, but its outputs are larger by 1."""

    def probe(self) -> Probe:
        return Available()

    def accepts(self, program: Any, device: torch.device, dtype: torch.dtype) -> Answer:
        return Yes()

    def compile(self, program: Any, request: Request) -> AbstractExecutable:
        return WrongValueExecutable(TorchRecurrent().compile(program, request))


class WrongValueExecutable(AbstractExecutable):
    def __init__(self, executable: AbstractExecutable) -> None:
        self.executable = executable

    def run(self, call: Call) -> Outcome:
        outcome = self.executable.run(call)
        return replace(outcome, outputs={name: value + 1 for name, value in outcome.outputs.items()})


class Missing(AbstractBackend[Any]):
    """A backend whose library is not there."""

    def probe(self) -> Probe:
        return Unavailable("libfast is not installed")

    def accepts(self, program: Any, device: torch.device, dtype: torch.dtype) -> Answer:
        return No("nobody asks")

    def compile(self, program: Any, request: Request) -> AbstractExecutable:
        raise AssertionError("compiled although it is unavailable")


def add_backend(monkeypatch: pytest.MonkeyPatch, cls: type[Any]) -> None:
    """Let `fast` be a backend of recurrent graphs."""
    table = {**BACKENDS["recurrent"], "fast": "nowhere:Nothing"}
    monkeypatch.setitem(BACKENDS, "recurrent", table)  # pyright: ignore[reportArgumentType]

    def find(graph: Any, name: str) -> Any:
        return cls() if name == "fast" else backend(graph, name)

    monkeypatch.setattr("whilec.driver.specialising.backend", find)


def test_a_wrong_gradient_is_found(command: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    add_backend(monkeypatch, Wrong)
    finished = command("gradcheck", "multiply.while", "x1=3", "x2=4")
    assert finished.code == 1
    lines = finished.out.splitlines()
    assert lines[0].endswith("torch recurrent, fast recurrent, torch unrolled")
    assert [line.split()[-1] for line in lines if line.startswith("d x0")] == ["WRONG", "ok"]
    assert "error[E0685]: the derivative of `x0` by `x1` is wrong" in finished.err
    assert "fast recurrent: 2.72259" in finished.err
    assert "finite differences: 2.69564" in finished.err


def wrong_everywhere(subject: Any) -> Any:
    from whilec.driver.gradcheck.report import Participant
    from whilec.driver.pipeline import run_program

    result = run_program(subject.source, subject.given, subject.options, jacobian=True)
    jacobian = result.run.jacobian
    assert jacobian is not None
    rows = {output: {name: 1.001 * slope for name, slope in row.items()} for output, row in jacobian.items()}
    return {"all": replace(result, run=replace(result.run, jacobian=rows))}, (Participant("all"),)


def test_a_wrong_value_is_found(command: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    add_backend(monkeypatch, WrongValue)
    finished = command("gradcheck", "multiply.while", "x1=3", "x2=4")
    assert finished.code == 1
    assert "error[E0685]: the value of `x0` is not the same on all backends" in finished.err


def test_backends_that_cannot_run_are_left_out(command: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    add_backend(monkeypatch, Missing)
    finished = command("gradcheck", "countdown.while", "x1=2.5")
    assert finished.code == 0
    assert "left out: fast recurrent: " in finished.out
    assert "libfast is not installed" in finished.out


def test_a_graph_that_is_too_long_is_left_out(command: Runner) -> None:
    finished = command("gradcheck", "multiply.while", "x1=3", "x2=400", "--smooth", "0", "--max-trips", "500")
    assert finished.code == 0
    assert "left out: torch unrolled: the unrolled graph has more than 20,000 nodes" in finished.out


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (["multiply.while", "x1=3", "--smooth", "hard"], ["E0450"]),
        (["multiply.while", "x7=3"], ["E0654"]),
        (["scale.while"], ["E0655", "E0655"]),
        (["multiply.while", "--device", "cuda:99"], ["E0520"]),
        (["broken.while"], ["E0110"]),
    ],
    ids=" ".join,
)
def test_errors_of_gradcheck(command: Runner, arguments: list[str], codes: list[str]) -> None:
    finished = command("gradcheck", *arguments)
    assert finished.code == 1
    assert finished.out == ""
    assert [line[6:11] for line in finished.err.splitlines() if line.startswith("error[")] == codes
