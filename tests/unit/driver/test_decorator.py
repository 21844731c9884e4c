"""`whilec.smooth`: a Python function as a module."""

from __future__ import annotations

import copy
import inspect
import math
import pickle

import pytest
import torch

import whilec
from tests.unit.driver import decorated


def test_it_is_the_module_of_the_text() -> None:
    text = "PROGRAM doubled(x) -> y\nCONST scale = 2\ny := scale * x\n"
    twin = whilec.compile_source(text)
    x = torch.tensor([1.0, -2.5], requires_grad=True)
    assert torch.equal(decorated.doubled(x), twin(x))
    assert decorated.doubled.options == twin.options


def test_name_documentation_and_function_are_kept() -> None:
    module = decorated.doubled
    assert isinstance(module, whilec.WhileModule)
    assert module.__name__ == "doubled"
    assert module.__qualname__ == "doubled"
    assert module.__doc__ == "Twice `x`."
    assert module.__module__ == decorated.__name__
    assert inspect.unwrap(module)(4) == 8
    assert str(inspect.signature(module)) == "(x)"


def test_options_reach_the_module() -> None:
    options = decorated.weighted.options
    assert (options.smooth, options.order_steepness) == (1, 4.0)
    assert decorated.bubble_sort([3.0, 1.0, 2.0]).tolist() == [1, 2, 3]


def test_parameters_after_the_star_are_trained() -> None:
    assert {name: p.item() for name, p in decorated.weighted.named_parameters()} == {"w": 0.5, "v": 2.0}
    y = decorated.weighted(torch.tensor(3.0))
    y.backward()
    assert y.item() == 5
    gradients = {name: p.grad for name, p in decorated.weighted.named_parameters()}
    assert gradients == {"w": torch.tensor(6.0), "v": torch.tensor(1.0)}


def test_a_steepness_belongs_to_its_comparison() -> None:
    text = """
        PROGRAM bent(x) -> y, z  REQUIRE C0
        y := 0.0
        IF x > 1 WITH STEEPNESS 0.25 THEN y := x END
        z := degree(x < 2) + degree(x < 3 AND NOT x = 1)
    """
    twin = whilec.compile_source(text, smooth=0)
    x = torch.linspace(-1, 4, 11)
    for found, wanted in zip(decorated.bent(x), twin(x), strict=True):
        assert torch.equal(found, wanted)


@pytest.mark.parametrize("x", [0, 1, 4])
def test_hard_mode_is_what_python_computes(x: int) -> None:
    a = [[1, 2, 3], [4, 5, 6]]
    found = decorated.arithmetic(x, a)

    class Matrix(list[list[int]]):
        shape = (2, 3)

    wanted = inspect.unwrap(decorated.arithmetic)(x, Matrix(a))
    assert [float(each) for each in found] == pytest.approx(list(wanted))
    assert wanted[2] == math.pi + 6


def test_numbers_of_a_surrounding_function_are_constants() -> None:
    assert decorated.local_function(2.5)(torch.tensor(2.0)).item() == 5
    assert decorated.local_function(3)(torch.tensor(2.0)).item() == 6


def test_it_pickles_and_copies() -> None:
    for module in (decorated.weighted, decorated.bubble_sort):
        again = pickle.loads(pickle.dumps(module))
        twin = copy.deepcopy(module)
        x = torch.tensor([2.0, 1.0])
        assert torch.equal(again(x), module(x))
        assert torch.equal(twin(x), module(x))
        assert again.__name__ == module.__name__


def test_unknown_options_are_refused() -> None:
    def f(x: float) -> float:
        return x

    with pytest.raises(whilec.WhileError, match="E0"):
        whilec.smooth(smooth=9)(f)
    with pytest.raises(whilec.WhileError, match="E0144"):
        whilec.smooth(require="smooth")(f)
    assert whilec.smooth(require="C_INF")(f)(2.0).item() == 2


@pytest.mark.parametrize(
    ("found", "code"),
    [(3, "E0141"), (None, "E0141"), (int, "E0141"), ("".join, "E0141")],
    ids=["number", "none", "class", "method"],
)
def test_only_functions_are_taken(found: object, code: str) -> None:
    with pytest.raises(whilec.WhileError, match=code):
        whilec.smooth()(found)  # type: ignore[arg-type]
