r"""Distributions of the relaxed comparator: F(z), the degree to which a pair is in order.

z is steepness times difference. Every F has F(z) + F(-z) = 1, and both are computed for themselves, so that
the small one of the two keeps all its digits. Loads without torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, final

from algonet_runtime.errors import RangeError
from algonet_runtime.smoothness import Smoothness

if TYPE_CHECKING:
    from torch import Tensor

Weights: TypeAlias = "tuple[Tensor, Tensor]"


@final
@dataclass(frozen=True)
class Distribution:
    """A distribution function F of the comparator.

    Args:
        name: As it is given to operations.
        weights: F(z) and F(-z), elementwise, differentiable by torch to any order that F has.
        bound: c = sup z F(-z) over z >= 0. One comparator is at most c / steepness away from the crisp one.
        is_monotone: Whether sorted values never decrease when a key grows: z F(-z) then has a slope
            between -F and 1 - F at every z.
        permutation_class: How often permutation matrices are continuously differentiable by the keys.
        value_class: The same for sorted values.
    """

    name: str
    weights: Callable[[Tensor], Weights]
    bound: float
    is_monotone: bool
    permutation_class: Smoothness
    value_class: Smoothness


def _both(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Weights]:
    """F(z) and F(-z) of a function that is accurate on both sides."""
    return lambda z: (function(z), function(-z))


def _logistic(z: Tensor) -> Tensor:
    """1 / (1 + exp(-z)), built from exp, whose bits do not depend on the place in the tensor."""
    import torch

    most = 350.0 if z.dtype == torch.float64 else 80.0
    return (1 + (-z.clamp(-most, most)).exp()).reciprocal()


def _gaussian(z: Tensor) -> Tensor:
    import torch

    return 0.5 * torch.erfc(z * -(0.5**0.5))


def _cauchy(z: Tensor) -> Tensor:
    """1/2 + atan(z)/pi; far from 0 by atan(1/z), which is small without a difference."""
    import torch

    is_near = z.abs() < 1
    near = 0.5 + z.clamp(-1, 1).atan() * (1 / math.pi)
    far = torch.where(is_near, 1.0, z).reciprocal().atan() * (1 / math.pi)
    return torch.where(is_near, near, torch.where(z > 0, 1 - far, -far))


def _reciprocal(z: Tensor) -> Tensor:
    import torch

    below = 1 / (2 - z.clamp(max=0.0))
    above = 1 / (2 + z.clamp(min=0.0))
    return torch.where(z < 0, below, 1 - above)


def _optimal(z: Tensor) -> Tensor:
    import torch

    below = 1 / (16 * (-z).clamp(min=0.25))
    above = 1 / (16 * z.clamp(min=0.25))
    return torch.where(z.abs() < 0.25, 0.5 + z, torch.where(z < 0, below, 1 - above))


def _hard(z: Tensor) -> Weights:
    """A jump; a tie keeps its order."""
    p = (z >= 0).to(z.dtype)
    return p, 1 - p


LOGISTIC = Distribution(
    "logistic", _both(_logistic), 0.27846454276107374, False, Smoothness.C_INF, Smoothness.C_INF
)
GAUSSIAN = Distribution(
    "gaussian", _both(_gaussian), 0.16997120747990369, False, Smoothness.C_INF, Smoothness.C_INF
)
CAUCHY = Distribution("cauchy", _both(_cauchy), 0.31830988618379067, True, Smoothness.C_INF, Smoothness.C_INF)
RECIPROCAL = Distribution("reciprocal", _both(_reciprocal), 1.0, True, Smoothness.c(1), Smoothness.c(2))
OPTIMAL = Distribution("optimal", _both(_optimal), 1 / 16, True, Smoothness.c(1), Smoothness.c(1))
HARD = Distribution("hard", _hard, 0.0, False, Smoothness.DISCONTINUOUS, Smoothness.C0)

DISTRIBUTIONS: Mapping[str, Distribution] = {
    each.name: each for each in (LOGISTIC, GAUSSIAN, CAUCHY, RECIPROCAL, OPTIMAL, HARD)
}
"""By name. A distribution of one's own is given to an operation as an object."""


def distribution_of(given: str | Distribution) -> Distribution:
    """The distribution that an argument names or is.

    Raises:
        RangeError: There is none of this name.
    """
    if isinstance(given, Distribution):
        return given
    found = DISTRIBUTIONS.get(given)
    if found is None:
        listing = ", ".join(f'"{name}"' for name in DISTRIBUTIONS)
        raise RangeError(f"`distribution` is {given!r}; choose {listing} or a Distribution", "distribution")
    return found
