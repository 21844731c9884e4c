"""Near names."""

from __future__ import annotations

import pytest

from whilec.diagnostics.suggest import nearest


@pytest.mark.parametrize(
    ("name", "candidates", "wanted"),
    [
        ("cots", ["cost", "count"], "cost"),
        ("steepnes", ["steepness", "smooth"], "steepness"),
        ("X1", ["x0", "x1"], "x1"),
        ("x1", ["x0", "x2"], None),
        ("ab", ["abs"], None),
        ("lenght", ["length", "len"], "length"),
        ("distence", ["instance", "distance"], "distance"),
        ("counter", [], None),
        ("counter", ["counter"], None),
        ("", ["a"], None),
        ("total", ["tonal", "totem", "totals"], "tonal"),
    ],
)
def test_nearest(name: str, candidates: list[str], wanted: str | None) -> None:
    assert nearest(name, candidates) == wanted


def test_a_third_of_the_length_is_the_limit() -> None:
    assert nearest("abcdef", ["abcdxy"]) == "abcdxy"
    assert nearest("abcdef", ["abcxyz"]) is None
    assert nearest("abcde", ["abcxy"]) is None


def test_order_of_candidates_does_not_matter() -> None:
    names = ["value", "vault", "valve", "vague"]
    assert nearest("valux", names) == nearest("valux", reversed(names)) == "value"


def test_equal_distance_prefers_the_same_first_letter() -> None:
    assert nearest("mate", ["date", "mats"]) == "mats"
