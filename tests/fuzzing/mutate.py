"""Inputs for fuzzing: damaged programs of the library, random programs, and nonsense.

Everything is a function of a `random.Random`, so that a seed names an input.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from tests.strategies.int_programs import INT, NAT, REAL, REAL_NAT, generate

_TOKEN = re.compile(
    r"//.*|#.*|[A-Za-z_]\w*|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|:=|->|<=|>=|!=|<>|\s+|.", re.DOTALL
)

_WORDS_TEXT = """
WHILE DO END IF THEN ELSEIF ELSE FOR FROM TO STEP LOOP DEF PROGRAM CONST PARAM REQUIRE VAR AND OR NOT WITH
STEEPNESS while do end if While real int C0 C2 C_INF C99 x y a b n x0 x1 x2 x01 _
sqrt exp log sin cos tan tanh sigmoid pow min max abs sign clamp sum mean dot len matmul div mod degree
soft_sort steepness
"""
_SYMBOLS_TEXT = """
:= = != <> < <= > >= + - * / ( ) [ ] , ; : -> . == += ++ && || ! { } % ^ ** ≠ ≤ ≥ ' " \\ @ $ ? ~
"""
_NUMBERS_TEXT = """
0 1 2 3 -1 0.5 1.5 1e3 1e-3 1e308 1e999 0.0 00 1. .5 1e 1x 3.4.5 1_000 0x10 18446744073709551616
"""
_WORDS: Final = _WORDS_TEXT.split()
_SYMBOLS: Final = [*_SYMBOLS_TEXT.split(), "\n", " ", "\t", "// c\n", "# c\n"]
_NUMBERS: Final = [*_NUMBERS_TEXT.split(), "9" * 400, "1" + "0" * 5000, "0." + "1" * 400]
_CHARACTERS: Final = "\x00\x01\t\r\n\x0b\x0c\x1b\x7f\x85\xa0é≠≤≥λ\u2028\u200b\ufeff\U0001f600"


def tokens(text: str) -> list[str]:
    """The text cut into words, numbers, symbols and white space."""
    return _TOKEN.findall(text)


def fuzz_input(random: Random, library: Sequence[str]) -> str:
    """One input, most often not a program."""
    kind = random.random()
    if kind < 0.3:
        return damage_tokens(random, _program(random, library))
    if kind < 0.45:
        return damage_characters(random, _program(random, library))
    if kind < 0.6:
        return damage_lines(random, _program(random, library), library)
    if kind < 0.85:
        return wild_program(random)
    if kind < 0.94:
        return _program(random, library)
    if kind < 0.99:
        return "".join(_token(random) + random.choice(["", " ", " "]) for _ in range(random.randint(0, 40)))
    return nest(random)


def _program(random: Random, library: Sequence[str]) -> str:
    if library and random.random() < 0.4:
        return random.choice(library)
    return generate(random, random.choice([INT, NAT, REAL, REAL_NAT])).source


def _token(random: Random) -> str:
    return random.choice(random.choice([_WORDS, _WORDS, _SYMBOLS, _SYMBOLS, _NUMBERS]))


# ---- damage ------------------------------------------------------------------------------------


def damage_tokens(random: Random, text: str) -> str:
    """A few tokens deleted, doubled, exchanged, replaced or added."""
    parts = tokens(text)
    for _ in range(random.choice([1, 1, 1, 2, 3, 8])):
        if not parts:
            break
        place = random.randrange(len(parts))
        action = random.randrange(6)
        if action == 0:
            del parts[place]
        elif action == 1:
            parts.insert(place, parts[place])
        elif action == 2:
            other = random.randrange(len(parts))
            parts[place], parts[other] = parts[other], parts[place]
        elif action == 3:
            parts[place] = random.choice(parts)
        elif action == 4:
            parts[place] = _token(random)
        else:
            parts.insert(place, f" {_token(random)} ")
    return "".join(parts)


def damage_characters(random: Random, text: str) -> str:
    """A few bytes or characters changed; broken UTF-8 shows as replacement characters."""
    data = bytearray(text.encode())
    for _ in range(random.choice([1, 1, 2, 4, 10])):
        place = random.randrange(len(data) + 1)
        action = random.randrange(5)
        if action == 0 and place < len(data):
            data[place] = random.randrange(256)
        elif action == 1:
            data[place:place] = random.choice(_CHARACTERS).encode()
        elif action == 2:
            del data[place : place + random.choice([1, 1, 5, 50])]
        elif action == 3:
            data[place:place] = data[place : place + random.randint(1, 20)]
        else:
            data[place:place] = bytes([random.randrange(32, 127)])
    if random.random() < 0.1:
        del data[random.randrange(len(data) + 1) :]
    return data.decode(errors="replace")


def damage_lines(random: Random, text: str, library: Sequence[str]) -> str:
    """Lines deleted, doubled, moved, or taken from another program."""
    lines = text.splitlines()
    donor = _program(random, library).splitlines()
    for _ in range(random.randint(1, 4)):
        if not lines:
            break
        place = random.randrange(len(lines))
        action = random.randrange(4)
        if action == 0:
            del lines[place]
        elif action == 1:
            lines.insert(random.randrange(len(lines)), lines[place])
        elif action == 2:
            lines.insert(place, lines.pop(random.randrange(len(lines))))
        elif donor:
            lines.insert(place, random.choice(donor))
    return "\n".join(lines)


def nest(random: Random) -> str:
    """One construct inside itself, up to far beyond every limit."""
    depth = random.choice([3, 3, 30, 30, 300, 300, 990, 1010, 1990, 2010, random.choice([2010, 20_000])])
    opening, inner, closing = random.choice(
        [
            ("(", "1", ")"),
            ("-", "1", ""),
            ("abs(", "x", ")"),
            ("a[", "0", "]"),
            ("1 + (", "x", ")"),
            ("", "1", " + x"),
            ("", "1", " * x"),
            ("NOT ", "x < 1", ""),
            ("(x = 0 AND ", "x < 1", ")"),
            ("max(1, ", "x", ")"),
            ("f(", "x", ")"),
            ("degree(0 < ", "x", ")"),
        ]
    )
    statement = random.choice(
        [
            ("WHILE x != 0 DO ", "x := 1", " END"),
            ("IF x = 0 THEN ", "x := 1", " END"),
            ("IF x = 0 THEN x := 1 ELSE ", "x := 1", " END"),
            ("IF x = 0 THEN x := 1 ", "", ""),
            ("FOR i FROM 0 TO 1 DO ", "x := 1", " END"),
            ("LOOP 2 DO ", "x := 1", " END"),
            ("LOOP 2 DO ", "x := 1", ""),
            ("IF x = 0 THEN x := 1 ELSEIF x = 2 THEN ", "", ""),
            ("x := 1 ", "", " END"),
        ]
    )
    if random.random() < 0.5:
        opening, inner, closing = statement
        return opening * depth + inner + closing * (depth - random.choice([0, 0, 0, 1]))
    head = random.choice(["x := ", "IF ", "x, y := ", ""])
    return f"x := 1\n{head}{opening * depth}{inner}{closing * (depth - random.choice([0, 0, 0, 1]))}\n"


# ---- programs that keep the grammar and nothing else ---------------------------------------------

_NAMES = ("x", "y", "a", "b", "n", "i", "c", "w", "f", "g", "sum", "x0", "x1")
_FUNCTIONS_TEXT = """
f g f g sqrt exp log sin tan pow min max abs sign clamp sum mean dot len matmul div mod degree nothing
"""
_FUNCTIONS = _FUNCTIONS_TEXT.split()
_TYPES = (
    "real",
    "int",
    "real[n]",
    "int[n]",
    "real[2, n]",
    "real[3]",
    "int[n + 1]",
    "real[0]",
    "real[m]",
    "int[c]",
)


def wild_program(random: Random) -> str:
    """A program by the grammar, with names, types and shapes at random."""
    lines: list[str] = []
    if random.random() < 0.6:
        inputs = ", ".join(_binding(random) for _ in range(random.randint(0, 3)))
        outputs = ", ".join(_binding(random) for _ in range(random.randint(1, 2)))
        lines.append(f"PROGRAM p({inputs}) -> {outputs}")
    for _ in range(random.randint(0, 3)):
        lines += random.choice(_DECLARATIONS)(random)
    for _ in range(random.randint(0, 5)):
        lines += _statement(random, 3)
    return "\n".join(lines) + random.choice(["", "\n", "\n\n"])


def _binding(random: Random) -> str:
    name = random.choice(_NAMES)
    return name if random.random() < 0.4 else f"{name}: {random.choice(_TYPES)}"


def _variable(random: Random) -> list[str]:
    start = f" = {_expression(random, 1)}" if random.random() < 0.5 else ""
    return [f"VAR {random.choice(_NAMES)}: {random.choice(_TYPES)}{start}"]


def _definition(random: Random) -> list[str]:
    parameters = ", ".join(_binding(random) for _ in range(random.randint(0, 2)))
    results = ", ".join(_binding(random) for _ in range(random.randint(1, 2)))
    body = [line for _ in range(random.randint(0, 3)) for line in _statement(random, 1)]
    variables = _variable(random) if random.random() < 0.2 else []
    return [f"DEF {random.choice('fgfgp')}({parameters}) -> {results}", *variables, *body, "END"]


_DECLARATIONS: tuple[Callable[[Random], list[str]], ...] = (
    _variable,
    _variable,
    _definition,
    _definition,
    lambda random: [f"CONST {random.choice(_NAMES)} = {_expression(random, 1)}"],
    lambda random: [f"PARAM {random.choice(_NAMES)}: {random.choice(_TYPES)} = {_expression(random, 1)}"],
    lambda random: [f"REQUIRE {random.choice(['C0', 'C1', 'C2', 'C_INF', 'C9'])}"],
)


def _target(random: Random) -> str:
    name = random.choice(_NAMES)
    if random.random() < 0.35:
        return f"{name}[{', '.join(_expression(random, 1) for _ in range(random.choice([1, 1, 2])))}]"
    return name


def _statement(random: Random, depth: int) -> list[str]:
    shape = random.random() if depth > 0 else 0.0
    body = lambda: [line for _ in range(random.randint(0, 2)) for line in _statement(random, depth - 1)]  # noqa: E731
    if shape < 0.5:
        count = random.choice([1, 1, 1, 1, 2, 3])
        values = count if random.random() < 0.9 else random.randint(1, 3)
        targets = ", ".join(_target(random) for _ in range(count))
        return [f"{targets} := {', '.join(_expression(random, 2) for _ in range(values))}"]
    if shape < 0.62:
        return [f"WHILE {_condition(random, 2)} DO", *body(), "END"]
    if shape < 0.7:
        return [f"LOOP {_expression(random, 1)} DO", *body(), "END"]
    if shape < 0.82:
        step = f" STEP {_expression(random, 0)}" if random.random() < 0.3 else ""
        bounds = f"FROM {_expression(random, 0)} TO {_expression(random, 1)}{step}"
        return [f"FOR {random.choice(_NAMES)} {bounds} DO", *body(), "END"]
    other = [f"ELSEIF {_condition(random, 1)} THEN", *body()] if random.random() < 0.3 else []
    last = ["ELSE", *body()] if random.random() < 0.5 else []
    return [f"IF {_condition(random, 2)} THEN", *body(), *other, *last, "END"]


def _expression(random: Random, depth: int) -> str:
    shape = random.random() if depth > 0 else random.random() * 0.45
    if shape < 0.25:
        return random.choice(_NAMES)
    if shape < 0.45:
        return random.choice(["0", "1", "2", "3", "1.5", "0.25", "100", "1e300", "4000000000"])
    if shape < 0.6:
        return f"({_expression(random, depth - 1)} {random.choice('+-*/')} {_expression(random, depth - 1)})"
    if shape < 0.67:
        return f"-{_expression(random, depth - 1)}"
    if shape < 0.8:
        return _target(random)
    if shape < 0.97:
        arguments = [_expression(random, depth - 1) for _ in range(random.choice([0, 1, 1, 2, 2, 3]))]
        if random.random() < 0.1:
            arguments.append(f"{random.choice(['steepness', 'x'])} = {_expression(random, 0)}")
        if random.random() < 0.1:
            arguments = [_condition(random, 0)]
        return f"{random.choice(_FUNCTIONS)}({', '.join(arguments)})"
    return f"({_condition(random, depth - 1)})"


def _condition(random: Random, depth: int) -> str:
    shape = random.random()
    if depth <= 0 or shape < 0.6:
        operator = random.choice(["=", "!=", "<", "<=", ">", ">=", "≠", "<>"])
        text = f"{_expression(random, 1)} {operator} {_expression(random, 1)}"
        return f"{text} WITH STEEPNESS {_expression(random, 0)}" if random.random() < 0.1 else text
    if shape < 0.7:
        return f"NOT {_condition(random, depth - 1)}"
    if shape < 0.95:
        word = random.choice(["AND", "OR"])
        return f"({_condition(random, depth - 1)}) {word} {_condition(random, depth - 1)}"
    return _expression(random, 1)
