"""`whilec trace`: every executed statement with its path weight and what it changed."""

from __future__ import annotations

from typing import Any

import click

from whilec.cli.options import build_options, level_option, run_options
from whilec.cli.output import json_text, show_diagnostics
from whilec.cli.run import split_names
from whilec.cli.table import layout
from whilec.driver.files import load
from whilec.driver.inputs import read_inputs
from whilec.driver.pipeline import Level
from whilec.driver.tracing import Trace, trace_program
from whilec.driver.values import DIGITS, format_value


@click.command()
@click.argument("file")
@click.argument("inputs", nargs=-1, metavar="[NAME=VALUE]...")
@run_options
@click.option("--outputs", metavar="NAMES", help="Names of the outputs wanted, with commas between them.")
@click.option(
    "--limit", type=click.IntRange(min=0), default=1000, metavar="N", help="Most rows. Default: 1000."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@level_option
def trace(
    file: str,
    inputs: tuple[str, ...],
    outputs: str | None,
    limit: int,
    as_json: bool,
    level: Level,
    **given: Any,
) -> int:
    """Run the program FILE and list the statements that it executes.

    Each row has the line, the statement, the path weight it ran at and the new values of the
    variables it assigned.

    \b
    whilec trace multiply.while x1=2 x2=3 --smooth 0
    """
    found = trace_program(
        load(file),
        read_inputs(inputs),
        build_options(given),
        level=level,
        outputs=split_names(outputs),
        limit=limit,
    )
    show_diagnostics(found.diagnostics)
    click.echo(_as_json(found) if as_json else "\n".join(_lines(found)))
    if found.error is not None:
        raise found.error
    return 0


def _lines(found: Trace) -> list[str]:
    rows = [("step", "line", "statement", "weight", "changes")]
    for step in found.rows:
        changes = ", ".join(f"{name} = {format_value(value)}" for name, value in step.changes)
        rows.append(
            (
                str(step.number),
                str(step.line),
                "  " * step.depth + step.text,
                f"{step.weight:.{DIGITS}g}",
                changes,
            )
        )
    lines = layout(rows, "rrlrl")
    if found.omitted:
        lines.append(f"... {found.omitted} more steps; --limit N shows more")
    if found.outputs is not None:
        lines += ["", *(f"{name} = {format_value(value)}" for name, value in found.outputs.items())]
    return lines


def _as_json(found: Trace) -> str:
    steps = [
        {
            "step": row.number,
            "line": row.line,
            "statement": row.text,
            "weight": row.weight,
            "changes": dict(row.changes),
            "depth": row.depth,
        }
        for row in found.rows
    ]
    outputs = None if found.outputs is None else dict(found.outputs)
    return json_text({"steps": steps, "omitted": found.omitted, "outputs": outputs})
