"""What a backend is, and what it gives: an executable for one specialised program."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Generic, TypeAlias, TypeVar, final

from whilec.source import Span

if TYPE_CHECKING:
    import torch


@final
@dataclass(frozen=True)
class Call:
    """One run of an executable, on flattened batches.

    Args:
        inputs: Every input of the program by name, of shape (rows, *shape); floating point, in hard
            mode also integers.
        parameters: Every PARAM by name, of shape (rows, *shape); usually expanded, not copied.
        target_weights: For trainable programs: weights and biases, each of shape (targets,), in the
            order of the source's assignment targets; None otherwise.
        steepness: Of `=` and `!=`; > 0.
        compare_steepness: Of `< <= > >=`, LOOP and relaxed built-ins; > 0.
        rows: The number of elements of the batch; 0 is allowed.
        dtype: float32 or float64; that of all tensors.
        device: Where all tensors are.
        checkpoint: Whether loops keep only some states for the backward pass and recompute the rest.
    """

    inputs: Mapping[str, torch.Tensor]
    parameters: Mapping[str, torch.Tensor]
    target_weights: tuple[torch.Tensor, torch.Tensor] | None
    steepness: float
    compare_steepness: float
    rows: int
    dtype: torch.dtype
    device: torch.device
    checkpoint: bool = False


@final
@dataclass
class LoopCount:
    """How one WHILE or LOOP of the source ended; counted over all its entries and elements."""

    entries: int = 0
    trips: int = 0
    """The most in one entry."""
    converged: int = 0
    capped: int = 0
    nan: int = 0


@final
@dataclass(frozen=True)
class Outcome:
    """What a call gave.

    Args:
        outputs: Every output by name, of shape (rows, *shape).
        loops: One count per WHILE and LOOP of the text, DEFs included, in source order; empty where
            nobody counts (`torch.compile`, `torch.export`, `torch.vmap`).
    """

    outputs: Mapping[str, torch.Tensor]
    loops: tuple[LoopCount, ...] = field(default=())


@final
class TooLongError(Exception):
    """A graph beyond the number of nodes that is built.

    Args:
        most: That number.
        counts: How many nodes come from which source text, up to where it was given up.
    """

    def __init__(self, most: int, counts: Mapping[Span | None, int]) -> None:
        super().__init__(most, counts)
        self.most = most
        self.counts = counts


@final
class FailedRunError(Exception):
    """A run that cannot go on.

    Args:
        problem: `index`, `division`, `step`, `steepness` or `intrinsic`.
        span: The source text that asked for it.
        numbers: What was found there: of an index, it and the size of its axis.
        message: What an intrinsic says.
    """

    def __init__(
        self, problem: str, span: Span | None, numbers: tuple[float, ...] = (), message: str = ""
    ) -> None:
        super().__init__(problem, span, numbers, message)
        self.message = message
        self.problem = problem
        self.span = span
        self.numbers = numbers


class AbstractExecutable(ABC):
    """A specialised program, ready to run. Picklable and deep-copyable."""

    is_traceable: ClassVar[bool] = False
    """Whether TorchDynamo may look into `run`; if not, it runs between two graphs."""

    @property
    def may_skip(self) -> bool:
        """Whether the numbers of a batch decide what of a differentiable program is left out."""
        return False

    @abstractmethod
    def run(self, call: Call) -> Outcome:
        """Run every element of a batch; differentiable by autograd to any order.

        Raises:
            WhileError: A run-time error (E06xx).
            FailedRunError: The same, of a backend that knows no codes.
        """


@final
@dataclass(frozen=True)
class Yes:
    """A backend accepts a program."""


@final
@dataclass(frozen=True)
class No:
    """A backend does not: why, as a clause such as `it calls an intrinsic`."""

    reason: str


Answer: TypeAlias = Yes | No


@final
@dataclass(frozen=True)
class Available:
    """What a backend needs is there."""


@final
@dataclass(frozen=True)
class Unavailable:
    """It is not: why, as a clause such as `llvmlite is not installed`."""

    reason: str


Probe: TypeAlias = Available | Unavailable

ProgramT = TypeVar("ProgramT")
"""What a backend compiles: an IR program, or what the interpreter walks."""


@final
@dataclass(frozen=True)
class Request:
    """What an executable is for.

    Args:
        device: Where the tensors of its calls are.
        dtype: float32 or float64; that of its calls.
        trips: Copies of every loop, in source order, for unrolled graphs; None for recurrent ones.
    """

    device: torch.device
    dtype: torch.dtype
    trips: tuple[int, ...] | None = None


class AbstractBackend(ABC, Generic[ProgramT]):
    """One way to run programs. It is made without arguments, when it is first asked for."""

    @abstractmethod
    def probe(self) -> Probe:
        """Whether the libraries and hardware that it needs are there."""

    @abstractmethod
    def accepts(self, program: ProgramT, device: torch.device, dtype: torch.dtype) -> Answer:
        """Whether it can run a program on tensors of this kind."""

    @abstractmethod
    def compile(self, program: ProgramT, request: Request) -> AbstractExecutable:
        """A program that it accepts, ready to run.

        Raises:
            WhileError: The program cannot be compiled as requested (E05xx).
        """
