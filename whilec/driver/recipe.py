"""What a compiled module is made from, and what is wrong with it before any shape is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast, final

from whilec.backends.registry import BACKENDS, Graph
from whilec.diagnostics.model import Code, Diagnostic, Example, WhileError
from whilec.diagnostics.suggest import nearest
from whilec.driver.pipeline import broken_promises, check_file, has_errors, in_source
from whilec.driver.values import shorten
from whilec.semantics.option_checks import check_options
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.source import SourceFile
from whilec.syntax import ast, walk

LoopNode: TypeAlias = ast.While | ast.Loop

AUTO = "auto"
INTERPRETER = "interpreter"

E0510 = Code(
    "E0510",
    "a backend or graph that does not exist",
    """
`backend` is `auto`, which takes the fastest one that can run the program, or the name of one backend:
`interpreter`, or one that `module.explain()` lists. `graph` is `recurrent` (loops run until they end) or
`unrolled` (straight-line code with a fixed number of copies of every loop's body).
""",
    Example("WHILE x1 != 0 DO\n  x1 := x1 - 1\nEND\n", ""),
)
E0512 = Code(
    "E0512",
    "an unrolled graph that does not exist",
    """
An unrolled graph is straight-line torch code that computes every copy of a loop's body, weighted by how
far the loop still runs. In hard mode a loop either runs or has ended, and the interpreter decides that
trip by trip: neither has an unrolled graph. Take `graph="recurrent"`, or a smooth mode and another backend.
""",
    Example("WHILE x1 != 0 DO\n  x1 := x1 - 1\nEND\n", ""),
)
E0513 = Code(
    "E0513",
    "trips that do not fit the graph",
    """
An unrolled graph has a fixed number of copies of the body of every WHILE and LOOP. `trips` says how many:
one whole number of at least 1 for all loops, or a list with one number per loop, in the order of the text
(loops inside DEFs included). It has no default, because too few copies cut a loop short and too many
cost time and memory. A recurrent graph runs its loops until they end, so `trips` does not belong to it;
`max_trips` is its limit.
""",
    Example("WHILE x1 != 0 DO\n  x1 := x1 - 1\nEND\n", ""),
)
E0514 = Code(
    "E0514",
    "trained weights in hard mode",
    """
With `trainable=True` every assignment `x := e` stores w e + b. After training w and b are real numbers,
and whole numbers do not stay whole; but hard mode computes with exact integers. So in hard mode all weights
must be 1 and all biases 0, as they are at the start. Run the trained module in a smooth mode, for instance
`smooth=0` with a large steepness.
""",
    Example("WHILE x1 != 0 DO\n  x1 := x1 - 1\nEND\n", ""),
)


@final
@dataclass(frozen=True)
class Recipe:
    """All that a module is compiled from; it pickles.

    Args:
        source: The text of the program.
        options: Its meaning; steepness may be changed later.
        outputs: Names of the outputs wanted; None for the program's own.
        graph: Recurrent or unrolled.
        trips: Copies of every loop in an unrolled graph, in source order or one for all.
        backend: A name, or `auto`.
        tree: The program where `source` is the text of another language; None to parse `source`.
    """

    source: SourceFile
    options: Options
    outputs: tuple[str, ...] | None = None
    graph: Graph = "recurrent"
    trips: int | tuple[int, ...] | None = None
    backend: str = AUTO
    tree: ast.Program | None = None

    def check(self) -> CheckedProgram:
        """The program, checked for sizes that are not known yet.

        Raises:
            WhileError: It is wrong, or the choices make no sense.
        """
        problems = [*check_options(self.options), *_check_choices(self)]
        if has_errors(problems):
            raise WhileError(*(d for d in problems if has_errors((d,))))
        program = self._checked()
        promises = () if program.bindings is None else broken_promises(program, self.options)
        if promises:
            raise WhileError(*in_source(self.source, promises))
        problem = _wrong_trips(self, len(source_loops(program)))
        if problem is not None:
            raise WhileError(problem)
        return program

    def _checked(self) -> CheckedProgram:
        if self.tree is None:
            checked = check_file(self.source, outputs=self.outputs)
            program, diagnostics = checked.program, checked.diagnostics
        else:
            from algonet_runtime import table
            from whilec.semantics.check import check
            from whilec.syntax.python import in_python

            result = check(self.tree, self.source, intrinsics=table(), outputs=self.outputs)
            program, diagnostics = result.program, in_python(result.diagnostics)
        if program is None:
            raise WhileError(*in_source(self.source, diagnostics))
        return program

    def trips_per_loop(self, loops: int) -> tuple[int, ...] | None:
        """Copies of every loop, for an unrolled graph of a program with this many loops."""
        if self.graph != "unrolled":
            return None
        return self.trips if isinstance(self.trips, tuple) else (self.trips or 1,) * loops


def source_loops(program: CheckedProgram) -> tuple[LoopNode, ...]:
    """Every WHILE and LOOP of the text, DEFs included, in its order."""
    found: list[LoopNode] = []
    for item in program.syntax.items:
        nodes = (item, *walk.nested_statements(item))
        found += (node for node in nodes if isinstance(node, ast.While | ast.Loop))
    return tuple(found)


def source_targets(program: CheckedProgram) -> tuple[ast.Target, ...]:
    """Every target of an assignment of the text, DEFs included, in its order."""
    found: list[ast.Target] = []
    for item in program.syntax.items:
        for node in (item, *walk.nested_statements(item)):
            if isinstance(node, ast.Assign):
                found += node.targets
    return tuple(found)


def trained_weights_are_real() -> Diagnostic:
    """The problem of weights other than 1 or biases other than 0 in hard mode."""
    return Diagnostic(
        E0514,
        "hard mode has no trained weights: some differ from 1, or some biases from 0",
        help="run the module in a smooth mode",
    )


def plain_trips(trips: Any) -> int | tuple[int, ...] | None:
    """Trips as Python's ints, as far as they are ints; nothing is checked yet."""
    if isinstance(trips, Sequence) and not isinstance(trips, str):
        return tuple(_plain_int(each) for each in cast("Sequence[Any]", trips))
    return _plain_int(trips)


def _plain_int(value: Any) -> Any:
    return value.__index__() if hasattr(value, "__index__") and not isinstance(value, bool) else value


def _check_choices(recipe: Recipe) -> Iterator[Diagnostic]:
    graphs = tuple(BACKENDS)
    if recipe.graph not in graphs:
        yield _unknown("graph", recipe.graph, graphs)
        return
    names = (AUTO, INTERPRETER, *dict.fromkeys(name for table in BACKENDS.values() for name in table))
    if recipe.backend not in names:
        yield _unknown("backend", recipe.backend, names)
        return
    if recipe.graph != "unrolled":
        return
    if recipe.options.is_hard:
        title = "hard mode has no unrolled graph"
        yield Diagnostic(E0512, title, help='use `graph="recurrent"`, or a smooth mode such as `smooth=0`')
    elif recipe.backend == INTERPRETER:
        title = "the interpreter has no unrolled graph"
        yield Diagnostic(E0512, title, help='use `backend="auto"`, or `graph="recurrent"`')
    elif recipe.backend not in (AUTO, *BACKENDS["unrolled"]):
        title = f"the backend `{recipe.backend}` has no unrolled graph"
        yield Diagnostic(E0512, title, help='use `backend="auto"`, or `graph="recurrent"`')


def _unknown(what: str, given: object, known: Sequence[str]) -> Diagnostic:
    near = nearest(given, known) if isinstance(given, str) else None
    listing = ", ".join(f'"{name}"' for name in known)
    return Diagnostic(
        E0510,
        f"there is no {what} `{shorten(str(given))}`",
        help=f'did you mean `{what}="{near}"`?' if near else f"`{what}` is one of {listing}",
    )


def _wrong_trips(recipe: Recipe, loops: int) -> Diagnostic | None:
    trips = recipe.trips
    if recipe.graph == "recurrent":
        if trips is None:
            return None
        help_text = 'use `max_trips` for a limit, or add `graph="unrolled"`'
        return Diagnostic(E0513, "a recurrent graph takes no `trips`", help=help_text)
    if trips is None:
        if loops == 0:
            return None
        further = "" if loops == 1 else f", or one number for each of its {loops} loops"
        return Diagnostic(E0513, "an unrolled graph needs `trips`", help=f"add `trips=8`{further}")
    wrong = [each for each in (trips if isinstance(trips, tuple) else (trips,)) if not _is_count(each)]
    if wrong:
        title = f"`trips` holds `{shorten(str(wrong[0]))}`, which is not a whole number of at least 1"
        return Diagnostic(E0513, title, help="write `trips=8`, or a list such as `trips=[8, 4]`")
    if isinstance(trips, tuple) and len(trips) != loops:
        plural = "" if loops == 1 else "s"
        title = f"`trips` has {len(trips)} numbers, but the program has {loops} loop{plural}"
        return Diagnostic(E0513, title, help="give one number per WHILE and LOOP, in the order of the text")
    return None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
