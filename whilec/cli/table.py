"""Tables of text."""

from __future__ import annotations

from collections.abc import Sequence

from whilec.diagnostics.cells import cells, printable


def layout(rows: Sequence[Sequence[str]], alignment: str, widest: int = 48) -> list[str]:
    """Lines of a table; `alignment` has `l` or `r` for each column.

    Cells wider than `widest` are cut, except in the last column.
    """
    last = len(alignment) - 1
    shown = [
        [_cut(cell, widest) if at < last else printable(cell) for at, cell in enumerate(row)] for row in rows
    ]
    widths = [max(cells(row[at]) for row in shown) for at in range(len(alignment))]
    lines: list[str] = []
    for row in shown:
        parts = [_pad(cell, width, side) for cell, width, side in zip(row, widths, alignment, strict=True)]
        lines.append("  ".join(parts).rstrip())
    return lines


def _cut(text: str, widest: int) -> str:
    text = printable(text)
    return text if cells(text) <= widest else text[: widest - 3] + "..."


def _pad(text: str, width: int, side: str) -> str:
    space = " " * (width - cells(text))
    return space + text if side == "r" else text + space
