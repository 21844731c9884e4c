"""`whilec fmt`."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.command_line import Runner

UGLY = "while x1!=0 do x1:=x1-1;x0:=x0+1 end // done"
NEAT = "WHILE x1 != 0 DO\n  x1 := x1 - 1\n  x0 := x0 + 1\nEND // done\n"


@pytest.fixture
def ugly(folder: Path) -> Path:
    path = folder / "ugly.while"
    path.write_text(UGLY)
    path.chmod(0o640)
    return path


def test_rewrites(command: Runner, ugly: Path) -> None:
    assert command("fmt", "ugly.while") == (0, "reformatted ugly.while\n", "")
    text = ugly.read_text()
    assert text.startswith("WHILE x1 != 0 DO\n  x1 := x1 - 1\n  x0 := x0 + 1\nEND")
    assert "// done" in text
    assert ugly.stat().st_mode & 0o777 == 0o640
    assert command("fmt", "ugly.while") == (0, "", "")


def test_check_writes_nothing(command: Runner, ugly: Path) -> None:
    assert command("fmt", "--check", "ugly.while") == (1, "would reformat ugly.while\n", "")
    assert ugly.read_text() == UGLY


def test_diff(command: Runner, ugly: Path) -> None:
    finished = command("fmt", "--diff", "ugly.while")
    assert finished.code == 0
    assert finished.out.startswith("--- ugly.while\n+++ ugly.while (formatted)\n@@ ")
    assert f"-{UGLY}\n\\ No newline at end of file\n" in finished.out
    assert "+  x1 := x1 - 1\n" in finished.out
    assert ugly.read_text() == UGLY
    assert command("fmt", "--diff", "--check", "ugly.while").code == 1


def test_syntax_errors_leave_the_file_alone(command: Runner, folder: Path, ugly: Path) -> None:
    finished = command("fmt", "broken.while", "ugly.while")
    assert finished.code == 1
    assert "error[E01" in finished.err
    assert (folder / "broken.while").read_text() == "x0 := x1 +\n"
    assert ugly.read_text() != UGLY


def test_a_formatter_that_is_wrong_overwrites_nothing(
    command: Runner, ugly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whilec.syntax.format.format_program", lambda syntax, source: "x0 := x1\n")
    finished = command("fmt", "ugly.while")
    assert finished.code == 70
    assert ugly.read_text() == UGLY


def test_standard_input(command: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(UGLY.encode())))
    finished = command("fmt", "-")
    assert finished.code == 0
    assert finished.out.startswith("WHILE x1 != 0 DO\n")


def test_all_programs_of_a_folder(command: Runner, folder: Path) -> None:
    (folder / "broken.while").unlink()
    assert command("fmt", ".").code == 0
    assert command("fmt", "--check", ".") == (0, "", "")
