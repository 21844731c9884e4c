"""The plain network: relaxed comparators layer by layer, in torch operations of any derivative order.

Imports torch. Keys are (.., n), payloads (.., n, m), degrees (.., pairs of a layer).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from algonet_runtime.relax.distribution import Distribution, Weights
from algonet_runtime.sorting.network import Layer, Network
from algonet_runtime.tensors import common_shape, index_tensor, remembered_tensors


@final
@dataclass(frozen=True)
class Comparators:
    """What a network does with certain keys, layer by layer.

    Args:
        layers: The pairs.
        degrees: F(s d) and F(-s d) of every layer.
        swaps: Which pairs swap crisply, with the derivatives of blends; None where all are blends.
        keys: The keys after the last layer.
    """

    layers: Sequence[Layer]
    degrees: Sequence[Weights]
    swaps: Sequence[Tensor | None]
    keys: Tensor

    def carry(self, payload: Tensor) -> Tensor:
        """The payload (.., n, m) in the order of the keys."""
        for layer, degrees, swaps in zip(self.layers, self.degrees, self.swaps, strict=True):
            payload = _mixed(payload, layer, degrees, swaps)
        return payload

    def carry_back(self, payload: Tensor) -> Tensor:
        """The transposed permutation matrix times the payload (.., n, m); comparators are symmetric."""
        steps = zip(self.layers, self.degrees, self.swaps, strict=True)
        for layer, degrees, swaps in reversed(list(steps)):
            payload = _mixed(payload, layer, degrees, swaps)
        return payload


def compare(
    keys: Tensor,
    steepness: float | Tensor,
    network: Network,
    distribution: Distribution,
    *,
    layers: Sequence[Layer],
    lengths: Tensor | None = None,
    limit: int | None = None,
    is_error_free: bool = False,
) -> Comparators:
    """Run the network on keys.

    Args:
        keys: (.., n), finite.
        steepness: A number, or a tensor (.., 1).
        network: The network that the layers are of.
        distribution: F.
        layers: The layers to run, in order.
        lengths: Keys of each row, (.., 1); only the first so many are sorted. None: all.
        limit: The most layers.
        is_error_free: Whether comparators swap crisply, with the derivatives of blends.
    """
    degrees: list[Weights] = []
    swaps: list[Tensor | None] = []
    for level, layer in enumerate(layers):
        i, j = _indices(layer, keys.device)
        a, b = keys.index_select(-1, i), keys.index_select(-1, j)
        p, r = distribution.weights(steepness * (b - a))
        if lengths is not None:
            is_active = (j < lengths) & (level < _depths(network, keys.shape[-1], limit, lengths))
            p, r = torch.where(is_active, p, 1.0), torch.where(is_active, r, 0.0)
            is_swapped = (b < a) & is_active
        else:
            is_swapped = b < a
        degrees.append((p, r))
        swaps.append(is_swapped if is_error_free else None)
        keys = _merged(keys, layer, *_blended(a, b, p, r, swaps[-1]), -1)
    return Comparators(layers, degrees, swaps, keys)


def _blended(a: Tensor, b: Tensor, p: Tensor, r: Tensor, is_swapped: Tensor | None) -> tuple[Tensor, Tensor]:
    """The pair after a comparator."""
    low, high = p * a + r * b, r * a + p * b
    if is_swapped is None:
        return low, high
    # The differences are 0 exactly, and have the derivatives of the blends.
    crisp_low, crisp_high = torch.where(is_swapped, b, a), torch.where(is_swapped, a, b)
    return crisp_low.detach() + (low - low.detach()), crisp_high.detach() + (high - high.detach())


def _mixed(values: Tensor, layer: Layer, degrees: Weights, is_swapped: Tensor | None) -> Tensor:
    """A payload (.., n, m) after a layer."""
    i, j = _indices(layer, values.device)
    p, r = (each.unsqueeze(-1) for each in degrees)
    swapped = None if is_swapped is None else is_swapped.unsqueeze(-1)
    a, b = values.index_select(-2, i), values.index_select(-2, j)
    return _merged(values, layer, *_blended(a, b, p, r, swapped), -2)


def _merged(values: Tensor, layer: Layer, low: Tensor, high: Tensor, dim: int) -> Tensor:
    """The values with those of the pairs replaced."""
    if not layer:
        return values
    rest, order = _places(layer, values.shape[dim], values.device)
    untouched = values.index_select(dim, rest)
    batch = common_shape(low.shape[: low.ndim + dim], untouched.shape[: untouched.ndim + dim])
    parts = [part.expand(*batch, *part.shape[part.ndim + dim :]) for part in (low, high, untouched)]
    return torch.cat(parts, dim).index_select(dim, order)


@remembered_tensors
def _indices(layer: Layer, device: torch.device) -> tuple[Tensor, Tensor]:
    """First and second members of the pairs."""
    return index_tensor([i for i, _ in layer], device), index_tensor([j for _, j in layer], device)


@remembered_tensors
def _places(layer: Layer, n: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The indices in no pair, and where each index is among first members, second members and these."""
    firsts, seconds = [i for i, _ in layer], [j for _, j in layer]
    rest = sorted(set(range(n)).difference(firsts, seconds))
    order = [0] * n
    for place, index in enumerate((*firsts, *seconds, *rest)):
        order[index] = place
    return index_tensor(rest, device), index_tensor(order, device)


def _depths(network: Network, n: int, limit: int | None, lengths: Tensor) -> Tensor:
    """The layers that rows of these lengths take."""
    return _depth_table(network, n, limit, lengths.device)[lengths]


@remembered_tensors
def _depth_table(network: Network, n: int, limit: int | None, device: torch.device) -> Tensor:
    depths = [len(network.layers(m, limit)) for m in range(n + 1)]
    return index_tensor(depths, device)
