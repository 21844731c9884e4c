"""Programs for the tests of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import Runner, whilec

PROGRAMS = {
    "multiply.while": """\
WHILE x2 != 0 DO
  x3 := x1
  WHILE x3 != 0 DO
    x0 := x0 + 1
    x3 := x3 - 1
  END
  x2 := x2 - 1
END
// ==
// input { x1 = 3, x2 = 4 }  smooth hard, 0, 1  output { x0 = 12 }
// input { x1 = 3, x2 = 4 }  smooth inf         output { x0 = 5.921189 }  tolerance 1e-6
""",
    "scale.while": """\
PROGRAM scale(a: real[n], factor: real) -> b: real[n], total: real
PARAM w: real = 2.0
FOR i FROM 0 TO n - 1 DO
  b[i] := a[i] * factor * w
  total := total + b[i]
END
""",
    "broken.while": "x0 := x1 +\n",
    "countdown.while": "WHILE x1 != 0 DO\n  x1 := x1 - 1\n  x0 := x0 + 1\nEND\n",
    "square.while": "PROGRAM square(n: int) -> y: int\ny := n * n\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the programs in it."""
    for name, text in PROGRAMS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WHILEC_TRACEBACK", raising=False)
    return tmp_path


@pytest.fixture
def command(folder: Path, capsys: pytest.CaptureFixture[str]) -> Runner:
    """Runs `whilec` in that folder."""
    return lambda *arguments: whilec(capsys, *arguments)
