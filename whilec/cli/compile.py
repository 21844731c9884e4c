"""`whilec compile`: a program as a file that needs no whilec."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, final

import click

from whilec.cli.options import build_options, graph_options, level_option, run_options
from whilec.cli.output import show_diagnostics
from whilec.cli.progress import waiting
from whilec.cli.run import split_names
from whilec.cli.spelling import as_command_line
from whilec.diagnostics.model import WhileError
from whilec.driver.choices import read_count
from whilec.driver.files import load
from whilec.driver.inputs import read_inputs
from whilec.driver.pipeline import Level

if TYPE_CHECKING:
    from whilec.driver.exporting import Saved


@final
class BatchType(click.ParamType):  # pyright: ignore[reportMissingTypeArgument] - generic since 8.4
    """`dynamic` or a whole number; what is neither goes on as it is, to be refused."""

    name = "batch"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or the text."""
        try:
            return read_count(str(value))
        except ValueError:
            return value


@click.command("compile")
@click.argument("file")
@click.argument("given", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("-o", "--output", required=True, metavar="FILE", help="The file: .pt2, .onnx or .py.")
@run_options
@click.option("--outputs", metavar="NAMES", help="Names of the outputs wanted, with commas between them.")
@graph_options
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float64"]),
    metavar="float32|float64",
    help="Number type of the computation. Default: float32; in a .py file that of the inputs.",
)
@click.option(
    "--batch",
    type=BatchType(),
    default="dynamic",
    metavar="dynamic|N",
    help="Elements of a batch in a .pt2 or .onnx file. Default: dynamic, any number.",
)
@level_option
def compile_(
    file: str,
    given: tuple[str, ...],
    output: str,
    outputs: str | None,
    graph: Literal["recurrent", "unrolled"] | None,
    trips: Any,
    dtype: str | None,
    batch: Any,
    level: Level,
    **options: Any,
) -> int:
    """Write the program FILE as a file that needs no whilec, and verify it.

    .pt2 is a program of torch.export, .onnx a model for other runtimes; both hold an unrolled graph, with
    --trips copies of every loop. .py is a Python file that needs torch only.

    Sizes are given as NAME=SIZE (n=5). Inputs as for `whilec run` bind the sizes of their arrays, and
    the file is verified with them; of a program without a header they are the inputs of the file. A PARAM
    given so has this value in the file.

    \b
    whilec compile multiply.while -o multiply.py
    whilec compile multiply.while x1=3 x2=4 -o multiply.onnx --trips 14,17
    whilec compile bubble_sort.while n=5 -o bubble_sort.pt2 --smooth 1
    """
    from whilec.driver.export_command import Request, export_file

    request = Request(
        output=output,
        options=asdict(build_options(options)),
        outputs=split_names(outputs),
        graph=graph,
        trips=trips,
        dtype=dtype,
        batch=batch,
        level=level,
    )
    try:
        with waiting(f"writing and verifying {output}"):
            saved, warnings = export_file(load(file), read_inputs(given), request)
    except WhileError as error:
        raise as_command_line(error) from None
    show_diagnostics(warnings)
    click.echo(_line(saved))
    return 0


def _line(saved: Saved) -> str:
    if not saved.rows:
        return f"{saved.path}: written, not verified: {saved.note}"
    rows = "1 element" if saved.rows == 1 else f"{saved.rows} elements"
    return f"{saved.path}: verified on {rows}, max difference {saved.difference:.2g}"
