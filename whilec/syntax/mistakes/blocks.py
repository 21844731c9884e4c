"""Mistakes with END, ELSE and what encloses a block."""

from __future__ import annotations

from whilec.diagnostics.model import Code, Diagnostic, Example, Label
from whilec.syntax.lexer import END_OF_TEXT, Token
from whilec.syntax.limits import OPENERS
from whilec.syntax.situation import FAR, Editor, Finding, Situation, diagnose

E0112 = Code(
    "E0112",
    "a block has no END",
    """
Each WHILE, LOOP, FOR, IF and DEF needs an END of its own. ELSEIF and ELSE belong to their IF and share
its END. `ELSE IF`, in two words, begins a second IF inside the ELSE, which needs an END of its own:
`ELSEIF`, in one word, does not.

Where an END is missing, the parser notices only at the end of the file, or at a word that must not stand
in a block. It guesses from the indentation which block is meant.
""",
    Example("WHILE x > 0 DO\n  x := x - 1\n"),
)

E0113 = Code(
    "E0113",
    "END or ELSE without a block",
    """
An END, ELSE or ELSEIF answers the nearest open WHILE, LOOP, FOR, IF or DEF. Here no fitting block is
open: an END is too much, a block was closed too early, or its first line is missing.
ELSE and ELSEIF belong to an IF only, and after ELSE there is neither of them.
""",
    Example("x := 1\nEND\n"),
)

_HEADS = {"WHILE": "WHILE .. DO", "LOOP": "LOOP .. DO", "FOR": "FOR .. DO", "IF": "IF .. THEN"}


def brace(situation: Situation) -> Finding | None:
    """`{` and `}`, which the lexer has reported."""
    if situation.token.type == "LBRACE":
        header = situation.header
        if header is not None:
            return Finding(None, lambda edit: edit.resume(situation.at + 1))
        return Finding(None, lambda edit: edit.drop())
    if situation.token.type == "RBRACE":
        following = situation.following().type
        if following in ("ELSE", "ELSEIF") or not situation.is_complete:
            return Finding(None, lambda edit: edit.drop())
        terminal = "END" if situation.openers else "SEMICOLON"
        return Finding(None, lambda edit: edit.retype({situation.at: terminal}))
    return None


def named_end(situation: Situation) -> Finding | None:
    """`END WHILE`: the second word is taken for the head of a new loop."""
    first = situation.first
    header = situation.header
    if header is None or first == 0 or header.type not in _HEADS:
        return None
    end = situation.tokens[first - 1]
    if end.type != "END" or situation.line(end) != situation.line(header):
        return None
    after = first + 1
    if not situation.is_first_on_line(after) and situation.tokens[after].type != "SEMICOLON":
        return None
    diagnostic = diagnose(
        E0113,
        f"an END stands alone, without `{header.value}`",
        header,
        "this begins a new block",
        help="write `END`",
        notes=("every block ends with the same word",),
    )
    return Finding(diagnostic, lambda edit: _skip_word(edit, after))


def _skip_word(edit: Editor, at: int) -> None:
    edit.retype({at - 1: "SEMICOLON"}, restart=True)


def end_of_file(situation: Situation) -> Finding | None:
    """The file ends while blocks are open."""
    if situation.token.type != END_OF_TEXT or not situation.is_complete or not situation.openers:
        return None
    blamed = situation.unclosed()
    diagnostic = missing_end(situation, blamed[-1], len(blamed), "the file ends without it")
    return Finding(diagnostic, lambda edit: close_blocks(edit, len(situation.openers)))


def missing_end(situation: Situation, opener: Token, count: int, reason: str) -> Diagnostic:
    """That a block lacks its END, noticed at the wrong token."""
    previous = situation.previous
    place = situation.token.span if situation.token.type != END_OF_TEXT or previous is None else previous.span
    labels = [Label(place, reason)]
    help_ = f"write `END` where the {opener.type} ends"
    number = situation.number_of(opener)
    if opener.type == "IF" and number and situation.tokens[number - 1].type == "ELSE":
        help_ = "write `ELSEIF` in one word, or an `END` for this IF too"
    elif opener.type == "IF":
        second = _else_if(situation, number)
        if second is not None:
            labels.insert(0, Label(second.span, "`ELSE IF` begins a second IF, with an END of its own"))
            help_ = "write `ELSEIF` in one word, or one more `END`"
    others = f"{count} blocks have no END; this is the last of them" if count > 1 else None
    line = situation.line(opener)
    return diagnose(
        E0112,
        f"`{opener.value}` on line {line} has no END",
        opener,
        "opened here",
        *labels,
        help=help_,
        notes=(others,) if others else (),
    )


