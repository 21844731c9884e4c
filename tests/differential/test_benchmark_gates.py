"""What the benchmarks time computes the same, value and gradient, as the reference interpreter."""

from __future__ import annotations

import warnings

import pytest
import torch

from benchmarks.case import Agrees, Case, Differs, Place, Program, Provider, Same
from benchmarks.measure import gradients, weights
from benchmarks.providers import REFERENCE
from benchmarks.registry import CASES
from whilec import run

EXACT = 1e-11
"""Rounding of a few hundred operations in float64, relative to 1 + magnitude."""

PAIRS = [(case, provider) for case in CASES for provider in case.providers]


def distance(case: Case, provider: Provider, program: Program) -> float:
    """The largest difference in value or gradient to the reference, relative to 1 + magnitude."""
    place = Place(torch.float64)
    inputs = case.arguments(case.small, place)
    cotangent = weights(provider.build(program, place)(inputs).detach())
    value, slopes = gradients(provider.build(program, place), inputs, cotangent)
    right, right_slopes = expected(provider, program, inputs, cotangent)
    return max(
        float(((ours - theirs).abs() / (1 + theirs.abs())).max())
        for ours, theirs in zip([value, *slopes], [right, *right_slopes], strict=True)
    )


def expected(
    provider: Provider, program: Program, inputs: dict[str, torch.Tensor], cotangent: torch.Tensor
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """From the interpreter on tensors; for that one itself, from the one on plain numbers."""
    if provider is not REFERENCE:
        return gradients(REFERENCE.build(program, Place(torch.float64)), inputs, cotangent)
    values: list[torch.Tensor] = []
    slopes: dict[str, list[torch.Tensor]] = {name: [] for name in inputs}
    for row in range(cotangent.shape[0]):
        given = {name: value[row].tolist() for name, value in inputs.items()}
        done = run(str(program.path), given, jacobian=True, **program.options)
        assert done.jacobian is not None
        ((output, value),) = done.outputs.items()
        values.append(torch.tensor(value, dtype=torch.float64))
        for name in inputs:
            block = torch.tensor(done.jacobian[output][name], dtype=torch.float64)
            slopes[name].append(torch.tensordot(cotangent[row], block, dims=cotangent[row].dim()))
    return torch.stack(values), [torch.stack(rows) for rows in slopes.values()]


@pytest.mark.parametrize(
    ("case", "provider"), PAIRS, ids=[f"{case.name}-{provider.name}" for case, provider in PAIRS]
)
def test_agrees_with_the_reference(case: Case, provider: Provider) -> None:
    if reason := provider.lacks():
        pytest.skip(reason)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of loops that end at their cap, as these are meant to
        match case.providers[provider]:
            case Same():
                assert distance(case, provider, case.program) < EXACT
            case Agrees(within=within):
                assert distance(case, provider, case.program.under(epsilon=0.0)) < EXACT
                assert distance(case, provider, case.program) < within
            case Differs():
                assert distance(case, provider, case.program.under(epsilon=0.0)) > 1e-2
