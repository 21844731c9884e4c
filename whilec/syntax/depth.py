"""Room for recursion over deeply nested trees."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock
from typing import final

MAX_BLOCKS = 1000
"""How deep loops, choices and functions may nest."""

MAX_LEVELS = 2000
"""How deep one expression may nest; `a + b + c` has two levels."""

RECURSION_LIMIT = 30_000
"""Ten frames for each level that the parser admits."""


@final
class _Raised:
    """How many are inside `deep_recursion`, and the limit outside."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.entered = 0
        self.outside = 0


_raised = _Raised()


@contextmanager
def deep_recursion() -> Generator[None, None, None]:
    """Let functions that recurse over any tree the parser admits run.

    Entries may nest, and several threads may be inside at once: Python's limit belongs to the
    whole process, so it is restored when the last one leaves.
    """
    with _raised.lock:
        if _raised.entered == 0:
            _raised.outside = sys.getrecursionlimit()
            sys.setrecursionlimit(max(_raised.outside, RECURSION_LIMIT))
        _raised.entered += 1
    try:
        yield
    finally:
        with _raised.lock:
            _raised.entered -= 1
            if _raised.entered == 0:
                sys.setrecursionlimit(_raised.outside)
