"""What fused networks do with certain keys; the twin of `reference.Comparators`. Imports torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor

from algonet_runtime.sorting.fused import sorted_keys
from algonet_runtime.sorting.fused_parts import How
from algonet_runtime.sorting.fused_payload import carried
from algonet_runtime.sorting.network import Network
from algonet_runtime.tensors import common_shape

if TYPE_CHECKING:
    from algonet_runtime.sorting.arguments import Keys


@final
@dataclass(frozen=True)
class FusedComparators:
    """A network that runs anew, as a whole, for the keys and for every payload.

    Args:
        given: The keys, without a mask.
        network: One by name.
        outputs: The neighbouring ranks that are asked for; None for all.
    """

    given: Keys
    network: Network
    outputs: tuple[int, ...] | None

    @property
    def keys(self) -> Tensor:
        """The keys (.., n) after the network; right at the outputs."""
        return sorted_keys(self.given.values, self._steepness(), self._how())

    def carry(self, payload: Tensor) -> Tensor:
        """The payload (.., n, m) in the order of the keys."""
        return self._carried(payload, is_transposed=False)

    def carry_back(self, payload: Tensor) -> Tensor:
        """The transposed permutation matrix times the payload (.., n, m)."""
        return self._carried(payload, is_transposed=True)

    def _carried(self, payload: Tensor, *, is_transposed: bool) -> Tensor:
        keys, steepness = self.given.values, self._steepness()
        if payload.ndim > 2:
            batch = common_shape(keys.shape[:-1], payload.shape[:-2])
            if steepness.shape == keys.shape[:-1]:
                steepness = steepness.expand(batch)
            keys = keys.expand(*batch, keys.shape[-1])
            payload = payload.expand(*batch, *payload.shape[-2:])
        dtype = torch.promote_types(keys.dtype, payload.dtype)
        keys, steepness, payload = keys.to(dtype), steepness.to(dtype), payload.to(dtype)
        return carried(keys, steepness, payload, self._how(), is_transposed=is_transposed)

    def _steepness(self) -> Tensor:
        """One for every row, or (1,)."""
        keys, steepness = self.given.values, self.given.steepness
        if isinstance(steepness, Tensor):
            return steepness.squeeze(-1).expand(keys.shape[:-1])
        return torch.full((1,), steepness, dtype=keys.dtype)

    def _how(self) -> How:
        given, n = self.given, self.given.size
        depth = self.network.depth(n) if given.layers is None else given.layers
        first, last = (self.outputs[0], self.outputs[-1]) if self.outputs else (0, max(n - 1, 0))
        return How(given.distribution.name, self.network.name, depth, first, last)
