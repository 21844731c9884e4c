"""The options of a run as text: `hard`, `0.5`, `bump`, read alike on every border."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import TypeAlias

from whilec.driver.values import shorten
from whilec.semantics.options import MAX_SMOOTH_ORDER, Smooth

Reader: TypeAlias = Callable[[str], object]


def read_smooth(text: str) -> Smooth:
    """`hard`, a whole number from 0 to 8, or `inf`, in any letters; ValueError with the reason otherwise."""
    word = text.lower() if text.isascii() else text
    if word == "hard" or word == "inf":
        return word
    if text.isascii() and text.isdigit() and len(text) < 3 and int(text) <= MAX_SMOOTH_ORDER:
        return int(text)
    raise ValueError(f"`{shorten(text)}` is not `hard`, `inf` or a whole number from 0 to {MAX_SMOOTH_ORDER}")


def read_number(text: str) -> int | float:
    """A number, finite or not."""
    return read_count(text) if text.isdigit() else float(text)


def read_positive(text: str) -> float:
    """A finite number > 0."""
    value = _number(text)
    if value <= 0:
        raise ValueError(f"`{shorten(text)}` is not greater than 0")
    return value


def read_not_negative(text: str) -> float:
    """A finite number >= 0."""
    value = _number(text)
    if value < 0:
        raise ValueError(f"`{shorten(text)}` is less than 0")
    return value


def read_epsilon(text: str) -> float:
    """A number in [0, 1/2)."""
    value = _number(text)
    if not 0 <= value < 0.5:
        raise ValueError(f"`{shorten(text)}` is not in the range from 0 to below 1/2")
    return value


def read_count(text: str) -> int:
    """A whole number >= 0."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"`{shorten(text)}` is not a whole number >= 0")
    if len(text) > 18:
        raise ValueError(f"`{shorten(text, 21)}` is too large")
    return int(text)


def one_of(*choices: str) -> Reader:
    """A reader of one of some words."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"`{shorten(text)}` is not {' or '.join(f'`{choice}`' for choice in choices)}")
        return text

    return read


READERS: Mapping[str, Reader] = {
    "smooth": read_smooth,
    "steepness": read_positive,
    "compare_steepness": read_positive,
    "epsilon": read_epsilon,
    "max_trips": read_count,
    "loops": one_of("path", "mixture"),
    "phi": one_of("sech", "bump"),
    "domain": one_of("int", "nat"),
    "max_steps": read_count,
}
"""By the name of the field of `Options`; each raises ValueError with a reason."""


def _number(text: str) -> float:
    try:
        value = float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        value = None
    if value is None:
        raise ValueError(f"`{shorten(text)}` is not a number")
    if not isfinite(value):
        raise ValueError(f"`{shorten(text)}` is not finite")
    return value
