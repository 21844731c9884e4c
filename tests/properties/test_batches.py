"""A batch is its elements: bit for bit in float64, in value and gradient, whatever stands beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest
import torch

from tests.properties.running import EXAMPLES, SEED, close_number, flat, load
from tests.strategies.int_programs import INT, REAL, REAL_NAT, Generated, generate, random_inputs
from tests.strategies.random_expressions import Dialect
from whilec.diagnostics.model import WhileError
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference import execute, execute_tensors

CHUNKS = 4
PROGRAMS = max(8, EXAMPLES // 5)
ROWS = 5
PYTHON_TOLERANCE = 1e-12


def random_options(random: Random, dialect: Dialect) -> Options:
    """Any smooth options, with caps that keep runs short."""
    return Options(
        smooth=random.choice(["inf", "inf", "inf", 0, 1, 2, 3, 8]),
        steepness=random.choice([1.0, 0.5, 2.5]),
        compare_steepness=random.choice([None, 0.3, 4.0]),
        epsilon=random.choice([1e-6, 1e-3, 0.0]),
        max_trips=random.randint(1, 5),
        loops=random.choice(["path", "path", "mixture"]),
        phi=random.choice(["sech", "bump"]),
        domain="nat" if dialect.nat else "int",
        trainable=not dialect.nat and random.random() < 0.2,
    )


def cases(
    chunk: int, label: str
) -> Iterator[tuple[Generated, CheckedProgram, Options, list[dict[str, Any]]]]:
    """Programs with options and several rows of inputs."""
    for number in range(-(-PROGRAMS // CHUNKS)):
        random = Random(f"{label}-{chunk}-{number}-{SEED}")
        dialect = random.choice([REAL, REAL, REAL_NAT, INT])
        generated = generate(random, dialect)
        program = load(generated.source, generated.inputs)
        rows = [random_inputs(random, generated) for _ in range(ROWS)]
        if not dialect.nat and random.random() < 0.4:
            name = random.choice(sorted(generated.inputs))
            rows[random.randrange(ROWS)][name] = spoiled(rows[0][name])
        yield generated, program, random_options(random, dialect), rows


def spoiled(value: Any) -> Any:
    return [float("nan"), *value[1:]] if isinstance(value, list) else float("nan")


def stacked(rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    return {name: torch.tensor([row[name] for row in rows], dtype=torch.float64) for name in rows[0]}


def single(row: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in row.items()}


def run_with_gradients(
    program: CheckedProgram, inputs: dict[str, torch.Tensor], options: Options
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Outputs, and the gradient of a weighted sum of them by every input."""
    leaves = {name: value.clone().requires_grad_() for name, value in inputs.items()}
    outputs = execute_tensors(program, leaves, options).outputs
    total = torch.zeros((), dtype=torch.float64)
    for number, value in enumerate(outputs.values()):
        total = total + ((number + 1.5) * value).sum()
    if not total.requires_grad:
        return dict(outputs), {name: torch.zeros_like(leaf) for name, leaf in leaves.items()}
    found = torch.autograd.grad(total, list(leaves.values()), allow_unused=True, materialize_grads=True)
    return {name: value.detach() for name, value in outputs.items()}, dict(zip(leaves, found, strict=True))


def assert_same(first: torch.Tensor, second: torch.Tensor, message: str) -> None:
    """Equal numbers, NaN counting as equal to NaN."""
    assert first.shape == second.shape, message
    same = (first == second) | (first.isnan() & second.isnan())
    assert bool(same.all()), f"{message}\n{first}\n{second}"


