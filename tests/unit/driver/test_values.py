"""Values as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whilec.diagnostics.model import WhileError
from whilec.driver.values import Value, format_value, read_value, shape_of, shorten
from whilec.source import SourceFile, Span


def read(text: str) -> Value:
    return read_value(SourceFile("<argument>", text), Span(0, len(text)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-2", -2),
        ("+7", 7),
        ("007", 7),
        ("12345678901234567890", 12345678901234567890),
        ("1e3", 1000.0),
        ("1.5e-2", 0.015),
        (".5", 0.5),
        ("2.", 2.0),
        (" 3 ", 3),
        ("[]", []),
        ("[[]]", [[]]),
        ("[1,2.5]", [1, 2.5]),
        (" [ [1 , 2],[3,4] ] ", [[1, 2], [3, 4]]),
    ],
)
def test_read(text: str, value: Value) -> None:
    found = read(text)
    assert found == value
    assert type(found) is type(value)


def test_numbers_beyond_the_digit_limit_of_python() -> None:
    text = "7" * 5000
    found = read(text)
    assert isinstance(found, int)
    assert found % 1000 == 777
    assert format_value(found) == text


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("", "E0651", (0, 0)),
        ("  ", "E0651", (0, 2)),
        ("three", "E0651", (0, 5)),
        ("1_000", "E0651", (0, 5)),
        ("0x10", "E0651", (0, 4)),
        ("٣", "E0651", (0, 1)),
        ("1e", "E0651", (0, 2)),
        (".", "E0651", (0, 1)),
        ("--1", "E0651", (0, 3)),
        ("1 2", "E0651", (2, 3)),
        ("[1", "E0651", (0, 1)),
        ("[1,", "E0651", (0, 1)),
        ("1]", "E0651", (1, 2)),
        ("]", "E0651", (0, 1)),
        ("[1,]", "E0651", (3, 4)),
        ("[,1]", "E0651", (1, 2)),
        ("[1,,2]", "E0651", (3, 4)),
        ("[1 2]", "E0651", (3, 4)),
        ("[1, x]", "E0651", (4, 5)),
        ("[1][2]", "E0651", (3, 4)),
        ("[" * 65 + "]" * 65, "E0651", (64, 65)),
        ("9" * 400_000, "E0651", (0, 400_000)),
        ("nan", "E0652", (0, 3)),
        ("[1, -inf]", "E0652", (4, 8)),
        ("Infinity", "E0652", (0, 8)),
        ("1e999", "E0652", (0, 5)),
        ("[1, [2]]", "E0653", (0, 8)),
        ("[[1, 2], [3]]", "E0653", (0, 13)),
        ("[[[1], [2]], [[3], [4, 5]]]", "E0653", (13, 26)),
        ("[[[1]], [[2, 3]]]", "E0653", (0, 17)),
    ],
)
def test_what_cannot_be_read(text: str, code: str, place: tuple[int, int]) -> None:
    with pytest.raises(WhileError) as caught:
        read(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code.name == code
    assert diagnostic.primary is not None
    assert tuple(diagnostic.primary.span) == place
    assert diagnostic.help is not None


@given(st.text(alphabet="[], \t-+.0123456789eEnaif@{}\x00é", max_size=30))
def test_any_text_is_a_value_or_a_diagnostic(text: str) -> None:
    try:
        value = read(text)
    except WhileError:
        return
    assert shape_of(value) == shape_of(read(format_value(value)))


@given(
    st.recursive(
        st.integers() | st.floats(allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0),
        lambda inner: st.lists(inner, max_size=1),
    )
)
def test_what_is_written_can_be_read(value: Value) -> None:
    text = format_value(value)
    assert format_value(read(text)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5.9211891234, "5.921189"),
        (12, "12"),
        (12.0, "12"),
        (1e-9, "1e-09"),
        (123456789.0, "1.234568e+08"),
        (float("nan"), "nan"),
        ([[1, 2.5], [3, -0.125]], "[[1, 2.5], [3, -0.125]]"),
    ],
)
def test_format(value: Value, text: str) -> None:
    assert format_value(value) == text


def test_shape_of_ragged_lists() -> None:
    with pytest.raises(WhileError, match="E0653"):
        shape_of([[1, 2], [3]])
    assert shape_of([[1, 2, 3]]) == (1, 3)
    assert shape_of(1) == ()


def test_shorten() -> None:
    assert shorten("abc", 3) == "abc"
    assert shorten("abcdefgh", 6) == "abc..."
