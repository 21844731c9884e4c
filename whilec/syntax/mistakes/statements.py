"""Mistakes at the beginning of statements, and statements of other languages."""

from __future__ import annotations

from typing import Final

from whilec.diagnostics.model import Code, Example, Label
from whilec.diagnostics.suggest import nearest
from whilec.source import Span
from whilec.syntax.lexer import END_OF_TEXT, Token
from whilec.syntax.situation import Finding, Situation, diagnose
from whilec.syntax.words import describe

E0123 = Code(
    "E0123",
    "`=` instead of `:=`",
    """
Assignment is `:=`. The sign `=` compares two numbers, in a condition; it also gives a CONST, a PARAM and
a VAR its value, and names an argument of a call.
""",
    Example("x = 1\n"),
)

E0124 = Code(
    "E0124",
    "a statement of another language",
    """
The statements are assignments, `WHILE`, `LOOP`, `FOR` and `IF`. Results are not returned or printed: the
outputs are the variables that the header names after `->`, or `x0` in a program without a header.
Variables need no declaration; arrays do: `VAR a: real[n]`. A loop is left when its condition fails.
""",
    Example("return x\n"),
)

E0125 = Code(
    "E0125",
    "a misspelt keyword",
    """
A line begins with two names in a row. No statement does, so the first was probably meant as a keyword.
""",
    Example("WHIEL x > 0 DO\n  x := x - 1\nEND\n"),
)

E0126 = Code(
    "E0126",
    "an assignment to something that is no variable",
    """
On the left of `:=` stand variables and elements of arrays, separated by commas: `x := 1`, `a[i] := 2`,
`x, y := y, x`. An expression or a call cannot be assigned to; solve the equation for the variable.
""",
    Example("x + 1 := y\n"),
)

E0127 = Code(
    "E0127",
    "an expression where a statement is expected",
    """
An expression alone does nothing: its value must go somewhere. Assign it, `y := f(x)`, also where a function
is called. No statement begins with a number, a bracket or `-`.
""",
    Example("f(x)\n"),
)

E0128 = Code(
    "E0128",
    "`:=` inside an expression",
    """
An assignment is a statement and has no value, so `x := y := 1` does not exist: write two assignments, or
`x, y := 1, 1`. In a condition, equality is `=`. CONST, PARAM and VAR take their value after `=`, and so do
named arguments of a call.
""",
    Example("WHILE x := 1 DO\n  x := 2\nEND\n"),
)

_ASSIGN_OR_EQUAL: Final = frozenset({"ASSIGN", "EQUAL"})

_WORDS: Final = {
    "return": "assign to an output; the outputs of a program stand in its header, after `->`",
    "print": "nothing is printed: the outputs of the program are shown at its end",
    "let": "write `x := 1`, without a word before it",
    "set": "write `x := 1`, without a word before it",
    "local": "write `x := 1`, without a word before it",
    "global": "functions see no variables of the program: pass them as arguments",
    "mut": "write `x := 1`, without a word before it",
    "auto": "write `x := 1`, without a word before it",
    "val": "write `x := 1`, or `CONST x = 1`",
    "int": "a variable is declared by `VAR x: int`",
    "integer": "a variable is declared by `VAR x: int`",
    "long": "a variable is declared by `VAR x: int`",
    "real": "a variable is declared by `VAR x: real`",
    "float": "a variable is declared by `VAR x: real`",
    "double": "a variable is declared by `VAR x: real`",
    "bool": "a variable is declared by `VAR x: int`; conditions are no values",
    "dim": "an array is declared by `VAR a: real[n]`",
    "array": "an array is declared by `VAR a: real[n]`",
    "break": "a loop ends when its condition fails: make it part of the condition of the WHILE",
    "exit": "a loop ends when its condition fails: make it part of the condition of the WHILE",
    "continue": "put the rest of the loop's body into an IF",
    "pass": "leave the body empty: `IF c THEN END`",
    "skip": "leave the body empty: `IF c THEN END`",
    "import": "all functions are there; others are written with DEF in the same file",
    "from": "all functions are there; others are written with DEF in the same file",
    "include": "all functions are there; others are written with DEF in the same file",
    "function": "a function is written `DEF f(x) -> y .. END`",
    "func": "a function is written `DEF f(x) -> y .. END`",
    "fn": "a function is written `DEF f(x) -> y .. END`",
    "procedure": "a function is written `DEF f(x) -> y .. END`",
    "repeat": "write `LOOP n DO .. END` or `WHILE c DO .. END`",
    "until": "write `WHILE NOT c DO .. END`",
    "foreach": "write `FOR i FROM 0 TO len(a) - 1 DO .. END`",
    "switch": "write `IF c THEN .. ELSEIF d THEN .. END`",
    "case": "write `IF c THEN .. ELSEIF d THEN .. END`",
    "match": "write `IF c THEN .. ELSEIF d THEN .. END`",
    "unless": "write `IF NOT c THEN .. END`",
    "goto": "there are no jumps: write a WHILE",
    "begin": "a block begins with the `DO` or `THEN` of its head",
    "call": "assign the result of a call: `y := f(x)`",
    "assert": "nothing is asserted inside a program; tests stand in comments at the top of the file",
    "input": "inputs stand in the header: `PROGRAM f(x) -> y`",
    "read": "inputs stand in the header: `PROGRAM f(x) -> y`",
    "input_": "inputs stand in the header: `PROGRAM f(x) -> y`",
}
"""Words that begin statements elsewhere, with what to do here."""

