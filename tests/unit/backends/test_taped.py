"""First derivatives by the tape: those of autograd, whatever is done with the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import whilec
from tests.repository import ROOT
from whilec.backends.torch_taped import TapedProgram, is_suitable

pytestmark = pytest.mark.filterwarnings("ignore::whilec.LoopWarning")

SUITABLE = {
    "multiply": {"x1": (24,), "x2": (24,)},
    "bubble_sort": {"a": (24, 5)},
    "levenshtein": {"a": (24, 3), "b": (24, 4)},
    "fibonacci": {"x1": (24,)},
    "dynamic_time_warping": {"a": (24, 3), "b": (24, 4)},
}
"""Programs that run on tapes, with the shapes of their inputs."""


def inputs_of(name: str, dtype: torch.dtype = torch.float64) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return {
        key: (3 * torch.rand(*shape, generator=generator, dtype=torch.float64) + 0.2).to(dtype)
        for key, shape in SUITABLE[name].items()
    }


def module_of(name: str, **options: Any) -> Any:
    return whilec.compile(ROOT / "programs" / f"{name}.while", backend="torch", **options)


def gradients(module: Any, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    leaves = {name: value.clone().requires_grad_() for name, value in inputs.items()}
    outputs = module(**leaves)
    output = outputs if isinstance(outputs, torch.Tensor) else outputs[0]
    weights = torch.linspace(0.5, 1.5, output.numel(), dtype=output.dtype).reshape(output.shape)
    found = torch.autograd.grad((weights * output).sum(), list(leaves.values()), allow_unused=True)
    return output.detach(), [torch.zeros(()) if part is None else part for part in found]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each run was by the tape."""
    seen: list[bool] = []
    original = TapedProgram.run

    def noted(self: TapedProgram, *arguments: Any) -> Any:
        result = original(self, *arguments)
        seen.append(result is not None)
        return result

    monkeypatch.setattr(TapedProgram, "run", noted)
    return seen


