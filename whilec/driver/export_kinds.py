"""The files of an exported module. Imports torch."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, final

import torch

import whilec
from whilec.backends.torch_fx.closed import Closing, closed
from whilec.backends.torch_text.standalone import File, Standalone, python_name, standalone
from whilec.backends.torch_unrolled import Unrolled, flat
from whilec.driver.specialising import Programs, Sizes
from whilec.ir.node import Program
from whilec.passes.base import run_passes
from whilec.passes.pipelines import recurrent
from whilec.semantics.options import Options

if TYPE_CHECKING:
    from collections.abc import Generator

    from whilec.module import WhileModule

Batch = int | Literal["dynamic"]

CPU = torch.device("cpu")


@final
@dataclass(frozen=True)
class Exported:
    """What is exported.

    Args:
        module: The module.
        programs: What it is compiled from.
        sizes: Of the shape variables.
        program: The IR at stage SOFT.
        inputs: Names of the inputs that the file takes.
        examples: Values of inputs for one element.
        dtype: Of the computation: float32 or float64.
        is_fixed: Whether the file computes in that dtype whatever its inputs are.
        batch: Elements of a batch.
    """

    module: WhileModule
    programs: Programs
    sizes: Sizes
    program: Program
    inputs: tuple[str, ...]
    examples: Mapping[str, Any]
    dtype: torch.dtype
    is_fixed: bool
    batch: Batch

    @property
    def name(self) -> str:
        """The name of the program: that of its header, or else of its file."""
        header = self.programs.checked.syntax.header
        return Path(self.module.source.name).stem if header is None else header.name.id

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Of all inputs and PARAMs."""
        names = (*self.program.parameters, *self.program.inputs)
        return {n: v.type.shape for n, v in zip(names, self.program.body.parameters, strict=True)}

    @property
    def parameters(self) -> Mapping[str, torch.Tensor]:
        """The values of PARAMs."""
        return {n: getattr(self.module, a).detach() for n, a in self.module.parameter_names.items()}

    @property
    def target_weights(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """The weights and biases of assignment targets; None if there are none."""
        if not self.module.options.trainable:
            return None
        return self.module.target_weights.detach(), self.module.target_biases.detach()

    def graph_module(self) -> torch.fx.GraphModule:
        """The unrolled graph as a module of the inputs."""
        executable = self.programs.executable(self.sizes, CPU, self.dtype)
        assert isinstance(executable, Unrolled)
        options = self.module.options
        arguments: dict[str, str] = {}
        for name in self.inputs:
            arguments[name] = python_name(name, {"self", *arguments.values()})
        closing = Closing(
            arguments,
            {name: value.cpu() for name, value in self.parameters.items()},
            self.module.parameter_names,
            self.target_weights,
            options.steepness,
            options.order_steepness,
            self.dtype,
        )
        return closed(self.program, executable.graph_module, closing)

    def standalone(self) -> File:
        """The text of a Python file."""
        module, source, program = self.module, self.module.source, self.program
        trips = self.programs.recipe.trips_per_loop(len(program.loops))
        ready = run_passes(program, recurrent()) if trips is None else flat(program, trips, reports=False)
        weights: Any = self.target_weights
        stored = {value.dtype for value in module.parameters()}
        return standalone(
            Standalone(
                program=ready,
                source=source,
                name=self.name,
                inputs=self.inputs,
                is_optional=not self.programs.checked.has_header,
                steepness=module.options.steepness,
                compare_steepness=module.options.compare_steepness,
                parameters={name: cast("Any", value).tolist() for name, value in self.parameters.items()},
                target_weights=None if weights is None else (weights[0].tolist(), weights[1].tolist()),
                dtype=str(self.dtype).removeprefix("torch.") if self.is_fixed else None,
                stored="float64" if torch.float64 in stored else "float32",
            ),
            self.description(),
        )

    def description(self) -> list[str]:
        """What was exported, in lines."""
        recipe = self.programs.recipe
        lines = [
            f"The program {self.name} of {self.module.source.name}, made by whilec {whilec.__version__}."
        ]
        changed = ", ".join(f"{key}={value}" for key, value in _settings(self.module.options).items())
        graph = (
            f"a {recipe.graph} graph" if recipe.trips is None else f"an unrolled graph, trips={recipe.trips}"
        )
        lines.append(f"Options: {changed}; {graph}.")
        if self.sizes:
            pairs = zip(self.programs.checked.shape_variables, self.sizes, strict=True)
            lines.append(f"Sizes: {', '.join(f'{name}={size}' for name, size in pairs)}.")
        return lines

    def metadata(self) -> dict[str, str]:
        """What was exported, for programs to read."""
        outputs = list(self.program.outputs)
        return {
            "description": "\n".join(self.description()),
            "source": self.module.source.text,
            "inputs": json.dumps(list(self.inputs)),
            "outputs": json.dumps(outputs),
        }


def _settings(options: Options) -> dict[str, Any]:
    """The options that differ from their defaults, and the mode."""
    plain = Options()
    names = [field.name for field in fields(options) if field.name != "max_steps"]
    return {
        name: getattr(options, name)
        for name in names
        if name == "smooth" or getattr(options, name) != getattr(plain, name)
    }


def write_python(exported: Exported, path: Path) -> None:
    """A Python file."""
    path.write_text(exported.standalone().text, encoding="utf-8")


def write_pt2(exported: Exported, path: Path) -> None:
    """A program of torch.export, with the metadata as further files."""
    torch.export.save(_program(exported), path, extra_files=exported.metadata())


def write_onnx(exported: Exported, path: Path) -> None:
    """An ONNX model, with the metadata as its properties."""
    graph, inputs, dynamic = exported.graph_module(), *_call(exported)
    with _quiet():
        model: Any = cast("Any", torch.onnx).export(
            graph,
            inputs,
            dynamo=True,
            dynamic_shapes=dynamic,
            verbose=False,
        )
    for node in model.model.graph:
        node.metadata_props.clear()  # stack traces, with paths of this machine
    _rename(model.model.graph, exported.inputs, _output_names(exported.inputs, exported.program.outputs))
    model.model.metadata_props.update({f"whilec.{key}": text for key, text in exported.metadata().items()})
    model.save(path)


def _rename(graph: Any, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Give the inputs and outputs of an ONNX graph their names; a step with such a name makes room.

    The exporter's own renaming leaves two values of one name where an output is called like an operation.
    """
    outer = {*graph.inputs, *graph.outputs}
    made_by_nodes = (value for node in graph for value in node.outputs)
    steps = [value for value in (*made_by_nodes, *graph.initializers.values()) if value not in outer]
    taken = {*inputs, *outputs, *(value.name for value in steps)}
    for value in steps:
        if value.name in inputs or value.name in outputs:
            value.name = next(made for i in count() if (made := f"{value.name}_step{i}") not in taken)
            taken.add(value.name)
    for values, names in ((graph.inputs, inputs), (graph.outputs, outputs)):
        for value, name in zip(values, names, strict=True):
            value.name = name


def _output_names(inputs: Sequence[str], outputs: Sequence[str]) -> list[str]:
    """Names of the outputs of a model, which cannot be those of its inputs."""
    found: list[str] = []
    for name in outputs:
        made = f"{name}_out" if name in inputs else name
        while made in inputs or made in found or (made != name and made in outputs):
            made += "_"
        found.append(made)
    return found


WRITERS = {".py": write_python, ".pt2": write_pt2, ".onnx": write_onnx}
"""By the ending of the file."""


def _program(exported: Exported) -> torch.export.ExportedProgram:
    inputs, dynamic = _call(exported)
    program = torch.export.export(exported.graph_module(), inputs, dynamic_shapes=dynamic)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it names paths of this machine
    return program


def _call(exported: Exported) -> tuple[tuple[torch.Tensor, ...], Any]:
    """Inputs to export with, and which of their dimensions may change."""
    rows = 3 if exported.batch == "dynamic" else exported.batch
    shapes = exported.shapes
    inputs = tuple(torch.ones(rows, *shapes[name], dtype=exported.dtype) for name in exported.inputs)
    if exported.batch != "dynamic" or not inputs:
        return inputs, None
    batch = torch.export.Dim("batch", min=1)
    return inputs, tuple({0: batch} for _ in inputs)


@contextmanager
def _quiet() -> Generator[None]:
    """Without what the exporter tells about itself."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
