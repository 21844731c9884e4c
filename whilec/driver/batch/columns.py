"""Columns of a table and the arrays they are elements of: `x`, `a[0]`, `m[0,1]`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias, final

from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.batch.problems import wrong_columns
from whilec.driver.values import shorten

if TYPE_CHECKING:
    import numpy as np

Array: TypeAlias = "np.ndarray[Any, Any]"
"""Of shape (rows, *shape), or (1, *shape) if it is the same for all rows."""

_COLUMN = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\[\s*(\d+(?:\s*,\s*\d+)*)\s*\])?\s*", re.ASCII)
_MAX_DIGITS = 9


@final
@dataclass(frozen=True)
class Table:
    """A batch as it was read.

    Args:
        path: Its file.
        rows: How many.
        arrays: By the name of the input.
        lines: The line of every row in the file, where it has lines.
    """

    path: str
    rows: int
    arrays: Mapping[str, Array]
    lines: Sequence[int] = ()

    def place(self, row: int) -> str:
        """What a row, counted from 0, is called in a message."""
        return f"row {row + 1} (line {self.lines[row]})" if self.lines else f"row {row + 1}"


@final
@dataclass(frozen=True)
class Column:
    """A result for every row: one array in an archive, one column per element in a text.

    Args:
        name: That of the array.
        array: Of shape (rows, *shape).
        elements: Names of its elements, in row-major order.
    """

    name: str
    array: Array
    elements: tuple[str, ...]


@final
@dataclass(frozen=True)
class Layout:
    """Which column is which element.

    Args:
        shape: Of the array; () for a number.
        columns: The column of every element, in row-major order.
    """

    shape: tuple[int, ...]
    columns: tuple[int, ...]


def split_header(cells: Sequence[str]) -> list[str]:
    """The names of a header line; `m[0,1]` may be written without quotes around it."""
    names: list[str] = []
    is_open = False
    for cell in cells:
        if is_open:
            names[-1] += f",{cell}"
        else:
            names.append(cell)
        is_open = "[" in names[-1] and "]" not in names[-1]
    return [name.strip() for name in names]


def layouts(path: str, header: Sequence[str]) -> dict[str, Layout]:
    """The arrays that a header describes, by name.

    Raises:
        WhileError: With one diagnostic for each name or array that is wrong.
    """
    elements: dict[str, dict[tuple[int, ...], int]] = {}
    problems: list[Diagnostic] = []
    for column, name in enumerate(header):
        found = _element(name)
        if found is None:
            problems.append(_bad_name(path, column, name))
        elif elements.setdefault(found[0], {}).setdefault(found[1], column) != column:
            problems.append(wrong_columns(path, f"column `{name}` is there twice", "keep one of them"))
    for name, places in elements.items():
        problem = _incomplete(path, name, places)
        if problem is not None:
            problems.append(problem)
    if problems:
        raise WhileError(*problems)
    return {name: _layout(places) for name, places in elements.items()}


def output_column(name: str, array: Array) -> Column:
    """The column of an output."""
    return Column(name, array, tuple(_element_names(name, array.shape[1:])))


def derivative_column(output: str, name: str, array: Array, rank: int) -> Column:
    """The column of a derivative by `name`, of an output with `rank` dimensions."""
    shape = array.shape[1:]
    above, below = _element_names(output, shape[:rank]), _element_names(name, shape[rank:])
    elements = tuple(f"d {top} / d {bottom}" for top, bottom in product(above, below))
    return Column(f"d {output} / d {name}", array, elements)


def _element_names(name: str, shape: tuple[int, ...]) -> Iterator[str]:
    for index in product(*map(range, shape)):
        yield f"{name}[{','.join(map(str, index))}]" if shape else name


def _element(name: str) -> tuple[str, tuple[int, ...]] | None:
    match = _COLUMN.fullmatch(name)
    if match is None:
        return None
    texts = match[2].split(",") if match[2] else []
    if any(len(text.strip()) > _MAX_DIGITS for text in texts):
        return None
    return match[1], tuple(map(int, texts))


def _bad_name(path: str, column: int, name: str) -> Diagnostic:
    help_text = "write the name of an input, or of an element as in `a[0]`"
    if any(separator in name for separator in ";\t"):
        help_text = "put commas between the columns"
    elif _looks_like_number(name):
        help_text = "begin the file with a line that names the columns"
    shown = f"`{shorten(name)}`" if name else "nothing"
    return wrong_columns(path, f"the header has {shown} in column {column + 1}, which is no name", help_text)


def _looks_like_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _incomplete(path: str, name: str, places: Mapping[tuple[int, ...], int]) -> Diagnostic | None:
    """What is wrong with the elements of an array."""
    ranks = {len(place) for place in places}
    if len(ranks) > 1:
        what = f"the columns of `{name}` have different numbers of indices"
        return wrong_columns(path, what, "name the elements of one array alike")
    shape = _shape(places)
    if prod(shape) == len(places):
        return None
    indices = product(*map(range, shape))
    missing = next(index for index in indices if index not in places)
    text = f"{name}[{','.join(map(str, missing))}]"
    return wrong_columns(path, f"column `{text}` is missing", "give every element of an array a column")


def _shape(places: Mapping[tuple[int, ...], int]) -> tuple[int, ...]:
    return tuple(max(sizes) + 1 for sizes in zip(*places, strict=True))


def _layout(places: Mapping[tuple[int, ...], int]) -> Layout:
    return Layout(_shape(places), tuple(places[index] for index in sorted(places)))
