"""How often a program can be differentiated: inferred over the way to its outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import final

from algonet_runtime.smoothness import Smoothness
from whilec.diagnostics.model import Code, Diagnostic, Example, Label, WhileError
from whilec.semantics.effects import Effect, Effects, Operation, ResultSummary, mode_of
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram, Unit
from whilec.semantics.static import (
    StaticEnvironment,
    UnboundSizeError,
    evaluate_condition,
    is_static_condition,
)
from whilec.syntax import ast
from whilec.syntax.depth import deep_recursion

NOT_SMOOTH_ENOUGH = Code(
    "E0401",
    "a program that is less smooth than its REQUIRE",
    """
`REQUIRE C2` promises that the outputs can be differentiated twice continuously, in every smooth mode that
the program is run in. In mode k comparisons, WHILE, LOOP, IF, `abs`, `sign` and indices that are not
static are of class C^k, `min` and `max` of reals of class C^(k+1); in mode inf everything is C_INF but
intrinsics that say otherwise. Use a higher mode, or do without the operation that the message points at.
""",
    Example(
        "PROGRAM p(x: real) -> y: real\nREQUIRE C2\nIF x > 0 THEN y := x END\n", "run {file} x=1.5 --smooth 1"
    ),
)


@final
@dataclass(frozen=True)
class SmoothnessReport:
    """The class of each output, and the operation that decides it (None for C_INF)."""

    outputs: Mapping[str, Smoothness]
    culprits: Mapping[str, Operation | None]

    @property
    def overall(self) -> Smoothness:
        """The smallest class of an output."""
        return min(self.outputs.values(), default=Smoothness.C_INF)

    @property
    def culprit(self) -> Operation | None:
        """The operation that decides the overall class."""
        return _worst(operation for operation in self.culprits.values() if operation is not None)


def infer_smoothness(program: CheckedProgram, options: Options) -> SmoothnessReport:
    """The smoothness of each output under these options."""
    with deep_recursion():
        run = _Inference(program, options)
        culprits = {
            name: summary.culprit
            for name, summary in zip(program.main.outputs, run.summarise(program.main), strict=True)
        }
    classes = {
        name: Smoothness.C_INF if found is None else found.smoothness for name, found in culprits.items()
    }
    return SmoothnessReport(classes, culprits)


def program_smoothness(program: CheckedProgram, options: Options) -> Smoothness:
    """How often all outputs can be differentiated."""
    culprit = _overall_culprit(program, options)
    return Smoothness.C_INF if culprit is None else culprit.smoothness


def _overall_culprit(program: CheckedProgram, options: Options) -> Operation | None:
    with deep_recursion():
        run = _Inference(program, options)
        return run.summarise_all(program.main).culprit


def check_require(program: CheckedProgram, options: Options) -> tuple[Diagnostic, ...]:
    """Where the program falls short of its REQUIRE; hard mode promises nothing."""
    required = program.requirements
    if not required or options.is_hard:
        return ()
    culprit = _overall_culprit(program, options)
    wanted = max(Smoothness.C_INF if item.order is None else Smoothness.c(item.order) for item in required)
    if culprit is None or culprit.smoothness >= wanted:
        return ()
    return (
        Diagnostic(
            NOT_SMOOTH_ENOUGH,
            f"the program requires {wanted}, but is {culprit.smoothness} with `--smooth {options.smooth}`",
            Label(culprit.span, f"{culprit.name} is {culprit.smoothness}"),
            (Label(required[-1].span, "required here"),),
            help=_advice(program, options, wanted, culprit),
            source=program.source,
        ),
    )


def _advice(program: CheckedProgram, options: Options, wanted: Smoothness, culprit: Operation) -> str:
    modes = [*range(9), "inf"]
    for smooth in modes:
        candidate = replace(options, smooth=smooth)
        if program_smoothness(program, candidate) >= wanted:
            return f"use `--smooth {smooth}`" + ("" if smooth == "inf" else " or higher, or `--smooth inf`")
    return (
        f"do without {culprit.name}, or require {program_smoothness(program, replace(options, smooth='inf'))}"
    )


# ---- inference ---------------------------------------------------------------------------------


@final
@dataclass(eq=False)
class _Step:
    """Something that a value can depend on: an assigned value, or a condition around it."""

    effect: Effect
    outer: _Step | None


@final
@dataclass
class _Slice:
    """What each variable of a unit depends on directly."""

    steps: dict[str, list[_Step]] = field(default_factory=dict[str, list[_Step]])

    def add(self, name: str, effect: Effect, outer: _Step | None) -> None:
        """Note an assignment."""
        self.steps.setdefault(name, []).append(_Step(effect, outer))

    def summary(self, outputs: Iterable[str], parameters: Mapping[str, int]) -> ResultSummary:
        """The least smooth operation on the way to some outputs, and the parameters on it."""
        culprit: Operation | None = None
        reached = set(outputs)
        pending = list(reached)
        seen: set[int] = set()
        while pending:
            for found in self.steps.get(pending.pop(), ()):
                step: _Step | None = found
                while step is not None and id(step) not in seen:
                    seen.add(id(step))
                    culprit = _worst((culprit, *step.effect.operations))
                    new = step.effect.reads - reached
                    reached |= new
                    pending += new
                    step = step.outer
        return ResultSummary(culprit, frozenset(parameters[name] for name in reached if name in parameters))


def _worst(operations: Iterable[Operation | None]) -> Operation | None:
    """The least smooth operation, the first in the text among equals."""
    rough = [each for each in operations if each is not None and each.smoothness < Smoothness.C_INF]
    return min(rough, key=lambda each: (each.smoothness, each.span), default=None)


@final
class _Inference:
    """Summaries of a program's units under some options, each computed once."""

    def __init__(self, program: CheckedProgram, options: Options) -> None:
        self._constants = StaticEnvironment(program.constants)
        self._mode = mode_of(options)
        self._is_natural = options.domain == "nat"
        self._summaries: dict[int, tuple[ResultSummary, ...]] = {}

    def summarise(self, unit: Unit) -> tuple[ResultSummary, ...]:
        """One summary for each output of a unit."""
        if id(unit) not in self._summaries:
            parameters = {name: position for position, name in enumerate(unit.inputs)}
            found = self._slice(unit)
            self._summaries[id(unit)] = tuple(found.summary([name], parameters) for name in unit.outputs)
        return self._summaries[id(unit)]

    def summarise_all(self, unit: Unit) -> ResultSummary:
        """One summary for all outputs of a unit together."""
        return self._slice(unit).summary(unit.outputs, {})

    def _slice(self, unit: Unit) -> _Slice:
        found = _Slice()
        effects = Effects(unit, self._mode, self.summarise)
        for item in unit.starts:
            assert item.start is not None
            found.add(item.name.id, effects.of(item.start), None)
        environment = replace(self._constants.inside(unit.shapes), types=unit.types)
        walker = _Walker(unit, effects, found, environment, self._is_natural)
        walker.block(unit.body, None)
        return found


