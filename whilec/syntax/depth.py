"""Room for recursion over deeply nested trees."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

MAX_BLOCKS = 1000
"""How deep loops, choices and functions may nest."""

MAX_LEVELS = 2000
"""How deep one expression may nest; `a + b + c` has two levels."""

RECURSION_LIMIT = 30_000
"""Ten frames for each level that the parser admits."""

_lock = Lock()
_entered = 0
_limit_outside = 0


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Let functions that recurse over any tree the parser admits run.

    Entries may nest, and several threads may be inside at once: Python's limit belongs to the
    whole process, so it is restored when the last one leaves.
    """
    global _entered, _limit_outside
    with _lock:
        if _entered == 0:
            _limit_outside = sys.getrecursionlimit()
            sys.setrecursionlimit(max(_limit_outside, RECURSION_LIMIT))
        _entered += 1
    try:
        yield
    finally:
        with _lock:
            _entered -= 1
            if _entered == 0:
                sys.setrecursionlimit(_limit_outside)
