"""The lists of passes that lead to a backend."""

from __future__ import annotations

from whilec.passes.base import AbstractPass
from whilec.passes.bound_loops import BoundLoops
from whilec.passes.drop_unused import DropUnused
from whilec.passes.simplify import Simplify
from whilec.passes.unroll import Unroll


def recurrent() -> tuple[AbstractPass, ...]:
    """To a program whose loops run."""
    return (Simplify(), DropUnused(), BoundLoops())


def unrolled(
    trips: tuple[int, ...], *, reports: bool = False, most_nodes: int = 20_000
) -> tuple[AbstractPass, ...]:
    """To straight-line code.

    Args:
        trips: Copies of every loop, in source order.
        reports: Whether masks that tell how loops ended are further results.
        most_nodes: Beyond this it is an error.
    """
    return (
        Simplify(),
        DropUnused(),
        BoundLoops(trips),
        Unroll(most_nodes, reports=reports),
        Simplify(),
        DropUnused(),
    )
