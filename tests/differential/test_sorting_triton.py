"""Triton kernels of sorting networks: interpreted, compiled for GPUs, and run on one if there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from algonet_runtime import (
    soft_median,
    soft_permutation,
    soft_rank,
    soft_sort,
    soft_sort_by,
    soft_topk,
)
from algonet_runtime.dispatch import explain_dispatch
from algonet_runtime.relax.distribution import DISTRIBUTIONS
from algonet_runtime.sorting.launch_triton import steps_of
from algonet_runtime.sorting.network import NETWORKS, ODD_EVEN, needed
from algonet_runtime.sorting.providers import (
    MOST_CARRYING_KEYS_ON_CUDA,
    MOST_COLUMNS_ON_CUDA,
    MOST_KEYS_ON_CUDA,
)
from tests.differential.triton_processes import needs_triton, run_checks

CHECKS = (
    *DISTRIBUTIONS,
    *("usual", "in memory", "in pieces", "in memory and pieces"),
    *("sizes", "options", "layouts", "far keys", "rows alone", "tails"),
)
"""Those of `sorting_triton_runs`, which imports triton."""

PROCESSES = 4
"""Triton is either interpreted or not in a process; each of these interprets every fourth check."""


@needs_triton
@pytest.mark.parametrize("part", range(PROCESSES))
def test_interpreted_kernels_have_the_values_and_derivatives_of_the_plain_version(
    part: int, tmp_path: Path
) -> None:
    run_checks("sorting_triton_runs", tmp_path, *CHECKS[part::PROCESSES], TRITON_INTERPRET="1")


@needs_triton
@pytest.mark.parametrize("dtype", ["fp32", "fp64"])
def test_kernels_compile_for_gpus(dtype: str, tmp_path: Path) -> None:
    compiled = run_checks("sorting_triton_runs", tmp_path, "compile", dtype, TRITON_INTERPRET="0")
    assert int(compiled) > len(DISTRIBUTIONS)


@pytest.mark.cuda
@needs_triton
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("name", CHECKS)
def test_kernels_on_a_gpu_have_the_values_and_derivatives_of_the_plain_version(name: str) -> None:
    from tests.differential.sorting_triton_runs import CHECKS as FUNCTIONS

    FUNCTIONS[name]("cuda")


@pytest.mark.cuda
@needs_triton
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize(("n", "rows"), [(64, 3), (65, 2), (200, 3), (700, 1)])
def test_kernels_on_a_gpu_sort_long_rows(n: int, rows: int) -> None:
    from tests.differential.sorting_triton_runs import check_keys, check_payload, how_of

    for network in NETWORKS:
        check_keys("cuda", torch.float64, how_of("cauchy", network, n), rows, n)
        check_keys("cuda", torch.float32, how_of("cauchy", network, n), rows, n)
        check_payload("cuda", torch.float64, how_of("cauchy", network, n), rows, n, 40)


def pairs_of(steps: list[list[int]], n: int) -> list[set[tuple[int, int]]]:
    """The comparators that kernels make of layers."""
    found: list[set[tuple[int, int]]] = []
    for shift, mask, low, high in steps:
        partners = {i: ((i - shift) ^ mask) + shift for i in range(low, high + 1)}
        found.append({(i, j) for i, j in partners.items() if i < j <= high and 0 <= i < n})
    return found


@pytest.mark.parametrize("network", list(NETWORKS))
def test_steps_are_the_comparators_that_are_needed(network: str) -> None:
    for n in (*range(1, 20), 37, 64, 65):
        for limit in (NETWORKS[network].depth(n), 2):
            for first, last in {(0, n - 1), (n // 2, n // 2), (0, n // 3), (n - 1, n - 1), (n // 4, n // 2)}:
                steps = steps_of(network, n, limit, first, last, torch.device("cpu"))
                layers = NETWORKS[network].layers(n, limit)
                wanted = needed(layers, tuple(range(first, last + 1)))
                least = [set(pairs) for pairs in wanted if pairs]
                most = [set(pairs) for pairs, kept in zip(layers, wanted, strict=True) if kept]
                found = pairs_of(steps.reshape(-1, 4).tolist(), n)
                if network == ODD_EVEN.name or (first, last) == (0, n - 1):
                    assert found == least
                for a, b, c in zip(least, found, most, strict=True):
                    assert a <= b <= c


def reasons(operation: object, *args: object, **options: object) -> str:
    """Why the kernel on CUDA does not take a call."""
    found = explain_dispatch(operation, *args, **options)  # pyright: ignore[reportArgumentType]
    return next(each.reason or "" for each in found if each.kernel == "triton on cuda")


@needs_triton
def test_refusals_have_reasons() -> None:
    assert "is on meta" in reasons(soft_sort, torch.empty(3, device="meta"))
    if torch.cuda.is_available():
        long = torch.empty(MOST_KEYS_ON_CUDA + 1, device="cuda")
        assert f"at most {MOST_KEYS_ON_CUDA} keys" in reasons(soft_sort, long)
        few = torch.empty(MOST_CARRYING_KEYS_ON_CUDA + 1, device="cuda")
        assert f"at most {MOST_CARRYING_KEYS_ON_CUDA} keys" in reasons(soft_rank, few)
        wide = torch.empty(2, MOST_COLUMNS_ON_CUDA + 1, device="cuda")
        assert f"at most {MOST_COLUMNS_ON_CUDA} columns" in reasons(soft_sort_by, few[:2], wide, trailing=1)


OPERATIONS = {
    "sort": lambda run, x, t: run(soft_sort)(x),
    "masked": lambda run, x, t: run(soft_sort)(x, mask=t[..., 0] > -1),
    "median": lambda run, x, t: run(soft_median)(x, network="bitonic"),
    "rank": lambda run, x, t: run(soft_rank)(x, steepness="auto"),
    "permutation": lambda run, x, t: run(soft_permutation)(x, network="bitonic"),
    "sort_by": lambda run, x, t: run(soft_sort_by)(x, t, trailing=1),
    "one payload": lambda run, x, t: run(soft_sort_by)(x, t[0], trailing=1),
    "topk": lambda run, x, t: run(soft_topk)(x, 3)[1],
}


@pytest.mark.cuda
@needs_triton
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", list(OPERATIONS))
def test_operations_on_a_gpu_run_the_kernels(name: str, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(3)
    keys, payload = (torch.randn(shape, generator=generator, dtype=dtype) for shape in ((4, 9), (4, 9, 3)))
    assert not reasons(soft_sort, keys.cuda())
    found: list[list[torch.Tensor]] = []
    for device, run in (("cuda", lambda f: f), ("cpu", lambda f: f.reference)):
        inputs = [each.to(device).requires_grad_() for each in (keys, payload)]
        y = OPERATIONS[name](run, *inputs)
        options: dict[str, Any] = {"create_graph": True, "allow_unused": True, "materialize_grads": True}
        first = torch.autograd.grad(y.square().sum(), inputs, **options)
        second = torch.autograd.grad(
            first[0].square().sum(), inputs, allow_unused=True, materialize_grads=True
        )
        found.append([each.detach().cpu() for each in (y, *first, *second)])
    tolerance = 1e-9 if dtype == torch.float64 else 1e-3
    for got, right in zip(*found, strict=True):
        torch.testing.assert_close(got, right, rtol=tolerance, atol=tolerance)


@pytest.mark.cuda
@needs_triton
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_compiled_program_on_a_gpu_runs_the_kernels() -> None:
    x = torch.randn(4, 9, generator=torch.Generator().manual_seed(4), dtype=torch.float64).cuda()
    compiled = torch.compile(soft_sort, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), soft_sort.reference(x))
