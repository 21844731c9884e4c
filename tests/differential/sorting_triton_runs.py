"""Triton kernels of sorting networks against the plain version, on any device; started by the tests.

`TRITON_INTERPRET=1 python -m tests.differential.sorting_triton_runs NAME` runs one of `CHECKS` on the CPU,
`python -m tests.differential.sorting_triton_runs compile DTYPE` compiles all kernels for two GPUs.
"""

# pyright: basic
from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from algonet_runtime.relax.distribution import DISTRIBUTIONS
from algonet_runtime.relax.distribution_triton import tail
from algonet_runtime.sorting import (
    kernels_triton,
    launch_triton,
    payload_kernels_triton,
    provider_triton,
)
from algonet_runtime.sorting.fused_parts import How
from algonet_runtime.sorting.network import NETWORKS, needed
from algonet_runtime.sorting.reference import Comparators, compare

TOLERANCE = {torch.float64: 2e-12, torch.float32: 5e-6}
"""Relative to the largest number of the result, besides four times the error of the plain version."""

SETTINGS: dict[str, dict[str, int]] = {
    "usual": {},
    "in memory": {"MOST_SHUFFLED": 1},
    "in pieces": {"WHOLE_TAPE": 1, "TILE": 32, "MOST_GROUPS": 2, "SCRATCH_BYTES": 1},
    "in memory and pieces": {"MOST_SHUFFLED": 1, "WHOLE_TAPE": 1, "TILE": 32, "SCRATCH_BYTES": 1},
}
"""What makes small rows go the ways of long ones."""


@contextmanager
def set_to(name: str) -> Iterator[None]:
    before = {key: getattr(launch_triton, key) for key in SETTINGS[name]}
    try:
        for key, value in SETTINGS[name].items():
            setattr(launch_triton, key, value)
        yield
    finally:
        for key, value in before.items():
            setattr(launch_triton, key, value)


def numbers(*shape: int, seed: int, dtype: torch.dtype) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def plain(x: Tensor, steepness: Tensor, how: How) -> Comparators:
    layers = NETWORKS[how.network].layers(x.shape[-1], how.layers)
    return compare(
        x,
        steepness.unsqueeze(-1),
        NETWORKS[how.network],
        DISTRIBUTIONS[how.distribution],
        layers=needed(layers, tuple(range(how.first, how.last + 1))),
    )


def how_of(distribution: str, network: str, n: int, layers: int | None = None, ranks: Any = None) -> How:
    depth = NETWORKS[network].depth(n) if layers is None else layers
    return How(distribution, network, depth, *(ranks or (0, max(n - 1, 0))))


def derivatives(
    run: Callable[..., Tensor], inputs: Sequence[Tensor], g: Tensor, v: Sequence[Tensor], is_curved: bool
) -> list[Tensor]:
    """The value, gradients of <g, value> by the inputs, and derivatives of these in a direction by all."""
    leaves = [each.detach().clone().requires_grad_() for each in (*inputs, g)]
    y = run(*leaves[:-1])
    options: Any = {"materialize_grads": True, "allow_unused": True}
    grads = torch.autograd.grad(y, leaves[:-1], leaves[-1].expand(y.shape), create_graph=True, **options)
    if not is_curved:
        return [y.detach(), *(each.detach() for each in grads)]
    scalar = (y * v[-1]).sum() + sum((a * b).sum() for a, b in zip(grads, v[:-1], strict=True))
    if not scalar.requires_grad:
        return [y, *grads, *(torch.zeros_like(each) for each in leaves)]
    return [y.detach(), *(each.detach() for each in grads), *torch.autograd.grad(scalar, leaves, **options)]


def agree(got: Sequence[Tensor], run: Callable[..., list[Tensor]], dtype: torch.dtype) -> None:
    """Compare with the plain version in float64; what that loses in the dtype, kernels may lose too."""
    right, rounded = run(torch.float64), run(dtype)
    assert len(got) == len(right)
    for place, (each, wanted, usual) in enumerate(zip(got, right, rounded, strict=True)):
        assert each.shape == wanted.shape, place
        assert each.dtype == dtype
        if wanted.numel():
            error = (usual.double() - wanted).abs().max().item()
            bound = TOLERANCE[dtype] * max(1.0, wanted.abs().max().item()) + 4 * error
            torch.testing.assert_close(
                each.cpu().double(),
                wanted,
                rtol=0,
                atol=bound,
                msg=lambda text, at=place: f"result {at}: {text}",
            )


