"""The values and derivatives that the language definition publishes, through the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.properties.running import flat
from whilec.cli.main import cli

ROOT = Path(__file__).parents[2]
ROWS: list[dict[str, Any]] = json.loads(
    (ROOT / "tests" / "data" / "reference_values.json").read_text(encoding="utf-8")
)
TOLERANCE = 1e-10


def label(row: dict[str, Any]) -> str:
    inputs = ",".join(
        f"{name}={value}" for name, value in row["inputs"].items() if row["program"] == "multiply"
    )
    options = ",".join(f"{name}={value}" for name, value in row["options"].items())
    return f"{row['program']}-{row['smooth']}-{row.get('phi', 'sech')}-{options}-{inputs}"


def run(row: dict[str, Any], *more: str) -> dict[str, Any]:
    arguments = ["run", str(ROOT / "programs" / f"{row['program']}.while"), "--json"]
    arguments += [f"{name}={json.dumps(value)}" for name, value in row["inputs"].items()]
    arguments += ["--smooth", str(row["smooth"]), "--phi", row.get("phi", "sech")]
    for name, value in row["options"].items():
        arguments += [f"--{name.replace('_', '-')}", str(value)]
    outcome = CliRunner().invoke(cli, [*arguments, *more], standalone_mode=False, catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.stderr
    return json.loads(outcome.stdout)


def assert_close(actual: Any, expected: Any) -> None:
    pairs = list(zip(flat(actual), flat(expected), strict=True))
    assert pairs
    for have, want in pairs:
        assert abs(have - want) <= TOLERANCE * (1 + abs(want)), f"{have!r} instead of {want!r}"


def test_the_table_is_complete() -> None:
    programs = [row["program"] for row in ROWS]
    counts = {name: programs.count(name) for name in set(programs)}
    assert counts == {"multiply": 46, "levenshtein": 4, "bubble_sort": 5}


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_value_and_derivatives(row: dict[str, Any]) -> None:
    result = run(row, "--grad")
    output = {"multiply": "x0", "levenshtein": "d", "bubble_sort": "a"}[row["program"]]
    assert_close(result["outputs"][output], row[output])
    for name, derivative in row.get("jacobian", {}).items():
        assert_close(result["jacobian"][output][name], derivative)
    if "jacobian_a0" in row:
        assert_close(result["jacobian"]["a"]["a"][0], row["jacobian_a0"])
    if "outer_trips" in row:
        assert result["loops"][0]["trips"] == row["outer_trips"]


@pytest.mark.parametrize(("x1", "x2", "product"), [(3, 4, 12), (0, 4, 0), (4, 0, 0), (7, 8, 56)])
def test_hard_mode(x1: int, x2: int, product: int) -> None:
    row = {"program": "multiply", "smooth": "hard", "options": {}, "inputs": {"x1": x1, "x2": x2}}
    result = run(row)
    assert result["outputs"] == {"x0": product}
    assert result["loops"][0]["trips"] == x2
