"""What a check of gradients found, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import final

from whilec.diagnostics.model import Code, Diagnostic, Example
from whilec.driver.gradcheck.differences import Estimate

E0685 = Code(
    "E0685",
    "a gradient is wrong",
    """
`whilec gradcheck` found a backend whose outputs or derivatives are not those of the reference interpreter,
or derivatives that are not those of finite differences although the program is smooth there. Both are bugs
of `whilec`, or of an intrinsic that the program calls. Please report the program with the command line.
""",
    Example("x0 := x1 + 0", ""),
)


class Verdict(IntEnum):
    """What became of one derivative, the worst last."""

    OK = 0
    UNSETTLED = 1
    """Finite differences do not tell, so that only the backends were compared."""
    KINK = 2
    HIDDEN_KINK = 3
    """Kinks of parts of the program cancel here, but the derivatives that they have there do not."""
    JUMP = 4
    WRONG = 5


@final
@dataclass(frozen=True)
class Participant:
    """One way to compute gradients: `reason` says why it takes no part, None that it does."""

    name: str
    reason: str | None = None


@final
@dataclass(frozen=True)
class Entry:
    """One number: the derivative of one element of an output by one of an input.

    Args:
        output: `y` or `y[0]`.
        input: `x` or `x[0]`.
        gradients: By the name of the participant.
        between: The largest relative difference between participants.
        estimate: What finite differences say.
        difference: The relative difference to them; None where they do not tell.
        verdict: What became of it.
    """

    output: str
    input: str
    gradients: Mapping[str, float]
    between: float
    estimate: Estimate
    difference: float | None
    verdict: Verdict

    @property
    def reference(self) -> float:
        """The gradient of the first participant."""
        return next(iter(self.gradients.values()))


@final
@dataclass(frozen=True)
class Block:
    """All derivatives of an output by an input.

    Args:
        output: Its name.
        input: Its name.
        entries: For each element of the output, each element of the input.
    """

    output: str
    input: str
    entries: tuple[Entry, ...]

    @property
    def between(self) -> float:
        """The largest relative difference between participants."""
        return max((entry.between for entry in self.entries), default=0.0)

    @property
    def difference(self) -> float | None:
        """The largest relative difference to finite differences, of entries that have one."""
        return max((e.difference for e in self.entries if e.difference is not None), default=None)

    @property
    def verdict(self) -> Verdict:
        """The worst one."""
        return max((entry.verdict for entry in self.entries), default=Verdict.OK)


@final
@dataclass(frozen=True)
class Check:
    """What a check found.

    Args:
        outputs: Values of the reference.
        values: For each output the largest relative difference between participants.
        participants: All ways to compute gradients.
        blocks: For each output and input.
        wrong: One diagnostic for each output or block that is wrong.
        warnings: Of the run.
    """

    outputs: Mapping[str, object]
    values: Mapping[str, float]
    participants: tuple[Participant, ...]
    blocks: tuple[Block, ...]
    wrong: tuple[Diagnostic, ...]
    warnings: tuple[Diagnostic, ...]

    def places(self, verdict: Verdict) -> tuple[Entry, ...]:
        """The entries with a verdict."""
        return tuple(entry for block in self.blocks for entry in block.entries if entry.verdict is verdict)
