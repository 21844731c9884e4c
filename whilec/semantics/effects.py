"""What an expression adds to a value's smoothness, and which variables it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import final

from algonet_runtime.smoothness import Smoothness
from whilec.semantics.arguments import ordered_arguments
from whilec.semantics.builtins import BUILTINS, SmoothnessRule
from whilec.semantics.options import Options
from whilec.semantics.program import Builtin, IntrinsicCall, Unit
from whilec.semantics.types import Kind
from whilec.source import Span
from whilec.syntax import ast


@final
@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that can be differentiated only so often."""

    smoothness: Smoothness
    span: Span
    name: str
    """What it is, for messages: `this comparison`, `max`."""


@final
@dataclass(frozen=True, slots=True)
class Mode:
    """Classes of the relaxed operations in one mode (language.md, section 3)."""

    step: Smoothness
    """Comparisons, LOOP and `sign`."""
    kink: Smoothness
    """`abs`, `min` and `max` of ints."""
    extreme: Smoothness
    """`min` and `max` of reals."""
    index: Smoothness
    """An index that is not static."""


def mode_of(options: Options) -> Mode:
    """The classes under these options."""
    if options.smooth == "hard":
        jump, kink = Smoothness.DISCONTINUOUS, Smoothness.C0
        return Mode(jump, kink, kink, jump)
    if options.smooth == "inf":
        best = Smoothness.C_INF
        return Mode(best, best, best, best)
    order = Smoothness.c(options.smooth)
    return Mode(order, order, Smoothness.c(options.smooth + 1), order)


@final
@dataclass(frozen=True, slots=True)
class ResultSummary:
    """One result of a DEF: its least smooth operation, and the parameters on the way to it."""

    culprit: Operation | None
    parameters: frozenset[int]


@final
@dataclass
class Effect:
    """The operations in some expressions, and the variables that these read."""

    operations: list[Operation] = field(default_factory=list[Operation])
    reads: set[str] = field(default_factory=set[str])


@final
class Effects:
    """Finds the effects of expressions in one unit."""

    def __init__(
        self, unit: Unit, mode: Mode, summarise: Callable[[Unit], tuple[ResultSummary, ...]]
    ) -> None:
        self.unit = unit
        self.mode = mode
        self._summarise = summarise

    def of(self, *exprs: ast.Expr, result: int = 0) -> Effect:
        """The effect of expressions; of a call, that of one of its results."""
        effect = Effect()
        pending = [(expr, result) for expr in reversed(exprs)]
        while pending:
            expr, position = pending.pop()
            pending += ((part, 0) for part in reversed(list(self._enter(expr, position, effect))))
        return effect

    def index(self, target: ast.Index, effect: Effect) -> None:
        """Add what the indices of an element do."""
        dynamic = [index for index in target.indices if not self.is_static(index)]
        if dynamic:
            operation = Operation(self.mode.index, target.span, "an index that is not static")
            effect.operations.append(operation)
        found = self.of(*dynamic)
        effect.operations += found.operations
        effect.reads |= found.reads

    def is_static(self, expr: ast.Expr) -> bool:
        """Whether an expression is a static integer."""
        found = self.unit.types.get(id(expr))
        return found is not None and found.kind is Kind.STATIC

    def _enter(self, expr: ast.Expr, result: int, effect: Effect) -> Iterable[ast.Expr]:
        """Note one node; gives the parts that count."""
        match expr:
            case ast.Number():
                return ()
            case ast.Name():
                effect.reads.add(expr.id)
                return ()
            case ast.Index():
                effect.reads.add(expr.array.id)
                self.index(expr, effect)
                return ()
            case ast.Negate() | ast.Not():
                return (expr.operand,)
            case ast.Binary() | ast.Connective():
                return (expr.left, expr.right)
            case ast.Compare():
                return self._compare(expr, effect)
            case ast.Call():
                return self._call(expr, result, effect)

    def _compare(self, expr: ast.Compare, effect: Effect) -> Iterable[ast.Expr]:
        if self.is_static(expr.left) and self.is_static(expr.right):
            return ()
        effect.operations.append(Operation(self.mode.step, expr.span, "this comparison"))
        steepness = () if expr.steepness is None else (expr.steepness,)
        return (expr.left, expr.right, *steepness)

    def _call(self, expr: ast.Call, result: int, effect: Effect) -> Iterable[ast.Expr]:
        if self.is_static(expr):
            return ()
        match self.unit.callees[id(expr)]:
            case Builtin(name):
                smoothness = self._builtin_class(name, expr)
                if smoothness < Smoothness.C_INF:
                    effect.operations.append(Operation(smoothness, expr.span, f"`{name}`"))
                return [argument.value for argument in expr.arguments]
            case IntrinsicCall(signature, arguments):
                effect.operations.append(Operation(signature.smoothness, expr.span, f"`{signature.name}`"))
                return list(arguments.values())
            case Unit() as callee:
                summary = self._summarise(callee)[result]
                if summary.culprit is not None:
                    effect.operations.append(summary.culprit)
                ordered = ordered_arguments(expr, callee.inputs)
                return [a for i, a in enumerate(ordered) if a is not None and i in summary.parameters]

    def _builtin_class(self, name: str, call: ast.Call) -> Smoothness:
        kinds = [
            self.unit.types[id(argument.value)].kind for argument in call.arguments if argument.name is None
        ]
        extreme = self.mode.extreme if max(kinds) is Kind.REAL else self.mode.kink
        classes: Mapping[SmoothnessRule, Smoothness] = {
            SmoothnessRule.STEP: self.mode.step,
            SmoothnessRule.KINK: self.mode.kink,
            SmoothnessRule.EXTREME: extreme,
        }
        return classes.get(BUILTINS[name].smoothness, Smoothness.C_INF)
