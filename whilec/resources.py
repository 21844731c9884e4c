"""Where the files that ship with the package are: the grammar and the example programs."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    """A data folder: inside the package in a wheel, beside it in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


@cache
def grammar_text() -> str:
    """The text of `while.lark`."""
    return (_folder("grammar") / "while.lark").read_text(encoding="utf-8")


def programs_folder() -> Path:
    """The folder of the example programs."""
    return _folder("programs")


@cache
def cache_folder() -> Path | None:
    """A folder of the user's for files that can be made again; None where there is none.

    The environment variable `WHILEC_CACHE` names another one; empty, it forbids any.
    """
    named = os.environ.get("WHILEC_CACHE")
    if named == "":
        return None
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(named or Path(base) / "whilec")
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # no home, or nothing may be written there
        return None
    return folder
