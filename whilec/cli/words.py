"""The words of the language, for `whilec explain`: one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class Word:
    """A keyword: its forms, and what it does."""

    form: str
    text: str


_IF = Word(
    "IF c THEN .. [ELSEIF c THEN ..]* [ELSE ..] END",
    "Runs the statements of the first branch whose condition holds. Smooth: all branches run from the\n"
    "same state, and every variable becomes the mean of its values after them, weighted by the degree\n"
    "to which each condition holds.",
)
_WHILE = Word(
    "WHILE c DO .. END",
    "Runs the statements as long as the condition holds. Smooth: each trip runs at a path weight, the\n"
    "product of the degrees to which the condition held so far, until that is at most `--epsilon` or\n"
    "the loop has made `--max-trips` trips. Every program of the core language is made of this.",
)
_FOR = Word(
    "FOR i FROM e TO e [STEP k] DO .. END",
    "Runs the statements once for each value of `i`, both bounds included. Bounds and step are static\n"
    "integers: literals, shape variables, other FOR variables and what is computed from them. `i`\n"
    "exists inside of the loop only.",
)
_LOOP = Word(
    "LOOP e DO .. END",
    "Runs the statements e times; e is read once. Smooth: trip i has the degree to which i < e, so the\n"
    "number of trips is differentiable and the loop always ends.",
)
_DEF = Word(
    "DEF f(x, a: real[n]) -> y, z .. END",
    "Declares a function, called as `y, z := f(x, a)` or, with one result, inside of an expression. It\n"
    "sees CONST, PARAM and other functions, but no variables of the program, and does not recurse.",
)
_PROGRAM = Word(
    "PROGRAM name(a: real[n], x) -> y: real",
    "The header: inputs and outputs with their types. Names in brackets are shape variables, bound by\n"
    "the arrays that a call gives. It comes first, and may be left out.",
)
_WITH = Word(
    "a < b WITH STEEPNESS e",
    "Gives one comparison a steepness of its own: a constant > 0, or a PARAM, which can be trained.",
)
_AND = Word("p AND q", "Both hold. Smooth: the product of their degrees.")
_OR = Word("p OR q", "One of them holds, or both. Smooth: p + q - p*q.")
_NOT = Word("NOT p", "The comparison does not hold. Smooth: 1 - p. Binds tighter than AND.")
_CONST = Word("CONST name = e", "A number known before the program runs.")
_PARAM = Word(
    "PARAM name: type = e",
    "A number or array that can be trained: in torch a parameter of the module, on the command line an\n"
    "input that may be left out.",
)
_REQUIRE = Word(
    "REQUIRE C0 | C1 | ... | C_INF",
    "Promises how often the program can be differentiated. `whilec check --smooth K` reports the\n"
    "operations that break the promise in that mode.",
)
_VAR = Word(
    "VAR name: type [= e]",
    "Declares a variable, with a start value; every array whose elements are assigned needs it.\n"
    "Variables that are not declared are numbers that start at 0.",
)

WORDS: Mapping[str, Word] = {
    "WHILE": _WHILE,
    "DO": _WHILE,
    "END": _WHILE,
    "IF": _IF,
    "THEN": _IF,
    "ELSEIF": _IF,
    "ELSE": _IF,
    "FOR": _FOR,
    "FROM": _FOR,
    "TO": _FOR,
    "STEP": _FOR,
    "LOOP": _LOOP,
    "DEF": _DEF,
    "PROGRAM": _PROGRAM,
    "CONST": _CONST,
    "PARAM": _PARAM,
    "REQUIRE": _REQUIRE,
    "VAR": _VAR,
    "AND": _AND,
    "OR": _OR,
    "NOT": _NOT,
    "WITH": _WITH,
    "STEEPNESS": _WITH,
}
