"""PARAMs, trainable targets and steepness of modules."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import whilec
from whilec.module.parameters import attribute_names

LINE = "PROGRAM line(x: real) -> y: real\nPARAM w: real = 2.0\nPARAM b: real[2] = 0.5\ny := w * x + b[1]\n"
COUNTDOWN = "PROGRAM p(x) -> y: real\nWHILE x != 0 DO\n  x := x - 1\n  y := y + 2\nEND\n"


def test_params_are_parameters_with_their_names() -> None:
    module = whilec.compile_source(LINE)
    assert {name: tuple(value.shape) for name, value in module.named_parameters()} == {"w": (), "b": (2,)}
    assert module.w.item() == 2.0
    assert module.b.tolist() == [0.5, 0.5]
    module(torch.tensor([1.0, 3.0])).sum().backward()
    assert module.w.grad.item() == 4.0
    assert module.b.grad.tolist() == [0.0, 2.0]


def test_params_can_be_given_by_a_call() -> None:
    module = whilec.compile_source(LINE, smooth=0)
    w = torch.tensor([1.0, 10.0], requires_grad=True)
    y = module(3.0, w=w)
    assert y.tolist() == [3.5, 30.5]
    y.sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == [3.0, 3.0]
    assert module.w.grad is None
    assert module(torch.ones(2), b=torch.zeros(3, 1, 2)).shape == (3, 2)
    with pytest.raises(whilec.WhileError, match="E0657"):
        module(1.0, b=[1.0, 2.0, 3.0])
    with pytest.raises(whilec.WhileError, match="E0690"):
        module(1.0, 2.0)


def test_names_that_modules_use_themselves() -> None:
    names = ["training", "training_", "forward", "steepness", "target_weights", "_parameters", "w"]
    text = "PROGRAM p(x: real) -> y: real\n"
    text += "".join(f"PARAM {name}: real = {i}.0\n" for i, name in enumerate(names, 1))
    text += f"y := x * ({' + '.join(names)})\n"
    module = whilec.compile_source(text, smooth=0)
    assert module.parameter_names == {
        "training": "training__",
        "training_": "training_",
        "forward": "forward_",
        "steepness": "steepness_",
        "target_weights": "target_weights_",
        "_parameters": "_parameters_",
        "w": "w",
    }
    assert set(module.state_dict()) == set(module.parameter_names.values())
    assert module(2.0).item() == 56.0
    assert module(2.0, training=0.0, steepness=0.0).item() == 46.0
    assert module.training is True


def test_attribute_names_do_not_collide() -> None:
    module = torch.nn.Module()
    module.train_ = 1  # type: ignore[assignment]
    found = attribute_names(module, ["train", "train_", "train___", "other"])
    assert found == {"train": "train__", "train_": "train____", "train___": "train___", "other": "other"}


def test_state_dict_is_loaded_strictly() -> None:
    module, other = whilec.compile_source(LINE), whilec.compile_source(LINE)
    with torch.no_grad():
        module.w.fill_(7.0)
    other.load_state_dict(module.state_dict())
    assert other.w.item() == 7.0
    with pytest.raises(RuntimeError, match="Missing key"):
        other.load_state_dict({"w": torch.tensor(1.0)})
    with pytest.raises(RuntimeError, match="size mismatch"):
        other.load_state_dict({"w": torch.ones(3), "b": torch.ones(2)})


def test_functional_call() -> None:
    module = whilec.compile_source(LINE, smooth=0)
    w = torch.tensor(5.0, requires_grad=True)
    got = torch.func.functional_call(module, {"w": w, "b": torch.zeros(2)}, (torch.tensor([2.0]),))
    assert got.tolist() == [10.0]
    assert torch.autograd.grad(got.sum(), w)[0].item() == 2.0


def test_parameters_have_the_type_of_the_computation() -> None:
    assert whilec.compile_source(LINE).w.dtype is torch.float32
    assert whilec.compile_source(LINE, dtype=torch.float64).w.dtype is torch.float64
    assert whilec.compile_source(LINE, dtype=torch.bfloat16).w.dtype is torch.float32
    assert whilec.compile_source(LINE, smooth="hard").w.dtype is torch.float64
    double = whilec.compile_source(LINE).double()
    assert double(1.0).dtype is torch.float64
    assert double(torch.tensor(1.0)).dtype is torch.float32


def test_gradients_are_needed_only_where_something_is_trained() -> None:
    plain = whilec.compile_source(COUNTDOWN)
    assert list(plain.parameters()) == []
    assert not plain(torch.tensor([2.0])).requires_grad
    assert plain(torch.tensor([2.0], requires_grad=True)).requires_grad
    assert whilec.compile_source(LINE)(torch.tensor([2.0])).requires_grad
    with torch.no_grad():
        assert not whilec.compile_source(LINE)(torch.tensor([2.0])).requires_grad
    with torch.inference_mode():
        assert whilec.compile_source(LINE, smooth=0)(torch.tensor([2.0])).item() == 4.5


# trainable targets


@pytest.mark.parametrize("backend", ["auto", "interpreter"])
def test_every_target_has_a_weight_and_a_bias(backend: str) -> None:
    text = COUNTDOWN + "y := f(y)\nDEF f(u) -> v\n  v := 3 * u\nEND\n"
    module = whilec.compile_source(text, smooth=0, trainable=True, backend=backend)
    assert module.target_weights.tolist() == [1.0] * 4
    assert module.target_biases.tolist() == [0.0] * 4
    assert module.regularization().item() == 0.0
    assert module(2.0).item() == 12.0
    with torch.no_grad():
        module.target_weights[3] = 2.0
        module.target_biases[2] = 0.5
    assert module(2.0).item() == 24.5
    assert module.regularization().item() == 1.25
    (module(torch.tensor([2.0])).sum() + module.regularization()).backward()
    assert module.target_weights.grad is not None
    assert module.target_weights.grad[3].item() == 12.0 + 2.0
    assert sorted(module.state_dict()) == ["target_biases", "target_weights"]


def test_modules_that_are_not_trainable_have_none() -> None:
    module = whilec.compile_source(COUNTDOWN)
    assert not hasattr(module, "target_weights")
    assert module.regularization().item() == 0.0
    with pytest.raises(whilec.WhileError, match="E0424"):
        whilec.compile_source(COUNTDOWN, trainable=True, domain="nat")


def test_hard_mode_takes_no_trained_weights() -> None:
    module = whilec.compile_source(COUNTDOWN, smooth="hard", trainable=True)
    assert module([3, 2]).tolist() == [6, 4]
    with torch.no_grad():
        module.target_weights[1] = 1.5
    with pytest.raises(whilec.WhileError, match="E0514"):
        module([3, 2])


def test_training_moves_the_weights() -> None:
    module = whilec.compile_source(COUNTDOWN, smooth=0, trainable=True, dtype=torch.float64)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.02)
    x, wanted = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([3.0, 6.0, 9.0])
    losses: list[float] = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (module(x) - wanted).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]


# steepness


def test_steepness_is_read_at_each_call() -> None:
    module = whilec.compile_source("PROGRAM p(x: real) -> y: real\ny := degree(x > 0) + degree(x != 0)\n")
    x = torch.tensor(0.5, dtype=torch.float64)

    def expected(s: float, c: float) -> float:
        return float(torch.sigmoid(c * x) + torch.tanh(s * x) * torch.tanh(s * x / 2))

    assert module(x).item() == pytest.approx(expected(1, 1))
    module.steepness = 4
    assert module(x).item() == pytest.approx(expected(4, 4))
    module.compare_steepness = torch.tensor(2.0)
    assert module(x).item() == pytest.approx(expected(4, 2))
    assert (module.options.steepness, module.options.compare_steepness) == (4, 2.0)
    module.compare_steepness = None
    assert module(x).item() == pytest.approx(expected(4, 4))


@pytest.mark.parametrize("name", ["steepness", "compare_steepness"])
@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "2", 10**400, True])
def test_steepness_that_is_refused(name: str, value: Any) -> None:
    module = whilec.compile_source(LINE, steepness=3.0)
    with pytest.raises(whilec.WhileError, match="E0421"):
        setattr(module, name, value)
    assert (module.steepness, module.compare_steepness) == (3.0, None)