@final
@dataclass(frozen=True)
class _Walker:
    """Goes through a unit's statements with the conditions around them."""

    unit: Unit
    effects: Effects
    found: _Slice
    environment: StaticEnvironment
    is_natural: bool

    def block(self, statements: Iterable[ast.Stmt], outer: _Step | None) -> None:
        """Note all assignments in statements."""
        for statement in statements:
            match statement:
                case ast.Assign():
                    self._assign(statement, outer)
                case ast.While():
                    if self._truth(statement.condition) is not False:
                        self.block(statement.body, _Step(self.effects.of(statement.condition), outer))
                case ast.Loop():
                    self.block(statement.body, self._loop(statement, outer))
                case ast.For():
                    self.block(statement.body, outer)
                case ast.If():
                    self._if(statement, outer)

    def _loop(self, statement: ast.Loop, outer: _Step | None) -> _Step | None:
        if self.effects.is_static(statement.count):
            return outer
        effect = self.effects.of(statement.count)
        effect.operations.append(Operation(self.effects.mode.step, statement.head, "this LOOP"))
        return _Step(effect, outer)

    def _if(self, statement: ast.If, outer: _Step | None) -> None:
        for branch in statement.branches:
            decided = self._truth(branch.condition)
            if decided is not False:
                outer = outer if decided else _Step(self.effects.of(branch.condition), outer)
                self.block(branch.body, outer)
            if decided:
                return
        self.block(statement.orelse or (), outer)

    def _truth(self, condition: ast.Expr) -> bool | None:
        """The value of a static condition, as far as it is the same everywhere."""
        if not is_static_condition(condition, self.unit.types):
            return None
        try:
            return evaluate_condition(condition, self.environment)
        except (WhileError, UnboundSizeError):
            return None

    def _assign(self, statement: ast.Assign, outer: _Step | None) -> None:
        shares_call = len(statement.values) < len(statement.targets)
        for position, target in enumerate(statement.targets):
            value = statement.values[0 if shares_call else position]
            effect = self.effects.of(value, result=position if shares_call else 0)
            name = target if isinstance(target, ast.Name) else target.array
            if isinstance(target, ast.Index):
                self.effects.index(target, effect)
            if self.is_natural and self._saturates(target, value):
                effect.operations.append(Operation(self.effects.mode.kink, value.span, "this subtraction"))
            self.found.add(name.id, effect, outer)

    def _saturates(self, target: ast.Target, value: ast.Expr) -> bool:
        """Whether an assignment is `x := x - c`, which stops at 0 where domain is nat."""
        if not isinstance(value, ast.Binary) or value.op != "-" or value.left != target:
            return False
        indices = target.indices if isinstance(target, ast.Index) else ()
        return self.effects.is_static(value.right) and all(map(self.effects.is_static, indices))
