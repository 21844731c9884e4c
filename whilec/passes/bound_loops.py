"""Every loop gets a largest number of trips."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

from whilec.ir.node import Node, Program, Region, Stage
from whilec.passes.base import AbstractPass, map_regions


@final
@dataclass(frozen=True)
class BoundLoops(AbstractPass):
    """Turn `while` into `repeat`.

    Args:
        trips: For every loop of the source, in its order; None: the program's own caps.
    """

    name: ClassVar[str] = "bound-loops"
    needs: ClassVar[tuple[Stage, ...]] = (Stage.SOFT,)
    trips: tuple[int, ...] | None = None

    def run(self, program: Program) -> Program:
        """The program at stage BOUNDED."""
        return replace(map_regions(program, self._region), stage=Stage.BOUNDED)

    def _region(self, region: Region) -> Region:
        return Region(region.parameters, tuple(map(self._node, region.nodes)), region.results)

    def _node(self, node: Node) -> Node:
        if node.regions:
            node = replace(node, regions=tuple(map(self._region, node.regions)))
        if node.op != "while":
            return node
        own: int = node.attrs["trips"]
        loop: int = node.attrs["loop"]
        trips = own if self.trips is None else self.trips[loop]
        return replace(node, op="repeat", attrs={**node.attrs, "trips": trips})