def by_autograd(call: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    with monkeypatch.context() as patch:
        patch.setattr(TapedProgram, "run", lambda *_: None)
        return call()


@pytest.mark.parametrize("loops", ["path", "mixture"])
@pytest.mark.parametrize("smooth", ["inf", 0, 1, 3])
@pytest.mark.parametrize("name", SUITABLE)
def test_tapes_give_the_derivatives_of_autograd(
    name: str, smooth: Any, loops: Any, runs: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = module_of(name, smooth=smooth, loops=loops, max_trips=12)
    inputs = inputs_of(name)
    value, ours = gradients(module, inputs)
    assert runs == [True], "this program should run on a tape"
    plain_value, theirs = by_autograd(lambda: gradients(module, inputs), monkeypatch)
    assert torch.allclose(value, plain_value, rtol=1e-12, atol=1e-12)
    for mine, other in zip(ours, theirs, strict=True):
        assert torch.allclose(mine, other, rtol=1e-9, atol=1e-10 * (1 + other.abs().max().item()))


@pytest.mark.parametrize("loops", ["path", "mixture"])
@pytest.mark.parametrize("name", ["multiply", "fibonacci"])
def test_checkpoints_change_no_bit(name: str, loops: Any, runs: list[bool]) -> None:
    inputs = inputs_of(name)
    value, plain = gradients(module_of(name, loops=loops, max_trips=40), inputs)
    other, ours = gradients(module_of(name, loops=loops, max_trips=40, checkpoint=True), inputs)
    assert runs == [True, True]
    assert torch.equal(value, other)
    for mine, theirs in zip(ours, plain, strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", ["multiply", "bubble_sort", "dynamic_time_warping"])
def test_higher_derivatives_go_through_autograd(name: str) -> None:
    module = module_of(name, smooth="inf", steepness=0.7)
    inputs = {key: value[:2].requires_grad_() for key, value in inputs_of(name).items()}

    def call(*values: torch.Tensor) -> torch.Tensor:
        return module(**dict(zip(inputs, values, strict=True)))

    values = tuple(value.detach().requires_grad_() for value in inputs.values())
    assert torch.autograd.gradcheck(call, values, atol=1e-6)
    assert torch.autograd.gradgradcheck(call, values, atol=1e-5)


def test_a_row_that_is_not_finite_does_not_touch_the_others(runs: list[bool]) -> None:
    module = module_of("bubble_sort", smooth="inf")
    inputs = inputs_of("bubble_sort")
    value, (gradient,) = gradients(module, inputs)
    broken = inputs["a"].clone()
    broken[3, 2] = float("nan")
    other, (other_gradient,) = gradients(module, {"a": broken})
    assert runs == [True, False]
    kept = [row for row in range(24) if row != 3]
    assert torch.equal(value[kept], other[kept])
    assert torch.allclose(gradient[kept], other_gradient[kept], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", ["multiply", "bubble_sort", "levenshtein"])
def test_a_row_is_the_same_in_every_batch(name: str, dtype: torch.dtype) -> None:
    module = module_of(name, smooth="inf")
    inputs = inputs_of(name, dtype)
    value, found = gradients(module, inputs)
    weight = torch.linspace(0.5, 1.5, value.numel(), dtype=dtype).reshape(value.shape)
    for row in (0, 1, 7, 23):
        leaves = {key: x[row : row + 1].clone().requires_grad_() for key, x in inputs.items()}
        alone = module(**leaves)
        assert torch.equal(alone[0], value[row])
        parts = torch.autograd.grad((weight[row] * alone[0]).sum(), list(leaves.values()))
        for part, whole in zip(parts, found, strict=True):
            assert torch.allclose(part[0], whole[row], rtol=1e-6 if dtype == torch.float32 else 1e-12)


def test_inputs_changed_in_place_are_refused() -> None:
    module = module_of("multiply", smooth="inf")
    x1, x2 = (torch.tensor([2.0, 3.0], requires_grad=True) for _ in range(2))
    inner = x1 * 1.0
    output = module(x1=inner, x2=x2)
    with torch.no_grad():
        inner.mul_(2.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


def test_a_run_can_be_differentiated_twice_over() -> None:
    module = module_of("multiply", smooth="inf")
    x1 = torch.tensor([2.0, 3.5], dtype=torch.float64, requires_grad=True)
    output = module(x1=x1, x2=torch.tensor([1.5, 2.5], dtype=torch.float64))
    (first,) = torch.autograd.grad(output.sum(), x1, retain_graph=True)
    (second,) = torch.autograd.grad(output.sum(), x1)
    assert torch.equal(first, second)


def test_outputs_that_are_inputs_or_constants() -> None:
    text = "PROGRAM p(x: real, a: real[n]) -> x, y: real, a, z: real\ny := 2\nz := x + 1\n"
    module = whilec.compile_source(text, backend="torch")
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    a = torch.ones(2, 3, requires_grad=True)
    outputs = module(x=x, a=a)
    total = outputs.x.sum() + 2 * outputs.a.sum() + outputs.z.sum()
    by_x, by_a = torch.autograd.grad(total, [x, a])
    assert by_x.tolist() == [2.0, 2.0]
    assert torch.equal(by_a, torch.full((2, 3), 2.0))
    assert outputs.y.tolist() == [2.0, 2.0]
    assert not outputs.y.requires_grad


def test_suitable_programs_are_recognised() -> None:
    from tests.differential.torch_runs import lowered
    from tests.properties.running import load
    from whilec.passes.base import run_passes
    from whilec.passes.pipelines import recurrent
    from whilec.semantics.options import Options

    def suitable(text: str, **options: Any) -> bool:
        program = load(text, {"a": [1.0, 2.0], "x": 1.0})
        return is_suitable(run_passes(lowered(program, Options(**options)), recurrent()))

    head = "PROGRAM p(a: real[n], x: real) -> y: real\n"
    assert suitable(head + "y := a[0] * x\n")
    assert not suitable(head + "y := a[x]\n")
    assert not suitable(head + "y := sum(a)\n")
    assert not suitable(head + "IF x > 1 THEN y := 1 END\n", phi="bump")
    assert not suitable(head + "PARAM w: real = 2\nIF x > 1 WITH STEEPNESS w THEN y := 1 END\n")
    assert not suitable(head + "IF x > 1 THEN y := 1 END\n", trainable=True)
