"""Static indices, divisors and steps, verified over the FOR nests that they stand in.

First by intervals, then by affine bounds, then point by point; where a nest has too many points,
the check is left to the run. A program with open shape variables is checked as far as one can say
something for all sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar, final

from whilec.diagnostics.model import Code, Diagnostic, Example, Label
from whilec.semantics import sizes
from whilec.semantics.context import ForFrame, Frame, GuardFrame, Obligation, UnitContext
from whilec.semantics.extremes import Extremes
from whilec.semantics.intervals import Interval, interval, truth
from whilec.semantics.points import Budget, OutOfBudgetError, Point, compiled, first
from whilec.semantics.program import Role
from whilec.semantics.statements import ZERO_STEP
from whilec.semantics.static import STATIC_DIVISION
from whilec.semantics.types import Dim, Kind, spell
from whilec.source import Span
from whilec.syntax import ast

OUT_OF_RANGE = Code(
    "E0208",
    "an index outside of its array",
    """
The indices of a dimension of size n run from 0 to n - 1. An index that is known before the program
runs is checked then, for every value of the FOR variables in it. Often a FOR runs one step too far
(`TO n` instead of `TO n - 1`), or a neighbour such as `a[i + 1]` is read at the last element: shorten
the FOR, or guard the access with `IF i < n - 1 THEN .. END`.
""",
    Example("PROGRAM p(a: real[3]) -> y: real\nFOR i FROM 1 TO 3 DO y := y + a[i] END\n"),
)

_SAMPLE = 7
"""Size of open shape variables for a first look: what is fine there is not wrong for all sizes."""
MAX_POINTS = 10**6
"""The most points that one check enumerates."""


def verify(main: UnitContext, *, is_closed: bool) -> list[Diagnostic]:
    """What is wrong in the program's unit and in the DEFs that it surely reaches.

    Args:
        main: The program's own scope.
        is_closed: Whether all shape variables are bound.
    """
    budget = Budget(MAX_POINTS)
    found: list[Diagnostic] = []
    seen = {id(main)}
    pending = [main]
    while pending:
        verifier = _Verifier(pending.pop(), budget, is_closed=is_closed)
        for obligation in verifier.unit.obligations:
            callee = verifier.callee(obligation)
            if callee is None:
                problem = verifier.problem(obligation)
                found += () if problem is None else (problem,)
            elif id(callee) not in seen and verifier.is_reached(obligation.frame):
                seen.add(id(callee))
                pending.append(callee)
    return found


_Ranges: TypeAlias = dict[str, Interval]


@final
class _Verifier:
    """Verifies the obligations of one unit."""

    def __init__(self, unit: UnitContext, budget: Budget, *, is_closed: bool) -> None:
        self.unit = unit
        self.budget = budget
        self.is_closed = is_closed
        self.environment = unit.environment
        self.extremes = Extremes(self.environment)
        sampled = {
            n: size if isinstance(size, float) else sizes.at(size, _SAMPLE) for n, size in unit.sizes.items()
        }
        self._sampled = self.environment.inside(sampled)
        self._ranges: dict[Frame | None, _Ranges | None] = {None: {}}

    def callee(self, obligation: Obligation) -> UnitContext | None:
        """The DEF instance that an obligation calls, if it is a call of one."""
        instance = self.unit.instances.get(id(obligation.subject))
        return None if instance is None else instance.context

    def is_reached(self, frame: Frame | None) -> bool:
        """Whether text inside a frame runs at all; where in doubt, no."""
        if frame is None:
            return True
        if self.ranges(frame) is None:
            return False
        if self.is_closed:
            return self._first(frame, lambda point: True) is not None
        loops = _loops(frame)
        found = self.extremes.of(ast.Number(0, span=Span(0, 0)), loops, is_upper=True)
        if found is None or len(loops) < len(_chain(frame)):
            return False
        return self.extremes.point(found, loops) is not None

    def problem(self, obligation: Obligation) -> Diagnostic | None:
        """What is wrong with an index, a divisor or a step."""
        ranges = self.ranges(obligation.frame)
        if ranges is None:
            return None
        match obligation.subject:
            case ast.Index() as index:
                return self._index_problem(index, obligation.frame, ranges)
            case ast.Call() as call:
                return self._zero_problem(call, call.arguments[1].value, obligation.frame, ranges)
            case ast.For() as loop:
                assert loop.step is not None
                return self._zero_problem(loop, loop.step, obligation.frame, ranges)

    # ---- indices -------------------------------------------------------------------------------

    def _index_problem(self, index: ast.Index, frame: Frame | None, ranges: _Ranges) -> Diagnostic | None:
        array = self.unit.types.get(id(index.array))
        if array is None:
            return None
        for axis, (expr, size) in enumerate(zip(index.indices, array.shape, strict=False)):
            found = self.unit.types.get(id(expr))
            if found is None or found.kind is not Kind.STATIC:
                continue
            bounds = interval(expr, ranges, self._sampled)
            known = sizes.at(size, _SAMPLE)
            if isinstance(known, int) and bounds is not None and bounds.low >= 0 and bounds.high < known:
                continue
            problem = self._axis_problem(index, axis, expr, size, frame)
            if problem is not None:
                return problem
        return None

    def _axis_problem(
        self, index: ast.Index, axis: int, expr: ast.Expr, size: Dim, frame: Frame | None
    ) -> Diagnostic | None:
        if not self.is_closed:
            return self._axis_problem_for_all_sizes(index, axis, expr, size, frame)
        loops = _loops(frame)
        upper = self.extremes.of(expr, loops, is_upper=True)
        lower = self.extremes.of(expr, loops, is_upper=False) if upper is not None else None
        if upper is not None and lower is not None:
            margin = sizes.subtract(sizes.subtract(size, 1), upper.value)
            if sizes.is_never_negative(margin) and sizes.is_never_negative(lower.value):
                return None
        assert isinstance(size, int)
        evaluate = compiled(expr, self.environment)

        def visit(point: Point) -> tuple[int, Point] | None:
            value = evaluate(point)
            return None if 0 <= value < size else (value, dict(point))

        found = self._first(frame, visit)
        return found and self._out_of_range(index, axis, expr, found[0], size, found[1])

    def _axis_problem_for_all_sizes(
        self, index: ast.Index, axis: int, expr: ast.Expr, size: Dim, frame: Frame | None
    ) -> Diagnostic | None:
        """An index that is surely wrong, whatever the shape variables."""
        loops = _loops(frame)
        if len(loops) < len(_chain(frame)):
            return None
        for is_upper in (True, False):
            bound = self.extremes.of(expr, loops, is_upper=is_upper)
            if bound is None:
                continue
            excess = sizes.subtract(bound.value, size) if is_upper else sizes.subtract(-1, bound.value)
            if sizes.is_never_negative(excess) and (point := self.extremes.point(bound, loops)) is not None:
                return self._out_of_range(index, axis, expr, bound.value, size, point)
        return None

    def _out_of_range(
        self, index: ast.Index, axis: int, expr: ast.Expr, value: Dim, size: Dim, point: Mapping[str, Dim]
    ) -> Diagnostic:
        name = index.array.id
        place = self.unit.declaration(name)
        array = self.unit.types[id(index.array)]
        where = (
            f"size {spell(size)}" if len(array.shape) == 1 else f"size {spell(size)} in dimension {axis + 1}"
        )
        label = (
            f"index {spell(value)}"
            if isinstance(expr, ast.Number) or not point
            else f"index {spell(value)} where {_spell(point)}"
        )
        last = sizes.subtract(size, 1)
        return Diagnostic(
            OUT_OF_RANGE,
            f"index {spell(value)} is out of range for `{name}`, which has {where}",
            Label(expr.span, label),
            ()
            if place is None
            else (Label(place, f"declared here with shape {sizes.spell_shape(array.shape)}"),),
            help=f"its indices run from 0 to {spell(last)}" if last != -1 else "it has no elements",
            notes=self._notes(),
        )

    # ---- divisors and steps --------------------------------------------------------------------

    def _zero_problem(
        self, subject: ast.Call | ast.For, expr: ast.Expr, frame: Frame | None, ranges: _Ranges
    ) -> Diagnostic | None:
        """What is wrong if `expr`, a divisor or a step, can be 0."""
        bounds = interval(expr, ranges, self.environment)
        if bounds is not None and not bounds.low <= 0 <= bounds.high:
            return None
        if not self.is_closed:
            is_zero = isinstance(subject, ast.For) and bounds is not None and bounds.low == bounds.high == 0
            return self._zero_step(expr, {}) if is_zero and self.is_reached(frame) else None
        evaluate = compiled(expr, self.environment)
        point = self._first(frame, lambda point: dict(point) if evaluate(point) == 0 else None)
        if point is None:
            return None
        if isinstance(subject, ast.For):
            return self._zero_step(expr, point)
        where = f" where {_spell(point)}" if point else ""
        title, label = f"division by zero{where}", Label(subject.span, f"the divisor is 0{where}")
        hint = "leave out this case with a static IF" if point else "divide by another number"
        return Diagnostic(STATIC_DIVISION, title, label, help=hint, notes=self._notes())

    def _zero_step(self, step: ast.Expr, point: Point) -> Diagnostic:
        where = f" where {_spell(point)}" if point else ""
        return Diagnostic(
            ZERO_STEP,
            f"the step of this FOR is 0{where}",
            Label(step.span, f"is 0{where}"),
            help="count up with `STEP 1`",
            notes=self._notes(),
        )

    # ---- nests ---------------------------------------------------------------------------------

    def ranges(self, frame: Frame | None) -> _Ranges | None:
        """Intervals of the FOR variables inside a frame; None where nothing ever runs."""
        if frame not in self._ranges:
            pending: list[Frame] = []
            outer: Frame | None = frame
            while outer not in self._ranges and outer is not None:
                pending.append(outer)
                outer = outer.parent
            for each in reversed(pending):
                self._ranges[each] = self._inner_ranges(each)
        return self._ranges[frame]

    def _inner_ranges(self, frame: Frame) -> _Ranges | None:
        outer = self._ranges[frame.parent]
        if outer is None:
            return None
        if isinstance(frame, GuardFrame):
            found = truth(frame.condition, outer, self._sampled)
            return None if found is (not frame.holds) else outer
        statement = frame.statement
        start = interval(statement.start, outer, self._sampled)
        stop = interval(statement.stop, outer, self._sampled)
        step = Interval(1, 1) if statement.step is None else interval(statement.step, outer, self._sampled)
        if start is None or stop is None or step is None or step.low <= 0 <= step.high:
            return {name: found for name, found in outer.items() if name != statement.variable.id}
        values = Interval(start.low, stop.high) if step.low > 0 else Interval(stop.low, start.high)
        return None if values.low > values.high else outer | {statement.variable.id: values}

    def _first(self, frame: Frame | None, visit: Callable[[Point], _Found | None]) -> _Found | None:
        try:
            return first(_chain(frame), self.environment, self.budget, visit)
        except (OutOfBudgetError, ZeroDivisionError):
            return None

    def _notes(self) -> tuple[str, ...]:
        bound = [
            f"{n} = {self.unit.sizes[n]}"
            for n, found in self.unit.variables.items()
            if found[0] is Role.SHAPE
        ]
        where = f"in the DEF `{self.unit.name}` " if self.unit.name is not None else ""
        return (f"{where}with {', '.join(bound)}",) if bound and self.is_closed else ()


_Found = TypeVar("_Found")


def _chain(frame: Frame | None) -> list[Frame]:
    """A frame and those around it, outermost first."""
    found: list[Frame] = []
    while frame is not None:
        found.append(frame)
        frame = frame.parent
    return found[::-1]


def _loops(frame: Frame | None) -> list[ForFrame]:
    return [each for each in _chain(frame) if isinstance(each, ForFrame)]


def _spell(point: Mapping[str, Dim]) -> str:
    """`i = 5, j = 2`."""
    return ", ".join(f"{name} = {spell(value)}" for name, value in point.items())
