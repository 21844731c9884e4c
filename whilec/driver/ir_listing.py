"""The IR of a program, after lowering and after every pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from whilec.backends.base import FailedRunError
from whilec.backends.registry import Graph
from whilec.diagnostics.model import Code, Diagnostic, Example, Label, WhileError
from whilec.driver.failures import failed_run
from whilec.driver.long_graphs import too_long
from whilec.driver.pipeline import Level, broken_promises, check_file, in_source
from whilec.driver.recipe import Recipe, source_loops
from whilec.driver.values import Value, shape_of, shorten
from whilec.semantics.bind import bind_shapes, check_input_names, input_variables
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.source import SourceFile

if TYPE_CHECKING:
    from whilec.ir.node import Program

LOWERING = "lowering"

E0521 = Code(
    "E0521",
    "hard mode has no IR",
    """
The IR makes path weights explicit, and a program in hard mode has none: it runs on exact integers, in the
interpreter. `whilec ir` shows the program in a smooth mode, `inf` unless `--smooth` says otherwise.
""",
    Example("x0 := x1 + 1", "ir {file} --smooth hard"),
)

E0684 = Code(
    "E0684",
    "a size that is not known",
    """
The IR, and an exported file, are those of a program whose arrays have sizes. `whilec ir FILE n=3` gives them
by the names of shape variables, and so does `whilec compile`; an input given as for `whilec run` binds those
of its shape. A size is a whole number, and has one value.
""",
    Example("PROGRAM total(a: real[n]) -> y: real\ny := sum(a)\n", "ir {file}"),
)


@final
@dataclass(frozen=True)
class IRStep:
    """The program after one step.

    Args:
        name: `lowering`, or that of the pass.
        program: At its stage.
    """

    name: str
    program: Program


def ir_steps(
    source: SourceFile,
    given: Mapping[str, Value],
    options: Options,
    *,
    level: Level = "full",
    outputs: tuple[str, ...] | None = None,
    graph: Graph = "recurrent",
    trips: Any = None,
) -> tuple[IRStep, ...]:
    """Every step on the way to a graph, each one verified.

    Args:
        source: The text of the program.
        given: Shape variables, and inputs whose shapes bind them.
        options: Its meaning.
        level: What it may use of the language.
        outputs: Names of the outputs wanted.
        graph: Which list of passes.
        trips: Copies of loops, for an unrolled graph.

    Raises:
        WhileError: The program is wrong, or a size or the trips are missing.
    """
    checked = check_file(source, level=level, outputs=outputs)
    if checked.program is None:
        raise WhileError(*checked.diagnostics)
    recipe = Recipe(source, options, outputs, graph, trips)
    program = recipe.check()
    if options.is_hard:
        help_text = "use `--smooth 0` or another smooth mode"
        raise WhileError(Diagnostic(E0521, "a crisp program has no IR", help=help_text))
    try:
        program = _specialised(program, given, options)
        return _steps(program, options, recipe.trips_per_loop(len(source_loops(program))))
    except WhileError as error:
        raise WhileError(*in_source(source, error.diagnostics)) from None


def _steps(program: CheckedProgram, options: Options, trips: tuple[int, ...] | None) -> tuple[IRStep, ...]:
    from whilec.ir.verify import verify
    from whilec.lower import lower
    from whilec.passes.base import run_passes
    from whilec.passes.pipelines import recurrent, unrolled
    from whilec.passes.unroll import TooManyNodesError, UnrollError

    lowered = verify(lower(program, options), LOWERING)
    steps = [IRStep(LOWERING, lowered)]
    passes = recurrent() if trips is None else unrolled(trips)
    try:
        run_passes(lowered, passes, observer=lambda name, after: steps.append(IRStep(name, after)))
    except UnrollError as error:
        raise failed_run(FailedRunError(error.problem, error.span, error.numbers), program.source) from None
    except TooManyNodesError as error:
        raise too_long(sum(error.counts.values()), error.counts, program.source) from None
    return tuple(steps)


def known_sizes(program: CheckedProgram, given: Mapping[str, Value]) -> dict[str, int]:
    """The sizes that shape variables, or inputs of one element, give.

    Raises:
        WhileError: A size is missing or wrong, or a name is unknown.
    """
    inputs = {name: value for name, value in given.items() if name not in program.shape_variables}
    check_input_names(program, dict.fromkeys([*program.main.inputs, *inputs]))
    sizes = bind_shapes(program, {name: shape_of(value) for name, value in inputs.items()})
    problems: list[Diagnostic] = []
    for name, value in given.items():
        if name in program.shape_variables:
            if not isinstance(value, int) or value < 0:
                title = f"`{name}` is a size, but `{shorten(str(value))}` is not a whole number of at least 0"
                problems.append(Diagnostic(E0684, title, help=f"write `{name}=3`"))
            elif sizes.setdefault(name, value) != value:
                title = f"`{name}` is {value}, but {sizes[name]} by the shape of an input"
                problems.append(Diagnostic(E0684, title, help="give it once"))
    known = {*given, *sizes}
    problems += [_unknown(program, name) for name in program.shape_variables if name not in known]
    if problems:
        raise WhileError(*problems)
    return sizes


def _specialised(program: CheckedProgram, given: Mapping[str, Value], options: Options) -> CheckedProgram:
    sizes = known_sizes(program, given)
    if program.bindings is None:
        from whilec.semantics.check import specialise

        program = specialise(program, sizes)
    broken = broken_promises(program, options)
    if broken:
        raise WhileError(*broken)
    return program


def _unknown(program: CheckedProgram, name: str) -> Diagnostic:
    variables = input_variables(program).values()
    giver = next(variable for variable in variables if name in map(str, variable.type.shape))
    label = Label(giver.span, f"`{name}` is bound here when the program is called")
    return Diagnostic(E0684, f"the size `{name}` is not known", label, help=f"add a size, as in `{name}=3`")
