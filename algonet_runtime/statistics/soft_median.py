"""Medians."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from algonet_runtime.annotations import Bool, Float
from algonet_runtime.checks import check_choice, check_count, check_finite
from algonet_runtime.errors import RangeError
from algonet_runtime.intrinsic import intrinsic
from algonet_runtime.smoothness import Smoothness
from algonet_runtime.sorting.providers import run_kernels

if TYPE_CHECKING:
    from torch import Tensor

    from algonet_runtime.relax.distribution import Distribution


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.2")
def soft_median(
    x: Float[Tensor, "*batch n"],
    *,
    method: Literal["network", "fast"] = "network",
    degree: int = 4,
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
    """The median of every row: the middle of the sorted row, or the mean of its two middle values.

    Args:
        x: Values, finite, at least one per row.
        method: "network" runs the comparators that the middle depends on. "fast" is a weighted mean, from
            which the minimum and the maximum are taken away `degree` times, softly.
        degree: Of "fast": 0 is the mean; each one more takes away what is the minimum and the maximum then,
            first the outermost elements, later by and by those nearer to the middle.
        steepness: As for `soft_sort`; of "fast": of its soft minimum and maximum.
        network: As for `soft_sort`.
        distribution: As for `soft_sort`.
        mask: Which elements count.
        layers: Only the first so many layers.
        error_free: As for `soft_sort`.
        fill: The median of a row in which no element counts.
        check: Whether values are looked at.

    Returns:
        One value per row, in the dtype of `x`.

    Raises:
        ShapeError: `mask` does not fit.
        RangeError: A row is empty, a value is not finite, or an option is out of range.

    Gradient:
        By `x` and `steepness`, of any order that the distribution has.

    >>> import torch
    >>> soft_median(torch.tensor([5.0, 1.0, 2.0, 3.0, 100.0]), steepness=1000.0)
    tensor(3.0003)
    >>> soft_median(torch.tensor([5.0, 1.0, 2.0, 3.0, 100.0]), method="fast", degree=1)
    tensor(3.3333)
    """
    check_choice("soft_median", "method", method, ("network", "fast"))
    check_count("soft_median", "degree", degree, 0)
    if method == "network":
        from algonet_runtime.sorting.arguments import read_keys
        from algonet_runtime.sorting.soft_quantile import quantile_of

        keys = read_keys(
            "soft_median",
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
        return quantile_of("soft_median", keys, 0.5, fill).to(x.dtype)
    return _fast(x, degree, steepness, mask, fill, check).to(x.dtype)


run_kernels(soft_median, is_carrying=False)


def _fast(
    x: Tensor, degree: int, steepness: float | Tensor | str, mask: Tensor | None, fill: float, check: bool
) -> Tensor:
    """The mean with weights w of degree j: log w grows by log(1 - softmin) + log(1 - softmax) of (x, w)."""
    import torch

    from algonet_runtime.relax.steepness import check_steepness, in_batch_of, steepness_of
    from algonet_runtime.tensors import broadcast, computed

    if x.shape[-1] == 0:
        raise RangeError("soft_median: `x` has no elements; an empty row has no median", "x")
    check_steepness("soft_median", steepness)
    x = in_batch_of("soft_median", x, steepness)
    if check:
        check_finite("soft_median", "x", x, mask)
    values = computed(x)
    if mask is not None:
        values, mask = broadcast(values, mask)
        values = torch.where(mask, values, 0.0)
    s = steepness_of(steepness, values, mask)
    counted = torch.ones_like(values, dtype=torch.bool) if mask is None else mask
    logs = torch.zeros_like(values)
    is_single = counted.sum(-1, keepdim=True) < 2
    for _ in range(degree):
        lower = _log_of_rest(_from_top(-values, counted) * s + logs, counted)
        upper = _log_of_rest(_from_top(values, counted) * s + logs, counted)
        logs = torch.where(is_single, logs, logs + lower + upper)
    weights = torch.softmax(logs.masked_fill(~counted & counted.any(-1, keepdim=True), -torch.inf), -1)
    found = (weights * values).sum(-1)
    return found if mask is None else found.where(counted.any(-1), fill)


def _from_top(values: Tensor, counted: Tensor) -> Tensor:
    """The values minus the largest that counts, a constant: softmax does not notice it."""
    import torch

    top = values.detach().masked_fill(~counted, -torch.inf).amax(-1, keepdim=True)
    return torch.where(counted, values - top, 0.0)


def _log_of_rest(z: Tensor, counted: Tensor) -> Tensor:
    """log(1 - softmax(z)) among the elements that count; 0 elsewhere.

    At the largest element, whose softmax may be near 1, it is the logsumexp of all others minus that of all.
    """
    import torch

    z = z.clamp(min=torch.finfo(z.dtype).min / 2**20)  # beyond it, sums of logarithms are infinite
    z = _from_top(z, counted)
    inner = z.masked_fill(~counted, -torch.inf)
    top = inner.argmax(-1, keepdim=True)
    is_top = torch.zeros_like(counted).scatter(-1, top, True)
    is_single = counted.sum(-1, keepdim=True) < 2
    whole = _logsumexp(inner, is_single)
    others = _logsumexp(inner.masked_fill(is_top, -torch.inf), is_single)
    is_small = counted & ~is_top & ~is_single
    share = torch.exp(torch.where(is_small, z - whole, -torch.inf))
    return torch.where(is_top & ~is_single, others - whole, torch.log1p(-share))


def _logsumexp(z: Tensor, is_spared: Tensor) -> Tensor:
    """logsumexp of the last dimension, kept; rows that are spared have 0."""
    import torch

    return torch.where(is_spared, 0.0, z).logsumexp(-1, keepdim=True).where(~is_spared, 0.0)
