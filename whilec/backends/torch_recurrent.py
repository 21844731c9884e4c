"""Every WHILE as a recurrent network whose cell is its body. Imports torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch

from whilec.backends.base import (
    AbstractBackend,
    AbstractExecutable,
    Answer,
    Available,
    Call,
    LoopCount,
    Outcome,
    Request,
    Yes,
)
from whilec.backends.torch_intrinsics import Intrinsics
from whilec.backends.torch_library.run import Run
from whilec.backends.torch_library.tables import dense, table
from whilec.backends.torch_library.weights import in_rows
from whilec.backends.torch_taped import TapedProgram, is_suitable
from whilec.backends.torch_text.emit import emit
from whilec.backends.torch_text.loaded import Loaded
from whilec.backends.torch_text.namespace import eager_names, relaxation_of
from whilec.backends.torch_transforms import has_tangent, is_transformed
from whilec.ir.node import Program, walk
from whilec.passes.base import run_passes
from whilec.passes.pipelines import recurrent

_BRANCHES = frozenset({"repeat", "choice", "and", "or"})
"""Operations whose regions may be left out."""


@final
class TorchRecurrent(AbstractBackend[Program]):
    """Emitted Python on torch: every smooth mode, any device, derivatives of any order."""

    def probe(self) -> Available:
        return Available()

    def accepts(self, program: Program, device: torch.device, dtype: torch.dtype) -> Answer:
        return Yes()

    def compile(self, program: Program, request: Request) -> AbstractExecutable:
        return Recurrent(run_passes(program, recurrent()))


@final
class Recurrent(AbstractExecutable):
    """One program of stage BOUNDED; it pickles as that."""

    def __init__(self, program: Program) -> None:
        self._program = program
        regions = [program.body, *(function.body for function in program.functions.values())]
        self._may_skip = any(node.op in _BRANCHES for region in regions for node in walk(region))
        names = eager_names() | {"relaxation": relaxation_of(program.family)}
        text = emit(program, names)
        self._function = Loaded(text, names, program.name)
        self._taped = TapedProgram(program, text, self._plain) if is_suitable(program) else None

    @property
    def may_skip(self) -> bool:
        return self._may_skip

    def run(self, call: Call) -> Outcome:
        program = self._program
        run = Run(
            call.steepness,
            call.compare_steepness,
            loops=len(program.loops),
            is_checkpointed=call.checkpoint,
            target_weights=call.target_weights,
            intrinsics=Intrinsics(),
        )
        rows = torch.ones(call.rows, dtype=call.dtype, device=call.device)
        arguments = [call.parameters[name] for name in program.parameters]
        arguments += [call.inputs[name] for name in program.inputs]
        results = None
        if self._taped is not None and _wants_first_derivatives(arguments):
            results = self._taped.run(run, rows, arguments)
            run = run if results is not None else run.again()
        if results is None:
            results = self._plain(run, rows, arguments)
        outputs = dict(zip(program.outputs, results, strict=True))
        return Outcome(outputs, tuple(LoopCount(*count) for count in run.counts))

    def _plain(self, run: Run, rows: torch.Tensor, arguments: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """The outputs by autograd."""
        results = self._function(run, rows, *map(table, arguments))
        return tuple(in_rows(dense(value), rows) for value in results)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Recurrent, (self._program,)

    def __deepcopy__(self, memo: dict[int, Any]) -> Recurrent:
        return self


def _wants_first_derivatives(arguments: list[torch.Tensor]) -> bool:
    """Whether a backward pass may follow, and nothing else is done with the run."""
    return (
        torch.is_grad_enabled()
        and any(argument.requires_grad for argument in arguments)
        and not any(argument.is_cuda for argument in arguments)
        and not is_transformed()
        and not any(map(has_tangent, arguments))
    )
