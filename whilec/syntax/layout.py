"""Lines of a formatted program, and the comments and empty lines between them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, final

from whilec.source import SourceFile, Span
from whilec.syntax import ast
from whilec.syntax.unparse import Unparser

WIDTH: Final = 100
"""Columns beyond which a line is broken, if it has a place for it."""

_INDENT: Final = "  "
_CONTINUATION: Final = "    "
_BLANK_LINE: Final = re.compile(r"\n[ \t\r\f]*\n")
_BREAK_AFTER: Final = frozenset(["+", "-", "*", "/", "=", "!=", "<", "<=", ">", ">=", "AND", "OR"])
_LEAST_ROOM: Final = 40
"""Characters that a broken line may have however deep it is indented."""


@final
@dataclass(frozen=True)
class Line:
    """A logical line: its depth, its text, the source it stands for, and its part in a block."""

    depth: int
    text: str
    span: Span
    opens: bool = False
    closes: bool = False


@final
class LineWriter:
    """Collects the logical lines of a program.

    Args:
        unparser: Writes expressions and heads.
        else_starts: Where the ELSEs of the source begin, in order.
    """

    def __init__(self, unparser: Unparser, else_starts: list[int]) -> None:
        self._unparser = unparser
        self._else_starts = else_starts
        self.lines: list[Line] = []
        self._writers: dict[type, Callable[[Any, int], None]] = {
            ast.While: self._loop,
            ast.Loop: self._loop,
            ast.For: self._loop,
            ast.If: self._choice,
            ast.Def: self._def,
        }

    def program(self, node: ast.Program) -> list[Line]:
        """The lines of a whole program."""
        if node.header is not None:
            self._simple(node.header, 0)
        for item in node.items:
            self._item(item, 0)
        return self.lines

    def _item(self, node: ast.Item, depth: int) -> None:
        self._writers.get(type(node), self._simple)(node, depth)

    def _simple(self, node: Any, depth: int) -> None:
        self.lines.append(Line(depth, self._unparser.head(node), node.span))

    def _block(self, body: tuple[ast.Stmt, ...], depth: int) -> None:
        for statement in body:
            self._item(statement, depth + 1)

    def _end(self, end: int, depth: int) -> None:
        self.lines.append(Line(depth, "END", Span(end - len("END"), end), closes=True))

    def _loop(self, node: Any, depth: int) -> None:
        self.lines.append(Line(depth, self._unparser.head(node), node.head, opens=True))
        self._block(node.body, depth)
        self._end(node.span.end, depth)

    def _choice(self, node: ast.If, depth: int) -> None:
        for number, branch in enumerate(node.branches):
            text = f"{'ELSEIF' if number else 'IF'} {self._unparser.expression(branch.condition)} THEN"
            self.lines.append(Line(depth, text, branch.head, opens=True, closes=number > 0))
            self._block(branch.body, depth)
        if node.orelse is not None:
            after = bisect_left(self._else_starts, node.branches[-1].span.end)
            start = self._else_starts[after] if after < len(self._else_starts) else node.span.end
            self.lines.append(Line(depth, "ELSE", Span(start, start + len("ELSE")), opens=True, closes=True))
            self._block(node.orelse, depth)
        self._end(node.span.end, depth)

    def _def(self, node: ast.Def, depth: int) -> None:
        self.lines.append(Line(depth, self._unparser.head(node), node.head, opens=True))
        for variable in node.variables:
            self._simple(variable, depth + 1)
        self._block(node.body, depth)
        self._end(node.span.end, depth)


@final
@dataclass(frozen=True)
class _Placed:
    """A logical line with the comments before it and the one behind it."""

    line: Line
    before: list[ast.Comment]
    inside: list[ast.Comment]
    behind: list[ast.Comment]


def lay_out(lines: list[Line], comments: tuple[ast.Comment, ...], source: SourceFile) -> str:
    """The text of lines and comments, with single empty lines where the source has any."""
    text = source.text
    placed = [_Placed(line, [], [], []) for line in lines]
    starts = [line.span.start for line in lines]
    rest: list[ast.Comment] = []
    for comment in comments:
        number = bisect_right(starts, comment.span.start) - 1
        if number >= 0 and comment.span.start < lines[number].span.end:
            placed[number].inside.append(comment)
        elif number >= 0 and "\n" not in text[lines[number].span.end : comment.span.start]:
            placed[number].behind.append(comment)
        elif number + 1 < len(lines):
            placed[number + 1].before.append(comment)
        else:
            rest.append(comment)
    out: list[str] = []
    end = 0
    after_opener = True
    for entry in placed:
        line = entry.line
        for comment in entry.before:
            if not after_opener and _has_blank(text, end, comment.span.start):
                out.append("")
            depth = line.depth + (
                line.closes and source.position(comment.span.start).column > _column(line, source)
            )
            out.append(f"{_INDENT * depth}{comment.text.rstrip()}")
            end, after_opener = comment.span.end, False
        if not after_opener and not line.closes and _has_blank(text, end, line.span.start):
            out.append("")
        out += [f"{_INDENT * line.depth}{comment.text.rstrip()}" for comment in entry.inside]
        out += _wrapped(line)
        out[-1] += "".join(f"  {comment.text.rstrip()}" for comment in entry.behind)
        end = max([line.span.end, *(comment.span.end for comment in entry.behind)])
        after_opener = line.opens
    for comment in rest:
        if out and _has_blank(text, end, comment.span.start):
            out.append("")
        out.append(comment.text.rstrip())
        end = comment.span.end
    return "".join(f"{line}\n" for line in out)


def plain_text(lines: list[Line]) -> str:
    """The text of lines alone."""
    return "".join(f"{row}\n" for line in lines for row in _wrapped(line))


def _has_blank(text: str, start: int, end: int) -> bool:
    return _BLANK_LINE.search(text, start, end) is not None


def _column(line: Line, source: SourceFile) -> int:
    return source.position(line.span.start).column


def _wrapped(line: Line) -> list[str]:
    """A logical line, broken after commas and operators where it is too long."""
    text = line.text
    margin = _INDENT * line.depth
    if len(margin) + len(text) <= WIDTH:
        return [margin + text]
    rows: list[str] = []
    places = list(_break_places(text))
    start = number = 0
    while number < len(places):
        room = max(WIDTH - len(margin), _LEAST_ROOM)
        if len(text) - start <= room:
            break
        end = bisect_right(places, start + room, lo=number, key=_position)
        late = bisect_left(places, start + room // 2, lo=number, hi=end, key=_position)
        window = range(late, end) or range(number, end) or range(number, number + 1)
        number = min(window, key=lambda i: (places[i][0], -i))
        rows.append(margin + text[start : places[number][1]])
        start = places[number][1] + 1
        number += 1
        margin = _INDENT * line.depth + _CONTINUATION
    rows.append(margin + text[start:])
    return rows


def _position(place: tuple[int, int]) -> int:
    return place[1]


def _break_places(text: str) -> Iterator[tuple[int, int]]:
    """Bracket depth and position of each space after a comma or an operator, or before `->`."""
    depth = 0
    word = 0
    for place, character in enumerate(text):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == " ":
            if text[place - 1] == "," or text[word:place] in _BREAK_AFTER or text.startswith("->", place + 1):
                yield depth, place
            word = place + 1
