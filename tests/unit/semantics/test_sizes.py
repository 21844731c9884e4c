"""Polynomials in shape variables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whilec.semantics import sizes
from whilec.semantics.types import Dim

n, m = sizes.symbol("n"), sizes.symbol("m")


def polynomials() -> st.SearchStrategy[Dim]:
    leaves: st.SearchStrategy[Dim] = st.one_of(st.integers(-4, 4), st.sampled_from([n, m]))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda pair: sizes.add(*pair)),
            st.tuples(inner, inner).map(lambda pair: sizes.multiply(*pair)),
            inner.map(sizes.negate),
        ),
        max_leaves=6,
    )


def value(size: Dim, n_value: int, m_value: int) -> int:
    found = sizes.replace(sizes.replace(size, "n", n_value), "m", m_value)
    assert isinstance(found, int)
    return found


@given(polynomials(), polynomials(), st.integers(1, 9), st.integers(1, 9))
def test_arithmetic_is_that_of_the_values(left: Dim, right: Dim, n_value: int, m_value: int) -> None:
    a, b = value(left, n_value, m_value), value(right, n_value, m_value)
    assert value(sizes.add(left, right), n_value, m_value) == a + b
    assert value(sizes.subtract(left, right), n_value, m_value) == a - b
    assert value(sizes.multiply(left, right), n_value, m_value) == a * b
    assert value(sizes.negate(left), n_value, m_value) == -a


@given(polynomials(), polynomials())
def test_normal_forms_are_unique(left: Dim, right: Dim) -> None:
    assert sizes.subtract(sizes.add(left, right), right) == left
    assert sizes.multiply(left, right) == sizes.multiply(right, left)
    assert not sizes.differ(sizes.add(left, right), sizes.add(right, left))


@given(polynomials(), st.integers(1, 9), st.integers(1, 9))
def test_never_negative_means_never_negative(size: Dim, n_value: int, m_value: int) -> None:
    if sizes.is_never_negative(size):
        assert value(size, n_value, m_value) >= 0


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (sizes.add(n, 1), "n + 1"),
        (sizes.subtract(n, 1), "n - 1"),
        (sizes.subtract(1, n), "-n + 1"),
        (sizes.add(sizes.multiply(2, n), sizes.multiply(n, m)), "m*n + 2*n"),
        (sizes.multiply(n, n), "n*n"),
        (sizes.opaque("div(n, 2)"), "div(n, 2)"),
        (sizes.subtract(n, n), "0"),
    ],
)
def test_spelling(size: Dim, text: str) -> None:
    assert str(size) == text


def test_sizes_with_an_opaque_part_may_be_equal() -> None:
    half = sizes.opaque("div(n, 2)")
    assert not sizes.differ(half, n)
    assert sizes.differ(n, m)
    assert sizes.differ(n, 3)
    assert sizes.shapes_differ((n,), (n, m))
    assert not sizes.shapes_differ((n, half), (n, 2))
