"""Intrinsics as modules of torch."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch

import algonet_runtime
from algonet_runtime import RangeError
from algonet_runtime.intrinsic import MODULES

runtime: Any = algonet_runtime

CASES: dict[str, tuple[dict[str, Any], int]] = {
    "FiniteDifferences": ({"pad": "circular"}, 1),
    "SoftMax": ({"steepness": 3.0}, 1),
    "SoftMedian": ({"method": "fast", "degree": 2}, 1),
    "SoftMin": ({}, 1),
    "SoftPermutation": ({"distribution": "logistic"}, 1),
    "SoftQuantile": ({"q": 0.3}, 1),
    "SoftRank": ({"descending": True}, 1),
    "SoftSort": ({"steepness": "auto", "network": "bitonic"}, 1),
    "SoftSortBy": ({"steepness": 4.0}, 2),
    "SoftTopK": ({"k": 2}, 1),
    "WeightedSoftmax": ({}, 2),
    "WeightedSoftmin": ({"steepness": 2.0}, 2),
}
FUNCTIONS = {name.casefold().replace("_", ""): name for name in MODULES}


def both(name: str) -> tuple[torch.nn.Module, Any, tuple[torch.Tensor, ...]]:
    options, tensors = CASES[name]
    values = torch.rand(2, 3, 6, generator=torch.Generator().manual_seed(0)).unbind()[:tensors]
    function = getattr(runtime, FUNCTIONS[name.casefold()])
    return getattr(runtime, name)(**options), function(*values, **options), values


def test_every_intrinsic_has_a_module() -> None:
    rendered = {"renderimage", "rendersilhouette"}
    """They have a module together, `SmoothRenderer`."""
    assert {name.casefold() for name in CASES} == set(FUNCTIONS) - rendered
    assert set(CASES) <= set(algonet_runtime.__all__)


@pytest.mark.parametrize("name", CASES)
def test_same_as_the_function(name: str) -> None:
    module, wanted, values = both(name)
    for each in (module, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        torch.testing.assert_close(each(*values), wanted, rtol=1e-6, atol=1e-7)
    assert type(module).__name__ in repr(module)


def test_steepness_is_a_buffer_or_a_parameter() -> None:
    x = torch.rand(4, 5, generator=torch.Generator().manual_seed(0))
    fixed, trained = runtime.SoftSort(steepness=4.0), runtime.SoftSort(steepness=4.0, is_trainable=True)
    assert list(fixed.state_dict()) == list(trained.state_dict()) == ["steepness"]
    assert not list(fixed.parameters())
    (trained(x) * torch.arange(5)).sum().backward()
    assert trained.steepness.grad is not None
    assert trained.steepness.grad.item() != 0
    fixed.load_state_dict({"steepness": torch.tensor(9.0)})
    assert torch.equal(fixed(x), runtime.soft_sort(x, steepness=9.0))
    assert "steepness=9" in repr(fixed)
    assert not runtime.SoftSort(steepness="auto").state_dict()


def test_tensors_by_name() -> None:
    x, mask = torch.rand(3, 4), torch.tensor([True, True, False, True])
    assert torch.equal(runtime.SoftSort()(x, mask=mask), runtime.soft_sort(x, mask=mask))


def test_wrong_options() -> None:
    with pytest.raises(
        TypeError, match="SoftSort has no option `stepness`; its options are steepness, network"
    ):
        runtime.SoftSort(stepness=3)
    with pytest.raises(TypeError, match="SoftSort has no option `mask`"):
        runtime.SoftSort(mask=None)
    with pytest.raises(TypeError, match="FiniteDifferences has no steepness"):
        runtime.FiniteDifferences(steepness=3.0)
    with pytest.raises(RangeError, match="`steepness` must be a finite number above 0, not -1"):
        runtime.SoftSort(steepness=-1)
    with pytest.raises(RangeError, match="only a number as steepness can be trained"):
        runtime.SoftSort(steepness="auto", is_trainable=True)
