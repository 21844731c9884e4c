"""Gates: only a test that ran and passed is green."""

from __future__ import annotations

from pathlib import Path

from benchmarks import gate, junit

TESTS = """
import pytest

@pytest.mark.parametrize("n", [1, 2], ids=["one, with words", "two"])
def test_number(n):
    assert n == 1

def test_skipped():
    pytest.skip("a peer is missing")
"""


def test_only_a_passed_test_is_green(tmp_path: Path) -> None:
    (tmp_path / "test_gates.py").write_text(TESTS, encoding="utf-8")
    names = ["test_number[one, with words]", "test_number[two]", "test_skipped"]
    nodes = [f"test_gates.py::{name}" for name in names]
    green, red, skipped = gate.check(nodes, root=tmp_path).values()
    assert green == gate.Verdict(True)
    assert not red.is_green
    assert "assert 2 == 1" in red.reason
    assert skipped == gate.Verdict(False, "skipped: a peer is missing")


def test_a_test_that_is_not_there_is_not_green(tmp_path: Path) -> None:
    (tmp_path / "test_gates.py").write_text(TESTS, encoding="utf-8")
    (verdict,) = gate.check(["test_gates.py::test_other"], root=tmp_path).values()
    assert not verdict.is_green
    assert "test_other" in verdict.reason


def test_nothing_to_check_needs_no_pytest() -> None:
    assert gate.check([]) == {}


def test_tests_that_hang_are_given_up(tmp_path: Path) -> None:
    (tmp_path / "test_slow.py").write_text("import time\ndef test(): time.sleep(60)\n", encoding="utf-8")
    report = junit.run(["test_slow.py"], root=tmp_path, timeout_s=0.2)
    assert report.outcomes == ()
    assert "did not end within 0.2 s" in report.output
