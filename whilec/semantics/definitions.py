"""The DEFs of a program: their names, who calls whom, and which results are real."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping

from whilec.diagnostics.model import Code, Example, Label
from whilec.semantics.arguments import ordered_arguments
from whilec.semantics.builtins import BUILTINS
from whilec.semantics.components import components
from whilec.semantics.context import ProgramContext, Reporter
from whilec.semantics.declarations import DECLARED_TWICE
from whilec.semantics.facts import Facts, collect
from whilec.semantics.kinds import KindGraph, ResultFlow
from whilec.semantics.types import Kind
from whilec.syntax import ast

RECURSION = Code(
    "E0223",
    "a function that calls itself",
    """
A DEF may call other DEFs, but not itself, directly or through others: smooth execution needs to know
how deep the calls go. Write the repetition as WHILE, FOR or LOOP, with the values that a call would
pass on kept in variables or in an array used as a stack.
""",
    Example(
        "PROGRAM p(x: real) -> y: real\nDEF f(a) -> b\n  IF a > 0 THEN b := f(a - 1) END\nEND\ny := f(x)\n"
    ),
)
TAKEN_FUNCTION = Code(
    "E0224",
    "a DEF with the name of another function",
    """
Built-in functions and the intrinsics of `algonet_runtime` keep their names: a DEF called `max` would
change the meaning of every other `max`. Give the DEF another name, such as `my_max`.
""",
    Example("PROGRAM p(x: real) -> y: real\nDEF max(a, b) -> c\n  c := a + b\nEND\ny := max(x, x)\n"),
)
DEEP_CALLS = Code(
    "E0241",
    "calls that are nested too deeply",
    """
A DEF may call a DEF that calls a DEF, and so on, up to 200 of them in a row. Merge some of them into
one.
""",
    Example(
        "".join(f"DEF f{i}(a) -> b\n  b := f{i + 1}(a)\nEND\n" for i in range(201))
        + "DEF f201(a) -> b\n  b := a\nEND\nx0 := f0(x1)\n"
    ),
)

MAX_CALL_DEPTH = 200
"""The most DEFs in a row that call each other."""


def collect_definitions(program: ProgramContext, items: Iterable[ast.Item], reporter: Reporter) -> None:
    """Note the DEFs by name, and order them so that callees come first."""
    for item in items:
        if isinstance(item, ast.Def):
            _collect(program, item, reporter)
    for name, definition in program.definitions.items():
        program.facts[name] = collect(definition.body, definition.variables)
    needs = {
        name: [callee for callee in facts.calls if callee in program.definitions]
        for name, facts in program.facts.items()
    }
    depths: dict[str, int] = {}
    for group in components(needs):
        program.callees_first += group
        if len(group) > 1 or group[0] in needs[group[0]]:
            program.recursive.update(group)
            _report_recursion(program, group, needs, reporter)
        depth = 1 + max((depths.get(callee, 0) for name in group for callee in needs[name]), default=0)
        depths.update(dict.fromkeys(group, depth))
        if depth == MAX_CALL_DEPTH + 1:
            callee = next(callee for callee in needs[group[0]] if depths[callee] == MAX_CALL_DEPTH)
            reporter.report(
                DEEP_CALLS,
                f"more than {MAX_CALL_DEPTH} DEFs call each other in a row",
                program.facts[group[0]].calls[callee],
                "one call too many",
                hint="merge some of them into one",
            )
        if depth > MAX_CALL_DEPTH:
            program.recursive.update(group)


def _collect(program: ProgramContext, item: ast.Def, reporter: Reporter) -> None:
    name = item.name.id
    other = program.definitions.get(name)
    if name in BUILTINS or name in program.intrinsics:
        kind = "a built-in function" if name in BUILTINS else "an intrinsic"
        reporter.report(
            TAKEN_FUNCTION,
            f"`{name}` is the name of {kind}",
            item.name.span,
            "already taken",
            hint=f"call the DEF `my_{name}`, say",
        )
    if other is not None:
        reporter.report(
            DECLARED_TWICE,
            f"the DEF `{name}` is declared twice",
            item.name.span,
            "declared again",
            labels=(Label(other.name.span, "declared first"),),
            hint="rename one of the two",
        )
        return
    program.definitions[name] = item


def _report_recursion(
    program: ProgramContext, group: list[str], needs: Mapping[str, list[str]], reporter: Reporter
) -> None:
    """Report one cycle of calls, with a label at each of them."""
    members = frozenset(group)
    path = [min(group, key=lambda name: program.definitions[name].span)]
    while True:
        callee = next(name for name in needs[path[-1]] if name in members)
        if callee in path:
            break
        path.append(callee)
    cycle = path[path.index(callee) :]
    calls = [program.facts[a].calls[b] for a, b in zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
    chain = ", which calls ".join(f"`{name}`" for name in [*cycle[1:], cycle[0]])
    title = f"`{cycle[0]}` calls itself" if len(cycle) == 1 else f"`{cycle[0]}` calls {chain}"
    reporter.report(
        RECURSION,
        title,
        calls[0],
        "calls itself" if len(cycle) == 1 else f"`{cycle[0]}` calls `{cycle[1]}`",
        labels=[Label(call, "and back") for call in calls[1:]],
        hint="write the repetition as WHILE, FOR or LOOP",
    )


# ---- realness ----------------------------------------------------------------------------------


def scope_graph(program: ProgramContext, facts: Facts) -> KindGraph:
    """Who follows whom in a scope; needs the summaries of all DEFs that it calls."""

    def order(call: ast.Call) -> tuple[ast.Expr | None, ...]:
        definition = program.definitions.get(call.function.id)
        parameters = () if definition is None else [parameter.name.id for parameter in definition.parameters]
        return ordered_arguments(call, parameters)

    for name in facts.calls:
        if name in program.intrinsics:
            results = program.intrinsics[name].results
            program.summaries[name] = tuple(ResultFlow(is_real=True) for _ in results)
    return KindGraph(facts, program.summaries, order)


def summarise_definitions(program: ProgramContext) -> None:
    """Note for each DEF which results are real, or follow which arguments."""
    outer = {known: variable.type.kind is Kind.REAL for known, variable in program.globals.items()}
    for name in program.callees_first:
        definition, facts = program.definitions[name], program.facts[name]
        graph = program.graphs[name] = scope_graph(program, facts)
        typed = [*definition.parameters, *definition.results]
        own = {binding.name.id: binding.type.kind == "real" for binding in typed if binding.type is not None}
        own |= {item.name.id: item.type.kind == "real" for item in definition.variables}
        fixed = ChainMap(own, outer)
        free = {
            parameter.name.id: position
            for position, parameter in enumerate(definition.parameters)
            if parameter.name.id not in fixed
        }
        program.summaries[name] = tuple(
            graph.result_flow(result.name.id, free, fixed) for result in definition.results
        )
