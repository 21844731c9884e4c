"""Triton kernels of the renderer: interpreted, compiled for GPUs, and run on one if there is one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.differential.triton_processes import needs_triton, run_checks

CASES = (
    *("silhouette", "shaded", "paper", "orthographic"),
    *("one pixel", "many faces", "far weights"),
)
"""Those of `renderer_triton_runs`, which imports triton."""

PROCESSES = 2
"""Triton is either interpreted or not in a process; each of these interprets every second case."""


@needs_triton
@pytest.mark.parametrize("part", range(PROCESSES))
def test_interpreted_kernels_have_the_values_and_derivatives_of_the_plain_version(
    part: int, tmp_path: Path
) -> None:
    run_checks("renderer_triton_runs", tmp_path, *CASES[part::PROCESSES], TRITON_INTERPRET="1")


@needs_triton
@pytest.mark.parametrize("dtype", ["fp32", "fp64"])
def test_kernels_compile_for_gpus(dtype: str, tmp_path: Path) -> None:
    assert int(run_checks("renderer_triton_runs", tmp_path, "compile", dtype, TRITON_INTERPRET="0")) == 32


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_kernels_on_a_gpu(name: str, dtype: torch.dtype) -> None:
    from tests.differential import renderer_triton_runs as runs

    runs.check(runs.CASES[name], dtype, "cuda")
