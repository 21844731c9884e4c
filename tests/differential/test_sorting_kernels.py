"""Kernels of sorting networks against the plain version: values and derivatives."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from algonet_runtime import soft_median, soft_quantile, soft_rank, soft_sort
from algonet_runtime.dispatch import explain_dispatch
from algonet_runtime.errors import DerivativeError, RangeError
from algonet_runtime.relax.distribution import CAUCHY, DISTRIBUTIONS
from algonet_runtime.sorting.network import NETWORKS, needed
from algonet_runtime.sorting.plan import plan_of, shuffled_plan_of

pytest.importorskip("numba", reason="kernels need numba")

SIZES = (0, 1, 2, 3, 7, 10, 37, 64, 100)
TOLERANCE = {torch.float64: 2e-12, torch.float32: 5e-6}
"""Relative to the largest number of the result, besides four times the error of the plain version.

The right result is the plain version's in float64; distributions that are not monotone amplify rounding.
"""

RANKED = {
    "sort": lambda run, x, **options: run(soft_sort)(x, **options),
    "median": lambda run, x, **options: run(soft_median)(x, **options),
    "quantile": lambda run, x, **options: run(soft_quantile)(x, 0.3, **options),
}


@pytest.fixture(autouse=True)
def _kernels_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGONET_KERNELS", "auto")


def _kernel(operation: Any) -> Any:
    return operation


def _reference(operation: Any) -> Any:
    return operation.reference


def _weighted(shape: torch.Size, dtype: torch.dtype, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def _derivatives(run: Any, name: str, x: Tensor, steepness: Tensor, options: dict[str, Any]) -> list[Tensor]:
    """Values, gradients by keys and steepness, and second derivatives by keys, steepness and cotangent."""
    x, steepness = x.clone().requires_grad_(), steepness.clone().requires_grad_()
    y = RANKED[name](run, x, steepness=steepness, **options)
    g = _weighted(y.shape, y.dtype, 1).requires_grad_()
    first = torch.autograd.grad(y, (x, steepness), g, create_graph=True, materialize_grads=True)
    scalar = (first[0] * _weighted(x.shape, x.dtype, 2)).sum()
    scalar = scalar + (first[1] * _weighted(steepness.shape, x.dtype, 3)).sum()
    if not scalar.requires_grad:
        return [y, *first]
    return [y, *first, *torch.autograd.grad(scalar, (x, steepness, g), materialize_grads=True)]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize("distribution", list(DISTRIBUTIONS))
@pytest.mark.parametrize("name", list(RANKED))
def test_kernel_has_the_values_and_derivatives_of_the_plain_version(
    name: str, distribution: str, network: str, dtype: torch.dtype
) -> None:
    for n in SIZES:
        if n == 0 and name != "sort":
            continue
        x = _weighted(torch.Size((5, n)), dtype, n)
        steepness = _weighted(torch.Size((5,)), dtype, 9).abs() + 0.5
        options = {"network": network, "distribution": distribution}
        got = _derivatives(_kernel, name, x, steepness, options)
        wanted = _derivatives(_reference, name, x.double(), steepness.double(), options)
        plain = _derivatives(_reference, name, x, steepness, options)
        is_jump = distribution == "hard"  # its second derivatives are zero or do not exist
        for each, right, rounded in list(zip(got, wanted, plain, strict=False))[: 3 if is_jump else None]:
            if right.numel() == 0:
                assert each.shape == right.shape
                continue
            usual = (rounded.double() - right).abs().max().item()
            bound = TOLERANCE[dtype] * max(1.0, right.abs().max().item()) + 4 * usual
            torch.testing.assert_close(each.double(), right, rtol=0, atol=bound)


def test_kernel_is_what_runs() -> None:
    for operation, args in ((soft_sort, ()), (soft_median, ()), (soft_quantile, (0.5,))):
        asked = explain_dispatch(operation, torch.ones(3, 4), *args)
        assert [each.kernel for each in asked if each.reason is None] == ["numba on cpu"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"distribution": CAUCHY}, "object"),
        ({"network": "none"}, "network"),
        ({"distribution": "none"}, "distribution"),
    ],
)
def test_refusals_have_reasons(options: dict[str, Any], reason: str) -> None:
    first = explain_dispatch(soft_sort, torch.ones(4), **options)[0]
    assert first.reason is not None
    assert reason in first.reason


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_gradcheck_in_both_modes() -> None:
    x = torch.tensor([[0.3, -1.2, 0.3, 2.0, 0.9], [1.0, 1.0, 1.0, -3.0, 0.0]], dtype=torch.float64)
    steepness = torch.tensor([2.0, 0.7], dtype=torch.float64)
    inputs = (x.requires_grad_(), steepness.requires_grad_())

    def sort(x: Tensor, steepness: Tensor) -> Tensor:
        return soft_sort(x, steepness=steepness)

    assert torch.autograd.gradcheck(
        sort, inputs, check_forward_ad=True, check_batched_grad=True, check_batched_forward_grad=True
    )
    assert torch.autograd.gradgradcheck(sort, inputs)
    assert torch.autograd.gradgradcheck(sort, inputs, check_fwd_over_rev=True)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_transforms_agree_with_the_plain_version() -> None:
    x = _weighted(torch.Size((3, 6)), torch.float64, 4)
    s = torch.tensor([0.5, 2.0, 30.0], dtype=torch.float64)
    weights = torch.arange(6.0, dtype=torch.float64)

    def loss(run: Any) -> Any:
        return lambda x, s=2.0: (run(soft_sort)(x, steepness=s) ** 3 * weights).sum()

    func = torch.func
    for transform in (
        lambda f: func.hessian(f)(x[0]),
        lambda f: func.jacrev(func.jacrev(f))(x[0]),
        lambda f: func.jacrev(func.jacfwd(f))(x[0]),
        lambda f: func.hessian(f)(torch.ones(6, dtype=torch.float64)),
        lambda f: func.vmap(func.grad(f))(x),
        lambda f: func.vmap(func.grad(f, argnums=(0, 1)))(x, s),
        lambda f: func.vmap(func.grad(f, argnums=(0, 1)), in_dims=(None, 0))(x[0], s),
        lambda f: func.vmap(func.hessian(f, argnums=(0, 1)))(x, s),
        lambda f: func.jvp(func.grad(f, argnums=1), (x[0], s[0]), (x[1], s[1])),
        lambda f: func.vmap(func.vmap(func.grad(f)), in_dims=1)(x.reshape(3, 1, 6)),
    ):
        torch.testing.assert_close(
            transform(loss(_kernel)), transform(loss(_reference)), rtol=1e-9, atol=1e-9
        )


def test_third_derivative_is_refused_and_names_the_plain_version() -> None:
    x = torch.tensor([1.0, 0.5, 2.0], requires_grad=True)
    (first,) = torch.autograd.grad((soft_sort(x, steepness=2.0) ** 2)[0], x, create_graph=True)
    (second,) = torch.autograd.grad(first[0], x, create_graph=True)
    with pytest.raises(DerivativeError, match=r"third.*ALGONET_KERNELS=reference"):
        second[0].backward()


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_forward_over_forward_is_refused() -> None:
    with pytest.raises(DerivativeError, match=r"forward.*ALGONET_KERNELS=reference"):
        torch.func.jacfwd(torch.func.jacfwd(lambda x: soft_sort(x).square()))(torch.ones(3))


def test_rows_have_the_same_bits_in_any_batch() -> None:
    x = _weighted(torch.Size((301, 23)), torch.float32, 5)
    for distribution in DISTRIBUTIONS:
        for network in NETWORKS:

            def run(rows: Tensor) -> tuple[Tensor, ...]:
                rows = rows.clone().requires_grad_()
                y = _kernel(soft_sort)(rows, network=network, distribution=distribution)  # noqa: B023
                g = torch.arange(23.0).expand(y.shape)
                (first,) = torch.autograd.grad(y, rows, g, create_graph=True)
                (second,) = torch.autograd.grad(first.square().sum(), rows)
                return y.detach(), first.detach(), second

            together = run(x)
            for rows in (slice(0, 1), slice(7, 12), slice(300, 301)):
                for whole, part in zip(together, run(x[rows]), strict=True):
                    assert torch.equal(whole[rows], part)


def test_layouts_and_dtypes() -> None:
    x = _weighted(torch.Size((7, 4, 3)), torch.float64, 6)
    cases: tuple[tuple[Tensor, dict[str, Any]], ...] = (
        (x.transpose(0, 2), {}),
        (x[::2, :, ::2], {"dim": 1}),
        (x[:, :, :1].expand(7, 4, 5), {}),
        (torch.empty(0, 4, 3), {}),
        (x.flip(0), {"descending": True, "layers": 1}),
    )
    for values, options in cases:
        torch.testing.assert_close(soft_sort(values, **options), soft_sort.reference(values, **options))
    for dtype in (torch.bfloat16, torch.float16):
        y = soft_sort(x.to(dtype))
        assert y.dtype == dtype
        torch.testing.assert_close(y, soft_sort.reference(x.to(dtype)))


def test_far_keys_stay_apart() -> None:
    x = torch.tensor([1e8, 3.0, -1e8, 2.0, 1.0])
    torch.testing.assert_close(soft_sort(x, steepness=1e3), soft_sort.reference(x, steepness=1e3))
    y = soft_sort(x, steepness=1e3, distribution="logistic")
    torch.testing.assert_close(y, torch.tensor([-1e8, 1.0, 2.0, 3.0, 1e8]))
    with pytest.raises(RangeError, match="element 1"):
        soft_sort(torch.tensor([1.0, float("nan")]))


def test_long_networks_are_run_in_stretches() -> None:
    x = _weighted(torch.Size((2, 700)), torch.float64, 8)
    steepness = torch.tensor([3.0, 5.0], dtype=torch.float64)
    got = _derivatives(_kernel, "sort", x, steepness, {})
    for each, right in zip(got, _derivatives(_reference, "sort", x, steepness, {}), strict=True):
        torch.testing.assert_close(each, right, rtol=0, atol=1e-10 * max(1.0, right.abs().max().item()))


def test_shuffled_plans_bring_the_pairs_of_a_layer_side_by_side() -> None:
    for name, network in NETWORKS.items():
        for n in (1, 2, 3, 7, 16, 37):
            for first, last in ((0, n - 1), (n // 2, n // 2)):
                layers = needed(network.layers(n), tuple(range(first, last + 1)))
                plan = shuffled_plan_of(name, n, network.depth(n), first, last)
                keys, found = list(range(n)), []
                for (i, j, m, _), order in zip(plan.runs.tolist(), plan.orders.tolist(), strict=True):
                    keys = [keys[place] for place in order]
                    found.append(tuple((keys[i + k], keys[j + k]) for k in range(m)))
                assert keys == list(range(n))
                assert found == [*(layer for layer in layers if layer), ()]


def test_plans_hold_the_comparators_that_are_needed() -> None:
    for name, network in NETWORKS.items():
        for n in (*range(9), 16, 37):
            for limit in (network.depth(n), 1):
                for first, last in {(0, n - 1), (n // 2, n // 2), (0, 0), (max(n - 2, 0), n - 1)}:
                    layers = needed(network.layers(n, limit), tuple(range(first, last + 1)))
                    plan = plan_of(name, n, limit, first, last)
                    key = {int(position): i for i, position in enumerate(plan.positions)}
                    found = [(key[i + k], key[j + k]) for i, j, m, _ in plan.runs.tolist() for k in range(m)]
                    assert found == [pair for layer in layers for pair in layer]


def test_threads_and_forks() -> None:
    """In a process of its own, whose threads may be more than one."""
    code = """
