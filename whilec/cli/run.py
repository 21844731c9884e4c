"""`whilec run`: the outputs of a program, and their derivatives."""

from __future__ import annotations

from typing import Any

import click

from whilec.cli.options import build_options, level_option, run_options
from whilec.cli.output import json_text, loops_to_data, show_diagnostics
from whilec.cli.table import layout
from whilec.driver.arguments import plain_names
from whilec.driver.files import load
from whilec.driver.inputs import read_inputs
from whilec.driver.pipeline import Level, Result, run_program
from whilec.driver.values import format_value


@click.command()
@click.argument("file")
@click.argument("inputs", nargs=-1, metavar="[NAME=VALUE]...")
@run_options
@click.option("--outputs", metavar="NAMES", help="Names of the outputs wanted, with commas between them.")
@click.option("--grad", is_flag=True, help="Also the derivatives of each output by given inputs and PARAMs.")
@click.option("--stats", is_flag=True, help="Also how often each loop ran, and how it ended.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; NaN and infinities are texts.")
@level_option
def run(
    file: str,
    inputs: tuple[str, ...],
    outputs: str | None,
    grad: bool,
    stats: bool,
    as_json: bool,
    level: Level,
    **given: Any,
) -> int:
    """Run the program FILE and print its outputs.

    Inputs are NAME=VALUE: a number (x1=3), a list ('a=[1, 2, 3]', 'm=[[1, 2], [3, 4]]') or an array
    file (a=@FILE.npy). PARAMs count as inputs. FILE is a path, or - for standard input.

    \b
    whilec run multiply.while x1=3 x2=4
    whilec run multiply.while x1=3 x2=4 --smooth hard
    whilec run multiply.while x1=3 x2=4 --smooth 1 --steepness 2 --grad --stats
    """
    source, values = load(file), read_inputs(inputs)
    result = run_program(
        source,
        values,
        build_options(given),
        level=level,
        outputs=split_names(outputs),
        jacobian=grad,
    )
    show_diagnostics(result.diagnostics)
    click.echo(_as_json(result) if as_json else "\n".join(_lines(result, stats=stats)))
    return 0


def split_names(names: str | None) -> tuple[str, ...] | None:
    """The names of `--outputs`."""
    if names is None:
        return None
    return plain_names(name.strip() for name in names.split(",") if name.strip())


def _as_json(result: Result) -> str:
    data: dict[str, Any] = {"outputs": dict(result.run.outputs)}
    if result.run.jacobian is not None:
        data["jacobian"] = {output: dict(row) for output, row in result.run.jacobian.items()}
    data["loops"] = loops_to_data(result.run.loops)
    return json_text(data)


def _lines(result: Result, *, stats: bool) -> list[str]:
    lines = [f"{name} = {format_value(value)}" for name, value in result.run.outputs.items()]
    for output, row in (result.run.jacobian or {}).items():
        lines += [f"d {output} / d {name} = {format_value(value)}" for name, value in row.items()]
    if stats:
        lines += ["", *_loop_table(result), f"{result.run.steps} statements"]
    return lines


def _loop_table(result: Result) -> list[str]:
    if not result.run.loops:
        return ["no loops"]
    rows: list[tuple[str, ...]] = [("line", "loop", "entries", "trips", "converged", "capped", "nan")]
    for loop in result.run.loops:
        head = " ".join(result.program.source.snippet(loop.span).split())
        shares = [f"{share:.4g}" for share in (loop.converged, loop.capped, loop.nan)]
        rows.append((str(loop.line), head, str(loop.entries), str(loop.trips), *shares))
    return layout(rows, "rlrrrrr")
