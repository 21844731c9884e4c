"""Quantiles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from algonet_runtime.annotations import Bool, Float
from algonet_runtime.errors import RangeError
from algonet_runtime.intrinsic import intrinsic
from algonet_runtime.smoothness import Smoothness
from algonet_runtime.sorting.providers import run_kernels

if TYPE_CHECKING:
    from torch import Tensor

    from algonet_runtime.relax.distribution import Distribution
    from algonet_runtime.sorting.arguments import Keys


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.1: two rows of P")
def soft_quantile(
    x: Float[Tensor, "*batch n"],
    q: float,
    *,
    steepness: float | Tensor | Literal["auto"] = 10.0,
    network: Literal["odd_even", "bitonic"] = "odd_even",
    distribution: Literal["cauchy", "logistic", "gaussian", "reciprocal", "optimal", "hard"]
    | Distribution = "cauchy",
    mask: Bool[Tensor, "*batch n"] | None = None,
    layers: int | None = None,
    error_free: bool = False,
    fill: float = 0.0,
    check: bool = True,
) -> Float[Tensor, "*batch"]:
    """The q-quantile of every row, interpolated linearly between two neighbours of the sorted row.

    Only the comparators that these two depend on are run.

    Args:
        x: Values, finite, at least one per row.
        q: In [0, 1]; 0.5 is the median.
        steepness: As for `soft_sort`.
        network: As for `soft_sort`.
        distribution: As for `soft_sort`.
        mask: Which elements count.
        layers: Only the first so many layers.
        error_free: As for `soft_sort`.
        fill: The quantile of a row in which no element counts.
        check: Whether values are looked at.

    Returns:
        One value per row, in the dtype of `x`.

    Raises:
        ShapeError: `mask` does not fit.
        RangeError: q is not in [0, 1], a row is empty, a value is not finite, or an option is out of range.

    Gradient:
        By `x` and `steepness`, of any order that the distribution has.

    >>> import torch
    >>> soft_quantile(torch.tensor([4.0, 1.0, 3.0, 2.0]), 0.25, steepness=1000.0)
    tensor(1.7506)
    """
    from algonet_runtime.sorting.arguments import read_keys

    keys = read_keys(
        "soft_quantile",
        "x",
        x,
        steepness,
        network,
        distribution,
        mask=mask,
        layers=layers,
        error_free=error_free,
        check=check,
    )
    return quantile_of("soft_quantile", keys, q, fill).to(x.dtype)


run_kernels(soft_quantile, is_carrying=False)


def quantile_of(operation: str, keys: Keys, q: float, fill: float) -> Tensor:
    """The quantile of rows of keys.

    Raises:
        RangeError: q is not in [0, 1], or rows are empty without a mask.
    """
    import torch

    is_number = isinstance(q, int | float) and not isinstance(q, bool)  # pyright: ignore[reportUnnecessaryIsInstance]
    if not is_number or not 0 <= q <= 1:
        raise RangeError(f"{operation}: `q` must be a number in [0, 1], not {q!r}", "q")
    if keys.size == 0:
        raise RangeError(f"{operation}: `x` has no elements; an empty row has no quantile", "x")
    if keys.lengths is None:
        place = q * (keys.size - 1)
        low = math.floor(place)
        high = min(low + 1, keys.size - 1)
        ranked = keys.ranked(keys.compare((low, high) if place > low else (low,)))
        if place == low:
            return ranked[..., low]
        return (1 - (place - low)) * ranked[..., low] + (place - low) * ranked[..., high]
    ranked = keys.ranked(keys.compare())
    places = q * (keys.lengths - 1).clamp(min=0).to(torch.float64)
    lows = places.floor().long()
    highs = (lows + 1).minimum((keys.lengths - 1).clamp(min=0))
    below, above = ranked.gather(-1, lows), ranked.gather(-1, highs)
    share = (places - lows).to(ranked.dtype)
    found = (1 - share) * below + share * above
    return found.where(keys.lengths > 0, fill).squeeze(-1)
