"""Straight-line code: every loop as copies of its body, every choice as both its arms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeAlias, cast, final

from whilec.ir.build import Builder, fresh
from whilec.ir.node import Entry, Node, Program, Region, Stage, walk
from whilec.ir.static import Apply, StaticDivisionError, evaluate
from whilec.ir.static import Counter as FORCounter
from whilec.ir.types import Value
from whilec.passes.base import AbstractPass
from whilec.source import Span


class UnrollError(Exception):
    """A program that cannot be unrolled.

    Args:
        problem: `index`, `division` or `step`.
        span: The source text.
        numbers: What was found there.
    """

    def __init__(self, problem: str, span: Span, *numbers: float) -> None:
        super().__init__(problem, span, numbers)
        self.problem = problem
        self.span = span
        self.numbers = numbers


class TooManyNodesError(Exception):
    """A program that would become too long: how many nodes come from which source text."""

    def __init__(self, counts: Mapping[Span, int]) -> None:
        super().__init__(counts)
        self.counts = counts


@final
@dataclass(frozen=True)
class Unroll(AbstractPass):
    """Turn a bounded program into straight-line code.

    Args:
        most_nodes: Beyond this it is an error.
        reports: Whether masks that tell how loops ended are further results.
    """

    name: ClassVar[str] = "unroll"
    needs: ClassVar[tuple[Stage, ...]] = (Stage.BOUNDED,)
    most_nodes: int = 20_000
    reports: bool = False

    def run(self, program: Program) -> Program:
        """The program at stage FLAT.

        Raises:
            UnrollError: A static index, divisor or step is wrong.
            TooManyNodesError: It would become too long.
        """
        flattener = _Flattener(program, self.most_nodes, reports=self.reports)
        parameters = tuple(Value(value.type, value.name) for value in program.body.parameters)
        results = flattener.region(program.body, parameters)
        masks = tuple(mask for _, found in flattener.entries for mask in found)
        entries = tuple(entry for entry, _ in flattener.entries)
        body = flattener.builder.region(parameters, results + masks)
        return replace(program, functions={}, body=body, entries=entries, stage=Stage.FLAT)


_Values: TypeAlias = tuple[Value, ...]


@final
class _Flattener:
    def __init__(self, program: Program, most_nodes: int, *, reports: bool) -> None:
        self._program = program
        self._most_nodes = most_nodes
        self._reports = reports
        self._values: dict[Value, Value] = {}
        self._counters: dict[Value, int] = {}
        self._mask: Value | None = None
        self._truths: dict[Value, bool] = {}
        self._ones: set[Value] = set()
        self.builder = Builder()
        self.entries: list[tuple[Entry, list[Value]]] = []

    def region(self, region: Region, arguments: _Values) -> _Values:
        """The nodes of a region for these arguments; the results."""
        self._values.update(zip(region.parameters, arguments, strict=True))
        for node in region.nodes:
            rule = _RULES.get(node.op, _Flattener.copied)
            results = rule(self, node)
            self._values.update(zip(node.results, results, strict=True))
        return tuple(self._values[value] for value in region.results)

    def _emit(self, op: str, *operands: Value, span: Span, name: str = "", **attrs: Any) -> Value:
        if len(self.builder.nodes) >= self._most_nodes:
            raise TooManyNodesError(Counter(node.span for node in self.builder.nodes))
        return self.builder.one(op, *operands, span=span, name=name, **attrs)

    def _operands(self, node: Node) -> list[Value]:
        return [self._values[operand] for operand in node.operands]

    def _known(self, static: Any, span: Span) -> Any:
        try:
            return evaluate(static, self._counters)
        except StaticDivisionError as error:
            raise UnrollError("division", error.span, error.dividend) from None

    # nodes without regions

    def copied(self, node: Node) -> _Values:
        """A node without regions, as it is."""
        operands = self._operands(node)
        attrs = {name: self._attr(attr, node) for name, attr in node.attrs.items()}
        self._check_position(node, attrs)
        if node.op == "intrinsic":
            results = fresh((result.type for result in node.results), "")
            return self.builder.emit(node.op, operands, node.span, attrs=attrs, results=results)
        return (self._emit(node.op, *operands, span=node.span, name=node.result.name, **attrs),)

    def _attr(self, attr: Any, node: Node) -> Any:
        if isinstance(attr, tuple):
            items = cast("tuple[Any, ...]", attr)
            return tuple(self._attr(item, node) for item in items)
        return self._known(attr, node.span) if isinstance(attr, FORCounter | Apply) else attr

    def _check_position(self, node: Node, attrs: Mapping[str, Any]) -> None:
        position: tuple[int | None, ...] = attrs.get("position", ())
        for i, size in zip(position, node.operands[0].type.shape if position else (), strict=False):
            if i is not None and not 0 <= i < size:
                raise UnrollError("index", node.span, i, size)

    def starting_weight(self, node: Node) -> _Values:
        """The path weight of statements that always run."""
        (result,) = self.copied(node)
        self._ones.add(result)
        return (result,)

    def known_truth(self, node: Node) -> _Values:
        """A static condition: its truth is known."""
        known = bool(self._known(node.attrs["static"], node.span))
        result = self._emit("truth", span=node.span, static=known)
        self._truths[result] = known
        return (result,)

    def known_number(self, node: Node) -> _Values:
        """A static integer: its number is known."""
        known = self._known(node.attrs["static"], node.span)
        return (self._emit("constant", span=node.span, value=float(known)),)

    # degrees and choices

    def connective(self, node: Node) -> _Values:
        """AND, OR: both sides for all rows; loops on the right, of rows that the left does not decide."""
        (left,) = self._operands(node)
        op, open_ = ("both", "is_above_zero") if node.op == "and" else ("either", "is_below_one")
        with self._only(self._where(open_, left, node.regions[0], node.span)):
            (right,) = self.region(node.regions[0], ())
        return (self._emit(op, left, right, span=node.span),)

    def _where(self, op: str, degree: Value, region: Region, span: Span) -> Value | None:
        """The rows that a region concerns; it matters to loops alone."""
        if not any(inner.op in ("repeat", "call") for inner in walk(region)):
            return self._mask
        mask = self._emit(op, degree, span=span)
        return mask if self._mask is None else self._emit("all_of", self._mask, mask, span=span)

    def choice(self, node: Node) -> _Values:
        """IF: both arms, blended; one where the degree is known."""
        (degree,) = self._operands(node)
        if degree in self._truths:
            return self.region(node.regions[0 if self._truths[degree] else 1], ())
        span = node.span
        settled = self._emit("settle", degree, span=span, epsilon=node.attrs["epsilon"])
        arms: list[_Values] = []
        for op, region in zip(("is_above_zero", "is_below_one"), node.regions, strict=True):
            with self._only(self._where(op, settled, region, span)):
                arms.append(self.region(region, ()))
        return tuple(
            self._emit("blend", other, then, settled, span=span, name=then.name)  # also of equals: NaN stays
            for then, other in zip(*arms, strict=True)
        )

    @contextmanager
    def _only(self, mask: Value | None) -> Generator[None]:
        """Build what only some rows take part in."""
        before, self._mask = self._mask, mask
        yield
        self._mask = before

    def static_choice(self, node: Node) -> _Values:
        """The arm that a static truth takes."""
        return self.region(node.regions[0 if self._known(node.attrs["truth"], node.span) else 1], ())

    def call(self, node: Node) -> _Values:
        """The nodes of a function's body."""
        return self.region(self._program.functions[node.attrs["function"]].body, tuple(self._operands(node)))

    # loops

    def for_(self, node: Node) -> _Values:
        """FOR: the body once per value."""
        (body,) = node.regions
        counter, *parameters = body.parameters
        start, stop, step = (self._known(node.attrs[key], node.span) for key in ("start", "stop", "step"))
        if step == 0:
            raise UnrollError("step", node.span, 0)
        state = tuple(self._operands(node))
        inner = Region(tuple(parameters), body.nodes, body.results)
        for number in range(start, stop + (1 if step > 0 else -1), step):
            self._counters[counter] = number
            state = self.region(inner, state)
        return state

    def repeat(self, node: Node) -> _Values:
        """WHILE, LOOP: copies of the body."""
        weight, *state = self._operands(node)
        copies = _Copies(self, node, weight, tuple(state))
        return copies.mixture() if node.attrs["semantics"] == "mixture" else copies.path()

    # for `_Copies`

    def condition(self, node: Node, trip: int, state: _Values, running: Value | None) -> Value:
        """The condition of a loop before a trip, of the rows that have not ended."""
        region = node.regions[0]
        self._counters[region.parameters[0]] = trip
        inner = Region(region.parameters[1:], region.nodes, region.results)
        with self._only(self._mask if running is None else running):
            (degree,) = self.region(inner, state)
        return degree

    def body(self, node: Node, q: Value, trip: int, state: _Values, running: Value | None) -> _Values:
        """The state after a trip, of the rows that make it."""
        region = node.regions[1]
        self._counters[region.parameters[1]] = trip
        self._values[region.parameters[0]] = q
        inner = Region(region.parameters[2:], region.nodes, region.results)
        with self._only(self._mask if running is None else running):
            after = self.region(inner, state)
        if running is None:
            return after
        return tuple(
            new if new is old else self.emit("select", running, new, old, span=node.span, name=new.name)
            for new, old in zip(after, state, strict=True)
        )

    def emit(self, op: str, *operands: Value, span: Span, name: str = "", **attrs: Any) -> Value:
        """Append a node."""
        return self._emit(op, *operands, span=span, name=name, **attrs)

    @property
    def mask(self) -> Value | None:
        """The rows that take part; None: all."""
        return self._mask

    def truth(self, degree: Value) -> bool | None:
        """What a degree is, where that is known."""
        return self._truths.get(degree)

    def is_one(self, weight: Value) -> bool:
        """Whether a weight is the 1 of statements that always run."""
        return weight in self._ones

    def one(self, span: Span) -> Value:
        """The weight 1."""
        result = self._emit("one", span=span)
        self._ones.add(result)
        return result

    def report(
        self, node: Node, free_trips: int, trips: list[Value], capped: Value | None, nan: Value | None
    ) -> None:
        """Note the masks of one entry of a loop.

        Args:
            node: The loop.
            free_trips: Trips that all rows make.
            trips: Who makes each further trip.
            capped: Who would have gone on; None: nobody.
            nan: Whose weight became NaN; None: nobody's.
        """
        if not self._reports:
            return
        further = [capped, nan, self._mask]
        flags = tuple(mask is not None for mask in further)
        entry = Entry(node.attrs["loop"], free_trips, len(trips), *flags)
        self.entries.append((entry, [*trips, *(mask for mask in further if mask is not None)]))


