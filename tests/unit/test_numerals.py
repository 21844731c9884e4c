"""Whole numbers beyond Python's limit of digits."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whilec.numerals import MAX_INTEGER_BITS, read_integer, write_integer


@given(st.integers(), st.integers(0, 4000))
def test_round_trip(value: int, shift: int) -> None:
    for number in (value, value << shift, -(value << shift) + 1):
        assert read_integer(write_integer(number)) == number
        if abs(number) < 10**4000:
            assert write_integer(number) == str(number)


@pytest.mark.parametrize(
    "digits", ["0", "-0", "+7", "007", "9" * 599, "9" * 600, "9" * 601, "1" + "0" * 1200]
)
def test_reads_what_python_reads(digits: str) -> None:
    assert read_integer(digits) == int(digits)


def test_leading_zeros_do_not_count() -> None:
    assert read_integer("0" * 400_000 + "12") == 12
    assert read_integer("0" * 5000) == 0


@pytest.mark.parametrize("digits", ["", "-", "1.5", "1_0", "x", "--1", " 1", "١"])
def test_refuses_what_is_no_number(digits: str) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        read_integer(digits)


def test_largest_number() -> None:
    largest = (1 << MAX_INTEGER_BITS) - 1
    assert read_integer(write_integer(largest)) == largest
    assert read_integer(write_integer(-largest)) == -largest
    for digits in (write_integer(largest + 1), "9" * 301_030, "9" * 10**6):
        with pytest.raises(OverflowError):
            read_integer(digits)


def test_many_digits_with_the_limit_in_force() -> None:
    limit = sys.get_int_max_str_digits()
    digits = "123456789" * 33_333
    value = read_integer(digits)
    assert write_integer(value) == digits
    assert sys.get_int_max_str_digits() == limit


def test_smallest_limit_that_python_allows() -> None:
    limit = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(640)
        assert write_integer(read_integer("7" * 3000)) == "7" * 3000
    finally:
        sys.set_int_max_str_digits(limit)
