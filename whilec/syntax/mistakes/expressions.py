"""Mistakes inside expressions."""

from __future__ import annotations

from whilec.diagnostics.model import Code, Example, Label
from whilec.syntax.build import not_steepness
from whilec.syntax.lexer import END_OF_TEXT
from whilec.syntax.mistakes.general import E0110
from whilec.syntax.situation import CLOSING, OPENING, Editor, Finding, Situation, diagnose
from whilec.syntax.words import spelling

E0129 = Code(
    "E0129",
    "a chained comparison",
    """
A comparison has two sides. `a < b < c` is written `a < b AND b < c`. It is not a comparison of a
condition with a number either, because conditions are no numbers.
""",
    Example("IF a < b < c THEN x := 1 END\n"),
)

E0130 = Code(
    "E0130",
    "brackets that do not match",
    """
Each `(` needs a `)` and each `[` a `]`, and the one opened last is closed first. Round brackets group and
enclose the arguments of a call; square brackets enclose indices and sizes.
""",
    Example("x := (1 + 2\ny := 3\n"),
)

E0131 = Code(
    "E0131",
    "a reserved word as a name",
    """
WHILE, DO, END, IF, THEN, ELSEIF, ELSE, FOR, FROM, TO, STEP, LOOP, DEF, PROGRAM, CONST, PARAM, REQUIRE, VAR,
AND, OR, NOT and WITH are reserved, in capitals and in small letters, so no variable can have such a name. In
other mixtures of letters, such as `Step`, they are free, but easily confused.
""",
    Example("step := 2\n"),
)

E0132 = Code(
    "E0132",
    "an index or argument list in the wrong place",
    """
Only a variable can be indexed, and only once: an element of a matrix is `a[i, j]`, not `a[i][j]`. To index
the result of a call or another expression, assign it to a variable first. There are no literals for arrays:
declare one with VAR and assign its elements.
""",
    Example("x := a[1][2]\n"),
)

E0133 = Code(
    "E0133",
    "IF inside an expression",
    """
IF is a statement, not an expression. Assign in its arms: `IF c THEN x := a ELSE x := b END`. For the larger
or smaller of two numbers there are `max` and `min`.
""",
    Example("x := IF a > b THEN a ELSE b END\n"),
)

_COMPARISONS = frozenset({"EQUAL", "COMPARE"})
_LIMITS_OF_COMPARISON = frozenset({"AND", "OR", "NOT", "COMMA", "ASSIGN", "WHILE", "IF", "ELSEIF"})
_AFTER_A_NAME = frozenset(
    {
        "ASSIGN",
        "COMMA",
        "COLON",
        "EQUAL",
        "COMPARE",
        "PLUS",
        "MINUS",
        "STAR",
        "SLASH",
        "LSQB",
        "RSQB",
        "RPAR",
        "LPAR",
    }
)
_KEYWORDS_OF_EXPRESSIONS = frozenset({"NOT", "AND", "OR"})


def chained_comparison(situation: Situation) -> Finding | None:
    """`a < b < c`."""
    if situation.token.type not in _COMPARISONS:
        return None
    depth = 0
    for number in range(situation.at - 1, situation.first - 1, -1):
        token = situation.tokens[number]
        depth += (token.type in CLOSING) - (token.type in OPENING)
        if depth < 0 or (depth == 0 and token.type in _LIMITS_OF_COMPARISON):
            return None
        if depth == 0 and token.type in _COMPARISONS:
            diagnostic = diagnose(
                E0129,
                "comparisons cannot be chained",
                situation.token,
                "a second comparison",
                Label(token.span, "the first one"),
                help="join two comparisons by AND: `a < b AND b < c`",
            )
            return Finding(diagnostic, lambda edit: edit.retype({situation.at: "AND"}))
    return None


def bracket(situation: Situation) -> Finding | None:
    """A bracket that is not closed, closes nothing, or closes another kind."""
    token = situation.token
    brackets = situation.open_brackets()
    opened = brackets[-1] if brackets else None
    if token.type in CLOSING:
        if opened is None:
            title = f"`{token.value}` closes nothing"
            diagnostic = diagnose(E0130, title, token, "no bracket is open", help="remove it")
            return Finding(diagnostic, lambda edit: edit.drop())
        wanted = OPENING[opened.type]
        if wanted == token.type or not situation.accepts(wanted):
            return None
        title = f"`{opened.value}` is closed by `{token.value}`"
        label = Label(opened.span, "opened here")
        answer = spelling(wanted)
        diagnostic = diagnose(
            E0130, title, token, f"expected `{answer}`", label, help=f"write `{answer}`", fix=answer
        )
        return Finding(diagnostic, lambda edit: edit.retype({situation.at: wanted}))
    if opened is None or not situation.accepts(OPENING[opened.type]):
        return None
    ends = token.type in (
        "DO",
        "THEN",
        "END",
        "ELSE",
        "ELSEIF",
        "SEMICOLON",
        END_OF_TEXT,
        "ARROW",
        "FROM",
        "TO",
        "STEP",
    )
    if not (ends or situation.is_first_on_line(situation.at) or token.type == "ASSIGN"):
        return None
    answer = OPENING[opened.type]
    before = situation.tokens[situation.at - 1]
    diagnostic = diagnose(
        E0130,
        f"`{opened.value}` is never closed",
        opened,
        "opened here",
        Label(before.span, f"expected `{spelling(answer)}` after this"),
        help=f"write `{spelling(answer)}`",
    )
    if token.type == "ASSIGN" or len(brackets) > 1:
        return Finding(diagnostic, lambda edit: edit.panic())
    return Finding(diagnostic, lambda edit: edit.insert(answer))


