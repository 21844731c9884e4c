"""Names of values in emitted text."""

from __future__ import annotations

import keyword
from collections.abc import Iterable
from typing import final

from whilec.ir.types import NUMBER, Value


@final
class Names:
    """Gives every value a name of its own that reads like the source's.

    Args:
        reserved: Names that the text uses otherwise.
    """

    def __init__(self, reserved: Iterable[str]) -> None:
        self._taken = {*reserved, *keyword.kwlist, *keyword.softkwlist}
        self._names: dict[Value, str] = {}
        self._next: dict[str, int] = {}

    def __getitem__(self, value: Value) -> str:
        known = self._names.get(value)
        return self._give(value) if known is None else known

    def alias(self, value: Value, other: Value) -> None:
        """Let a value share the name of another one."""
        self._names[value] = self[other]

    def _give(self, value: Value) -> str:
        stem = value.name or "v"
        name, number = stem, self._next.get(stem, 0)
        while name in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._next[stem] = number
        self._taken.add(name)
        self._names[value] = name
        return name

    def unique(self, stem: str) -> str:
        """A name for something that is not a value."""
        return self._give(Value(NUMBER, stem))
