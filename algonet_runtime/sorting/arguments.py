"""What all sorting operations make of their arguments. Imports torch.

Keys come last, in a dtype to compute in; rows with a mask are compacted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, final

import torch
from torch import Tensor

from algonet_runtime.checks import check_count, check_finite
from algonet_runtime.errors import ShapeError
from algonet_runtime.relax.distribution import Distribution, distribution_of
from algonet_runtime.relax.steepness import AUTO, check_steepness, in_batch_of, spread, steepness_of
from algonet_runtime.sorting.network import FusedNetwork, Network, needed, network_of
from algonet_runtime.sorting.reference import Comparators, compare
from algonet_runtime.tensors import broadcast, common_shape, computed

if TYPE_CHECKING:
    from algonet_runtime.sorting.fused_network import FusedComparators, RaggedComparators


@final
@dataclass(frozen=True)
class Keys:
    """Keys ready to sort.

    Args:
        values: (.., n), in float32 or float64; rows with a mask begin with the elements that count.
        steepness: A number, or a tensor (.., 1).
        network: The network, or the fused one.
        distribution: The distribution of comparators.
        layers: The most layers; None for all.
        lengths: (.., 1), the elements that count; None for all.
        places: (.., n), where the elements of `values` were before; None where they were not moved.
        is_error_free: Whether comparators swap crisply, with the derivatives of blends.
        scale: (.., 1), by which the keys were divided; None if they were not.
    """

    values: Tensor
    steepness: float | Tensor
    network: Network | FusedNetwork
    distribution: Distribution
    layers: int | None
    lengths: Tensor | None
    places: Tensor | None
    is_error_free: bool
    scale: Tensor | None

    @property
    def size(self) -> int:
        """n."""
        return self.values.shape[-1]

    def compare(
        self, outputs: tuple[int, ...] | None = None
    ) -> Comparators | FusedComparators | RaggedComparators:
        """Run the network; with `outputs`, neighbouring ranks, only the comparators that these depend on."""
        if isinstance(self.network, FusedNetwork):
            from algonet_runtime.sorting.fused_network import RaggedComparators, fused

            given = (self.steepness, self.network.network, self.distribution, self.layers)
            if self.lengths is not None:
                return RaggedComparators(self.values, self.lengths, *given)
            return fused(self.values, *given, outputs)
        layers = self.network.layers(self.size, self.layers)
        if outputs is not None and self.lengths is None:
            layers = needed(layers, outputs)
        return compare(
            self.values,
            self.steepness,
            self.network,
            self.distribution,
            layers=layers,
            lengths=self.lengths,
            limit=self.layers,
            is_error_free=self.is_error_free,
        )

    def ranked(self, comparators: Comparators | FusedComparators | RaggedComparators) -> Tensor:
        """The keys after a network, in their own scale."""
        return comparators.keys if self.scale is None else comparators.keys * self.scale

    def counts(self) -> Tensor:
        """The elements that count, (.., 1) or (1,)."""
        if self.lengths is not None:
            return self.lengths
        return torch.tensor([self.size], device=self.values.device)

    def is_filled(self) -> Tensor | None:
        """(.., n): whether a row has an element of this rank; None if all have."""
        return None if self.lengths is None else _filled(self.values, self.lengths)

    def flipped(self, values: Tensor, dim: int = -1) -> Tensor:
        """Ranked values in the other direction: the flip of the elements that count."""
        if self.lengths is None:
            return values.flip(dim)
        order = self.lengths - 1 - torch.arange(self.size, device=values.device)
        order = order.where(order >= 0, torch.arange(self.size, device=values.device))
        return _taken(values, order, dim)

    def gathered(self, values: Tensor, dim: int = -1) -> Tensor:
        """Values of the places before, in the order of the keys here."""
        return values if self.places is None else _taken(values, self.places, dim)

    def returned(self, values: Tensor, fill: float) -> Tensor:
        """Values (.., n) in the order of the keys here, at their places before; `fill` where masked."""
        if self.places is None:
            return values
        is_filled = self.is_filled()
        assert is_filled is not None
        filled = torch.where(is_filled, values, fill)
        places = self.places.expand(filled.shape)
        return torch.empty_like(filled).scatter(-1, places, filled)


def read_keys(
    operation: str,
    name: str,
    keys: Tensor,
    steepness: float | Tensor | Literal["auto"],
    network: str | Network | FusedNetwork,
    distribution: str | Distribution,
    *,
    mask: Tensor | None,
    layers: int | None,
    error_free: bool,
    check: bool,
) -> Keys:
    """The arguments that sorting operations share.

    Raises:
        RangeError: A key is not finite, or an option is out of its range.
        ShapeError: The mask does not fit.
    """
    if layers is not None:
        check_count(operation, "layers", layers, 0)
    check_steepness(operation, steepness)
    keys = in_batch_of(operation, keys, steepness)
    if mask is not None:
        try:
            keys, mask = broadcast(keys, mask)
        except RuntimeError:
            shapes = f"{tuple(mask.shape)} and {tuple(keys.shape)}"
            raise ShapeError(f"{operation}: `mask` and `{name}` have shapes {shapes}", "mask") from None
    if check:
        check_finite(operation, name, keys, mask)
    values = computed(keys)
    lengths = places = is_filled = None
    if mask is not None:
        places = torch.sort((~mask).to(torch.int8), stable=True, dim=-1).indices
        lengths = mask.sum(-1, keepdim=True)
        values = torch.where(mask, values, 0.0).gather(-1, places)
        is_filled = _filled(values, lengths)
    scale = None
    if isinstance(steepness, str):
        # Keys of standard deviation 1: a steepness of their own would be out of range sooner than they are.
        scale, steepness = spread(values, is_filled), AUTO
        values = values / scale
    return Keys(
        values,
        steepness_of(steepness, values, is_filled),
        network_of(network),
        distribution_of(distribution),
        layers,
        lengths,
        places,
        error_free,
        scale,
    )


def _filled(values: Tensor, lengths: Tensor) -> Tensor:
    """(.., n): the first places of each row, as many as elements count."""
    return torch.arange(values.shape[-1], device=values.device) < lengths


def _taken(values: Tensor, order: Tensor, dim: int) -> Tensor:
    """Values of a row in another order, (.., n) or, with dim -2, (.., n, m)."""
    if dim == -2:
        order = order.unsqueeze(-1)
        shape = common_shape(values.shape[:-2], order.shape[:-2])
        return values.expand(*shape, *values.shape[-2:]).gather(
            -2, order.expand(*shape, order.shape[-2], values.shape[-1])
        )
    shape = common_shape(values.shape, order.shape)
    return values.expand(shape).gather(-1, order.expand(shape))
