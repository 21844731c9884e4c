"""Source text to tokens: one regular expression made from the grammar's terminals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from lark.lexer import Lexer as AbstractLexer

from whilec.diagnostics.model import Diagnostic
from whilec.source import SourceFile, Span
from whilec.syntax import lexical
from whilec.syntax.ast import Comment

if TYPE_CHECKING:
    from lark.common import LexerConf

END_OF_TEXT = "$END"
"""Lark's name for the terminal after the last one."""


@final
class Token:
    """A piece of the text: the name of its terminal, its spelling, its place."""

    __slots__ = ("end", "start", "type", "value")

    def __init__(self, type: str, value: str, start: int, end: int) -> None:
        self.type = type
        self.value = value
        self.start = start
        self.end = end

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)

    def retyped(self, type: str) -> Token:
        """The same piece of text as another terminal."""
        return Token(type, self.value, self.start, self.end)


@final
@dataclass(frozen=True)
class Lexed:
    """The tokens of a text; where there are diagnostics, some of them are guesses."""

    tokens: list[Token]
    comments: tuple[Comment, ...]
    diagnostics: tuple[Diagnostic, ...]


@final
class Lexer(AbstractLexer):
    """The lexer class that Lark is given; it takes all spellings from the grammar."""

    __future_interface__ = 2

    def __init__(self, conf: LexerConf) -> None:
        patterns = {terminal.name: terminal.pattern for terminal in conf.terminals}
        words = patterns["NAME"].to_regexp()
        self.keywords = {
            spelling: name
            for name, pattern in patterns.items()
            if name != "NAME" and re.fullmatch(words, name)
            for spelling in (name, name.lower())
            if re.fullmatch(pattern.to_regexp(), spelling)
        }
        """Every spelling of a reserved word with the name of its terminal."""
        symbols = [
            name
            for name in sorted(patterns, key=lambda name: (-patterns[name].max_width, name))
            if name not in self.keywords and name not in conf.ignore and name not in ("NAME", "NUMBER")
        ]
        blank = "|".join(patterns[name].to_regexp() for name in conf.ignore if name != "COMMENT")
        self._master = re.compile(
            rf"(?:{blank})*+(?:(?P<NAME>{words})|(?P<NUMBER>{patterns['NUMBER'].to_regexp()}){lexical.AFTER_NUMBER}"
            rf"|(?P<COMMENT>{patterns['COMMENT'].to_regexp()})|(?P<FOREIGN>{lexical.FOREIGN})|"
            + "|".join(f"(?P<{name}>{patterns[name].to_regexp()})" for name in symbols)
            + rf"|(?P<OTHER>(?!(?:{blank}))[\s\S]))"
        )

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Any]:
        """Lark's entry: the tokens of a text without errors."""
        yield from self.scan(SourceFile("<text>", lexer_state.text.text)).tokens

    def scan(self, source: SourceFile) -> Lexed:
        """All tokens and comments of a text, and what is wrong with its characters."""
        text = source.text
        tokens: list[Token] = []
        comments: list[Comment] = []
        faults = lexical.Faults(source)
        keyword = self.keywords.get
        append = tokens.append
        scan = self._master.match
        match = scan(text, 1 if text.startswith("\ufeff") else 0)
        while match is not None:
            kind = match.lastgroup
            end = match.end()
            value = match[match.lastindex or 0]
            if kind == "NAME":
                append(Token(keyword(value, "NAME"), value, end - len(value), end))
            elif kind == "COMMENT":
                comments.append(Comment(value, span=Span(end - len(value), end)))
            elif kind == "FOREIGN" or kind == "OTHER":
                start = end - len(value)
                if tokens and tokens[-1].end == start and lexical.continues_word(text, start):
                    start = tokens.pop().start
                fault = faults.at(start, end)
                end = fault.end
                if fault.terminal is not None:
                    append(Token(fault.terminal, text[start:end], start, end))
            else:
                append(Token(kind or "", value, end - len(value), end))
            match = scan(text, end)
        return Lexed(tokens, tuple(comments), faults.diagnostics())
