"""Runs of compiled modules on rows of arrays, with their derivatives. Imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias, final

import torch

from whilec.backends.registry import Graph
from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.compiling import compile_tree
from whilec.driver.devices import find_device, find_dtype
from whilec.driver.limits import out_of_memory
from whilec.driver.pipeline import E0450, Level, check_file, in_source
from whilec.semantics.bind import bind_shapes
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference.result import LoopReport
from whilec.source import SourceFile

if TYPE_CHECKING:
    import numpy as np

    from whilec.module import WhileModule

Array: TypeAlias = "np.ndarray[Any, Any]"


@final
@dataclass(frozen=True)
class ModuleChoices:
    """How a program becomes a module; None for the default of each.

    Args:
        device: Its name.
        dtype: float32, float64, bfloat16 or float16.
        graph: Recurrent or unrolled.
        trips: Copies of loops; a text is wrong.
        backend: Its name.
    """

    device: str | None = None
    dtype: str | None = None
    graph: Graph | None = None
    trips: Any = None
    backend: str | None = None


@final
@dataclass(frozen=True)
class Results:
    """What a run gave.

    Args:
        outputs: By name, of shape (rows, *shape).
        jacobian: jacobian[output][input], of shape (rows, *output, *input); None if not asked for.
        loops: One report per loop, in source order; empty where nobody counts.
    """

    outputs: Mapping[str, Array]
    jacobian: Mapping[str, Mapping[str, Array]] | None
    loops: tuple[LoopReport, ...]


@final
class CompiledProgram:
    """A program as a module on a device.

    Args:
        source: Its text.
        options: Its meaning.
        choices: What runs it.
        level: What it may use of the language.
        outputs: Names of the outputs wanted.

    Raises:
        WhileError: The program is wrong, or the choices are.
    """

    def __init__(
        self,
        source: SourceFile,
        options: Options,
        choices: ModuleChoices,
        *,
        level: Level = "full",
        outputs: tuple[str, ...] | None = None,
    ) -> None:
        self.device = find_device(choices.device or "cpu")
        dtype = find_dtype(choices.dtype, self.device)
        checked = check_file(source, level=level, outputs=outputs)
        if checked.program is None:
            raise WhileError(*checked.diagnostics)
        self.checked: CheckedProgram = checked.program
        self.options = options
        self.module: WhileModule = compile_tree(
            source,
            None,
            outputs=outputs,
            graph=choices.graph or "recurrent",
            trips=choices.trips,
            backend=choices.backend or "auto",
            dtype=dtype,
            **asdict(options),
        ).to(self.device)
        self._leaf_dtype = torch.float64 if dtype is torch.float64 else torch.float32

    def run(self, inputs: Mapping[str, Array], rows: int, *, jacobian: bool = False) -> Results:
        """Run it on some rows.

        Args:
            inputs: Inputs and PARAMs by name, of shape (rows, *shape), or (1, *shape) for all rows.
            rows: Their number.
            jacobian: Whether to compute the derivatives of each output by each of the inputs given and
                each PARAM.

        Raises:
            WhileError: The inputs do not fit the program, or the run failed.
        """
        try:
            bind_shapes(self.checked, {name: value.shape[1:] for name, value in inputs.items()})
        except WhileError as error:
            raise WhileError(*in_source(self.checked.source, error.diagnostics)) from None
        tensors = {name: self._tensor(value, rows) for name, value in inputs.items()}
        try:
            if not jacobian:
                with torch.no_grad():
                    run = self.module.run(**tensors)
                return Results(_arrays(run.outputs), None, run.loops)
            leaves = {name: tensor.clone().requires_grad_() for name, tensor in tensors.items()}
            leaves |= self._parameters(leaves, rows)
            run = self.module.run(**leaves)
            blocks = {name: _derivatives(value, leaves) for name, value in run.outputs.items()}
        except torch.OutOfMemoryError:
            raise out_of_memory() from None
        except RuntimeError as error:
            if "DefaultCPUAllocator" in str(error):
                raise out_of_memory() from None
            raise
        return Results(_arrays(run.outputs), {name: _arrays(row) for name, row in blocks.items()}, run.loops)

    def require_smooth(self) -> None:
        """Refuse derivatives of a crisp run.

        Raises:
            WhileError: The mode is hard.
        """
        if self.options.is_hard:
            help_text = "use `--smooth 0` or another smooth mode"
            raise WhileError(Diagnostic(E0450, "a crisp run has no derivatives", help=help_text))

    def _tensor(self, value: Array, rows: int) -> torch.Tensor:
        made = torch.tensor(value, device=self.device, dtype=self._stored(value))
        return made.expand(rows, *made.shape[1:])

    def _stored(self, value: Array) -> torch.dtype:
        if not self.options.is_hard:
            return self._leaf_dtype
        return torch.float64 if value.dtype.kind == "f" else torch.int64

    def _parameters(self, given: Mapping[str, Any], rows: int) -> dict[str, torch.Tensor]:
        """PARAMs that are not given, with a value for each row."""
        found: dict[str, torch.Tensor] = {}
        for name, attribute in self.module.parameter_names.items():
            if name not in given:
                value = getattr(self.module, attribute).detach().to(self._leaf_dtype)
                found[name] = value.expand(rows, *value.shape).clone().requires_grad_()
        return found


def _derivatives(output: torch.Tensor, leaves: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """By each leaf, in each row: of shape (rows, *output, *leaf). Rows do not depend on each other."""
    rows, shape = output.shape[0], output.shape[1:]
    elements = output.reshape(rows, prod(shape))
    blocks = {name: [torch.zeros_like(leaf)] * elements.shape[1] for name, leaf in leaves.items()}
    if output.requires_grad:
        for at in range(elements.shape[1]):
            found = torch.autograd.grad(
                elements[:, at].sum(), list(leaves.values()), retain_graph=True, allow_unused=True
            )
            for name, gradient in zip(leaves, found, strict=True):
                if gradient is not None:  # pyright: ignore[reportUnnecessaryComparison] - with `allow_unused`
                    blocks[name][at] = gradient
    return {
        name: torch.stack(block, 1).reshape(rows, *shape, *leaves[name].shape[1:])
        if block
        else torch.zeros(rows, *shape, *leaves[name].shape[1:])
        for name, block in blocks.items()
    }


def _arrays(tensors: Mapping[str, torch.Tensor]) -> dict[str, Array]:
    """As arrays of NumPy, which has no bfloat16."""
    return {
        name: (value.float() if value.dtype is torch.bfloat16 else value).detach().cpu().numpy()
        for name, value in tensors.items()
    }