def assert_same_bits(first: torch.Tensor, second: torch.Tensor, message: str) -> None:
    """Equal numbers with equal signs, also of zeros."""
    assert_same(first, second, message)
    assert bool(((first.signbit() == second.signbit()) | first.isnan()).all()), f"sign of zero: {message}"


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_batch_equals_its_elements(chunk: int) -> None:
    seen: Counter[str] = Counter()
    for generated, program, options, rows in cases(chunk, "batch"):
        message = f"{options}\n{rows}\n{generated.source}"
        values, gradients = run_with_gradients(program, stacked(rows), options)
        for number, row in enumerate(rows):
            one, one_gradients = run_with_gradients(program, single(row), options)
            for name, value in one.items():
                assert_same_bits(values[name].expand(ROWS, *value.shape)[number], value, f"{name}, {message}")
            if not all(bool(value.isfinite().all()) for value in one.values()):
                continue  # derivatives of a NaN mean nothing
            seen["gradients"] += 1
            for name, value in one_gradients.items():
                # The sign of a zero gradient may come from a lane that contributes nothing.
                assert_same(gradients[name][number], value, f"gradient by {name}, {message}")
        seen.update(generated.features)
        seen.update(["nan"] if any(value.isnan().any() for value in values.values()) else [])
    assert seen["gradients"] > PROGRAMS // CHUNKS
    if PROGRAMS >= 200:
        missing = {"WHILE", "LOOP", "soft_read", "soft_write", "degree", "nan", "PARAM"} - set(seen)
        assert not missing


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_python_numbers_agree_with_tensors(chunk: int) -> None:
    compared = 0
    for generated, program, options, rows in cases(chunk, "python"):
        values = execute_tensors(program, stacked(rows), options).outputs
        for number, row in enumerate(rows):
            plain = execute(program, row, options).outputs
            for name, value in plain.items():
                element = values[name].expand(ROWS, *values[name].shape[1:])[number]
                for have, want in zip(flat(element.tolist()), flat(value), strict=True):
                    compared += 1
                    assert close_number(have, want, PYTHON_TOLERANCE), (
                        f"{name}: {have!r} on tensors, {want!r} on numbers\n"
                        f"{options}\n{row}\n{generated.source}"
                    )
    assert compared > PROGRAMS // CHUNKS


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_hard_mode_on_tensors_equals_python_numbers(chunk: int) -> None:
    compared = 0
    hard = Options(smooth="hard", max_trips=1000, max_steps=5_000)
    for number in range(-(-PROGRAMS // CHUNKS)):
        random = Random(f"hard-{chunk}-{number}-{SEED}")
        generated = generate(random, INT)
        program = load(generated.source, generated.inputs)
        rows = [random_inputs(random, generated) for _ in range(ROWS)]
        if not rows[0]:
            continue  # without inputs there is no batch
        try:
            plain = [execute(program, row, hard).outputs for row in rows]
        except WhileError:
            continue
        inputs = {name: torch.tensor([row[name] for row in rows]) for name in rows[0]}
        values = execute_tensors(program, inputs, hard).outputs
        for name, value in values.items():
            assert value.dtype == torch.int64
            assert value.tolist() == [row[name] for row in plain], f"{name}\n{rows}\n{generated.source}"
            compared += 1
    assert compared > PROGRAMS // CHUNKS


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_smooth_tensors_are_exact_on_integers(chunk: int) -> None:
    hard = Options(smooth="hard", max_trips=1000, max_steps=2_000)
    kept = 0
    for number in range(-(-PROGRAMS // CHUNKS)):
        random = Random(f"exact-{chunk}-{number}-{SEED}")
        generated = generate(random, INT)
        program = load(generated.source, generated.inputs)
        rows = [random_inputs(random, generated) for _ in range(ROWS)]
        if not rows[0]:
            continue  # without inputs there is no batch
        try:
            plain = [execute(program, row, hard).outputs for row in rows]
        except WhileError:
            continue
        kept += 1
        for smooth in (random.randint(0, 8), "inf"):
            values = execute_tensors(program, stacked(rows), Options(smooth=smooth, phi="bump")).outputs
            for name, value in values.items():
                assert value.tolist() == [row[name] for row in plain], (
                    f"{name}, smooth {smooth}\n{rows}\n{generated.source}"
                )
    assert kept > PROGRAMS // CHUNKS / 3
