"""Intrinsics called by programs: interpreter, recurrent and unrolled graphs, and Python itself agree."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import algonet_runtime
import whilec
from algonet_runtime.errors import RangeError
from algonet_runtime.intrinsic import MODULES
from tests.repository import ROOT
from tests.unit.driver import decorated
from whilec.diagnostics.model import WhileError

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

runtime: Any = algonet_runtime

CALLS = {
    "soft_sort": ("soft_sort(a, steepness = 8.0, descending = 1)", "n"),
    "soft_sort_by": ("soft_sort_by(a, b, steepness = 8.0)", "n"),
    "soft_permutation": ("matmul(soft_permutation(a), b)", "n"),
    "soft_rank": ("soft_rank(a + b)", "n"),
    "soft_topk": ("soft_topk(a, 2)", "2"),
    "soft_quantile": ("soft_quantile(a, 0.3, steepness = 3)", ""),
    "soft_median": ("soft_median(a)", ""),
    "soft_max": ("soft_max(a, weights = b * b)", ""),
    "soft_min": ("soft_min(a, steepness = 2.0)", ""),
    "weighted_softmax": ("weighted_softmax(a, b * b)", "n"),
    "weighted_softmin": ("weighted_softmin(a, b * b)", "n"),
    "finite_differences": ("finite_differences(a, order = 2)", "n"),
    "render_silhouette": ("render_silhouette(v, f, e, size = 4, steepness = 6.0)", "4, 4"),
    "render_image": ("render_image(v, f, e, size = 4, steepness = 6.0, support = paper)", "4, 4"),
}
MESH = (
    "VAR v: real[3, 3] = 0.0\nVAR f: int[1, 3] = 0\nVAR e: real[3] = 3.0\n"
    "FOR i FROM 0 TO 2 DO\n  f[0, i] := 2 - i\n  v[i, i] := a[i]\n  v[i, 2 - i] := b[i + 1]\nEND\n"
)
"""A triangle of the inputs, seen from (3, 3, 3)."""


def expected(name: str, a: Tensor, b: Tensor) -> Tensor:
    """The same call in Python."""
    match name:
        case "soft_sort":
            return runtime.soft_sort(a, steepness=8.0, descending=True)
        case "soft_sort_by":
            return runtime.soft_sort_by(a, b, steepness=8.0)
        case "soft_permutation":
            return (runtime.soft_permutation(a) @ b.unsqueeze(-1)).squeeze(-1)
        case "soft_rank":
            return runtime.soft_rank(a + b)
        case "soft_topk":
            return runtime.soft_topk(a, 2).values
        case "soft_quantile":
            return runtime.soft_quantile(a, 0.3, steepness=3)
        case "soft_median":
            return runtime.soft_median(a)
        case "soft_max":
            return runtime.soft_max(a, weights=b * b)
        case "soft_min":
            return runtime.soft_min(a, steepness=2.0)
        case "weighted_softmax" | "weighted_softmin":
            return getattr(runtime, name)(a, b * b)
        case "finite_differences":
            return runtime.finite_differences(a, order=2)
        case _:
            eye = torch.full((3,), 3.0, dtype=torch.float64)
            other = {"support": "paper"} if name == "render_image" else {}
            faces = torch.tensor([[2, 1, 0]])
            return getattr(runtime, name)(triangle(a, b), faces, eye, size=4, steepness=6.0, **other)


def triangle(a: Tensor, b: Tensor) -> Tensor:
    """The vertices that `MESH` makes."""
    zero = torch.zeros_like(a[..., 0])
    rows = ((a[..., 0], zero, b[..., 1]), (zero, b[..., 2], zero), (b[..., 3], zero, a[..., 2]))
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def program(name: str) -> str:
    call, size = CALLS[name]
    kind = f"real[{size}]" if size else "real"
    results = "y, rest" if name == "soft_topk" else "y"
    given = MESH if name.startswith("render") else ""
    header = f"PROGRAM p(a: real[n], b: real[n]) -> y: {kind}\nVAR rest: real[n] = 0.0\n"
    return f"{header}{given}{results} := {call}\n"


def inputs() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(3, 5, dtype=torch.float64, generator=generator).requires_grad_() for _ in range(2))
    return a, b


def test_every_intrinsic_is_called() -> None:
    assert set(CALLS) == set(MODULES)


@pytest.mark.parametrize("options", [{}, {"graph": "unrolled"}, {"backend": "interpreter"}], ids=str)
@pytest.mark.parametrize("name", CALLS)
def test_values_and_derivatives(name: str, options: dict[str, Any]) -> None:
    a, b = inputs()
    wanted = expected(name, a, b)
    weights = torch.linspace(0.5, 1.5, wanted.numel(), dtype=torch.float64).reshape(wanted.shape)
    slopes = torch.autograd.grad((wanted * weights).sum(), (a, b), allow_unused=True)
    found = whilec.compile_source(program(name), **options)(a, b)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-14)
    ours = torch.autograd.grad((found * weights).sum(), (a, b), allow_unused=True)
    for have, want in zip(ours, slopes, strict=True):
        if want is not None:
            torch.testing.assert_close(have, want, rtol=1e-11, atol=1e-13)
        else:
            assert have is None or not have.any()


@pytest.mark.parametrize("name", CALLS)
def test_one_element(name: str) -> None:
    a, b = inputs()
    run = whilec.run_source(program(name), {"a": a[0].tolist(), "b": b[0].tolist()}, jacobian=True)
    wanted = expected(name, a[0], b[0])
    found = torch.tensor(run.outputs["y"], dtype=torch.float64)
    torch.testing.assert_close(found, wanted.detach(), rtol=1e-12, atol=1e-14)
    assert run.jacobian is not None
    jacobian = torch.autograd.functional.jacobian(lambda a: expected(name, a, b[0].detach()), a[0].detach())
    found = torch.tensor(run.jacobian["y"]["a"], dtype=torch.float64)
    torch.testing.assert_close(found, jacobian, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    "options", [{}, {"graph": "unrolled", "trips": 12}, {"backend": "interpreter"}], ids=str
)
@pytest.mark.parametrize("loops", ["path", "mixture"])
def test_calls_in_loops_and_choices_are_weighed_where_they_are_assigned(options: Any, loops: Any) -> None:
    text = (
        "PROGRAM p(a: real[n], k: real) -> y: real[n]\ny := a\n"
        "WHILE k > 0 DO\n  IF y[0] > 0 THEN y := 0.5 * soft_sort(y) ELSE y := y - soft_median(y) END\n"
        "  k := k - 1\nEND\n"
    )
    a, _ = inputs()
    k = torch.tensor([1.3, 2.0, 0.4], dtype=torch.float64, requires_grad=True)
    settings: dict[str, Any] = {"smooth": 1, "steepness": 2.0, "loops": loops}
    found = whilec.compile_source(text, **settings, **options)(a, k)
    plain = whilec.compile_source(text, backend="interpreter", **settings)(a, k)
    torch.testing.assert_close(found, plain, rtol=1e-11, atol=1e-12)
    weights = torch.linspace(0.5, 1.5, 15, dtype=torch.float64).reshape(3, 5)
    for have, want in zip(
        torch.autograd.grad((found * weights).sum(), (a, k)),
        torch.autograd.grad((plain * weights).sum(), (a, k)),
        strict=True,
    ):
        torch.testing.assert_close(have, want, rtol=1e-9, atol=1e-11)
    module = whilec.compile_source(text, **settings, **options)
    assert torch.autograd.gradcheck(
        module, (a.detach()[:1].requires_grad_(), k.detach()[:1].requires_grad_())
    )


@pytest.mark.parametrize("options", [{}, {"graph": "unrolled"}, {"backend": "interpreter"}], ids=str)
def test_a_row_that_is_not_finite_stays_alone(options: Any) -> None:
    module = whilec.compile_source(program("soft_sort"), **options)
    a = torch.randn(3, 5, generator=torch.Generator().manual_seed(1))
    spoiled = a.clone()
    spoiled[1, 2] = torch.nan
    found = module(spoiled, a)
    assert torch.equal(found[[0, 2]], module(a, a)[[0, 2]])
    assert bool(found[1].isnan().any())


@pytest.mark.parametrize("options", [{}, {"graph": "unrolled"}, {"backend": "interpreter"}], ids=str)
def test_refused_arguments_have_their_place(options: Any) -> None:
    text = "PROGRAM p(a: real[n]) -> y: real\ny := soft_quantile(a, 1.5)\n"
    module = whilec.compile_source(text, **options) if options.get("graph") != "unrolled" else None
    with pytest.raises(WhileError) as raised:
        (module or whilec.compile_source(text, **options))(torch.ones(2, 3))
    found = raised.value.diagnostics[0]
    assert found.code.name == "E0620"
    assert found.title == "soft_quantile: `q` must be a number in [0, 1], not 1.5"
    assert found.primary is not None
    assert text[found.primary.span.start : found.primary.span.end] == "soft_quantile(a, 1.5)"


def test_unrolled_modules_with_calls_are_compiled_mapped_and_exported(tmp_path: Any) -> None:
    text = program("soft_sort_by")
    module = whilec.compile_source(text, graph="unrolled")
    a, b = (value.detach().float() for value in inputs())
    wanted = module(a, b)
    torch.testing.assert_close(torch.vmap(module)(a, b), wanted)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(a, b), wanted)
    saved = module.save_as(tmp_path / "p.pt2", {"n": 5})
    assert saved.difference <= 1e-6
    hessian = torch.func.hessian(lambda a: module(a, b[0]).square().sum())(a[0])
    assert hessian.shape == (5, 5)
    assert bool(hessian.isfinite().all())


WORDS = (
    "PROGRAM p(a: real[n]) -> s: real[n], m: real, d: real[n]\n"
    "s := soft_sort(a, network = bitonic, distribution = logistic, steepness = 3.0)\n"
    "m := soft_median(a, method = fast, degree = 2)\n"
    "d := finite_differences(a, pad = circular)\n"
)


@pytest.mark.parametrize("options", [{}, {"graph": "unrolled"}, {"backend": "interpreter"}], ids=str)
def test_words(options: Any) -> None:
    a, _ = inputs()
    module = whilec.compile_source(WORDS, **options)
    assert module.warnings == ()
    s, m, d = module(a)
    wanted = runtime.soft_sort(a, network="bitonic", distribution="logistic", steepness=3.0)
    torch.testing.assert_close(s, wanted, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(m, runtime.soft_median(a, method="fast", degree=2), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(d, runtime.finite_differences(a, pad="circular"), rtol=1e-12, atol=1e-14)


def test_a_word_may_be_a_variable_elsewhere() -> None:
    text = "PROGRAM p(bitonic: real[n]) -> s: real[n]\ns := soft_sort(bitonic, network = bitonic)\n"
    x = torch.tensor([2.0, 1.0, 3.0])
    assert torch.equal(whilec.compile_source(text)(x), runtime.soft_sort(x, network="bitonic"))


def test_smooth_functions_call_intrinsics() -> None:
    a, b = inputs()
    wanted = runtime.soft_sort_by(a, b, network="bitonic", steepness=3.0)
    torch.testing.assert_close(decorated.ranked(a, b), wanted, rtol=1e-12, atol=1e-14)


def test_the_library_ranks_losses() -> None:
    losses = torch.tensor([[0.1, 9.0, 0.3, 0.2, 7.0], [4.0, 3.0, 2.0, 1.0, 0.0]], dtype=torch.float64)
    module = whilec.compile(ROOT / "programs/loss_ranking.while")
    mean_loss, kept, ranks = module(losses.requires_grad_())
    crisp = losses.detach().sort(-1)
    torch.testing.assert_close(mean_loss, crisp.values[:, :3].mean(-1), atol=2e-3, rtol=0)
    torch.testing.assert_close(ranks, crisp.indices.argsort(-1).double(), atol=1e-2, rtol=0)
    torch.testing.assert_close(kept, (crisp.indices.argsort(-1) < 3).double(), atol=1e-2, rtol=0)
    (slope,) = torch.autograd.grad(mean_loss.sum(), losses)
    assert bool((slope[kept > 0.5] > 0.2).all())
    assert bool((slope[kept < 0.5] < 0.01).all())


@pytest.mark.parametrize("options", [{}, {"graph": "unrolled"}], ids=str)
def test_the_library_filters_by_medians(options: Any) -> None:
    x = torch.randn(3, 9, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    module = whilec.compile(ROOT / "programs/median_filter.while", **options)
    x.requires_grad_()
    y = module(x)
    padded = torch.nn.functional.pad(x.detach()[:, None], (2, 2), mode="replicate")[:, 0]
    torch.testing.assert_close(y, padded.unfold(-1, 5, 1).median(-1).values, atol=5 / torch.pi / 100, rtol=0)
    windows = torch.nn.functional.pad(x[:, None], (2, 2), mode="replicate")[:, 0].unfold(-1, 5, 1)
    wanted = runtime.soft_median(windows, steepness=100.0)
    torch.testing.assert_close(y, wanted, rtol=1e-12, atol=1e-14)
    weights = torch.randn(3, 9, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    (slope,) = torch.autograd.grad((y * weights).sum(), x)
    (right,) = torch.autograd.grad((wanted * weights).sum(), x)
    torch.testing.assert_close(slope, right, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "code", "title"),
    [
        ("soft_srt(a)", "E0204", "there is no function `soft_srt`"),
        ("soft_sort(a, stepness = 3)", "E0301", "`soft_sort` has no argument `stepness`"),
        ("soft_sort(a[0])", "E0304", "`x` of `soft_sort` must be an array [n], not a real number"),
        ("soft_sort_by(a, c)", "E0304", "`soft_sort_by` needs equal sizes n, but gets n and m"),
        ("soft_sort(a, steepness = a[0])", "E0305", "`steepness` of `soft_sort` must be a number known"),
        ("soft_sort(a, steepness = 2.0 + k)", "E0305", "`steepness` of `soft_sort` must be a number known"),
        ("soft_sort(a, network = quick)", "E0306", "`network` of `soft_sort` is one of odd_even, bitonic"),
        ("soft_sort(a, network = 2)", "E0306", "`network` of `soft_sort` is one of odd_even, bitonic"),
        ("soft_sort(a, steepness = -1.0)", "E0620", "soft_sort: `steepness` must be a finite number above 0"),
        (
            "soft_sort(a, layers = -1)",
            "E0620",
            "soft_sort: `layers` must be a whole number at least 0, not -1",
        ),
    ],
)
@pytest.mark.parametrize("options", [{}, {"graph": "unrolled"}], ids=str)
def test_wrong_calls_are_explained(call: str, code: str, title: str, options: Any) -> None:
    text = f"PROGRAM p(a: real[n], c: real[m]) -> y: real[n]\nFOR k FROM 0 TO 0 DO y := {call} END\n"
    with pytest.raises(WhileError) as raised:
        whilec.compile_source(text, **options)(torch.ones(3), torch.ones(4))
    found = raised.value.diagnostics[0]
    assert (found.code.name, found.title[: len(title)]) == (code, title)
    assert found.primary is not None
    assert call.partition("(")[0] in text[: found.primary.span.end]


@pytest.mark.parametrize("options", [{}, {"graph": "unrolled"}, {"backend": "interpreter"}], ids=str)
def test_options_are_known_numbers_in_every_mode(options: Any) -> None:
    text = (
        "PROGRAM p(a: real[n]) -> y: real[n]\nCONST s = 1.5\n"
        "y := soft_sort(a, steepness = max(2.0, abs(-3.0)) * s, layers = max(1, 2))\n"
        "FOR i FROM 0 TO 2 DO y := y + soft_sort(a, layers = i + 1) END\n"
    )
    a, _ = inputs()
    wanted = runtime.soft_sort(a, steepness=4.5, layers=2)
    wanted = wanted + sum(runtime.soft_sort(a, layers=i + 1) for i in range(3))
    torch.testing.assert_close(whilec.compile_source(text, **options)(a), wanted, rtol=1e-12, atol=1e-14)


def test_arrays_of_whole_numbers() -> None:
    text = "PROGRAM p(a: int[n]) -> y: real[n]\ny := soft_sort(a, steepness = 100)\n"
    wanted = runtime.soft_sort(torch.tensor([3.0, 1.0], dtype=torch.float64), steepness=100).tolist()
    for smooth in ("hard", 0, "inf"):
        assert whilec.run_source(text, {"a": [3, 1]}, smooth=smooth).outputs["y"] == wanted
        module = whilec.compile_source(text, smooth=smooth)
        assert module(torch.tensor([[3, 1]])).tolist()[0] == pytest.approx(wanted)


def test_whole_numbers_beyond_64_bits() -> None:
    text = "PROGRAM p(a: real[n], k: int) -> y: real\nVAR m: real\nm := soft_median(a)\ny := m + k\n"
    with pytest.raises(WhileError, match="E0610: input `k` has a whole number that does not fit"):
        whilec.run_source(text, {"a": [1.0, 2.0], "k": 2**70}, smooth="hard")
    assert whilec.run_source(text, {"a": [1.0, 2.0], "k": 2}, smooth="hard").outputs == {"y": 3.5}


def test_what_cannot_be_done_says_so(tmp_path: Any) -> None:
    module = whilec.compile_source(program("soft_sort"))
    with pytest.raises(WhileError, match="cannot hold calls of intrinsics"):
        module.save_as(tmp_path / "p.py", {"n": 3})


@pytest.mark.parametrize("options", [{}, {"graph": "unrolled"}, {"backend": "interpreter"}], ids=str)
def test_silhouette_is_fitted_through_its_program(options: dict[str, Any]) -> None:
    module: Any = whilec.compile(ROOT / "programs/silhouette.while", **options)
    faces, eye = torch.tensor([[[0, 1, 2]]]), torch.tensor([[0.0, 0.0, 2.0]], dtype=torch.float64)
    goal = torch.tensor([[[-0.6, -0.5, 0.0], [0.7, -0.4, 0.0], [0.1, 0.8, 0.0]]], dtype=torch.float64)
    shown, wanted = module(goal, faces, eye)
    torch.testing.assert_close(shown, wanted.sum((-1, -2)), rtol=1e-12, atol=0)
    direct = runtime.render_silhouette(goal, faces, eye, size=8, steepness=16.0)
    torch.testing.assert_close(wanted, direct, rtol=1e-12, atol=1e-15)
    moved = (goal * 0.4).requires_grad_()
    descent = torch.optim.Adam([moved], lr=0.05)
    losses: list[float] = []
    for _ in range(40):
        descent.zero_grad()
        loss = (module(moved, faces, eye)[1] - wanted).square().sum()
        loss.backward()
        descent.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.05 * losses[0]


def test_indices_that_are_no_vertices_are_refused() -> None:
    module: Any = whilec.compile(ROOT / "programs/silhouette.while")
    corners = torch.zeros(2, 3, 3, dtype=torch.float64)
    eye = torch.tensor([[0.0, 0.0, 2.0]], dtype=torch.float64).repeat(2, 1)
    with pytest.raises(WhileError, match="face 0 of row 1 of `faces` has the corner 3"):
        module(corners, torch.tensor([[[0, 1, 2]], [[0, 1, 3]]]), eye)
    with pytest.raises(WhileError, match="faces"):
        module(corners, torch.tensor([[[0.0, 1.0, 2.0]], [[0.5, 1.0, 2.0]]]), eye)


@pytest.mark.parametrize(
    ("faces", "code", "title"),
    [
        ("real[f, 3]", "E0307", "`faces` of `render_silhouette` must hold whole numbers, not an array of"),
        ("int", "E0304", "`faces` of `render_silhouette` must be an array [f, 3], not an int"),
        ("int[f, 4]", "E0304", "`faces` of `render_silhouette` must be an array [f, 3], not an array of"),
        ("int[f, m]", "E0304", "`faces` of `render_silhouette` must be an array [f, 3], not an array of"),
    ],
)
def test_wrong_indices_are_explained(faces: str, code: str, title: str) -> None:
    text = (
        f"PROGRAM p(v: real[n, 3], g: {faces}, eye: real[3], a: real[m]) -> s: real[2, 2]\n"
        "s := render_silhouette(v, g, eye, size = 2)\n"
    )
    with pytest.raises(WhileError) as raised:
        whilec.compile_source(text)
    found = raised.value.diagnostics[0]
    assert (found.code.name, found.title[: len(title)]) == (code, title)


def test_indices_are_the_nearest_whole_numbers() -> None:
    from algonet_runtime.checks import as_whole

    near = torch.tensor([[0.2, 1.1, -0.25], [2.0, 2.9, 0.0]], requires_grad=True)
    assert as_whole("op", "i", near).tolist() == [[0, 1, 0], [2, 3, 0]]
    with pytest.raises(
        RangeError, match=r"op: `i` must hold whole numbers, but element \(1, 0\) is 0.625"
    ) as raised:
        as_whole("op", "i", torch.tensor([[1.0], [0.625]]))
    assert raised.value.row == (1,)
    with pytest.raises(RangeError, match="is nan"):
        as_whole("op", "i", torch.tensor([torch.nan]))
    assert as_whole("op", "i", torch.tensor([3], dtype=torch.int32)).dtype == torch.int64