import torch
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from torch.utils.data import DataLoader
from algonet_runtime import soft_sort
torch.set_num_threads(2)
x = torch.randn(2000, 50)
right = soft_sort(x)
torch.set_num_threads(1)
assert torch.equal(right, soft_sort(x))
torch.set_num_threads(2)
with ThreadPoolExecutor(4) as pool:
    assert all(torch.equal(right, y) for y in pool.map(soft_sort, [x] * 20))
loader = DataLoader(list(x[:64]), num_workers=2, collate_fn=lambda rows: soft_sort(rows[0]))
found = torch.stack(list(loader))
assert torch.equal(found, right[:64])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr


def test_threads_of_this_process_share_a_kernel() -> None:
    x = _weighted(torch.Size((40, 11)), torch.float32, 11)
    right = soft_sort(x, distribution="optimal")
    with ThreadPoolExecutor(4) as pool:
        for y in pool.map(lambda _: soft_sort(x, distribution="optimal"), range(16)):
            assert torch.equal(y, right)


@pytest.mark.parametrize("distribution", [name for name in DISTRIBUTIONS if name != "hard"])
def test_float32_derivatives_of_very_far_keys_are_those_of_the_crisp_order(distribution: str) -> None:
    for scale, steepness in ((1e37, 10.0), (1e25, 10.0), (3e32, 1e6), (1e8, 1e30)):
        x = (torch.tensor([3.0, -2.0, 1.0]) * scale).requires_grad_()
        s = torch.tensor(steepness, requires_grad=True)
        y = _kernel(soft_sort)(x, steepness=s, distribution=distribution)
        g_x, g_s = torch.autograd.grad((y * torch.tensor([-1.0, 2.0, 0.5])).sum(), (x, s))
        torch.testing.assert_close(g_x, torch.tensor([0.5, -1.0, 2.0]))
        if distribution in ("logistic", "gaussian"):
            assert g_s == 0
        ranks = _kernel(soft_rank)(x, steepness=s, distribution=distribution)
        assert bool(torch.autograd.grad(ranks[0], s)[0].isfinite())


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_tiny_steepness_at_far_keys_is_finite() -> None:
    x, v = torch.tensor([3e20, -2e20, 1e20]), torch.tensor([1.0, 2.0, -1.0])
    for operation in (soft_sort, soft_rank):
        for run in (_kernel, _reference):
            found = torch.func.jvp(lambda x: run(operation)(x, steepness=1e-20), (x,), (v,))[1]  # noqa: B023
            wanted = torch.func.jvp(
                lambda x: operation.reference(x, steepness=1e-20),  # noqa: B023
                (x.double(),),
                (v.double(),),
            )[1]
            torch.testing.assert_close(found.double(), wanted, rtol=1e-4, atol=1e-30)
    s = torch.tensor(1e-20, requires_grad=True)
    assert torch.autograd.grad(soft_sort(x, steepness=s).sum(), s)[0] == 0


