"""The axes of a plot: `NAME=A:B` and `NAME[i]=A:B:STEPS` arguments, and their points."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import TypeAlias, final

from whilec.diagnostics.model import Code, Diagnostic, Example, Label, WhileError
from whilec.driver.inputs import ARGUMENT, E0656, read_inputs
from whilec.driver.values import Value, read_value, shorten
from whilec.source import SourceFile, Span

Element: TypeAlias = tuple[str, tuple[int, ...]]
"""A variable and the indices of one of its elements; () for a number."""

MAX_POINTS = 250_000
"""Of all axes together."""

FARTHEST = 10**15
"""Up to here points are told apart, and whole numbers are whole."""

STEPS = {1: 401, 2: 65}
"""Points of an axis that says no number, by the number of axes."""

E0640 = Code(
    "E0640",
    "a range that cannot be plotted",
    """
`whilec plot` varies an input over a range `NAME=A:B`, with A below B, or `NAME=A:B:STEPS` with a number
of points of its own, at least 2. `NAME[i]=A:B` varies one element of an array whose other elements come
from `NAME=[1, 2, 3]`. All ranges together have at most 250,000 points, and lie within 10^15 of 0.
""",
    Example("x0 := x1 + 0", "plot {file} x1=8:0 -o figure.png"),
)

E0641 = Code(
    "E0641",
    "a plot needs one or two ranges",
    """
With one range `whilec plot` draws curves of the value and its derivative, with two it draws surfaces. More
inputs cannot vary at once: give the others as fixed numbers, as in `x1=0:8 x2=0:8 w=2.0`.
""",
    Example("x0 := x1 + 0", "plot {file} x1=3 -o figure.png"),
)

_ELEMENT = re.compile(
    r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:\[\s*(\d{1,9}(?:\s*,\s*\d{1,9})*)\s*\])?\s*", re.ASCII
)


@final
@dataclass(frozen=True)
class Axis:
    """An input, or one element of it, that varies.

    Args:
        name: Of the input.
        place: Indices of the element; () for a number.
        start: The first value.
        stop: The last value, above `start`.
        steps: Number of points; None for the default.
    """

    name: str
    place: tuple[int, ...]
    start: float
    stop: float
    steps: int | None = None

    @property
    def label(self) -> str:
        """How the program writes it: `a[1]`."""
        return label(self.name, self.place)

    def points(self, count: int) -> list[float]:
        """As many values as `steps` says, or else `count`, with equal distances."""
        count = self.steps or count
        width = self.stop - self.start
        return [self.start + width * i / (count - 1) for i in range(count - 1)] + [self.stop]

    def whole_points(self, count: int) -> list[int]:
        """The whole numbers of the range; `count` of them, or `steps`, where there are more.

        Raises:
            WhileError: There are none.
        """
        first, last = ceil(self.start), floor(self.stop)
        if last < first:
            raise WhileError(
                Diagnostic(
                    E0640,
                    f"there is no whole number from {self.start:g} to {self.stop:g}",
                    help=f"widen the range of `{self.label}`, or leave `hard` out of `--modes`",
                    notes=(f"hard mode is drawn at whole numbers, because `{self.name}` is an int",),
                )
            )
        most = (self.steps or count) - 1
        if last - first <= most:
            return list(range(first, last + 1))
        return [first + (last - first) * i // most for i in range(most + 1)]


def read_element(text: str) -> Element | None:
    """The variable, and the indices of an element of it, that `a[1, 2]` names; None if it names none."""
    match = _ELEMENT.fullmatch(text)
    if match is None:
        return None
    return match[1], tuple(map(int, match[2].split(","))) if match[2] else ()


def label(name: str, place: tuple[int, ...]) -> str:
    """A variable or one element of it, as the program writes it."""
    return f"{name}[{', '.join(map(str, place))}]" if place else name


def read_axes(arguments: Iterable[str]) -> tuple[dict[str, Value], tuple[Axis, ...]]:
    """The fixed inputs and the ranges among `NAME=...` arguments.

    Raises:
        WhileError: With one diagnostic for each argument that is wrong, or about their number.
    """
    given = tuple(arguments)
    problems: list[Diagnostic] = []
    axes: list[Axis] = []
    for argument in filter(_is_range, given):
        try:
            axes.append(_read_axis(argument))
        except WhileError as error:
            problems += error.diagnostics
    fixed: dict[str, Value] = {}
    try:
        fixed = read_inputs(argument for argument in given if not _is_range(argument))
    except WhileError as error:
        problems += error.diagnostics
    if problems:
        raise WhileError(*problems)
    _check_together(fixed, axes)
    return fixed, tuple(axes)


def _is_range(argument: str) -> bool:
    text = argument.partition("=")[2]
    return ":" in text and not text.startswith("@")


def _read_axis(argument: str) -> Axis:
    source = SourceFile(ARGUMENT, argument)
    target, _, text = argument.partition("=")
    element = read_element(target)
    if element is None:
        wrong = Label(Span(0, len(target)), "not the name of an input or of an element")
        raise _not_a_range(argument, wrong, source)
    name, place = element
    parts = text.split(":")
    if len(parts) > 3:
        raise _not_a_range(argument, Label(Span(len(target) + 1, len(argument)), "too many parts"), source)
    numbers: list[float] = []
    spans: list[Span] = []
    at = len(target) + 1
    for part in parts:
        span = Span(at, at + len(part))
        value = read_value(source, span)
        at = span.end + 1
        if isinstance(value, list):
            raise _not_a_range(argument, Label(span, "a list"), source)
        if abs(value) > FARTHEST:
            raise _not_a_range(argument, Label(span, "more than 10^15 away from 0"), source)
        numbers.append(value)
        spans.append(span)
    start, stop = numbers[:2]
    if not start < stop:
        raise _not_a_range(argument, Label(spans[1], f"not above {start:g}"), source)
    steps = numbers[2] if len(numbers) == 3 else None
    if steps is None:
        return Axis(name, place, float(start), float(stop))
    if not isinstance(steps, int) or steps < 2:
        raise _not_a_range(argument, Label(spans[2], "not a whole number of at least 2"), source)
    return Axis(name, place, float(start), float(stop), steps)


def _not_a_range(argument: str, place: Label, source: SourceFile) -> WhileError:
    title = f"`{shorten(argument)}` is not a range"
    return WhileError(
        Diagnostic(E0640, title, place, help="write a range such as `x1=0:8` or `x1=0:8:33`", source=source)
    )


def _check_together(fixed: Mapping[str, Value], axes: list[Axis]) -> None:
    labels = [axis.label for axis in axes]
    for i, axis in enumerate(axes):
        if axis.label in labels[:i] or (not axis.place and axis.name in fixed):
            title = f"input `{axis.label}` is given twice"
            raise WhileError(Diagnostic(E0656, title, help=f"keep one `{axis.label}=...`"))
    if len(axes) not in STEPS:
        many = f"{len(axes)} ranges are" if axes else "no range is"
        raise WhileError(
            Diagnostic(E0641, f"{many} given", help="give one or two ranges, as in `x1=0:8 x2=0:8`")
        )
    points = 1
    for axis in axes:
        points *= axis.steps or STEPS[len(axes)]
    if points > MAX_POINTS:
        title = f"the plot would have {points:,} points, more than {MAX_POINTS:,}"
        raise WhileError(Diagnostic(E0640, title, help="give fewer steps, as in `x1=0:8:100`"))
