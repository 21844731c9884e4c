"""What `whilec compile` does: a program becomes a module, and the module a file. Imports torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import torch

from whilec.backends.registry import Graph
from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.compiling import compile_tree
from whilec.driver.exporting import Saved, kind_of
from whilec.driver.pipeline import Level, check_file, in_source, run_program
from whilec.driver.recipe import E0513, source_loops
from whilec.driver.values import Value, shape_of
from whilec.semantics.bind import bind_shapes
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.source import SourceFile

if TYPE_CHECKING:
    from whilec.module import WhileModule


@final
@dataclass(frozen=True)
class Request:
    """The options of the command.

    Args:
        output: The file.
        options: The meaning of the program, by name.
        outputs: Names of the outputs wanted.
        graph: None for the one that the kind of file has.
        trips: Copies of loops in an unrolled graph.
        dtype: `float32`, `float64`, or None for the default of the kind of file.
        batch: `dynamic`, or a number of elements.
        level: What the program may use of the language.
    """

    output: str
    options: Mapping[str, Any]
    outputs: tuple[str, ...] | None
    graph: Graph | None
    trips: int | Sequence[int] | None
    dtype: str | None
    batch: Any
    level: Level


def export_file(
    source: SourceFile, given: Mapping[str, Value], request: Request
) -> tuple[Saved, Sequence[Diagnostic]]:
    """Write a program as a file; also what the checker noticed.

    Args:
        source: The program.
        given: Shape variables, inputs of one element, and values of PARAMs.
        request: How.

    Raises:
        WhileError: The program is wrong, or cannot be exported so.
    """
    kind = kind_of(request.output)
    checked = check_file(source, level=request.level, outputs=request.outputs)
    if checked.program is None:
        raise WhileError(*checked.diagnostics)
    graph = request.graph or ("recurrent" if kind == ".py" else "unrolled")
    if graph == "unrolled" and request.trips is None and source_loops(checked.program):
        raise WhileError(_missing_trips(checked.program, given, request))
    module = compile_tree(
        source,
        None,
        outputs=request.outputs,
        graph=graph,
        trips=request.trips,
        dtype=None if request.dtype is None and kind == ".py" else getattr(torch, request.dtype or "float32"),
        **request.options,
    )
    own = {name: value for name, value in given.items() if name in module.parameter_names}
    _set_parameters(module, checked.program, own)
    rest = {name: value for name, value in given.items() if name not in own}
    saved = module.save_as(request.output, rest, batch=request.batch)
    inputs = {name: rest[name] for name in saved.inputs if name in rest}
    cut = module.run(**inputs).warnings if graph == "unrolled" and len(inputs) == len(saved.inputs) else ()
    return saved, (*module.warnings, *cut)


def _set_parameters(module: WhileModule, program: CheckedProgram, values: Mapping[str, Value]) -> None:
    try:
        bind_shapes(program, {name: shape_of(value) for name, value in values.items()})
    except WhileError as error:
        raise WhileError(*in_source(program.source, error.diagnostics)) from None
    with torch.no_grad():
        for name, value in values.items():
            parameter: torch.Tensor = getattr(module, module.parameter_names[name])
            parameter.copy_(torch.tensor(value, dtype=torch.float64))


def _missing_trips(program: CheckedProgram, given: Mapping[str, Value], request: Request) -> Diagnostic:
    """What to add, by what a run of the interpreter needs where there are inputs for one."""
    loops = len(source_loops(program))
    title = "an unrolled graph needs `trips`"
    names = program.main.inputs
    is_runnable = any(name in given for name in names) or not names
    inputs = {name: value for name, value in given.items() if name not in program.shape_variables}
    if is_runnable:
        try:
            run = run_program(
                program.source,
                inputs,
                Options(**request.options),
                level=request.level,
                outputs=request.outputs,
            ).run
        except WhileError as error:
            return Diagnostic(E0513, title, help=f"add `trips={_example(loops)}`", notes=(str(error),))
        counts = [max(1, loop.trips) for loop in run.loops]
        found = str(counts[0]) if len(counts) == 1 else str(counts)
        notes = ("loops that need more trips on other inputs are cut short",)
        return Diagnostic(E0513, title, help=f"with these inputs the loops need `trips={found}`", notes=notes)
    notes = ("with inputs, as in `x1=3`, this message says how many trips they need",)
    return Diagnostic(E0513, title, help=f"add `trips={_example(loops)}`", notes=notes)


def _example(loops: int) -> str:
    return "8" if loops == 1 else str([8] * loops)
