"""Derivatives by dual numbers against torch's autograd and against finite differences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any, final

import pytest
import torch

from tests.properties.running import EXAMPLES, SEED, close_number, flat, load
from tests.strategies.int_programs import REAL, REAL_NAT, Generated, generate
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference import Step, execute, execute_tensors

CHUNKS = 4
PROGRAMS = max(8, EXAMPLES // 8)
AUTOGRAD_TOLERANCE = 1e-10
STEP = 1e-5
DIFFERENCE_TOLERANCE = 1e-5


def cases(chunk: int, label: str) -> Iterator[tuple[Generated, CheckedProgram, Options]]:
    for number in range(-(-PROGRAMS // CHUNKS)):
        random = Random(f"{label}-{chunk}-{number}-{SEED}")
        dialect = random.choice([REAL, REAL, REAL_NAT])
        generated = generate(random, dialect)
        program = load(generated.source, generated.inputs)
        options = Options(
            smooth=random.choice(["inf", "inf", "inf", 0, 1, 2, 3, 8]),
            steepness=random.choice([1.0, 0.5, 2.5]),
            compare_steepness=random.choice([None, 0.3, 4.0]),
            epsilon=random.choice([1e-6, 1e-3]),
            max_trips=random.randint(1, 4),
            loops=random.choice(["path", "path", "mixture"]),
            phi=random.choice(["sech", "bump"]),
            domain="nat" if dialect.nat else "int",
        )
        yield generated, program, options


@final
class FiniteObserver:
    """Sees whether every assigned value was finite."""

    def __init__(self) -> None:
        self.is_finite = True

    def __call__(self, step: Step) -> None:
        self.is_finite &= all(math.isfinite(x) for _, value in step.changes for x in flat(value))


def by_autograd(program: CheckedProgram, inputs: dict[str, Any], options: Options) -> dict[str, list[float]]:
    """The Jacobian of every output, flat, by the inputs in order; outputs keep their shape's order."""
    leaves = {
        name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in inputs.items()
    }
    outputs = execute_tensors(program, leaves, options).outputs
    blocks: dict[str, list[float]] = {}
    for name, value in outputs.items():
        rows: list[float] = []
        for element in value.reshape(-1):
            if element.requires_grad:
                found = torch.autograd.grad(
                    element,
                    list(leaves.values()),
                    retain_graph=True,
                    allow_unused=True,
                    materialize_grads=True,
                )
            else:
                found = tuple(torch.zeros_like(leaf) for leaf in leaves.values())
            rows += [number for gradient in found for number in gradient.reshape(-1).tolist()]
        blocks[name] = rows
    return blocks


def by_duals(program: CheckedProgram, inputs: dict[str, Any], options: Options) -> dict[str, list[float]]:
    """The same from the interpreter on dual numbers."""
    run = execute(program, inputs, options, jacobian=True)
    assert run.jacobian is not None
    blocks: dict[str, list[float]] = {}
    for name, value in run.outputs.items():
        size = len(list(flat(value)))
        parts = {given: list(flat(run.jacobian[name][given])) for given in inputs}
        blocks[name] = [
            entry
            for row in range(size)
            for part in parts.values()
            for entry in part[row * len(part) // size : (row + 1) * len(part) // size]
        ]
    return blocks


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_duals_equal_autograd(chunk: int) -> None:
    compared = nonzero = 0
    for generated, program, options in cases(chunk, "autograd"):
        inputs = dict(generated.inputs)
        ours, torchs = by_duals(program, inputs, options), by_autograd(program, inputs, options)
        observer = FiniteObserver()
        outputs = execute(program, inputs, options, observer=observer).outputs
        if not observer.is_finite:
            continue  # `test_stopped_gradients` is about these
        assert ours.keys() == torchs.keys() == outputs.keys()
        for name, row in ours.items():
            for have, want in zip(row, torchs[name], strict=True):
                compared += 1
                nonzero += want != 0
                if not math.isfinite(have):
                    # At a pole, inf and nan depend on the order of the products.
                    assert not math.isfinite(want)
                    continue
                assert close_number(have, want, AUTOGRAD_TOLERANCE), (
                    f"{name}: {have!r} by duals, {want!r} by autograd\n"
                    f"{options}\n{inputs}\n{generated.source}"
                )
    assert nonzero > compared / 20


def moved(value: Any, place: int, step: float) -> Any:
    """The value with one of its numbers changed."""
    if not isinstance(value, list):
        return value + step
    return [element + step if number == place else element for number, element in enumerate(value)]


def slopes(
    program: CheckedProgram, inputs: dict[str, Any], options: Options, name: str, place: int, step: float
) -> list[float]:
    """Central differences of every output number by one input number."""
    high, low = (
        execute(program, {**inputs, name: moved(inputs[name], place, sign * step)}, options).outputs
        for sign in (1, -1)
    )
    return [(a - b) / (2 * step) for a, b in zip(flat(high), flat(low), strict=True)]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_duals_equal_finite_differences(chunk: int) -> None:
    """Where two steps agree on the slope; near poles and where results are huge, they do not."""
    compared = skipped = 0
    for generated, program, chosen in cases(chunk, "differences"):
        # Without cuts and of class C^1, a run has no jumps or kinks but those of `tan` and `/`.
        options = replace(chosen, epsilon=0.0, smooth=chosen.smooth or 2)
        inputs = dict(generated.inputs)
        jacobian = execute(program, inputs, options, jacobian=True).jacobian
        assert jacobian is not None
        name = Random(generated.source).choice(sorted(inputs))
        size = len(list(flat(inputs[name])))
        for place, value in enumerate(flat(inputs[name])):
            if options.domain == "nat" and value < STEP:
                continue
            derivatives = [list(flat(block[name]))[place::size] for block in jacobian.values()]
            rough = slopes(program, inputs, options, name, place, STEP)
            fine = slopes(program, inputs, options, name, place, STEP / 4)
            for have, first, second in zip(flat(derivatives), rough, fine, strict=True):
                if not abs(first - second) <= DIFFERENCE_TOLERANCE * (1 + abs(second)):
                    skipped += 1
                    continue
                compared += 1
                assert abs(have - second) <= 10 * DIFFERENCE_TOLERANCE * (1 + abs(second)), (
                    f"d / d {name}[{place}]: {have!r} by duals, {second!r} by differences\n"
                    f"{options}\n{inputs}\n{generated.source}"
                )
    assert compared > skipped
