"""What a benchmark is: a program, its inputs, who computes it, and what gates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, final

import torch

Function: TypeAlias = Callable[[Mapping[str, torch.Tensor]], torch.Tensor]
"""What is measured: from the inputs by name to the one output."""

GATES: Final = "tests/differential/test_benchmark_gates.py::test_agrees_with_the_reference"

Measure: TypeAlias = Literal["forward_s", "forward_backward_s", "peak_bytes"]


@final
@dataclass(frozen=True)
class Size:
    """How many rows a batch has, and how long arrays (or counts) are."""

    rows: int
    n: int = 0

    def __str__(self) -> str:
        return f"batch {self.rows}" + (f", n {self.n}" if self.n else "")


@final
@dataclass(frozen=True)
class Place:
    """Where a function computes, and in what precision."""

    dtype: torch.dtype = torch.float32
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))


@final
@dataclass(frozen=True)
class Program:
    """A program in a file, with the options that give it its meaning."""

    path: Path
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def under(self, **options: Any) -> Program:
        """The program with some options changed."""
        return replace(self, options={**self.options, **options})


@final
@dataclass(frozen=True)
class Provider:
    """One way to compute a program.

    Args:
        name: As in tables and results.
        build: Makes the function; its time is reported as that of compilation.
        lacks: Why it cannot run here, or None.
    """

    name: str
    build: Callable[[Program, Place], Function]
    lacks: Callable[[], str | None] = lambda: None


@final
@dataclass(frozen=True)
class Same:
    """The peer is ours too, and must agree at the options that are timed."""


@final
@dataclass(frozen=True)
class Agrees:
    """The peer computes the same function, exactly at epsilon 0.

    Args:
        within: How far values and gradients may differ at the options that are timed, relative to
            1 + magnitude, in float64.
        because: Why it is not nearer there.
    """

    within: float
    because: str


@final
@dataclass(frozen=True)
class Differs:
    """The peer computes something else, comparable in its work only: why."""

    because: str


@final
@dataclass(frozen=True)
class Target:
    """How many times less than the peer's a measure of ours is to be."""

    measure: Measure
    factor: float


@final
@dataclass(frozen=True)
class Peer:
    """Whom we are compared with, whether it means the same, and what we want to reach."""

    provider: Provider
    relation: Same | Agrees | Differs
    target: Target | None = None


@final
@dataclass(frozen=True)
class Case:
    """One benchmark.

    Args:
        name: As on the command line.
        about: One line for the list.
        program: What is computed.
        inputs: The inputs of one size from seeded random numbers: float64, on the CPU.
        sizes: What is measured.
        small: The size at which the gate compares.
        ours: Our providers; each available one is measured.
        peers: Theirs; a missing one is a row that says so.
    """

    name: str
    about: str
    program: Program
    inputs: Callable[[Size, torch.Generator], dict[str, torch.Tensor]]
    sizes: tuple[Size, ...]
    small: Size
    ours: tuple[Provider, ...]
    peers: tuple[Peer, ...] = ()

    def gate(self, provider: Provider) -> str:
        """The pytest node that must be green before this provider is timed."""
        return f"{GATES}[{self.name}-{provider.name}]"

    @property
    def providers(self) -> dict[Provider, Same | Agrees | Differs]:
        """Everybody who computes the case, and how it relates to the reference."""
        return dict.fromkeys(self.ours, Same()) | {peer.provider: peer.relation for peer in self.peers}

    def arguments(self, size: Size, place: Place, seed: int = 0) -> dict[str, torch.Tensor]:
        """The inputs of one size as leaves for autograd."""
        generator = torch.Generator().manual_seed(seed)
        return {
            name: value.to(place.device, place.dtype).requires_grad_()
            for name, value in self.inputs(size, generator).items()
        }
