"""The lists of passes that lead to a backend."""

from __future__ import annotations

from whilec.passes.base import AbstractPass
from whilec.passes.bound_loops import BoundLoops
from whilec.passes.drop_unused import DropUnused


def recurrent() -> tuple[AbstractPass, ...]:
    """To a program whose loops run."""
    return (DropUnused(), BoundLoops())
