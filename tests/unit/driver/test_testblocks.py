"""Test blocks, read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.testblocks import MAX_STEPS, Case, lost_cases, read_cases
from whilec.semantics.options import Options
from whilec.source import SourceFile


def cases(text: str) -> tuple[Case, ...]:
    return read_cases(SourceFile("p.while", text))


def problem(text: str) -> tuple[str, str]:
    """The marked text and the label of the only problem."""
    with pytest.raises(WhileError) as caught:
        cases(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code.name in ("E0661", "E0651")
    assert diagnostic.primary is not None
    assert diagnostic.source is not None
    return diagnostic.source.snippet(diagnostic.primary.span), diagnostic.primary.text


def test_a_plain_case() -> None:
    text = "x0 := x1\n// ==\n// input { x1 = 3, x2 = -4 }  smooth hard, 0, inf  output { x0 = 12 }\n"
    (case,) = cases(text)
    assert case.inputs == {"x1": 3, "x2": -4}
    assert case.outputs == {"x0": 12}
    assert case.modes == ("hard", 0, "inf")
    assert case.error is None
    assert case.tolerance is None
    assert case.options == Options(max_steps=MAX_STEPS)
    assert text[case.span.start : case.span.end] == text.splitlines()[2][3:]


def test_all_parts() -> None:
    (case,) = cases(
        "# ==\n# input { a = [[1, 2], [3, 4]] } error E0207 smooth 1\n"
        "#   steepness 2 compare_steepness 10 epsilon 0 max_trips 50\n"
        "#   phi bump loops mixture domain nat max_steps 99\n"
    )
    assert case.inputs == {"a": [[1, 2], [3, 4]]}
    assert case.error == "E0207"
    assert case.outputs is None
    assert case.modes == (1,)
    assert case.options == Options(
        steepness=2,
        compare_steepness=10,
        epsilon=0,
        max_trips=50,
        phi="bump",
        loops="mixture",
        domain="nat",
        max_steps=99,
    )


def test_hard_is_the_mode_if_none_is_named() -> None:
    (case,) = cases("// ==\n// input { } output { x0 = 0 } tolerance 1e-3")
    assert case.modes == ("hard",)
    assert case.tolerance == 1e-3


def test_blocks_end_with_the_comment() -> None:
    text = "// ==\n// input {} output { x0 = 1 }\n\n// no test\n x0 := x1 // ==\n"
    text += "// ==\n//\n// input {} output { x0 = 2 }\n"
    assert [case.outputs for case in cases(text)] == [{"x0": 1}, {"x0": 2}]


def test_a_value_may_go_on_in_the_next_line() -> None:
    (case,) = cases("// ==\n// input { a = [[1, 2], // first\n//   [3, 4]], x = 5 }\n//  output { y = 6 }")
    assert case.inputs == {"a": [[1, 2], [3, 4]], "x": 5}


def test_remarks() -> None:
    (case,) = cases("// == # tests\n// input { x = 1 }  // one\n// output { y = 2 } # two\n")
    assert (case.inputs, case.outputs) == ({"x": 1}, {"y": 2})


def test_no_blocks() -> None:
    assert cases("") == ()
    assert cases("// = =\n// input x\nx0 := x1 + 1") == ()
    assert cases("// ==\nx0 := x1") == ()


def test_an_input_may_be_called_input() -> None:
    (case,) = cases("// ==\n// input { input = 1, x = 2 } output { output = 3 }")
    assert case.inputs == {"input": 1, "x": 2}


@pytest.mark.parametrize(
    ("line", "place", "label"),
    [
        ("output { x0 = 1 }", "output", "a case begins with `input { ... }`"),
        ("input { x1 = 3 output { x0 = 3 }", "{", "this `{` has no `}`"),
        ("input { x1 = 3", "{", "this `{` has no `}`"),
        ("input { x1 3 } output { x0 = 3 }", "3", "`=` must stand here"),
        ("input { 1x = 3 } output { x0 = 3 }", "1x", "a name must stand here"),
        ("input { x = } output { x0 = 3 }", "}", "a value must stand before this"),
        ("input { x = 1, x = 2 } output { x0 = 3 }", "x", "given twice"),
        ("input { x = three } output { x0 = 3 }", "three", "not a number"),
        ("input { x = [1, 2 } output { x0 = 3 }", "{", "this `{` has no `}`"),
        ("input { x = 1 }", "input { x = 1 }", "nothing to compare with"),
        (
            "input {} error E0601 output { x0 = 1 }",
            "input {} error E0601 output { x0 = 1 }",
            "both `output` and `error`",
        ),
        ("input {} input", "", "`{` must stand here"),
        ("input {} smooth 9 output {}", "9", "`9` is not `hard`, `inf` or a whole number from 0 to 8"),
        (
            "input {} smooth output {}",
            "output",
            "`output` is not `hard`, `inf` or a whole number from 0 to 8",
        ),
        ("input {} output {} smooth", "", "a value is missing here"),
        ("input {} output {} smooth hard,", "", "a value is missing here"),
        ("input {} error twice", "twice", "a code such as `E0657` must stand here"),
        ("input {} error", "", "a code such as `E0657` must stand here"),
        ("input {} output {} steepness 0", "0", "`0` is not greater than 0"),
        ("input {} output {} tolerance -1", "-1", "`-1` is less than 0"),
        ("input {} output {} phi bump phi sech", "phi", "given twice in this case"),
        ("input {} output {} steepnes 2", "steepnes", "not a part of a test"),
        ("input {} output {} }", "}", "not a part of a test"),
        ("input {} output { }", "input {} output { }", "an `output` without a value checks nothing"),
    ],
)
def test_malformed(line: str, place: str, label: str) -> None:
    found_place, found_label = problem(f"x0 := x1\n// ==\n// {line}\n")
    assert (found_place, found_label) == (place, label)


def test_a_near_name_is_proposed() -> None:
    with pytest.raises(WhileError) as caught:
        cases("// ==\n// input {} output {} tolerence 1")
    assert caught.value.diagnostics[0].help == "did you mean `tolerance`?"


def test_every_malformed_case_is_reported() -> None:
    with pytest.raises(WhileError) as caught:
        cases("// ==\n// input { x }\n// input {} output { x0 = 1 }\n// input {}\n")
    assert len(caught.value.diagnostics) == 2


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("// ==\n// input {} output { x0 = 1 }\n", []),
        ("// ==\n// input {} output { x0 = 1 }\n\n// input {}\n// input {}\n\n# input{ a = 1 }", [4, 7]),
        ("/// ==\n// input { x = 1 } output { y = 1 }", [2]),
        ("// ===\n// input { x = 1 } output { y = 1 }", [2]),
        ("x0 := x1 + 1 // ==\n// input { x1 = 1 } output { x0 = 2 }", [2]),
        ("// ==\n// // input { x = 1 }\n\n// // input { x = 1 }\n// the input { of }\n", []),
    ],
)
def test_tests_outside_of_blocks(text: str, lines: list[int]) -> None:
    source = SourceFile("p.while", text)
    found = list(lost_cases(source))
    assert [d.code.name for d in found] == ["W0661"] * len(lines)
    places = [d.primary.span for d in found if d.primary is not None]
    assert [source.position(span.start).line for span in places] == lines
    assert {source.snippet(span) for span in places} <= {"input"}


WORDS = [
    "input",
    "output",
    "{",
    "}",
    "=",
    ",",
    "[",
    "]",
    "smooth",
    "hard",
    "1",
    "x",
    "error",
    "E0601",
    "\n//",
]


@given(st.lists(st.sampled_from(WORDS), max_size=20))
def test_any_words_are_cases_or_diagnostics(words: list[str]) -> None:
    text = "// ==\n// " + " ".join(words)
    problems: tuple[Diagnostic, ...] = ()
    try:
        found = cases(text)
    except WhileError as error:
        found, problems = (), error.diagnostics
    assert all(d.primary is not None for d in problems)
    assert all(text[case.span.start :].startswith("input") for case in found)
