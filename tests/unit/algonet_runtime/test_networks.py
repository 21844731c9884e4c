"""Sorting networks: they sort, and the one for fewer keys is a part of the one for more."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from algonet_runtime import RangeError
from algonet_runtime.sorting.network import NETWORKS, ODD_EVEN, Network, count, needed, network_of
from tests.unit.algonet_runtime import oracle

networks = pytest.mark.parametrize("network", NETWORKS.values(), ids=lambda network: network.name)


def crisp(network: Network, start: Sequence[int], limit: int | None = None) -> list[int]:
    """Keys after the layers."""
    keys = list(start)
    for layer in network.layers(len(keys), limit):
        for i, j in layer:
            keys[i], keys[j] = min(keys[i], keys[j]), max(keys[i], keys[j])
    return keys


@networks
@pytest.mark.parametrize("n", range(11))
def test_every_row_of_zeros_and_ones_is_sorted(network: Network, n: int) -> None:
    for keys in itertools.product((0, 1), repeat=n):
        assert crisp(network, list(keys)) == sorted(keys)


@networks
@pytest.mark.parametrize("n", [13, 37, 64, 100])
def test_descending_rows_are_sorted(network: Network, n: int) -> None:
    keys = list(range(n, 0, -1))
    assert crisp(network, keys) == sorted(keys)


@pytest.mark.parametrize("n", [4, 6, 8])
def test_one_layer_less_leaves_some_even_row_unsorted(n: int) -> None:
    """The paper's n - 1 layers."""
    rows = [list(keys) for keys in itertools.product((0, 1), repeat=n)]
    assert any(crisp(ODD_EVEN, keys, n - 1) != sorted(keys) for keys in rows)
    unsorted: list[int] = [1, 1, 0, 0]
    assert crisp(ODD_EVEN, unsorted, 3) == [0, 1, 0, 1]


@networks
@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 16, 37])
def test_pairs_ascend_and_touch_each_index_once_per_layer(network: Network, n: int) -> None:
    for layer in network.layers(n):
        indices = [index for pair in layer for index in pair]
        assert all(i < j for i, j in layer)
        assert len(set(indices)) == len(indices)
        assert all(0 <= index < n for index in indices)


@networks
def test_fewer_keys_take_the_first_layers(network: Network) -> None:
    for n, m in itertools.combinations_with_replacement(range(18, -1, -1), 2):
        first = network.layers(n)[: network.depth(m)]
        assert tuple(tuple(pair for pair in layer if pair[1] < m) for layer in first) == network.layers(m)


@networks
@pytest.mark.parametrize("n", [0, 1, 2, 3, 6, 8, 11, 16, 21])
def test_same_comparators_as_the_textbook(network: Network, n: int) -> None:
    """The order within the textbook differs where comparators do not meet; what each key meets does not."""
    flat = [pair for layer in network.layers(n) for pair in layer]
    for index in range(n):
        ours = [pair for pair in flat if index in pair]
        assert ours == [pair for pair in oracle.pairs(network.name, n) if index in pair]


@pytest.mark.parametrize("n", [1, 3, 5, 7, 9, 21])
def test_comparators_of_the_median(n: int) -> None:
    assert count(needed(ODD_EVEN.layers(n), (n // 2,))) == 3 * (n * n - 1) // 8
    assert count(ODD_EVEN.layers(n)) == n * (n - 1) // 2


@networks
def test_needed_comparators_give_the_same_outputs(network: Network) -> None:
    n = 9
    for outputs in ((4,), (0,), (7, 8), (3, 4)):
        kept = needed(network.layers(n), outputs)
        for keys in itertools.product((0, 1), repeat=n):
            found = list(keys)
            for layer in kept:
                for i, j in layer:
                    found[i], found[j] = min(found[i], found[j]), max(found[i], found[j])
            assert [found[i] for i in outputs] == [sorted(keys)[i] for i in outputs]


def test_a_network_that_does_not_exist() -> None:
    with pytest.raises(RangeError, match='`network` is \'bubble\'; choose "odd_even", "bitonic"'):
        network_of("bubble")
