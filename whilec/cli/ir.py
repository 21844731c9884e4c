"""`whilec ir`: the intermediate representation as text."""

from __future__ import annotations

from typing import Any

import click

from whilec.backends.registry import Graph
from whilec.cli.options import build_options, graph_options, level_option, run_options
from whilec.cli.run import split_names
from whilec.cli.spelling import as_command_line
from whilec.diagnostics.model import WhileError
from whilec.driver.files import load
from whilec.driver.inputs import read_inputs
from whilec.driver.ir_listing import IRStep, ir_steps
from whilec.driver.pipeline import Level

_STAGES = ("soft", "bounded", "flat")


@click.command()
@click.argument("file")
@click.argument("sizes", nargs=-1, metavar="[NAME=SIZE]...")
@run_options
@click.option("--outputs", metavar="NAMES", help="Names of the outputs wanted, with commas between them.")
@click.option(
    "--stage",
    type=click.Choice(_STAGES),
    metavar="|".join(_STAGES),
    help="Path weights explicit (soft, as lowered), trips bounded, or straight-line code (flat). "
    "Default: soft, with --graph its last one.",
)
@graph_options
@click.option("--passes", is_flag=True, help="Print the program after every pass up to that stage.")
@click.option("--verify", is_flag=True, help="Print what was verified instead: every step always is.")
@level_option
def ir(
    file: str,
    sizes: tuple[str, ...],
    outputs: str | None,
    stage: str | None,
    graph: Graph | None,
    trips: Any,
    passes: bool,
    verify: bool,
    level: Level,
    **given: Any,
) -> int:
    """Print the intermediate representation of the program FILE.

    Shape variables are given as NAME=SIZE (n=3), or by inputs as for `whilec run`.

    \b
    whilec ir multiply.while
    whilec ir multiply.while --stage bounded --passes
    whilec ir bubble_sort.while n=3 --graph unrolled --smooth 0
    """
    if graph is None and stage == "flat":
        graph = "unrolled"
    try:
        steps = ir_steps(
            load(file),
            read_inputs(sizes),
            build_options(given),
            level=level,
            outputs=split_names(outputs),
            graph=graph or "recurrent",
            trips=trips,
        )
    except WhileError as error:
        raise as_command_line(error) from None
    shown = _up_to(steps, stage or ("soft" if graph is None and not passes else None))
    if verify:
        lines = [f"{step.name}: {_size(step)}, verified" for step in shown]
    elif passes:
        lines = [line for step in shown for line in (_comment(step), _text(step))]
    else:
        lines = [_text(shown[-1])]
    click.echo("\n".join(lines).rstrip("\n"))
    return 0


def _up_to(steps: tuple[IRStep, ...], stage: str | None) -> tuple[IRStep, ...]:
    """The steps to a stage; that of lowering is its first step, others are complete at their last one."""
    if stage is None:
        return steps
    if stage == "soft":
        return steps[:1]
    found = [at for at, step in enumerate(steps) if step.program.stage.name.lower() == stage]
    if not found:
        raise click.UsageError(f"--graph recurrent has no stage '{stage}'; add --graph unrolled.")
    return steps[: found[-1] + 1]


def _comment(step: IRStep) -> str:
    return f"// after {step.name}"


def _text(step: IRStep) -> str:
    from whilec.ir.text import program_text

    return program_text(step.program)


def _size(step: IRStep) -> str:
    from whilec.ir.node import walk

    program = step.program
    regions = [program.body, *(function.body for function in program.functions.values())]
    count = sum(1 for region in regions for _ in walk(region))
    return f"stage {program.stage.name.lower()}, {count} operation{'' if count == 1 else 's'}"
