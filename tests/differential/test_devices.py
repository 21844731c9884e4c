"""Compiled programs on every device and in every precision, against the interpreter in float64."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch

import whilec
from benchmarks.case import Case, Place
from benchmarks.measure import gradients, weights
from benchmarks.providers import REFERENCE
from benchmarks.registry import CASES
from whilec.backends.registry import BACKENDS, Graph

DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.cuda,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
        ],
    ),
]

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-3, torch.bfloat16: 5e-2}
"""Relative to 1 + magnitude. float32: a weight may lie on the other side of epsilon = 1e-6 there, and
the cut changes a slope by up to sqrt(2 epsilon). bfloat16 has 8 bits: the results are rounded to them."""

GRAPHS: dict[Graph, dict[str, int]] = {"recurrent": {}, "unrolled": {"trips": 8}}
"""What `compile` wants to know more for each kind of graph."""

TORCH = [(case, graph) for case in CASES for graph in GRAPHS if "torch" in BACKENDS[graph]]
UNROLLABLE = {"multiply", "bubble_sort", "levenshtein", "levenshtein_softmin"}
"""Programs whose loops all end within the eight trips that an unrolled graph gets here."""

RUNS = [(case, graph) for case, graph in TORCH if graph == "recurrent" or case.name in UNROLLABLE]


@pytest.fixture(autouse=True)
def _no_warnings_of_capped_loops() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def module_of(case: Case, graph: Graph) -> Any:
    return whilec.compile(
        case.program.path, backend="torch", graph=graph, **GRAPHS[graph], **case.program.options
    )


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=lambda dtype: str(dtype).removeprefix("torch."))
@pytest.mark.parametrize(("case", "graph"), RUNS, ids=[f"{case.name}-{graph}" for case, graph in RUNS])
def test_value_and_gradient(case: Case, graph: Graph, dtype: torch.dtype, device: str) -> None:
    inputs = case.arguments(case.small, Place(dtype, torch.device(device)))
    module = module_of(case, graph).to(device)
    cotangent = weights(module(**inputs).detach())
    value, slopes = gradients(lambda given: module(**given), inputs, cotangent)
    assert value.dtype == dtype
    assert value.device.type == device

    exact = {name: given.detach().cpu().double().requires_grad_() for name, given in inputs.items()}
    reference = REFERENCE.build(case.program, Place(torch.float64))
    right, right_slopes = gradients(reference, exact, cotangent.cpu().double())
    for ours, theirs in zip([value, *slopes], [right, *right_slopes], strict=True):
        difference = (ours.cpu().double() - theirs).abs() / (1 + theirs.abs())
        assert float(difference.max()) < TOLERANCE[dtype]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.skipif("torch" not in BACKENDS["recurrent"], reason="there is no backend `torch`")
def test_a_module_moves_and_comes_back(device: str) -> None:
    case = next(case for case in CASES if case.name == "levenshtein")
    here = module_of(case, "recurrent").double()
    there = copy.deepcopy(here).to(device)
    place = Place(torch.float64, torch.device(device))
    value = there(**case.arguments(case.small, place))
    assert {tensor.device.type for tensor in there.state_dict().values()} == {device}
    value.sum().backward()
    assert [p.grad.device.type for p in there.parameters() if p.grad is not None] == [device]
    right = here(**case.arguments(case.small, Place(torch.float64)))
    torch.testing.assert_close(value.cpu(), right, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(
        there.to("cpu")(**case.arguments(case.small, Place(torch.float64))), right, rtol=1e-15, atol=1e-15
    )
