"""Modules under torch.compile, torch.export, torch.func and torch.fx; a toy backend runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
import torch._dynamo.testing
from torch.fx.experimental.proxy_tensor import make_fx

import whilec
from tests.unit.module.toy_backend import TEXT

A, X = torch.rand(5, 3), torch.rand(5)


@pytest.fixture
def toy(register: Callable[..., None]) -> Iterator[whilec.WhileModule]:
    register(toy="Toy")
    torch._dynamo.reset()
    yield whilec.compile_source(TEXT, backend="toy")
    torch._dynamo.reset()


def check(got: torch.Tensor, steepness: float = 1.0) -> None:
    y, b = got
    assert torch.allclose(y, 2 * steepness * X)
    assert torch.allclose(b, A * X[:, None])


def test_compiled_as_one_graph_before_the_first_call(toy: whilec.WhileModule) -> None:
    compiled = torch.compile(toy, fullgraph=True, backend="eager")
    check(compiled(A, X))
    check(compiled(x=X, a=A))
    toy.steepness = 3.0
    check(compiled(A, X), 3.0)
    assert compiled(A[0, :2], torch.tensor(1.0)).b.shape == (2,)
    compiled(A, X).y.sum().backward()
    assert toy.w.grad.item() == pytest.approx(3 * X.sum().item())


def test_compiled_for_any_number_of_rows(toy: whilec.WhileModule) -> None:
    compiled = torch.compile(toy, fullgraph=True, backend="eager", dynamic=True)
    for rows in (4, 5, 6):
        assert compiled(torch.rand(rows, 3), torch.rand(rows)).b.shape == (rows, 3)


@pytest.mark.parametrize("strict", [False, True])
def test_exported_for_any_number_of_rows(toy: whilec.WhileModule, strict: bool) -> None:
    rows = torch.export.Dim("rows")
    shapes = {"values": ({0: rows}, {0: rows})}
    program = torch.export.export(toy, (A, X), dynamic_shapes=shapes, strict=strict)
    check(program.module()(A, X))
    assert program.module()(torch.rand(7, 3), torch.rand(7)).b.shape == (7, 3)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_function_transforms(toy: whilec.WhileModule) -> None:
    check(torch.vmap(toy)(A, X))
    assert torch.func.jacrev(lambda x: toy(A, x).y)(X).diagonal().tolist() == [2.0] * 5
    assert torch.func.jacfwd(lambda x: toy(A, x).y)(X).diagonal().tolist() == [2.0] * 5
    assert torch.func.hessian(lambda x: toy(A, x).b.square().sum())(X).shape == (5, 5)
    check(make_fx(toy)(A, X)(A, X))


def test_a_leaf_for_symbolic_traces(toy: whilec.WhileModule) -> None:
    class Halves(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.toy = toy

        def forward(self, a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
            return self.toy(a, x=x).y / 2

    traced = torch.fx.symbolic_trace(Halves())
    assert [node.op for node in traced.graph.nodes].count("call_module") == 1
    assert torch.allclose(traced(A, X), X)


# TorchDynamo itself looks at `grad` of the tensors between the graphs.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
@pytest.mark.parametrize("backend", ["interpreter", "torch"])
def test_what_cannot_be_traced_runs_between_two_graphs(backend: str) -> None:
    torch._dynamo.reset()
    module = whilec.compile_source("WHILE x1 != 0 DO x1 := x1 - 1 x0 := x0 + x2 END", backend=backend)
    graphs = torch._dynamo.testing.CompileCounter()
    compiled = torch.compile(module, backend=graphs)
    for scale in (1.0, 2.0, 3.0):
        x1 = torch.tensor([scale, scale / 2], requires_grad=True)
        got = compiled(x1, 2.0)
        assert torch.equal(got, module(x1, 2.0))
        assert torch.autograd.grad(got.sum(), x1)[0].abs().sum() > 0
    assert graphs.frame_count <= 2
    torch._dynamo.reset()