_TERMINALS: Final = {
    "elif": "ELSEIF",
    "elsif": "ELSEIF",
    "elseif": "ELSEIF",
    "endif": "END",
    "endwhile": "END",
    "endfor": "END",
    "endloop": "END",
    "enddo": "END",
    "end_if": "END",
    "end_while": "END",
    "wend": "END",
    "done": "END",
    "fi": "END",
    "od": "END",
    "next": "END",
    "endfunction": "END",
    "otherwise": "ELSE",
}
"""Words that stand for a keyword."""

_OPERATORS: Final = frozenset({"PLUS", "MINUS", "STAR", "SLASH", "COMPARE", "AND", "OR", "LSQB"})


def foreign_word(situation: Situation) -> Finding | None:
    """`return x`, `print(x)`, `let x = 1`, `elif`, `break`."""
    for number in sorted({situation.first, situation.at}):
        token = situation.tokens[number]
        if token.type != "NAME" or situation.starts_assignment(number, _ASSIGN_OR_EQUAL):
            continue
        if number != situation.first and not situation.is_first_on_line(number):
            continue
        word = token.value.lower()
        if word in _TERMINALS:
            return _foreign_keyword(situation, number, token)
        if word in _WORDS:
            diagnostic = diagnose(
                E0124,
                f"there is no statement `{token.value}`",
                token,
                "a word of another language",
                help=_WORDS[word],
            )
            return Finding(diagnostic, lambda edit: edit.panic())
    return None


def _foreign_keyword(situation: Situation, number: int, token: Token) -> Finding:
    keyword = _TERMINALS[token.value.lower()]
    diagnostic = diagnose(
        E0124,
        f"there is no statement `{token.value}`",
        token,
        "a word of another language",
        help=f"write `{keyword}`",
        fix=keyword,
    )
    return Finding(diagnostic, lambda edit: edit.retype({number: keyword}, restart=True))


def misspelt_keyword(situation: Situation) -> Finding | None:
    """`WHIEL x > 0 DO`: two names in a row at the beginning of a statement."""
    first = situation.first
    token = situation.tokens[first]
    if (
        token.type != "NAME"
        or first == situation.at
        or situation.tokens[first + 1].type not in ("NAME", "NOT")
    ):
        return None
    if situation.starts_assignment(first + 1, _ASSIGN_OR_EQUAL) and situation.is_first_on_line(first + 1):
        return None
    meant = nearest(token.value.upper(), situation.keywords)
    terminal = situation.keywords.get(meant) if meant is not None else None
    if terminal is None:
        return None
    diagnostic = diagnose(
        E0125,
        f"`{token.value}` is no keyword",
        token,
        f"did you mean `{terminal}`?",
        help=f"write `{terminal}`",
        fix=terminal,
    )
    return Finding(diagnostic, lambda edit: edit.retype({first: terminal}, restart=True))


def equal_sign(situation: Situation) -> Finding | None:
    """`x = 1`, `a[i], y = 1, 2`."""
    at = situation.at
    if situation.token.type != "EQUAL" or not situation.starts_assignment(
        situation.first, frozenset({"EQUAL"})
    ):
        return None
    diagnostic = diagnose(
        E0123,
        "`=` compares; `:=` assigns",
        situation.token,
        "expected `:=`",
        help="write `:=`",
        fix=":=",
    )
    return Finding(diagnostic, lambda edit: edit.retype({at: "ASSIGN"}))


def declaration_like(situation: Situation) -> Finding | None:
    """`x: int = 1` without VAR."""
    first = situation.first
    if situation.at != first + 1 or situation.token.type != "COLON" or situation.tokens[first].type != "NAME":
        return None
    name = situation.tokens[first]
    diagnostic = diagnose(
        E0124,
        "a declaration begins with VAR",
        name,
        "a name and a colon",
        help=f"write `VAR {name.value}: ..` at the top level",
    )
    return Finding(diagnostic, lambda edit: edit.panic())


