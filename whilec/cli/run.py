"""`whilec run`: the outputs of a program, and their derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from whilec.cli.batch import BatchCommand
from whilec.cli.loops import loop_table
from whilec.cli.options import build_options, level_option, module_options, run_options
from whilec.cli.output import json_text, loops_to_data, show_diagnostics
from whilec.cli.spelling import as_command_line
from whilec.diagnostics.model import WhileError
from whilec.driver.arguments import plain_names
from whilec.driver.files import load
from whilec.driver.inputs import read_inputs
from whilec.driver.pipeline import Level, Result, run_program
from whilec.driver.values import format_value
from whilec.semantics.options import Options
from whilec.source import SourceFile

if TYPE_CHECKING:
    from whilec.driver.compiled_runs import CompiledProgram

_MODULE_CHOICES = ("device", "dtype", "graph", "trips", "backend")


@click.command()
@click.argument("file")
@click.argument("inputs", nargs=-1, metavar="[NAME=VALUE]...")
@run_options
@click.option("--outputs", metavar="NAMES", help="Names of the outputs wanted, with commas between them.")
@click.option("--grad", is_flag=True, help="Also the derivatives of each output by given inputs and PARAMs.")
@click.option("--stats", is_flag=True, help="Also how often each loop ran, and how it ended.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; NaN and infinities are texts.")
@click.option("--batch", metavar="IN", help="Run on every row of a .csv or .npz file.")
@click.option("--output", metavar="OUT", help="Where --batch writes its results: a .csv or .npz file.")
@click.option(
    "--chunk", type=click.IntRange(min=1), metavar="N", help="Rows at once. Default: by the size of a row."
)
@module_options
@level_option
def run(
    file: str,
    inputs: tuple[str, ...],
    outputs: str | None,
    grad: bool,
    stats: bool,
    as_json: bool,
    batch: str | None,
    output: str | None,
    chunk: int | None,
    level: Level,
    **given: Any,
) -> int:
    """Run the program FILE and print its outputs.

    Inputs are NAME=VALUE: a number (x1=3), a list ('a=[1, 2, 3]', 'm=[[1, 2], [3, 4]]') or an array
    file (a=@FILE.npy). PARAMs count as inputs. FILE is a path, or - for standard input.

    With --batch, a row of a table takes the place of the inputs; those given as NAME=VALUE are the same
    for all rows. Columns are x1, a[0], a[1], m[0,1]; an .npz file has one array per input.

    With --batch, --device, --dtype, --graph, --trips or --backend the program runs as a compiled module
    on torch, else in the interpreter, which starts faster.

    \b
    whilec run multiply.while x1=3 x2=4
    whilec run multiply.while x1=3 x2=4 --smooth hard
    whilec run multiply.while x1=3 x2=4 --smooth 1 --steepness 2 --grad --stats
    whilec run multiply.while x2=4 --batch in.csv --output out.csv --device cuda
    """
    if (batch is None) != (output is None):
        raise click.UsageError("--batch and --output belong together: give both, or neither.")
    if chunk is not None and batch is None:
        raise click.UsageError("--chunk belongs to --batch.")
    source, values = load(file), read_inputs(inputs)
    names, options = split_names(outputs), build_options(given)
    choices = {name: given[name] for name in _MODULE_CHOICES}
    if batch is not None and output is not None:
        compiled = _compiled(source, options, choices, level, names)
        return BatchCommand(batch, output, chunk, grad, stats, as_json).run(compiled, values)
    if any(choice is not None for choice in choices.values()):
        from whilec.driver.compiled_single import run_single

        result = run_single(_compiled(source, options, choices, level, names), values, jacobian=grad)
    else:
        result = run_program(source, values, options, level=level, outputs=names, jacobian=grad)
    show_diagnostics(result.diagnostics)
    click.echo(_as_json(result) if as_json else "\n".join(_lines(result, stats=stats)))
    return 0


def split_names(names: str | None) -> tuple[str, ...] | None:
    """The names of `--outputs`."""
    if names is None:
        return None
    return plain_names(name.strip() for name in names.split(",") if name.strip())


def _compiled(
    source: SourceFile,
    options: Options,
    choices: Mapping[str, Any],
    level: Level,
    outputs: tuple[str, ...] | None,
) -> CompiledProgram:
    from whilec.driver.compiled_runs import CompiledProgram, ModuleChoices

    try:
        return CompiledProgram(source, options, ModuleChoices(**choices), level=level, outputs=outputs)
    except WhileError as error:
        raise as_command_line(error) from None


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
        lines += ["", *loop_table(result.run.loops, result.program.source)]
        lines += [f"{result.run.steps} statements"] if result.run.steps else []
    return lines
