"""Unrolled modules under everything that records or transforms torch code; recurrent ones compiled.

One program has all that is hard to trace: loops within choices and loops, soft indices, PARAMs, arrays
and several outputs; another one has the roots and powers, whose derivatives are functions of our own.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

import whilec

TEXT = """
PROGRAM p(a: real[n], x: real, m: real) -> y: real, b: real[n]
PARAM w: real = 0.8
VAR t: real[2] = 1.0
WHILE m > 0.2 DO
  IF x > 1 THEN
    WHILE y > 2.5 DO y := y - w END
  ELSE
    y := y + x * m
  END
  t[x] := t[x] + y
  m := m - 1
END
FOR i FROM 0 TO n - 1 DO b[i] := max(a[i], y) + t[0] END
"""
ROOTS = """
PROGRAM p(a: real[n], x: real, m: real) -> y: real, b: real[n]
PARAM w: real = 0.8
LOOP m DO y := y + sqrt(x) + pow(m, w) END
FOR i FROM 0 TO n - 1 DO b[i] := pow(a[i], 2) + sqrt(exp(y)) END
"""
TRIPS = (2, 1)

A = torch.linspace(-1, 1, 10, dtype=torch.float64).reshape(5, 2)
X = torch.linspace(0.3, 1.7, 5, dtype=torch.float64)
M = torch.linspace(0.5, 2.4, 5, dtype=torch.float64)
BATCH = A, X, M

pytestmark = [
    # Few copies are part of the test.
    pytest.mark.filterwarnings("ignore::whilec.LoopWarning"),
    # TorchDynamo itself looks at `grad` of the tensors between the graphs.
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`torch.jit.script.*` is deprecated:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def unrolled(smooth: Any) -> whilec.WhileModule:
    return whilec.compile_source(TEXT, smooth=smooth, graph="unrolled", trips=TRIPS, dtype=torch.float64)


def roots() -> whilec.WhileModule:
    return whilec.compile_source(ROOTS, smooth=1, graph="unrolled", trips=2, dtype=torch.float64)


BOTH = {"0": lambda: unrolled(0), "inf": lambda: unrolled("inf"), "roots": roots}
OFTEN = {(1, "aot_eager", False), ("inf", "eager", True)}
"""Ways to compile a recurrent module that every run of the tests takes; the others on demand."""

modules = pytest.mark.parametrize("make", BOTH.values(), ids=BOTH)


def batch(rows: int) -> tuple[torch.Tensor, ...]:
    """Other numbers than those of `BATCH`."""
    angles = torch.arange(rows, dtype=torch.float64)
    return torch.stack([angles.sin(), angles.cos()], 1), 1 + 0.7 * angles.sin(), 1.4 + angles.cos()


def check_same(got: Any, want: Any, tolerance: float = 1e-12) -> None:
    assert len(got) == len(want)
    for ours, theirs in zip(got, want, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def gradients(function: Callable[..., Any], arguments: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    """Of a weighted sum of both outputs by all inputs."""
    leaves = [each.clone().requires_grad_() for each in arguments]
    y, b = function(*leaves)
    weights = torch.linspace(1.0, 2.0, b.numel(), dtype=torch.float64).reshape(b.shape)
    return list(torch.autograd.grad(y.sum() + (weights * b).sum(), leaves))


def scalar(module: Callable[..., Any]) -> Callable[..., torch.Tensor]:
    def function(*arguments: torch.Tensor) -> torch.Tensor:
        y, b = module(*arguments)
        return y.square().sum() + 0.3 * b.square().sum()

    return function


def check_compiled(module: whilec.WhileModule, compiled: Callable[..., Any]) -> None:
    check_same(compiled(*BATCH), module(*BATCH))
    check_same(gradients(compiled, BATCH), gradients(module, BATCH), 1e-10)


@pytest.mark.parametrize(
    ("name", "backend"),
    [
        *((name, "eager") for name in BOTH),
        ("roots", "aot_eager"),
        *(pytest.param(name, "aot_eager", marks=pytest.mark.slow) for name in ("0", "inf")),
    ],
)
def test_compiled_as_one_graph(name: str, backend: str) -> None:
    module = BOTH[name]()
    check_compiled(module, torch.compile(module, fullgraph=True, backend=backend))


def test_compiled_again_for_another_steepness() -> None:
    module = unrolled(1)
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    for module.steepness in (1.0, 2.0):
        check_same(compiled(*BATCH), module(*BATCH))


def test_compiled_for_any_number_of_rows() -> None:
    module = unrolled(1)
    compiled = torch.compile(module, fullgraph=True, backend="eager", dynamic=True)
    for rows in (4, 5, 7):
        check_same(compiled(*batch(rows)), module(*batch(rows)))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")
@modules
def test_compiled_by_inductor(make: Callable[[], whilec.WhileModule]) -> None:
    module = make()
    compiled = torch.compile(module, fullgraph=True)
    for arguments in (BATCH, batch(3)):
        check_same(compiled(*arguments), module(*arguments), 1e-11)
        check_same(gradients(compiled, arguments), gradients(module, arguments), 1e-9)


def reloaded(module: whilec.WhileModule, **options: Any) -> Any:
    """Exported before the first call, saved, and loaded."""
    file = io.BytesIO()
    torch.export.save(torch.export.export(module, BATCH, **options), file)
    file.seek(0)
    return torch.export.load(file).module()


@pytest.mark.slow
@modules
@pytest.mark.parametrize("strict", [False, True])
def test_exported_for_any_number_of_rows(make: Callable[[], whilec.WhileModule], strict: bool) -> None:
    module = make()
    rows = torch.export.Dim("rows")
    loaded = reloaded(module, dynamic_shapes={"values": ({0: rows}, {0: rows}, {0: rows})}, strict=strict)
    assert dict(loaded.named_parameters()).keys() == dict(module.named_parameters()).keys()
    for arguments in (BATCH, batch(2), batch(8)):
        check_same(loaded(*arguments), module(*arguments))


@pytest.mark.parametrize("strict", [False, True])
def test_exported_with_gradients(strict: bool) -> None:
    module = roots()
    loaded = reloaded(module, strict=strict)
    check_same(loaded(*BATCH), module(*BATCH))
    check_same(gradients(loaded, BATCH), gradients(module, BATCH))
    zero = A, torch.zeros(5, dtype=torch.float64), torch.zeros(5, dtype=torch.float64)
    check_same(loaded(*zero), module(*zero))
    assert all(bool(gradient.isfinite().all()) for gradient in gradients(loaded, zero))


def test_the_device_of_new_tensors_does_not_matter() -> None:
    module = unrolled(1)
    with torch.device("meta"):
        got = module(*BATCH)
    check_same(got, unrolled(1)(*BATCH))


@modules
def test_vectorised(make: Callable[[], whilec.WhileModule]) -> None:
    module = make()
    check_same(torch.vmap(module)(*BATCH), module(*BATCH))
    nested = torch.vmap(torch.vmap(module, in_dims=(0, None, None)), in_dims=(None, 0, 0))(*BATCH)
    check_same([nested.y.diagonal()], [module(*BATCH).y])


@modules
def test_derivatives_of_functions(make: Callable[[], whilec.WhileModule]) -> None:
    module = make()
    function = scalar(module)
    leaves = [each.clone().requires_grad_() for each in BATCH]
    want = torch.autograd.grad(function(*leaves), leaves)
    check_same(torch.func.grad(function, (0, 1, 2))(*BATCH), want, 1e-11)
    tangents = tuple(torch.cos(each) for each in BATCH)
    value, tangent = torch.func.jvp(function, BATCH, tangents)[:2]
    check_same([value], [function(*BATCH)])
    change = sum((g * t).sum() for g, t in zip(want, tangents, strict=True))
    check_same([tangent], [change], 1e-11)
    value, pull = torch.func.vjp(function, *BATCH)[:2]
    check_same(pull(torch.ones_like(value)), want, 1e-11)


@modules
def test_second_derivatives_of_functions(make: Callable[[], whilec.WhileModule]) -> None:
    function = scalar(make())

    def of_x(x: torch.Tensor) -> torch.Tensor:
        return function(A, x, M)

    want = torch.autograd.functional.hessian(of_x, X)
    assert isinstance(want, torch.Tensor)
    assert want.diagonal().abs().max() > 1e-3
    check_same([torch.func.hessian(of_x)(X)], [want], 1e-9)
    check_same([torch.vmap(torch.func.hessian(function, 1))(*BATCH)], [want.diagonal()], 1e-9)


@modules
def test_recorded_by_make_fx(make: Callable[[], whilec.WhileModule]) -> None:
    module = make()
    recorded = make_fx(module)(*BATCH)
    other = batch(5)
    check_same(recorded(*other), module(*other))
    slope = torch.func.grad(scalar(module), 1)
    check_same([make_fx(slope)(*BATCH)(*other)], [slope(*other)], 1e-11)


def test_shapes_on_the_meta_device() -> None:
    module = unrolled(1).to("meta")
    y, b = module(*(each.to("meta") for each in BATCH))
    assert (y.shape, b.shape, y.device.type) == ((5,), (5, 2), "meta")


@pytest.mark.parametrize(
    ("smooth", "backend", "checkpoint"),
    [
        pytest.param(*choice, marks=() if choice in OFTEN else pytest.mark.slow)
        for choice in product((1, "inf"), ("eager", "aot_eager"), (False, True))
    ],
)
def test_recurrent_modules_are_right_when_compiled(smooth: Any, backend: str, checkpoint: bool) -> None:
    options = {"dtype": torch.float64, "max_trips": 2, "checkpoint": checkpoint}
    module = whilec.compile_source(TEXT, smooth=smooth, **options)
    other = whilec.compile_source(TEXT, smooth=smooth, **options)
    compiled = torch.compile(module, backend=backend)
    for arguments in (BATCH, batch(3), batch(4)):
        check_same(compiled(*arguments), other(*arguments), 0.0)
        check_same(gradients(compiled, arguments), gradients(other, arguments), 1e-12)


def test_a_network_around_a_recurrent_module_is_right_when_compiled() -> None:
    torch.manual_seed(1)
    first, last = torch.nn.Linear(3, 1).double(), torch.nn.Linear(1, 2).double()
    loop = whilec.compile_source(
        "PROGRAM p(x) -> y: real\nWHILE x > 0 DO x := x - 0.6  y := y + x END\n", smooth=1
    )
    network = torch.nn.Sequential(first, torch.nn.Tanh(), loop, last)
    compiled = torch.compile(network, backend="aot_eager")
    for rows in (4, 6):
        inputs = torch.linspace(-2, 2, 3 * rows, dtype=torch.float64).reshape(rows, 3)
        check_same([compiled(inputs)], [network(inputs)])
        found = [torch.autograd.grad(f(inputs).square().sum(), first.weight) for f in (compiled, network)]
        check_same(found[0], found[1])
        assert found[1][0].abs().max() > 0
