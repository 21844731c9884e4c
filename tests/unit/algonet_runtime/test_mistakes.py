"""Messages about arguments that are not what was meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import algonet_runtime
from algonet_runtime.errors import ShapeError, TypeMismatchError

X = torch.ones(4, 6)
MISTAKES: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], type[Exception], str]] = {
    "keepdim": (
        "soft_sort",
        (X,),
        {"steepness": torch.ones(4, 1)},
        ShapeError,
        r"shape \(4, 1\); give it the shape \(4,\) of the batch, without keepdim",
    ),
    "misspelt": (
        "soft_rank",
        (X,),
        {"steepnes": 3.0},
        TypeError,
        "soft_rank has no .*did you mean `steepness`",
    ),
    "unknown": (
        "soft_sort",
        (X,),
        {"reverse": True},
        TypeError,
        "soft_sort has no argument `reverse`; it has x,",
    ),
    "by place": ("soft_sort", (X, 50.0), {}, TypeError, "soft_sort: only x can be given by place"),
    "missing": ("soft_topk", (X,), {}, TypeError, "soft_topk: missing a required argument: 'k'"),
    "numpy": ("soft_sort", (np.array([3.0, 1.0]),), {}, TypeMismatchError, "must be a tensor, not ndarray"),
    "an array for every key": (
        "soft_sort_by",
        (X, torch.ones(4, 6, 3)),
        {},
        ShapeError,
        "if every key has an array, give trailing=1",
    ),
    "batches": (
        "soft_sort_by",
        (X, torch.ones(3, 6)),
        {},
        ShapeError,
        r"batch dimensions \(3,\) of `payload` do not fit \(4,\) of the keys",
    ),
}


@pytest.mark.parametrize("name", list(MISTAKES))
def test_mistakes_are_explained(name: str) -> None:
    operation, args, options, kind, message = MISTAKES[name]
    with pytest.raises(kind, match=message):
        getattr(algonet_runtime, operation)(*args, **options)


def test_names_are_listed() -> None:
    assert {"soft_sort", "SoftTopK", "explain_dispatch"} <= set(dir(algonet_runtime))
