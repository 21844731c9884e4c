"""State of a check: the program's declarations, the unit at hand, and what was reported."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias, final

from algonet_runtime.intrinsic import Signature
from whilec.diagnostics.model import Code, Diagnostic, Fix, Label, WhileError
from whilec.diagnostics.suggest import nearest
from whilec.semantics.facts import Facts
from whilec.semantics.kinds import KindGraph, ResultFlow
from whilec.semantics.program import Callee, Role, Unit, Variable
from whilec.semantics.static import StaticEnvironment, StaticValue, evaluate
from whilec.semantics.types import Bindings, Kind, Shape, ValueType
from whilec.source import SourceFile, Span
from whilec.syntax import ast

MaybeType: TypeAlias = ValueType | None
"""The type of an expression; None after an error, so that it causes no others."""

STATIC = ValueType(Kind.STATIC)
INT = ValueType(Kind.INT)
REAL = ValueType(Kind.REAL)
DEGREE = ValueType(Kind.DEGREE)
SCALARS: Mapping[Kind, ValueType] = {t.kind: t for t in (STATIC, INT, REAL, DEGREE)}


def value_type(kind: Kind, shape: Shape = ()) -> ValueType:
    """The type of this kind and shape; scalars are shared."""
    return ValueType(kind, shape) if shape else SCALARS[kind]


@final
@dataclass
class Reporter:
    """The diagnostics so far; says nothing while muted."""

    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    is_muted: bool = False
    muted_count: int = 0
    """How many diagnostics were not added because it was muted."""

    def report(
        self,
        code: Code,
        title: str,
        span: Span,
        label: str = "",
        *,
        labels: Sequence[Label] = (),
        hint: str | None = None,
        notes: Sequence[str] = (),
        fix: Fix | None = None,
    ) -> None:
        """Add one diagnostic."""
        self.add(Diagnostic(code, title, Label(span, label), tuple(labels), hint, tuple(notes), fix))

    def add(self, *diagnostics: Diagnostic) -> None:
        """Add diagnostics made elsewhere."""
        if self.is_muted:
            self.muted_count += len(diagnostics)
        else:
            self.diagnostics += diagnostics

    @contextmanager
    def muted(self) -> Generator[None, None, None]:
        """Report nothing inside."""
        before, self.is_muted = self.is_muted, True
        try:
            yield
        finally:
            self.is_muted = before


# ---- where an expression stands ----------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True, eq=False)
class ForFrame:
    """Inside the body of a FOR."""

    parent: Frame | None
    statement: ast.For


@final
@dataclass(frozen=True, slots=True, eq=False)
class GuardFrame:
    """Where a static condition decides whether the text runs at all."""

    parent: Frame | None
    condition: ast.Expr
    holds: bool
    """Whether the text runs where the condition is true, or where it is false."""


Frame: TypeAlias = ForFrame | GuardFrame


@final
@dataclass(frozen=True, slots=True)
class Obligation:
    """Something to verify once all sizes are known: an index, a divisor, a STEP, or a call."""

    subject: ast.Index | ast.Call | ast.For
    frame: Frame | None


# ---- the program and its units -----------------------------------------------------------------


@final
@dataclass(frozen=True, eq=False)
class Instance:
    """A DEF checked for one tuple of argument types."""

    unit: Unit
    results: tuple[MaybeType, ...]
    diagnostics: tuple[Diagnostic, ...]
    obligations: tuple[Obligation, ...]
    context: UnitContext


@final
@dataclass(eq=False)
class ProgramContext:
    """What all units share."""

    source: SourceFile
    intrinsics: Mapping[str, Signature]
    bindings: Bindings | None
    instantiate: Callable[[ProgramContext, str, tuple[MaybeType, ...]], Instance]
    reporter: Reporter = field(default_factory=Reporter)
    definitions: dict[str, ast.Def] = field(default_factory=dict[str, ast.Def])
    callees_first: list[str] = field(default_factory=list[str])
    """The DEFs, each after those that it calls."""
    recursive: set[str] = field(default_factory=set[str])
    globals: dict[str, Variable] = field(default_factory=dict[str, Variable])
    """CONST and PARAM by name."""
    constants: dict[str, int | float] = field(default_factory=dict[str, int | float])
    broken: set[str] = field(default_factory=set[str])
    """Names of CONSTs and PARAMs with an error."""
    near_budget: int = 20_000
    """How many more names may be compared with misspelt ones."""
    facts: dict[str, Facts] = field(default_factory=dict[str, Facts])
    """Facts of each DEF."""
    graphs: dict[str, KindGraph] = field(default_factory=dict[str, KindGraph])
    summaries: dict[str, tuple[ResultFlow, ...]] = field(default_factory=dict[str, tuple[ResultFlow, ...]])
    instances: dict[tuple[str, tuple[MaybeType, ...]], Instance] = field(
        default_factory=dict[tuple[str, tuple[MaybeType, ...]], Instance]
    )

    def nearest(self, name: str, candidates: Collection[str]) -> str | None:
        """The candidate that was probably meant; None if none is near, or after many questions."""
        self.near_budget -= len(candidates)
        return nearest(name, candidates) if self.near_budget >= 0 else None


@final
@dataclass(eq=False)
class UnitContext:
    """The unit that is being checked."""

    program: ProgramContext
    name: str | None
    facts: Facts
    reporter: Reporter
    rules: Mapping[type, Rule]
    is_declaring: bool = True
    """Whether declarations are still being read, so that only names so far are visible."""
    names: dict[str, MaybeType] = field(default_factory=dict[str, MaybeType])
    """Types of the unit's own names in force; CONSTs and PARAMs are the program's."""
    variables: dict[str, tuple[Role, Span, ast.Expr | None]] = field(
        default_factory=dict[str, tuple[Role, Span, ast.Expr | None]]
    )
    """What the unit declares, in order: role, place and start value."""
    declared: set[str] = field(default_factory=set[str])
    """Names with a type of their own: inputs, VARs, and outputs with a type."""
    ambiguous: set[str] = field(default_factory=set[str])
    """Names that are declared twice."""
    later: frozenset[str] = frozenset()
    """Names that declarations further on introduce; for messages."""
    sizes: dict[str, StaticValue] = field(default_factory=dict[str, StaticValue])
    """Values of the shape variables, for static expressions."""
    counters: dict[str, ast.For] = field(default_factory=dict[str, ast.For])
    """FOR variables in force."""
    types: dict[int, ValueType] = field(default_factory=dict[int, ValueType])
    callees: dict[int, Callee] = field(default_factory=dict[int, Callee])
    frame: Frame | None = None
    is_verifiable: bool = True
    """Whether the bounds of all FORs around are static, as they should be."""
    obligations: list[Obligation] = field(default_factory=list[Obligation])
    instances: dict[int, Instance] = field(default_factory=dict[int, Instance])
    """The instance that each call of a DEF reaches, by `id` of the call."""

    def infer(self, expr: ast.Expr) -> MaybeType:
        """The type of an expression, noted for its `id`; None after a reported error."""
        found = self.rules[type(expr)](self, expr)
        if found is not None:
            self.types[id(expr)] = found
        return found

    def report(
        self,
        code: Code,
        title: str,
        span: Span,
        label: str = "",
        *,
        labels: Sequence[Label] = (),
        hint: str | None = None,
        notes: Sequence[str] = (),
        fix: Fix | None = None,
    ) -> None:
        """Add one diagnostic."""
        self.reporter.report(code, title, span, label, labels=labels, hint=hint, notes=notes, fix=fix)

    def role(self, name: str) -> Role | None:
        """What a name stands for; None for an undeclared one before inference."""
        if name in self.counters:
            return Role.COUNTER
        if name in self.program.globals:
            return self.program.globals[name].role
        entry = self.variables.get(name)
        return None if entry is None else entry[0]

    def declaration(self, name: str) -> Span | None:
        """Where a name is declared, or first appears."""
        if name in self.counters:
            return self.counters[name].variable.span
        if name in self.program.globals:
            return self.program.globals[name].span
        entry = self.variables.get(name)
        return entry[1] if entry is not None else self.facts.first.get(name)

    def oblige(self, subject: ast.Index | ast.Call | ast.For) -> None:
        """Verify this once all sizes are known."""
        if self.is_verifiable and not self.reporter.is_muted:
            self.obligations.append(Obligation(subject, self.frame))

    @property
    def environment(self) -> StaticEnvironment:
        """Values of the static names outside of loops."""
        return StaticEnvironment(self.program.constants, self.types).inside(self.sizes)

    def static_value(self, expr: ast.Expr) -> StaticValue | None:
        """The value of a static or constant expression; None, and reported, if it has none."""
        try:
            return evaluate(expr, self.environment)
        except WhileError as error:
            self.reporter.add(*error.diagnostics)
            return None


Rule: TypeAlias = Callable[[UnitContext, ast.Expr], MaybeType]
"""Infers the type of one sort of node."""
