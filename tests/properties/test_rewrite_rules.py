"""Every rule of the rewriting tables: both sides agree in value and derivatives, for all operands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
import torch

from whilec.backends.torch_library.run import Run
from whilec.backends.torch_text.emit import emit
from whilec.backends.torch_text.loaded import Loaded
from whilec.backends.torch_text.namespace import eager_names, relaxation_of, traceable_names
from whilec.ir.build import Builder
from whilec.ir.node import Program, Stage
from whilec.ir.ops import OPERATIONS
from whilec.ir.rewrite import Applied, Literal, Pattern, Rule, Variable, applied
from whilec.ir.text import program_text
from whilec.ir.types import DEGREE, Kind, Type, Value
from whilec.passes.base import run_passes
from whilec.passes.drop_unused import DropUnused
from whilec.passes.simplify import RULES, Simplify
from whilec.source import Span

INF, NAN = float("inf"), float("nan")
SPECIAL = [0.0, -0.0, 0.2, -0.2, 0.4, -0.4, 0.5, -0.5, 1.0, -1.0, 1e-9, 20.0, -20.0, 1e300, INF, -INF, NAN]
"""Among them the kinks of the relaxations for the steepnesses below."""
STEEPNESSES = [1.0, 2.5]
DEGREES = [0.0, 1.0, 0.5, 1e-9, 0.25, 0.9, NAN]
RANDOM = 40
FAMILIES = ["sech", "bump", "c0", "c1", "c2", "c3"]
NAMES = {"traceable": traceable_names, "eager": eager_names}
ROUNDED = frozenset({"differs", "equals", "exceeds", "not", "product"})
"""Degrees: their rules hold up to rounding, all others to the last bit."""
TOLERANCE = 1e-12

SPAN = Span(0, 4)


def parts(pattern: Pattern) -> Iterator[Pattern]:
    yield pattern
    if isinstance(pattern, Applied):
        for operand in pattern.operands:
            yield from parts(operand)


def operations(pattern: Pattern) -> set[str]:
    return {part.op for part in parts(pattern) if isinstance(part, Applied)}


def variables(pattern: Pattern) -> dict[str, str]:
    """The letter of the operation table for every variable: `s` and `d` are stricter than `n`."""
    found: dict[str, str] = {}
    if isinstance(pattern, Applied):
        for letter, operand in zip(OPERATIONS[pattern.op].operands, pattern.operands, strict=True):
            if isinstance(operand, Variable):
                found[operand.name] = max(letter, found.get(operand.name, ""), key=" nsdm".find)
            for name, inner in variables(operand).items():
                found.setdefault(name, inner)
    return found


def as_program(pattern: Pattern, letters: dict[str, str], family: str, shape: tuple[int, ...]) -> Program:
    """A program that computes a pattern of its inputs."""
    builder = Builder()
    is_spread = bool(shape) and "s" not in letters.values()

    def build(part: Pattern) -> Value:
        if isinstance(part, Variable):
            return inputs[part.name]
        if isinstance(part, Literal):
            constant = builder.one("constant", span=SPAN, value=part.value)
            return builder.one("spread", constant, span=SPAN, shape=shape) if is_spread else constant
        attrs = dict(part.attrs) | ({"family": family} if "family" in OPERATIONS[part.op].attrs else {})
        return builder.one(part.op, *map(build, part.operands), span=SPAN, **attrs)

    def type_of(letter: str) -> Type:
        return DEGREE if letter == "d" else Type(Kind.NUMBER, shape if is_spread else ())

    inputs = {name: Value(type_of(letter), name) for name, letter in letters.items()}
    result = build(pattern)
    body = builder.region(inputs.values(), (result,))
    return Program("rule", tuple(inputs), (), ("y",), {}, body, (), family, stage=Stage.FLAT)


def operands(letters: dict[str, str]) -> list[torch.Tensor]:
    """All combinations of special numbers, then random ones; one row each."""
    choices = [
        DEGREES if letter == "d" else STEEPNESSES if name == "s" else SPECIAL
        for name, letter in letters.items()
    ]
    generator = torch.Generator().manual_seed(len(letters))
    columns = torch.tensor(list(product(*choices)), dtype=torch.float64).unbind(1)
    found: list[torch.Tensor] = []
    for column, (name, letter) in zip(columns, letters.items(), strict=True):
        random = torch.rand(RANDOM, generator=generator, dtype=torch.float64)
        if letter != "d":
            random = random + 0.5 if name == "s" else 6.0 * random - 3.0
        found.append(torch.cat([column, random]))
    return found


def jets(program: Program, names: dict[str, Any], values: list[torch.Tensor]) -> list[torch.Tensor]:
    """The value of a program, its gradient by every input, and theirs of a weighted sum of these."""
    names = names | {"relaxation": relaxation_of(program.family)}
    function = Loaded(emit(program, names), names, program.name)
    leaves = [value.clone().requires_grad_() for value in values]
    (result,) = function(Run(), torch.ones(values[0].shape[0], dtype=torch.float64), *leaves)
    options: Any = {"create_graph": True, "allow_unused": True, "materialize_grads": True}
    first = torch.autograd.grad(result.sum(), leaves, **options)
    total = sum(((number + 1.5) * slope).sum() for number, slope in enumerate(first))
    second = (
        torch.autograd.grad(total, leaves, **options)
        if isinstance(total, torch.Tensor) and total.requires_grad
        else [torch.zeros_like(leaf) for leaf in leaves]
    )
    return [each.detach() for each in (result, *first, *second)]


def disagreement(rule: Rule, family: str, names: dict[str, Any], shape: tuple[int, ...] = ()) -> str | None:
    """Where the two sides differ; None if nowhere."""
    letters = variables(rule.before)
    values = operands(letters)
    if shape:
        values = [value.reshape(-1, *[1] * len(shape)).expand(-1, *shape) for value in values]
    before, after = (
        jets(as_program(side, letters, family, shape), names, values) for side in (rule.before, rule.after)
    )
    tolerance = TOLERANCE if operations(rule.before) & ROUNDED else 0.0
    for number, (left, right) in enumerate(zip(before, after, strict=True)):
        is_close = torch.isclose(left, right, rtol=tolerance, atol=tolerance, equal_nan=True)
        if number == 0 and not tolerance:
            is_close &= (torch.signbit(left) == torch.signbit(right)) | torch.isnan(left)
        if not is_close.all():
            row = int((~is_close).nonzero()[0, 0])
            at = [value[row].tolist() for value in values]
            return f"{rule.name}: part {number} at {at}: {left[row].tolist()}, {right[row].tolist()}"
    return None


def families(rule: Rule) -> list[str]:
    is_relaxed = any("family" in OPERATIONS[op].attrs for op in operations(rule.before))
    return FAMILIES if is_relaxed else FAMILIES[:1]


CASES = [(rule, family) for rule in RULES for family in families(rule)]


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize(("rule", "family"), CASES, ids=[f"{rule.name}, {family}" for rule, family in CASES])
def test_both_sides_agree(rule: Rule, family: str, names: Callable[[], dict[str, Any]]) -> None:
    assert disagreement(rule, family, names()) is None


ELEMENTWISE = [rule for rule in RULES if set(variables(rule.before).values()) == {"n"}]


@pytest.mark.parametrize("rule", ELEMENTWISE, ids=lambda rule: rule.name)
def test_both_sides_agree_on_arrays(rule: Rule) -> None:
    assert disagreement(rule, "sech", traceable_names(), (2, 3)) is None


X, D = Variable("x"), Variable("d")
WRONG = [
    Rule("x + 0", applied("add", X, Literal(0.0)), X),
    Rule("0 - x", applied("subtract", Literal(0.0), X), applied("negate", X)),
    Rule("x * -1", applied("multiply", X, Literal(-1.0)), X),
    Rule("p and p", applied("product", D, D), D),
    Rule(
        "equals to exceeds",
        applied("not", applied("exceeds", X, Variable("s"))),
        applied("exceeds", X, Variable("s")),
    ),
]


@pytest.mark.parametrize("rule", WRONG, ids=lambda rule: rule.name)
def test_a_wrong_rule_is_noticed(rule: Rule) -> None:
    assert disagreement(rule, "c1", traceable_names()) is not None


def smoothness(pattern: Pattern, k: int) -> float:
    """The class C^k of a pattern with relaxations of class C^k."""
    classes: dict[str, float] = {"differs": k, "equals": k, "exceeds": k}
    for op in ("add", "subtract", "multiply", "divide", "negate", "spread", "not"):
        classes[op] = INF
    return min((classes[op] for op in operations(pattern)), default=INF)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_smoothness_class_does_not_fall(rule: Rule) -> None:
    assert smoothness(rule.after, 1) >= smoothness(rule.before, 1)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_pass_applies_every_rule(rule: Rule) -> None:
    letters = variables(rule.before)
    before, after = (as_program(side, letters, "c1", ()) for side in (rule.before, rule.after))
    assert program_text(before) != program_text(after)
    simplified = run_passes(before, [Simplify(), DropUnused()])
    assert program_text(simplified) == program_text(after)


def test_every_rule_has_a_name_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def weight(pattern: Pattern) -> tuple[int, int, int]:
    """What every rule makes less, so that rewriting ends: operations, negations of degrees and numbers."""
    found = [part.op for part in parts(pattern) if isinstance(part, Applied)]
    return found.count("not"), len(found), found.count("negate")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_comes_nearer_to_the_end(rule: Rule) -> None:
    assert weight(rule.after) < weight(rule.before)
    assert set(variables(rule.after)) <= set(variables(rule.before))
