"""Tables as text: a header line with the names of the columns, then one line per row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import isfinite, prod
from pathlib import Path
from typing import IO, cast

from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.batch.columns import Array, Column, Layout, Table, layouts, split_header
from whilec.driver.batch.problems import unreadable, wrong_row
from whilec.driver.values import shorten
from whilec.numerals import read_integer

MOST_PROBLEMS = 10
"""Broken rows that are reported; the others of a file are most likely like them."""


def read(path: str) -> Table:
    """The table in a file.

    Raises:
        WhileError: It cannot be read, or has broken rows.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            return _table(path, csv.reader(file, strict=True))
    except UnicodeDecodeError:
        raise unreadable(path, "it is not text in UTF-8", "save it as UTF-8") from None
    except csv.Error as error:
        raise unreadable(path, f"it is not a table of numbers ({error})") from None


def write(file: IO[bytes], columns: Sequence[Column]) -> None:
    """Write results as a table."""
    file.write(_lines([[name for column in columns for name in column.elements]]))
    rows = zip(*(texts for column in columns for texts in _texts(column.array)), strict=True)
    while lines := _lines(islice(rows, 4096)):
        file.write(lines)


def _table(path: str, reader: Iterable[Sequence[str]]) -> Table:
    import numpy as np

    rows = _numbered(reader)
    _, first = next(rows, (0, ()))
    if not first:
        raise unreadable(path, "it is empty", "begin it with a line that names the columns")
    header = split_header(first)
    known = layouts(path, header)
    columns, lines = _columns(path, header, rows)

    def array(layout: Layout) -> Array:
        stacked = np.array([columns[column] for column in layout.columns])
        return stacked.T.reshape(len(lines), *layout.shape)

    return Table(path, len(lines), {name: array(layout) for name, layout in known.items()}, lines)


def _numbered(reader: Iterable[Sequence[str]]) -> Iterator[tuple[int, Sequence[str]]]:
    """Rows with the lines that they end on; empty lines at the end are left out."""
    empty: list[tuple[int, Sequence[str]]] = []
    for row in reader:
        line = cast("int", getattr(reader, "line_num", 0))
        if not row:
            empty.append((line, row))
            continue
        yield from empty
        empty.clear()
        yield line, row


def _columns(
    path: str, header: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]
) -> tuple[list[list[int | float]], list[int]]:
    columns: list[list[int | float]] = [[] for _ in header]
    lines: list[int] = []
    problems: list[Diagnostic] = []
    for number, (line, cells) in enumerate(rows, 1):
        place = f"row {number} (line {line})"
        values: list[int | float] = []
        if len(cells) != len(header):
            found = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}" if cells else "nothing"
            problems.append(wrong_row(path, place, f"{found}, but the header names {len(header)} columns"))
        else:
            for name, cell in zip(header, cells, strict=True):
                value = _number(cell)
                if isinstance(value, str):
                    problems.append(wrong_row(path, place, f"column `{name}` {value}"))
                else:
                    values.append(value)
        if len(problems) >= MOST_PROBLEMS:
            break
        if not problems:
            lines.append(line)
            for column, value in zip(columns, values, strict=True):
                column.append(value)
    if problems:
        raise WhileError(*problems)
    return columns, lines


def _number(cell: str) -> int | float | str:
    """The number in a cell, or what is wrong with it."""
    text = cell.strip()
    if not text:
        return "is empty"
    try:
        value = float(text)
    except ValueError:
        value = None
    if value is None or not text.isascii() or "_" in text:
        return f"has `{shorten(text)}`, which is not a number"
    if text.lstrip("+-").isdigit():
        try:
            return read_integer(text)
        except OverflowError as error:
            return str(error)
    return value if isfinite(value) else f"has `{shorten(text)}`, which is not finite"


def _texts(array: Array) -> Iterator[Iterator[str]]:
    """Every element's numbers, with as many digits as their type has."""
    for numbers in array.reshape(len(array), prod(array.shape[1:])).T:
        yield map(str, numbers if array.dtype.itemsize < 8 else numbers.tolist())


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    from io import StringIO

    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