def reserved_word(situation: Situation) -> Finding | None:
    """`step := 2`, `VAR end: real`, `x := to + 1`."""
    token = situation.token
    if token.value not in situation.keywords or token.type in _KEYWORDS_OF_EXPRESSIONS:
        return None
    if not situation.accepts("NAME") or situation.following().type not in _AFTER_A_NAME:
        return None
    if situation.line(situation.following()) != situation.line(token):
        return None
    diagnostic = diagnose(
        E0131,
        f"`{token.value}` is a reserved word",
        token,
        "expected a name",
        help=f"choose another name, such as `{token.value.lower()}_1`",
    )
    at = situation.at
    return Finding(diagnostic, lambda edit: edit.retype({at: "NAME"}))


def second_index(situation: Situation) -> Finding | None:
    """`a[i][j]`, `f(x)[i]`, `2(x + 1)`."""
    token, previous = situation.token, situation.previous
    if previous is None or token.type not in OPENING or situation.line(previous) != situation.line(token):
        return None
    if previous.type not in ("RSQB", "RPAR", "NUMBER") or situation.begins_statement:
        return None
    if token.type == "LPAR":
        title, help_ = "an operator is missing", "write `*` for a product"
    elif previous.type == "RSQB":
        title, help_ = "an element cannot be indexed again", "write all indices in one bracket: `a[i, j]`"
    else:
        title, help_ = "only a variable can be indexed", "assign the value to a variable first"
    label = Label(previous.span, "after this")
    diagnostic = diagnose(E0132, title, token, "not expected here", label, help=help_)
    skipped = situation.after_bracket(situation.at) - situation.at
    return Finding(diagnostic, lambda edit: edit.drop(skipped))


def choice_in_expression(situation: Situation) -> Finding | None:
    """`x := IF c THEN a ELSE b END`, `x := a IF c ELSE b`."""
    token, previous = situation.token, situation.previous
    if token.type not in ("IF", "WHILE", "FOR") or previous is None or situation.begins_statement:
        return None
    is_operand = not situation.is_complete and situation.accepts("NAME") and situation.accepts("NUMBER")
    if not is_operand or situation.line(previous) != situation.line(token):
        return None
    diagnostic = diagnose(
        E0133,
        f"`{token.value}` is a statement, not an expression",
        token,
        "expected an expression",
        help="assign inside it: `IF c THEN x := a ELSE x := b END`",
    )
    skipped = situation.next_line(situation.at)
    return Finding(diagnostic, lambda edit: edit.resume(skipped))


def with_without_steepness(situation: Situation) -> Finding | None:
    """`a < b WITH 8`."""
    previous = situation.previous
    if previous is None or previous.type != "WITH" or not situation.accepts("NAME"):
        return None
    return Finding(
        not_steepness(situation.token.span, situation.token.value), lambda edit: edit.insert("NAME")
    )


def array_literal(situation: Situation) -> Finding | None:
    """`x := [1, 2]`."""
    if situation.token.type != "LSQB" or not situation.accepts("NUMBER") or situation.is_complete:
        return None
    diagnostic = diagnose(
        E0132,
        "arrays have no literals",
        situation.token,
        "no variable before it",
        help="declare the array with VAR and assign its elements: `a[0] := 1`",
    )
    last = situation.after_bracket(situation.at) - 1
    return Finding(diagnostic, lambda edit: _take_for_number(edit, situation.at, last))


def _take_for_number(edit: Editor, at: int, last: int) -> None:
    edit.retype({last: "NUMBER"})
    edit.drop(last - at)


def missing_operator(situation: Situation) -> Finding | None:
    """`x := a b c`: `b` is taken for the beginning of a statement."""
    first = situation.first
    if situation.at != first + 1 or first == 0 or situation.is_first_on_line(first):
        return None
    name, before = situation.tokens[first], situation.tokens[first - 1]
    if name.type != "NAME" or before.type not in ("NAME", "NUMBER", "RPAR", "RSQB"):
        return None
    diagnostic = diagnose(
        E0110,
        f"an operator is missing between `{before.value}` and `{name.value}`",
        name,
        "neither an operator nor a statement",
        Label(before.span, "after this"),
        help=f"write an operator: `{before.value} * {name.value}`, for example",
    )
    return Finding(diagnostic, lambda edit: edit.panic())
