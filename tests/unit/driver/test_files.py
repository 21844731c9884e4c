"""Reading and writing program files."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from whilec.diagnostics.model import WhileError
from whilec.driver import files


def problem(path: str) -> tuple[str, str]:
    with pytest.raises(WhileError) as caught:
        files.load(path)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code.name, diagnostic.title


def test_load(tmp_path: Path) -> None:
    path = tmp_path / "p.while"
    path.write_bytes("x0 := x1 + 1 // é\r\n".encode())
    source = files.load(str(path))
    assert source.name == str(path)
    assert source.text == "x0 := x1 + 1 // é\r\n"


def test_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "p.while"
    path.write_bytes(b"\xef\xbb\xbfx0 := x1")
    assert files.load(str(path)).text == "x0 := x1"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x0 := x1")))
    source = files.load("-")
    assert (source.name, source.text) == ("<stdin>", "x0 := x1")


def test_missing_and_directories(tmp_path: Path) -> None:
    assert problem(str(tmp_path / "no.while"))[0] == "E0670"
    assert problem("")[0] == "E0670"
    assert problem(str(tmp_path))[0] == "E0672"
    assert problem("a\0b")[0] == "E0671"


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "p.while").write_text("x0 := x1")
    assert problem(str(tmp_path / "p.while" / "q.while")) == (
        "E0671",
        f"`{tmp_path}/p.while/q.while` cannot be read: not a directory",
    )


def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "p.while"
    path.write_text("x0 := x1")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    assert problem(str(path)) == ("E0671", f"`{path}` cannot be read: permission denied")


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"x0 := x1\n\xff", "E0673", "byte 0xff at offset 9, line 2"),
        (b"\xef\xbb\xbfab\xc3", "E0673", "byte 0xc3 at offset 5, line 1"),
        (b"x\n\n\0", "E0675", "at offset 3, line 3"),
        ("x0 := x1".encode("utf-16"), "E0675", "at offset 3, line 1"),
    ],
)
def test_what_is_no_text(tmp_path: Path, data: bytes, code: str, place: str) -> None:
    path = tmp_path / "p.while"
    path.write_bytes(data)
    found, title = problem(str(path))
    assert found == code
    assert title.endswith(place)


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 2**20)
    path = tmp_path / "p.while"
    path.write_bytes(b" " * 2**20)
    assert files.load(str(path)).text == " " * 2**20
    path.write_bytes(b" " * (2**20 + 1))
    assert problem(str(path)) == ("E0674", f"`{path}` is larger than 1 MiB")


def test_write_keeps_permissions_and_links(tmp_path: Path) -> None:
    path, link = tmp_path / "p.while", tmp_path / "link.while"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    files.write(str(link), "new é\n")
    assert link.is_symlink()
    assert path.read_bytes() == "new é\n".encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.while", "p.while"]


def test_a_failed_write_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.while"
    path.write_text("old")

    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(WhileError, match=r"E0676.*no space left on device"):
        files.write(str(path), "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_program_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("z.while", "a.while", "b/c.while", "notes.txt"):
        (tmp_path / name).write_text("")
    names = [os.path.relpath(path, tmp_path) for path in files.program_files(str(tmp_path))]
    assert names == ["a.while", "b/c.while", "z.while"]
    assert files.program_files("-") == ["-"]
    assert files.program_files("missing.while") == ["missing.while"]


def test_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert problem("-") == ("E0671", "standard input cannot be read: it is closed")
