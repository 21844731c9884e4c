"""`whilec run` on tensors: `--batch`, and one element through a compiled module."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.command_line import Runner
from tests.repository import ROOT
from whilec.driver.batch import job

ROWS = [(3.0, 4.0), (2.5, 1.5), (0.0, 7.0), (1.25, 3.0), (6.0, 2.0)]


def write_rows(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return path.name


def table(path: Path) -> dict[str, list[float]]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


@pytest.fixture
def rows(folder: Path) -> str:
    lines = ["x1,x2", *(f"{a},{b}" for a, b in ROWS)]
    return write_rows(folder / "in.csv", "\n".join(lines) + "\n")


def one_by_one(command: Runner, *options: str) -> list[dict[str, float]]:
    """Outputs and derivatives of every row, from runs of one element."""
    found: list[dict[str, float]] = []
    for a, b in ROWS:
        finished = command("run", "multiply.while", f"x1={a}", f"x2={b}", "--grad", "--json", *options)
        data = json.loads(finished.out)
        slopes = {f"d x0 / d {name}": slope for name, slope in data["jacobian"]["x0"].items()}
        found.append({"x0": data["outputs"]["x0"], **slopes})
    return found


@pytest.mark.parametrize("mode", ["0", "1", "inf"])
@pytest.mark.parametrize("ending", ["csv", "npz"])
def test_rows_are_those_of_single_runs(
    command: Runner, folder: Path, rows: str, mode: str, ending: str
) -> None:
    finished = command(
        "run", "multiply.while", "--batch", rows, "--output", f"out.{ending}", "--grad", "--smooth", mode
    )
    assert finished == (0, f"out.{ending}: 5 rows\n", "")
    if ending == "csv":
        found = table(folder / "out.csv")
    else:
        with np.load(folder / "out.npz") as archive:
            found = {name: archive[name].tolist() for name in archive.files}
    wanted = one_by_one(command, "--smooth", mode)
    assert list(found) == ["x0", "d x0 / d x1", "d x0 / d x2"]
    for name, column in found.items():
        assert column == pytest.approx([row[name] for row in wanted], rel=1e-12, abs=1e-12)


def test_hard_mode_keeps_whole_numbers_whole(command: Runner, folder: Path) -> None:
    write_rows(folder / "in.csv", "n\n3\n3037000499\n")
    finished = command("run", "square.while", "--batch", "in.csv", "--output", "out.csv", "--smooth", "hard")
    assert finished.code == 0
    assert (folder / "out.csv").read_text() == "y\n9\n9223372030926249001\n"


def test_arrays_in_csv(command: Runner, folder: Path) -> None:
    write_rows(folder / "in.csv", "a[1],factor,a[0]\n2,3,1\n5,0.5,4\n")
    options = ["--batch", "in.csv", "--output", "out.csv", "--smooth", "0", "--grad"]
    assert command("run", "scale.while", *options, "w=1").code == 0
    found = table(folder / "out.csv")
    assert found["b[0]"] == [3, 2]
    assert found["b[1]"] == [6, 2.5]
    assert found["total"] == [9, 4.5]
    assert found["d b[1] / d a[1]"] == [3, 0.5]
    assert found["d b[1] / d a[0]"] == [0, 0]
    assert found["d total / d w"] == [9, 4.5]


@pytest.mark.parametrize("header", ['"m[0,0]","m[0,1]"', "m[0,0],m[0,1]", "m[0, 0] , m[0, 1]"])
def test_matrices_in_csv_need_no_quotes(command: Runner, folder: Path, header: str) -> None:
    (folder / "row.while").write_text("PROGRAM p(m: real[r, c]) -> y: real[c]\ny := m[0] + m[r - 1]\n")
    write_rows(folder / "in.csv", f"{header}\n1,2\n3,4\n")
    assert command("run", "row.while", "--batch", "in.csv", "--output", "out.csv", "--smooth", "0").code == 0
    assert table(folder / "out.csv") == {"y[0]": [2, 6], "y[1]": [4, 8]}


def test_npz_shares_what_has_no_rows(command: Runner, folder: Path) -> None:
    np.savez(folder / "in.npz", a=np.array([[1.0, 2], [3, 4], [5, 6]]), factor=np.float64(2), w=np.arange(3))
    finished = command("run", "scale.while", "--batch", "in.npz", "--output", "out.npz", "--smooth", "0")
    assert finished.out == "out.npz: 3 rows\n"
    with np.load(folder / "out.npz") as archive:
        assert archive["b"].tolist() == [[0, 0], [6, 8], [20, 24]]
        assert archive["total"].tolist() == [0, 14, 44]


def test_given_inputs_are_the_same_for_all_rows(command: Runner, folder: Path) -> None:
    write_rows(folder / "in.csv", "x2\n1\n2\n")
    options = ["--batch", "in.csv", "--output", "out.csv", "--smooth", "0", "--grad"]
    assert command("run", "multiply.while", "x1=3", *options).code == 0
    assert table(folder / "out.csv")["x0"] == [3, 6]
    assert len(table(folder / "out.csv")["d x0 / d x1"]) == 2


@pytest.mark.parametrize("chunk", ["1", "2", "5", "1000"])
def test_chunks_change_nothing(command: Runner, folder: Path, rows: str, chunk: str) -> None:
    options = ["--batch", rows, "--json", "--grad", "--output"]
    whole = command("run", "multiply.while", *options, "whole.csv")
    parts = command("run", "multiply.while", *options, "parts.csv", "--chunk", chunk)
    assert (folder / "whole.csv").read_bytes() == (folder / "parts.csv").read_bytes()
    first, second = json.loads(whole.out), json.loads(parts.out)
    for loop, other in zip(first["loops"], second["loops"], strict=True):
        assert {**loop, "entries": 0} == {**other, "entries": 0}


def test_shares_of_loops_count_every_row_alike(command: Runner, folder: Path) -> None:
    write_rows(folder / "in.csv", "x1\n1\n2\n3\n50\n")
    options = ["--smooth", "0", "--max-trips", "10", "--json", "--chunk", "3"]
    finished = command("run", "countdown.while", "--batch", "in.csv", "--output", "out.csv", *options)
    loop = json.loads(finished.out)["loops"][0]
    assert loop["trips"] == 10
    assert (loop["converged"], loop["capped"]) == (0.75, 0.25)
    assert "warning[W0650]: this loop was stopped after 10 trips in 25% of its runs" in finished.err


def test_no_rows(command: Runner, folder: Path) -> None:
    write_rows(folder / "in.csv", "a[0],a[1],factor\n")
    for mode in ("hard", "0"):
        finished = command("run", "scale.while", "--batch", "in.csv", "--output", "o.csv", "--smooth", mode)
        assert finished.out == "o.csv: 0 rows\n"
        assert (folder / "o.csv").read_text() == "b[0],b[1],total\n"


def test_json_and_statistics(command: Runner, rows: str) -> None:
    data = json.loads(command("run", "multiply.while", "--batch", rows, "--output", "out.csv", "--json").out)
    assert {name: data[name] for name in ("output", "rows", "nan")} == {
        "output": "out.csv",
        "rows": 5,
        "nan": {},
    }
    assert [loop["line"] for loop in data["loops"]] == [1, 3]
    out = command("run", "multiply.while", "--batch", rows, "--output", "out.csv", "--stats").out
    assert out.splitlines()[2].split()[:4] == ["line", "loop", "entries", "trips"]


def test_nan_is_counted(command: Runner, folder: Path) -> None:
    (folder / "root.while").write_text("PROGRAM root(x: real) -> y: real\ny := sqrt(x)\n")
    write_rows(folder / "in.csv", "x\n4\n-1\n9\n-4\n")
    options = ["--batch", "in.csv", "--output", "out.csv", "--json"]
    finished = command("run", "root.while", *options)
    assert finished.code == 0
    assert "warning[W0652]: `y` is NaN in 2 of 4 rows" in finished.err
    assert "row 2 (line 3), row 4 (line 5)" in finished.err
    assert json.loads(finished.out)["nan"] == {"y": 2}
    column = table(folder / "out.csv")["y"]
    assert (column[0], column[2]) == (2, 3)
    assert np.isnan(column[1])


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_number_types(command: Runner, folder: Path, dtype: str) -> None:
    write_rows(folder / "in.csv", "a[0],factor\n0.1,1\n")
    options = ["--batch", "in.csv", "--output", "out.npz", "--dtype", dtype, "--smooth", "0"]
    assert command("run", "scale.while", *options).code == 0
    with np.load(folder / "out.npz") as archive:
        found = archive["total"]
    assert found.dtype == (np.float16 if dtype == "float16" else np.float32)
    wanted = torch.tensor([0.2], dtype=getattr(torch, dtype)).float()
    assert found.astype(np.float32) == pytest.approx(wanted.numpy(), rel=1e-6)


BROKEN = {
    "x1,x2\n3,4\nabc,1\n": "row 2 (line 3): column `x1` has `abc`, which is not a number",
    "x1,x2\n3,4\n,1\n": "row 2 (line 3): column `x1` is empty",
    "x1,x2\n3,4\nnan,1\n": "row 2 (line 3): column `x1` has `nan`, which is not finite",
    "x1,x2\n3,4\n1e999,1\n": "row 2 (line 3): column `x1` has `1e999`, which is not finite",
    "x1,x2\n3,4\n1_0,1\n": "row 2 (line 3): column `x1` has `1_0`, which is not a number",
    "x1,x2\n3,4\n3\n": "row 2 (line 3): 1 cell, but the header names 2 columns",
    "x1,x2\n3,4\n3,4,5\n": "row 2 (line 3): 3 cells, but the header names 2 columns",
    "x1,x2\n\n3,4\n": "row 1 (line 2): nothing, but the header names 2 columns",
}


@pytest.mark.parametrize("text", BROKEN)
def test_broken_rows(command: Runner, folder: Path, text: str) -> None:
    write_rows(folder / "in.csv", text)
    finished = command("run", "multiply.while", "--batch", "in.csv", "--output", "out.csv")
    assert finished.code == 1
    assert f"error[E0681]: `in.csv`, {BROKEN[text]}" in finished.err
    assert not (folder / "out.csv").exists()


def test_every_broken_row_is_reported(command: Runner, folder: Path) -> None:
    write_rows(folder / "in.csv", "x1\na\n1\nb\n" + "c\n" * 20)
    finished = command("run", "multiply.while", "--batch", "in.csv", "--output", "out.csv")
    assert finished.err.count("error[E0681]") == 10
    assert "row 3 (line 4)" in finished.err


def test_a_broken_row_of_an_archive(command: Runner, folder: Path) -> None:
    np.savez(folder / "in.npz", a=np.array([[1.0, 2], [3, np.nan], [np.inf, 6]]), factor=np.ones(3))
    finished = command("run", "scale.while", "--batch", "in.npz", "--output", "out.csv")
    assert "error[E0681]: `in.npz`, row 2: `a[1, 1]` is nan" in finished.err
    assert "2 rows of `a` have such numbers" in finished.err


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("x1;x2\n1;2\n", "put commas between the columns"),
        ("3,4\n", "begin the file with a line that names the columns"),
        ("x1,x1\n1,2\n", "column `x1` is there twice"),
        ("x1,,x2\n1,2,3\n", "the header has nothing in column 2"),
        ("a[0],a[2],factor\n1,2,3\n", "column `a[1]` is missing"),
        ("a,a[0],factor\n1,2,3\n", "the columns of `a` have different numbers of indices"),
    ],
)
def test_wrong_columns(command: Runner, folder: Path, header: str, what: str) -> None:
    write_rows(folder / "in.csv", header)
    finished = command("run", "scale.while", "--batch", "in.csv", "--output", "out.csv")
    assert finished.code == 1
    assert "error[E0682]" in finished.err
    assert what in finished.err


def test_archives_that_do_not_fit(command: Runner, folder: Path) -> None:
    def refusal(**arrays: np.ndarray) -> str:
        np.savez(folder / "in.npz", **arrays)  # pyright: ignore[reportArgumentType]
        finished = command("run", "scale.while", "--batch", "in.npz", "--output", "out.csv")
        assert finished.code == 1
        return finished.err

    text = refusal(a=np.ones((3, 2)), factor=np.ones(4))
    assert (
        "error[E0682]: `in.npz`: the arrays have different numbers of rows: 3 in `a`, 4 in `factor`" in text
    )
    assert "`factor` holds <U1, not numbers" in refusal(a=np.ones((3, 2)), factor=np.array(["x"]))
    assert "error[E0657]" in refusal(a=np.ones((3, 2)), factor=np.ones((3, 2, 2)))
    assert "error[E0654]: the program has no input `facto`" in refusal(a=np.ones((3, 2)), facto=np.ones(3))
    assert "pickled Python objects are never loaded" in refusal(a=np.array([{}], dtype=object))


def test_files_that_are_no_batch(command: Runner, folder: Path) -> None:
    (folder / "text.npz").write_text("no archive")
    (folder / "cut.npz").write_bytes(b"PK\x03\x04 and no more")
    (folder / "latin.csv").write_bytes(b"x1\n1\n\xff\n")
    (folder / "empty.csv").write_bytes(b"")
    np.save(folder / "one.npy", np.ones(3))
    (folder / "one.npy").rename(folder / "one.npz")
    (folder / "folder.csv").mkdir()
    for name in (
        "text.npz",
        "cut.npz",
        "latin.csv",
        "empty.csv",
        "one.npz",
        "folder.csv",
        "none.csv",
        "in.txt",
    ):
        finished = command("run", "multiply.while", "--batch", name, "--output", "out.csv")
        assert finished.code == 1
        assert f"error[E0680]: `{name}` cannot be used as a batch: " in finished.err


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("in.csv", "it is `in.csv`, which is read"),
        ("link.csv", "it is `in.csv`, which is read"),
        ("none/out.csv", "there is no folder `none`"),
        ("folder.csv", "it is a folder"),
        ("out.txt", "its name ends in `.txt`"),
    ],
)
def test_outputs_that_cannot_be_written(
    command: Runner, folder: Path, rows: str, name: str, reason: str
) -> None:
    (folder / "link.csv").symlink_to(folder / "in.csv")
    (folder / "folder.csv").mkdir()
    before = (folder / "in.csv").read_bytes()
    finished = command("run", "multiply.while", "--batch", rows, "--output", name)
    assert finished.code == 1
    assert f"error[E0683]: `{name}` cannot be written: {reason}" in finished.err
    assert (folder / "in.csv").read_bytes() == before


def test_an_error_leaves_the_old_output(command: Runner, folder: Path) -> None:
    write_rows(folder / "in.csv", "x1,x2\n1,1\n2,2\n3,-1\n")
    (folder / "out.csv").write_text("precious")
    options = ["--batch", "in.csv", "--output", "out.csv", "--smooth", "hard", "--max-trips", "9"]
    finished = command("run", "multiply.while", *options, "--chunk", "2")
    assert finished.code == 1
    assert (folder / "out.csv").read_text() == "precious"
    assert not list(folder.glob(".*.tmp"))


@pytest.mark.parametrize("chunk", ["1", "2", "100"])
@pytest.mark.parametrize(
    ("row", "code"), [("2.5,1", "E0608"), ("3,-1", "E0606")], ids=["not whole", "beyond the limit"]
)
def test_errors_of_a_run_name_the_row(command: Runner, folder: Path, chunk: str, row: str, code: str) -> None:
    write_rows(folder / "in.csv", f"x1,x2\n1,1\n2,2\n3,3\n{row}\n2,1\n")
    options = ["--batch", "in.csv", "--output", "out.csv", "--smooth", "hard", "--max-trips", "9"]
    finished = command("run", "multiply.while", *options, "--chunk", chunk)
    assert f"error[{code}]" in finished.err
    assert "in row 4 (line 5) of `in.csv`" in finished.err
    assert "of the batch" not in finished.err


def test_the_permissions_of_the_output_stay(command: Runner, folder: Path, rows: str) -> None:
    (folder / "out.csv").write_text("old")
    (folder / "out.csv").chmod(0o640)
    (folder / "link.csv").symlink_to("out.csv")
    assert command("run", "multiply.while", "--batch", rows, "--output", "link.csv").code == 0
    assert (folder / "link.csv").is_symlink()
    assert (folder / "out.csv").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (["x1=1"], ["E0656"]),
        (["x9=1"], ["E0654"]),
        (["--smooth", "hard", "--grad"], ["E0450"]),
        (["--smooth", "hard", "--dtype", "float32"], ["E0515"]),
        (["--device", "cuda:99"], ["E0520"]),
        (["--device", "abacus"], ["E0520"]),
        (["--graph", "unrolled"], ["E0513"]),
        (["--graph", "unrolled", "--trips", "3,4,5"], ["E0513"]),
        (["--graph", "unrolled", "--trips", "many"], ["E0513"]),
        (["--trips", "3"], ["E0513"]),
        (["--graph", "unrolled", "--trips", "1000"], ["E0522"]),
        (["--graph", "unrolled", "--trips", "3", "--smooth", "hard"], ["E0512"]),
        (["--backend", "torch", "--smooth", "hard"], ["E0511"]),
        (["--smooth", "9"], ["E0420"]),
    ],
    ids=" ".join,
)
def test_errors_of_batches(command: Runner, rows: str, arguments: list[str], codes: list[str]) -> None:
    finished = command("run", "multiply.while", "--batch", rows, "--output", "out.csv", *arguments)
    assert finished.code == 1
    assert finished.out == ""
    assert [line[6:11] for line in finished.err.splitlines() if line.startswith("error[")] == codes


def test_help_names_options_as_they_are_typed(command: Runner) -> None:
    finished = command("run", "countdown.while", "x1=3", "--graph", "unrolled")
    assert "add `--trips 8`" in finished.err
    finished = command("run", "countdown.while", "x1=3", "--trips", "3")
    assert "`--max-trips` for a limit, or add `--graph unrolled`" in finished.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--batch", "in.csv"],
        ["--output", "out.csv"],
        ["--chunk", "3"],
        ["--batch", "in.csv", "--output", "out.csv", "--chunk", "0"],
        ["--dtype", "int8"],
        ["--backend", "fortran"],
        ["--graph", "circular"],
    ],
    ids=" ".join,
)
def test_wrong_usage(command: Runner, arguments: list[str]) -> None:
    finished = command("run", "multiply.while", *arguments)
    assert finished.code == 2
    assert finished.err.startswith("Usage: ")


@pytest.mark.parametrize(
    "options",
    [
        ["--device", "cpu"],
        ["--backend", "interpreter"],
        ["--backend", "torch"],
        ["--dtype", "float64"],
        ["--graph", "unrolled", "--trips", "14,17"],
    ],
    ids=" ".join,
)
def test_one_element_through_a_module(command: Runner, options: list[str]) -> None:
    finished = command("run", "multiply.while", "x1=3", "x2=4", "--grad", *options)
    assert finished == (0, "x0 = 5.921189\nd x0 / d x1 = 2.695641\nd x0 / d x2 = 2.1008\n", "")


def test_lists_are_no_batches(command: Runner) -> None:
    finished = command("run", "scale.while", "a=[[1, 2]]", "factor=[1, 2]", "--backend", "torch")
    assert finished.err.count("error[E0657]") == 2


def test_one_element_of_a_module_in_json(command: Runner) -> None:
    arguments = ["run", "scale.while", "a=[1, 2]", "factor=3", "--smooth", "0", "--json", "--grad"]
    plain = json.loads(command(*arguments).out)
    assert json.loads(command(*arguments, "--backend", "torch").out) == plain


def test_statistics_of_a_module_have_no_count_of_statements(command: Runner) -> None:
    arguments = ["run", "multiply.while", "x1=3", "x2=4", "--stats"]
    plain = command(*arguments).out.splitlines()
    assert command(*arguments, "--device", "cpu").out.splitlines() == plain[:-1]


def test_the_core_accepts_no_more_in_batches(command: Runner, folder: Path) -> None:
    write_rows(folder / "in.csv", "a[0],factor\n1,2\n")
    arguments = ["run", "scale.while", "--batch", "in.csv", "--output", "out.csv", "--std", "core"]
    assert "error[E04" in command(*arguments).err


@pytest.mark.parametrize("size", [1, 3, 7])
def test_the_row_of_an_error_is_found_by_halving(
    command: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(job, "_MOST_ROWS", size)
    text = "PROGRAM p(x: real) -> y\nPARAM s: real = 1.0\nIF x > 0 WITH STEEPNESS s THEN y := 1 END\n"
    (folder / "steep.while").write_text(text)
    write_rows(folder / "in.csv", "x,s\n" + "1,1\n" * 5 + "1,-1\n" + "1,1\n" * 3)
    finished = command("run", "steep.while", "--batch", "in.csv", "--output", "out.csv", "--smooth", "1")
    assert "error[E0612]" in finished.err
    assert "in row 6 (line 7) of `in.csv`" in finished.err


def test_interruption_leaves_the_old_output(folder: Path) -> None:
    lines = "".join(f"{n % 7},{n % 5}\n" for n in range(200_000))
    write_rows(folder / "in.csv", "x1,x2\n" + lines)
    (folder / "out.csv").write_text("precious")
    running = subprocess.Popen(
        [
            *(sys.executable, "-m", "whilec", "run", "multiply.while", "--batch", "in.csv"),
            *("--output", "out.csv", "--backend", "interpreter", "--grad", "--chunk", "20"),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 100
    while not list(folder.glob(".out.csv.*.tmp")) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.strip() == "interrupted"
    assert (folder / "out.csv").read_text() == "precious"
    assert not list(folder.glob(".*.tmp"))
