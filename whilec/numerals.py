"""Decimal text of very long whole numbers.

Python refuses to convert more than 4300 digits unless a process-wide limit is raised, and
converts in quadratic time. These functions leave the limit alone and join pieces pairwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from decimal import Decimal

MAX_INTEGER_BITS = 10**6
"""The largest size of an exact integer, in a program's text and while it runs."""

_MAX_DIGITS = 301_030
"""Digits of 2 to the power MAX_INTEGER_BITS."""

_PIECE_DIGITS = 600
"""Below the smallest limit (640) that Python allows to be set."""

_PIECE_BITS = 1024

_Numeral = TypeVar("_Numeral", "int", "Decimal")


def read_integer(digits: str) -> int:
    """The number that ASCII digits with an optional sign denote.

    Raises:
        OverflowError: It has more than MAX_INTEGER_BITS bits.
        ValueError: The text is not a whole number.
    """
    unsigned = digits[1:] if digits[:1] in ("+", "-") else digits
    if not (unsigned.isascii() and unsigned.isdigit()):
        raise ValueError(f"not a whole number: {digits[:40]!r}")
    if len(unsigned) <= _PIECE_DIGITS:
        return int(digits)
    unsigned = unsigned.lstrip("0") or "0"
    if len(unsigned) > _MAX_DIGITS:
        raise OverflowError("a whole number has more than a million bits")
    pieces = [
        int(unsigned[max(0, end - _PIECE_DIGITS) : end]) for end in range(len(unsigned), 0, -_PIECE_DIGITS)
    ]
    value = _join(pieces, 10**_PIECE_DIGITS)
    if value.bit_length() > MAX_INTEGER_BITS:
        raise OverflowError("a whole number has more than a million bits")
    return -value if digits[0] == "-" else value


def write_integer(value: int) -> str:
    """The decimal digits of a whole number of any length."""
    if value.bit_length() <= _PIECE_BITS:
        return str(value)
    import decimal  # its multiplication is fast, but it is slow to load

    magnitude = abs(value)
    mask = (1 << _PIECE_BITS) - 1
    raw = magnitude.to_bytes((magnitude.bit_length() + 7) // 8, "little")
    step = _PIECE_BITS // 8
    exact = decimal.Context(
        prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[decimal.Inexact]
    )
    with decimal.localcontext(exact):
        pieces = [
            decimal.Decimal(int.from_bytes(raw[at : at + step], "little")) for at in range(0, len(raw), step)
        ]
        text = str(_join(pieces, decimal.Decimal(mask + 1)))
    return f"-{text}" if value < 0 else text


def _join(pieces: list[_Numeral], base: _Numeral) -> _Numeral:
    """The sum of pieces[i] * base**i, by joining neighbours until one is left."""
    while len(pieces) > 1:
        joined = [low + high * base for low, high in zip(pieces[::2], pieces[1::2], strict=False)]
        if len(pieces) % 2:
            joined.append(pieces[-1])
        pieces = joined
        if len(pieces) > 1:
            base = base * base
    return pieces[0]
