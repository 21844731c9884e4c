"""Derivatives of intrinsics: first and second against finite differences, and through torch's transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import algonet_runtime
from algonet_runtime.relax.distribution import DISTRIBUTIONS
from algonet_runtime.sorting.network import NETWORKS

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

runtime: Any = algonet_runtime

SMOOTH = [name for name, each in DISTRIBUTIONS.items() if each.permutation_class.order > 2]
MASK = torch.tensor([[True, False, True, True, True], [False, True, True, False, False]])
PAYLOAD = torch.tensor([[1.0, -2.0, 0.5, 3.0, 1.5], [0.3, 0.7, -1.1, 2.0, -0.4]], dtype=torch.float64)

OPERATIONS: dict[str, Callable[..., Any]] = {
    "soft_sort": runtime.soft_sort,
    "soft_sort descending": lambda x, **o: runtime.soft_sort(x, descending=True, **o),
    "soft_sort masked": lambda x, **o: runtime.soft_sort(x, mask=MASK, **o),
    "soft_sort_by": lambda x, **o: runtime.soft_sort_by(x, PAYLOAD, **o),
    "soft_sort_by payload": lambda x, **o: runtime.soft_sort_by(PAYLOAD, x, **o),
    "soft_sort_by masked": lambda x, **o: runtime.soft_sort_by(x, x * x, mask=MASK, **o),
    "soft_permutation": runtime.soft_permutation,
    "soft_permutation masked": lambda x, **o: runtime.soft_permutation(x, mask=MASK, **o),
    "soft_rank": runtime.soft_rank,
    "soft_rank masked": lambda x, **o: runtime.soft_rank(x, mask=MASK, **o),
    "soft_topk": lambda x, **o: torch.cat(runtime.soft_topk(x, 2, **o), -1),
    "soft_topk masked": lambda x, **o: torch.cat(runtime.soft_topk(x, 2, mask=MASK, **o), -1),
    "soft_quantile": lambda x, **o: runtime.soft_quantile(x, 0.3, **o),
    "soft_median": runtime.soft_median,
    "soft_median masked": lambda x, **o: runtime.soft_median(x, mask=MASK, **o),
}
OTHERS: dict[str, Callable[[Tensor], Any]] = {
    "fast median": lambda x: runtime.soft_median(x, method="fast", degree=2, steepness=1.5),
    "fast median masked": lambda x: runtime.soft_median(x, method="fast", steepness=1.5, mask=MASK),
    "soft_max": lambda x: runtime.soft_max(x, steepness=2.0),
    "soft_min": lambda x: runtime.soft_min(x, steepness=2.0),
    "soft_max weights": lambda x: runtime.soft_max(PAYLOAD, weights=x.square()),
    "soft_min weighted": lambda x: runtime.soft_min(x, weights=PAYLOAD.abs()),
    "weighted_softmax": lambda x: runtime.weighted_softmax(x, PAYLOAD.abs()),
    "weighted_softmin by weights": lambda x: runtime.weighted_softmin(PAYLOAD, x.square()),
    "finite_differences": lambda x: runtime.finite_differences(x, dims=(0, 1), center=True, pad="replicate"),
    "finite_differences of second order": lambda x: runtime.finite_differences(x, order=2, pad="circular"),
    "steepness": lambda x: runtime.soft_sort(PAYLOAD, steepness=x.square().sum(-1)),
    "steepness of ranks": lambda x: runtime.soft_rank(PAYLOAD, steepness=x.square().sum(-1)),
    "relative steepness": lambda x: runtime.soft_sort(x, steepness="auto", distribution="logistic"),
    "relative steepness masked": lambda x: runtime.soft_sort(x, steepness="auto", mask=MASK),
}


def keys() -> Tensor:
    found = torch.tensor([[0.3, -0.9, 1.1, 0.2, -0.1], [0.5, 0.4, -0.6, 1.3, 0.9]], dtype=torch.float64)
    return found.requires_grad_()


WHOLE = ("soft_sort", "soft_permutation")
"""Operations whose every variant is checked each time; of the others, one is, and all on demand."""


def variants(distributions: list[str]) -> list[Any]:
    """Operation, network and distribution."""
    return [
        pytest.param(
            operation,
            network,
            distribution,
            marks=() if operation in WHOLE or (network, distribution) == first else pytest.mark.slow,
        )
        for operation in OPERATIONS
        for network in NETWORKS
        for distribution in distributions
        for first in [("odd_even", distributions[-1])]
    ]


@pytest.mark.parametrize(("operation", "network", "distribution"), variants(SMOOTH))
def test_first_and_second_derivatives(operation: str, network: str, distribution: str) -> None:
    def function(x: Tensor) -> Any:
        return OPERATIONS[operation](x, steepness=2.0, network=network, distribution=distribution)

    assert torch.autograd.gradcheck(function, keys(), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function, keys())


@pytest.mark.parametrize(("operation", "network", "distribution"), variants(["reciprocal", "optimal"]))
def test_derivatives_between_kinks(operation: str, network: str, distribution: str) -> None:
    """Of these the second derivative jumps where keys, steepened, are 0 or 1/4 apart."""

    def function(x: Tensor) -> Any:
        return OPERATIONS[operation](x, steepness=0.9, network=network, distribution=distribution)

    assert torch.autograd.gradcheck(function, keys())
    assert torch.autograd.gradgradcheck(function, keys(), atol=1e-4)


@pytest.mark.parametrize("operation", OTHERS)
def test_derivatives_of_others(operation: str) -> None:
    assert torch.autograd.gradcheck(OTHERS[operation], keys(), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(OTHERS[operation], keys())


@pytest.mark.parametrize("distribution", SMOOTH)
@pytest.mark.parametrize("network", NETWORKS)
def test_derivatives_at_ties(network: str, distribution: str) -> None:
    """Keys that meet: with min and max in the place of blends the second derivative would be 0."""
    x = torch.tensor([0.4, 0.4, -1.0, 0.4], dtype=torch.float64, requires_grad=True)

    def function(x: Tensor) -> Any:
        return runtime.soft_sort(x, steepness=2.0, network=network, distribution=distribution)

    assert torch.autograd.gradcheck(function, x)
    assert torch.autograd.gradgradcheck(function, x)
    weights = torch.arange(4, dtype=torch.float64)
    hessian = torch.func.hessian(lambda x: (function(x) * weights).sum())(x.detach())
    assert hessian.abs().max() > 0.1


@pytest.mark.parametrize("operation", [*OPERATIONS, *OTHERS])
def test_transforms(operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """vmap over a further dimension, jvp and, of the plain version, the third derivative."""
    function = OPERATIONS.get(operation) or OTHERS[operation]
    x = keys().detach()
    several = torch.stack([x, x + 0.1, 2 * x])
    mapped = torch.vmap(function)(several)
    for each, alone in zip(mapped, several, strict=True):
        assert torch.allclose(each, function(alone), rtol=1e-12, atol=1e-14)
    direction = torch.linspace(-1, 1, x.numel(), dtype=x.dtype).reshape(x.shape)
    value, tangent = torch.func.jvp(function, (x,), (direction,))[:2]
    ahead, behind = function(x + 1e-6 * direction), function(x - 1e-6 * direction)
    assert torch.allclose(tangent, (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-7)
    weights = torch.linspace(0.5, 1.5, value.numel(), dtype=x.dtype).reshape(value.shape)

    def line(t: Tensor) -> Tensor:
        return (function(x + t * direction) * weights).sum()

    monkeypatch.setenv("ALGONET_KERNELS", "reference")
    second = torch.func.grad(torch.func.grad(line))
    third = torch.func.grad(second)(torch.zeros((), dtype=x.dtype))
    step = torch.tensor(1e-5, dtype=x.dtype)
    assert torch.allclose(third, (second(step) - second(-step)) / 2e-5, rtol=1e-4, atol=1e-4)


COMPILED = (
    "soft_sort",
    "soft_permutation masked",
    "fast median",
    "weighted_softmax",
    "relative steepness masked",
)
"""Compiled each time; the others on demand."""


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(name, marks=() if name in COMPILED else pytest.mark.slow)
        for name in (*OPERATIONS, *OTHERS)
    ],
)
def test_compiled_whole(operation: str) -> None:
    torch._dynamo.reset()
    function = OPERATIONS.get(operation) or OTHERS[operation]
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    results: list[Tensor] = []
    for each in (function, compiled):
        x = keys()
        y = each(x)
        weights = torch.linspace(0.5, 1.5, y.numel(), dtype=x.dtype).reshape(y.shape)
        (y * weights).sum().backward()
        assert x.grad is not None
        results += [y.detach(), x.grad]
    assert torch.allclose(results[0], results[2], rtol=1e-12, atol=1e-14)
    assert torch.allclose(results[1], results[3], rtol=1e-10, atol=1e-12)
