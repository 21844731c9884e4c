"""Every way to compute the gradients of a program. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

from whilec.backends.registry import BACKENDS, Graph
from whilec.diagnostics.model import WhileError
from whilec.driver.compiled_runs import CompiledProgram, ModuleChoices
from whilec.driver.compiled_single import run_single
from whilec.driver.gradcheck.report import Participant
from whilec.driver.pipeline import Level, Result, run_program
from whilec.driver.recipe import INTERPRETER
from whilec.driver.values import Value
from whilec.semantics.options import Options
from whilec.semantics.reference.errors import E0614
from whilec.source import SourceFile


@final
@dataclass(frozen=True)
class Subject:
    """A program and the point at which its gradients are checked.

    Args:
        source: The text of the program.
        given: Its inputs.
        options: Its meaning, in a smooth mode.
        level: What it may use of the language.
        outputs: Names of the outputs wanted.
        device: Where modules run.
    """

    source: SourceFile
    given: Mapping[str, Value]
    options: Options
    level: Level = "full"
    outputs: tuple[str, ...] | None = None
    device: str | None = None

    def compiled(self, backend: str, graph: Graph = "recurrent", trips: Any = None) -> CompiledProgram:
        """The program as a module of float64.

        Raises:
            WhileError: The backend cannot run it.
        """
        choices = ModuleChoices(self.device, "float64", graph, trips, backend)
        return CompiledProgram(self.source, self.options, choices, level=self.level, outputs=self.outputs)

    def gradients(self) -> tuple[dict[str, Result], tuple[Participant, ...]]:
        """The results of all that can run it, by name, and who can and who cannot.

        Raises:
            WhileError: The program or its inputs are wrong.
        """
        results: dict[str, Result] = {}
        participants: list[Participant] = []
        for name, compute in self._ways(results):
            try:
                results[name] = compute()
            except WhileError as error:
                if not results and all(d.code is not E0614 for d in error.diagnostics):
                    raise
                participants.append(Participant(name, error.diagnostics[0].title))
            else:
                participants.append(Participant(name))
        return results, tuple(participants)

    def _ways(self, results: Mapping[str, Result]) -> Iterator[tuple[str, Callable[[], Result]]]:
        yield INTERPRETER, self._numbers
        yield f"{INTERPRETER} on tensors", lambda: self._tensors(INTERPRETER, "recurrent", None)
        for graph, table in BACKENDS.items():
            for name in table:
                trips = _trips(results) if graph == "unrolled" else None
                yield (
                    f"{name} {graph}",
                    lambda name=name, graph=graph, trips=trips: self._tensors(name, graph, trips),
                )

    def _numbers(self) -> Result:
        return run_program(
            self.source, self.given, self.options, level=self.level, outputs=self.outputs, jacobian=True
        )

    def _tensors(self, backend: str, graph: Graph, trips: tuple[int, ...] | None) -> Result:
        return run_single(self.compiled(backend, graph, trips), self.given, jacobian=True)


def _trips(results: Mapping[str, Result]) -> tuple[int, ...] | None:
    """For every loop as many copies as the runs so far had trips."""
    runs = [result.run.loops for result in results.values() if result.run.loops]
    return tuple(max(1, *(loop.trips for loop in loops)) for loops in zip(*runs, strict=True)) or None
