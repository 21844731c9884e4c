"""`import whilec`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import whilec
from tests.repository import ROOT


def test_every_public_name_is_there() -> None:
    for name in whilec.__all__:
        assert getattr(whilec, name) is not None
        assert name in dir(whilec)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = whilec.nonsense  # type: ignore[attr-defined]


def test_the_import_loads_nothing_else() -> None:
    code = "import sys, whilec; print([m for m in sys.modules if m.startswith(('whilec.', 'lark', 'click'))])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_check_source() -> None:
    assert whilec.check_source("x0 := x1 + 1") == []
    found = whilec.check_source("PROGRAM p(x: real) -> y: real\ny := z + w\n", name="p.while")
    assert [d.code.name for d in found] == ["W0201", "W0204", "W0204"]
    assert all(isinstance(d, whilec.Diagnostic) for d in found)
    assert all(d.source is not None and d.source.name == "p.while" for d in found)
    assert whilec.check_source("PROGRAM p(x: real) -> y: real\ny := x\n", level="core") != []


def test_format_source() -> None:
    assert whilec.format_source("x0:=x1+1") == "x0 := x1 + 1\n"
    with pytest.raises(whilec.WhileError) as caught:
        whilec.format_source("x0 := := 1")
    assert caught.value.diagnostics[0].source is not None


def test_run_source() -> None:
    text = "PROGRAM scale(a: real[n], k: real) -> b: real[n]\nb := a * k\n"
    run = whilec.run_source(text, {"a": [1, 2.5], "k": 2}, smooth=0, jacobian=True)
    assert run.outputs == {"b": [2, 5]}
    assert run.jacobian == {"b": {"a": [[2, 0], [0, 2]], "k": [1, 2.5]}}
    assert run.jacobian is not None
    assert list(run.jacobian["b"]) == ["a", "k"]


@pytest.mark.parametrize(
    ("inputs", "options", "code"),
    [
        ({"x2": 1}, {}, "E0654"),
        ({"x1": float("nan")}, {}, "E0652"),
        ({"x1": [[1.0], [2.0, 3.0]]}, {}, "E0653"),
        ({"x1": [1.0]}, {}, "E0657"),
        ({"x1": 1}, {"smooth": 9}, "E0420"),
        ({"x1": 1}, {"smooth": "hard", "jacobian": True}, "E0450"),
        ({"x1": 0.5}, {"smooth": "hard"}, "E0608"),
    ],
)
def test_what_is_wrong_is_a_while_error(
    inputs: dict[str, object], options: dict[str, object], code: str
) -> None:
    with pytest.raises(whilec.WhileError, match=code):
        whilec.run_source("x0 := x1 + 1", inputs, **options)  # type: ignore[arg-type]


def test_run_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "p.while"
    path.write_text("x0 := x1 + 1\nx3 := x0\n")
    assert whilec.run(str(path), {"x1": 1}, smooth="hard", outputs=("x3",)).outputs == {"x3": 2}
    with pytest.raises(whilec.WhileError, match="E0670"):
        whilec.run(str(tmp_path / "q.while"))
