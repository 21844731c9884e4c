"""Our ways to compute a program: compiled, and by the reference interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch

import whilec
from benchmarks.case import Function, Place, Program, Provider
from whilec.backends.base import Unavailable
from whilec.backends.registry import BACKENDS, Graph, backend
from whilec.diagnostics.model import WhileError
from whilec.driver.pipeline import check_file
from whilec.semantics.bind import bind_shapes
from whilec.semantics.check import specialise
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference import execute_tensors
from whilec.source import SourceFile


def compiled(name: str, graph: Graph = "recurrent", backend: str = "torch", **options: Any) -> Provider:
    """The program compiled with some options of `whilec.compile`."""
    choices = {"graph": graph, "backend": backend, **options}
    return Provider(name, partial(_compile, more=choices), partial(_missing, graph, backend))


def _compile(program: Program, place: Place, more: Mapping[str, Any]) -> Function:
    module = whilec.compile(program.path, **program.options, **more).to(place.device, place.dtype)

    def call(inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return module(**inputs)

    return call


def _missing(graph: Graph, name: str) -> str | None:
    if name not in BACKENDS[graph]:
        return f"there is no backend `{name}` for {graph} graphs"
    probe = backend(graph, name).probe()
    return probe.reason if isinstance(probe, Unavailable) else None


def interpret(program: Program, place: Place) -> Function:
    """The program run by the reference interpreter, which defines what is right."""
    del place  # the inputs say where
    options = Options(**program.options)
    source = SourceFile(program.path.name, program.path.read_text(encoding="utf-8"))
    checked = check_file(source)
    if checked.program is None:
        raise WhileError(*checked.diagnostics)
    general = checked.program
    ranks = {name: len(v.type.shape) for name, v in general.main.variables.items()}
    known: dict[tuple[tuple[int, ...], ...], CheckedProgram] = {}

    def call(inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        shapes = {name: tuple(x.shape[x.dim() - ranks[name] :]) for name, x in inputs.items()}
        key = tuple(shapes.values())
        if key not in known:
            known[key] = specialise(general, bind_shapes(general, shapes))
        (output,) = execute_tensors(known[key], inputs, options).outputs.values()
        return output

    return call


RECURRENT = compiled("whilec torch")
CHECKPOINTED = compiled("whilec torch, checkpoint", checkpoint=True)
UNROLLED = compiled("whilec torch, unrolled", graph="unrolled", trips=8)
"""For programs whose loops make at most eight trips."""
REFERENCE = Provider("whilec reference interpreter", interpret)
