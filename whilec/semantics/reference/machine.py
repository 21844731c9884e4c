"""The state of one run, and the closures of one scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, final

from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram, Role, Unit
from whilec.semantics.reference.arithmetic import AbstractArithmetic, Frame, Value, Weight
from whilec.semantics.reference.control import AbstractControl
from whilec.semantics.reference.errors import E0607, fail
from whilec.semantics.reference.result import Observer
from whilec.semantics.reference.tally import Tally
from whilec.source import Span
from whilec.syntax import ast

Thunk: TypeAlias = Callable[[Frame], Value]
"""An expression or condition, to be evaluated in a frame."""
Action: TypeAlias = Callable[[Frame, Weight], None]
"""A statement, to be executed in a frame at a path weight."""


@final
@dataclass(slots=True)
class Machine:
    """What all closures of one run share.

    Args:
        program: Specialised: its bindings are known.
        arithmetic: The kind of numbers.
        control: How choices and loops are taken with them.
        target_weights: With `options.trainable`, weight and bias of every target, by the identity
            of the target's node.
        intrinsics: What the intrinsics' names stand for; None where they cannot run.
        observer: Called after every executed assignment.
        steps: Statements executed so far.
        tallies: Counts of every WHILE and LOOP, by the identity of its node.
    """

    program: CheckedProgram
    options: Options
    arithmetic: AbstractArithmetic
    control: AbstractControl
    target_weights: Mapping[int, tuple[Value, Value]] = field(default_factory=dict[int, tuple[Value, Value]])
    intrinsics: Mapping[str, Callable[..., Value]] | None = None
    observer: Observer | None = None
    steps: int = 0
    tallies: dict[int, Tally] = field(default_factory=dict[int, Tally])
    codes: dict[int, UnitCode] = field(default_factory=dict[int, "UnitCode"])

    @property
    def is_exact(self) -> bool:
        """Whether this is hard mode on one element: every weight is 1, integers have any size."""
        return self.arithmetic.is_crisp and self.control.is_single

    def spend(self, steps: int, span: Span) -> None:
        """Count executed statements; an error beyond `max_steps`."""
        self.steps += steps
        if self.steps > self.options.max_steps:
            self.overrun(span)

    def overrun(self, span: Span) -> None:
        """Stop a run that has used up its steps."""
        fail(
            E0607,
            f"program ran beyond {self.options.max_steps:,} statements",
            span,
            "still running here",
            "check that its loops end, or raise `--max-steps`",
        )

    def tally(self, node: ast.While | ast.Loop) -> Tally:
        """The counts of a loop of the source."""
        return self.tallies.setdefault(id(node), Tally(node))


@final
@dataclass
class UnitCode:
    """One scope as closures.

    A frame has a slot for every PARAM (the same in every scope), one for every variable, hidden
    ones for the counters of LOOPs, and a last one that belongs to the control (the rows of the
    batch that lanes came from).
    """

    unit: Unit
    slots: dict[str, int]
    size: int
    enter: Callable[[Frame, list[Value]], Frame] = field(init=False)
    """A new frame from the caller's, with the arguments in order; VAR start values are set."""
    body: Action = field(init=False)

    def hidden_slot(self) -> int:
        """A further slot, for a value without a name."""
        self.size += 1
        return self.size - 2


def layout(program: CheckedProgram, unit: Unit) -> UnitCode:
    """Give every variable of a unit its slot."""
    slots = {parameter.name: i for i, parameter in enumerate(program.parameters)}
    for variable in unit.variables.values():
        if variable.role not in (Role.CONST, Role.PARAM, Role.SHAPE):
            slots[variable.name] = len(slots)
    return UnitCode(unit, slots, len(slots) + 1)
