"""Inputs against the program."""

from __future__ import annotations

import pytest

from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.pipeline import check_file
from whilec.semantics.bind import bind_shapes, check_input_names, input_variables
from whilec.semantics.program import CheckedProgram
from whilec.source import SourceFile

HEADER = (
    "PROGRAM p(a: real[n, m], b: int[m], c: real[3], x: real) -> y: real\nPARAM w: real[2] = 1.0\ny := x\n"
)
SQUARE = "PROGRAM p(a: real[n, n]) -> y: real\ny := sum(a)\n"
CORE = "x0 := x1\nx3 := x2\n"


def program(text: str) -> CheckedProgram:
    checked = check_file(SourceFile("p.while", text)).program
    assert checked is not None
    return checked


def name_problems(text: str, *names: str) -> list[Diagnostic]:
    with pytest.raises(WhileError) as caught:
        check_input_names(program(text), names)
    return list(caught.value.diagnostics)


def shape_problems(text: str, **shapes: tuple[int, ...]) -> list[Diagnostic]:
    with pytest.raises(WhileError) as caught:
        bind_shapes(program(text), shapes)
    return list(caught.value.diagnostics)


def test_shape_variables_come_from_the_inputs() -> None:
    shapes = {"x": (), "b": (5,), "a": (2, 5), "c": (3,), "w": (2,)}
    assert bind_shapes(program(HEADER), shapes) == {"n": 2, "m": 5}
    assert bind_shapes(program(SQUARE), {"a": (4, 4)}) == {"n": 4}
    assert bind_shapes(program(CORE), {"x1": ()}) == {}


def test_inputs_and_params_can_be_set() -> None:
    assert list(input_variables(program(HEADER))) == ["a", "b", "c", "x", "w"]
    assert list(input_variables(program(CORE))) == ["x1", "x2", "x3"]


def test_params_and_inputs_of_the_core_may_be_left_out() -> None:
    check_input_names(program(HEADER), ["a", "b", "c", "x"])
    check_input_names(program(CORE), [])


def test_missing_inputs() -> None:
    found = name_problems(HEADER, "a", "w")
    assert [d.title for d in found] == [f"input `{name}` is missing" for name in "bcx"]
    assert found[0].help == "add b=VALUE, as in `b=[1, 2]`"
    assert found[2].help == "add x=VALUE, as in `x=3`"
    assert found[1].primary is not None
    assert HEADER[found[1].primary.span.start :].startswith("c")


def test_unknown_inputs() -> None:
    (found,) = name_problems(CORE, "x0")
    assert found.title == "`x0` is an output of this program, not an input"
    (found,) = name_problems(CORE, "X1")
    assert (found.title, found.help) == ("the program has no input `X1`", "did you mean `x1`?")
    (found,) = name_problems(CORE, "z")
    assert found.help == "its inputs are `x1`, `x2`, `x3`"
    (found,) = name_problems("PROGRAM p() -> y: real\ny := 1\n", "z")
    assert found.help == "it has no inputs"
    (found,) = name_problems("PROGRAM p() -> y: real\nCONST k = 1\ny := k\n", "k")
    assert found.title == "`k` is a variable of this program, but not an input"


def test_long_lists_of_inputs_are_cut() -> None:
    text = "x0 := x1\n" + "".join(f"x0 := x{i}\n" for i in range(2, 31))
    (found,) = name_problems(text, "z")
    assert found.help is not None
    assert found.help.endswith("`x12` and 18 more")


@pytest.mark.parametrize(
    ("name", "shape", "title"),
    [
        ("x", (2,), "`x` must be a single number, but an array of shape [2] was given"),
        ("a", (), "`a` must be an array of shape [n, m], but a single number was given"),
        ("a", (2,), "`a` must be an array of shape [n, m], but an array of shape [2] was given"),
        ("c", (2,), "`c` must be an array of shape [3], but an array of shape [2] was given"),
        ("w", (3,), "`w` must be an array of shape [2], but an array of shape [3] was given"),
    ],
)
def test_wrong_shapes(name: str, shape: tuple[int, ...], title: str) -> None:
    (found,) = shape_problems(HEADER, **{name: shape})
    assert (found.code.name, found.title) == ("E0657", title)


def test_the_pattern_of_a_shape_is_shown() -> None:
    (found,) = shape_problems(HEADER, a=())
    assert found.help == "each dimension is one level of brackets: `a=[[3, 3], [3, 3]]`"
    (found,) = shape_problems(HEADER, c=())
    assert found.help == "each dimension is one level of brackets: `c=[3, 3, ...]`"


def test_sizes_that_disagree() -> None:
    (found,) = shape_problems(HEADER, a=(2, 5), b=(4,))
    assert (found.code.name, found.title) == ("E0658", "`m` is 5 in `a`, but 4 in `b`")
    assert len(found.labels) == 1
    (found,) = shape_problems(SQUARE, a=(2, 3))
    assert found.title == "`n` is 2 in `a`, but 3 in another dimension"
    assert found.labels == ()


def test_all_problems_are_reported() -> None:
    assert len(shape_problems(HEADER, a=(2, 5), b=(4,), x=(1,), c=())) == 3
