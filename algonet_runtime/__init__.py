"""Runtime of the smooth WHILE language: differentiable algorithms as intrinsics.

Every operation is imported from here, `from algonet_runtime import soft_sort`, and loaded on first use. Loads
without torch: an intrinsic's signature is plain data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from algonet_runtime.dispatch import explain_dispatch
from algonet_runtime.errors import ArgumentError, RangeError, ShapeError, TypeMismatchError
from algonet_runtime.intrinsic import MODULES, Parameter, ResultSpec, Signature, find, intrinsic, table
from algonet_runtime.relax.distribution import Distribution
from algonet_runtime.smoothness import Smoothness

if TYPE_CHECKING:
    from algonet_runtime.layers.finite_differences import finite_differences
    from algonet_runtime.modules import (
        FiniteDifferences,
        SoftMax,
        SoftMedian,
        SoftMin,
        SoftPermutation,
        SoftQuantile,
        SoftRank,
        SoftSort,
        SoftSortBy,
        SoftTopK,
        WeightedSoftmax,
        WeightedSoftmin,
    )
    from algonet_runtime.rendering.render_image import render_image
    from algonet_runtime.rendering.render_silhouette import render_silhouette
    from algonet_runtime.sorting.soft_permutation import soft_permutation
    from algonet_runtime.sorting.soft_quantile import soft_quantile
    from algonet_runtime.sorting.soft_rank import soft_rank
    from algonet_runtime.sorting.soft_sort import soft_sort
    from algonet_runtime.sorting.soft_sort_by import soft_sort_by
    from algonet_runtime.sorting.soft_topk import soft_topk
    from algonet_runtime.statistics.extremes import soft_max, soft_min
    from algonet_runtime.statistics.soft_median import soft_median
    from algonet_runtime.statistics.weighted_softmax import weighted_softmax, weighted_softmin

__all__ = [
    "ArgumentError",
    "Distribution",
    "FiniteDifferences",
    "Parameter",
    "RangeError",
    "ResultSpec",
    "ShapeError",
    "Signature",
    "Smoothness",
    "SoftMax",
    "SoftMedian",
    "SoftMin",
    "SoftPermutation",
    "SoftQuantile",
    "SoftRank",
    "SoftSort",
    "SoftSortBy",
    "SoftTopK",
    "TypeMismatchError",
    "WeightedSoftmax",
    "WeightedSoftmin",
    "explain_dispatch",
    "finite_differences",
    "intrinsic",
    "render_image",
    "render_silhouette",
    "soft_max",
    "soft_median",
    "soft_min",
    "soft_permutation",
    "soft_quantile",
    "soft_rank",
    "soft_sort",
    "soft_sort_by",
    "soft_topk",
    "table",
    "weighted_softmax",
    "weighted_softmin",
]


_CLASSES = frozenset(
    {"FiniteDifferences", "SoftMax", "SoftMedian", "SoftMin", "SoftPermutation", "SoftQuantile", "SoftRank"}
    | {"SoftSort", "SoftSortBy", "SoftTopK", "WeightedSoftmax", "WeightedSoftmin"}
)
"""Modules of torch, loaded when they are asked for."""


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    if name in MODULES:
        return find(name)
    if name in _CLASSES:
        from algonet_runtime import modules

        return getattr(modules, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
