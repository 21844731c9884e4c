"""Files that ship with the package, and the cache of the parser's tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from whilec import resources
from whilec.resources import cache_folder, grammar_text, programs_folder

PARSE = """
from whilec.source import SourceFile
from whilec.syntax.parser import parse
print(parse(SourceFile("", "x0 := 1")))
"""


def test_checkout() -> None:
    assert "start:" in grammar_text()
    assert list(programs_folder().glob("*.while"))


def test_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "programs").mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path)
    assert programs_folder() == tmp_path / "programs"


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    cache_folder.cache_clear()


def test_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHILEC_CACHE", str(tmp_path / "a" / "b"))
    assert cache_folder() == tmp_path / "a" / "b"
    cache_folder.cache_clear()
    monkeypatch.setenv("WHILEC_CACHE", "")
    assert cache_folder() is None
    cache_folder.cache_clear()
    monkeypatch.delenv("WHILEC_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "whilec"
    cache_folder.cache_clear()
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache_folder() is None


@pytest.mark.parametrize("content", [None, b"", b"nonsense\n\x80\x04", b"x" * 100_000])
def test_broken_cache_does_no_harm(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "grammar.lark-tables"
    if content is not None:
        file.write_bytes(content)
    for _ in range(2):
        finished = subprocess.run(
            [sys.executable, "-c", PARSE],
            capture_output=True,
            text=True,
            check=True,
            env={"WHILEC_CACHE": str(tmp_path)},
        )
        assert "Assign" in finished.stdout
        assert finished.stderr == ""
    assert file.stat().st_size > 1000
