"""Blocks of rows on the threads that torch may use. Imports torch.

The threads are this library's own: those of OpenMP do not survive the fork of a data loader's worker.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from threading import Lock

import torch

SERIAL = 2**17
"""Comparators (and work like them) that one thread does sooner than two: about 0.2 ms."""

PIECES = 4
"""Parts of the work for each thread, which takes the next one when it is done: after each of its own
operations, torch lets threads spin for milliseconds, which slows down those that share their cores.
"""

_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}
_locks = [Lock()]


def run_blocks(blocks: int, work: int, kernel: Callable[[int, int], object]) -> None:
    """Call a kernel for all blocks, as `kernel(begin, end)`, on several threads if that pays.

    Args:
        blocks: How many there are.
        work: Comparators in all of them.
        kernel: Releases the interpreter's lock; results of blocks are independent.
    """
    threads = min(torch.get_num_threads(), blocks, 1 + work // SERIAL)
    if threads < 2:
        kernel(0, blocks)
        return
    pieces = min(blocks, PIECES * threads)
    cuts = [blocks * piece // pieces for piece in range(pieces + 1)]
    turns = count()

    def take_turns() -> None:
        while (piece := next(turns)) < pieces:
            kernel(cuts[piece], cuts[piece + 1])

    others: list[Future[object]] = [_pool(threads - 1).submit(take_turns) for _ in range(threads - 1)]
    try:
        take_turns()
    finally:
        for other in others:
            if not other.cancel():
                other.result()


def _pool(threads: int) -> ThreadPoolExecutor:
    """The threads of this process; a forked one has none of its parent's."""
    key = (os.getpid(), threads)
    with _locks[0]:
        if key not in _pools:
            _pools[key] = ThreadPoolExecutor(threads, thread_name_prefix="algonet")
        return _pools[key]


def _renew_lock() -> None:
    """A fork may happen while another thread holds the lock."""
    _locks[0] = Lock()


os.register_at_fork(after_in_child=_renew_lock)
