"""What no output needs is dropped, also from the state that loops carry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, final

from whilec.ir.node import Node, Program, Region, Stage, free_values, uses
from whilec.ir.types import Value
from whilec.passes.base import AbstractPass, map_regions

_LOOPS = {"while": 1, "repeat": 1, "for": 0}
"""How many operands stand before a loop's state."""
_CHOICES = frozenset({"choice", "static_choice"})


@final
@dataclass(frozen=True)
class DropUnused(AbstractPass):
    """Drop nodes whose results nobody uses; WHILE and LOOP stay, because runs report them."""

    name: ClassVar[str] = "drop-unused"
    needs: ClassVar[tuple[Stage, ...]] = (Stage.SOFT, Stage.BOUNDED, Stage.FLAT)

    def run(self, program: Program) -> Program:
        """The smaller program; unused functions are dropped as well."""
        program = map_regions(program, _region)
        called = _called(program)
        return replace(program, functions={n: f for n, f in program.functions.items() if n in called})


def _called(program: Program) -> set[str]:
    found: set[str] = set()
    pending = [program.body]
    while pending:
        region = pending.pop()
        for node in region.nodes:
            pending += node.regions
            if node.op == "call" and node.attrs["function"] not in found:
                found.add(node.attrs["function"])
                pending.append(program.functions[node.attrs["function"]].body)
    return found


def _region(region: Region) -> Region:
    return _pruned(region, region.results)


def _pruned(region: Region, results: tuple[Value, ...]) -> Region:
    """A region with some of its results, and only the nodes that these need."""
    wanted = set(results)
    kept: list[Node] = []
    for node in reversed(region.nodes):
        if not _is_needed(node, wanted):
            continue
        node = _shrunk(node, wanted)
        kept.append(node)
        wanted.update(uses(node))
        wanted.update(free_values(*node.regions))
    return Region(region.parameters, tuple(reversed(kept)), results)


def _is_needed(node: Node, wanted: set[Value]) -> bool:
    is_reported = node.op in ("while", "repeat", "checked_steepness", "call") or any(
        _is_needed(inner, set()) for region in node.regions for inner in region.nodes
    )
    return is_reported or any(result in wanted for result in node.results)


def _shrunk(node: Node, wanted: set[Value]) -> Node:
    if node.op in _CHOICES:
        return _with_results(node, [result in wanted for result in node.results])
    if node.op in _LOOPS:
        return _with_state(node, _carried(node, wanted))
    return replace(node, regions=tuple(map(_region, node.regions)))


def _with_results(node: Node, keep: list[bool]) -> Node:
    regions = tuple(_pruned(region, _some(region.results, keep)) for region in node.regions)
    return replace(node, results=_some(node.results, keep), regions=regions)


def _carried(node: Node, wanted: set[Value]) -> list[bool]:
    """Which variables a loop must carry: those used after it, and what these need."""
    keep = [result in wanted for result in node.results]
    while True:
        trial = _with_state(node, keep)
        read: set[Value] = set()
        for region in trial.regions:
            read.update(free_values(Region((), region.nodes, region.results)))
        more = [
            kept or any(region.parameters[-len(keep) + i] in read for region in node.regions)
            for i, kept in enumerate(keep)
        ]
        if more == keep:
            return keep
        keep = more


def _with_state(node: Node, keep: list[bool]) -> Node:
    first = _LOOPS[node.op]
    size = len(keep)
    regions: list[Region] = []
    for region in node.regions:
        before = len(region.parameters) - size
        parameters = region.parameters[:before] + _some(region.parameters[before:], keep)
        is_body = len(region.results) == size and region is node.regions[-1]
        results = _some(region.results, keep) if is_body else region.results
        pruned = _pruned(region, results)
        regions.append(Region(parameters, pruned.nodes, results))
    operands = node.operands[:first] + _some(node.operands[first:], keep)
    return replace(node, operands=operands, results=_some(node.results, keep), regions=tuple(regions))


def _some(values: Iterable[Value], keep: list[bool]) -> tuple[Value, ...]:
    return tuple(value for value, kept in zip(values, keep, strict=True) if kept)
