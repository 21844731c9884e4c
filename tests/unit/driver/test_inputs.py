"""`NAME=VALUE` arguments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from whilec.diagnostics.model import WhileError
from whilec.driver.inputs import first_not_finite, load_array, read_inputs


def codes(*arguments: str) -> list[str]:
    with pytest.raises(WhileError) as caught:
        read_inputs(arguments)
    return [d.code.name for d in caught.value.diagnostics]


def test_names_and_values() -> None:
    assert read_inputs(["x1=3", "a=[1, 2]", " w = 1e3"]) == {"x1": 3, "a": [1, 2], "w": 1000.0}


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ("3", "E0650"),
        ("x1", "E0650"),
        ("=3", "E0650"),
        ("1x=3", "E0650"),
        ("a b=3", "E0650"),
        ("é=3", "E0650"),
        ("x==3", "E0651"),
        ("x=", "E0651"),
        ("x=@missing.npy", "E0659"),
        ("x=@", "E0659"),
    ],
)
def test_arguments_that_are_wrong(argument: str, code: str) -> None:
    assert codes(argument) == [code]


def test_all_problems_are_reported() -> None:
    assert codes("3", "x=nan", "y=1", "y=2") == ["E0650", "E0652", "E0656"]


@pytest.mark.parametrize(
    ("array", "value"),
    [
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array([0.5, 1.5], dtype=np.float32), [0.5, 1.5]),
        (np.array(7, dtype=np.uint8), 7),
        (np.array([True, False]), [1, 0]),
        (np.zeros((0,)), []),
    ],
)
def test_array_files(tmp_path: Path, array: np.ndarray, value: object) -> None:
    path = tmp_path / "a.npy"
    np.save(path, array)
    found = load_array(str(path))
    assert found == value
    assert "True" not in repr(found)


def test_array_files_that_are_wrong(tmp_path: Path) -> None:
    def problem(name: str) -> str:
        with pytest.raises(WhileError) as caught:
            load_array(str(tmp_path / name))
        (diagnostic,) = caught.value.diagnostics
        return f"{diagnostic.code.name}: {diagnostic.title.rpartition('` ')[2]}"

    np.save(tmp_path / "object.npy", np.array([{}], dtype=object))
    np.save(tmp_path / "complex.npy", np.array([1j]))
    np.save(tmp_path / "text.npy", np.array(["a"]))
    np.save(tmp_path / "nan.npy", np.array([[1.0, np.nan]]))
    np.savez(tmp_path / "two.npz", a=1)
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "cut.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr'")
    (tmp_path / "other.npy").write_bytes(b"x0 := x1 + 1\n")
    (tmp_path / "folder.npy").mkdir()
    assert problem("object.npy") == (
        "E0659: cannot be used: it is no array of numbers, and pickled Python objects are never loaded"
    )
    assert problem("complex.npy") == "E0659: cannot be used: its elements are complex128, not numbers"
    assert problem("text.npy").startswith("E0659: cannot be used: its elements are")
    assert problem("nan.npy") == "E0652: has nan at [0, 1]"
    assert problem("two.npz") == "E0659: cannot be used: it is an archive of arrays, not one array"
    for name in ("empty.npy", "cut.npy", "other.npy", "folder.npy", "missing.npy"):
        assert problem(name).startswith("E0659: cannot be used: ")


def test_first_not_finite() -> None:
    assert first_not_finite([[1.0, 2], [3.0, float("inf")]]) == ((1, 1), float("inf"))
    assert first_not_finite([[1.0, 2], [3.0, 4.0]]) is None
    assert first_not_finite(float("-inf")) == ((), float("-inf"))
