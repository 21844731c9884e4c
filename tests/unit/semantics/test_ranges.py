"""Static indices, divisors and steps over FOR nests: three methods that must agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.semantics.checking import checked, codes, program
from whilec.diagnostics.model import WhileError
from whilec.semantics import points, ranges
from whilec.semantics.check import specialise
from whilec.semantics.context import ForFrame
from whilec.semantics.extremes import Extremes
from whilec.semantics.intervals import Interval, interval, truth
from whilec.semantics.points import compiled, compiled_truth
from whilec.semantics.static import StaticEnvironment, evaluate_condition, evaluate_static
from whilec.source import Span
from whilec.syntax import ast

PLACE = Span(0, 0)
COMPARISONS: list[ast.CompareOp] = ["=", "!=", "<", "<=", ">", ">="]
CONNECTIVES: list[ast.BoolOp] = ["AND", "OR"]


def number(value: int) -> ast.Expr:
    literal = ast.Number(abs(value), span=PLACE)
    return literal if value >= 0 else ast.Negate(literal, span=PLACE)


def call(name: str, *values: ast.Expr) -> ast.Expr:
    arguments = tuple(ast.Argument(None, value, span=PLACE) for value in values)
    return ast.Call(ast.Name(name, span=PLACE), arguments, span=PLACE)


def static_integers(names: tuple[str, ...], *, is_affine: bool = False) -> st.SearchStrategy[ast.Expr]:
    leaves = st.one_of(
        st.integers(-3, 5).map(number), st.sampled_from(names).map(lambda n: ast.Name(n, span=PLACE))
    )

    def grow(inner: st.SearchStrategy[ast.Expr]) -> st.SearchStrategy[ast.Expr]:
        signs: list[ast.BinaryOp] = ["+", "-"] if is_affine else ["+", "-", "*"]
        operators = st.sampled_from(signs)
        binary = st.tuples(operators, inner, inner).map(lambda t: ast.Binary(t[0], t[1], t[2], span=PLACE))
        if is_affine:
            return binary
        divisors = st.one_of(st.integers(1, 4), st.integers(-4, -1)).map(number)
        return st.one_of(
            binary,
            inner.map(lambda e: ast.Negate(e, span=PLACE)),
            st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda t: call(*t)),
            st.tuples(st.sampled_from(["abs", "sign"]), inner).map(lambda t: call(*t)),
            st.tuples(st.sampled_from(["div", "mod"]), inner, divisors).map(lambda t: call(*t)),
            st.tuples(inner, inner, inner).map(lambda t: call("clamp", *t)),
        )

    return st.recursive(leaves, grow, max_leaves=5)


def conditions() -> st.SearchStrategy[ast.Expr]:
    sides = static_integers(("i", "j"))
    compare = st.tuples(st.sampled_from(COMPARISONS), sides, sides).map(
        lambda t: ast.Compare(t[0], t[1], t[2], None, op_span=PLACE, span=PLACE)
    )
    return st.recursive(
        compare,
        lambda inner: st.one_of(
            inner.map(lambda c: ast.Not(c, span=PLACE)),
            st.tuples(st.sampled_from(CONNECTIVES), inner, inner).map(
                lambda t: ast.Connective(t[0], t[1], t[2], span=PLACE)
            ),
        ),
        max_leaves=3,
    )


SOME = [{"i": i, "j": j} for i in range(-2, 4) for j in range(1, 4)]
RANGES = {"i": Interval(-2, 3), "j": Interval(1, 3)}
EMPTY = StaticEnvironment({})


@given(static_integers(("i", "j")))
def test_intervals_hold_every_value(expr: ast.Expr) -> None:
    bounds = interval(expr, RANGES, EMPTY)
    evaluate = compiled(expr, EMPTY)
    for point in SOME:
        value = evaluate_static(expr, StaticEnvironment(point))
        assert evaluate(point) == value
        assert bounds is None or bounds.low <= value <= bounds.high


@given(conditions())
def test_truth_over_intervals_is_that_of_every_point(condition: ast.Expr) -> None:
    found = truth(condition, RANGES, EMPTY)
    evaluate = compiled_truth(condition, EMPTY)
    for point in SOME:
        value = evaluate_condition(condition, StaticEnvironment(point))
        assert evaluate(point) == value
        assert found is None or found == value


def loop(name: str, start: ast.Expr, stop: ast.Expr, step: int) -> ast.For:
    return ast.For(ast.Name(name, span=PLACE), start, stop, number(step), (), head=PLACE, span=PLACE)


def nest(outer: ast.For, inner: ast.For) -> Iterator[Mapping[str, int]]:
    """The points of two loops, by the plainest code."""

    def values(statement: ast.For, point: Mapping[str, int]) -> range:
        environment = StaticEnvironment(point)
        assert statement.step is not None
        step = evaluate_static(statement.step, environment)
        stop = evaluate_static(statement.stop, environment) + (1 if step > 0 else -1)
        return range(evaluate_static(statement.start, environment), stop, step)

    for i in values(outer, {}):
        for j in values(inner, {"i": i}):
            yield {"i": i, "j": j}


STEPS = st.sampled_from([1, -1, 2, -2])


@given(
    st.integers(-3, 3).map(number),
    st.integers(-3, 3).map(number),
    STEPS,
    static_integers(("i",), is_affine=True),
    static_integers(("i",), is_affine=True),
    STEPS,
    static_integers(("i", "j"), is_affine=True),
)
def test_extremes_bound_every_point(
    start: ast.Expr,
    stop: ast.Expr,
    step: int,
    inner_start: ast.Expr,
    inner_stop: ast.Expr,
    inner_step: int,
    expr: ast.Expr,
) -> None:
    outer, inner = loop("i", start, stop, step), loop("j", inner_start, inner_stop, inner_step)
    frame = ForFrame(None, outer)
    frames = [frame, ForFrame(frame, inner)]
    every = list(nest(outer, inner))
    values = [evaluate_static(expr, StaticEnvironment(point)) for point in every]
    extremes = Extremes(EMPTY)
    upper = extremes.of(expr, frames, is_upper=True)
    lower = extremes.of(expr, frames, is_upper=False)
    assert upper is not None
    assert lower is not None
    assert isinstance(upper.value, int)
    assert isinstance(lower.value, int)
    assert all(lower.value <= value <= upper.value for value in values)
    for bound in (upper, lower):
        point = extremes.point(bound, frames)
        if point is not None:
            assert point in every
            assert bound.value in values

    visited: list[Mapping[str, int]] = []
    points.first(frames, EMPTY, points.Budget(10**6), lambda point: visited.append(dict(point)))
    assert visited == every


# ---- whole programs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "is_right"),
    [
        ("y := a[0] + a[3]", True),
        ("y := a[4]", False),
        ("y := a[-1]", False),
        ("a[4] := 1", False),
        ("y := t[3, 1] + t[0, 0]", True),
        ("y := t[0, 2]", False),
        ("FOR i FROM 0 TO 3 DO y := y + a[i] END", True),
        ("FOR i FROM 0 TO 3 DO y := y + a[i + 1] END", False),
        ("FOR i FROM 3 TO 0 STEP -1 DO y := y + a[i] END", True),
        ("FOR i FROM 0 TO 4 STEP 3 DO y := y + a[i] END", True),
        ("FOR i FROM 9 TO 0 DO y := y + a[i] END", True),
        ("FOR i FROM 0 TO 3 DO FOR j FROM 0 TO 3 - i DO y := y + a[i + j] END END", True),
        ("FOR i FROM 0 TO 3 DO FOR j FROM 0 TO 4 - i DO y := y + a[i + j] END END", False),
        ("FOR i FROM 0 TO 9 DO y := y + a[mod(i, 4)] + a[div(i, 3)] END", True),
        ("FOR i FROM 0 TO 3 DO IF i > 0 THEN y := y + a[i - 1] END END", True),
        ("FOR i FROM 0 TO 3 DO IF i >= 0 THEN y := y + a[i - 1] END END", False),
        ("FOR i FROM 0 TO 3 DO IF i = 3 THEN y := 0 ELSE y := y + a[i + 1] END END", True),
        ("FOR i FROM 0 TO 3 DO IF i = 3 THEN y := 0 ELSEIF x > 1 THEN y := y + a[i + 1] END END", True),
        ("FOR i FROM 0 TO 3 DO IF i > 0 AND a[i - 1] > 0 THEN y := y + 1 END END", True),
        ("FOR i FROM 0 TO 3 DO IF i = 0 OR a[i - 1] > 0 THEN y := y + 1 END END", True),
        ("FOR i FROM 0 TO 3 DO IF i > 0 OR a[i - 1] > 0 THEN y := y + 1 END END", False),
        ("FOR i FROM 0 TO 3 DO IF x > 0 THEN y := y + a[i - 1] END END", False),
        ("IF 1 > 2 THEN y := a[9] END", True),
        ("y := a[x] + t[x, 1] + a[2 * x + 9]", True),
        ("y := t[x, 2]", False),
        ("y := f(a)", True),
        ("y := f(t[0])", False),
        ("IF len(t[0]) > 3 THEN y := f(t[0]) END", True),
        ("FOR i FROM 1 TO 0 DO y := f(t[0]) END", True),
    ],
)
def test_static_indices(body: str, is_right: bool) -> None:
    text = (
        "PROGRAM p(a: real[4], t: real[4, 2], x: real) -> y: real\n"
        f"DEF f(u: real[k]) -> v\n  v := u[2]\nEND\n{body}"
    )
    assert codes(text) == ([] if is_right else ["E0208"])


@pytest.mark.parametrize(
    ("body", "is_wrong"),
    [
        ("y := a[n]", True),
        ("y := a[n - 1]", False),
        ("y := a[n - 2]", False),
        ("FOR i FROM 0 TO n DO y := a[i] END", True),
        ("FOR i FROM 1 TO n DO y := a[i - 1] END", False),
        ("FOR i FROM 1 TO n - 1 DO y := a[i + 1] END", False),
        ("FOR i FROM n TO 0 STEP -1 DO y := a[i] END", True),
        ("IF n > 3 THEN y := a[n] END", False),
        ("FOR i FROM 0 TO n - 1 DO FOR j FROM i TO n DO y := a[j] END END", True),
        ("FOR i FROM 0 TO n - 1 DO FOR j FROM i + 1 TO n DO y := a[j] END END", True),
        ("FOR i FROM 0 TO n - 1 DO y := f(a) END", True),
        ("FOR i FROM 1 TO n - 1 DO y := f(a) END", False),
    ],
)
def test_indices_that_are_wrong_for_all_sizes(body: str, is_wrong: bool) -> None:
    """What is not wrong for all sizes is wrong for some, or right: `specialise` says which."""
    text = f"PROGRAM p(a: real[n]) -> y: real\nDEF f(u: real[k]) -> v\n  v := u[k]\nEND\n{body}"
    assert codes(text) == (["E0208"] if is_wrong else [])


def test_an_index_that_is_wrong_for_one_size() -> None:
    found = program(
        "PROGRAM p(a: real[n]) -> y: real\nFOR i FROM 1 TO n - 1 DO y := y + a[i - 1] END\ny := y + a[n - 2]"
    )
    specialise(found, {"n": 2})
    with pytest.raises(WhileError, match=r"E0208: index -1 is out of range for `a`, which has size 1"):
        specialise(found, {"n": 1})


def test_the_message_names_the_values() -> None:
    [error] = checked(
        "PROGRAM p(a: real[4]) -> y: real\nFOR i FROM 0 TO 3 DO FOR j FROM i TO 3 DO y := a[i * j] END END"
    ).errors
    assert error.title == "index 4 is out of range for `a`, which has size 4"
    assert error.primary is not None
    assert error.primary.text == "index 4 where i = 2, j = 2"
    assert error.help == "its indices run from 0 to 3"
    assert error.labels[0].text == "declared here with shape [4]"


def test_a_large_nest_is_left_to_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "PROGRAM p(a: real[40]) -> y: real\n"
        "FOR i FROM 1 TO 40 DO FOR j FROM 1 TO 40 DO y := y + a[mod(i * j, i + 1)] END END"
    )
    assert codes(text) == ["E0208"]
    monkeypatch.setattr(ranges, "MAX_POINTS", 50)
    assert codes(text) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("FOR i FROM 0 TO 3 STEP 0 DO y := y + 1 END", ["E0210"]),
        ("FOR i FROM 0 TO 3 STEP n - n DO y := y + 1 END", ["E0210"]),
        ("FOR i FROM 1 TO 3 DO FOR j FROM 0 TO 3 STEP i - 2 DO y := y + j END END", ["E0210"]),
        ("FOR i FROM 3 TO 4 DO FOR j FROM 0 TO 3 STEP i - 2 DO y := y + j END END", []),
        ("y := y + div(3, n - n)", ["E0229"]),
        ("FOR i FROM 0 TO 3 DO y := y + mod(3, i) END", ["E0229"]),
        ("FOR i FROM 0 TO 3 DO IF i != 0 THEN y := y + mod(3, i) END END", []),
        ("FOR i FROM 0 TO 3 DO y := y + a[mod(3, i - 9)] END", ["E0208"]),
    ],
)
def test_steps_and_divisors(body: str, expected: list[str]) -> None:
    text = f"PROGRAM p(a: real[n]) -> y: real\n{body}\ny := y + a[0]"
    result = checked(text, bindings={"n": 3})
    assert [d.code.name for d in result.errors] == expected
