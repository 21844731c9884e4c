"""Types of undeclared variables: kinds by the greatest fixpoint, shapes by what is assigned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from whilec.semantics.calls import call_results
from whilec.semantics.components import components
from whilec.semantics.context import STATIC, MaybeType, UnitContext, value_type
from whilec.semantics.declarations import parts
from whilec.semantics.facts import WholeAssignment
from whilec.semantics.kinds import KindGraph
from whilec.semantics.program import Role
from whilec.semantics.types import Kind
from whilec.syntax import ast

_Needs: TypeAlias = Mapping[str, Sequence[tuple[WholeAssignment, frozenset[str]]]]
"""Per free variable its whole assignments, each with the free variables in its value."""


def infer_locals(unit: UnitContext, graph: KindGraph) -> None:
    """Declare the variables that the unit uses without a declaration, with their types."""
    free = [name for name in unit.facts.first if is_free(unit, name)]
    free += [
        name for name, found in unit.variables.items() if found[0] is Role.LOCAL and name not in unit.declared
    ]
    kinds = dict.fromkeys(free, Kind.INT)
    program = unit.program
    fixed = {name: found for name, found in unit.names.items() if name not in kinds}
    fixed |= {name: program.globals[name].type for name in unit.facts.first if name in program.globals}
    fixed |= {name: None for name in unit.facts.first if name in program.broken}
    real = graph.spread([n for n, found in fixed.items() if found and found.kind is Kind.REAL], fixed)
    kinds.update((name, Kind.REAL) for name in free if name in real)
    for name in free:
        if name not in unit.variables:
            unit.variables[name] = (Role.LOCAL, unit.facts.first[name], None)
    if unit.facts.calls or any(found is None or found.shape for found in fixed.values()):
        with unit.reporter.muted():
            _infer_shapes(unit, kinds)
    else:
        unit.names.update((name, value_type(kinds[name])) for name in free)


def is_free(unit: UnitContext, name: str) -> bool:
    """Whether a name is a variable without a declaration."""
    return (
        name not in unit.variables
        and name not in unit.program.globals
        and name not in unit.program.broken
        and name not in unit.facts.counters
    )


def _infer_shapes(unit: UnitContext, kinds: Mapping[str, Kind]) -> None:
    counters = [name for name in unit.facts.counters if name not in unit.names]
    unit.names.update((name, STATIC) for name in counters)
    unit.names.update((name, None) for name in kinds)
    needs: dict[str, list[tuple[WholeAssignment, frozenset[str]]]] = {}
    for name in kinds:
        assignments = unit.facts.assignments.get(name, ())
        needs[name] = [(a, frozenset(_names(a.value)) & kinds.keys()) for a in assignments]
    for component in components({name: _union(needs[name]) for name in kinds}):
        _solve(unit, component, needs, kinds)
    for name in counters:
        del unit.names[name]


def _union(assignments: Iterable[tuple[WholeAssignment, frozenset[str]]]) -> list[str]:
    return list(dict.fromkeys(name for _, names in assignments for name in names))


def _names(expr: ast.Expr) -> Iterable[str]:
    return (part.id for part in parts(expr) if isinstance(part, ast.Name))


def _solve(unit: UnitContext, component: Collection[str], needs: _Needs, kinds: Mapping[str, Kind]) -> None:
    """Shapes of variables that depend on each other: arrays spread, the rest are scalars."""
    members = frozenset(component)
    waiting: dict[str, list[tuple[str, WholeAssignment]]] = {}
    pending: list[tuple[str, WholeAssignment]] = []
    for name in component:
        for assignment, names in needs[name]:
            pending.append((name, assignment))
            for other in names & members:
                waiting.setdefault(other, []).append((name, assignment))
    pending.reverse()
    while pending:
        name, assignment = pending.pop()
        if unit.names[name] is not None:
            continue
        found = _value_type(unit, assignment)
        if found is not None and found.shape:
            unit.names[name] = value_type(kinds[name], found.shape)
            pending += waiting.get(name, ())
    scalars = [name for name in component if unit.names[name] is None]
    wrong = [name for name in scalars if any(_is_wrong(unit, *each, members) for each in needs[name])]
    for name in scalars:
        unit.names[name] = value_type(kinds[name])
    while wrong:
        name = wrong.pop()
        if unit.names[name] is not None:
            unit.names[name] = None
            wrong += (
                other for other, assignment in waiting.get(name, ()) if _value_type(unit, assignment) is None
            )


def _is_wrong(
    unit: UnitContext, assignment: WholeAssignment, names: frozenset[str], members: frozenset[str]
) -> bool:
    """Whether a value has an error of its own, while variables of this group are unknown.

    An error that comes only from the shape that the variable turns out to have does not count:
    the variable keeps that shape, so that the error is reported.
    """
    before = unit.reporter.muted_count
    if _value_type(unit, assignment) is not None:
        return False
    unknown = {name for name in names if unit.names.get(name) is None}
    return unit.reporter.muted_count > before or not unknown or bool(unknown - members)


def _value_type(unit: UnitContext, assignment: WholeAssignment) -> MaybeType:
    if assignment.result is None or not isinstance(assignment.value, ast.Call):
        return unit.infer(assignment.value)
    results = call_results(unit, assignment.value)
    return results[assignment.result] if results is not None and assignment.result < len(results) else None
