"""The checker: from a syntax tree to a CheckedProgram, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

from algonet_runtime.intrinsic import Signature
from whilec.diagnostics.model import Code, Diagnostic, Example, InternalError, Label, Severity, WhileError
from whilec.diagnostics.suggest import nearest
from whilec.semantics.context import INT, Instance, ProgramContext, UnitContext
from whilec.semantics.declarations import BAD_SIZE, declare_const, declare_param, declare_var
from whilec.semantics.definitions import collect_definitions, scope_graph, summarise_definitions
from whilec.semantics.expressions import UNKNOWN_NAME
from whilec.semantics.facts import collect
from whilec.semantics.levels import check_core
from whilec.semantics.lint import text_warnings, usage_warnings
from whilec.semantics.locals import infer_locals, is_free
from whilec.semantics.program import CheckedProgram, IntrinsicCall, Role, Unit
from whilec.semantics.ranges import verify
from whilec.semantics.statements import check_block
from whilec.semantics.types import Bindings
from whilec.semantics.units import (
    close_unit,
    declare_inputs,
    declare_outputs,
    declare_shape_variables,
    instantiate,
    open_unit,
)
from whilec.source import SourceFile, Span
from whilec.syntax import ast
from whilec.syntax.depth import deep_recursion
from whilec.syntax.memory import collection_paused

REQUIRED_TWICE = Code(
    "E0402",
    "more than one REQUIRE",
    """
A program promises one class of smoothness. Keep the REQUIRE that you mean; the higher class implies the
lower one.
""",
    Example("REQUIRE C1\nREQUIRE C2\nx0 := x1\n"),
)
NOT_AN_OUTPUT = Code(
    "E0232",
    "a requested output that is no variable",
    """
