"""Modules run programs: one call of each kind, with the interpreter."""

from __future__ import annotations

import json

import pytest
import torch

import whilec
from tests.repository import ROOT

PROGRAMS = ROOT / "programs"


def test_multiply_gives_the_numbers_of_the_paper() -> None:
    multiply = whilec.compile(PROGRAMS / "multiply.while", smooth="inf", backend="interpreter")
    x1 = torch.tensor([3.0, 2.5], dtype=torch.float64, requires_grad=True)
    y = multiply(x1, torch.tensor([4.0, 1.5]))
    assert y[0].item() == pytest.approx(5.921189, abs=1e-6)
    single = [whilec.run(str(PROGRAMS / "multiply.while"), {"x1": a, "x2": b}) for a, b in [(3, 4), (2.5, 1.5)]]
    assert y.tolist() == pytest.approx([run.outputs["x0"] for run in single], rel=1e-12)
    (slope,) = torch.autograd.grad(y[0], x1)
    expected = whilec.run(str(PROGRAMS / "multiply.while"), {"x1": 3, "x2": 4}, jacobian=True).jacobian
    assert expected is not None
    assert slope[0].item() == pytest.approx(expected["x0"]["x1"], rel=1e-9)


def test_edit_distance_binds_its_sizes() -> None:
    levenshtein = whilec.compile(PROGRAMS / "levenshtein.while", smooth="hard")
    a, b = [torch.tensor([ord(c) for c in word]) for word in ("kitten", "sitting")]
    assert levenshtein(a, b).tolist() == 3
    assert levenshtein(a[:3], b=torch.stack([b, b])).shape == (2,)


def test_sorting_a_batch() -> None:
    sort = whilec.compile(PROGRAMS / "bubble_sort.while", smooth=0, steepness=50.0, backend="interpreter")
    values = torch.rand(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(sort(values), values.sort().values, atol=0.05)
    assert json.dumps(sort.options.smooth) == "0"
