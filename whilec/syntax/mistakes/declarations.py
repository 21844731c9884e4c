"""Declarations in the wrong place."""

from __future__ import annotations

from collections.abc import Callable

from whilec.diagnostics.model import Code, Example, Label
from whilec.source import Span
from whilec.syntax.mistakes.blocks import close_blocks, missing_end
from whilec.syntax.mistakes.general import E0110
from whilec.syntax.situation import DECLARATIONS, Editor, Finding, Situation, diagnose

E0114 = Code(
    "E0114",
    "a declaration in the wrong place",
    """
CONST, PARAM, REQUIRE, VAR and DEF stand at the top level of the program, never inside a loop or a choice.
VAR also stands at the start of the body of a DEF, before its statements. A DEF is not nested in another.
If the declaration does stand at the top level, a block above it has no END.
""",
    Example("LOOP 3 DO\n  VAR x: real\nEND\n"),
)

E0115 = Code(
    "E0115",
    "PROGRAM is not the first word",
    """
A file has one program. Its header, `PROGRAM name(inputs) -> outputs`, comes first, before all
declarations and statements, and there is only one. A function of the program is a DEF.
""",
    Example("x := 1\nPROGRAM late(y) -> x\n"),
)


def misplaced(situation: Situation) -> Finding | None:
    """A declaration inside a block, after the statements of a DEF, or a late PROGRAM."""
    token = situation.token
    if not situation.is_complete:
        return None
    if token.type == "PROGRAM":
        return _late_header(situation)
    if token.type not in DECLARATIONS or not situation.openers:
        return None
    if _is_dedented(situation):
        blamed = situation.unclosed()
        diagnostic = missing_end(
            situation, blamed[-1], len(blamed), f"`{token.value}` stands at the top level"
        )
        count = len(situation.openers)
        return Finding(diagnostic, lambda edit: close_blocks(edit, count))
    opener = situation.openers[-1]
    if opener.value.upper() == "DEF" and opener.type == "LOOP":  # a misplaced DEF, already reported
        return Finding(None, _skip(situation))
    where = f"the {opener.type} of line {situation.line(opener)}"
    if opener.type == "DEF" and token.type == "VAR":
        title, help_ = "VAR after the statements of a DEF", "move it to the start of the DEF's body"
    elif opener.type == "DEF":
        title, help_ = f"`{token.value}` inside a DEF", "move it before the DEF, to the top level"
    else:
        title, help_ = f"`{token.value}` inside a block", "move it to the top level, before the block"
    diagnostic = diagnose(
        E0114,
        title,
        token,
        "declarations cannot stand here",
        Label(opener.span, f"inside {where}"),
        help=help_,
    )
    return Finding(diagnostic, _skip(situation))


def missing_type(situation: Situation) -> Finding | None:
    """`PARAM t = 0.5`."""
    word, token = situation.tokens[situation.first], situation.token
    is_value = token.type in ("EQUAL", "ASSIGN") and situation.at == situation.first + 2
    if word.type not in ("PARAM", "VAR") or not is_value or situation.line(word) != situation.line(token):
        return None
    name = situation.tokens[situation.at - 1]
    typed = f"{name.value}: real ="
    diagnostic = diagnose(
        E0110,
        f"`{name.value}` needs a type",
        Span(name.start, token.end),
        "expected `: real` or `: int` after the name",
        help=f"write `{word.value} {typed} ...`",
        fix=typed,
    )
    return Finding(diagnostic, lambda edit: edit.panic())


def default_value(situation: Situation) -> Finding | None:
    """`DEF f(a = 1) -> b`."""
    header = situation.header
    if situation.token.type not in ("EQUAL", "ASSIGN") or header is None or not situation.open_brackets():
        return None
    if header.type == "DEF":
        title, help_ = "parameters have no defaults", "remove it here, and pass a value in every call"
    elif header.type == "PROGRAM":
        title, help_ = "inputs have no defaults", "remove it, or declare the value by `PARAM t: real = 0.5`"
    else:
        return None
    diagnostic = diagnose(E0110, title, situation.token, "no value can follow", help=help_)
    return Finding(diagnostic, lambda edit: edit.panic())


def missing_size(situation: Situation) -> Finding | None:
    """`real[]`."""
    at = situation.at
    if situation.token.type != "RSQB" or at < 3:
        return None
    colon, word, opening = situation.tokens[at - 3 : at]
    if (colon.type, word.type, opening.type) != ("COLON", "NAME", "LSQB"):
        return None
    diagnostic = diagnose(
        E0110,
        "the size of the array is missing",
        Span(opening.start, situation.token.end),
        "no size in the brackets",
        help=f"write the size, as in `{word.value}[n]` or `{word.value}[3]`",
    )
    return Finding(diagnostic, lambda edit: edit.insert("NUMBER"))


def _skip(situation: Situation) -> Callable[[Editor], None]:
    if situation.token.type == "DEF":
        return lambda edit: edit.disguise(situation.next_line(situation.at))
    return lambda edit: edit.panic()


def _late_header(situation: Situation) -> Finding:
    token = situation.token
    earlier = next((t for t in situation.tokens[: situation.at] if t.type == "PROGRAM"), None)
    if earlier is not None:
        title, text, help_ = "a second PROGRAM", "one file holds one program", "write `DEF` for a function"
        labels = (Label(earlier.span, "the first one"),)
    else:
        title, text, help_ = (
            "PROGRAM must come first",
            "not the first word",
            "move the header to the first line",
        )
        labels = (Label(situation.tokens[0].span, "the program begins here"),)
    diagnostic = diagnose(E0115, title, token, text, *labels, help=help_)
    return Finding(diagnostic, lambda edit: edit.drop(situation.next_line(situation.at) - situation.at))


def _is_dedented(situation: Situation) -> bool:
    """Whether the token begins a line no further right than the outermost open block."""
    outermost = situation.openers[0]
    return situation.is_first_on_line(situation.at) and situation.column(situation.token) <= situation.column(
        outermost
    )
