"""`whilec explain`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import Runner
from whilec.backends.registry import BACKENDS
from whilec.catalogue import all_codes
from whilec.cli.words import WORDS
from whilec.semantics.builtins import BUILTINS

BACKEND_NAMES = list(dict.fromkeys(["interpreter", *(name for table in BACKENDS.values() for name in table)]))


@pytest.mark.parametrize("name", [*all_codes(), *BUILTINS, *WORDS])
def test_every_code_function_and_keyword(command: Runner, name: str) -> None:
    finished = command("explain", name)
    assert finished.code == 0
    assert finished.err == ""
    assert len(finished.out.split()) > 3


def test_small_letters(command: Runner) -> None:
    assert command("explain", "while").out == command("explain", "WHILE").out
    assert command("explain", "e0670").out.startswith("E0670: ")


def test_every_keyword_of_the_language_is_there() -> None:
    reserved = "WHILE DO END IF THEN ELSEIF ELSE FOR FROM TO STEP LOOP DEF PROGRAM CONST PARAM REQUIRE VAR"
    assert {*reserved.split(), "AND", "OR", "NOT", "WITH"} <= set(WORDS)


def test_a_program_with_a_header(command: Runner, folder: Path) -> None:
    text = "// Scales an array.\n//\n// Source: none.\n// ==\n// input {} error E0655\n"
    path = folder / "scale.while"
    path.write_text(text + path.read_text())
    assert command("explain", "scale.while").out.splitlines() == [
        "scale (scale.while)",
        "",
        "Scales an array.",
        "",
        "Source: none.",
        "",
        "inputs:",
        "  a: real[n]",
        "  factor: real",
        "sizes, from the inputs:",
        "  n",
        "PARAMs:",
        "  w: real = 2.0",
        "outputs:",
        "  b: real[n]",
        "  total: real",
        "loops:",
        "  none",
        "smoothness, by --smooth:",
        "  hard: C_INF",
        "  0: C_INF",
        "  1: C_INF",
        "  2: C_INF",
        "  inf: C_INF",
        f"backends: {', '.join(BACKEND_NAMES)}",
        "  `whilec explain scale.while --backends` says which of them run it",
    ]


@pytest.mark.parametrize("program", ["multiply.while", "scale.while"])
def test_the_backends_of_a_program(command: Runner, program: str) -> None:
    finished = command("explain", program, "--backends")
    assert finished.code == 0
    lines = finished.out.splitlines()
    for graph, table in BACKENDS.items():
        at = lines.index(f"{program}: graph {graph}, smooth inf")
        names = [*table, *(["interpreter"] if graph == "recurrent" else [])]
        told = [line.split() for line in lines[at + 2 : at + 2 + len(names)]]
        assert [words[0] for words in told] == names
        assert sum(words[1:] == ["runs"] for words in told) == 1


def test_backends_are_those_of_programs(command: Runner) -> None:
    assert "error[E0670]" in command("explain", "E0670", "--backends").err
    assert "error[E01" in command("explain", "broken.while", "--backends").err


def test_a_program_without_a_header(command: Runner) -> None:
    lines = command("explain", "multiply.while").out.splitlines()
    assert "  x1: int" in lines
    assert "  without a header every input may be left out, and is then 0" in lines
    assert "  line 1: WHILE x2 != 0 DO" in lines
    assert "  line 3: WHILE x3 != 0 DO" in lines
    assert "  0: C0" in lines


def test_a_program_with_errors(command: Runner) -> None:
    finished = command("explain", "broken.while")
    assert finished.code == 1
    assert "error[E01" in finished.err
    assert command("explain", "nowhere.while").code == 1
