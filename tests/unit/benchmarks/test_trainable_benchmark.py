"""The experiment that trains the weights inside a program."""

from __future__ import annotations

import pytest

import whilec
from benchmarks import trainable
from benchmarks.trainable import FIT, HELD_OUT, Settings, compiled, errors, mean_error, train
from tests.repository import ROOT


def test_the_pairs() -> None:
    assert len(FIT) == 36
    assert {name: len(points) for name, points in HELD_OUT.items()} == {"with a 6": 13, "halves": 25}
    assert not {pair for points in HELD_OUT.values() for pair in points} & set(FIT)


def test_the_error_before_is_that_of_the_program() -> None:
    path = str(ROOT / "programs/multiply.while")
    points = [(2.0, 3.0), (1.0, 1.0), (4.0, 2.0)]
    found = [whilec.run(path, {"x1": a, "x2": b}).outputs["x0"] - a * b for a, b in points]
    wanted = sum(map(abs, found)) / len(points)
    assert mean_error(compiled(Settings()), points) == pytest.approx(wanted, rel=1e-6)


def test_a_few_steps_lower_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainable, "FIT", [(1.0, 1.0), (2.0, 1.0), (2.0, 2.0)])
    monkeypatch.setattr(trainable, "HELD_OUT", {"halves": [(1.5, 1.5)]})
    ticks: list[None] = []
    row = train(Settings(steps=6, rate=0.05), 0, lambda: ticks.append(None))
    assert len(ticks) == 6
    assert set(row["before"]) == {"fit", "halves"}
    assert row["before"] == errors(compiled(Settings()))
    assert row["after"]["fit"] < 0.9 * row["before"]["fit"]
    assert row["weights"] != [1.0] * 4
    assert len(row["products_after"]) == 3
