"""Mistakes in the heads of loops, choices and functions."""

from __future__ import annotations

from whilec.diagnostics.model import Code, Example, Label
from whilec.source import Span
from whilec.syntax.lexer import END_OF_TEXT
from whilec.syntax.situation import Finding, Situation, diagnose

E0116 = Code(
    "E0116",
    "DO or THEN is missing",
    """
The condition of a WHILE, the count of a LOOP and the bounds of a FOR end with `DO`; the condition of an IF
or ELSEIF ends with `THEN`. A colon or a brace does not do, nor does the end of the line.
""",
    Example("WHILE x > 0\n  x := x - 1\nEND\n"),
)

E0117 = Code(
    "E0117",
    "a malformed FOR",
    """
A FOR loop counts from a first to a last value, both included: `FOR i FROM 1 TO n DO .. END`, or
in steps: `FOR i FROM 0 TO 10 STEP 2 DO .. END`. There is no loop over a list: count its positions, which
begin at 0: `FOR i FROM 0 TO len(a) - 1 DO .. END`.
""",
    Example("FOR i in range(10) DO\n  s := s + i\nEND\n"),
)

E0118 = Code(
    "E0118",
    "a DEF without results",
    """
A function names its results after an arrow: `DEF square(x) -> y`. It has no `return`: what the results hold
at its END is returned.
""",
    Example("DEF square(x)\n  y := x * x\nEND\n"),
)

_CLOSERS = {"WHILE": "DO", "LOOP": "DO", "FOR": "DO", "IF": "THEN", "ELSEIF": "THEN"}
_BLOCK_STARTS = frozenset(
    {"WHILE", "LOOP", "FOR", "IF", "END", "ELSE", "ELSEIF", "SEMICOLON", "VAR", END_OF_TEXT}
)


def for_without_from(situation: Situation) -> Finding | None:
    """`FOR i = 1 TO n`, `FOR i IN list`, `FOR (i = 0; ...)`."""
    header = situation.header
    token = situation.token
    if header is None or header.type != "FOR" or situation.at > situation.first + 2:
        return None
    if situation.at == situation.first + 2 and token.type in ("EQUAL", "ASSIGN"):
        diagnostic = diagnose(
            E0117,
            f"`{token.value}` in the head of a FOR",
            token,
            "expected `FROM`",
            help=f"write `FOR {situation.tokens[situation.at - 1].value} FROM .. TO .. DO`",
            fix="FROM",
        )
        return Finding(diagnostic, lambda edit: edit.retype({situation.at: "FROM"}))
    is_in = token.type == "NAME" and token.value.lower() in ("in", "of", "each")
    if not (is_in or token.type in ("LPAR", "NAME") or situation.following(0).type == "COMMA"):
        return None
    diagnostic = diagnose(
        E0117,
        "a FOR counts from a first to a last value",
        token,
        "not here" if token.type == "LPAR" else "expected `FROM`",
        help="write `FOR i FROM 1 TO n DO`, both bounds included",
    )
    return Finding(diagnostic, lambda edit: edit.panic())


def def_without_results(situation: Situation) -> Finding | None:
    """`DEF f(x):` or `DEF f(x)` at the end of a line."""
    header = situation.header
    if header is None or header.type != "DEF" or not situation.accepts("ARROW"):
        return None
    diagnostic = diagnose(
        E0118,
        "a DEF names its results",
        situation.tokens[situation.at - 1],
        "expected `->` and names after this",
        help="write `-> y` and assign `y` in the body",
    )
    return Finding(diagnostic, lambda edit: edit.panic())


def missing_do_or_then(situation: Situation) -> Finding | None:
    """The head is complete but for its last word."""
    header, token, at = situation.header, situation.token, situation.at
    closer = _CLOSERS.get(header.type) if header is not None else None
    if header is None or closer is None or not situation.accepts(closer):
        return None
    label = Label(header.span, f"this {header.type} needs it")
    if token.type in ("DO", "THEN", "COLON") or (
        token.type == "NAME" and token.value.lower() in ("begin", "loop")
    ):
        diagnostic = diagnose(
            E0116,
            f"`{token.value}` instead of `{closer}`",
            token,
            f"expected `{closer}`",
            label,
            help=f"write `{closer}`",
            fix=closer,
        )
        return Finding(diagnostic, lambda edit: edit.retype({at: closer}))
    before = situation.tokens[at - 1]
    begins = token.type in _BLOCK_STARTS or situation.starts_assignment(at, frozenset({"ASSIGN", "EQUAL"}))
    if not (begins or (situation.is_first_on_line(at) and token.type not in ("RPAR", "RSQB"))):
        return None
    diagnostic = diagnose(
        E0116,
        f"`{closer}` is missing",
        Span(before.start, before.end),
        f"expected `{closer}` after this",
        *(() if situation.line(header) == situation.line(before) and header is before else (label,)),
        help=f"write `{header.type} .. {closer} .. END`",
    )
    return Finding(diagnostic, lambda edit: edit.insert(closer))