@pytest.mark.parametrize("run", [_kernel, _reference])
def test_auto_is_scale_free(run: Any) -> None:
    weights = torch.tensor([-1.0, 2.0, 0.5])
    found: list[list[Tensor]] = []
    for scale in (1.0, 1e-36, 1e-20, 1e20, 3e37):
        x = (torch.tensor([3.0, -2.0, 1.0]) * scale).requires_grad_()
        y, ranks = run(soft_sort)(x, steepness="auto"), run(soft_rank)(x, steepness="auto")
        slopes = torch.autograd.grad((y * weights).sum(), x)[0], torch.autograd.grad(ranks[0], x)[0] * scale
        found.append([y.detach() / scale, ranks.detach(), *slopes])
    for others in found[1:]:
        for each, first in zip(others, found[0], strict=True):
            torch.testing.assert_close(each, first, rtol=1e-5, atol=1e-5)


CACHED = """
import torch
from algonet_runtime import soft_sort
y = soft_sort(torch.tensor([2.0, 1.0, 1.5]), distribution="optimal")
print(y.tolist())
"""


FROM_THE_DISK_THEN_COMPILED = (
    CACHED
    + """
import sys
print("numba.np.linalg" in sys.modules)
y = soft_sort(torch.tensor([2.0, 1.0, 1.5], dtype=torch.float64), distribution="optimal")
print(y.tolist(), "numba.np.linalg" in sys.modules)
"""
)