def _else_if(situation: Situation, number: int) -> Token | None:
    """The IF of the `ELSE IF`, on one line, that belongs to the IF with a number."""
    if situation.at > FAR:
        return None
    depth = 0
    for place in range(number, situation.at):
        token = situation.tokens[place]
        depth += (token.type in OPENERS) - (token.type == "END")
        if token.type == "ELSE" and depth == 1:
            after = situation.tokens[place + 1]
            is_one = after.type == "IF" and not situation.is_first_on_line(place + 1)
            return after if is_one else None
    return None


def stray_end(situation: Situation) -> Finding | None:
    """END where no block is open."""
    if situation.token.type != "END" or not situation.is_complete or situation.openers:
        return None
    labels: list[Label] = []
    suspect = _suspicious_end(situation)
    if suspect is not None:
        opener, end = suspect
        text = f"closes the `{opener.value}` of line {situation.line(opener)}, but is not in line with it"
        labels.append(Label(end.span, text))
    diagnostic = diagnose(
        E0113,
        "END without a block to close",
        situation.token,
        "no block is open here",
        *labels,
        help="remove it, or write the first line of its block",
    )
    surplus = _ends_in_a_row(situation)
    return Finding(diagnostic, lambda edit: edit.drop(surplus))


def _ends_in_a_row(situation: Situation) -> int:
    """How many ENDs follow each other from here on this line: one message is enough for them."""
    line = situation.line(situation.token)
    last = situation.at
    while situation.tokens[last].type == "END" and situation.line(situation.tokens[last]) == line:
        last += 1
    return last - situation.at


def stray_else(situation: Situation) -> Finding | None:
    """ELSE or ELSEIF where the nearest open block is no IF, or has its ELSE."""
    token = situation.token
    if token.type not in ("ELSE", "ELSEIF") or not situation.is_complete:
        return None
    openers = situation.openers
    inner = 0
    while inner < len(openers) and openers[-1 - inner].type != "IF":
        inner += 1
    if inner == len(openers):
        return _without_if(situation, "no IF is open here", ())
    if inner == 0:
        opener = openers[-1]
        text = f"the IF of line {situation.line(opener)} has its ELSE"
        return _without_if(situation, "nothing but END can follow an ELSE", (Label(opener.span, text),))
    reason = f"`{token.value}` belongs to the IF of line {situation.line(openers[-1 - inner])}"
    diagnostic = missing_end(situation, openers[-1], inner, reason)
    return Finding(diagnostic, lambda edit: close_blocks(edit, inner))


def _without_if(situation: Situation, text: str, labels: tuple[Label, ...]) -> Finding:
    token = situation.token
    diagnostic = diagnose(
        E0113,
        f"`{token.value}` without an IF",
        token,
        text,
        *labels,
        help="write `IF c THEN .. ELSEIF d THEN .. ELSE .. END`",
    )
    if token.type == "ELSE":
        return Finding(diagnostic, lambda edit: edit.drop())
    count = 1
    while situation.following(count).type not in ("THEN", END_OF_TEXT) and not situation.is_first_on_line(
        min(situation.at + count, len(situation.tokens) - 1)
    ):
        count += 1
    skipped = count + 1 if situation.following(count).type == "THEN" else count
    return Finding(diagnostic, lambda edit: edit.drop(skipped))


def close_blocks(edit: Editor, count: int) -> None:
    """Go on as if an END stood there for each of the innermost blocks."""
    for _ in range(count):
        edit.insert("END")


def _suspicious_end(situation: Situation) -> tuple[Token, Token] | None:
    """The first END that stands at another column than the line of the block it closes."""
    if situation.at > FAR:
        return None
    stack: list[tuple[int, Token]] = []
    indentation = 1
    for number, token in enumerate(situation.tokens[: situation.at]):
        is_first = situation.is_first_on_line(number)
        if is_first:
            indentation = situation.column(token)
        if token.type in ("WHILE", "LOOP", "FOR", "IF", "DEF"):
            stack.append((indentation, token))
        elif token.type == "END" and stack:
            column, opener = stack.pop()
            if is_first and column != indentation:
                return opener, token
    return None
