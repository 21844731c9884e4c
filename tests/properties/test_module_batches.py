"""A row of a module's batch is as if it were alone, whatever its neighbours, sizes and strides."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import whilec
from tests.properties.test_batches import assert_same, assert_same_bits

TEXT = """
PROGRAM p(a: real[3], x, y) -> z: real, b: real[3]
PARAM w: real = 0.7
WHILE x > 0.2 DO
  IF y > x OR x = 1 THEN
    z := z + w * x
    WHILE z > 1.1 AND y != 0 DO z := z - 0.6 END
  ELSE
    z := z + sqrt(abs(y) + 1) / (x + 3)
  END
  b[x] := b[x] + z
  x := x - 0.7
END
FOR i FROM 0 TO 2 DO b[i] := max(b[i], a[i] * z) + a[y] END
LOOP y DO z := z + exp(-z) END
"""

MODES: dict[str, dict[str, Any]] = {
    "0": {"smooth": 0},
    "2": {"smooth": 2, "steepness": 0.8},
    "sech": {"smooth": "inf"},
    "bump": {"smooth": "inf", "phi": "bump"},
    "mixture": {"smooth": 1, "loops": "mixture"},
}

GRAPHS: dict[str, dict[str, Any]] = {
    "recurrent": {},
    "checkpointed": {"checkpoint": True},
    "unrolled": {"graph": "unrolled", "trips": [4, 3, 3]},
}

SIZES = (0, 1, 13)

modes = pytest.mark.parametrize("mode", MODES)
graphs = pytest.mark.parametrize("graph", GRAPHS)
dtypes = pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])

pytestmark = pytest.mark.filterwarnings("ignore::whilec.LoopWarning")

Rows = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def module_of(mode: str, graph: str, **options: Any) -> whilec.WhileModule:
    return whilec.compile_source(TEXT, **{"max_trips": 4, **MODES[mode], **GRAPHS[graph], **options})


def inputs(rows: int, dtype: torch.dtype, seed: int = 0) -> Rows:
    """Rows that end early, late and at the cap; whole numbers among them."""
    generator = torch.Generator().manual_seed(seed)
    a = torch.randn(rows, 3, generator=generator, dtype=torch.float64)
    x = 4 * torch.rand(rows, generator=generator, dtype=torch.float64) - 1
    y = 3 * torch.rand(rows, generator=generator, dtype=torch.float64) - 0.5
    x[::3], y[::4] = x[::3].round(), y[::4].round()
    return a.to(dtype), x.to(dtype), y.to(dtype)


def outputs(module: whilec.WhileModule, batch: Rows) -> list[torch.Tensor]:
    with torch.no_grad():
        return list(module(*batch))


def gradients(module: whilec.WhileModule, batch: Rows) -> list[torch.Tensor]:
    """Of a weighted sum of the outputs by all inputs; the rows' weights are equal."""
    leaves = [each.detach().clone().requires_grad_() for each in batch]
    z, b = module(*leaves)
    weights = torch.tensor([0.5, -1.0, 2.0], dtype=z.dtype)
    total = 1.5 * z.sum() + (b * weights).sum()
    return list(torch.autograd.grad(total, leaves, materialize_grads=True))


def check_close(have: torch.Tensor, want: torch.Tensor) -> None:
    tolerance = 1e-12 if have.dtype is torch.float64 else 1e-5
    torch.testing.assert_close(have, want, rtol=tolerance, atol=tolerance)


@dtypes
@graphs
@modes
def test_rows_are_independent(mode: str, graph: str, dtype: torch.dtype) -> None:
    module = module_of(mode, graph)
    batch = inputs(13, dtype)
    together, slopes = outputs(module, batch), gradients(module, batch)
    assert all(bool(each.isfinite().all()) for each in (*together, *slopes))
    assert all(bool((each != 0).any()) for each in slopes)
    for row in range(13):
        alone: Any = tuple(each[row : row + 1] for each in batch)
        for have, want in zip(outputs(module, alone), together, strict=True):
            assert_same_bits(have, want[row : row + 1], f"row {row}")
        for have, want in zip(gradients(module, alone), slopes, strict=True):
            check_close(have, want[row : row + 1])


