"""Warnings about loops that cannot end."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from whilec.diagnostics.model import Code, Diagnostic, Example, Label, WhileError
from whilec.semantics.context import UnitContext
from whilec.semantics.declarations import parts
from whilec.semantics.program import Role
from whilec.semantics.static import StaticEnvironment, UnboundSizeError, evaluate_condition
from whilec.source import Span
from whilec.syntax import ast

UNCHANGED_CONDITION = Code(
    "W0205",
    "a loop whose body never changes its condition",
    """
A WHILE reads its condition before each trip. Nothing in this body assigns a variable of the condition, so
once the loop is entered it never ends: crisply it runs forever, smoothly it stops at `max_trips`. Bring
the condition nearer to its end in the body, as in `x := x - 1`.
""",
    Example("x0 := x1\nWHILE x1 != 0 DO x0 := x0 + 1 END\n"),
)
ENDLESS = Code(
    "W0206",
    "a loop whose condition is always true",
    """
The condition compares numbers that are known before the program runs, and it is true, so the loop never
ends: crisply it runs forever, smoothly it stops at `max_trips`. Write a condition that depends on a
variable which the body changes.
""",
    Example("x0 := x1\nWHILE 1 = 1 DO x0 := x0 + 1 END\n"),
)


def loop_warnings(syntax: ast.Program, main: UnitContext) -> Iterator[Diagnostic]:
    """Warnings about the WHILE loops of the program and of its DEFs."""
    constants = StaticEnvironment(main.program.constants)
    fixed = frozenset(main.program.globals)
    shapes = {name for name, found in main.variables.items() if found[0] is Role.SHAPE}
    scopes = [(syntax.items, shapes | main.facts.counters.keys())]
    scopes += [
        (d.body, main.program.facts[name].counters.keys()) for name, d in main.program.definitions.items()
    ]
    for statements, own in scopes:
        loops, assignments = _walk(statements)
        for loop in loops:
            yield from _check(loop, assignments, constants, fixed | own)


def _check(
    loop: ast.While, assignments: _Assignments, constants: StaticEnvironment, fixed: Iterable[str]
) -> Iterator[Diagnostic]:
    variables = {part.id: part.span for part in parts(loop.condition) if isinstance(part, ast.Name)}
    changing = variables.keys() - set(fixed)
    if any(assignments.within(name, loop.span) for name in changing):
        return
    if changing:
        name = next(name for name in variables if name in changing)
        listing = " or ".join(f"`{each}`" for each in variables if each in changing)
        yield Diagnostic(
            UNCHANGED_CONDITION,
            f"the body of this WHILE never changes {listing}",
            Label(loop.condition.span, "does not change, so the loop cannot end once it is entered"),
            help=f"change the condition in the body, as in `{name} := {name} - 1`",
        )
    elif _is_true(loop.condition, constants):
        yield Diagnostic(
            ENDLESS,
            "the condition of this WHILE is always true",
            Label(loop.condition.span, "always true"),
            help="loop on a variable that the body changes",
        )


def _is_true(condition: ast.Expr, constants: StaticEnvironment) -> bool:
    try:
        return isinstance(condition, ast.Compare | ast.Connective | ast.Not) and evaluate_condition(
            condition, constants
        )
    except (WhileError, UnboundSizeError):
        return False


@dataclass(frozen=True)
class _Assignments:
    """Offsets in the text at which each variable is assigned, in order."""

    places: Mapping[str, Sequence[int]]

    def within(self, name: str, span: Span) -> bool:
        """Whether a variable is assigned inside a piece of text."""
        places = self.places.get(name, ())
        position = bisect_left(places, span.start)
        return position < len(places) and places[position] < span.end


def _walk(statements: Iterable[ast.Item]) -> tuple[list[ast.While], _Assignments]:
    """The WHILE loops in statements, and what these assign."""
    loops: list[ast.While] = []
    places: dict[str, list[int]] = {}
    pending = list(statements)
    while pending:
        statement = pending.pop()
        match statement:
            case ast.Assign():
                for target in statement.targets:
                    name = target if isinstance(target, ast.Name) else target.array
                    places.setdefault(name.id, []).append(target.span.start)
            case ast.While():
                loops.append(statement)
                pending += statement.body
            case ast.Loop() | ast.For():
                pending += statement.body
            case ast.If():
                pending += (inner for branch in statement.branches for inner in branch.body)
                pending += statement.orelse or ()
            case _:
                pass
    return loops, _Assignments({name: sorted(found) for name, found in places.items()})
