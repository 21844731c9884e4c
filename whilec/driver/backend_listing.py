"""Which backends run a program, as either kind of graph. Imports torch."""

from __future__ import annotations

import torch

from whilec.backends.registry import BACKENDS
from whilec.diagnostics.model import WhileError
from whilec.driver.explanation import explanation
from whilec.driver.recipe import Recipe
from whilec.driver.specialising import Programs
from whilec.semantics.options import Options
from whilec.source import SourceFile

_SIZE = 4
"""Of every shape variable, to ask for."""


def backend_listing(source: SourceFile) -> str:
    """For each graph the backend that runs the program on the CPU, and why the others do not.

    Raises:
        WhileError: The program is wrong.
    """
    texts: list[str] = []
    for graph in BACKENDS:
        programs = Programs(Recipe(source, Options(), graph=graph, trips=1 if graph == "unrolled" else None))
        sizes = (_SIZE,) * len(programs.checked.shape_variables)
        if sizes:
            try:
                programs.executable(sizes, torch.device("cpu"), torch.float32)
            except WhileError as error:
                texts.append(f"{source.name}: graph {graph}\n  {error.diagnostics[0].title}")
                continue
        texts.append(explanation(programs, torch.float32))
    return "\n".join(texts)
