"""Networks as runs of neighbouring comparators, which kernels walk. Loads without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from algonet_runtime.memo import remembered
from algonet_runtime.sorting.network import NETWORKS, ODD_EVEN, needed

if TYPE_CHECKING:
    from numpy.typing import NDArray

Output = tuple[int, int]
"""The first and the last rank that is asked for."""


@final
@dataclass(frozen=True, eq=False)
class Plan:
    """A network for n keys.

    Args:
        positions: (n,), where a kernel keeps each key, so that comparators of a layer lie side by side.
        runs: (runs, 4): position of the first member, of the second one, number of comparators, and
            comparators before; comparator k of a run is between the k-th places after these.
        comparators: All of them.
        longest: The most comparators of one run.
        orders: (runs, n), by what place each key comes to its own before a run; without rows, keys stay where
            they are.
    """

    positions: NDArray[np.int64]
    runs: NDArray[np.int64]
    comparators: int
    longest: int
    orders: NDArray[np.int32]

    @property
    def has_short_runs(self) -> bool:
        """Whether a loop over a run of one row is over before it is quick."""
        return self.comparators < 8 * len(self.runs)


@remembered
def plan_of(network: str, n: int, layers: int, first: int, last: int) -> Plan:
    """The plan of a network by name.

    Args:
        network: Its name.
        n: Keys.
        layers: The most layers.
        first: The first rank that is asked for.
        last: The last one.
    """
    if network == ODD_EVEN.name:
        positions = np.empty(n, dtype=np.int64)
        positions[0::2] = np.arange((n + 1) // 2)
        positions[1::2] = (n + 1) // 2 + np.arange(n // 2)
        return _plan(positions, _odd_even_runs(n, min(layers, ODD_EVEN.depth(n)), first, last))
    all_layers = NETWORKS[network].layers(n, layers)
    if (first, last) != (0, n - 1):
        all_layers = needed(all_layers, tuple(range(first, last + 1)))
    runs: list[list[int]] = []
    for layer in all_layers:
        begin = len(runs)  # a run never continues one of the layer before, on whose results it depends
        for i, j in layer:
            if len(runs) > begin and (i, j) == (runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]):
                runs[-1][2] += 1
            else:
                runs.append([i, j, 1])
    return _plan(np.arange(n, dtype=np.int64), runs)


@remembered
def shuffled_plan_of(network: str, n: int, layers: int, first: int, last: int) -> Plan:
    """As `plan_of`, with one run for each layer, before which keys change places."""
    all_layers = needed(NETWORKS[network].layers(n, layers), tuple(range(first, last + 1)))
    where = np.arange(n)
    runs: list[list[int]] = []
    orders: list[NDArray[np.int32]] = []
    for layer in (*(each for each in all_layers if each), ()):
        pairs = np.array(layer, dtype=np.int64).reshape(-1, 2)
        is_rest = np.ones(n, dtype=bool)
        is_rest[pairs] = False
        # The last run has no comparators, and its order is that of the keys.
        keys = np.concatenate([*pairs.T, np.flatnonzero(is_rest)])
        orders.append(where[keys].astype(np.int32))
        where[keys] = np.arange(n)
        runs.append([0, len(pairs), len(pairs)])
    return _plan(np.arange(n, dtype=np.int64), runs, np.stack(orders))


@remembered
def stretches_of(plan: Plan, most: int) -> NDArray[np.int64]:
    """Cuts the runs into stretches of at most so many comparators, or of one run: (stretches + 1,)."""
    cuts = [0]
    ends = (plan.runs[:, 3] + plan.runs[:, 2]).tolist()
    begins = plan.runs[:, 3].tolist()
    for run, end in enumerate(ends):
        if run and end - begins[cuts[-1]] > most:
            cuts.append(run)
    return np.array([*cuts, len(ends)], dtype=np.int64)


def _odd_even_runs(n: int, depth: int, first: int, last: int) -> list[list[int]]:
    """One run per layer; backwards, each layer widens the ranks that the outputs depend on."""
    runs: list[list[int]] = []
    seconds = (n + 1) // 2
    for level in reversed(range(depth)):
        odd = level % 2
        low = max(first - (first - odd) % 2, odd)
        high = min(last - (last - odd) % 2, n - 2 - (n - 2 - odd) % 2)
        if high < low:
            continue
        first, last = min(first, low), max(last, high + 1)
        count = (high - low) // 2 + 1
        k = (low - odd) // 2
        runs.append([seconds + k, k + 1, count] if odd else [k, seconds + k, count])
    return runs[::-1]


_STAY: NDArray[np.int32] = np.empty((0, 0), dtype=np.int32)


def _plan(positions: NDArray[np.int64], runs: list[list[int]], orders: NDArray[np.int32] = _STAY) -> Plan:
    table = np.zeros((len(runs), 4), dtype=np.int64)
    if runs:
        table[:, :3] = runs
        table[1:, 3] = np.cumsum(table[:-1, 2])
    counts: Any = table[:, 2]
    return Plan(positions, table, int(counts.sum()), int(counts.max(initial=1)), orders)
