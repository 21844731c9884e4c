"""Parsing a text that has errors, so that all of them are found.

The parser's stacks are edited so that it can go on: the broken statement is given up, or the text
is read as it was probably meant. A broken head of a loop or a choice counts as complete, so that its
END still finds it. Every line gets one message at most.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Final, cast, final

from whilec.diagnostics.model import Diagnostic
from whilec.source import SourceFile
from whilec.syntax.lexer import END_OF_TEXT, Lexed, Token
from whilec.syntax.limits import OPENERS
from whilec.syntax.mistakes import recognise
from whilec.syntax.situation import CLOSING, DECLARATIONS, OPENING, STATEMENTS, Lines, Situation
from whilec.syntax.tables import Tables

MAX_ERRORS = 100
"""After this many messages the text is no program."""

MAX_REPAIRS = 400
"""After this many edits the text is no program."""

_BLOCK_ENDS: Final = frozenset({"END", "ELSE", "ELSEIF"})
_STARTS: Final = STATEMENTS | DECLARATIONS | _BLOCK_ENDS | {"PROGRAM", "SEMICOLON", END_OF_TEXT}
_BEGINNINGS: Final = frozenset({"NUMBER", "LPAR"})
"""What a line can begin with that is no statement, but was hardly meant to go on with the line before."""

_ASSIGNMENTS: Final = frozenset({"ASSIGN", "EQUAL"})

_REST_OF_HEAD: Final = {
    "WHILE": ("NAME", "DO"),
    "LOOP": ("NUMBER", "DO"),
    "IF": ("NAME", "THEN"),
    "ELSEIF": ("NAME", "THEN"),
    "FOR": ("NAME", "FROM", "NUMBER", "TO", "NUMBER", "DO"),
    "DEF": ("NAME", "LPAR", "RPAR", "ARROW", "NAME"),
    "PROGRAM": ("NAME", "LPAR", "RPAR"),
}
"""Terminals that make a head complete."""


@final
class Recovery:
    """One run over the tokens of a text with errors, of which the first `good` are right."""

    def __init__(
        self,
        source: SourceFile,
        tables: Tables,
        state: Any,
        keywords: dict[str, str],
        lexed: Lexed,
        end: Token,
        good: int,
    ) -> None:
        self._source = source
        self._tables = tables
        self._state = state
        self._keywords = keywords
        self._tokens = [*lexed.tokens, end]
        self._starts = [token.start for token in self._tokens]
        self._token_lines = Lines(source, self._tokens)
        self._at = 0
        self._found: list[Diagnostic] = []
        self._lines = {self._line(d) for d in lexed.diagnostics}
        self._good = good
        self._last: tuple[int, int] | None = None
        self._repairs = 0

    def run(self) -> list[Diagnostic]:
        """Everything that is wrong with the order of the tokens."""
        stack = self._state.state_stack
        for token in self._tokens[: self._good]:
            self._state.feed_token(token, False)
        self._at = self._good
        while len(self._found) < MAX_ERRORS and self._repairs < MAX_REPAIRS:
            token = self._tokens[self._at]
            if self._tables.accepts(stack, token.type):
                is_end = token.type == END_OF_TEXT
                self._state.feed_token(token, is_end)
                if is_end:
                    break
                self._at += 1
            elif not self._repair():
                break
        return self._found

    def not_yet_told(self, diagnostics: list[Diagnostic]) -> list[Diagnostic]:
        """Those of other diagnostics whose line has no message yet."""
        return [diagnostic for diagnostic in diagnostics if self._line(diagnostic) not in self._lines]

    # ---- an error

    def _repair(self) -> bool:
        """Report an error and edit the state; whether there is anything left to parse."""
        self._repairs += 1
        here = (self._at, len(self._state.state_stack))
        if here == self._last:  # the last repair did not help
            if self._tokens[self._at].type == END_OF_TEXT:
                return False
            self._at += 1
            return True
        self._last = here
        self._close_block()
        finding = recognise(self._situation())
        diagnostic = finding.diagnostic
        if diagnostic is not None:
            line = self._line(diagnostic)
            if line not in self._lines and self._source.position(self._here.start).line not in self._lines:
                self._lines.add(line)
                self._found.append(diagnostic)
        finding.repair(self)
        return True

    def _close_block(self) -> None:
        """Reduce a block statement whose END has just been read, so that it is open no more."""
        state = self._state
        last = state.value_stack[-1] if state.value_stack else None
        if (
            type(last) is Token
            and last.type == "END"
            and self._tables.accepts(state.state_stack, "SEMICOLON")
        ):
            state.feed_token(Token("SEMICOLON", ";", last.end, last.end), False)

    @property
    def _here(self) -> Token:
        return self._tokens[self._at]

    def _line(self, diagnostic: Diagnostic) -> int:
        assert diagnostic.primary is not None
        return self._source.position(diagnostic.primary.span.start).line

    def _situation(self) -> Situation:
        states: list[int] = self._state.state_stack
        values: list[Any] = self._state.value_stack
        base = self._base()
        first = self._number_of(values[base]) if base < len(values) else self._at
        header = values[base] if base < len(values) and type(values[base]) is Token else None
        openers = [value for value in values[:base] if type(value) is Token and value.type in OPENERS]
        return Situation(
            self._source,
            self._tokens,
            self._token_lines,
            self._at,
            first,
            header if header is not None and header.type in _REST_OF_HEAD else None,
            openers,
            lambda terminal: self._tables.accepts(states, terminal),
            lambda: self._tables.expected(states),
            self._keywords,
        )

    def _base(self) -> int:
        """How much of the stack lies below the broken statement or ELSEIF."""
        states: list[int] = self._state.state_stack
        values: list[Any] = self._state.value_stack
        for height in range(len(states) - 1, 0, -1):
            if self._tables.shifts(states[height], "WHILE"):
                return height
            value = values[height - 1]
            if type(value) is Token and value.type == "ELSEIF":
                return height - 1
        return 0

    def _number_of(self, value: Any) -> int:
        """The number of the token with which a value of the stack begins."""
        first: Any = value
        while type(first) is tuple:
            first = cast("tuple[Any, ...]", first)[0]
        start: int = first.start if type(cast("object", first)) is Token else first.span.start
        return bisect_left(self._starts, start)

    # ---- edits

    def retype(self, changes: dict[int, str], restart: bool = False) -> None:
        """See `Editor`."""
        for number, terminal in changes.items():
            self._tokens[number] = self._tokens[number].retyped(terminal)
        if restart:
            base = self._base()
            if base < len(self._state.value_stack):
                self._at = self._number_of(self._state.value_stack[base])
                self._cut(base)

    def insert(self, terminal: str) -> None:
        """See `Editor`."""
        start = self._here.start
        self._feed(Token(terminal, "1" if terminal == "NUMBER" else terminal, start, start))

    def drop(self, count: int = 1) -> None:
        """See `Editor`."""
        self._at = min(self._at + count, len(self._tokens) - 1)

    def resume(self, at: int) -> None:
        """See `Editor`."""
        base = self._base()
        values = self._state.value_stack
        head = values[base] if base < len(values) else None
        self._cut(base)
        self._at = at
        if type(head) is Token and head.type in _REST_OF_HEAD:
            self._feed(head)
            for terminal in _REST_OF_HEAD[head.type]:
                self.insert(terminal)

    def disguise(self, at: int) -> None:
        """See `Editor`."""
        opener = self._here.retyped("LOOP")
        self._cut(self._base())
        self._at = at
        if self._tables.accepts(self._state.state_stack, "LOOP"):
            self._feed(opener)
            self.insert("NUMBER")
            self.insert("DO")

    def panic(self) -> None:
        """See `Editor`."""
        situation = self._situation()
        if situation.header is not None:
            self.resume(self._after_head(situation))
            return
        number = self._next_start(situation)
        self._cut(self._base())
        self._at = number

    def _after_head(self, situation: Situation) -> int:
        """Where the block begins whose head is broken."""
        at = situation.at
        line = situation.line(situation.token)
        start = situation.line_start(at)
        if start > situation.first and situation.starts_assignment(start, _ASSIGNMENTS):
            return start
        if situation.is_first_on_line(at) and self._tokens[at].type in _STARTS and at > situation.first:
            return at
        number = at
        while self._tokens[number].type != END_OF_TEXT and situation.line(self._tokens[number]) == line:
            kind = self._tokens[number].type
            if kind in ("DO", "THEN", "LBRACE"):
                return number + 1
            if kind in _BLOCK_ENDS or (kind == "SEMICOLON" and not situation.open_brackets()):
                return number
            number += 1
        return number

    def _next_start(self, situation: Situation) -> int:
        """Where the next statement seems to begin."""
        number = situation.at
        start = situation.line_start(number)
        if start > situation.first and situation.starts_assignment(start, _ASSIGNMENTS):
            return start
        depth = 0
        for token in self._tokens[situation.first : number]:
            depth = max(0, depth + (token.type in OPENING) - (token.type in CLOSING))
        if situation.begins_statement and situation.token.type != END_OF_TEXT:
            number += 1
        while self._tokens[number].type != END_OF_TEXT:
            kind = self._tokens[number].type
            is_first = situation.is_first_on_line(number)
            if kind in _STARTS and (depth == 0 or (is_first and kind != "SEMICOLON")):
                break
            if kind == "NAME" and (
                (is_first and depth == 0)
                or (is_first and situation.starts_assignment(number, _ASSIGNMENTS))
                or (
                    depth == 0
                    and self._tokens[number - 1].type != "COMMA"
                    and situation.starts_assignment(number)
                )
            ):
                break
            if is_first and depth == 0 and (kind in _BEGINNINGS or self._has_assignment(number)):
                break
            depth = max(0, depth + (kind in OPENING) - (kind in CLOSING))
            number += 1
        return number

    def _has_assignment(self, number: int) -> bool:
        """Whether `:=` stands on the line that begins with a token."""
        line = self._tokens[number : self._token_lines.after(number)]
        return any(token.type == "ASSIGN" for token in line)

    def _cut(self, base: int) -> None:
        del self._state.state_stack[base + 1 :]
        del self._state.value_stack[base:]

    def _feed(self, token: Token) -> None:
        """Take a token that is not in the text, if it can stand there."""
        if self._tables.accepts(self._state.state_stack, token.type):
            self._state.feed_token(token, False)
