"""What is known at the place of a syntax error, and how a recogniser answers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeAlias, final

from whilec.diagnostics.model import Code, Diagnostic, Fix, Label
from whilec.source import SourceFile, Span
from whilec.syntax.lexer import END_OF_TEXT, Token
from whilec.syntax.limits import OPENERS

OPENING = {"LPAR": "RPAR", "LSQB": "RSQB"}
"""Opening brackets with the closing ones that answer them."""

FAR = 100_000
"""Beyond this many tokens no explanation is searched for in the text before."""

CLOSING = frozenset(OPENING.values())
DECLARATIONS = frozenset({"CONST", "PARAM", "REQUIRE", "VAR", "DEF"})
STATEMENTS = frozenset({"WHILE", "LOOP", "FOR", "IF"})


class Editor(Protocol):
    """What can be done to go on after an error."""

    def retype(self, changes: dict[int, str], restart: bool = False) -> None:
        """Take tokens, by their numbers, for other terminals; `restart` the broken statement."""
        ...

    def insert(self, terminal: str) -> None:
        """Go on as if a keyword or sign stood before the wrong token."""
        ...

    def drop(self, count: int = 1) -> None:
        """Go on after the wrong token, or after several."""
        ...

    def resume(self, at: int) -> None:
        """Give up the broken statement; a broken head counts as complete. Go on at a token."""
        ...

    def panic(self) -> None:
        """Give up the broken statement and go on where the next one seems to begin."""
        ...

    def disguise(self, at: int) -> None:
        """Give up the broken statement, open a block in its place, and go on at a token."""
        ...


@final
@dataclass(frozen=True)
class Finding:
    """The mistake that a recogniser sees, None to keep silent, and the way to go on."""

    diagnostic: Diagnostic | None
    repair: Callable[[Editor], None]


Recogniser: TypeAlias = "Callable[[Situation], Finding | None]"


@final
class Lines:
    """On which line each token of a text stands."""

    def __init__(self, source: SourceFile, tokens: list[Token]) -> None:
        self.numbers = [source.position(token.start).line for token in tokens]
        self.firsts = [i for i, line in enumerate(self.numbers) if i == 0 or line != self.numbers[i - 1]]
        """The numbers of the tokens that are the first of their lines."""

    def first(self, number: int) -> int:
        """The number of the first token on the line of a token."""
        return self.firsts[bisect_right(self.firsts, number) - 1]

    def after(self, number: int) -> int:
        """The number of the first token on a later line; of the last token if there is none."""
        place = bisect_right(self.firsts, number)
        return self.firsts[place] if place < len(self.firsts) else len(self.numbers) - 1


@final
class Situation:
    """The text around a token that cannot stand where it stands.

    Args:
        source: The text.
        tokens: All its tokens; the last one is its end.
        lines: On which lines they stand.
        at: The number of the wrong token.
        first: The number of the first token of the statement that it breaks; `at` if there is none.
        header: The keyword of the broken statement where its head is still open (`WHILE x >`).
        openers: The keywords of the open blocks, from the outermost.
        accepts: Whether a terminal could stand there.
        expected: All terminals that could stand there.
        keywords: The spellings of the reserved words.
    """

    def __init__(
        self,
        source: SourceFile,
        tokens: list[Token],
        lines: Lines,
        at: int,
        first: int,
        header: Token | None,
        openers: list[Token],
        accepts: Callable[[str], bool],
        expected: Callable[[], frozenset[str]],
        keywords: dict[str, str],
    ) -> None:
        self.source = source
        self.tokens = tokens
        self._lines = lines
        self.at = at
        self.first = first
        self.header = header
        self.openers = openers
        self.accepts = accepts
        self.expected = expected
        self.keywords = keywords

    @property
    def token(self) -> Token:
        """The token that is wrong here."""
        return self.tokens[self.at]

    @property
    def previous(self) -> Token | None:
        """The token before it."""
        return self.tokens[self.at - 1] if self.at else None

    @cached_property
    def is_complete(self) -> bool:
        """Whether the text before could be followed by a new statement."""
        return self.accepts("WHILE")

    @property
    def begins_statement(self) -> bool:
        """Whether the wrong token itself stands where a statement begins."""
        return self.first == self.at

    def following(self, distance: int = 1) -> Token:
        """A token after the wrong one; the end of the text if there are fewer."""
        return self.tokens[min(self.at + distance, len(self.tokens) - 1)]

    def line(self, token: Token) -> int:
        """The line on which a token begins."""
        return self.source.position(token.start).line

    def column(self, token: Token) -> int:
        """The column at which a token begins."""
        return self.source.position(token.start).column

    def number_of(self, token: Token) -> int:
        """The number of a token."""
        return bisect_left(self.tokens, token.start, key=lambda other: other.start)

    def is_first_on_line(self, number: int) -> bool:
        """Whether only white space stands before a token on its line; the end counts as such."""
        return self._lines.first(number) == number or self.tokens[number].type == END_OF_TEXT

    def starts_assignment(self, number: int, signs: frozenset[str] = frozenset({"ASSIGN"})) -> bool:
        """Whether `a, b[i] :=` begins at a token."""
        while self.tokens[number].type == "NAME":
            number += 1
            if self.tokens[number].type == "LSQB":
                number = self.after_bracket(number)
            if self.tokens[number].type != "COMMA":
                return self.tokens[number].type in signs
            number += 1
        return False

    def after_bracket(self, number: int) -> int:
        """The number of the token after the bracket that answers the one at `number`."""
        depth = 0
        while self.tokens[number].type != END_OF_TEXT:
            kind = self.tokens[number].type
            depth += (kind in OPENING) - (kind in CLOSING)
            number += 1
            if depth == 0:
                break
        return number

    def open_brackets(self) -> list[Token]:
        """The brackets of the broken statement that are still open, from the outermost."""
        brackets: list[Token] = []
        for token in self.tokens[self.first : self.at]:
            if token.type in OPENING:
                brackets.append(token)
            elif token.type in CLOSING and brackets:
                brackets.pop()
        return brackets

    def next_line(self, number: int) -> int:
        """The number of the first token on a later line than that of a token."""
        return self._lines.after(number)

    def line_start(self, number: int) -> int:
        """The number of the first token on the line of a token."""
        return number if self.tokens[number].type == END_OF_TEXT else self._lines.first(number)

    def unclosed(self) -> list[Token]:
        """The keywords of the open blocks; indentation tells which of them lack their END."""
        blamed = _blame(self) if self.at <= FAR else []
        return blamed if len(blamed) == len(self.openers) else self.openers


def diagnose(
    code: Code,
    title: str,
    place: Token | Span,
    text: str = "",
    *others: Label,
    help: str | None = None,
    fix: str | None = None,
    notes: tuple[str, ...] = (),
) -> Diagnostic:
    """A diagnostic whose fix, if there is one, replaces its primary place."""
    span = place.span if isinstance(place, Token) else place
    mend = Fix(span, fix) if fix is not None else None
    return Diagnostic(code, title, Label(span, text), others, help=help, notes=notes, fix=mend)


def _blame(situation: Situation) -> list[Token]:
    """Pair openers with ENDs by their indentation; what is left over lacks its END."""
    tokens = situation.tokens
    blamed: list[Token] = []
    stack: list[tuple[int, int]] = []
    indentation = 1
    for number in range(situation.at):
        token = tokens[number]
        is_first = situation.is_first_on_line(number)
        if is_first:
            indentation = situation.column(token)
        if token.type in OPENERS:
            stack.append((indentation, number))
        elif token.type == "END" and stack:
            if is_first and any(column == indentation for column, _ in stack):
                while stack[-1][0] > indentation or _is_else_if(tokens, stack):
                    blamed.append(tokens[stack.pop()[1]])
            stack.pop()
    blamed += [tokens[number] for _, number in stack]
    return sorted(blamed, key=lambda token: token.start)


def _is_else_if(tokens: list[Token], stack: list[tuple[int, int]]) -> bool:
    """Whether the innermost block is the IF of an `ELSE IF` in line with the IF it belongs to."""
    if len(stack) < 2 or stack[-1][0] != stack[-2][0]:
        return False
    return tokens[stack[-1][1]].type == "IF" and tokens[stack[-1][1] - 1].type == "ELSE"
