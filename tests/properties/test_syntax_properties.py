"""Parsing and formatting are inverse to each other, whatever the program and its layout."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.strategies.programs import RESERVED, expressions, names, numbers, programs, respelt
from whilec.source import SourceFile
from whilec.syntax import ast
from whilec.syntax.format import format_ast, format_expression, format_program
from whilec.syntax.parser import ParseResult, parse, scan


def parsed(text: str) -> ParseResult:
    result = parse(SourceFile("<test>", text))
    assert result.diagnostics == (), text
    assert result.program is not None
    return result


def formatted(text: str) -> str:
    return format_program(parsed(text), SourceFile("<test>", text))


@given(programs())
def test_the_text_of_a_tree_parses_to_the_tree(program: ast.Program) -> None:
    found = parsed(format_ast(program)).program
    assert found == program
    assert repr(found) == repr(program), "1 and 1.0 are equal, but not the same literal"


@given(expressions(30))
def test_the_text_of_an_expression_parses_to_the_expression(expression: ast.Expr) -> None:
    program = parsed(f"x := {format_expression(expression)}").program
    assert program is not None
    (statement,) = program.items
    assert isinstance(statement, ast.Assign)
    assert repr(statement.values) == repr((expression,))


@given(st.data(), programs())
def test_formatting_keeps_meaning_and_comments(data: st.DataObject, program: ast.Program) -> None:
    text = data.draw(respelt(format_ast(program)))
    once = formatted(text)
    assert repr(parsed(once).program) == repr(program)
    comments = [comment.text.rstrip() for comment in parsed(text).comments]
    assert sorted(comment.text for comment in parsed(once).comments) == sorted(comments)
    assert formatted(once) == once, "formatting a formatted program changes nothing"
    assert once == "" or once.endswith("\n")
    assert not any(line != line.rstrip() for line in once.split("\n"))


@given(programs())
def test_fewest_brackets(program: ast.Program) -> None:
    """Removing any pair of brackets that only groups changes the tree or breaks the program."""
    text = format_ast(program)
    tokens = scan(SourceFile("<test>", text)).tokens
    opened: list[int] = []
    for number, token in enumerate(tokens):
        if token.type == "LPAR":
            opened.append(number)
        elif token.type == "RPAR":
            start = opened.pop()
            if start and tokens[start - 1].type == "NAME":
                continue
            without = text[: tokens[start].start] + " " + text[tokens[start].end : token.start] + " "
            result = parse(SourceFile("<test>", without + text[token.end :]))
            assert repr(result.program) != repr(program), text


@given(st.text(alphabet='WHILEDO END\nx:=1+-(),[];{}<!"é.#/ \0\r', max_size=60) | st.text(max_size=40))
@settings(max_examples=300)
def test_any_text_is_parsed_or_explained(text: str) -> None:
    source = SourceFile("<test>", text)
    result = parse(source)
    assert (result.program is None) == bool(result.diagnostics)
    for diagnostic in result.diagnostics:
        assert diagnostic.primary is not None
        for label in (diagnostic.primary, *diagnostic.labels):
            assert 0 <= label.span.start <= label.span.end <= len(text)
        assert diagnostic.source is source
    if result.program is not None:
        once = format_program(result, source)
        assert formatted(once) == once


WORDS = (
    *sorted(RESERVED),
    *[
        "(",
        ")",
        "[",
        "]",
        ":=",
        "->",
        "=",
        "<",
        "+",
        "-",
        "*",
        "/",
        ",",
        ":",
        ";",
        "{",
        "}",
        "==",
        "+=",
        "1",
        "2.5",
        "x",
        "y",
        "degree",
        "STEEPNESS",
        "real",
        "elif",
        "return",
        "While",
        "in",
        "//",
        "\n",
    ],
)


@given(st.lists(st.sampled_from(WORDS), max_size=25))
@settings(max_examples=400)
@example([":", "DEF", "elif", "PARAM", ")", "WITH"])
def test_a_soup_of_words_is_parsed_or_explained(words: list[str]) -> None:
    result = parse(SourceFile("<test>", " ".join(words)))
    assert (result.program is None) == bool(result.diagnostics)


@given(st.data(), programs(), st.integers(1, 4))
def test_broken_programs_are_explained(data: st.DataObject, program: ast.Program, edits: int) -> None:
    """Tokens taken out, doubled or swapped leave either a program or messages, never a traceback."""
    words = [token.value for token in scan(SourceFile("<test>", format_ast(program))).tokens]
    for _ in range(edits):
        if not words:
            break
        place = data.draw(st.integers(0, len(words) - 1))
        words[place : place + 1] = data.draw(
            st.sampled_from(([], [words[place]] * 2, ["END"], ["("], [":="], ["VAR"], ["{"], ["x"], ["\n"]))
        )
    result = parse(SourceFile("<test>", " ".join(words)))
    assert (result.program is None) == bool(result.diagnostics)
    lines = [
        d.source.position(d.primary.span.start).line for d in result.diagnostics if d.source and d.primary
    ]
    assert len(lines) == len(result.diagnostics)


@given(names, numbers())
def test_spans_cover_their_text(name: str, number: ast.Number) -> None:
    literal = format_expression(number)
    assigned = f"{name}[{literal}], {name} := f({name} = -{literal}, {name})"
    text = f"WHILE {name} != {literal} DO // c\n  {assigned}\nEND\n"
    program = parsed(text).program
    assert program is not None
    source = SourceFile("<test>", text)
    (loop,) = program.items
    assert isinstance(loop, ast.While)
    (assignment,) = loop.body
    assert isinstance(assignment, ast.Assign)
    assert source.snippet(loop.head) == f"WHILE {name} != {literal} DO"
    assert source.snippet(loop.span) == text.rstrip()
    assert source.snippet(loop.condition.span) == f"{name} != {literal}"
    assert source.snippet(assignment.targets[0].span) == f"{name}[{literal}]"
    (call,) = assignment.values
    assert source.snippet(call.span) == f"f({name} = -{literal}, {name})"
    assert isinstance(call, ast.Call)
    assert [source.snippet(argument.span) for argument in call.arguments] == [f"{name} = -{literal}", name]
