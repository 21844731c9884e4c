"""`whilec test`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import Runner


def test_tests_that_pass(command: Runner) -> None:
    assert command("test", "multiply.while") == (0, "multiply.while: 4 passed\n4 passed, 0 failed\n", "")


def test_a_folder(command: Runner) -> None:
    finished = command("test")
    assert finished.code == 0
    assert "multiply.while: 4 passed\n" in finished.out
    assert "square.while: no tests\n" in finished.out
    assert finished.out.endswith("4 passed, 0 failed\n")


def test_tests_that_fail(command: Runner, folder: Path) -> None:
    (folder / "square.while").write_text(
        """\
PROGRAM square(a: int[n]) -> b: int[n]
b := a * a
// ==
// input { a = [1, 2] }     output { b = [1, 4] }
// input { a = [1, 3] }     output { b = [1, 4] }   smooth hard, 0
// input { a = [1, 3] }     output { b = 1 }
// input { a = [1, 3] }     output { b = [1, 9.01] }  tolerance 1e-2
// input { a = [1, 3] }     output { b = [1, 9.01] }
// input { a = [1, 3] }     error E0657
// input { a = 1 }          error E0657
// input { a = 1 }          output { b = 1 }
// input { a = 1 }          error E0601
"""
    )
    finished = command("test", "square.while")
    assert finished.code == 1
    assert finished.out == "square.while: 3 passed, 7 failed\n3 passed, 7 failed\n"
    for label in (
        "`b[1]` is 9, not 4",
        "a test failed with `smooth hard`",
        "a test failed with `smooth 0`",
        "`b` has shape [2], not []",
        "`b[1]` is 9, not 9.01",
        "ran to its end, but should stop with E0657",
        "stopped with E0657, but it should run",
        "stopped with E0657, but it should stop with E0601",
        "square.while:5:4",
    ):
        assert label in finished.err


@pytest.mark.parametrize(
    ("given", "wanted", "tolerance", "label"),
    [
        ("4", "4.0000000001", "0", "`x0` is 4, not 4.0000000001"),
        ("4.0000000001", "4", "0", "`x0` is 4.0000000001, not 4"),
        ("9" * 50, "9" * 49 + "8", "0", f"`x0` is 99999999...{'9' * 29}, not 99999999...{'9' * 28}8"),
        ("9" * 5000, "9" * 4999 + "8", "0", f"`x0` is 99999999...{'9' * 29}, not 99999999...{'9' * 28}8"),
        ("9" * 500, "1", "1e-3", f"`x0` is {'9' * 37}..., not 1"),
        ("9" * 500, "9" * 499 + "8", "1e-3", None),
    ],
)
def test_numbers_that_differ_look_different(
    command: Runner, folder: Path, given: str, wanted: str, tolerance: str, label: str | None
) -> None:
    case = f"// input {{ x = {given} }} output {{ y = {wanted} }} tolerance {tolerance}\n"
    kind = "real" if "." in given else "int"
    text = f"PROGRAM same(x: {kind}) -> y: {kind}\ny := x\n// ==\n{case}"
    (folder / "same.while").write_text(text)
    finished = command("test", "same.while")
    if label is None:
        assert finished == (0, "same.while: 1 passed\n1 passed, 0 failed\n", "")
    else:
        assert finished.code == 1
        assert label.replace("x0", "y") in finished.err


def test_a_malformed_test(command: Runner, folder: Path) -> None:
    (folder / "square.while").write_text("x0 := x1\n// ==\n// input { x1 = 3 output { x0 = 3 }\n")
    finished = command("test", "square.while")
    assert finished.code == 1
    assert finished.out == "square.while: 0 passed, 1 failed\n0 passed, 1 failed\n"
    assert finished.err.startswith("error[E0661]: a test is malformed")
    assert "square.while:3:" in finished.err


def test_a_program_with_errors_fails_its_tests(command: Runner, folder: Path) -> None:
    (folder / "wrong.while").write_text("x0 := x1 +\n// ==\n// input { x1 = 3 } output { x0 = 3 }\n")
    finished = command("test", "wrong.while")
    assert finished.code == 1
    assert finished.err.count("error[E01") == 1


def test_missing_files(command: Runner) -> None:
    finished = command("test", "nowhere.while")
    assert finished.code == 1
    assert "E0670" in finished.err
