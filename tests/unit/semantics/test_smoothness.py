"""Inferred smoothness, and REQUIRE."""

from __future__ import annotations

import pytest

from tests.unit.semantics.checking import program
from whilec.semantics.check import specialise
from whilec.semantics.options import Options, Smooth
from whilec.semantics.smoothness import check_require, infer_smoothness, program_smoothness

HEADER = "PROGRAM p(x: real, k: int, a: real[n], b: int[n]) -> y: real\n"
DEFS = "DEF crisp(u) -> v, w\n  v := u * 2\n  IF u > 0 THEN w := u END\nEND\n"


def smoothness(body: str, smooth: Smooth, **options: str) -> str:
    found = program(f"{HEADER}{body}")
    return str(program_smoothness(found, Options(smooth=smooth, **options)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "classes"),
    [
        ("y := x * k + a[0] / 3", ["C_INF", "C_INF", "C_INF"]),
        ("y := sqrt(x) + exp(x) + pow(x, 2) + sum(a) + mean(a) + dot(a, a)", ["C_INF", "C_INF", "C_INF"]),
        ("y := degree(x > 0)", ["discontinuous", "C2", "C_INF"]),
        ("IF x > 0 THEN y := 1 END", ["discontinuous", "C2", "C_INF"]),
        ("WHILE x > 0 DO x := x - 1 y := y + x END", ["discontinuous", "C2", "C_INF"]),
        ("LOOP k DO y := y + x END", ["discontinuous", "C2", "C_INF"]),
        ("LOOP 3 DO y := y + x END", ["C_INF", "C_INF", "C_INF"]),
        ("y := sign(x)", ["discontinuous", "C2", "C_INF"]),
        ("y := abs(x)", ["C0", "C2", "C_INF"]),
        ("y := max(x, 0)", ["C0", "C3", "C_INF"]),
        ("y := max(k, 0)", ["C0", "C2", "C_INF"]),
        ("y := clamp(x, 0, 1)", ["C0", "C3", "C_INF"]),
        ("y := a[k]", ["discontinuous", "C2", "C_INF"]),
        ("a[k] := x\ny := a[0]", ["discontinuous", "C2", "C_INF"]),
        ("a[0] := x\ny := a[0]", ["C_INF", "C_INF", "C_INF"]),
        ("FOR i FROM 0 TO n - 1 DO y := y + a[i] * min(i, 2) END", ["C_INF", "C_INF", "C_INF"]),
        ("FOR i FROM 0 TO n - 1 DO IF i > 0 THEN y := y + a[i] END END", ["C_INF", "C_INF", "C_INF"]),
        # only what is on the way to the output
        ("z := sign(x)\ny := x", ["C_INF", "C_INF", "C_INF"]),
        ("z := sign(x)\nIF z > 0 THEN z := 1 END\ny := x", ["C_INF", "C_INF", "C_INF"]),
        ("z := sign(x)\nv := z\ny := v", ["discontinuous", "C2", "C_INF"]),
        ("y := v\nv := z\nz := abs(x)", ["C0", "C2", "C_INF"]),
        ("IF z > 0 THEN v := x END\nz := 1\ny := z", ["C_INF", "C_INF", "C_INF"]),
        # the arm that never runs
        ("IF 1 > 2 THEN y := sign(x) ELSE y := x END", ["C_INF", "C_INF", "C_INF"]),
        ("IF 2 > 1 THEN y := x ELSE y := sign(x) END", ["C_INF", "C_INF", "C_INF"]),
        # through functions, result by result
        (DEFS + "y, z := crisp(x)", ["C_INF", "C_INF", "C_INF"]),
        (DEFS + "z, y := crisp(x)", ["discontinuous", "C2", "C_INF"]),
        (DEFS + "z, v := crisp(sign(x))\ny := z", ["discontinuous", "C2", "C_INF"]),
        (
            "DEF second(u, v) -> w\n  w := v\n  u := v\nEND\ny := second(sign(x), x)",
            ["C_INF", "C_INF", "C_INF"],
        ),
        # intrinsics say their own class
        ("y := sum(soft_sort(a))", ["C_INF", "C_INF", "C_INF"]),
        ("v, y := top(a, a, 1)", ["C0", "C0", "C0"]),
    ],
)
def test_classes(body: str, classes: list[str]) -> None:
    modes: tuple[Smooth, ...] = ("hard", 2, "inf")
    assert [smoothness(body, mode) for mode in modes] == classes


