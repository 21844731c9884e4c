"""Options as text."""

from __future__ import annotations

from dataclasses import fields

import pytest

from whilec.driver.choices import READERS
from whilec.semantics.options import Options


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("smooth", "hard", "hard"),
        ("smooth", "inf", "inf"),
        ("smooth", "Inf", "inf"),
        ("smooth", "HARD", "hard"),
        ("smooth", "0", 0),
        ("smooth", "8", 8),
        ("steepness", "2.5", 2.5),
        ("compare_steepness", "1e2", 100.0),
        ("epsilon", "0", 0.0),
        ("max_trips", "0", 0),
        ("max_steps", "100000000", 10**8),
        ("loops", "mixture", "mixture"),
        ("phi", "bump", "bump"),
        ("domain", "nat", "nat"),
    ],
)
def test_values(name: str, text: str, value: object) -> None:
    assert READERS[name](text) == value


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("smooth", "9", "`9` is not `hard`, `inf` or a whole number from 0 to 8"),
        ("smooth", "-1", "`-1` is not `hard`, `inf` or a whole number from 0 to 8"),
        ("smooth", "", "`` is not `hard`, `inf` or a whole number from 0 to 8"),
        ("smooth", "²", "`²` is not `hard`, `inf` or a whole number from 0 to 8"),
        ("steepness", "0", "`0` is not greater than 0"),
        ("steepness", "-1", "`-1` is not greater than 0"),
        ("steepness", "inf", "`inf` is not finite"),
        ("steepness", "nan", "`nan` is not finite"),
        ("steepness", "1_0", "`1_0` is not a number"),
        ("steepness", "x", "`x` is not a number"),
        ("epsilon", "0.5", "`0.5` is not in the range from 0 to below 1/2"),
        ("max_trips", "-1", "`-1` is not a whole number >= 0"),
        ("max_trips", "1.5", "`1.5` is not a whole number >= 0"),
        ("max_trips", "9" * 5000, f"`{'9' * 18}...` is too large"),
        ("phi", "tanh", "`tanh` is not `sech` or `bump`"),
    ],
)
def test_what_is_wrong(name: str, text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        READERS[name](text)
    assert str(caught.value) == reason


def test_every_option_of_a_run_can_be_read() -> None:
    assert {field.name for field in fields(Options)} - {"trainable"} == set(READERS)


@pytest.mark.parametrize("field", list(READERS))
def test_long_texts_are_not_repeated(field: str) -> None:
    for text in ("9" * 5000, "-" + "9" * 200, "x" * 5000):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - any reason will do
            READERS[field](text)
        assert len(str(caught.value)) < 150
