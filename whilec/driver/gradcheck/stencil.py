"""Values of a program around a point, one element of an input moved at a time. Imports torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any, TypeAlias, final

import numpy as np

from whilec.diagnostics.model import WhileError
from whilec.driver.batch.inputs import shared_inputs
from whilec.driver.compiled_runs import CompiledProgram
from whilec.driver.gradcheck.differences import Estimate, Side, estimate, steps_around
from whilec.driver.gradcheck.participants import Subject
from whilec.driver.recipe import INTERPRETER
from whilec.module.parameters import start_values
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference.errors import E0614
from whilec.syntax import ast, walk

Array: TypeAlias = "np.ndarray[Any, Any]"
Index: TypeAlias = tuple[int, ...]

_ROWS = 4096
"""Points of one run."""


@final
class Stencil:
    """The outputs of a program at a point and around it.

    Args:
        subject: The program and the point.
        names: The inputs and PARAMs to move.

    Raises:
        WhileError: The program cannot be run near the point.
    """

    def __init__(self, subject: Subject, names: Sequence[str]) -> None:
        options = subject.options
        program = _evaluator(subject)
        self._program = program
        self._point = _point(program, subject)
        self._is_natural = options.domain == "nat"
        steepness = max(options.steepness, options.order_steepness)
        least = _least_step(program.checked, options)
        self._elements = [(name, at) for name in names for at in np.ndindex(self._point[name].shape)]
        self._steps = {
            (name, at): steps_around(float(self._point[name][at]), steepness, least)
            for name, at in self._elements
        }
        self._rows: dict[tuple[str, Index], slice] = {}
        moves: list[tuple[str, Index, float]] = []
        for name, at in self._elements:
            steps = self._steps[name, at]
            self._rows[name, at] = slice(1 + len(moves), 1 + len(moves) + 2 * len(steps))
            moves += [(name, at, sign * step) for sign in (-1.0, 1.0) for step in steps]
        self._values, self._distances = self._evaluated(moves)

    def estimate(self, output: str, j: Index, name: str, at: Index) -> Estimate:
        """What finite differences say about an element of an output by one of an input."""
        rows, count = self._rows[name, at], len(self._steps[name, at])
        values = [float(value) for value in self._values[output][(rows, *j)]]
        steps = [abs(step) for step in self._distances[rows]]
        left = Side(tuple(steps[:count]), tuple(values[:count]))
        right = Side(tuple(steps[count:]), tuple(values[count:]))
        return estimate(float(self._values[output][(0, *j)]), left, right)

    def beside(self, output: str, j: Index, name: str, at: Index) -> tuple[float, float]:
        """The gradients a small step before and behind the point."""
        inputs = {other: np.repeat(array[None], 2, 0) for other, array in self._point.items()}
        step = self._steps[name, at][-1]
        for row, sign in enumerate((-1.0, 1.0)):
            inputs[name][(row, *at)] += sign * step
        jacobian = self._program.run(inputs, 2, jacobian=True).jacobian
        assert jacobian is not None
        before, behind = (float(jacobian[output][name][(row, *j, *at)]) for row in range(2))
        return before, behind

    def _evaluated(self, moves: Sequence[tuple[str, Index, float]]) -> tuple[dict[str, Array], list[float]]:
        """The outputs at the point and after each move, and how far the inputs really moved."""
        distances = [0.0]
        parts: list[Mapping[str, Array]] = [self._run({n: a[None] for n, a in self._point.items()}, 1)]
        for start in range(0, len(moves), _ROWS):
            part = moves[start : start + _ROWS]
            inputs = {name: np.repeat(array[None], len(part), 0) for name, array in self._point.items()}
            forbidden: list[int] = []
            for row, (name, at, step) in enumerate(part):
                here = float(self._point[name][at])
                if self._is_natural and here + step < 0:
                    forbidden.append(row)
                else:
                    inputs[name][(row, *at)] = here + step
                distances.append(here + step - here)
            values = self._run(inputs, len(part))
            for value in values.values():
                value[forbidden] = nan
            parts.append(values)
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, distances

    def _run(self, inputs: Mapping[str, Array], rows: int) -> dict[str, Array]:
        outputs = self._program.run(inputs, rows).outputs
        return {name: np.array(value, dtype=np.float64) for name, value in outputs.items()}


def _evaluator(subject: Subject) -> CompiledProgram:
    """What computes the values: the interpreter, unless it cannot run the program on tensors."""
    program = subject.compiled(INTERPRETER)
    try:
        program.run(shared_inputs(subject.given, is_hard=False), 1)
    except WhileError as error:
        if all(d.code is not E0614 for d in error.diagnostics):
            raise
        return subject.compiled("auto")
    return program


def _point(program: CompiledProgram, subject: Subject) -> dict[str, Array]:
    """The value of every input that was given and of every PARAM."""
    found = {name: array[0] for name, array in shared_inputs(subject.given, is_hard=False).items()}
    for name, (value, shape) in start_values(program.checked).items():
        found.setdefault(name, np.full(shape, value))
    return found


def _least_step(program: CheckedProgram, options: Options) -> float:
    """How small a step may be so that path weights that are cut to 0 do not look like slopes.

    Weights up to epsilon are cut. In mode 0 a weight grows with the step; in the other ones it grows with
    a higher power of it, so that its slope is 0 with the cut and without.
    """
    nodes = (node for item in program.syntax.items for node in (item, *walk.nested_statements(item)))
    if options.smooth != 0 or not any(isinstance(node, ast.While | ast.Loop | ast.If) for node in nodes):
        return 0.0
    return 32 * options.epsilon / min(1.0, options.steepness, options.order_steepness)
