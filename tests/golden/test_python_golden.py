"""Python functions that are wrong, and everything that is said about them.

A `.golden` file is a Python file that decorates a function, a line of dashes, and the diagnostics as
they are printed; UPDATE_GOLDEN=1 rewrites these.
"""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

from whilec.diagnostics.model import WhileError
from whilec.diagnostics.render import render

CASES = sorted((Path(__file__).resolve().parent / "python").glob("*.golden"))
RULER = f"{'-' * 40}\n"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_function(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text, _, wanted = path.read_text(encoding="utf-8").partition(RULER)
    (tmp_path / "module.py").write_text(text, encoding="utf-8")
    with pytest.raises(WhileError) as raised:
        runpy.run_path("module.py")
    found = render(raised.value.diagnostics)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(f"{text}{RULER}{found}", encoding="utf-8")
    assert found == wanted
