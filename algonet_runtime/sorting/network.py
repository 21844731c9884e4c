"""Sorting networks: which pairs are compared, layer by layer. Loads without torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from algonet_runtime.errors import RangeError
from algonet_runtime.memo import remembered

Layer: TypeAlias = tuple[tuple[int, int], ...]
"""Pairs (i, j) with i < j of one layer; no index twice."""


@final
@dataclass(frozen=True)
class Network:
    """A family of sorting networks, one for each number of keys.

    Args:
        name: As it is given to operations.
        depth: The layers that sort n keys.
        layer: The pairs of layer l, for n keys. The network of m < n keys is that of n, up to `depth(m)` and
            without the pairs that reach beyond m.
    """

    name: str
    depth: Callable[[int], int]
    layer: Callable[[int, int], Layer]

    def layers(self, n: int, limit: int | None = None) -> tuple[Layer, ...]:
        """The layers for n keys; `limit` keeps the first ones only."""
        depth = self.depth(n) if limit is None else min(limit, self.depth(n))
        return _layers(self, n, depth)


@final
@dataclass(frozen=True)
class FusedNetwork:
    """A network that a kernel runs as a whole.

    Args:
        network: One by name.
    """

    network: Network


@remembered
def _layers(network: Network, n: int, depth: int) -> tuple[Layer, ...]:
    return tuple(network.layer(n, level) for level in range(depth))


def _odd_even_depth(n: int) -> int:
    """n layers: with n - 1, an even n of at least 4 is not always sorted (`1 1 0 0`)."""
    return n if n > 2 else max(n - 1, 0)


def _odd_even_layer(n: int, level: int) -> Layer:
    return tuple((i, i + 1) for i in range(level % 2, n - 1, 2))


def _bitonic_depth(n: int) -> int:
    stages = max(n - 1, 0).bit_length()
    return stages * (stages + 1) // 2


def _bitonic_layer(n: int, level: int) -> Layer:
    """Layer of the normalised form: blocks of k are folded in the middle, then halved; all pairs ascend."""
    stage = 1
    while level >= stage:
        level -= stage
        stage += 1
    size = 2**stage
    if level == 0:
        pairs = ((i, i - i % size + size - 1 - i % size) for i in range(n) if i % size < size // 2)
    else:
        distance = size >> (level + 1)
        pairs = ((i, i + distance) for i in range(n) if not i & distance)
    return tuple((i, j) for i, j in pairs if j < n)


ODD_EVEN = Network("odd_even", _odd_even_depth, _odd_even_layer)
BITONIC = Network("bitonic", _bitonic_depth, _bitonic_layer)

NETWORKS: Mapping[str, Network] = {each.name: each for each in (ODD_EVEN, BITONIC)}
"""By name."""


def network_of(given: str | Network | FusedNetwork) -> Network | FusedNetwork:
    """The network that an argument names or is.

    Raises:
        RangeError: There is none of this name.
    """
    if isinstance(given, Network | FusedNetwork):
        return given
    found = NETWORKS.get(given)
    if found is None:
        listing = ", ".join(f'"{name}"' for name in NETWORKS)
        raise RangeError(f"`network` is {given!r}; choose {listing}", "network")
    return found


@remembered
def needed(layers: tuple[Layer, ...], outputs: tuple[int, ...]) -> tuple[Layer, ...]:
    """The layers with only those pairs that some of the outputs depend on."""
    wanted = set(outputs)
    found: list[Layer] = []
    for layer in reversed(layers):
        kept = tuple(pair for pair in layer if wanted.intersection(pair))
        wanted.update(index for pair in kept for index in pair)
        found.append(kept)
    return tuple(reversed(found))


def count(layers: Iterable[Layer]) -> int:
    """The number of comparators."""
    return sum(len(layer) for layer in layers)
