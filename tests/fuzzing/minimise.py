"""Makes a failing text short: lines first, then tokens, then characters."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzzing.mutate import tokens


def minimise(text: str, fails: Callable[[str], bool], most_calls: int = 600) -> str:
    """A text, short but not surely the shortest, that still fails.

    Args:
        text: A failing text.
        fails: Whether a text fails in the same way.
        most_calls: How often `fails` may be asked.
    """
    calls = 0

    def still_fails(parts: list[str]) -> bool:
        nonlocal calls
        calls += 1
        return calls <= most_calls and fails("".join(parts))

    for cut in (lambda t: t.splitlines(keepends=True), tokens, list):
        text = "".join(_reduce(cut(text), still_fails))
    return text


def _reduce(parts: list[str], fails: Callable[[list[str]], bool]) -> list[str]:
    """Leave out ever smaller runs of parts."""
    size = max(1, len(parts) // 2)
    while True:
        start = 0
        removed = False
        while start < len(parts):
            shorter = parts[:start] + parts[start + size :]
            if fails(shorter):
                parts = shorter
                removed = True
            else:
                start += size
        if size > 1:
            size //= 2
        elif not removed:
            return parts
