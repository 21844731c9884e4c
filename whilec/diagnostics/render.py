"""Diagnostics as text for people: header, source lines with marks, help and notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import final

from whilec.diagnostics.cells import lay_out, printable
from whilec.diagnostics.model import Diagnostic, Fix, Label, Severity
from whilec.source import Position, SourceFile, Span

MAX_WIDTH = 120
"""Source lines with more characters are clipped around their marks."""

_CONTEXT = 20
"""Characters that stay before the first mark of a clipped line."""


@final
@dataclass(frozen=True)
class Palette:
    """Escape sequences by role; the default has none, for files and pipes."""

    error: str = ""
    warning: str = ""
    secondary: str = ""
    gutter: str = ""
    strong: str = ""
    added: str = ""
    removed: str = ""
    end: str = ""

    def paint(self, style: str, text: str) -> str:
        """The text in one of the styles."""
        return f"{style}{text}{self.end}" if style and text else text

    def of(self, severity: Severity) -> str:
        """The style of an error or warning."""
        return self.error if severity is Severity.ERROR else self.warning


PLAIN = Palette()
ANSI = Palette(
    error="\x1b[1;31m",
    warning="\x1b[1;33m",
    secondary="\x1b[1;34m",
    gutter="\x1b[34m",
    strong="\x1b[1m",
    added="\x1b[32m",
    removed="\x1b[31m",
    end="\x1b[0m",
)


def render(diagnostics: Iterable[Diagnostic], palette: Palette = PLAIN, width: int = MAX_WIDTH) -> str:
    """The diagnostics as one text, an empty line after each.

    The first of each code says how to read more about it.
    """
    seen: set[str] = set()
    blocks: list[str] = []
    for diagnostic in diagnostics:
        is_first = diagnostic.code.name not in seen
        seen.add(diagnostic.code.name)
        blocks.append(render_one(diagnostic, palette, width, explain=is_first) + "\n")
    return "\n".join(blocks)


def render_one(
    diagnostic: Diagnostic, palette: Palette = PLAIN, width: int = MAX_WIDTH, *, explain: bool = True
) -> str:
    """One diagnostic, without a line end after it; `explain` adds where to read more."""
    marks = _marks(diagnostic)
    fix = diagnostic.fix if diagnostic.source is not None else None
    last_line = max((m.line for m in marks), default=1)
    if diagnostic.source is not None and fix is not None:
        end = diagnostic.source.position(fix.span.end).line
        last_line = max(last_line, end + fix.replacement.count("\n"))
    page = _Page(palette, palette.of(diagnostic.severity), len(str(last_line)), width)

    lines = [page.header(diagnostic)]
    source = diagnostic.source
    if source is not None:
        lines.append(page.place(source, diagnostic.primary))
    if source is not None and marks:
        lines.append(page.bar())
        lines.extend(page.excerpt(source, marks))
    remarks = list(page.help(diagnostic))
    if source is not None and fix is not None:
        remarks.extend(page.fix(source, fix))
    remarks.extend(page.notes(diagnostic, explain=explain))
    if remarks and marks:
        lines.append(page.bar())
    return "\n".join(line.rstrip() for line in [*lines, *remarks])


def label_range(source: SourceFile, span: Span) -> tuple[Position, Position]:
    """First place of a label and the place after it, for people.

    What lies behind the last text of the file is shown at the end of that text, not on the empty
    line that follows a final line end.
    """
    start, end = _clamp(source, span)
    return source.position(start), source.position(end)


def _clamp(source: SourceFile, span: Span) -> Span:
    length = len(source.text)
    start = min(max(span.start, 0), length)
    end = min(max(span.end, start), length)
    if source.text[start:].isspace() or start == length:
        start = min(start, len(source.text.rstrip()))
        end = start
    return Span(start, end)


@final
@dataclass(frozen=True)
class _Mark:
    """A stretch of one source line to be underlined; columns count from 0."""

    line: int
    start: int
    end: int
    text: str
    is_primary: bool


def _marks(diagnostic: Diagnostic) -> list[_Mark]:
    source, primary = diagnostic.source, diagnostic.primary
    if source is None or primary is None:
        return []
    marks = list(_label_marks(source, primary, is_primary=True))
    for label in diagnostic.labels:
        marks.extend(_label_marks(source, label, is_primary=False))
    return marks


def _label_marks(source: SourceFile, label: Label, *, is_primary: bool) -> Iterator[_Mark]:
    first, last = label_range(source, label.span)
    text = printable(label.text)
    start = first.column - 1
    if last.line > first.line and last.column == 1:
        last = Position(last.line - 1, len(source.line(last.line - 1)) + 1)
    if first.line == last.line:
        yield _Mark(first.line, start, max(last.column - 1, start + 1), text, is_primary)
        return
    yield _Mark(first.line, start, max(len(source.line(first.line)), start + 1), text, is_primary)
    closing = source.line(last.line)
    indent = len(closing) - len(closing.lstrip())
    yield _Mark(last.line, min(indent, last.column - 1), max(last.column - 1, 1), "up to here", is_primary)


@final
@dataclass(frozen=True)
class _Page:
    """Lines of one rendered diagnostic: the styles and the width of its gutter."""

    palette: Palette
    style: str
    digits: int
    width: int

    def header(self, diagnostic: Diagnostic) -> str:
        paint = self.palette.paint
        kind = f"{diagnostic.severity.value}[{diagnostic.code.name}]"
        return paint(self.style, kind) + paint(self.palette.strong, f": {printable(diagnostic.title)}")

    def place(self, source: SourceFile, primary: Label | None) -> str:
        where = printable(source.name)
        if primary is not None:
            first, _ = label_range(source, primary.span)
            where = f"{where}:{first.line}:{first.column}"
        return " " * (self.digits + 1) + self.palette.paint(self.palette.gutter, "-->") + f" {where}"

    def bar(self, sign: str = "|") -> str:
        return " " * (self.digits + 2) + self.palette.paint(self.palette.gutter, sign)

    def numbered(self, number: int, sign: str = "|", style: str = "") -> str:
        return self.palette.paint(style or self.palette.gutter, f" {number:>{self.digits}} {sign}")

    def excerpt(self, source: SourceFile, marks: list[_Mark]) -> Iterator[str]:
        """The marked lines in order; a single line between two of them is shown, more are `:`."""
        by_line: dict[int, list[_Mark]] = {}
        for mark in marks:
            by_line.setdefault(mark.line, []).append(mark)
        previous: int | None = None
        for number in sorted(by_line):
            if previous is not None and number == previous + 2:
                between, _, _ = self._clipped(source.line(number - 1), [])
                yield f"{self.numbered(number - 1)} {between}"
            elif previous is not None and number > previous + 2:
                yield self.bar(":")
            text, starts, offset = self._clipped(source.line(number), by_line[number])
            yield f"{self.numbered(number)} {text}"
            seen = [m for m in by_line[number] if offset <= m.start <= offset + len(starts)]
            for row in self._mark_rows([_on_screen(m, starts, offset) for m in seen]):
                yield f"{self.bar()} {row}"
            previous = number

    def _clipped(self, line: str, marks: list[_Mark]) -> tuple[str, list[int], int]:
        """The line for the screen, the cells of its characters, and the first one shown."""
        if len(line) <= self.width:
            return *lay_out(line), 0
        anchor = min(
            (m.start for m in marks if m.is_primary), default=min((m.start for m in marks), default=0)
        )
        first = max(0, min(anchor - _CONTEXT, len(line) - self.width))
        head = "..." if first else ""
        tail = "..." if first + self.width < len(line) else ""
        text, starts = lay_out(line[first : first + self.width])
        return head + text + tail, [len(head) + at for at in starts], first

    def _mark_rows(self, marks: list[_Mark]) -> Iterator[str]:
        """Underlines in one row, then the texts that found no room in it."""
        signs: dict[int, tuple[str, str]] = {}
        for mark in sorted(marks, key=lambda m: m.is_primary):
            for cell in range(mark.start, mark.end):
                signs[cell] = ("^" if mark.is_primary else "-", self._style(mark))
        row = self._row(signs)
        waiting = sorted((m for m in marks if m.text), key=lambda m: (m.start, m.is_primary))
        reach = max(m.end for m in marks)
        if (
            waiting
            and waiting[-1].end == reach
            and (len(waiting) < 2 or waiting[-2].end <= waiting[-1].start)
        ):
            last = waiting.pop()
            row += " " + self.palette.paint(self._style(last), last.text)
        yield row
        if waiting:
            yield self._row({m.start: ("|", self._style(m)) for m in waiting})
        while waiting:
            last = waiting.pop()
            signs = {m.start: ("|", self._style(m)) for m in waiting if m.start < last.start}
            yield self._row(signs, last.start) + self.palette.paint(self._style(last), last.text)

    def _style(self, mark: _Mark) -> str:
        return self.style if mark.is_primary else self.palette.secondary

    def _row(self, signs: dict[int, tuple[str, str]], length: int = 0) -> str:
        """Signs at their cells; neighbours of one style share its escape sequence."""
        parts: list[str] = []
        run, style = "", ""
        for cell in range(max(length, max(signs, default=-1) + 1)):
            sign, sign_style = signs.get(cell, (" ", ""))
            if sign_style != style:
                parts.append(self.palette.paint(style, run))
                run, style = "", sign_style
            run += sign
        return "".join([*parts, self.palette.paint(style, run)])

    def help(self, diagnostic: Diagnostic) -> Iterator[str]:
        """What to do."""
        if diagnostic.help is not None:
            yield from self._remark("help", diagnostic.help)

    def notes(self, diagnostic: Diagnostic, *, explain: bool) -> Iterator[str]:
        """Background; also the text of a label that has no source to stand under."""
        primary = diagnostic.primary
        if primary is not None and primary.text and diagnostic.source is None:
            yield from self._remark("note", primary.text)
        for note in diagnostic.notes:
            yield from self._remark("note", note)
        if explain:
            yield from self._remark("note", f"`whilec explain {diagnostic.code.name}` shows examples")

    def _remark(self, kind: str, text: str) -> Iterator[str]:
        first, *rest = printable(text).split("\n")
        yield f"{self.bar('=')} {self.palette.paint(self.palette.strong, kind + ':')} {first}"
        indent = " " * (self.digits + len(kind) + 6)
        for line in rest:
            yield indent + line

    def fix(self, source: SourceFile, fix: Fix) -> Iterator[str]:
        """The lines that a fix touches, before and after."""
        first, last = source.position(fix.span.start).line, source.position(fix.span.end).line
        start, end = source.position(fix.span.start), source.position(fix.span.end)
        before = [source.line(number) for number in range(first, last + 1)]
        after = before[0][: start.column - 1] + fix.replacement + before[-1][end.column - 1 :]
        after_lines = after.rstrip("\n").split("\n") if after.strip() else []
        yield from self._remark("fix", "")
        for sign, style, lines in (
            ("-", self.palette.removed, before),
            ("+", self.palette.added, after_lines),
        ):
            for number, line in enumerate(lines, first):
                text, _, _ = self._clipped(line, [_Mark(number, start.column - 1, 0, "", is_primary=True)])
                yield f"{self.numbered(number, sign, style)} {text}"


def _on_screen(mark: _Mark, starts: list[int], first: int) -> _Mark:
    """The mark in cells of the shown part of its line."""
    shown = len(starts) - 1

    def cell(column: int) -> int:
        index = column - first
        return starts[max(index, 0)] if index <= shown else starts[shown] + (index - shown)

    start = min(cell(mark.start), starts[shown] + 1)
    end = min(cell(mark.end), starts[shown] + 1)
    return _Mark(mark.line, start, max(end, start + 1), mark.text, mark.is_primary)
