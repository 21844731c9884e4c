"""What a run gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from whilec.source import Span
from whilec.syntax import ast


@final
@dataclass(frozen=True)
class LoopReport:
    """How one WHILE or LOOP of the source ended, over all its entries and elements.

    Args:
        line: Line of its keyword, from 1.
        span: The loop's head.
        entries: How often it was entered.
        trips: The most trips of one entry.
        converged, capped, nan: Shares in [0, 1] of the entries that ended by themselves, at
            `max_trips`, or with a NaN; all 0 for a loop that was never entered.
        advice: What is known about loops like this one that hit the cap; None if none did.
        ends: What the shares are of: entries, each counted once per element.
    """

    line: int
    span: Span
    entries: int
    trips: int
    converged: float
    capped: float
    nan: float
    advice: str | None = None
    ends: int = 0


@final
@dataclass(frozen=True)
class Run:
    """The result of one run.

    Args:
        outputs: Value of every output: a number, nested lists, or a tensor.
        jacobian: jacobian[output][input], of the output's shape followed by the input's; None
            where it was not asked for.
        loops: One report per loop, in source order.
        steps: Statements executed.
    """

    outputs: Mapping[str, Any]
    jacobian: Mapping[str, Mapping[str, Any]] | None
    loops: tuple[LoopReport, ...]
    steps: int


@final
@dataclass(frozen=True)
class Step:
    """One executed assignment, for an observer.

    Args:
        statement: The assignment.
        weight: The path weight it ran at.
        changes: The variables it assigned, with their new values.
        depth: Nesting of loops and choices around it within its unit; 0 at the top.
    """

    statement: ast.Assign
    weight: float
    changes: tuple[tuple[str, Any], ...]
    depth: int


Observer: TypeAlias = Callable[[Step], None]
