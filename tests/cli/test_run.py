"""`whilec run`."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.command_line import Runner
from tests.repository import ROOT


def test_a_number(command: Runner) -> None:
    assert command("run", "multiply.while", "x1=3", "x2=4", "--smooth", "hard") == (0, "x0 = 12\n", "")
    assert command("run", "multiply.while", "x1=3", "x2=4") == (0, "x0 = 5.921189\n", "")
    assert command("run", "multiply.while", "x1=3", "x2=4", "--smooth", "0") == (0, "x0 = 12\n", "")


def test_inputs_without_a_header_start_at_0(command: Runner) -> None:
    assert command("run", "multiply.while", "x2=4", "--smooth", "hard").out == "x0 = 0\n"


def test_whole_numbers_are_exact(command: Runner) -> None:
    n = 12345678901234567890
    assert command("run", "square.while", f"n={n}", "--smooth", "hard").out == f"y = {n * n}\n"
    finished = command("run", "square.while", "n=" + "9" * 5000, "--smooth", "hard")
    assert finished.out == "y = " + "9" * 4999 + "8" + "0" * 4999 + "1\n"
    finished = command("run", "square.while", "n=" + "9" * 5000, "--smooth", "hard", "--json")
    assert '"y": ' + "9" * 4999 + "8" in finished.out


def test_other_outputs(command: Runner) -> None:
    finished = command("run", "multiply.while", "x1=3", "x2=4", "--smooth", "hard", "--outputs", "x3, x0")
    assert finished.out == "x3 = 0\nx0 = 12\n"
    finished = command("run", "multiply.while", "x1=3", "x2=4", "--outputs", "x0,x2")
    assert "error[E0654]: `x2` is asked for as an output" in finished.err


def test_standard_input(command: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x0 := x1 + 1")))
    assert command("run", "-", "x1=1", "--smooth", "hard").out == "x0 = 2\n"


def test_arrays_and_params(command: Runner) -> None:
    finished = command("run", "scale.while", "a=[1, 2.5]", "factor=3", "--smooth", "0")
    assert finished == (0, "b = [6, 15]\ntotal = 21\n", "")
    finished = command("run", "scale.while", "a=[1, 2.5]", "factor=3", "w=1e-3", "--smooth", "0")
    assert finished.out == "b = [0.003, 0.0075]\ntotal = 0.0105\n"


def test_array_files(command: Runner, folder: Path) -> None:
    np.save(folder / "a.npy", np.array([1.0, 2.5]))
    finished = command("run", "scale.while", "a=@a.npy", "factor=3", "--smooth", "0")
    assert finished.out == "b = [6, 15]\ntotal = 21\n"


def test_derivatives(command: Runner) -> None:
    finished = command("run", "scale.while", "a=[1, 2]", "factor=3", "w=1", "--smooth", "0", "--grad")
    assert finished.out.splitlines() == [
        "b = [3, 6]",
        "total = 9",
        "d b / d a = [[3, 0], [0, 3]]",
        "d b / d factor = [1, 2]",
        "d b / d w = [3, 6]",
        "d total / d a = [3, 3]",
        "d total / d factor = 3",
        "d total / d w = 9",
    ]


def test_only_given_inputs_have_derivatives(command: Runner) -> None:
    finished = command("run", "multiply.while", "x1=3", "--smooth", "0", "--grad")
    assert finished.code == 0
    assert [line.partition(" = ")[0] for line in finished.out.splitlines()] == ["x0", "d x0 / d x1"]


def test_json(command: Runner) -> None:
    finished = command("run", "multiply.while", "x1=3", "x2=4", "--smooth", "1", "--grad", "--json")
    data = json.loads(finished.out)
    assert list(data) == ["outputs", "jacobian", "loops"]
    assert data["outputs"] == {"x0": 12}
    assert data["jacobian"].keys() == {"x0"}
    assert data["jacobian"]["x0"].keys() == {"x1", "x2"}
    assert [loop["line"] for loop in data["loops"]] == [1, 3]
    assert data["loops"][0] == {"line": 1, "entries": 1, "trips": 4, "converged": 1, "capped": 0, "nan": 0}
    assert "jacobian" not in json.loads(command("run", "multiply.while", "--json").out)


def test_json_of_arrays(command: Runner) -> None:
    finished = command(
        "run", "scale.while", "a=[1, 2]", "factor=3", "w=1", "--smooth", "0", "--json", "--grad"
    )
    data = json.loads(finished.out)
    assert data["outputs"] == {"b": [3, 6], "total": 9}
    assert data["jacobian"]["b"]["a"] == [[3, 0], [0, 3]]


def test_json_has_texts_for_what_is_not_finite(command: Runner, folder: Path) -> None:
    (folder / "inverse.while").write_text(
        "PROGRAM p(x: real) -> y: real, z: real\ny := 1 / x\nz := log(0 - 1)\n"
    )
    finished = command("run", "inverse.while", "x=0", "--smooth", "0", "--json")
    assert json.loads(finished.out)["outputs"] == {"y": "inf", "z": "nan"}
    assert command("run", "inverse.while", "x=0", "--smooth", "0").out == "y = inf\nz = nan\n"


def test_statistics(command: Runner) -> None:
    finished = command("run", "multiply.while", "x1=3", "x2=4", "--smooth", "hard", "--stats")
    lines = finished.out.splitlines()
    assert lines[0] == "x0 = 12"
    assert lines[2].split() == ["line", "loop", "entries", "trips", "converged", "capped", "nan"]
    assert lines[3].split() == ["1", "WHILE", "x2", "!=", "0", "DO", "1", "4", "1", "0", "0"]
    assert lines[4].split() == ["3", "WHILE", "x3", "!=", "0", "DO", "4", "3", "1", "0", "0"]
    assert lines[5] == "37 statements"


def test_a_program_without_loops(command: Runner) -> None:
    assert "no loops" in command("run", "square.while", "n=2", "--stats").out


def test_a_loop_that_hits_the_cap_is_a_warning(command: Runner) -> None:
    finished = command(
        "run", "countdown.while", "x1=3.5", "--smooth", "inf", "--steepness", "9", "--max-trips", "20"
    )
    assert finished.code == 0
    assert finished.out.startswith("x0 = ")
    assert finished.err.startswith("warning[W0650]: this loop was stopped after 20 trips")
    assert "countdown.while:1:1" in finished.err


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (["multiply.while", "x7=3"], ["E0654"]),
        (["multiply.while", "x0=3"], ["E0654"]),
        (["multiply.while", "x1=nan"], ["E0652"]),
        (["multiply.while", "x1=3", "x1=4"], ["E0656"]),
        (["multiply.while", "x1=[1, 2]"], ["E0657"]),
        (["multiply.while", "x1=0.5", "--smooth", "hard"], ["E0608"]),
        (["multiply.while", "x1=3", "--smooth", "hard", "--grad"], ["E0450"]),
        (["multiply.while", "--outputs", "x9"], ["E0201"]),
        (["scale.while"], ["E0655", "E0655"]),
        (["scale.while", "a=1", "factor=[1]", "w=[[2]]"], ["E0657", "E0657", "E0657"]),
        (["scale.while", "a=[1]", "facto=2"], ["E0654", "E0655"]),
        (["countdown.while", "x1=-1", "--smooth", "hard", "--max-steps", "100"], ["E0607"]),
        (["countdown.while", "x1=9", "--smooth", "hard", "--max-trips", "3"], ["E0606"]),
        (["multiply.while", "--smooth", "9"], ["E0420"]),
        (["multiply.while", "--smooth", "smooth"], ["E0420"]),
        (["multiply.while", "--steepness", "-1", "--epsilon", "x"], ["E0421", "E0422"]),
        (["multiply.while", "--steepness", "nan"], ["E0421"]),
        (["multiply.while", "--max-trips", "0"], ["E0423"]),
        (["multiply.while", "--domain", "nat", "--trainable"], ["E0424"]),
        (["multiply.while", "--phi", "tanh"], ["E0425"]),
        (["nowhere.while"], ["E0670"]),
        (["."], ["E0672"]),
    ],
    ids=" ".join,
)
def test_errors(command: Runner, arguments: list[str], codes: list[str]) -> None:
    finished = command("run", *arguments)
    assert finished.code == 1
    assert finished.out == ""
    assert [line[6:11] for line in finished.err.splitlines() if line.startswith("error[")] == codes


def test_syntax_errors_are_reported_before_inputs(command: Runner) -> None:
    finished = command("run", "broken.while", "x7=3")
    assert finished.code == 1
    assert "error[E01" in finished.err


def test_the_core_accepts_no_more(command: Runner) -> None:
    assert command("run", "scale.while", "a=[1]", "factor=1", "--std", "core").code == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_named_pipes_are_not_waited_for(command: Runner, folder: Path) -> None:
    os.mkfifo(folder / "pipe.while")
    for name in ("run", "check", "fmt", "test", "trace"):
        finished = command(name, "pipe.while")
        assert finished.code == 1
        assert "error[E0671]: `pipe.while` cannot be read: it is a named pipe" in finished.err
    finished = command("run", "scale.while", "a=@pipe.while", "factor=3")
    assert finished.code == 1
    assert "error[E0659]: `pipe.while` cannot be used: it is a named pipe" in finished.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_named_pipe_in_place_of_the_tables(folder: Path) -> None:
    os.mkfifo(folder / "grammar.lark-tables")
    code = "from whilec.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "multiply.while", "x1=3", "x2=4", "--smooth", "hard"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "WHILEC_CACHE": str(folder)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "x0 = 12\n", "")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="the system has no /dev/fd")
def test_a_pipe_that_the_shell_opened(command: Runner) -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, b"x0 := x1 + 1")
        os.close(writing)
        assert command("run", f"/dev/fd/{reading}", "x1=1", "--smooth", "hard").out == "x0 = 2\n"
    finally:
        os.close(reading)
