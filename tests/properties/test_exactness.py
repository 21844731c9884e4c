"""The theorem: int programs on integer inputs are exact in every finite mode and under bump."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, final

import pytest
from hypothesis import HealthCheck, assume, given, settings

from tests.properties.running import EXAMPLES, SEED, flat, load
from tests.strategies.int_programs import INT, NAT, Generated, generate, programs
from tests.strategies.random_expressions import COMPARISONS, Dialect
from tests.strategies.random_statements import MAX_STEPS
from whilec.diagnostics.model import WhileError
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference import Run, execute

CHUNKS = 4
"""Tests per dialect, so that they spread over processes."""

KEPT = {INT: -(-EXAMPLES // CHUNKS), NAT: -(-EXAMPLES // CHUNKS // 2)}
"""Programs per test, those not counted that end with an error in hard mode."""

MODES = [*(Options(smooth=k) for k in (0, 1, 2, 3, 8)), Options(smooth="inf", phi="bump")]
"""The modes that every program runs in; the others take turns."""

CONSTRUCTS = {
    *("WHILE", "LOOP", "FOR", "STEP", "IF", "ELSEIF", "ELSE", "static_if", "wild_while"),
    *("soft_read", "soft_write", "swap", "parallel", "whole_array", "row", "matrix", "count"),
    *("min", "max", "abs", "sign", "clamp", "sum", "dot", "len", "div", "mod"),
    *("AND", "OR", "NOT", "with_steepness", "builtin_steepness", *COMPARISONS),
    *("def_call", "def_several_results", "def_in_expression"),
}


@final
@dataclass(frozen=True)
class Crisp:
    """A program that keeps to the theorem's conditions, and what it computes."""

    generated: Generated
    program: CheckedProgram
    outputs: dict[str, list[int]]
    trips: int


def numbers(outputs: Any) -> dict[str, list[Any]]:
    return {name: list(flat(value)) for name, value in outputs.items()}


def crisp_runs(dialect: Dialect, chunk: int, discarded: Counter[str]) -> Iterator[Crisp]:
    """Programs that end without error in hard mode; the others are counted by their error."""
    seed = SEED + 1_000_000 * chunk
    while True:
        generated = generate(Random(f"{dialect}-{seed}"), dialect)
        seed += 1
        program = load(generated.source, generated.inputs)
        hard = Options(smooth="hard", max_trips=1000, max_steps=MAX_STEPS, domain=domain(dialect))
        run, code = attempt(program, generated.inputs, hard)
        if run is None:
            assert code.startswith("E06"), f"{code}\n{generated.source}"
            discarded[code] += 1
            continue
        outputs = numbers(run.outputs)
        assert all(type(value) is int for values in outputs.values() for value in values)
        yield Crisp(generated, program, outputs, max((loop.trips for loop in run.loops), default=0))


def attempt(program: CheckedProgram, inputs: Mapping[str, Any], options: Options) -> tuple[Run | None, str]:
    """The run, or the code of its error."""
    try:
        return execute(program, inputs, options), ""
    except WhileError as error:
        return None, error.diagnostics[0].code.name


def domain(dialect: Dialect) -> Any:
    return "nat" if dialect.nat else "int"


def variations(random: Random, dialect: Dialect) -> Iterator[Options]:
    """Options under which the theorem holds as well."""
    yield Options(smooth=random.choice([4, 5, 6, 7]))
    for _ in range(2):
        options = replace(
            random.choice(MODES),
            steepness=random.choice([1.0, 1.25, 2.0, 9.5]),
            compare_steepness=random.choice([None, 1.0, 4.0, 30.0]),
            epsilon=random.choice([0.0, 1e-6, 0.3]),
            loops=random.choice(["path", "mixture"]),
        )
        yield replace(options, trainable=random.random() < 0.3) if not dialect.nat else options


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(programs(INT))
def test_a_counterexample_would_be_short(generated: Generated) -> None:
    """The same with hypothesis, which shrinks what it finds."""
    program = load(generated.source, generated.inputs)
    hard = Options(smooth="hard", max_trips=1000, max_steps=MAX_STEPS)
    crisp, _ = attempt(program, generated.inputs, hard)
    assume(crisp is not None)
    assert crisp is not None
    for options in MODES:
        smooth = execute(program, generated.inputs, options)
        assert numbers(smooth.outputs) == numbers(crisp.outputs)


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("dialect", [INT, NAT], ids=["int", "nat"])
def test_smooth_modes_are_exact(dialect: Dialect, chunk: int) -> None:
    wanted = KEPT[dialect]
    kept: Counter[str] = Counter()
    discarded: Counter[str] = Counter()
    with_trips = 0
    random = Random(f"options-{chunk}-{SEED}")
    for number, crisp in enumerate(crisp_runs(dialect, chunk, discarded), 1):
        modes = [replace(mode, domain=domain(dialect)) for mode in MODES]
        for options in [*modes, *(replace(o, domain=domain(dialect)) for o in variations(random, dialect))]:
            smooth = execute(crisp.program, crisp.generated.inputs, options)
            assert numbers(smooth.outputs) == crisp.outputs, (
                f"{options}\n{crisp.generated.inputs}\n{crisp.generated.source}"
            )
        kept.update(crisp.generated.features)
        with_trips += crisp.trips > 0
        if number == wanted:
            break
    missing = (CONSTRUCTS | ({"core"} if dialect == INT else set())) - set(kept)
    assert not missing or wanted < 100, f"constructs that never occurred: {missing}"
    assert with_trips > wanted / 3
    assert discarded.total() < wanted / 2, f"too many programs were discarded: {discarded}"