Outputs that are asked for by name (`--outputs x0,x3`, or `outputs=` in Python) are variables of the
program, scalars or arrays, each once. A CONST, a PARAM, a shape variable and a FOR variable are none.
""",
    Example("CONST two = 2\nx0 := x1\n", "run {file} x1=3 --outputs two"),
)

Level: TypeAlias = Literal["full", "core"]


@final
@dataclass(frozen=True)
class CheckResult:
    """What the checker found: a program if there is no error, and all diagnostics by place."""

    program: CheckedProgram | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that stop the program."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)


def check(
    program: ast.Program,
    source: SourceFile,
    *,
    std: Level = "full",
    intrinsics: Mapping[str, Signature] | None = None,
    outputs: Sequence[str] | None = None,
    bindings: Bindings | None = None,
    comments: Sequence[ast.Comment] = (),
) -> CheckResult:
    """Check a program and find out its types.

    Args:
        program: The syntax tree.
        source: Its text.
        std: `core` accepts the paper's language only.
        intrinsics: Signatures of the functions of `algonet_runtime` by name.
        outputs: Names of variables to give back instead of the program's own outputs.
        bindings: Sizes of the shape variables; None checks the program for any sizes.
        comments: The comments of the text, for warnings about them.
    """
    with deep_recursion(), collection_paused():
        return _Check(program, source, intrinsics or {}, outputs, bindings).run(std, comments)


def specialise(checked: CheckedProgram, bindings: Bindings) -> CheckedProgram:
    """The program for these sizes, with static indices and steps verified.

    Raises:
        WhileError: The program does not fit these sizes.
    """
    if checked.bindings == bindings:
        return checked
    missing = [name for name in checked.shape_variables if name not in bindings]
    if missing:
        raise InternalError(f"no size for the shape variable {missing[0]}")
    small = [name for name in checked.shape_variables if bindings[name] < 1]
    if small:
        raise WhileError(*(_small_size(checked, name, bindings[name]) for name in small))
    with deep_recursion(), collection_paused():
        run = _Check(
            checked.syntax, checked.source, used_intrinsics(checked.main), checked.main.outputs, bindings
        )
        result = run.run("full", None)
    if result.program is None:
        raise WhileError(*result.errors)
    return replace(result.program, warnings=checked.warnings)


def _small_size(checked: CheckedProgram, name: str, size: int) -> Diagnostic:
    span = checked.main.variables[name].span
    return Diagnostic(
        BAD_SIZE,
        f"`{name}` is {size}, but the size of an input is at least 1",
        Label(span, "the size of an input"),
        source=checked.source,
    )


def used_intrinsics(unit: Unit) -> Mapping[str, Signature]:
    """The intrinsics that a unit and the DEFs it calls use."""
    found: dict[str, Signature] = {}
    seen: set[int] = set()
    pending = [unit]
    while pending:
        for callee in pending.pop().callees.values():
            if isinstance(callee, IntrinsicCall):
                found[callee.signature.name] = callee.signature
            elif isinstance(callee, Unit) and id(callee) not in seen:
                seen.add(id(callee))
                pending.append(callee)
    return found


@final
class _Check:
    """One run of the checker."""

    def __init__(
        self,
        syntax: ast.Program,
        source: SourceFile,
        intrinsics: Mapping[str, Signature],
        outputs: Sequence[str] | None,
        bindings: Bindings | None,
    ) -> None:
        self.syntax = syntax
        self.source = source
        self.requested = None if outputs is None else tuple(outputs)
        self.program = ProgramContext(source, intrinsics, bindings, instantiate)
        items = syntax.items
        self.body = tuple(
            item for item in items if isinstance(item, ast.Assign | ast.While | ast.Loop | ast.For | ast.If)
        )
        self.vars = tuple(item for item in items if isinstance(item, ast.Var))
        self.facts = collect(self.body, self.vars)

    def run(self, std: Level, comments: Sequence[ast.Comment] | None) -> CheckResult:
        """Check everything; `comments` is None where a first check has given the warnings."""
        reporter = self.program.reporter
        if std == "core":
            reporter.add(*check_core(self.syntax, self.source))
        main = open_unit(self.program, None, self.facts, reporter)
        collect_definitions(self.program, self.syntax.items, reporter)
        own = self._declare(main)
        main.is_declaring = False
        self._infer(main, own if self.requested is None else self.requested)
        check_block(main, self.body)
        outputs = own
        if self.requested is not None or self.syntax.header is None:
            outputs = self._requested(main, own if self.requested is None else self.requested)
        instances = _reached(main)
        if comments is not None:
            instances |= self._uncalled(instances)
        for instance in instances:
            reporter.add(*instance.diagnostics)
        shape_variables = tuple(name for name, found in main.variables.items() if found[0] is Role.SHAPE)
        is_bound = not shape_variables or self.program.bindings is not None
        reporter.add(*verify(main, is_closed=is_bound))
        if comments is not None:
            if not _errors(reporter.diagnostics):
                reporter.add(*usage_warnings(self.syntax, main, outputs))
            reporter.add(*text_warnings(main, comments))
        diagnostics = _in_order(reporter.diagnostics, self.source)
        if _errors(diagnostics):
            return CheckResult(None, diagnostics)
        checked = CheckedProgram(
            source=self.source,
            syntax=self.syntax,
            main=close_unit(main, outputs, self.vars, self.body),
            has_header=self.syntax.header is not None,
            constants=dict(self.program.constants),
            shape_variables=shape_variables,
            bindings=(self.program.bindings or {}) if is_bound else None,
            warnings=diagnostics,
        )
        return CheckResult(checked, diagnostics)

    def _declare(self, main: UnitContext) -> tuple[str, ...]:
        """Declare CONSTs, PARAMs, the header and VARs; gives the program's own outputs."""
        header = self.syntax.header
        inputs = () if header is None else header.inputs
        results = () if header is None else header.outputs
        written = [binding.type for binding in inputs if binding.type is not None]
        shape_names = {dim.id for each in written for dim in each.dims if isinstance(dim, ast.Name)}
        main.later = frozenset(
            {binding.name.id for binding in (*inputs, *results)}
            | shape_names
            | {item.name.id for item in self.vars}
        )
        for item in self.syntax.items:
            if isinstance(item, ast.Const):
                declare_const(main, item)
            elif isinstance(item, ast.Param):
                declare_param(main, item, shape_names)
        self._check_require(main)
        summarise_definitions(self.program)
        declare_shape_variables(main, inputs, self.program.bindings or {})
        declare_inputs(main, inputs)
        declare_outputs(main, results)
        own = ("x0",) if header is None else tuple(binding.name.id for binding in results)
        for item in self.vars:
            declare_var(main, item, own)
        return own

    def _check_require(self, main: UnitContext) -> None:
        first, *others = [item for item in self.syntax.items if isinstance(item, ast.Require)] or [None]
        for item in others:
            if first is not None and item is not None:
                main.report(
                    REQUIRED_TWICE,
                    "the program has more than one REQUIRE",
                    item.span,
                    "another one",
                    labels=(Label(first.span, "the first one"),),
                    hint="keep the one that you mean",
                )

    def _infer(self, main: UnitContext, outputs: Sequence[str]) -> None:
        """Declare the variables that the program uses without a declaration."""
        if self.syntax.header is not None:
            infer_locals(main, scope_graph(self.program, self.facts))
            return
        free = [name for name in self.facts.first if is_free(main, name)]
        for name in sorted((name for name in free if name not in outputs), key=_by_number):
            main.variables[name] = (Role.INPUT, self.facts.first[name], None)
        start = Span(self.syntax.span.start, self.syntax.span.start)
        for name in outputs:
            if name in free or (name == "x0" and is_free(main, name)):
                main.variables[name] = (Role.LOCAL, self.facts.first.get(name, start), None)
        main.names.update((name, INT) for name in main.variables if name not in main.names)

    def _requested(self, main: UnitContext, outputs: Sequence[str]) -> tuple[str, ...]:
        """The outputs that were asked for by name; reports what is none."""
        roles = {name: found[0] for name, found in main.variables.items()}
        variables = [name for name, role in roles.items() if role in (Role.INPUT, Role.LOCAL, Role.DECLARED)]
        for position, name in enumerate(outputs):
            if name in variables and name not in outputs[:position]:
                continue
            near = nearest(name, variables)
            hint = f"did you mean `{near}`?" if near else f"its variables: {', '.join(variables[:12])}"
            if self.requested is None:
                hint = "without a header the output is `x0`: give this another name, or the program a header"
            if name in outputs[:position]:
                code, title, hint = (
                    NOT_AN_OUTPUT,
                    f"the output `{name}` is asked for twice",
                    "name each output once",
                )
            elif name in self.program.globals or name in roles or name in self.facts.counters:
                code, title = NOT_AN_OUTPUT, f"`{name}` is not a variable, so it cannot be an output"
            else:
                code, title = UNKNOWN_NAME, f"the program has no variable `{name}`"
            main.reporter.add(Diagnostic(code, title, help=hint))
        return tuple(outputs)

    def _uncalled(self, reached: Mapping[Instance, None]) -> dict[Instance, None]:
        """Instances of DEFs that are never called, with unknown argument types."""
        found: dict[Instance, None] = {}
        names = {instance.unit.name for instance in reached}
        for name, definition in self.program.definitions.items():
            if name not in names:
                instance = instantiate(self.program, name, tuple(None for _ in definition.parameters))
                found |= {instance: None} | _reached(instance.context)
                names |= {each.unit.name for each in found}
        return found


def _reached(unit: UnitContext) -> dict[Instance, None]:
    """The instances of DEFs that a unit calls, directly or not."""
    found: dict[Instance, None] = {}
    pending = [unit]
    while pending:
        for instance in pending.pop().instances.values():
            if instance not in found:
                found[instance] = None
                pending.append(instance.context)
    return found


def _by_number(name: str) -> int | float:
    """Sorts `x1, x2, x10` by number, and before other names."""
    number = name[1:]
    is_numbered = name.startswith("x") and number.isdecimal() and number.isascii() and len(number) < 1000
    return int(number) if is_numbered and (number == "0" or number[0] != "0") else float("inf")


def _errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def _in_order(diagnostics: Iterable[Diagnostic], source: SourceFile) -> tuple[Diagnostic, ...]:
    """Each diagnostic once, by place."""
    found: dict[tuple[str, Span | str], Diagnostic] = {}
    for diagnostic in diagnostics:
        place = diagnostic.title if diagnostic.primary is None else diagnostic.primary.span
        found.setdefault((diagnostic.code.name, place), diagnostic.in_source(source))
    return tuple(
        sorted(found.values(), key=lambda d: d.primary.span if d.primary is not None else Span(-1, -1))
    )
