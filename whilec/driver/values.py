"""Values as text: `3`, `-2.5e3`, `[[1, 2], [3, 4]]`, read with places and written for people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite
from typing import TypeAlias, cast, final

from whilec.diagnostics.model import Code, Diagnostic, Example, Label, WhileError
from whilec.numerals import read_integer, write_integer
from whilec.source import SourceFile, Span

Value: TypeAlias = "int | float | list[Value]"
"""A number, or an array as nested lists."""

E0651 = Code(
    "E0651",
    "a value is not a number or a list of numbers",
    """
An input is a number such as `3`, `-2.5` or `1e3`, or an array written as a list such as
`[1, 2, 3]`; an array of two dimensions is a list of lists, `[[1, 2], [3, 4]]`. On the command
line `@FILE.npy` reads the array from a file that NumPy wrote.

A shell treats spaces and some brackets specially: put the whole argument in quotes,
`'a=[1, 2, 3]'`.
""",
    Example("x0 := x1 + 0", "run {file} x1=three"),
)

E0652 = Code(
    "E0652",
    "an input is NaN or infinite",
    """
Programs compute with finite numbers. A NaN ("not a number") would spread into every variable that
it meets, and a loop cannot decide about it; an infinite input makes differences such as `inf - inf`
NaN. So inputs must be finite. A number beyond the range of 64-bit floating point, `1e999`, is
infinite too. In hard mode a whole number written out in digits may be larger than that, as it is exact;
the smooth modes compute with floating point, so for them it must be within the range as well.
""",
    Example("x0 := x1 + 0", "run {file} x1=nan"),
)

E0653 = Code(
    "E0653",
    "the rows of a list differ in length",
    """
