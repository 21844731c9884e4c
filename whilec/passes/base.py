"""What a pass is, and how a list of them runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import ClassVar

from whilec.ir.node import Function, Program, Region, Stage
from whilec.ir.verify import verify


class AbstractPass(ABC):
    """A function from programs to programs that means the same."""

    name: ClassVar[str]
    needs: ClassVar[tuple[Stage, ...]]
    """The stages it takes."""

    @abstractmethod
    def run(self, program: Program) -> Program:
        """The rewritten program."""


def run_passes(
    program: Program,
    passes: Iterable[AbstractPass],
    *,
    observer: Callable[[str, Program], None] | None = None,
) -> Program:
    """The program after some passes, verified after each one.

    Args:
        program: The first one.
        passes: In their order.
        observer: Called with the name of every pass and the program after it.
    """
    for each in passes:
        assert program.stage in each.needs, f"{each.name} does not take stage {program.stage.name}"
        program = verify(each.run(program), each.name)
        if observer is not None:
            observer(each.name, program)
    return program


def map_regions(program: Program, change: Callable[[Region], Region]) -> Program:
    """The program with the regions of its functions and its own changed."""
    functions = {name: Function(name, change(f.body)) for name, f in program.functions.items()}
    return replace(program, functions=functions, body=change(program.body))
