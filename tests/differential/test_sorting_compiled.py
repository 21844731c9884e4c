"""Sorting kernels in programs that torch.compile and torch.export record, against the plain version."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad

from algonet_runtime import SoftSort, soft_permutation, soft_rank, soft_sort, soft_sort_by, soft_topk
from algonet_runtime.errors import DerivativeError

pytest.importorskip("numba", reason="kernels need numba")

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")


@pytest.fixture(autouse=True)
def _kernels_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGONET_KERNELS", "auto")
    torch.compiler.reset()


def _random(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _compiled(function: Any) -> Any:
    return torch.compile(function, fullgraph=True, backend="aot_eager")


MODULE = SoftSort(steepness=3.0)

FUNCTIONS = {
    "sort": lambda x, t: soft_sort(x, network="bitonic"),
    "auto": lambda x, t: soft_sort(x, steepness="auto"),
    "module": lambda x, t: MODULE(x),
    "rank": lambda x, t: soft_rank(x, descending=True),
    "permutation": lambda x, t: soft_permutation(x, distribution="logistic"),
    "sort_by": lambda x, t: soft_sort_by(x, t, trailing=1),
    "one payload": lambda x, t: soft_sort_by(x, t[0], trailing=1),
    "topk": lambda x, t: torch.cat(soft_topk(x, 2), -1),
    "masked": lambda x, t: soft_sort(x, mask=x > 0),
}


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_compiled_values_and_gradients(name: str) -> None:
    function = FUNCTIONS[name]
    found: list[tuple[Tensor, ...]] = []
    for run in (function, _compiled(function)):
        inputs = (_random(4, 6, seed=1).requires_grad_(), _random(4, 6, 3, seed=2).requires_grad_())
        y = run(*inputs)
        found.append((y, *torch.autograd.grad(y.square().sum(), inputs, allow_unused=True)))
    for wanted, got in zip(*found, strict=True):
        torch.testing.assert_close(got, wanted)


def test_compiled_for_any_size_and_steepness() -> None:
    anyhow = torch.compile(soft_sort, fullgraph=True, dynamic=True, backend="aot_eager")
    annealed = _compiled(lambda x, s: soft_sort(x, steepness=s))
    for step, shape in enumerate(((2, 5), (3, 5), (3, 7))):
        x = _random(*shape, seed=11)
        torch.testing.assert_close(anyhow(x), soft_sort(x))
        torch.testing.assert_close(annealed(x, 5.0 + step), soft_sort(x, steepness=5.0 + step))


def test_a_compiled_program_calls_the_kernel() -> None:
    called: list[str] = []

    def backend(graph: torch.fx.GraphModule, _: Any) -> Any:
        called.extend(str(node.target) for node in graph.graph.nodes if node.op == "call_function")
        return graph

    torch.compile(soft_sort, fullgraph=True, backend=backend)(_random(3, 5, seed=3))
    assert "algonet.sort" in called


TRANSFORMS = {
    "jacfwd": lambda f, x: torch.func.jacfwd(f)(x),
    "jacrev": lambda f, x: torch.func.jacrev(f)(x),
    "hessian": lambda f, x: torch.func.hessian(lambda x: f(x).square().sum())(x),
    "vmap": lambda f, x: torch.func.vmap(f)(torch.stack([x, 2 * x])),
    "jvp": lambda f, x: torch.func.jvp(f, (x,), (x.cos(),))[1],
}


@pytest.mark.parametrize("name", list(TRANSFORMS))
@pytest.mark.parametrize("operation", [soft_sort, soft_rank])
def test_transforms_inside_and_outside(name: str, operation: Any) -> None:
    x, transform = _random(6, seed=4), TRANSFORMS[name]
    wanted = transform(operation.reference, x)
    torch.testing.assert_close(_compiled(lambda x: transform(operation, x))(x), wanted)
    compiled = torch.compile(operation, backend="aot_eager")
    torch.testing.assert_close(compiled(x), operation.reference(x))
    if name != "hessian":  # torch.compile has no second derivatives, and says so
        torch.testing.assert_close(transform(compiled, x), wanted)


def test_forward_mode_inside_and_outside() -> None:
    x = _random(3, 6, seed=5)

    def tangent(f: Any) -> Any:
        def run(x: Tensor) -> Tensor | None:
            with forward_ad.dual_level():
                return forward_ad.unpack_dual(f(forward_ad.make_dual(x, x.cos()))).tangent

        return run

    wanted = tangent(soft_sort.reference)(x)
    torch.testing.assert_close(_compiled(tangent(soft_sort))(x), wanted)
    torch.compiler.reset()
    compiled = torch.compile(soft_sort, backend="aot_eager")
    torch.testing.assert_close(tangent(compiled)(x), wanted)
    torch.compiler.reset()
    compiled(x)
    with pytest.raises(DerivativeError, match="compiled outside of forward mode"):
        tangent(compiled)(x)


def test_an_exported_program_needs_nothing_of_this_library() -> None:
    class Sorter(torch.nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return soft_sort(x)

    x = _random(3, 5, seed=6)
    program = torch.export.export(Sorter(), (x,))
    assert not any("algonet" in str(node.target) for node in program.graph.nodes)
    torch.testing.assert_close(program.module()(x), soft_sort.reference(x))


def test_operations_are_registered_as_torch_wants_them() -> None:
    """Schemas, fakes and derivatives, by torch's own checks."""
    from algonet_runtime.sorting.operations import recorded

    x, g = _random(3, 5, seed=7).requires_grad_(), _random(3, 5, seed=8).requires_grad_()
    steepness = _random(3, seed=9).abs().requires_grad_()
    t = _random(3, 5, 2, seed=10).requires_grad_()
    how = ("cauchy", "odd_even", 5, 0, 4)
    for operation, args in (
        (recorded.sort, (x, steepness, *how)),
        (recorded.sort_gradient, (x, steepness, g, *how, True)),
        (recorded.carry, (x, steepness, t, *how, False)),
        (recorded.carry, (x, steepness, t[0].detach(), *how, True)),
        (recorded.carry_gradient, (x, steepness, t, t.detach() + 1, *how, True, False)),
        (recorded.carry_gradient, (x, steepness, t, t.detach() + 1, *how, False, True)),
    ):
        torch.library.opcheck(operation.default, args)
