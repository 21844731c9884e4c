"""What one run of a program knows besides its values."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, final

import torch

from whilec.backends.torch_library.numbers import Number, is_uniform


@final
class RunError(Exception):
    """A run that cannot go on: `index`, `step` or `steepness`, with the numbers involved."""

    def __init__(self, problem: str, *numbers: float) -> None:
        super().__init__(problem, *numbers)
        self.problem = problem
        self.numbers = numbers


@final
class Run:
    """The settings of one run, and the counts of its loops.

    Args:
        steepness: Of `=` and `!=`.
        compare_steepness: Of `< <= > >=`, LOOP and relaxed functions.
        loops: How many loops the source has.
        is_checkpointed: Whether loops keep few states and compute the others again when needed.
        target_weights: Weights and biases of assignment targets, each of shape (targets,).
        intrinsics: What the names of intrinsics stand for.
    """

    def __init__(
        self,
        steepness: float = 1.0,
        compare_steepness: float | None = None,
        *,
        loops: int = 0,
        is_checkpointed: bool = False,
        target_weights: tuple[torch.Tensor, torch.Tensor] | None = None,
        intrinsics: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.steepness = steepness
        self.compare_steepness = steepness if compare_steepness is None else compare_steepness
        self.counts = [[0, 0, 0, 0, 0] for _ in range(loops)]
        """Per loop: entries, most trips, ends by themselves, at the cap, by NaN."""
        self.is_checkpointed = is_checkpointed
        self.has_idle_rows = False
        """Whether `rows` has zeros: rows that a part of the program is computed for in vain."""
        self._target_weights = target_weights
        self._intrinsics = intrinsics or {}

    def again(self) -> Run:
        """The same settings, with counts of their own."""
        other = copy(self)
        other.counts = [[0, 0, 0, 0, 0] for _ in self.counts]
        return other

    def with_idle_rows(self) -> Run:
        """The same run, for a part whose `rows` has zeros."""
        if self.has_idle_rows:
            return self
        other = copy(self)
        other.has_idle_rows = True
        return other

    def without_idle_rows(self) -> Run:
        """The same run, for a part whose `rows` has none."""
        if not self.has_idle_rows:
            return self
        other = copy(self)
        other.has_idle_rows = False
        return other

    def target_weight(self, target: int, rows: torch.Tensor) -> torch.Tensor:
        """Trainable weight of an assignment target, for every row."""
        assert self._target_weights is not None
        return self._target_weights[0][target].expand_as(rows)

    def target_bias(self, target: int, rows: torch.Tensor) -> torch.Tensor:
        """Trainable bias of an assignment target, for every row."""
        assert self._target_weights is not None
        return self._target_weights[1][target].expand_as(rows)

    def intrinsic(
        self,
        function: str,
        names: tuple[str, ...],
        values: tuple[Any, ...],
        option_names: tuple[str, ...],
        options: tuple[Any, ...],
    ) -> tuple[Any, ...]:
        """The results of an intrinsic."""
        arguments = dict(zip(names, values, strict=True)) | dict(zip(option_names, options, strict=True))
        results = self._intrinsics[function](**arguments)
        return results if isinstance(results, tuple) else (results,)


def checked_steepness(s: Number) -> Number:
    """A steepness in force, which must be finite and above 0."""
    numbers = [s] if is_uniform(s) else s.detach().reshape(-1).tolist()
    for number in numbers:
        if not 0.0 < number < float("inf"):
            raise RunError("steepness", number)
    return s


def counted(start: int, stop: int, step: int) -> range:
    """The values of a FOR variable; both bounds belong to them."""
    if step == 0:
        raise RunError("step", 0)
    return range(start, stop + (1 if step > 0 else -1), step)


def sign_of(i: int) -> int:
    """-1, 0 or 1."""
    return (i > 0) - (i < 0)