def lone_call(situation: Situation) -> Finding | None:
    """`f(x)` as a statement."""
    first = situation.first
    name = situation.tokens[first]
    if situation.at != first + 1 or situation.token.type != "LPAR" or name.type != "NAME":
        return None
    after = situation.after_bracket(situation.at)
    if situation.tokens[after].type in _ASSIGN_OR_EQUAL:
        return _no_target(situation, Span(name.start, situation.tokens[after - 1].end), "a call")
    diagnostic = diagnose(
        E0127,
        "a call is not a statement",
        Span(name.start, situation.tokens[after - 1].end),
        "its value goes nowhere",
        help=f"assign its value: `y := {name.value}(...)`",
    )
    return Finding(diagnostic, lambda edit: edit.panic())


def assignment_to_expression(situation: Situation) -> Finding | None:
    """`x + 1 := y`, `(x) := 1`, `3 := x`."""
    start = situation.first
    if situation.is_complete and situation.is_first_on_line(situation.at):
        start = situation.at
    if situation.header is not None or situation.tokens[start].type not in (
        "NAME",
        "NUMBER",
        "LPAR",
        "MINUS",
        "LSQB",
    ):
        return None
    if any(token.type == "ASSIGN" for token in situation.tokens[start : situation.at]):
        return None
    line = situation.line(situation.tokens[start])
    number = situation.at
    while situation.line(situation.tokens[number]) == line and situation.tokens[number].type != END_OF_TEXT:
        if situation.tokens[number].type == "ASSIGN":
            span = Span(situation.tokens[start].start, situation.tokens[number - 1].end)
            return _no_target(situation, span, "an expression")
        if situation.tokens[number].type == "SEMICOLON" or situation.starts_assignment(number):
            return None
        number += 1
    return None


def _no_target(situation: Situation, span: Span, what: str) -> Finding:
    diagnostic = diagnose(
        E0126,
        f"{what} cannot be assigned to",
        span,
        "not a variable",
        help="write a variable or an element of an array on the left of `:=`",
    )
    return Finding(diagnostic, lambda edit: edit.panic())


def second_assignment(situation: Situation) -> Finding | None:
    """`:=` where an expression is read."""
    at = situation.at
    if situation.token.type != "ASSIGN" or situation.begins_statement:
        return None
    start = situation.tokens[situation.first]
    target = situation.line_start(at)
    if target > situation.first and situation.starts_assignment(target):
        return None  # a new statement, whose forerunner is incomplete
    if start.type == "NAME":
        earlier = next((t for t in situation.tokens[situation.first : at] if t.type == "ASSIGN"), None)
        if earlier is None:
            return None
        is_in_call = bool(situation.open_brackets())
        help_ = "write `name = value` in a call" if is_in_call else "write one assignment after the other"
        diagnostic = diagnose(
            E0128,
            "a second `:=` in one assignment",
            situation.token,
            "an assignment has no value",
            Label(earlier.span, "the first one"),
            help=help_,
        )
    else:
        diagnostic = diagnose(
            E0128,
            f"`:=` in {'a declaration' if start.type in ('CONST', 'PARAM', 'VAR') else 'a condition'}",
            situation.token,
            "expected `=`",
            help="write `=`",
            fix="=",
        )
    return Finding(diagnostic, lambda edit: edit.retype({at: "EQUAL"}))


def lone_expression(situation: Situation) -> Finding | None:
    """`x + 1` or `x` as a statement."""
    start = situation.first
    if situation.is_complete and situation.is_first_on_line(situation.at):
        start = situation.at
    token = situation.tokens[start]
    wrong = situation.token
    is_expression = token.type in ("NUMBER", "LPAR", "MINUS", "LSQB", "NOT")
    is_name = token.type == "NAME" and (
        (situation.at == start + 1 and wrong.type in _OPERATORS) or situation.is_first_on_line(situation.at)
    )
    if situation.header is not None or not (is_expression or is_name):
        return None
    if any(t.type == "ASSIGN" for t in situation.tokens[start : situation.at]):
        return None
    diagnostic = diagnose(
        E0127,
        f"a statement cannot begin with {describe(token)}"
        if is_expression
        else "an expression is not a statement",
        token,
        "its value goes nowhere",
        help="assign the value to a variable: `y := ...`",
    )
    return Finding(diagnostic, lambda edit: edit.panic())