An array has one size in each dimension: all rows of a matrix are equally long, and a list does not
mix numbers with lists. Fill short rows up, or pass the rows as inputs of their own.
""",
    Example("PROGRAM first(a: real[n, m]) -> d: real\nd := a[0, 0]", "run {file} 'a=[[1, 2], [3]]'"),
)

_TOKEN = re.compile(r"[\[\],]|[^\[\],\s]+")
_NUMBER = re.compile(r"[+-]?(\d+|(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?)")
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
MAX_DIMENSIONS = 64
DIGITS = 7
"""Significant digits of a real number in text output."""


def read_value(source: SourceFile, span: Span) -> Value:
    """The number or nested list that the span of a text spells.

    Raises:
        WhileError: It is neither, is not finite, or is ragged.
    """
    words = [Span(*token.span()) for token in _TOKEN.finditer(source.text, *span)]
    return _Reader(source, span, words).read()


def read_words(source: SourceFile, words: Sequence[Span]) -> Value:
    """As `read_value`, of at least one word: a number, a bracket or a comma each."""
    return _Reader(source, words[0].to(words[-1]), words).read()


@final
class _Reader:
    """Reads one value, token by token."""

    def __init__(self, source: SourceFile, span: Span, tokens: Sequence[Span]) -> None:
        self.source = source
        self.span = span
        self.tokens = tokens
        self.at = 0

    def read(self) -> Value:
        """The value that fills the whole span."""
        if not self.tokens:
            raise self.wrong(self.span, "a value is missing")
        value, _ = self.value(0)
        if self.at < len(self.tokens):
            raise self.wrong(self.tokens[self.at], "the value ends before this")
        return value

    def peek(self) -> str:
        """The next token, or an empty text at the end."""
        return self.source.snippet(self.tokens[self.at]) if self.at < len(self.tokens) else ""

    def value(self, depth: int) -> tuple[Value, tuple[int, ...]]:
        """The next number or list, with its shape."""
        text, span = self.peek(), self.tokens[self.at]
        self.at += 1
        if text == "[":
            return self.elements(span, depth + 1)
        if text in "],":
            raise self.wrong(span, f"a value is missing before this `{text}`")
        return self.number(text, span), ()

    def elements(self, start: Span, depth: int) -> tuple[Value, tuple[int, ...]]:
        """The elements of a list that `start` opened, up to its `]`."""
        if depth > MAX_DIMENSIONS:
            raise self.wrong(start, f"more than {MAX_DIMENSIONS} lists in each other")
        values: list[Value] = []
        shapes: list[tuple[int, ...]] = []
        while self.peek() not in ("]", ""):
            value, shape = self.value(depth)
            values.append(value)
            shapes.append(shape)
            if self.peek() == ",":
                self.at += 1
                if self.peek() == "]":
                    raise self.wrong(self.tokens[self.at], "a value is missing before this `]`")
            elif self.peek() not in ("]", ""):
                raise self.wrong(self.tokens[self.at], "a comma is missing before this")
        if self.peek() == "":
            raise self.wrong(start, "this list has no `]`")
        span = start.to(self.tokens[self.at])
        self.at += 1
        if len(set(shapes)) > 1:
            raise WhileError(ragged(shapes, Label(span), self.source))
        return values, (len(values), *(shapes[0] if shapes else ()))

    def number(self, text: str, span: Span) -> int | float:
        """An int where there is neither point nor exponent, else a float."""
        match = _NUMBER.fullmatch(text)
        if match is None or not text.isascii():
            if _NOT_FINITE.fullmatch(text):
                raise _not_finite(f"`{text}` is not a finite number", self.source, span)
            raise self.wrong(span, "not a number")
        if match[2] is None:
            return self.integer(text, span)
        value = float(text)
        if not isfinite(value):
            raise _not_finite(f"`{text}` is too large for a real number", self.source, span)
        return value

    def integer(self, text: str, span: Span) -> int:
        """An int of up to a million bits."""
        try:
            return read_integer(text)
        except OverflowError as error:
            raise self.wrong(span, str(error)) from None

    def wrong(self, span: Span, label: str) -> WhileError:
        """The error for a text that is no value."""
        shown = shorten(" ".join(self.source.snippet(self.span).split()))
        title = f"`{shown}` is not a number or a list of numbers" if shown else "a value is missing"
        return WhileError(
            Diagnostic(
                E0651,
                title,
                Label(span, label),
                help="write a number such as `3` or `2.5`, or a list such as `[1, 2, 3]`",
                source=self.source,
            )
        )


def ragged(
    shapes: Sequence[tuple[int, ...]], primary: Label | None = None, source: SourceFile | None = None
) -> Diagnostic:
    """The diagnostic for a list whose elements have these shapes, not all the same."""
    lengths = sorted({shape[0] if shape else -1 for shape in shapes})
    if lengths[0] == -1:
        title = "a list mixes numbers with lists"
    elif len(lengths) > 1:
        title = f"the rows of a list differ in length: {lengths[0]} and {lengths[1]}"
    else:
        title = "the rows of a list differ in shape"
    return Diagnostic(E0653, title, primary, help="give every row the same number of elements", source=source)


def _not_finite(title: str, source: SourceFile, span: Span) -> WhileError:
    return WhileError(Diagnostic(E0652, title, Label(span), help="give a finite number", source=source))


def shape_of(value: object) -> tuple[int, ...]:
    """Sizes of nested lists; () for a number.

    Raises:
        WhileError: The lists are ragged.
    """
    if not isinstance(value, list):
        return ()
    rows = cast("list[object]", value)
    shapes = [shape_of(row) for row in rows]
    if len(set(shapes)) > 1:
        raise WhileError(ragged(shapes))
    return (len(rows), *(shapes[0] if shapes else ()))


def format_value(value: object) -> str:
    """A number or nested list for people: whole numbers in full, reals with seven digits."""
    if isinstance(value, list):
        rows = cast("list[object]", value)
        return f"[{', '.join(map(format_value, rows))}]"
    if isinstance(value, int):
        return write_integer(value)
    return f"{value:.{DIGITS}g}"


def shorten(text: str, length: int = 40) -> str:
    """The text, or its start and `...` where it is long."""
    return text if len(text) <= length else text[: length - 3] + "..."