@final
class _Copies:
    """One entry of a loop as copies of its body."""

    def __init__(self, flattener: _Flattener, node: Node, weight: Value, state: _Values) -> None:
        self._flat = flattener
        self._node = node
        self._span = node.span
        self._weight = weight
        self._state = state
        self._nan: Value | None = None
        self._free_trips = 0
        self._trips: list[Value] = []

    def _emit(self, op: str, *operands: Value, name: str = "", **attrs: Any) -> Value:
        return self._flat.emit(op, *operands, span=self._span, name=name, **attrs)

    def _next(self, q: Value, degree: Value, running: Value | None) -> Value:
        """The weight of the next trip: 0 for rows that make none."""
        if self._flat.truth(degree):
            if running is None or not self._flat.is_one(q):
                return q
            return self._emit("gate", running, q)
        product = degree if self._flat.is_one(q) else self._emit("product", q, degree)
        weight = self._emit("cut", product, epsilon=self._node.attrs["epsilon"])
        return weight if running is None else self._emit("gate", running, weight)

    def _note_nan(self, q: Value) -> None:
        if self._flat.is_one(q):
            return
        is_nan = self._emit("is_nan", q)
        self._nan = is_nan if self._nan is None else self._emit("any_of", self._nan, is_nan)

    def path(self) -> _Values:
        """The state after the last trip."""
        running, q = self._flat.mask, self._weight
        for trip in range(self._node.attrs["trips"] + 1):
            degree = self._flat.condition(self._node, trip, self._state, running)
            if self._flat.truth(degree) is False:
                return self._finish(None)
            q = self._next(q, degree, running)
            self._note_nan(q)
            if trip == self._node.attrs["trips"]:
                break
            running = self._running(q)
            self._state = self._flat.body(self._node, q, trip, self._state, running)
        return self._finish(q)

    def _running(self, q: Value) -> Value | None:
        """Who makes the next trip; None: all."""
        if self._flat.is_one(q):
            self._free_trips += 1
            return None
        running = self._emit("is_positive", q)
        self._trips.append(running)
        return running

    def mixture(self) -> _Values:
        """The mean of the states after every trip, by the mass that stops there."""
        mass, running = self._flat.one(self._span), self._flat.mask
        totals: list[Value] | None = None
        for trip in range(self._node.attrs["trips"] + 1):
            degree = self._flat.condition(self._node, trip, self._state, running)
            if self._flat.truth(degree) is False:
                self._state = self._added(totals, mass)
                return self._finish(None)
            q = self._next(mass, degree, running)
            self._note_nan(q)
            if trip == self._node.attrs["trips"]:
                self._state = self._added(totals, mass)
                return self._finish(q)
            running = self._running(q)
            if running is None:
                self._state = self._flat.body(self._node, mass, trip, self._state, None)
                continue
            rest = self._emit("not", degree)
            share = rest if self._flat.is_one(mass) else self._emit("product", mass, rest)
            share = self._emit("select", running, share, mass)
            totals = list(self._added(totals, share))
            one = self._flat.one(self._span)
            self._state = self._flat.body(self._node, one, trip, self._state, running)
            mass = self._emit("gate", running, q)
        raise AssertionError("a loop has at least one check")

    def _added(self, totals: list[Value] | None, share: Value) -> _Values:
        """The totals with the weighted state."""
        terms = [
            x if self._flat.is_one(share) else self._emit("scale", x, share, name=x.name) for x in self._state
        ]
        if totals is None:
            return tuple(terms)
        return tuple(self._emit("plus", a, b, name=a.name) for a, b in zip(totals, terms, strict=True))

    def _finish(self, q: Value | None) -> _Values:
        """The state, NaN where the weight became NaN; `q` is the weight of those who would go on."""
        capped = None if q is None else self._emit("is_positive", q)
        nan = self._nan
        self._flat.report(self._node, self._free_trips, self._trips, capped, nan)
        if nan is None:
            return self._state
        return tuple(self._emit("void", nan, x, name=x.name) for x in self._state)


_RULES: Mapping[str, Callable[[_Flattener, Node], _Values]] = {
    "one": _Flattener.starting_weight,
    "truth": _Flattener.known_truth,
    "number": _Flattener.known_number,
    "and": _Flattener.connective,
    "or": _Flattener.connective,
    "choice": _Flattener.choice,
    "static_choice": _Flattener.static_choice,
    "call": _Flattener.call,
    "for": _Flattener.for_,
    "repeat": _Flattener.repeat,
}
