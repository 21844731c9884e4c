"""Progress of work that takes long, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event, Thread
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


@contextmanager
def waiting(label: str) -> Generator[None]:
    """Tell on standard error how long one step of work takes that cannot say how far it is."""
    if not sys.stderr.isatty():
        yield
        return
    started, is_over = monotonic(), Event()

    def tell() -> None:
        if is_over.wait(_PATIENCE):
            return
        while True:
            click.echo(f"\r{label}: {monotonic() - started:.0f} s", err=True, nl=False)
            if is_over.wait(1.0):
                click.echo(f"\r{' ' * (len(label) + 12)}\r", err=True, nl=False)
                return

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        is_over.set()
        teller.join()
