"""Terminal cells: how wide text is on a screen, and text that is safe to print there."""

from __future__ import annotations

from unicodedata import category, east_asian_width

TAB = 4
"""Tab stops stand this many cells apart."""

_PICTURES = 0x2400
"""Unicode shows the control character c as the picture U+2400 + c."""


def printable(text: str) -> str:
    """The text with control characters replaced, so that it cannot disturb a terminal."""
    return text if text.isprintable() else "".join(map(_printable_character, text))


def cells(text: str) -> int:
    """Number of terminal cells of printable text."""
    return len(text) if text.isascii() else sum(map(_width, text))


def lay_out(line: str) -> tuple[str, list[int]]:
    """A source line ready for the screen, and the cell where each of its characters starts.

    Tabs become spaces up to the next stop. The list has one more entry than the line has
    characters: the width of the whole.
    """
    if line.isascii() and line.isprintable():
        return line, list(range(len(line) + 1))
    shown: list[str] = []
    starts: list[int] = []
    at = 0
    for character in line:
        starts.append(at)
        text = " " * (TAB - at % TAB) if character == "\t" else _printable_character(character)
        shown.append(text)
        at += cells(text)
    starts.append(at)
    return "".join(shown), starts


def _printable_character(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    code = ord(character)
    if code < 0x20:
        return chr(_PICTURES + code)
    if category(character) == "Zs":
        return " "
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else "\N{REPLACEMENT CHARACTER}"


def _width(character: str) -> int:
    if east_asian_width(character) in "WF":
        return 2
    return 0 if category(character) in ("Mn", "Me") else 1
