"""Progress of work that takes long, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import click

_PATIENCE = 2.0
"""Seconds after which the bar appears."""


@contextmanager
def progress(label: str) -> Generator[Callable[[int, int], None]]:
    """A function that takes what is done and the total, and draws a bar on standard error."""
    started = monotonic()
    bars: list[Any] = []

    def advance(done: int, total: int) -> None:
        if not bars:
            if not sys.stderr.isatty() or monotonic() - started < _PATIENCE:
                return
            bars.append(click.progressbar(length=total, label=label, file=sys.stderr))
            bars[0].__enter__()
        bars[0].update(done - bars[0].pos)

    try:
        yield advance
    finally:
        for bar in bars:
            bar.__exit__(None, None, None)
