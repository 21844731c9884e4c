"""Kernels of networks that move payloads against the plain version: values and derivatives."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from algonet_runtime import (
    soft_median,
    soft_permutation,
    soft_quantile,
    soft_rank,
    soft_sort,
    soft_sort_by,
    soft_topk,
)
from algonet_runtime.dispatch import explain_dispatch
from algonet_runtime.errors import DerivativeError
from algonet_runtime.relax.distribution import DISTRIBUTIONS
from algonet_runtime.sorting.network import NETWORKS

pytest.importorskip("numba", reason="kernels need numba")

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

SIZES = (0, 1, 2, 3, 7, 10, 37, 64, 100)
TOLERANCE = {torch.float64: 2e-12, torch.float32: 5e-6}
"""Relative to the largest number of the result, besides four times the error of the plain version.

The right result is the plain version's in float64; distributions that are not monotone amplify rounding.
"""

COLUMNS = 5
OPERATIONS = {
    "permutation": lambda run, x, t, **options: run(soft_permutation)(x, **options),
    "rank": lambda run, x, t, **options: run(soft_rank)(x, **options),
    "sort_by": lambda run, x, t, **options: run(soft_sort_by)(x, t, trailing=1, **options),
    "topk": lambda run, x, t, **options: run(soft_topk)(x, (x.shape[-1] + 2) // 3, **options)[1],
}


@pytest.fixture(autouse=True)
def _kernels_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGONET_KERNELS", "auto")


def _kernel(operation: Any) -> Any:
    return operation


def _reference(operation: Any) -> Any:
    return operation.reference


def _random(*shape: int, seed: int, dtype: torch.dtype = torch.float64) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def _derivatives(
    run: Any, name: str, x: Tensor, t: Tensor, steepness: Tensor, options: dict[str, Any]
) -> list[Tensor]:
    """Values, gradients by keys, payload and steepness, and second derivatives by these and the cotangent."""
    inputs = [each.clone().requires_grad_() for each in (x, t, steepness)]
    y = OPERATIONS[name](run, inputs[0], inputs[1], steepness=inputs[2], **options)
    if not y.requires_grad:  # the plain matrix of one key is a constant
        return [y]
    g = _random(*y.shape, seed=1, dtype=y.dtype).requires_grad_()
    first = torch.autograd.grad(y, inputs, g, create_graph=True, allow_unused=True, materialize_grads=True)
    scalar = torch.stack(
        [(each * _random(*each.shape, seed=k, dtype=x.dtype)).sum() for k, each in enumerate(first)]
    ).sum()
    if not scalar.requires_grad:
        return [y, *first]
    second = torch.autograd.grad(scalar, (*inputs, g), allow_unused=True, materialize_grads=True)
    return [y, *first, *second]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize("distribution", list(DISTRIBUTIONS))
@pytest.mark.parametrize("name", list(OPERATIONS))
def test_kernel_has_the_values_and_derivatives_of_the_plain_version(
    name: str, distribution: str, network: str, dtype: torch.dtype
) -> None:
    for n in SIZES:
        x, t = _random(3, n, seed=n, dtype=dtype), _random(3, n, COLUMNS, seed=n + 1, dtype=dtype)
        steepness = _random(3, seed=9, dtype=dtype).abs() + 0.5
        options = {"network": network, "distribution": distribution}
        got = _derivatives(_kernel, name, x, t, steepness, options)
        wanted = _derivatives(_reference, name, x.double(), t.double(), steepness.double(), options)
        plain = _derivatives(_reference, name, x, t, steepness, options)
        # Second derivatives of the one are none; those of the other jump where rounding falls on either side.
        is_jump = distribution == "hard" or (distribution == "optimal" and dtype == torch.float32)
        for each, right, rounded in list(zip(got, wanted, plain, strict=False))[: 4 if is_jump else None]:
            if right.numel() == 0:
                assert each.shape == right.shape
                continue
            usual = (rounded.double() - right).abs().max().item()
            bound = TOLERANCE[dtype] * max(1.0, right.abs().max().item()) + 4 * usual
            torch.testing.assert_close(each.double(), right, rtol=0, atol=bound)


def test_kernel_is_what_runs() -> None:
    x = torch.ones(3, 4)
    for operation, args in ((soft_permutation, ()), (soft_rank, ()), (soft_sort_by, (x,)), (soft_topk, (2,))):
        asked = explain_dispatch(operation, x, *args)
        assert [each.kernel for each in asked if each.reason is None] == ["numba on cpu"]


@pytest.mark.parametrize("name", ["sort_by", "rank"])
def test_gradcheck_in_both_modes(name: str) -> None:
    x = torch.tensor([[0.3, -1.2, 0.3, 2.0, 0.9], [1.0, 1.0, 1.0, -3.0, 0.0]], dtype=torch.float64)
    steepness = torch.tensor([2.0, 0.7], dtype=torch.float64)
    t = _random(2, 5, 3, seed=3)
    inputs = tuple(
        each.requires_grad_() for each in ((x, t, steepness) if name == "sort_by" else (x, steepness))
    )

    def call(*given: Tensor) -> Tensor:
        return OPERATIONS[name](_kernel, given[0], given[1], steepness=given[len(given) - 1])

    assert torch.autograd.gradcheck(
        call, inputs, check_forward_ad=True, check_batched_grad=True, check_batched_forward_grad=True
    )
    assert torch.autograd.gradgradcheck(call, inputs)
    assert torch.autograd.gradgradcheck(call, inputs, check_fwd_over_rev=True)


def test_transforms_agree_with_the_plain_version() -> None:
    x, t = _random(3, 6, seed=4), _random(3, 6, 2, seed=5)
    s = torch.tensor([0.5, 2.0, 30.0], dtype=torch.float64)
    weights = torch.arange(6.0, dtype=torch.float64)

    def rank(run: Any) -> Any:
        return lambda x, s=2.0: (run(soft_rank)(x, steepness=s) ** 3 * weights).sum()

    def carry(run: Any) -> Any:
        return lambda x, t, s=2.0: (
            (run(soft_sort_by)(x, t, steepness=s, trailing=1) ** 3).sum(-1) * weights
        ).sum()

    func = torch.func
    for loss, transform in (
        (rank, lambda f: func.hessian(f)(x[0])),
        (rank, lambda f: func.hessian(f)(x)),
        (rank, lambda f: func.jacrev(func.jacrev(f))(x[0])),
        (rank, lambda f: func.jacrev(func.jacfwd(f))(x[0])),
        (rank, lambda f: func.vmap(func.grad(f))(x)),
        (rank, lambda f: func.vmap(func.hessian(f, argnums=(0, 1)))(x, s)),
        (rank, lambda f: func.vmap(func.vmap(func.grad(f)), in_dims=1)(x.reshape(3, 1, 6))),
        (carry, lambda f: func.hessian(f, argnums=(0, 1))(x[0], t[0])),
        (carry, lambda f: func.hessian(f, argnums=(0, 1))(x, t)),
        (carry, lambda f: func.hessian(f, argnums=(0, 1))(x, t[0])),
        (carry, lambda f: func.hessian(f, argnums=(0, 1))(x[0], t)),
        (carry, lambda f: func.jacrev(func.jacfwd(f, argnums=(0, 1)), argnums=(0, 1))(x[0], t[0])),
        (carry, lambda f: func.vmap(func.grad(f, argnums=(0, 1, 2)))(x, t, s)),
        (carry, lambda f: func.vmap(func.grad(f, argnums=(0, 1)), in_dims=(0, None))(x, t[0])),
        (carry, lambda f: func.vmap(func.grad(f, argnums=(0, 1)), in_dims=(None, 0))(x[0], t)),
        (carry, lambda f: func.vmap(func.grad(f, argnums=(0, 1)), in_dims=(None, 0))(x, t)),
        (carry, lambda f: func.vmap(func.hessian(f, argnums=(0, 1, 2)))(x, t, s)),
        (carry, lambda f: func.vmap(func.hessian(f, argnums=(0, 1)), in_dims=(None, 2))(x, t[..., None])),
    ):
        torch.testing.assert_close(
            transform(loss(_kernel)), transform(loss(_reference)), rtol=1e-9, atol=1e-9
        )


def test_vmap_of_a_payload_for_several_rows() -> None:
    keys, payload = _random(4, 3, 5, seed=20), _random(4, 5, seed=21)
    func = torch.func

    def loss(run: Any) -> Any:
        return lambda keys, payload: (run(soft_sort_by)(keys, payload) ** 2).sum()

    for transform in (
        lambda f: func.vmap(func.grad(f, argnums=(0, 1)))(keys, payload),
        lambda f: func.vmap(func.hessian(f, argnums=(0, 1)))(keys, payload),
        lambda f: func.vmap(func.grad(f, argnums=(0, 1)), in_dims=(None, 0))(keys[0], payload),
        lambda f: func.grad(lambda k, p: func.vmap(f)(k, p).sum(), argnums=(0, 1))(keys, payload),
        lambda f: func.vmap(func.vmap(func.grad(f, argnums=(0, 1)), in_dims=(0, None)))(keys, payload),
        lambda f: func.jacrev(func.jacfwd(f, argnums=(0, 1)), argnums=(0, 1))(keys[0], payload[0]),
    ):
        torch.testing.assert_close(
            transform(loss(_kernel)), transform(loss(_reference)), rtol=1e-9, atol=1e-9
        )


def test_payloads_of_any_batch_and_dtype() -> None:
    x, t = _random(2, 3, 5, seed=6), _random(3, 5, 2, 2, seed=7)
    for keys, payload, trailing in (
        (x, t, 2),
        (x, t[0], 2),
        (x[0, 0], t, 2),
        (x, x, 0),
        (x, t[..., :0], 2),
        (x[:0], t, 2),
    ):
        for key_type, payload_type in (
            (torch.float64, torch.float64),
            (torch.float32, torch.float64),
            (torch.float64, torch.float32),
            (torch.bfloat16, torch.bfloat16),
        ):
            given = (keys.to(key_type), payload.to(payload_type))
            got = soft_sort_by(*given, trailing=trailing)
            right = soft_sort_by.reference(*given, trailing=trailing)
            assert got.dtype == right.dtype == payload_type
            close = 1e-2 if key_type == torch.bfloat16 else 1e-6
            torch.testing.assert_close(got, right, rtol=close, atol=close)


def test_matrices_are_doubly_stochastic() -> None:
    x = _random(4, 33, seed=8, dtype=torch.float32)
    ones = torch.ones(4, 33)
    for network in NETWORKS:
        for distribution in DISTRIBUTIONS:
            matrix = _kernel(soft_permutation)(x, network=network, distribution=distribution)
            torch.testing.assert_close(matrix.sum(-1), ones, rtol=0, atol=1e-6)
            torch.testing.assert_close(matrix.sum(-2), ones, rtol=0, atol=1e-6)
            assert bool((matrix >= 0).all())


def test_rows_have_the_same_bits_in_any_batch() -> None:
    x, t = _random(75, 23, seed=5, dtype=torch.float32), _random(75, 23, 7, seed=6, dtype=torch.float32)
    for network in NETWORKS:

        def run(x: Tensor, t: Tensor) -> list[Tensor]:
            steepness = torch.full(x.shape[:-1], 3.0)
            inputs = [each.clone().requires_grad_() for each in (x, t, steepness)]
            options = {"steepness": inputs[2], "trailing": 1, "network": network}  # noqa: B023
            y = _kernel(soft_sort_by)(inputs[0], inputs[1], **options)
            g = torch.arange(7.0).expand(y.shape)
            first = torch.autograd.grad(y, inputs, g, create_graph=True)
            second = torch.autograd.grad([each.square().sum() for each in first], inputs)
            return [each.detach() for each in (y, *first, *second)]

        together = run(x, t)
        for rows in (slice(0, 1), slice(7, 12), slice(74, 75)):
            for whole, part in zip(together, run(x[rows], t[rows]), strict=True):
                assert torch.equal(whole[rows], part)


def test_third_derivative_is_refused_and_names_the_plain_version() -> None:
    x = torch.tensor([1.0, 0.5, 2.0], requires_grad=True)
    (first,) = torch.autograd.grad((soft_rank(x, steepness=2.0) ** 2)[0], x, create_graph=True)
    (second,) = torch.autograd.grad(first[0], x, create_graph=True)
    with pytest.raises(DerivativeError, match=r"third.*ALGONET_KERNELS=reference"):
        second[0].backward()
    with pytest.raises(DerivativeError, match=r"forward.*ALGONET_KERNELS=reference"):
        torch.func.jacfwd(torch.func.jacfwd(lambda x: soft_rank(x).square()))(torch.ones(3))


def test_long_networks_are_run_in_stretches() -> None:
    x, t = _random(2, 500, seed=8), _random(2, 500, 3, seed=9)
    steepness = torch.tensor([3.0, 5.0], dtype=torch.float64)
    for name in ("sort_by", "rank"):
        got = _derivatives(_kernel, name, x, t, steepness, {})
        for each, right in zip(got, _derivatives(_reference, name, x, t, steepness, {}), strict=True):
            bound = 1e-10 * max(1.0, right.abs().max().item())
            torch.testing.assert_close(each, right, rtol=0, atol=bound)


def test_one_payload_for_all_rows_gets_the_sum_of_their_gradients() -> None:
    x, t = _random(4, 6, seed=10), _random(6, 2, seed=11).requires_grad_()
    (got,) = torch.autograd.grad(soft_sort_by(x, t, trailing=1).square().sum(), t)
    (right,) = torch.autograd.grad(soft_sort_by.reference(x, t, trailing=1).square().sum(), t)
    torch.testing.assert_close(got, right)


MASKED = {
    "sort": lambda run, x, t, **options: run(soft_sort)(x, fill=-7.0, **options),
    "median": lambda run, x, t, **options: run(soft_median)(x, **options),
    "quantile": lambda run, x, t, **options: run(soft_quantile)(x, 0.3, **options),
    "permutation": lambda run, x, t, **options: run(soft_permutation)(x, **options),
    "rank": lambda run, x, t, **options: run(soft_rank)(x, fill=-7.0, **options),
    "sort_by": lambda run, x, t, **options: run(soft_sort_by)(x, t, trailing=1, **options),
    "topk": lambda run, x, t, **options: run(soft_topk)(x, 3, **options)[0],
    "membership": lambda run, x, t, **options: run(soft_topk)(x, 3, **options)[1],
}


@pytest.mark.parametrize("name", list(MASKED))
def test_rows_with_a_mask_have_their_own_networks(name: str) -> None:
    x, t = _random(4, 6, 9, seed=12), _random(4, 6, 9, 2, seed=13)
    mask = _random(4, 6, 9, seed=14) > -0.3
    mask[0, 0], mask[1, 1] = False, True
    steepness = _random(4, 6, seed=15).abs() + 0.5
    assert explain_dispatch(soft_sort, x, mask=mask)[0].reason is None
    cases: list[tuple[Tensor, Tensor, Tensor, dict[str, Any]]] = [
        (x, t, mask, {"steepness": steepness, "network": "bitonic"}),
        (x, t, mask, {"steepness": "auto"}),
        (x[0, 3], t[0, 3], mask[0, 3], {"layers": 2}),
        (x[:0], t[:0], mask[:0], {}),
    ]
    if name not in ("median", "quantile"):
        cases.append((x, t, mask, {"descending": True}))
    if name == "sort_by":
        cases += [(x[1], t, mask[1], {}), (x[0, 0], t, mask[0, 1], {}), (x, t[0, 0], mask, {})]
    for keys, payload, rows, options in cases:
        found: list[list[Tensor]] = []
        for run in (_kernel, _reference):
            inputs = [keys.clone().requires_grad_(), payload.clone().requires_grad_()]
            y = MASKED[name](run, *inputs, mask=rows, **options)
            g = _random(*y.shape, seed=16)
            first = torch.autograd.grad(y, inputs, g, allow_unused=True, materialize_grads=True)
            found.append([y, *first])
        for got, right in zip(*found, strict=True):
            torch.testing.assert_close(got, right)


def test_a_mask_in_a_transform() -> None:
    x = _random(5, 6, seed=17)
    mask = torch.tensor([True, False, True, True, True, False])
    rows = _random(5, 6, seed=18) > 0
    func = torch.func
    for transform in (
        lambda f: func.vmap(f, in_dims=(0, None))(x, mask),
        lambda f: func.vmap(f)(x, rows),
        lambda f: func.hessian(f)(x[0], mask),
        lambda f: func.vmap(func.hessian(f))(x, rows),
    ):

        def loss(run: Any) -> Any:
            return lambda x, mask: (run(soft_rank)(x, mask=mask) ** 3).sum()

        torch.testing.assert_close(transform(loss(_kernel)), transform(loss(_reference)))
