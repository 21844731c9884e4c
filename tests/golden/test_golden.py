"""Programs that are wrong, and everything that is said about them.

Every `.while` file below this folder is a test. A comment `# error: E0203` or `# warning: W0203` at
the end of a line says that `whilec check` must report this code on this line; nothing else may be
reported. A first line `# command: run {file} x1=3` names another command. The file of the same name
with the ending `.txt` holds the diagnostics as they are printed; UPDATE_GOLDEN=1 rewrites it.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.command_line import split_command, whilec

FOLDER = Path(__file__).resolve().parent
PROGRAMS = sorted(FOLDER.rglob("*.while"))

MARK = re.compile(r"\b(error|warning): ([EW]\d{4})\b")
COMMAND = re.compile(r"(?:#|//) command: (.*)")
REPORT = re.compile(r"^(error|warning)\[([EW]\d{4})\]: .*(?:\n +--> (.*?):(\d+):\d+$)?", re.MULTILINE)


def name(path: Path) -> str:
    return path.relative_to(FOLDER).with_suffix("").as_posix()


def marks(text: str) -> Counter[tuple[int, str]]:
    """The codes that a program's comments announce, with their lines."""
    found: Counter[tuple[int, str]] = Counter()
    for number, line in enumerate(text.split("\n"), 1):
        comment = re.search(r"(?:#|//)\s*(?:error|warning): .*", line)
        if comment is not None:
            found.update((number, code) for _, code in MARK.findall(comment[0]))
    return found


def reports(text: str, file: str) -> Counter[tuple[int, str]]:
    """The codes that rendered diagnostics report at lines of the program, with these lines."""
    return Counter((int(line), code) for _, code, place, line in REPORT.findall(text) if place == file)


def command(text: str) -> str:
    found = COMMAND.fullmatch(text.partition("\n")[0].strip())
    return "check {file}" if found is None else found[1]


@pytest.mark.parametrize("path", PROGRAMS, ids=name)
def test_program(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    monkeypatch.setenv("NO_COLOR", "1")
    text = path.read_bytes().decode("utf-8", "replace")
    finished = whilec(capsys, *split_command(command(text), path.name))
    assert reports(finished.err, path.name) == marks(text)
    kinds = {kind for kind, *_ in REPORT.findall(finished.err)}
    assert kinds, f"nothing was reported: {finished.out}{finished.err}"
    assert finished.code == (1 if "error" in kinds else 0)

    wanted = path.with_suffix(".txt")
    if os.environ.get("UPDATE_GOLDEN") == "1":
        wanted.write_text(finished.err, encoding="utf-8")
    assert wanted.exists(), "UPDATE_GOLDEN=1 writes the expected text; read it before you commit it"
    assert finished.err == wanted.read_text(encoding="utf-8")


def test_every_text_has_a_program() -> None:
    lost = [name(path) for path in FOLDER.rglob("*.txt") if not path.with_suffix(".while").exists()]
    assert lost == []
