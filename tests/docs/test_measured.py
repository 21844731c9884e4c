"""Numbers that pages quote from the results of measurements."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.repository import ROOT

MODES = ("0", "1", "2", "bump", "sech")
MOST_BYTES = 150_000
PICTURES = sorted((ROOT / "docs/pictures").glob("*.png"))


def result(name: str) -> dict[str, Any]:
    return json.loads((ROOT / f"benchmarks/results/{name}.json").read_text(encoding="utf-8"))


def table(page: str, pattern: str) -> list[list[str]]:
    """The cells of the rows of a page's tables whose first cell matches."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    rows = re.findall(rf"^\| ((?:{pattern}) \|.*) \|$", text, re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in rows]


def test_errors_over_the_steepness() -> None:
    measured = {(row["program"], row["steepness"], row["mode"]): row for row in result("smoothness")["rows"]}
    programs = {key[0] for key in measured}
    rows = [row for row in table("smoothness.md", r"\w+") if row[0] in programs]
    assert len(rows) == 10
    for program, steepness, *errors in rows:
        wanted = [f"{measured[program, float(steepness), mode]['error']:.2g}" for mode in MODES]
        assert errors == wanted, (program, steepness)


def test_training_the_program_itself() -> None:
    runs = result("trainable")["rows"]
    rows = table("tutorial.md", "fit|with a 6|halves")
    assert len(rows) == 3
    for pairs, *shown in rows:
        before, after = (sum(run[key][pairs] for run in runs) / len(runs) for key in ("before", "after"))
        assert shown == [f"{before:.3g}", f"{after:.3g}", f"{before / after:.3g}"], pairs


def test_training_lowers_the_error_fivefold() -> None:
    data = result("trainable")
    assert data["pairs"] == [[float(a), float(b)] for a in range(6) for b in range(6)]
    assert data["median_factor"] >= 5
    assert all(run["factor"]["fit"] >= 5 for run in data["rows"])


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_pictures_are_small(path: Any) -> None:
    assert path.stat().st_size < MOST_BYTES
