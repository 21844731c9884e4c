"""Our ways to compute a program: compiled, and by the reference interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch

import whilec
from benchmarks.case import Function, Place, Program, Provider
from whilec.diagnostics.model import WhileError
from whilec.driver.pipeline import check_file
from whilec.semantics.bind import bind_shapes
from whilec.semantics.check import specialise
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference import execute_tensors
from whilec.source import SourceFile


def compiled(name: str, **options: Any) -> Provider:
    """The program compiled with some options of `whilec.compile`."""
    return Provider(name, partial(_compile, more=options), _missing_compiler)


def _compile(program: Program, place: Place, more: Mapping[str, Any]) -> Function:
    compile_: Any = getattr(whilec, "compile")  # noqa: B009
    module = compile_(str(program.path), **program.options, **more).to(place.device, place.dtype)

    def call(inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return module(**inputs)

    return call


def _missing_compiler() -> str | None:
    return None if "compile" in whilec.__all__ else "this version of whilec has no `whilec.compile`"


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


RECURRENT = compiled("whilec torch", backend="torch")
CHECKPOINTED = compiled("whilec torch, checkpoint", backend="torch", checkpoint=True)
REFERENCE = Provider("whilec reference interpreter", interpret)
