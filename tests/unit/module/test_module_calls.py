"""Calls of modules: what they take, what they give, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import whilec
from tests.repository import ROOT

PROGRAMS = ROOT / "programs"
SCALE = "PROGRAM scale(a: real[n], k: real) -> b: real[n]\nb := a * k\n"
PAIR = "PROGRAM pair(x: int, r: real) -> y: int, s: real\ny := x + 1\ns := r / 2\n"
SIMPLE = "x0 := x1 + 0"


def interpreted(text: str, **options: Any) -> whilec.WhileModule:
    return whilec.compile_source(text, backend="interpreter", **options)


def refused(module: whilec.WhileModule, *values: Any, **named: Any) -> whilec.Diagnostic:
    with pytest.raises(whilec.WhileError) as caught:
        module(*values, **named)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


# programs


@pytest.mark.parametrize(
    ("name", "inputs", "options"),
    [
        ("multiply", {"x1": 3.0, "x2": 4.0}, {"smooth": "inf"}),
        ("multiply", {"x1": 2.5, "x2": 1.5}, {"smooth": 0}),
        ("levenshtein", {"a": [1.2, 2.3, 3], "b": [2, 3, 3.4, 4]}, {"smooth": 1, "steepness": 2.0}),
        ("bubble_sort", {"a": [0.3, 0.1, 0.4, 0.15]}, {"smooth": "inf", "steepness": 9.0}),
        ("newton", {"a": 3.0}, {"smooth": 2, "compare_steepness": 4.0}),
        ("gcd", {"x1": 12, "x2": 18}, {"smooth": 0}),
        ("multiply", {"x1": 2.0, "x2": 3.0}, {"smooth": "inf", "loops": "mixture", "phi": "bump"}),
        ("multiply", {"x1": 2.0, "x2": 3.0}, {"smooth": "inf", "steepness": 3.0, "domain": "nat"}),
    ],
)
def test_a_module_gives_what_a_run_on_numbers_gives(
    name: str, inputs: dict[str, Any], options: dict[str, Any]
) -> None:
    path = PROGRAMS / f"{name}.while"
    expected = whilec.run(str(path), inputs, jacobian=True, **options)
    module = whilec.compile(path, backend="interpreter", dtype=torch.float64, **options)
    given = {
        key: torch.tensor(value, dtype=torch.float64, requires_grad=True) for key, value in inputs.items()
    }
    result = module.run(**given)
    assert list(result) == list(expected.outputs)
    assert expected.jacobian is not None
    for output, value in result.items():
        assert value.detach().numpy() == pytest.approx(np.array(expected.outputs[output]), rel=1e-10)
        slopes = torch.autograd.grad(
            value.sum(), [*given.values()], retain_graph=True, allow_unused=True, materialize_grads=True
        )
        for key, slope in zip(given, slopes, strict=True):
            block = np.array(expected.jacobian[output][key])
            total = block.sum(axis=tuple(range(value.dim())))
            assert slope.numpy() == pytest.approx(total, rel=1e-8, abs=1e-10)
    assert [(loop.line, loop.trips) for loop in result.loops] == [
        (loop.line, loop.trips) for loop in expected.loops
    ]


def test_the_number_of_the_readme() -> None:
    multiply = whilec.compile(PROGRAMS / "multiply.while", smooth="inf", backend="interpreter")
    assert multiply(3, 4).item() == pytest.approx(5.921189, abs=1e-6)


# arguments


def test_by_position_and_by_name() -> None:
    module = interpreted(SCALE, smooth=0)
    a, k = torch.tensor([1.0, 2.0]), torch.tensor(3.0)
    for got in (module(a, k), module(a, k=k), module(k=k, a=a)):
        assert got.tolist() == [3.0, 6.0]


@pytest.mark.parametrize(
    "value",
    [
        [1, 2.5],
        (1, 2.5),
        np.array([1, 2.5]),
        np.array([2.5, 1])[::-1],
        [np.float32(1), np.float64(2.5)],
        torch.tensor([1, 2.5]),
        [torch.tensor(1), torch.tensor(2.5)],
        [torch.tensor(1.0), 2.5],
        [np.array(1.0), 2.5],
    ],
    ids=str,
)
def test_values_of_every_kind(value: Any) -> None:
    assert interpreted(SCALE, smooth=0)(value, 2).tolist() == [2.0, 5.0]


def test_a_list_of_tensors_keeps_their_gradients() -> None:
    parts = [torch.tensor(1.0, requires_grad=True), torch.tensor(2.0)]
    interpreted(SCALE, smooth=0)(parts, 3.0).sum().backward()
    assert parts[0].grad is not None
    assert parts[0].grad.item() == 3.0


def test_inputs_without_a_header_start_at_0() -> None:
    module = interpreted("x0 := x1 + 1\nx3 := x2 + 1\n", outputs=["x3", "x0"], smooth=0)
    assert module().x0.item() == 1.0
    got = module(x2=torch.tensor([5.0, 6.0]))
    assert got.x3.tolist() == [6.0, 7.0]
    assert got.x0.tolist() == [1.0, 1.0]
    assert module(1.0, 2.0).x3.item() == 3.0


def test_a_program_without_inputs() -> None:
    module = interpreted("PROGRAM one() -> y: real\ny := 1\n", smooth=0, dtype=torch.float64)
    assert module().shape == ()
    assert module().dtype is torch.float64


def test_output_names_that_python_keeps() -> None:
    text = "PROGRAM p(x: real) -> class: real, _y: real, count: real\nclass := x\n_y := 2 * x\ncount := 3\n"
    module = interpreted(text, smooth=0)
    assert module(1.0)._fields == ("_0", "_1", "count")
    assert module(1.0).count.item() == 3.0
    assert module.run(1.0)["_y"].item() == 2.0


# batches


def test_batches_lead_and_broadcast() -> None:
    module = interpreted(SCALE, smooth=0)
    a, k = torch.rand(4, 1, 3), torch.rand(5)
    assert torch.equal(module(a, k), a * k[:, None])
    assert module(a[0, 0], k).shape == (5, 3)
    assert module(a, 2.0).shape == (4, 1, 3)


@pytest.mark.parametrize("batch", [(), (1,), (3,), (2, 3), (0,), (2, 0)])
def test_results_have_the_shape_of_the_batch(batch: tuple[int, ...]) -> None:
    a = torch.rand(*batch, 2)
    assert interpreted(SCALE, smooth=1)(a, 1.5).shape == (*batch, 2)
    pair = interpreted(PAIR, smooth=1)
    assert [each.shape for each in pair(torch.rand(batch), 2.0)] == [batch, batch]


def test_the_callers_tensor_is_not_the_result() -> None:
    module = interpreted("PROGRAM p(a: real[n]) -> a\n", smooth=0)
    a = torch.rand(3, 2)
    kept = a.clone()
    module(a).zero_()
    assert torch.equal(a, kept)


def test_nan_shows_in_its_row() -> None:
    got = interpreted("WHILE x1 != 0 DO x1 := x1 - 1 x0 := x0 + 1 END", smooth=0)(
        torch.tensor([1.0, float("nan"), 2.0])
    )
    assert got[[0, 2]].tolist() == [1.0, 2.0]
    assert got[1].isnan()


# number types


def test_the_widest_type_of_the_inputs() -> None:
    module = interpreted(SCALE, smooth=0)
    single, double = torch.ones(2), torch.ones(2, dtype=torch.float64)
    whole = torch.ones(2, dtype=torch.int64)
    assert module(single, 2).dtype is torch.float32
    assert module(double, torch.tensor(2.0)).dtype is torch.float64
    assert module(whole, double[0]).dtype is torch.float64
    assert module(whole, whole[0]).dtype is torch.float32
    assert module(np.ones(2), 1).dtype is torch.float64
    assert module([1.0, 1.0], 0.1).dtype is torch.float32
    assert module(double, 0.1)[0].item() == 0.1


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_single(dtype: torch.dtype) -> None:
    text = "PROGRAM p(x: real) -> y: real\ny := x + 1\ny := y - 1\n"
    tiny = torch.tensor([2.0**-12], dtype=dtype)
    assert interpreted(text, smooth=0)(tiny).dtype is dtype
    assert interpreted(text, smooth=0)(tiny).item() == 2.0**-12
    assert interpreted(text, smooth=0, dtype=dtype)(torch.tensor([1.5])).dtype is dtype


def test_the_type_that_was_asked_for() -> None:
    module = interpreted(SCALE, smooth=0, dtype=torch.float64)
    assert module(torch.ones(2), 0.1).tolist() == [0.1, 0.1]


@pytest.mark.parametrize(
    "options",
    [{"dtype": torch.int64}, {"dtype": "float32"}, {"smooth": "hard", "dtype": torch.float32}],
    ids=str,
)
def test_types_that_programs_cannot_compute_in(options: dict[str, Any]) -> None:
    with pytest.raises(whilec.WhileError, match="E0515"):
        interpreted(SIMPLE, **options)


# hard mode


def test_hard_mode_is_exact_and_has_no_derivatives() -> None:
    module = whilec.compile_source(PAIR, smooth="hard")
    x = torch.tensor([2**53, 2**53 + 2])
    y, s = module(x, torch.tensor(1.0, requires_grad=True))
    assert (y.dtype, s.dtype) == (torch.int64, torch.float64)
    assert y.tolist() == [2**53 + 1, 2**53 + 3]
    assert not s.requires_grad
    assert module(2**62, 0.1).y.item() == 2**62 + 1
    assert module(2**62, 0.1).s.item() == 0.05
    assert module(torch.tensor([3.0]), 1).y.tolist() == [4]
    assert module(torch.tensor([3], dtype=torch.uint64), True).y.tolist() == [4]


@pytest.mark.parametrize(
    ("x", "r", "code"),
    [
        ([1.0, 2.5], 1.0, "E0608"),
        ([1, 2**63 - 1], 1.0, "E0610"),
        (1, [1.0, float("nan")], "E0652"),
        (1, [1.0, float("inf")], "E0652"),
    ],
)
def test_hard_mode_names_the_row(x: Any, r: Any, code: str) -> None:
    diagnostic = refused(whilec.compile_source(PAIR, smooth="hard"), x, r)
    assert diagnostic.code.name == code
    assert diagnostic.notes == ("in row 1 of the batch",)
    assert diagnostic.source is not None


def test_hard_mode_has_no_limit_of_trips_of_its_own() -> None:
    text = "WHILE x1 != 0 DO x1 := x1 - 1 x0 := x0 + 1 END"
    assert whilec.compile_source(text, smooth="hard")(1500).item() == 1500
    assert refused(whilec.compile_source(text, smooth="hard", max_trips=10), 11).code.name == "E0606"


# what does not fit


@pytest.mark.parametrize(
    ("text", "values", "named", "code"),
    [
        (SIMPLE, (1, 2), {}, "E0690"),
        (SIMPLE, (1,), {"x1": 2}, "E0656"),
        (SIMPLE, (), {"x7": 2}, "E0654"),
        (SIMPLE, (), {"x0": 2}, "E0654"),
        (SCALE, ([1.0],), {}, "E0655"),
        (SCALE, (1.0, 2.0), {}, "E0657"),
        ("PROGRAM p(a: real[3]) -> y: real\ny := a[0]\n", ([1, 2],), {}, "E0657"),
        ("PROGRAM p(a: real[n], b: real[n]) -> y: real\ny := dot(a, b)\n", ([1, 2], [1]), {}, "E0658"),
        ("PROGRAM p(a: real[n, n]) -> y: real\ny := a[0, 0]\n", ([[1, 2]],), {}, "E0658"),
        (SCALE, (torch.ones(2, 4), torch.ones(3)), {}, "E0691"),
        (SCALE, (torch.ones(2), torch.ones((), device="meta")), {}, "E0692"),
        (SIMPLE, ("3",), {}, "E0651"),
        (SIMPLE, (None,), {}, "E0651"),
        (SIMPLE, (3j,), {}, "E0651"),
        (SIMPLE, (torch.tensor(3j),), {}, "E0651"),
        (SIMPLE, (torch.ones(2).to_sparse(),), {}, "E0651"),
        (SIMPLE, (np.array(["3"]),), {}, "E0651"),
        (SIMPLE, (np.array([None]),), {}, "E0651"),
        (SIMPLE, ([[1], [2, 3]],), {}, "E0653"),
        (SIMPLE, ([torch.ones(1), torch.ones(2)],), {}, "E0653"),
        (SIMPLE, (10**400,), {}, "E0652"),
    ],
)
def test_calls_that_are_refused(text: str, values: tuple[Any, ...], named: dict[str, Any], code: str) -> None:
    diagnostic = refused(interpreted(text, smooth=0), *values, **named)
    assert diagnostic.code.name == code
    assert diagnostic.help


def test_a_whole_number_beyond_64_bits() -> None:
    assert refused(whilec.compile_source(SIMPLE, smooth="hard"), 2**64).code.name == "E0610"
    large = torch.tensor([2**63 - 1], dtype=torch.int64).to(torch.uint64) * 2
    assert refused(whilec.compile_source(SIMPLE, smooth="hard"), large).code.name == "E0610"


def test_a_size_of_0() -> None:
    assert refused(interpreted(SCALE, smooth=0), torch.ones(2, 0), 1.0).code.name == "E0222"


def test_messages_name_the_inputs() -> None:
    module = interpreted(SCALE, smooth=0)
    devices = refused(module, torch.ones(2), torch.ones((), device="meta"))
    assert "`a` is on cpu, `k` is on meta" in devices.title
    batches = refused(module, torch.ones(2, 4), torch.ones(3))
    assert "[2] in `a`, [3] in `k`" in batches.title
    assert "`a`, `k`" in (refused(module, 1, 2, 3).help or "")
    parameter = interpreted("PROGRAM p(x: real) -> y: real\nPARAM w: real = 1.0\ny := x * w\n").to("meta")
    assert "`w` is on meta" in refused(parameter, torch.ones(2)).title


def test_wrong_programs_are_refused_when_they_are_compiled() -> None:
    with pytest.raises(whilec.WhileError, match="E01"):
        whilec.compile_source("x0 := := 1")
    with pytest.raises(whilec.WhileError, match="E0670"):
        whilec.compile("there/is/none.while")
    with pytest.raises(whilec.WhileError, match="E0201"):
        whilec.compile_source(SIMPLE, outputs="x9")
    with pytest.raises(whilec.WhileError, match="E0420"):
        whilec.compile_source(SIMPLE, smooth=9)
    with pytest.raises(whilec.WhileError, match="E0401"):
        whilec.compile_source("PROGRAM p(x) -> y: real\nREQUIRE C2\nIF x > 0 THEN y := x END\n", smooth=1)
    with pytest.raises(TypeError, match="stepness"):
        whilec.compile_source(SIMPLE, stepness=2.0)  # type: ignore[call-arg]


def test_promises_of_sized_programs_are_checked_when_sizes_are_known() -> None:
    text = "PROGRAM p(a: real[n]) -> y: real\nREQUIRE C2\nIF a[0] > 0 THEN y := a[0] END\n"
    assert refused(interpreted(text, smooth=1), [1.0]).code.name == "E0401"
    assert interpreted(text, smooth=2)([1.0]).item() == 1.0
