"""Values and derivatives of a program over ranges of its inputs, for `whilec plot`.

Modules, and with them torch, are loaded when a plot is sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import final

from whilec.diagnostics.model import Code, Diagnostic, Example, Label, WhileError
from whilec.driver.axes import E0640, STEPS, Axis, Element, label
from whilec.driver.loop_warnings import loop_warnings
from whilec.driver.pipeline import Level, check_file, in_source
from whilec.driver.recipe import Recipe
from whilec.driver.values import Value, shape_of
from whilec.semantics.bind import bind_shapes, check_input_names, input_variables
from whilec.semantics.option_checks import check_options
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram, Variable
from whilec.source import SourceFile

E0642 = Code(
    "E0642",
    "an output that cannot be plotted",
    """
A plot shows one number over its inputs. `--outputs NAME` chooses one output, and `--outputs 'd[2]'` one
element of an output that is an array, counted from 0. Without it the plot shows the program's first output.
""",
    Example(
        "PROGRAM twice(a: real[n], k: real) -> b: real[n]\nb := k * a",
        "plot {file} 'a=[1, 2]' k=0:1 --modes 0 -o figure.png",
    ),
)


@final
@dataclass(frozen=True)
class Request:
    """What is to be plotted.

    Args:
        source: The program.
        fixed: Inputs that stay the same.
        axes: One or two inputs that vary.
        modes: Options of the panels, in their order.
        output: The output, or one element of it; None for the first.
        level: The language that the program may use.
    """

    source: SourceFile
    fixed: Mapping[str, Value]
    axes: tuple[Axis, ...]
    modes: tuple[Options, ...]
    output: Element | None = None
    level: Level = "full"

    @property
    def steps(self) -> int:
        """Points of an axis that says no number."""
        return STEPS[len(self.axes)]


@final
@dataclass(frozen=True)
class Panel:
    """The program in one mode. Numbers over two axes are rows along the first of them.

    Args:
        options: The mode.
        points: Values of each axis.
        is_whole: Whether they are only the whole numbers of the ranges.
        values: The output at all points, the last axis fastest.
        derivatives: For each axis the derivative by it; None in hard mode.
    """

    options: Options
    points: tuple[list[float], ...]
    is_whole: bool
    values: list[float]
    derivatives: tuple[list[float], ...] | None


@final
@dataclass(frozen=True)
class Plot:
    """All that a picture shows.

    Args:
        axes: The inputs that vary.
        output: What is plotted: `x0` or `d[2]`.
        panels: One for each mode.
        diagnostics: Warnings about the program and its loops.
    """

    axes: tuple[Axis, ...]
    output: str
    panels: tuple[Panel, ...]
    diagnostics: tuple[Diagnostic, ...]


def sample(request: Request, tick: Callable[[int], None] = lambda _: None) -> Plot:
    """Run the program in every mode at every point; `tick` hears of the points that are done.

    Raises:
        WhileError: The program or its inputs are wrong, or a run failed.
    """
    from whilec.driver.sampling import sample_panel

    source = request.source
    program = _checked(request)
    output, place = _chosen_output(request, program)
    panels: list[Panel] = []
    warnings: list[Diagnostic] = list(program.warnings)
    for options in request.modes:
        panel, loops = sample_panel(request, program, options, (output, place), tick)
        panels.append(panel)
        found = (*check_options(options), *loop_warnings(loops))
        warnings += [replace(w, notes=(*w.notes, f"in mode {options.smooth}")) for w in found]
    return Plot(request.axes, label(output, place), tuple(panels), in_source(source, warnings))


def points(request: Request) -> int:
    """An upper bound of the points of all modes, for a progress bar."""
    total = 1
    for axis in request.axes:
        total *= axis.steps or request.steps
    return total * len(request.modes)


def _checked(request: Request) -> CheckedProgram:
    """The program, once it is known to run in every mode with these inputs."""
    checked = check_file(request.source, level=request.level)
    if checked.program is None:
        raise WhileError(*checked.diagnostics)
    wanted = None if request.output is None else (request.output[0],)
    programs = [Recipe(request.source, options, wanted).check() for options in request.modes]
    _check_inputs(request, programs[0])
    return programs[0]


def _check_inputs(request: Request, program: CheckedProgram) -> None:
    names = dict.fromkeys([*request.fixed, *(axis.name for axis in request.axes)])
    try:
        check_input_names(program, names)
        shapes = {name: shape_of(value) for name, value in request.fixed.items()}
        shapes |= {axis.name: () for axis in request.axes if axis.name not in shapes}
        known = input_variables(program)
        for axis in request.axes:
            _check_axis(axis, known[axis.name], request.fixed)
        bind_shapes(program, shapes)
    except WhileError as error:
        raise WhileError(*in_source(request.source, error.diagnostics)) from None


def _check_axis(axis: Axis, variable: Variable, fixed: Mapping[str, Value]) -> None:
    """An axis is a number, or an element of an array that is given."""
    rank = len(variable.type.shape)
    declared = Label(variable.span, f"declared as {variable.type}")
    if len(axis.place) != rank:
        indices = ", ".join("0" * rank)
        what = f"`{axis.name}[{indices}]=0:8` varies one element" if rank else f"write `{axis.name}=0:8`"
        title = f"`{axis.label}` is not a single number"
        raise WhileError(Diagnostic(E0640, title, declared, help=what))
    if not rank:
        return
    if axis.name not in fixed:
        title = f"the other elements of `{axis.name}` are missing"
        example = "[" * rank + "1, 2, 3" + "]" * rank
        raise WhileError(Diagnostic(E0640, title, declared, help=f"add `{axis.name}={example}`"))
    shape = shape_of(fixed[axis.name])
    if any(index >= size for index, size in zip(axis.place, shape, strict=False)):
        sizes = ", ".join(map(str, shape))
        title = f"`{axis.label}` is out of range: `{axis.name}` is given with shape [{sizes}]"
        raise WhileError(Diagnostic(E0640, title, declared, help="count the elements from 0"))


def _chosen_output(request: Request, program: CheckedProgram) -> Element:
    name, place = request.output or (program.main.outputs[0], ())
    variable = program.main.variables[name]
    rank = len(variable.type.shape)
    if rank == len(place):
        return name, place
    example = f"`--outputs '{label(name, (0,) * rank)}'`" if rank else f"`--outputs {name}`"
    raise WhileError(
        Diagnostic(
            E0642,
            f"the output `{label(name, place)}` is not a single number",
            Label(variable.span, f"declared as {variable.type}"),
            help=f"use {example}",
            source=request.source,
        )
    )
