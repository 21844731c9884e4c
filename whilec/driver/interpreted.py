"""The reference interpreter as a backend of compiled modules. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod
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
from whilec.diagnostics.model import Diagnostic, Label, WhileError
from whilec.driver.recipe import Recipe, source_loops, source_targets, trained_weights_are_real
from whilec.driver.values import E0652
from whilec.semantics.check import specialise
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference.execute_lanes import run_rows
from whilec.semantics.reference.tally import Tally
from whilec.syntax.depth import deep_recursion


@final
@dataclass(frozen=True, eq=False)
class Interpretation:
    """A program that the interpreter can walk.

    Args:
        recipe: What it is made from.
        checked: Specialised for the shapes of a call.
    """

    recipe: Recipe
    checked: CheckedProgram


@final
class Interpreter(AbstractBackend[Interpretation]):
    """Walks the checked program: slow, plain, every mode and dtype, any device."""

    def probe(self) -> Available:
        return Available()

    def accepts(self, program: Interpretation, device: torch.device, dtype: torch.dtype) -> Answer:
        return Yes()

    def compile(self, program: Interpretation, request: Request) -> AbstractExecutable:
        return Interpreted(program)


@final
class Interpreted(AbstractExecutable):
    """One specialised program; it pickles as its recipe and sizes."""

    def __init__(self, program: Interpretation) -> None:
        self._program = program
        self._options = program.recipe.options
        self._loops = source_loops(program.checked)
        self._targets = tuple(map(id, source_targets(program.checked)))

    @property
    def may_skip(self) -> bool:
        return not self._options.is_hard

    def run(self, call: Call) -> Outcome:
        checked, options = self._program.checked, self._options
        options = replace(options, steepness=call.steepness, compare_steepness=call.compare_steepness)
        inputs = {**call.inputs, **call.parameters}
        try:
            if options.is_hard:
                self._check_finite(inputs)
            with deep_recursion(), torch.set_grad_enabled(torch.is_grad_enabled() and not options.is_hard):
                outputs, machine = run_rows(
                    checked,
                    inputs,
                    options,
                    rows=call.rows,
                    dtype=call.dtype,
                    device=call.device,
                    target_weights=self._weights(call),
                    intrinsics=Intrinsics(),
                )
        except WhileError as error:
            raise WhileError(*(d.in_source(checked.source) for d in error.diagnostics)) from None
        counts = tuple(_count(machine.tallies.get(id(node))) for node in self._loops)
        return Outcome(outputs, counts)

    def _weights(self, call: Call) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
        if call.target_weights is None:
            return {}
        weights, biases = call.target_weights
        if self._options.is_hard:
            if not bool((weights == 1).all()) or not bool((biases == 0).all()):
                raise WhileError(trained_weights_are_real())
            return {}
        return dict(zip(self._targets, zip(weights.unbind(), biases.unbind(), strict=True), strict=True))

    def _check_finite(self, inputs: Mapping[str, torch.Tensor]) -> None:
        """Hard mode has no NaN and no infinity; smooth modes let them show in their rows."""
        for name, value in inputs.items():
            wrong = torch.nonzero(~torch.isfinite(value.reshape(len(value), prod(value.shape[1:]))).all(1))
            if wrong.numel():
                variable = self._program.checked.main.variables[name]
                raise WhileError(
                    Diagnostic(
                        E0652,
                        f"input `{name}` is not finite",
                        Label(variable.span, f"declared {variable.type}"),
                        help="give finite numbers, or run in a smooth mode",
                        notes=(f"in row {int(wrong[0, 0])} of the batch",),
                    )
                )

    def __reduce__(self) -> tuple[Callable[..., Interpreted], tuple[Any, ...]]:
        return _again, (self._program.recipe, dict(self._program.checked.bindings or {}))

    def __deepcopy__(self, memo: dict[int, Any]) -> Interpreted:
        return self


def _count(tally: Tally | None) -> LoopCount:
    """The counts of a loop; all 0 for one in a DEF that is never called."""
    if tally is None:
        return LoopCount()
    return LoopCount(tally.entries, tally.trips, tally.converged, tally.capped, tally.nan)


def _again(recipe: Recipe, sizes: Mapping[str, int]) -> Interpreted:
    return Interpreted(Interpretation(recipe, specialise(recipe.check(), sizes)))