def check_keys(device: str, dtype: torch.dtype, how: How, rows: int, n: int, is_shared: bool = False) -> None:
    """`sort`, `sort_gradient` and `sort_curvature`."""
    x, g, v_x, v_g = (numbers(rows, n, seed=seed, dtype=dtype) for seed in (n, 1, 2, 3))
    s, v_s = (numbers(1 if is_shared else rows, seed=seed, dtype=dtype) for seed in (4, 5))
    s = s.abs() + 0.5
    is_curved = how.distribution != "hard"

    def right(dtype: torch.dtype) -> list[Tensor]:
        converted = (
            [each.to(dtype) for each in (x, s)],
            g.to(dtype),
            [each.to(dtype) for each in (v_x, v_s, v_g)],
        )
        return derivatives(lambda x, s: plain(x, s, how).keys, *converted, is_curved)

    x_, s_, g_, v_x_, v_s_, v_g_ = (each.to(device) for each in (x, s, g, v_x, v_s, v_g))
    got = [provider_triton.sort(x_, s_, how), *provider_triton.sort_gradient(x_, s_, g_, how, True)]
    assert torch.equal(provider_triton.sort_gradient(x_, s_, g_, how, False)[0], got[1])
    if is_curved:
        got += provider_triton.sort_curvature(x_, s_, g_, v_x_, v_s_, v_g_, how)
    agree(got, right, dtype)


def check_payload(
    device: str,
    dtype: torch.dtype,
    how: How,
    rows: int,
    n: int,
    columns: int,
    is_shared: bool = False,
) -> None:
    """`carry`, `carry_gradient` and `carry_curvature`; shared are the steepness, the payload and g."""
    x, v_x = (numbers(rows, n, seed=seed, dtype=dtype) for seed in (n, 2))
    s, v_s = (numbers(1 if is_shared else rows, seed=seed, dtype=dtype) for seed in (4, 5))
    s = s.abs() + 0.5
    batch = () if is_shared else (rows,)
    payload, g, v_payload, v_g = (
        numbers(*batch, n, columns, seed=seed, dtype=dtype) for seed in (6, 7, 8, 9)
    )
    is_curved = how.distribution != "hard"

    def right(dtype: torch.dtype) -> list[Tensor]:
        shape = (rows, n, columns)
        leaves = [x.to(dtype), s.to(dtype), payload.to(dtype).expand(shape)]
        v = [
            *(each.to(dtype) for each in (v_x, v_s)),
            *(each.to(dtype).expand(shape) for each in (v_payload, v_g)),
        ]
        return derivatives(
            lambda x, s, payload: plain(x, s, how).carry(payload),
            leaves,
            g.to(dtype).expand(shape),
            v,
            is_curved,
        )

    x_, s_, payload_, g_ = (each.to(device) for each in (x, s, payload, g))
    got = [provider_triton.carry(x_, s_, payload_, how, False)]
    *grads, by_g = provider_triton.carry_gradient(x_, s_, payload_, g_, how, True, True)
    got += grads
    torch.testing.assert_close(by_g, got[0], rtol=0, atol=TOLERANCE[dtype] * 10)
    fewer = provider_triton.carry_gradient(x_, s_, payload_, g_, how, False, False)
    assert [each.shape for each in fewer[2:]] == [(0,), (0,)]
    assert all(torch.equal(a, b) for a, b in zip(fewer[:2], grads[:2], strict=True))
    back = provider_triton.carry(x_, s_, g_, how, True)
    torch.testing.assert_close(back, grads[2], rtol=0, atol=TOLERANCE[dtype] * 10)
    if is_curved:
        a, b, c, d = (each.to(device) for each in (v_x, v_s, v_payload, v_g))
        got += provider_triton.carry_curvature(x_, s_, payload_, g_, a, b, c, d, how)
    agree(got, right, dtype)


