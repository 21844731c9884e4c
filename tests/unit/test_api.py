"""`import whilec`."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
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


HUGE = 10**400


@pytest.mark.parametrize("mode", ["hard", 0, "inf"])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("3", "E0651"),
        (None, "E0651"),
        (3j, "E0651"),
        (np.complex128(3j), "E0651"),
        ({3}, "E0651"),
        ((1, "2"), "E0651"),
        ([None], "E0651"),
        (np.array(["3"]), "E0651"),
        (2**1_000_001, "E0651"),
        (Fraction(HUGE, 7), "E0652"),
        (np.float32("nan"), "E0652"),
        ((1, (2, 3)), "E0653"),
        ((1, 2), "E0657"),
    ],
    ids=lambda value: str(type(value).__name__),
)
def test_values_that_are_no_numbers(mode: str | int, value: object, code: str) -> None:
    with pytest.raises(whilec.WhileError, match=code):
        whilec.run_source("x0 := x1 + 1", {"x1": value}, smooth=mode)


@pytest.mark.parametrize("mode", ["hard", 0])
@pytest.mark.parametrize("value", [3, np.int8(3), np.float32(3), np.array(3), Fraction(3), Decimal(3)])
def test_numbers_of_other_libraries(mode: str | int, value: object) -> None:
    run = whilec.run_source("x0 := x1 + 1", {"x1": value}, smooth=mode)
    assert run.outputs == {"x0": 4}
    assert type(run.outputs["x0"]) in (int, float)
    text = "PROGRAM p(a: real[n]) -> y: real\ny := a[0] + a[1]\n"
    assert whilec.run_source(text, {"a": (value, 0.5)}, smooth=mode).outputs == {"y": 3.5}
    assert whilec.run_source(text, {"a": np.array([3, 0.5])}, smooth=mode).outputs == {"y": 3.5}


def test_options_of_other_libraries() -> None:
    plain = whilec.run_source("x0 := x1 + 1", {"x1": 1}, smooth=1, steepness=2.0, max_steps=9)
    options = {"smooth": np.int64(1), "steepness": np.float32(2), "max_steps": np.int32(9)}
    assert whilec.run_source("x0 := x1 + 1", {"x1": 1}, **options) == plain


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"outputs": ()}, "E0664"),
        ({"outputs": [1]}, "E0664"),
        ({"outputs": 1}, "E0664"),
        ({"outputs": ""}, "E0201"),
        ({"steepness": HUGE}, "E0421"),
        ({"compare_steepness": -(10**5000)}, "E0421"),
        ({"epsilon": HUGE}, "E0422"),
        ({"max_steps": None}, "E0423"),
        ({"max_trips": "9" * 5000}, "E0423"),
        ({"max_steps": -(10**5000)}, "E0423"),
        ({"smooth": 10**5000}, "E0420"),
        ({"phi": "x" * 5000}, "E0425"),
    ],
    ids=lambda given: given if isinstance(given, str) else next(iter(given)),
)
def test_options_that_are_wrong(options: dict[str, Any], code: str) -> None:
    with pytest.raises(whilec.WhileError, match=code) as caught:
        whilec.run_source("x0 := x1 + 1", {"x1": 1}, **options)
    assert len(str(caught.value)) < 300


def test_inputs_that_are_no_mapping_of_names() -> None:
    with pytest.raises(whilec.WhileError, match="E0651"):
        whilec.run_source("x0 := x1 + 1", [1])  # type: ignore[arg-type]
    with pytest.raises(whilec.WhileError, match="E0654"):
        whilec.run_source("x0 := x1 + 1", {1: 1})  # type: ignore[dict-item]


def test_one_output_may_be_a_text() -> None:
    assert whilec.run_source("x10 := x1 + 1", {"x1": 1}, smooth="hard", outputs="x10").outputs == {"x10": 2}


def test_whole_numbers_beyond_reals_need_hard_mode() -> None:
    assert whilec.run_source("x0 := x1 + 1", {"x1": HUGE}, smooth="hard").outputs == {"x0": HUGE + 1}
    text = "PROGRAM p(a: real[n]) -> y: real\ny := a[0]\n"
    for mode in (0, 1, "inf"):
        with pytest.raises(whilec.WhileError, match="E0652"):
            whilec.run_source("x0 := x1 + 1", {"x1": -HUGE}, smooth=mode)
        with pytest.raises(whilec.WhileError, match="E0652"):
            whilec.run_source(text, {"a": [1, HUGE]}, smooth=mode)


def test_run_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "p.while"
    path.write_text("x0 := x1 + 1\nx3 := x0\n")
    assert whilec.run(str(path), {"x1": 1}, smooth="hard", outputs=("x3",)).outputs == {"x3": 2}
    with pytest.raises(whilec.WhileError, match="E0670"):
        whilec.run(str(tmp_path / "q.while"))
