"""Places of Python's parser as spans of the source text."""

from __future__ import annotations

import ast as python
import re
from itertools import accumulate
from typing import Any, final

from whilec.source import SourceFile, Span

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


@final
class Places:
    """Turns lines and columns, which Python counts in bytes, into character offsets."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self._lines = _LINE.findall(source.text)
        self._starts = [0, *accumulate(map(len, self._lines))]

    def span(self, node: python.AST) -> Span:
        """Where a node stands; nodes without a place stand at the start of the text."""
        place: Any = node
        line = getattr(place, "lineno", None)
        if line is None:
            return Span(0, 0)
        return Span(
            self._offset(line, place.col_offset),
            self._offset(place.end_lineno or line, place.end_col_offset or place.col_offset),
        )

    def name(self, node: python.FunctionDef | python.AsyncFunctionDef) -> Span:
        """Where the name of a function stands."""
        found = self._after("def", self.span(node).start)
        start = self.source.text.find(node.name, found)
        return Span(start, start + len(node.name)) if start >= 0 else Span(found, found)

    def head(self, node: python.AST, last: python.AST) -> Span:
        """From the start of a statement to the end of `last`, with the colon after it."""
        start, end = self.span(node).start, self.span(last).end
        return Span(start, end + 1 if self.source.text[end : end + 1] == ":" else end)

    def between(self, left: Span, right: Span, sign: str) -> Span:
        """Where a sign stands between two operands; the gap if it is not found there."""
        start = self.source.text.find(sign, left.end, right.start)
        return Span(start, start + len(sign)) if start >= 0 else Span(left.end, max(left.end, right.start))

    def _after(self, word: str, start: int) -> int:
        found = self.source.text.find(word, start)
        return start if found < 0 else found + len(word)

    def _offset(self, line: int, column: int) -> int:
        if line > len(self._lines):
            return len(self.source.text)
        text = self._lines[line - 1]
        if not text.isascii():
            column = len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))
        return min(self._starts[line - 1] + column, len(self.source.text))