def test_start_values_count() -> None:
    text = f"{HEADER}VAR t: real = sign(x)\ny := t"
    assert str(program_smoothness(program(text), Options(smooth=1))) == "C1"


def test_each_output_has_its_class() -> None:
    found = program("PROGRAM p(x: real) -> y: real, z: real\ny := x + 1\nz := abs(x)")
    report = infer_smoothness(found, Options(smooth=0))
    assert {name: str(each) for name, each in report.outputs.items()} == {"y": "C_INF", "z": "C0"}
    assert report.culprits["y"] is None
    assert report.culprit is not None
    assert report.culprit is report.culprits["z"]
    assert found.source.snippet(report.culprit.span) == "abs(x)"


def test_saturating_subtraction() -> None:
    body = "b[0] := b[0] - 1\nk := k - 1\ny := k + b[0]"
    assert smoothness(body, "hard") == "C_INF"
    assert smoothness(body, "hard", domain="nat") == "C0"
    assert smoothness(body, 1, domain="nat") == "C1"
    assert smoothness("k := 1 - k\ny := k", 1, domain="nat") == "C_INF"


def test_a_program_for_given_sizes() -> None:
    text = "PROGRAM p(a: real[n]) -> y: real\nIF n > 2 THEN y := sign(a[0]) ELSE y := a[0] END"
    found = program(text)
    assert str(program_smoothness(found, Options(smooth=1))) == "C1"
    assert str(program_smoothness(specialise(found, {"n": 2}), Options(smooth=1))) == "C_INF"


# ---- REQUIRE -----------------------------------------------------------------------------------

PROMISE = "PROGRAM p(x: real) -> y: real\nREQUIRE {}\nz := max(x, 0)\nIF z > 1 THEN y := z END"


@pytest.mark.parametrize(
    ("required", "smooth", "is_kept"),
    [
        ("C0", "hard", True),
        ("C0", 0, True),
        ("C1", 0, False),
        ("C1", 1, True),
        ("C2", 1, False),
        ("C2", "inf", True),
        ("C_INF", 8, False),
        ("C_INF", "inf", True),
        ("C_INF", "hard", True),
    ],
)
def test_require(required: str, smooth: Smooth, is_kept: bool) -> None:
    found = check_require(program(PROMISE.format(required)), Options(smooth=smooth))
    assert [d.code.name for d in found] == ([] if is_kept else ["E0401"])


def test_the_message_of_require_points_at_the_operation() -> None:
    found = program(PROMISE.format("C3"))
    [error] = check_require(found, Options(smooth=1))
    assert error.title == "the program requires C3, but is C1 with `--smooth 1`"
    assert error.primary is not None
    assert found.source.snippet(error.primary.span) == "z > 1"
    assert found.source.snippet(error.labels[0].span) == "REQUIRE C3"
    assert error.help == "use `--smooth 3` or higher, or `--smooth inf`"


def test_where_no_mode_is_smooth_enough() -> None:
    text = "PROGRAM p(a: real[n]) -> y: real\nREQUIRE C1\nv, y := top(a, a, 1)"
    [error] = check_require(program(text), Options(smooth="inf"))
    assert error.help == "do without `top`, or require C0"


def test_no_require_no_promise() -> None:
    assert check_require(program("x0 := x1"), Options(smooth=0)) == ()


def test_constants_decide_static_conditions() -> None:
    body = "CONST fast = 1\nIF fast = 1 THEN y := x ELSE y := sign(x) END"
    assert smoothness(body, 1) == "C_INF"
