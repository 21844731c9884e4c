"""Batches: shapes, dtypes, layouts, and rows that do not see each other."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.unit.semantics.reference.formulas import FEW_MODES, FEW_NAMES
from tests.unit.semantics.reference.interpreting import batch, load, on_numbers
from whilec.semantics.options import Options
from whilec.semantics.reference import execute_tensors

few_modes = pytest.mark.parametrize("mode", [*FEW_MODES, {"smooth": "hard"}], ids=[*FEW_NAMES, "hard"])
MIXED = """PROGRAM p(x: real, a: real[n]) -> y, z: real[n], w: int
PARAM g: real = 0.5
DEF half(u) -> v
  WHILE u > 1 DO u := u / 2 ; v := v + 1 END
END
WHILE x > 0 DO
  y := y + x * g
  IF a[0] > x OR x > 3 THEN a[1] := a[0] + x ELSEIF x < 1 THEN y := y - 1 ELSE a[0], a[1] := a[1], a[0] END
  x := x - 1
  w := w + 1
END
LOOP len(a) DO z := z + a END
z[1] := max(z[0], half(z[1] * z[1] + 2)) + min(y, x)
"""


def draw(shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64) * 2


@few_modes
def test_rows_are_those_of_single_runs(mode: dict[str, Any]) -> None:
    x, a = draw((7,)), draw((7, 2), 1)
    got = batch(MIXED, {"x": x, "a": a}, {"a": (2,)}, **mode)
    for row in range(7):
        alone = on_numbers(MIXED, {"x": x[row].item(), "a": a[row].tolist()}, **mode)
        for name in ("y", "z", "w"):
            assert got[name][row].tolist() == pytest.approx(alone[name], rel=1e-9, abs=1e-12), (row, name)


@few_modes
def test_rows_do_not_depend_on_each_other_bit_for_bit(mode: dict[str, Any]) -> None:
    x, a = draw((23,)), draw((23, 2), 1)
    whole = batch(MIXED, {"x": x, "a": a}, {"a": (2,)}, **mode)
    order = torch.randperm(23, generator=torch.Generator().manual_seed(3))
    for rows in (order, torch.arange(5), torch.tensor([11])):
        part = batch(MIXED, {"x": x[rows], "a": a[rows]}, {"a": (2,)}, **mode)
        for name, value in part.items():
            assert torch.equal(value, whole[name][rows])


@pytest.mark.parametrize("mode", FEW_MODES, ids=FEW_NAMES)
def test_gradients_do_not_depend_on_other_rows(mode: dict[str, Any]) -> None:
    x, a, weights = draw((9,)), draw((9, 2), 1), draw((9, 2), 2)

    def slopes(rows: torch.Tensor) -> tuple[torch.Tensor, ...]:
        leaves = x[rows].clone().requires_grad_(), a[rows].clone().requires_grad_()
        got = batch(MIXED, {"x": leaves[0], "a": leaves[1]}, {"a": (2,)}, **mode)
        loss = (got["z"] * weights[rows]).sum() + (got["y"] * weights[rows, 0]).sum()
        return torch.autograd.grad(loss, leaves)

    whole = slopes(torch.arange(9))
    for row in range(9):
        for alone, together in zip(slopes(torch.tensor([row])), whole, strict=True):
            assert torch.allclose(alone[0], together[row], rtol=1e-13, atol=1e-13)


@few_modes
def test_a_row_with_nan_spares_the_others(mode: dict[str, Any]) -> None:
    if mode == {"smooth": "hard"}:
        return
    text = "PROGRAM p(x: real, d: real) -> y, z\nz := 1\nWHILE x / d > 0.5 DO y := y + 1 ; x := x - 1 END\n"
    x, d = torch.tensor([1.0, 0.0, 2.0]), torch.tensor([1.0, 0.0, 1.0])
    program = load(text, {"x": (), "d": ()})
    run = execute_tensors(program, {"x": x, "d": d}, Options(**mode))
    assert run.outputs["y"].isnan().tolist() == [False, True, False]
    assert run.outputs["z"].tolist() == [1.0, 1.0, 1.0]
    assert run.loops[0].nan == pytest.approx(1 / 3)
    assert run.loops[0].converged == pytest.approx(2 / 3)
    alone = batch(text, {"x": x[[0, 2]], "d": d[[0, 2]]}, {}, **mode)["y"]
    assert torch.equal(run.outputs["y"][[0, 2]], alone)


def test_reports_count_elements_and_the_most_trips() -> None:
    program = load("WHILE x1 != 0 DO x0 := x0 + 1; x1 := x1 - 1 END", {"x1": ()})
    x = torch.tensor([3.0, 1.0, 7.0, 0.0])
    report = execute_tensors(program, {"x1": x}, Options(smooth=0, max_trips=5)).loops[0]
    assert (report.entries, report.trips, report.capped, report.converged) == (1, 5, 0.25, 0.75)


# ---- shapes


@pytest.mark.parametrize("mode", FEW_MODES, ids=FEW_NAMES)
def test_batches_of_size_0_and_1_and_of_two_dimensions(mode: dict[str, Any]) -> None:
    for shape in ((), (0,), (1,), (2, 3), (2, 0), (1, 1, 2)):
        x, a = draw(shape), draw((*shape, 2), 1)
        got = batch(MIXED, {"x": x, "a": a}, {"a": (2,)}, **mode)
        assert (got["y"].shape, got["z"].shape) == (shape, (*shape, 2))
        flat = batch(MIXED, {"x": x.reshape(-1), "a": a.reshape(-1, 2)}, {"a": (2,)}, **mode)
        assert torch.equal(flat["z"].reshape(*shape, 2), got["z"])


@few_modes
def test_batch_shapes_broadcast(mode: dict[str, Any]) -> None:
    x, a = draw((3, 1)), draw((4, 2), 1)
    got = batch(MIXED, {"x": x, "a": a}, {"a": (2,)}, **mode)
    full = batch(MIXED, {"x": x.expand(3, 4), "a": a.expand(3, 4, 2)}, {"a": (2,)}, **mode)
    assert got["z"].shape == (3, 4, 2)
    assert all(torch.equal(got[name], full[name]) for name in got)
    shared = batch(MIXED, {"x": x[0, 0], "a": a}, {"a": (2,)}, **mode)
    assert torch.equal(shared["z"], got["z"][0])


def test_gradients_of_broadcast_inputs_add_up() -> None:
    x = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    t = torch.tensor([0.2, -0.1, 0.3], dtype=torch.float64)
    y = batch(
        "PROGRAM p(x: real, t: real) -> y\nIF t > 0 THEN y := x ELSE y := 3 * x END\n",
        {"x": x, "t": t},
        {},
        smooth=0,
    )["y"]
    weights = torch.tensor([1.0, 10.0, 100.0], dtype=torch.float64)
    (slope,) = torch.autograd.grad((y * weights).sum(), x)
    assert slope.item() == pytest.approx(
        sum(w * (3 - 2 * (0.5 + v)) for w, v in [(1, 0.2), (10, -0.1), (100, 0.3)])
    )


def test_a_param_may_differ_from_row_to_row() -> None:
    text = "PROGRAM p(x: real) -> y\nPARAM g: real = 0.5\ny := degree(x > 0 WITH STEEPNESS g)\n"
    got = batch(text, {"x": torch.tensor([0.1, 0.1]), "g": torch.tensor([1.0, 3.0])}, {}, smooth=0)["y"]
    assert got.tolist() == pytest.approx([0.6, 0.8])


def test_non_contiguous_inputs() -> None:
    base = draw((2, 12), 5)
    inputs = {"x": base[0, ::2], "a": base.reshape(4, 6)[:2].t()}
    assert not inputs["x"].is_contiguous()
    assert not inputs["a"].is_contiguous()
    for smooth in ("hard", 0, "inf"):
        got = batch(MIXED, inputs, {"a": (2,)}, smooth=smooth)
        again = batch(
            MIXED, {name: value.contiguous() for name, value in inputs.items()}, {"a": (2,)}, smooth=smooth
        )
        assert all(torch.equal(got[name], again[name]) for name in got)


def test_the_callers_tensors_are_never_changed() -> None:
    text = "PROGRAM p(a: real[n], x: real) -> a, x\na[0] := 9\na := 2 * a\nx := x + 1\n"
    for smooth in ("hard", 0, "inf"):
        a, x = draw((3, 2)), draw((3,))
        before = a.clone(), x.clone()
        got = batch(text, {"a": a, "x": x}, {"a": (2,)}, smooth=smooth)
        got["a"].zero_()
        got["x"].zero_()
        assert torch.equal(a, before[0])
        assert torch.equal(x, before[1])


# ---- dtypes and gradients


@pytest.mark.parametrize("mode", FEW_MODES, ids=FEW_NAMES)
def test_float32_stays_float32(mode: dict[str, Any]) -> None:
    x, a = draw((5,)).float(), draw((5, 2), 1).float()
    got = batch(MIXED, {"x": x, "a": a}, {"a": (2,)}, **mode)
    assert {value.dtype for value in got.values()} == {torch.float32}
    wide = batch(MIXED, {"x": x.double(), "a": a.double()}, {"a": (2,)}, **mode)
    for name, value in got.items():
        assert torch.allclose(value.double(), wide[name], rtol=1e-3, atol=1e-4)
    mixed = batch(MIXED, {"x": x, "a": a.double()}, {"a": (2,)}, **mode)
    assert {value.dtype for value in mixed.values()} == {torch.float64}


def test_whole_inputs_of_smooth_modes_become_the_default_dtype() -> None:
    got = batch("WHILE x1 != 0 DO x0 := x0 + 1; x1 := x1 - 1 END", {"x1": torch.tensor([3, 0])}, {}, smooth=0)
    assert got["x0"].dtype is torch.get_default_dtype()
    assert got["x0"].tolist() == [3.0, 0.0]


def test_constants_and_static_branches_keep_the_dtype() -> None:
    text = """PROGRAM p(x: real) -> y, z, u, v: real[2], w
