"""What `WhileModule.run` gives: outputs by name, and how the loops ended. Imports torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import torch

from whilec.backends.base import LoopCount
from whilec.diagnostics.model import Diagnostic
from whilec.driver.loop_warnings import loop_warnings
from whilec.driver.pipeline import in_source
from whilec.driver.recipe import LoopNode
from whilec.semantics.options import Options
from whilec.semantics.reference.result import LoopReport
from whilec.semantics.reference.tally import Tally
from whilec.source import SourceFile


@final
@dataclass(frozen=True)
class ModuleRun(Mapping[str, torch.Tensor]):
    """The result of one run, a mapping from names to outputs.

    An output is an attribute as well, `result.x0`, unless it is called like one of the others.

    Args:
        outputs: By name, of shape (*batch, *shape).
        loops: One report per WHILE and LOOP, in source order.
        warnings: About loops that were cut short or met a NaN.
    """

    outputs: Mapping[str, torch.Tensor]
    loops: tuple[LoopReport, ...]
    warnings: tuple[Diagnostic, ...]

    def __getitem__(self, name: str) -> torch.Tensor:
        return self.outputs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.outputs)

    def __len__(self) -> int:
        return len(self.outputs)

    def __getattr__(self, name: str) -> torch.Tensor:
        outputs: Mapping[str, Any] = self.__dict__.get("outputs", {})
        if name not in outputs:
            raise AttributeError(f"the run has no output {name!r}")
        return outputs[name]


def loop_reports(
    nodes: Iterable[LoopNode], counts: Iterable[LoopCount], source: SourceFile, options: Options
) -> tuple[LoopReport, ...]:
    """The counts of an executable as reports."""
    return tuple(
        Tally(node, count.entries, count.trips, count.converged, count.capped, count.nan).report(
            source, options
        )
        for node, count in zip(nodes, counts, strict=True)
    )


def warnings_about(reports: Iterable[LoopReport], source: SourceFile, limit: str) -> tuple[Diagnostic, ...]:
    """A warning for each loop that was cut short, by the option `limit`, or met a NaN."""
    return in_source(source, loop_warnings(reports, limit))
