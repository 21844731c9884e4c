"""The record of a run: each executed statement, up to a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, final

from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.pipeline import Level, prepare, run_prepared
from whilec.driver.values import Value
from whilec.semantics.options import Options
from whilec.source import SourceFile

if TYPE_CHECKING:
    from whilec.semantics.reference import Step


@final
@dataclass(frozen=True)
class Row:
    """One executed statement.

    Args:
        number: Counts from 1.
        line: Where it stands in the source.
        text: Its source, on one line.
        weight: The path weight it ran at.
        changes: The variables it assigned, with their new values.
        depth: Nesting of loops, choices and calls around it.
    """

    number: int
    line: int
    text: str
    weight: float
    changes: tuple[tuple[str, Any], ...]
    depth: int


@final
@dataclass(frozen=True)
class Trace:
    """A recorded run.

    Args:
        rows: The first statements.
        omitted: How many more there were.
        outputs: None where the run failed.
        diagnostics: Warnings about the program and the run.
        error: Why the run failed.
    """

    rows: tuple[Row, ...]
    omitted: int
    outputs: Mapping[str, Any] | None
    diagnostics: tuple[Diagnostic, ...]
    error: WhileError | None


def trace_program(
    source: SourceFile,
    inputs: Mapping[str, Value],
    options: Options,
    *,
    level: Level = "full",
    outputs: tuple[str, ...] | None = None,
    limit: int = 1000,
) -> Trace:
    """Run a program and record its first `limit` statements.

    A run that fails gives the statements up to there, and the error.

    Raises:
        WhileError: The program or its inputs are wrong.
    """
    program = prepare(source, inputs, options, level=level, outputs=outputs)
    recorder = _Recorder(source, limit)
    try:
        result = run_prepared(program, inputs, options, observer=recorder.observe)
    except WhileError as error:
        return Trace(tuple(recorder.rows), recorder.omitted, None, program.warnings, error)
    return Trace(tuple(recorder.rows), recorder.omitted, result.run.outputs, result.diagnostics, None)


@final
class _Recorder:
    """Keeps the first steps and counts the others."""

    def __init__(self, source: SourceFile, limit: int) -> None:
        self.source = source
        self.limit = limit
        self.rows: list[Row] = []
        self.omitted = 0

    def observe(self, step: Step) -> None:
        """Record one executed statement."""
        if len(self.rows) >= self.limit:
            self.omitted += 1
            return
        span = step.statement.span
        text = " ".join(self.source.snippet(span).split())
        line = self.source.position(span.start).line
        changes = tuple((name, _copy(value)) for name, value in step.changes)
        self.rows.append(Row(len(self.rows) + 1, line, text, step.weight, changes, step.depth))


def _copy(value: Any) -> Any:
    """Nested lists as they are now: the run goes on to change them."""
    return list(map(_copy, cast("list[Any]", value))) if isinstance(value, list) else value
