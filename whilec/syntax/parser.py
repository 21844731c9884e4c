"""Source text to syntax tree, with all syntax errors of the file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, final

from whilec.diagnostics.model import Diagnostic
from whilec.source import SourceFile
from whilec.syntax import ast, limits
from whilec.syntax.build import Builder
from whilec.syntax.lexer import END_OF_TEXT, Lexed, Lexer, Token
from whilec.syntax.memory import collection_paused
from whilec.syntax.tables import Tables, load_lark

MAX_DIAGNOSTICS = 20
"""Syntax errors shown of one file."""


@final
@dataclass(frozen=True)
class ParseResult:
    """What a text says; `program` is None where there is a diagnostic."""

    program: ast.Program | None
    comments: tuple[ast.Comment, ...]
    diagnostics: tuple[Diagnostic, ...]


def parse(source: SourceFile) -> ParseResult:
    """The syntax tree and the comments of a text, or everything that is wrong with it."""
    with collection_paused():
        return _parse(source)


def _parse(source: SourceFile) -> ParseResult:
    oversized = limits.check_size(source)
    if oversized is not None:
        return ParseResult(None, (), (oversized,))
    front = _front()
    lexed = front.lexer.scan(source)
    end = Token(END_OF_TEXT, "", len(source.text), len(source.text))
    too_deep = limits.check_blocks(lexed.tokens)
    if too_deep is not None:
        return _failed(source, lexed, [too_deep])
    front.builder.problems.take()
    program = front.straight([*lexed.tokens, end]) if not lexed.diagnostics else 0
    if not isinstance(program, int):
        problems = front.builder.problems.take() or limits.check_levels(program)
        if not problems:
            return ParseResult(program, lexed.comments, ())
    else:
        front.builder.problems.take()
        from whilec.syntax.recovery import Recovery  # correct programs need not wait for it

        recovery = Recovery(source, front.tables, front.state(), front.lexer.keywords, lexed, end, program)
        problems = recovery.run()
        problems += recovery.not_yet_told(front.builder.problems.take())
    return _failed(source, lexed, problems)


def scan(source: SourceFile) -> Lexed:
    """The tokens and comments of a text, without parsing it."""
    return _front().lexer.scan(source)


@cache
def reserved_words() -> frozenset[str]:
    """The keywords of the grammar, in capitals."""
    return frozenset(_front().lexer.keywords.values())


@final
class _Front:
    """Lark's parser for the grammar."""

    def __init__(self) -> None:
        self.builder = Builder()
        self._lark = load_lark(self.builder)
        self.lexer: Lexer = self._lark.parser.lexer
        self.tables = Tables.of(self._lark)
        state = self.state()
        self._start: int = state.state_stack[0]
        self._actions = self.tables.actions(state.parse_conf.callbacks)

    def state(self) -> Any:
        """A parser at the start of a text."""
        return self._lark.parse_interactive().parser_state

    def straight(self, tokens: list[Token]) -> ast.Program | int:
        """The program, or the number of the first token that cannot stand where it stands."""
        actions, end_state = self._actions, self.tables.end_state
        stack, values = [self._start], list[Any]()
        for number, token in enumerate(tokens):
            while True:
                action = actions[stack[-1]].get(token.type)
                if action is None:
                    return number
                if isinstance(action, int):
                    stack.append(action)
                    values.append(token)
                    break
                size, origin, callback = action
                taken = values[len(values) - size :]
                if size:
                    del values[-size:], stack[-size:]
                values.append(callback(taken))
                stack.append(actions[stack[-1]][origin])  # pyright: ignore[reportArgumentType]
                if stack[-1] == end_state:
                    break
        value, end = values[-1], tokens[-1]
        assert isinstance(value, ast.Program)
        return replace(value, span=value.span._replace(end=end.end))


@cache
def _front() -> _Front:
    """The one parser of the process."""
    return _Front()


def _failed(source: SourceFile, lexed: Lexed, problems: list[Diagnostic]) -> ParseResult:
    """The first diagnostics in the order of the text, the last of them saying how many there are."""
    found = sorted([*lexed.diagnostics, *problems], key=lambda d: d.primary.span if d.primary else (0, 0))
    shown = found[:MAX_DIAGNOSTICS]
    if len(found) > len(shown):
        rest = len(found) - len(shown)
        note = f"{rest} more syntax error{'s' if rest > 1 else ''} in this file"
        shown[-1] = replace(shown[-1], notes=(*shown[-1].notes, note))
    return ParseResult(None, lexed.comments, tuple(_spaced(d, source).in_source(source) for d in shown))


def _spaced(diagnostic: Diagnostic, source: SourceFile) -> Diagnostic:
    """A diagnostic whose fix has spaces where its words would run into those beside it."""
    fix = diagnostic.fix
    if fix is None or not fix.replacement:
        return diagnostic
    text, (start, end) = source.text, fix.span
    before = " " if _is_in_word(text[start - 1 : start]) and _is_in_word(fix.replacement[0]) else ""
    after = " " if _is_in_word(fix.replacement[-1]) and _is_in_word(text[end : end + 1]) else ""
    return replace(diagnostic, fix=replace(fix, replacement=f"{before}{fix.replacement}{after}"))


def _is_in_word(character: str) -> bool:
    """Whether a character, if there is one, belongs to a name, a keyword or a number."""
    return character.isalnum() or character == "_"
