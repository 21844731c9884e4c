"""Nodes, regions and programs of the IR. All are immutable.

A region may use values of the regions around it; `free_values` tells which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeAlias, cast, final

from whilec.ir.static import Apply, Counter, counters_in
from whilec.ir.types import Type, Value
from whilec.source import Span


class Stage(IntEnum):
    """How far a program has been lowered; every stage is accepted by `verify` on its own terms."""

    SOFT = 0
    """Path weights are explicit; a loop runs while its weight lasts."""
    BOUNDED = 1
    """Every loop has a largest number of trips."""
    FLAT = 2
    """Straight-line code: no loop, no choice, no call."""


Attr: TypeAlias = Any
"""A number, text, static integer, or a tuple of them."""


@final
@dataclass(frozen=True, eq=False)
class Region:
    """Statements with values that come in and values that go out."""

    parameters: tuple[Value, ...]
    nodes: tuple[Node, ...]
    results: tuple[Value, ...]


@final
@dataclass(frozen=True, eq=False)
class Node:
    """One operation.

    Args:
        op: Its name, a key of `ops.OPERATIONS`.
        operands: What it computes with.
        results: What it computes.
        span: The source text it comes from.
        attrs: What is known before the program runs, by name.
        regions: The parts of a loop or choice.
    """

    op: str
    operands: tuple[Value, ...]
    results: tuple[Value, ...]
    span: Span
    attrs: Mapping[str, Attr] = field(default_factory=dict[str, Attr])
    regions: tuple[Region, ...] = ()

    @property
    def result(self) -> Value:
        """The only result."""
        (result,) = self.results
        return result


@final
@dataclass(frozen=True, eq=False)
class Function:
    """A DEF for one tuple of argument shapes; its region sees no values but its parameters."""

    name: str
    body: Region


@final
@dataclass(frozen=True)
class Entry:
    """One entry of a loop in straight-line code, whose masks are results of the program.

    Args:
        loop: Number of the loop in the source.
        free_trips: Trips that all rows make.
        trips: Number of masks that tell who makes each further trip.
        has_capped: Whether a mask follows that tells who would have gone on.
        has_nan: Whether a mask follows that tells whose weight became NaN.
        has_entered: Whether a mask follows that tells who entered; else all did.
    """

    loop: int
    free_trips: int
    trips: int
    has_capped: bool
    has_nan: bool
    has_entered: bool

    @property
    def masks(self) -> int:
        """How many results belong to it."""
        return self.trips + self.has_capped + self.has_nan + self.has_entered


@final
@dataclass(frozen=True, eq=False)
class Program:
    """A whole program.

    Args:
        name: That of its header or file.
        inputs: Names of the inputs; the first parameters of the body.
        parameters: Names of the PARAMs; the further parameters of the body (and the first ones of
            every function).
        outputs: Names of the body's results.
        functions: Called by `call` nodes.
        body: The statements.
        loops: The heads of all WHILE and LOOP, in source order; `loop` attributes count them.
        family: Name of the relaxations of all nodes: `sech`, `bump`, `c0` .. `c8`.
        stage: How far it has been lowered.
        targets: Number of assignment targets with trainable weights; 0 unless trainable.
        entries: At stage FLAT, what the further results of the body tell about its loops.
    """

    name: str
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    outputs: tuple[str, ...]
    functions: Mapping[str, Function]
    body: Region
    loops: tuple[Span, ...]
    family: str
    stage: Stage = Stage.SOFT
    targets: int = 0
    entries: tuple[Entry, ...] = ()


def walk(region: Region) -> Iterator[Node]:
    """Every node of a region, those of inner regions included, in text order."""
    pending = list(reversed(region.nodes))
    while pending:
        node = pending.pop()
        yield node
        for inner in reversed(node.regions):
            pending += reversed(inner.nodes)


def uses(node: Node) -> Iterator[Value]:
    """The values that a node itself uses: operands, and counters in its attributes."""
    yield from node.operands
    for attr in node.attrs.values():
        items = cast("tuple[Any, ...]", attr if isinstance(attr, tuple) else (attr,))
        for item in items:
            if isinstance(item, Counter | Apply):
                yield from counters_in(item)


def free_values(*regions: Region) -> tuple[Value, ...]:
    """What regions use from outside, in the order of first use."""
    found: dict[Value, None] = {}
    for region in regions:
        _collect(region, found)
    return tuple(found)


def _collect(region: Region, found: dict[Value, None]) -> None:
    inside: set[Value] = set(region.parameters)
    for node in region.nodes:
        wanted = [*uses(node), *free_values(*node.regions)]
        found.update((value, None) for value in wanted if value not in inside)
        inside.update(node.results)
    found.update((value, None) for value in region.results if value not in inside)


def used_values(region: Region) -> frozenset[Value]:
    """What some node or region uses, at any depth, or the region gives."""
    found = set(region.results)
    for node in walk(region):
        found.update(uses(node))
        for inner in node.regions:
            found.update(inner.results)
    return frozenset(found)


def types(values: tuple[Value, ...]) -> tuple[Type, ...]:
    """The types of some values."""
    return tuple(value.type for value in values)