def _run(folder: Path | None, program: str = CACHED, **environment: str) -> str:
    given = {} if folder is None else {"ALGONET_CACHE": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        env=os.environ | given | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_damaged_caches_are_made_anew(tmp_path: Path) -> None:
    wanted = _run(tmp_path)
    files = [path for path in tmp_path.rglob("*.nb*") if path.is_file()]
    assert {path.suffix for path in files} == {".nbi", ".nbc"}
    for suffix, length in ((".nbi", 20), (".nbc", 100), (".nbc", 0)):
        for path in files:
            if path.suffix == suffix:
                path.write_bytes(path.read_bytes()[:length])
        assert _run(tmp_path) == wanted


def test_code_from_the_disk_needs_no_compiler_and_does_not_hinder_it(tmp_path: Path) -> None:
    wanted = _run(tmp_path)
    first, imported, second = _run(tmp_path, FROM_THE_DISK_THEN_COMPILED).splitlines()
    assert first == wanted.strip()
    assert imported == "False"
    assert second.endswith(" True")
    assert [round(float(each), 6) for each in second[1:].split("]")[0].split(",")] == [
        round(float(each), 6) for each in first[1:-1].split(",")
    ]


def test_signatures_have_files_of_their_own(tmp_path: Path) -> None:
    """Processes that compile at the same time never write an index together."""
    from algonet_runtime.numba_cache import _Files  # pyright: ignore[reportPrivateUsage]

    files = _Files(str(tmp_path), "kernel", "stamp")
    files.save(("a", 1), "code of a")
    files.save(("b", 1), "code of b")
    assert len(list(tmp_path.glob("*.nbi"))) == len(list(tmp_path.glob("*.nbc"))) == 2
    assert files.load(("a", 1)) == "code of a"
    assert files.load(("b", 1)) == "code of b"
    assert files.load(("c", 1)) is None
