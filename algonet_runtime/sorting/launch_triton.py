"""How Triton kernels of sorting networks are launched: tiles, layers, scratch. Imports torch.

Tiles and stretches depend on the shape of a row only, so that a row has the same bits in any batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from math import isqrt
from typing import Any, NamedTuple

import torch
from torch import Tensor

from algonet_runtime.sorting.fused_parts import How, each_of, rows_of
from algonet_runtime.sorting.network import NETWORKS, ODD_EVEN, needed
from algonet_runtime.sorting.plan import plan_of
from algonet_runtime.tensors import index_tensor, remembered_tensors

SCRATCH_BYTES = 2**28
"""Scratch memory of one launch, if one row does not need more."""

LEAST_PADDED = 8
"""Shorter rows are filled up to it, so that they need no kernels of their own."""

MOST_SHUFFLED = 64
"""The most keys that meet by shuffles, whose number grows with the square of the keys."""

WHOLE_TAPE = 2**17
"""The tape of a program that is kept as a whole; a longer one is made anew from stretch to stretch."""

TILE = 4096
"""The most numbers of a tile of payloads, which has at most 32 columns."""

MOST_GROUPS = 8
"""The most programs that share the columns of a row in gradients."""

MIXED_NUMBERS = 2**24
"""What these programs may write for one row: their number falls for very long networks."""


class Task(NamedTuple):
    """What all launches of a call share.

    Args:
        x: Keys, (rows, n).
        s: Steepness, and how far apart that of two rows is.
        steps: Layers, as kernels read them.
        kind: The distribution.
        padded: Keys with those that fill up a tile.
        together: Rows of one program on keys.
    """

    x: Tensor
    s: tuple[Tensor, int]
    steps: Tensor
    kind: str
    padded: int
    together: int

    @property
    def layers(self) -> int:
        """Layers with comparators."""
        return self.steps.numel() // 4

    def constants(self, columns: int = 0) -> dict[str, Any]:
        """What kernels are compiled for, with so many columns in a tile; with 0, those on keys."""
        size = self.padded * (columns or self.together)
        shape = {"width": columns} if columns else {"together": self.together}
        return {
            "kind": self.kind,
            "padded": self.padded,
            **shape,
            "is_shuffled": self.padded <= MOST_SHUFFLED,
            "num_warps": min(max(size // (256 if columns else 64), 1), 16),
            # Loads from scratch memory must not move ahead of what writes there.
            "num_stages": 1,
        }

    def cut(self, numbers: int) -> tuple[int, int]:
        """Layers of a stretch, and stretches, if the tape of a layer has so many numbers."""
        layers = max(self.layers, 1)
        stretch = layers if layers * numbers <= WHOLE_TAPE else isqrt(layers - 1) + 1
        return stretch, -(-layers // stretch)

    def portions(self, numbers: int) -> Iterator[tuple[int, int]]:
        """Begin and end of portions of rows that need so many numbers each."""
        rows = self.x.shape[0]
        most = max(SCRATCH_BYTES // (max(numbers, 1) * self.x.element_size()), 1)
        most = min(max(most // self.together, 1), -(-rows // self.together)) * self.together
        for begin in range(0, rows, most):
            yield begin, min(begin + most, rows)

    def scratch(self, numbers: int) -> Tensor:
        """Memory for a launch."""
        return self.x.new_empty(max(numbers, 1))

    def blocks(self, begin: int, end: int) -> int:
        """Programs on keys."""
        return -(-(end - begin) // self.together)


def on_device(device: torch.device) -> AbstractContextManager[Any]:
    """Triton launches on the current device."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def task_of(x: Tensor, steepness: Tensor, how: How) -> Task:
    """The task of running a network on keys."""
    n = x.shape[-1]
    padded = max(1 << max(n - 1, 0).bit_length(), LEAST_PADDED)
    steps = steps_of(how.network, n, how.layers, how.first, how.last, x.device)
    together = max(MOST_SHUFFLED // padded, 1)
    return Task(rows_of(x), strided(steepness, x), steps, how.distribution, padded, together)


@remembered_tensors
def steps_of(network: str, n: int, layers: int, first: int, last: int, device: torch.device) -> Tensor:
    """Layers with comparators as kernels read them, (layers, 4): see `comparators_triton.partners`."""
    return index_tensor(_steps(network, n, layers, first, last), device)


def _steps(network: str, n: int, layers: int, first: int, last: int) -> list[tuple[int, int, int, int]]:
    if network == ODD_EVEN.name:
        plan = plan_of(network, n, layers, first, last)
        keys = {int(position): key for key, position in enumerate(plan.positions)}
        lows = [(keys[i], count) for i, _, count, _ in plan.runs.tolist()]
        return [(low % 2, 1, low, low + 2 * count - 1) for low, count in lows]
    found = NETWORKS[network].layers(n, layers)
    if (first, last) != (0, n - 1):
        found = needed(found, tuple(range(first, last + 1)))
    # Kernels compare all pairs that fit between the ends of a layer. Where only some outputs are asked for,
    # a few of these may be in vain: they change nothing that the outputs depend on.
    return [
        (0, layer[0][0] ^ layer[0][1], min(i for i, _ in layer), max(j for _, j in layer))
        for layer in found
        if layer
    ]


def strided(steepness: Tensor, x: Tensor) -> tuple[Tensor, int]:
    """Steepness of every row, or one for all; and how far apart that of two rows is."""
    each = each_of(steepness, x)
    return each, int(each.numel() > 1)


def payload_of(payload: Tensor) -> tuple[Tensor, int]:
    """Contiguous, without a history; and how far apart those of two rows are."""
    values = payload.detach().resolve_neg().contiguous()
    return values, 0 if values.ndim == 2 else values.shape[-2] * values.shape[-1]


def columns_of(task: Task, count: int) -> tuple[int, int]:
    """Columns of a tile, and tiles side by side."""
    columns = min(1 << max(count - 1, 0).bit_length(), 32, max(TILE // task.padded, 1))
    return columns, -(-count // columns)


def groups_of(task: Task, chunks: int) -> tuple[int, int]:
    """Programs that share the columns of a row, and chunks of columns of each; the same in any batch."""
    most = max(MIXED_NUMBERS // max(task.layers * task.padded, 1), 1)
    each = -(-chunks // min(chunks, MOST_GROUPS, most))
    return -(-chunks // each), each