y := 0.1
z := degree(1 < 2)
u := max(0.1, 0.7)
v[0] := 1 / 3
IF 1 < 2 THEN w := abs(0.1 - 0.3) END
"""
    for dtype in (torch.float32, torch.float64):
        got = batch(text, {"x": torch.zeros(2, dtype=dtype)}, {}, smooth=1)
        assert {value.dtype for value in got.values()} == {dtype}
        assert got["y"][0].item() == torch.tensor(0.1, dtype=dtype).item()
        assert got["v"][0, 0].item() == pytest.approx(1 / 3, rel=1e-7 if dtype is torch.float32 else 1e-16)


def test_gradients_by_some_inputs_only() -> None:
    x, a = draw((4,)), draw((4, 2), 1)
    both = x.clone().requires_grad_(), a.clone().requires_grad_()
    got = batch(MIXED, {"x": both[0], "a": both[1]}, {"a": (2,)}, smooth=2)["z"]
    weights = draw((4, 2), 2)
    by_both = torch.autograd.grad((got * weights).sum(), both)
    for chosen in (0, 1):
        leaves = [x.clone(), a.clone()]
        leaves[chosen].requires_grad_()
        got = batch(MIXED, {"x": leaves[0], "a": leaves[1]}, {"a": (2,)}, smooth=2)["z"]
        (slope,) = torch.autograd.grad((got * weights).sum(), leaves[chosen])
        assert torch.equal(slope, by_both[chosen])


def test_without_gradients_nothing_is_recorded() -> None:
    got = batch(MIXED, {"x": draw((2,)), "a": draw((2, 2))}, {"a": (2,)}, smooth=2)
    assert not any(value.requires_grad for value in got.values())


def test_calls_inside_choices_concern_their_rows_only() -> None:
    text = """PROGRAM p(x: real) -> y