def check_distribution(device: str, distribution: str) -> None:
    """All operations with one distribution, both networks and all sizes."""
    for network in NETWORKS:
        for n in (0, 1, 2, 3, 7, 10, 37, 64, 100):
            check_keys(device, torch.float64, how_of(distribution, network, n), 2 if n < 10 else 1, n)
            check_payload(device, torch.float64, how_of(distribution, network, n), 1, n, 2)
    check_keys(device, torch.float32, how_of(distribution, "odd_even", 10), 5, 10)
    check_payload(device, torch.float32, how_of(distribution, "bitonic", 6), 2, 6, 4)
    check_payload(device, torch.float64, how_of(distribution, "odd_even", 5), 2, 5, 3)


def check_sizes(device: str) -> None:
    """Payloads of several sizes, among them none, and a long row."""
    for n, columns in ((0, 2), (1, 1), (2, 0), (3, 3), (10, 1)):
        check_payload(device, torch.float64, how_of("cauchy", "odd_even", n), 2, n, columns)
    check_payload(device, torch.float64, how_of("cauchy", "bitonic", 37), 1, 37, 5)
    check_payload(device, torch.float64, how_of("cauchy", "bitonic", 3), 0, 3, 2)
    check_keys(device, torch.float64, how_of("cauchy", "odd_even", 37), 1, 37)
    check_keys(device, torch.float64, how_of("cauchy", "odd_even", 3), 0, 3)
    check_keys(device, torch.float64, how_of("cauchy", "bitonic", 100), 1, 100)


def check_settings(device: str, setting: str) -> None:
    """The ways of long rows, wide payloads and large batches, on small ones."""
    with set_to(setting):
        for network in NETWORKS:
            check_keys(device, torch.float64, how_of("cauchy", network, 7), 3, 7)
            check_payload(device, torch.float64, how_of("logistic", network, 5), 2, 5, 11)


def check_options(device: str) -> None:
    """Fewer layers, fewer ranks, and what is shared by all rows."""
    for network in NETWORKS:
        for layers, ranks in ((0, None), (1, None), (2, None), (None, (3, 3)), (None, (0, 1)), (3, (4, 6))):
            how = how_of("reciprocal", network, 7, layers, ranks)
            check_keys(device, torch.float64, how, 2, 7)
            check_payload(device, torch.float64, how, 1, 7, 2)
        check_keys(device, torch.float64, how_of("optimal", network, 5), 3, 5, is_shared=True)
        check_payload(device, torch.float64, how_of("optimal", network, 5), 3, 5, 2, is_shared=True)


def check_layouts(device: str) -> None:
    """Batches of any shape, inputs in any order in memory, no batch at all."""
    how = how_of("cauchy", "odd_even", 4)
    x = numbers(4, 3, 2, seed=1, dtype=torch.float64).transpose(0, 2)
    payload = numbers(3, 2, 4, 5, seed=2, dtype=torch.float64).transpose(0, 1).transpose(2, 3)[..., ::2, :]
    payload = payload.transpose(2, 3)
    s = numbers(2, 3, seed=3, dtype=torch.float64).abs()
    found = provider_triton.sort(x.to(device), s.to(device), how)
    torch.testing.assert_close(found.cpu(), plain(x, s, how).keys)
    found = provider_triton.carry(x.to(device), s.to(device), payload.to(device), how, False)
    torch.testing.assert_close(found.cpu(), plain(x, s, how).carry(payload))
    row, one = x[0, 0].to(device), s[0, 0].to(device)
    torch.testing.assert_close(provider_triton.sort(row, one, how).cpu(), plain(x, s, how).keys[0, 0])
    g_x, g_s = provider_triton.sort_gradient(row, one.reshape(1), row, how, True)
    assert g_x.shape == (4,)
    assert g_s.shape == (1,)
    assert provider_triton.sort_gradient(row, one, row, how, True)[1].shape == ()