@dtypes
@graphs
@pytest.mark.parametrize("rows", SIZES)
def test_sizes(rows: int, graph: str, dtype: torch.dtype) -> None:
    module = module_of("2", graph)
    batch = inputs(rows, dtype)
    z, b = outputs(module, batch)
    assert (z.shape, b.shape, z.dtype, b.dtype) == ((rows,), (rows, 3), dtype, dtype)
    for have, leaf in zip(gradients(module, batch), batch, strict=True):
        assert have.shape == leaf.shape
    again: Any = tuple(torch.cat([each, each]) for each in batch)
    for have, want in zip(outputs(module, again), (z, b), strict=True):
        assert_same_bits(have, torch.cat([want, want]), "twice")


@dtypes
@graphs
def test_strides_do_not_matter(graph: str, dtype: torch.dtype) -> None:
    module = module_of("sech", graph)
    a, x, y = inputs(13, dtype)
    want = outputs(module, (a, x, y))
    strided = a.t().contiguous().t(), torch.stack([x, y], 1)[:, 0], torch.cat([y, y])[13:]
    assert not strided[0].is_contiguous()
    for have, value in zip(outputs(module, strided), want, strict=True):
        assert_same_bits(have, value, "strided")
    for have, value in zip(gradients(module, strided), gradients(module, (a, x, y)), strict=True):
        assert_same(have, value, "strided")
    expanded = a[:1].expand(13, 3), x[:1].expand(13), y
    full: Any = tuple(each.contiguous() for each in expanded)
    for have, value in zip(outputs(module, expanded), outputs(module, full), strict=True):
        assert_same_bits(have, value, "expanded")


@graphs
@modes
def test_nan_stays_in_its_row(mode: str, graph: str) -> None:
    module = module_of(mode, graph)
    batch = inputs(13, torch.float64)
    want, slopes = outputs(module, batch), gradients(module, batch)
    others = torch.tensor([row != 4 for row in range(13)])
    for number in range(3):
        for wrong in (float("nan"), float("inf")):
            spoiled = [each.clone() for each in batch]
            spoiled[number][4] = wrong
            given: Any = tuple(spoiled)
            got = outputs(module, given)
            if wrong != wrong:
                assert got[1][4].isnan().all()
            for have, value in zip(got, want, strict=True):
                assert_same_bits(have[others], value[others], f"input {number}: {wrong}")
            for have, value in zip(gradients(module, given), slopes, strict=True):
                check_close(have[others], value[others])


@graphs
@modes
@pytest.mark.parametrize("steepness", [1e-8, 1e8])
def test_extreme_steepness_is_finite(mode: str, graph: str, steepness: float) -> None:
    for dtype in (torch.float64, torch.float32):
        module = module_of(mode, graph, steepness=steepness)
        batch = inputs(13, dtype)
        for each in (*outputs(module, batch), *gradients(module, batch)):
            assert each.isfinite().all()


@graphs
@modes
def test_graphs_agree_at_whole_numbers(mode: str, graph: str) -> None:
    choices = {"trips": 3} if graph == "unrolled" else {}
    module = module_of(mode, graph, dtype=torch.float64, max_trips=3, **choices)
    plain = module_of(mode, "recurrent", dtype=torch.float64, max_trips=3, backend="interpreter")
    numbers = torch.cartesian_prod(torch.arange(-1.0, 4.0), torch.arange(-1.0, 4.0)).double()
    batch = torch.ones(25, 3, dtype=torch.float64), numbers[:, 0], numbers[:, 1]
    for have, want in zip(outputs(module, batch), outputs(plain, batch), strict=True):
        check_close(have, want)
    for have, want in zip(gradients(module, batch), gradients(plain, batch), strict=True):
        torch.testing.assert_close(have, want, rtol=1e-9, atol=1e-9)
