"""`whilec check`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.command_line import Runner


def test_a_program_without_errors(command: Runner) -> None:
    assert command("check", "multiply.while") == (0, "multiply.while: ok\n", "")


def test_a_program_with_errors(command: Runner) -> None:
    finished = command("check", "broken.while")
    assert finished.code == 1
    assert finished.out == "broken.while: 1 error\n"
    assert finished.err.startswith("error[E01")


def test_several_files_and_folders(command: Runner, folder: Path) -> None:
    finished = command("check", "multiply.while", "nowhere.while", ".")
    assert finished.code == 1
    assert finished.out.splitlines()[0] == "multiply.while: ok"
    assert "there is no file `nowhere.while`" in finished.err
    assert len(finished.out.splitlines()) == 1 + len(list(folder.glob("*.while")))


def test_smoothness(command: Runner) -> None:
    assert (
        command("check", "multiply.while", "--smooth", "2").out == "multiply.while: ok, C2 with --smooth 2\n"
    )
    assert (
        command("check", "multiply.while", "--smooth", "inf").out
        == "multiply.while: ok, C_INF with --smooth inf\n"
    )
    hard = command("check", "multiply.while", "--smooth", "hard")
    assert hard.out == "multiply.while: ok, discontinuous with --smooth hard\n"


def test_a_promise_that_is_not_kept(command: Runner, folder: Path) -> None:
    (folder / "promise.while").write_text(
        "PROGRAM p(x: real) -> y: real\nREQUIRE C2\nIF x > 0 THEN y := x ELSE y := 1 END\n"
    )
    assert command("check", "promise.while").code == 0
    assert command("check", "promise.while", "--smooth", "2").code == 0
    finished = command("check", "promise.while", "--smooth", "1")
    assert finished.code == 1
    assert "error[E04" in finished.err
    assert "promise.while:3:" in finished.err


def test_core(command: Runner) -> None:
    assert command("check", "--std", "core", "multiply.while").code == 0
    finished = command("check", "--std", "core", "scale.while")
    assert finished.code == 1
    assert "error[E04" in finished.err


def test_json(command: Runner) -> None:
    finished = command("check", "--json", "multiply.while", "broken.while", "nowhere.while")
    assert finished.code == 1
    assert finished.err == ""
    syntax, missing = json.loads(finished.out)["diagnostics"]
    assert syntax["file"] == "broken.while"
    assert syntax["primary"]["line"] == 1
    assert missing["code"] == "E0670"
    assert json.loads(command("check", "--json", "multiply.while").out) == {"diagnostics": []}


def test_warnings_are_no_errors(command: Runner, folder: Path) -> None:
    (folder / "endless.while").write_text("WHILE x1 != 0 DO\n  x0 := x0 + 1\nEND\n")
    finished = command("check", "endless.while")
    assert finished.code == 0
    assert finished.out == "endless.while: ok, 1 warning\n"
    assert finished.err.startswith("warning[W0")
