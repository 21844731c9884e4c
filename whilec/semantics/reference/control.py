"""How choices and loops are taken: which statements run for whom, at what weight."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeAlias

from whilec.semantics.reference.arithmetic import Frame, Value, Weight
from whilec.semantics.reference.tally import Tally

Condition: TypeAlias = Callable[[Frame], Weight]
Block: TypeAlias = Callable[[Frame, Weight], None]


class AbstractControl(ABC):
    """Control flow over one element, or over the lanes of a batch.

    `assigned` lists the slots that a body writes, so that other variables stay untouched.
    """

    @property
    @abstractmethod
    def is_single(self) -> bool:
        """Whether there is one element, so that in hard mode every path weight is 1."""

    @abstractmethod
    def keep(self, value: Value) -> Value:
        """A value that later writes to its variable do not change."""

    @abstractmethod
    def weight_of(self, weight: Weight) -> float:
        """A path weight for an observer; of a batch, the largest."""

    @abstractmethod
    def conjunction(self, left: Condition, right: Condition) -> Condition:
        """AND: the right side is not evaluated where the left degree is 0."""

    @abstractmethod
    def disjunction(self, left: Condition, right: Condition) -> Condition:
        """OR: the right side is not evaluated where the left degree is 1."""

    @abstractmethod
    def negation(self, operand: Condition) -> Condition:
        """NOT."""

    @abstractmethod
    def choice(self, condition: Condition, then: Block, orelse: Block, assigned: tuple[int, ...]) -> Block:
        """IF: the arms from the same state, blended by the condition's degree."""

    @abstractmethod
    def loop(self, condition: Condition, body: Block, assigned: tuple[int, ...], tally: Tally) -> Block:
        """WHILE: the body while its weight lasts, at most `max_trips` times an entry."""
