"""What fused networks do with certain keys; the twins of `reference.Comparators`. Imports torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast, final

import torch
from torch import Tensor

from algonet_runtime.relax.distribution import Distribution
from algonet_runtime.sorting.fused import sorted_keys
from algonet_runtime.sorting.fused_parts import How
from algonet_runtime.sorting.fused_payload import carried
from algonet_runtime.sorting.network import Network
from algonet_runtime.tensors import common_shape, index_tensor


@final
@dataclass(frozen=True)
class FusedComparators:
    """A network that runs anew, as a whole, for the keys and for every payload.

    Args:
        values: The keys, (.., n).
        steepness: One for every row, or (1,).
        how: What the kernels run.
    """

    values: Tensor
    steepness: Tensor
    how: How

    @property
    def keys(self) -> Tensor:
        """The keys (.., n) after the network; right at the outputs."""
        return sorted_keys(self.values, self.steepness, self.how)

    def carry(self, payload: Tensor) -> Tensor:
        """The payload (.., n, m) in the order of the keys."""
        return self._carried(payload, is_transposed=False)

    def carry_back(self, payload: Tensor) -> Tensor:
        """The transposed permutation matrix times the payload (.., n, m)."""
        return self._carried(payload, is_transposed=True)

    def _carried(self, payload: Tensor, *, is_transposed: bool) -> Tensor:
        keys, steepness = self.values, self.steepness
        if payload.ndim > 2:
            batch = common_shape(keys.shape[:-1], payload.shape[:-2])
            if steepness.shape == keys.shape[:-1]:
                steepness = steepness.expand(batch)
            keys = keys.expand(*batch, keys.shape[-1])
            payload = payload.expand(*batch, *payload.shape[-2:])
        dtype = torch.promote_types(keys.dtype, payload.dtype)
        keys, steepness, payload = keys.to(dtype), steepness.to(dtype), payload.to(dtype)
        return carried(keys, steepness, payload, self.how, is_transposed=is_transposed)


@final
@dataclass(frozen=True)
class RaggedComparators:
    """As `FusedComparators`, one network for all rows of a length; what is behind that stays as it is.

    Args:
        values: The keys, (.., n), those that count in front.
        lengths: How many count, (.., 1).
        steepness: A number, or a tensor (.., 1).
        network: One by name.
        distribution: One by name.
        limit: The most layers.
    """

    values: Tensor
    lengths: Tensor
    steepness: float | Tensor
    network: Network
    distribution: Distribution
    limit: int | None

    @property
    def keys(self) -> Tensor:
        """The keys (.., n) after the network."""
        return self._by_length(self.values, self.values.shape[:-1], lambda network, _: network.keys, 1)

    def carry(self, payload: Tensor) -> Tensor:
        """The payload (.., n, m) in the order of the keys."""
        return self._carried(payload, FusedComparators.carry)

    def carry_back(self, payload: Tensor) -> Tensor:
        """The transposed permutation matrix times the payload (.., n, m)."""
        return self._carried(payload, FusedComparators.carry_back)

    def _carried(self, payload: Tensor, move: Callable[[FusedComparators, Tensor], Tensor]) -> Tensor:
        batch = common_shape(self.values.shape[:-1], payload.shape[:-2])
        dtype = torch.promote_types(self.values.dtype, payload.dtype)
        return self._by_length(payload.to(dtype).expand(*batch, *payload.shape[-2:]), batch, move, 2)

    def _by_length(
        self,
        given: Tensor,
        batch: tuple[int, ...],
        run: Callable[[FusedComparators, Tensor], Tensor],
        dims: int,
    ) -> Tensor:
        """The given rows, of as many dimensions, with the beginning of each replaced by what runs there."""
        n = self.values.shape[-1]
        count = torch.Size(batch).numel()
        flat = given.reshape(count, *given.shape[given.ndim - dims :])
        values = self.values.expand(*batch, n).reshape(count, n)
        lengths: list[int] = cast("Any", self.lengths.expand(*batch, 1).reshape(count)).tolist()
        members: dict[int, list[int]] = {} if count else {n: []}
        for row, length in enumerate(lengths):
            members.setdefault(length, []).append(row)
        steepness = self.steepness
        if isinstance(steepness, Tensor):
            steepness = steepness.expand(*batch, 1).reshape(count, 1)
        parts: list[Tensor] = []
        for length, rows in members.items():
            index = index_tensor(rows, values.device)
            part, each = flat[index], steepness[index] if isinstance(steepness, Tensor) else steepness
            network = fused(values[index, :length], each, self.network, self.distribution, self.limit, None)
            rest = part.narrow(1, length, n - length)
            parts.append(torch.cat([run(network, part[:, :length]), rest], 1))
        listed = [row for rows in members.values() for row in rows]
        order = sorted(range(len(listed)), key=listed.__getitem__)
        return torch.cat(parts)[index_tensor(order, values.device)].reshape(given.shape)


def fused(
    values: Tensor,
    steepness: float | Tensor,
    network: Network,
    distribution: Distribution,
    limit: int | None,
    outputs: tuple[int, ...] | None,
) -> FusedComparators:
    """A fused network on keys.

    Args:
        values: (.., n), finite.
        steepness: A number, or a tensor (.., 1).
        network: One by name.
        distribution: One by name.
        limit: The most layers.
        outputs: The neighbouring ranks that are asked for; None for all.
    """
    n = values.shape[-1]
    if isinstance(steepness, Tensor):
        each = steepness.squeeze(-1).expand(values.shape[:-1])
    else:
        each = torch.full((1,), steepness, dtype=values.dtype, device=values.device)
    depth = network.depth(n) if limit is None else limit
    first, last = (outputs[0], outputs[-1]) if outputs else (0, max(n - 1, 0))
    return FusedComparators(values, each, How(distribution.name, network.name, depth, first, last))