def check_far_keys(device: str) -> None:
    """Keys stay apart, differences beyond the largest number are taken for it, and ties keep their order."""
    steepness = torch.tensor([1e3], device=device)
    far = torch.tensor([1e8, 3.0, -1e8, 2.0, 1.0], device=device)
    for distribution in ("logistic", "gaussian", "optimal", "hard"):
        y = provider_triton.sort(far, steepness, how_of(distribution, "odd_even", 5))
        torch.testing.assert_close(y.cpu(), torch.tensor([-1e8, 1.0, 2.0, 3.0, 1e8]), rtol=1e-6, atol=1e-2)
    for dtype in (torch.float32, torch.float64):
        most = torch.finfo(dtype).max
        x = torch.tensor([[most, -most, 1.0, 0.0, most]], dtype=dtype, device=device)
        ones = torch.ones_like(x)
        for distribution in DISTRIBUTIONS:
            how = how_of(distribution, "bitonic", 5)
            for size in (1e-30, 1.0, 1e30):
                s = torch.full((1,), size, dtype=dtype, device=device)
                tiles = x.unsqueeze(-1) / most
                results = [
                    provider_triton.sort(x, s, how),
                    *provider_triton.sort_gradient(x, s, ones, how, True)[:1],
                    provider_triton.carry(x, s, tiles, how, False),
                ]
                assert all(each.isfinite().all() for each in results), (distribution, size, results)
    tie = torch.tensor([[2.0, 1.0, 1.0, 1.0]], device=device)
    order = torch.arange(4.0, device=device).unsqueeze(-1)
    carried = provider_triton.carry(tie, steepness, order, how_of("hard", "odd_even", 4), False)
    assert carried.flatten().tolist() == [1.0, 2.0, 3.0, 0.0]


def check_rows_alone(device: str) -> None:
    """A row has the same bits in any batch."""
    x = numbers(9, 6, seed=1, dtype=torch.float32).to(device)
    s = x[:, 0].abs() + 1
    payload = numbers(9, 6, 3, seed=2, dtype=torch.float32).to(device)
    for network in NETWORKS:
        how = how_of("cauchy", network, 6)

        def run(rows: slice) -> list[Tensor]:
            given = x[rows], s[rows]
            found = [*provider_triton.sort_gradient(*given, given[0], how, True)]  # noqa: B023
            found.append(provider_triton.sort(*given, how))  # noqa: B023
            found += provider_triton.carry_gradient(*given, payload[rows], payload[rows], how, True, True)  # noqa: B023
            return found

        together = run(slice(None))
        for rows in (slice(0, 1), slice(3, 6), slice(8, 9)):
            assert all(torch.equal(a[rows], b) for a, b in zip(together, run(rows), strict=True))


@triton.jit
def _tails(z, out, count, kind: tl.constexpr, size: tl.constexpr):
    place = tl.arange(0, size)
    t, f, f2 = tail(kind, tl.load(z + place, mask=place < count, other=0.0))
    tl.store(out + place, t, mask=place < count)
    tl.store(out + count + place, f, mask=place < count)
    tl.store(out + 2 * count + place, f2, mask=place < count)


def check_tails(device: str) -> None:
    """Far tails keep their digits; at the largest number nothing overflows."""
    limits = {torch.float32: (6e-6, 1e-30), torch.float64: (5e-13, 1e-290)}
    for dtype, (relative, least) in limits.items():
        near = torch.linspace(0, 12, 200, dtype=dtype)
        most = torch.finfo(dtype).max
        z = torch.cat([near, torch.tensor([20.0, 30.0, 37.0, 80.0, 600.0, 1e4, 1e12, most], dtype=dtype)])
        for kind, distribution in DISTRIBUTIONS.items():
            out = torch.full((3, len(z)), torch.nan, dtype=dtype, device=device)
            launch: Any = _tails[(1,)]
            launch(z.to(device), out, len(z), kind=kind, size=256)
            assert out.isfinite().all(), kind
            leaf = z[:-1].double().requires_grad_()
            if kind == "hard":
                assert not out.any()
                continue
            t = distribution.weights(leaf)[1]
            (f,) = torch.autograd.grad(-t.sum(), leaf, create_graph=True)
            (f2,) = torch.autograd.grad(f.sum(), leaf)
            for found, right in zip(out.cpu().double(), (t, f, f2), strict=True):
                right = right.detach()
                # The plain logistic is cut off at z = 350, float32 has no small numbers, and the second
                # derivative, which may jump at 0, is small there beside the first one.
                is_seen = (right.abs() > least) & (leaf > 0) & (leaf < 340)
                scale = right.abs().maximum(0.1 * f.detach())
                error = ((found[:-1] - right) / scale)[is_seen].abs().max().item()
                assert error < relative, (kind, dtype, error)