DEF inverse(u) -> v
  v := 1 / u
  LOOP 2 DO v := v + 1 END
END
IF x > 0 THEN y := inverse(x) ELSE y := inverse(x - 1) END
"""
    x = torch.tensor([2.0, 0.0, -1.0], dtype=torch.float64)
    assert batch(text, {"x": x}, {}, smooth="hard")["y"].tolist() == [2.5, 1.0, 1.5]


def test_steepness_of_every_row_meets_arrays() -> None:
    text = "PROGRAM p(a: real[n]) -> y: real[n], z: real[n]\nPARAM s: real = 1.0\n"
    text += "y := max(a, 0, steepness = s)\nIF a[0] > 0 WITH STEEPNESS s THEN z := a ELSE z := 2 * a END\n"
    a = torch.tensor([[0.1, -0.2], [0.3, 0.1]], dtype=torch.float64)
    s = torch.tensor([1.0, 2.0], dtype=torch.float64)
    got = batch(text, {"a": a, "s": s}, {"a": (2,)}, smooth=0)
    for row in range(2):
        alone = on_numbers(text, {"a": a[row].tolist(), "s": s[row].item()}, smooth=0)
        assert got["y"][row].tolist() == pytest.approx(alone["y"], rel=1e-14)
        assert got["z"][row].tolist() == pytest.approx(alone["z"], rel=1e-14)


@pytest.mark.parametrize("mode", FEW_MODES, ids=FEW_NAMES)
def test_indices_that_rows_share_and_do_not_share(mode: dict[str, Any]) -> None:
    text = """PROGRAM p(m: real[r, c, d], x: real) -> y, m, u: real[d]
FOR i FROM 0 TO 1 DO
  y := y + m[x, i, i / 2 + 0.2]
  m[i / 2, x, 1] := x
  m[0.3, i] := y
END
u := m[x, 0.7]
"""
    m, x = draw((3, 2, 3, 2)), torch.tensor([0.3, 0.9, -0.2], dtype=torch.float64)
    got = batch(text, {"m": m, "x": x}, {"m": (2, 3, 2)}, **mode)
    for row in range(3):
        alone = on_numbers(text, {"m": m[row].tolist(), "x": x[row].item()}, **mode)
        for name in ("y", "u"):
            assert got[name][row].tolist() == pytest.approx(alone[name], rel=1e-11, abs=1e-13)
        assert torch.allclose(got["m"][row], torch.tensor(alone["m"], dtype=torch.float64), rtol=1e-11)
