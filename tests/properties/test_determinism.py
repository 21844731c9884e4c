"""The same input gives the same text, whatever the seed of Python's hashes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Several diagnostics, near names, symbolic shapes, a DEF for two types of argument.
WRONG = """PROGRAM p(count: real, counter: real[n], other: real[m]) -> result: real
CONST limit = 3
DEF twice(u) -> v
  v := u + u
END
result := coutn + conter[0] + twice(count) + sum(twice(counter))
counter := other
WHILE reslt > limt DO
  result := result + counter[i]
END
a, b, c := 1, 2
"""


def output(seed: int, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "whilec", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "wrong.while"],
        ["explain", "programs/levenshtein.while"],
        ["run", "programs/bubble_sort.while", "a=[3, 1, 2, 0.5]", "--grad", "--stats", "--json"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_output_does_not_depend_on_hashes(arguments: list[str], tmp_path: Path) -> None:
    path = tmp_path / "wrong.while"
    path.write_text(WRONG, encoding="utf-8")
    given = [str(path) if argument == "wrong.while" else argument for argument in arguments]
    first, second = output(1, *given), output(2, *given)
    assert first == second
    assert "internal error" not in first[2]
    assert first[1] + first[2]
