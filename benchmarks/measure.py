"""Two functions, measured in turn in one process: time forward, forward + backward, peak memory."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, final

import torch

from benchmarks.case import Case, Function, Place, Program, Provider, Size
from benchmarks.memory import peak_bytes
from benchmarks.report import spread

Tensors = Mapping[str, torch.Tensor]


@final
@dataclass(frozen=True)
class Side:
    """A function with its inputs, ready to be timed."""

    name: str
    function: Function
    inputs: Tensors
    cotangent: torch.Tensor
    build_s: float

    def forward(self) -> None:
        """The value alone, without a graph."""
        with torch.no_grad():
            self.function(self.inputs)

    def both(self) -> None:
        """The value and the gradient of a weighted sum by every input."""
        gradients(self.function, self.inputs, self.cotangent)


def gradients(
    function: Function, inputs: Tensors, cotangent: torch.Tensor
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The value, and its gradient by each input for one cotangent."""
    value = function(inputs)
    found = torch.autograd.grad(value, list(inputs.values()), cotangent, materialize_grads=True)
    return value.detach(), list(found)


def weights(value: torch.Tensor, seed: int = 1) -> torch.Tensor:
    """A random cotangent for this value."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(value.shape, dtype=torch.float64, generator=generator).to(value)


def prepare(provider: Provider, program: Program, case: Case, size: Size, place: Place) -> Side:
    """Build a side; the first call, which may specialise and compile, is part of its building."""
    begin = time.perf_counter()
    function = provider.build(program, place)
    inputs = case.arguments(size, place)
    value = function(inputs)
    _wait(place)
    build_s = time.perf_counter() - begin
    return Side(provider.name, function, inputs, weights(value.detach()), build_s)


def compare(sides: list[Side], place: Place, runs: int, tick: Callable[[], None]) -> dict[str, Any]:
    """Spread of every measure of each side, and of the ratio second / first if there are two."""
    with _quiet():
        for side in sides:
            side.both()
            side.forward()
        times = {name: _alternate(sides, name, place, runs, tick) for name in ("forward", "both")}
        peaks = [peak_bytes(side.both, place.device) for side in sides]
    return {
        "build_s": _values([side.build_s for side in sides]),
        "forward_s": _spreads(times["forward"]),
        "forward_backward_s": _spreads(times["both"]),
        "peak_bytes": _values(peaks),
    }


def _alternate(
    sides: list[Side], name: str, place: Place, runs: int, tick: Callable[[], None]
) -> list[list[float]]:
    """Seconds per side and run; who goes first changes from run to run."""
    seconds: list[list[float]] = [[] for _ in sides]
    for run in range(runs):
        order = list(range(len(sides)))
        for index in order if run % 2 == 0 else reversed(order):
            call = getattr(sides[index], name)
            _wait(place)
            begin = time.perf_counter()
            call()
            _wait(place)
            seconds[index].append(time.perf_counter() - begin)
        tick()
    return seconds


def _spreads(seconds: list[list[float]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: spread(values) for name, values in zip(("ours", "peer"), seconds, strict=False)
    }
    if len(seconds) == 2:
        ratios = [theirs / ours for ours, theirs in zip(*seconds, strict=True)]
        found["ratio"] = spread(ratios) | {"of_medians": median(seconds[1]) / median(seconds[0])}
    return found


def _values(values: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(zip(("ours", "peer"), values, strict=False))
    if len(values) == 2:
        found["ratio"] = {"median": values[1] / values[0]}
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """No garbage collection and no warnings (of capped loops) between the clock's ticks."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if was_enabled:
            gc.enable()


def _wait(place: Place) -> None:
    if place.device.type == "cuda":
        torch.cuda.synchronize(place.device)