CHECKS: dict[str, Callable[[str], None]] = {
    **{name: partial(check_distribution, distribution=name) for name in DISTRIBUTIONS},
    **{name: partial(check_settings, setting=name) for name in SETTINGS},
    "sizes": check_sizes,
    "options": check_options,
    "layouts": check_layouts,
    "far keys": check_far_keys,
    "rows alone": check_rows_alone,
    "tails": check_tails,
}


WHOLE_NUMBERS = {
    *("begin", "rows", "n", "columns", "chunks", "layers", "stretch", "stretches", "groups"),
    *("s_stride", "v_s_stride", "t_stride", "g_stride", "v_t_stride", "v_g_stride"),
}


def compile_all(dtype: str) -> int:
    """Compile for two GPUs; the number of kernels."""
    keys, tiles = kernels_triton, payload_kernels_triton
    short = {"padded": 16, "is_shuffled": True}
    long = {"padded": 128, "is_shuffled": False}
    key_forms = (("cauchy", {**short, "together": 4}, 1), ("gaussian", {**long, "together": 1}, 2))
    tile_forms = (("cauchy", {**short, "width": 4}, 1), ("gaussian", {**long, "width": 8}, 4))
    jobs: list[tuple[Any, dict[str, Any], int]] = [
        (keys.sort, {**shape, "kind": kind}, warps) for kind in DISTRIBUTIONS for _, shape, warps in key_forms
    ]
    for is_mixed, (kind, shape, warps) in zip((True, False), key_forms, strict=True):
        constants = {**shape, "kind": kind, "is_mixed": is_mixed}
        jobs += [(keys.sort_gradient, constants, warps), (keys.sort_curvature, constants, warps)]
    for asked, (kind, shape, warps) in zip((True, False), tile_forms, strict=True):
        constants = {**shape, "kind": kind}
        by = {"is_mixed": True, "by_payload": True, "by_g": asked}
        jobs += [(tiles.carry, constants, warps), (tiles.carry_dual, constants, warps)]
        jobs += [(tiles.carry_back, constants | by, warps)]
    back = {"is_mixed": False, "by_payload": True, "by_g": False}
    jobs += [(tiles.carry_back, {**short, "width": 4, "kind": "hard"} | back, 1)]
    for kernel, constants, warps in jobs:
        for capability in (80, 90):
            _compile(kernel, dtype, constants, warps, capability)
    return len(jobs)


def _compile(kernel: Any, dtype: str, constants: dict[str, Any], warps: int, capability: int) -> None:
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    pointers = {"steps": "*i64"}
    signature = {
        name: "constexpr" if name in constants else pointers.get(name, f"*{dtype}")
        for name in kernel.arg_names
    }
    signature |= dict.fromkeys(WHOLE_NUMBERS & signature.keys(), "i32")
    source = ASTSource(fn=kernel, signature=signature, constexprs=constants)
    options = {"num_warps": warps, "num_stages": 1}
    compiled = triton.compile(source, target=GPUTarget("cuda", capability, 32), options=options)
    assert compiled.asm["cubin"]
    # What threads write to memory and others read is not to be read through the cache that knows no writes.
    assert "ld.global.nc" not in compiled.asm["ptx"]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if sys.argv[1] == "compile":
        print(compile_all(sys.argv[2]))
    else:
        for name in sys.argv[1:]:
            CHECKS[name]("cpu")
