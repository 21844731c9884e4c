"""`whilec plot`: a picture of a program's value and derivatives over one or two inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from whilec.cli.options import OptionType, build_options, level_option, options_of_all_modes
from whilec.cli.output import show_diagnostics
from whilec.cli.progress import progress
from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.axes import Element, read_axes, read_element
from whilec.driver.files import load
from whilec.driver.pictures import check_picture, colouring, write_picture
from whilec.driver.pipeline import Level
from whilec.driver.plotting import E0642, Request, points, sample
from whilec.semantics.options import Options


@click.command()
@click.argument("file")
@click.argument("inputs", nargs=-1, metavar="[NAME=A:B | NAME=VALUE]...")
@click.option(
    "-o", "--output", "picture", required=True, metavar="FILE", help="The picture: .png, .svg, .pdf."
)
@click.option("--modes", default="hard,0,inf", metavar="MODES", help="As --smooth. Default: hard,0,inf.")
@click.option("--outputs", "--output-name", "wanted", metavar="NAME", help="The output, or an element of it.")
@click.option("--derivative", metavar="NAME", help="Colour by the derivative by this input alone.")
@options_of_all_modes
@level_option
def plot(
    file: str,
    inputs: tuple[str, ...],
    picture: str,
    modes: str,
    wanted: str | None,
    derivative: str | None,
    level: Level,
    **given: Any,
) -> int:
    """Draw the program FILE over one or two inputs.

    NAME=A:B varies an input from A to B, NAME=A:B:STEPS in so many steps; 'a[1]=0:8' varies one
    element of an array. Other inputs are NAME=VALUE. With one range there are curves of the value
    and its derivative; with two, a surface for each mode, whose height is the value and whose
    colour is the length of the gradient.

    \b
    whilec plot multiply.while x1=0:8 x2=0:8 -o multiply.png
    whilec plot multiply.while x1=0:8 x2=3 --modes 0,1,inf --steepness 2 -o multiply.svg
    """
    check_picture(picture)
    fixed, axes = read_axes(inputs)
    colours = colouring(tuple(axis.label for axis in axes), derivative)
    request = Request(load(file), fixed, axes, _modes(modes, build_options(given)), _element(wanted), level)
    total, done = points(request), 0
    with progress("sampling") as advance:

        def tick(count: int) -> None:
            nonlocal done
            done += count
            advance(done, total)

        found = sample(request, tick)
    show_diagnostics(found.diagnostics)
    write_picture(picture, found, colours)
    names = " and ".join(axis.label for axis in found.axes)
    click.echo(f"{picture}: {found.output} over {names}")
    return 0


def _modes(text: str, options: Options) -> tuple[Options, ...]:
    """The options of every mode, each mode once; what is no mode goes on to the checker of options."""
    smooth = OptionType("smooth")
    modes = dict.fromkeys(smooth.convert(word.strip(), None, None) for word in text.split(","))
    return tuple(replace(options, smooth=mode) for mode in modes)


def _element(text: str | None) -> Element | None:
    if text is None:
        return None
    element = read_element(text)
    if element is None:
        title = f"`{text}` is not the name of one output"
        raise WhileError(Diagnostic(E0642, title, help="write `--outputs x0`, or `--outputs 'd[2]'`"))
    return element
