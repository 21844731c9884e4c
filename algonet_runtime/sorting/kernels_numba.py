"""Whole networks as Numba kernels, on blocks of rows. Imports numba.

Every kernel works on the blocks [begin, end) of `lanes` rows each; the last block repeats its last row. `x`
is (rows, n); `steepness` (rows,) or (1,); `stretches` cuts the runs, so that only one stretch has its tape in
memory at a time, and the keys at the beginning of each are kept. Where `orders` has rows, the keys are put in
the order of row k before run k.
"""

# pyright: basic
from __future__ import annotations

from typing import Any

import numba
import numpy as np

from algonet_runtime.numba_cache import keep
from algonet_runtime.relax.distribution_numba import OPTIONS
from algonet_runtime.sorting.comparators_numba import (
    exchange,
    exchange_back,
    exchange_dual,
    exchange_dual_back,
    exchange_measured,
    exchange_measured_back,
    exchange_taped,
)

_part: Any = numba.njit(inline="never", **OPTIONS)


def kernel(function: Any) -> Any:
    """Compiled at the first call, and kept."""
    return keep(numba.njit(nogil=True, **OPTIONS)(function))


@_part
def load(x, positions, block, lanes, out):
    """Numbers of the rows of a block."""
    rows, n = x.shape
    first = block * lanes
    count = min(lanes, rows - first)
    if lanes > 4:
        for i in range(n):
            place = positions[i] * lanes
            side_by_side, column = out[place : place + lanes], x[first : first + count, i]
            for r in range(count):
                side_by_side[r] = column[r]
            for r in range(count, lanes):
                side_by_side[r] = column[count - 1]
        return
    for r in range(lanes):
        row = min(block * lanes + r, rows - 1)
        for i in range(n):
            out[positions[i] * lanes + r] = x[row, i]


@_part
def store(values, positions, block, lanes, out):
    """The other way."""
    rows, n = out.shape
    first = block * lanes
    count = min(lanes, rows - first)
    if lanes > 4:
        for i in range(n):
            place = positions[i] * lanes
            side_by_side, column = values[place : place + count], out[first : first + count, i]
            for r in range(count):
                column[r] = side_by_side[r]
        return
    for r in range(count):
        for i in range(n):
            out[first + r, i] = values[positions[i] * lanes + r]


@_part
def spread(steepness, rows, block, lanes, out):
    """The steepness of each lane, over and over."""
    for r in range(lanes):
        row = min(block * lanes + r, rows - 1)
        s = steepness[row if steepness.size > 1 else 0]
        for i in range(r, out.size, lanes):
            out[i] = s


@_part
def gather_lanes(values, block, lanes, out):
    """The sum of what each lane has gathered."""
    for r in range(min(lanes, out.size - block * lanes)):
        total = out.dtype.type(0)
        for i in range(r, values.size, lanes):
            total += values[i]
        out[block * lanes + r] = total


@_part
def _shuffle(values, orders, k, scratch, lanes):
    """Values in the order of run k."""
    if lanes == 1:
        for place in range(orders.shape[1]):
            scratch[place] = values[orders[k, place]]
    else:
        for place in range(orders.shape[1]):
            begin, origin = place * lanes, orders[k, place] * lanes
            for r in range(lanes):
                scratch[begin + r] = values[origin + r]
    values[:] = scratch


@_part
def _shuffle_back(values, orders, k, scratch, lanes):
    """Values in the order before run k."""
    if lanes == 1:
        for place in range(orders.shape[1]):
            scratch[orders[k, place]] = values[place]
    else:
        for place in range(orders.shape[1]):
            begin, origin = place * lanes, orders[k, place] * lanes
            for r in range(lanes):
                scratch[origin + r] = values[begin + r]
    values[:] = scratch


@_part
def _run(kind, keys, steepness, runs, orders, scratch, begin, end, lanes):
    for k in range(begin, end):
        if orders.shape[0]:
            _shuffle(keys, orders, k, scratch, lanes)
        i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
        exchange(kind, keys, steepness, i, j, m)


@_part
def run_to_starts(kind, starts, steepness, runs, orders, scratch, stretches, lanes):
    """From the keys in starts[0], those at the beginning of every stretch."""
    for c in range(1, starts.shape[0]):
        starts[c] = starts[c - 1]
        _run(kind, starts[c], steepness, runs, orders, scratch, stretches[c - 1], stretches[c], lanes)


@kernel
def sort(kind, x, steepness, positions, runs, orders, longest, lanes, begin, end, out):
    """Sorted keys."""
    keys = np.empty(x.shape[1] * lanes, x.dtype)
    scratch = np.empty_like(keys)
    s = np.empty(longest * lanes, x.dtype)
    for block in range(begin, end):
        load(x, positions, block, lanes, keys)
        if block == begin or steepness.size > 1:
            spread(steepness, x.shape[0], block, lanes, s)
        _run(kind, keys, s, runs, orders, scratch, 0, runs.shape[0], lanes)
        store(keys, positions, block, lanes, out)


@_part
def tape_size(runs, stretches):
    """The most comparators of a stretch."""
    most = 0
    for c in range(stretches.size - 1):
        last = stretches[c + 1] - 1
        if last >= stretches[c]:
            most = max(most, runs[last, 3] + runs[last, 2] - runs[stretches[c], 3])
    return most


@kernel
def sort_gradient(kind, x, steepness, g, positions, runs, orders, longest, stretches, lanes, begin, end, g_x):
    """The gradient by keys, of the gradient `g` by sorted keys."""
    size = x.shape[1] * lanes
    count = stretches.size - 1
    starts = np.empty((count, size), x.dtype)
    grads = np.empty(size, x.dtype)
    scratch = np.empty_like(grads)
    s = np.empty(longest * lanes, x.dtype)
    tape = np.empty(tape_size(runs, stretches) * lanes, x.dtype)
    for block in range(begin, end):
        if block == begin or steepness.size > 1:
            spread(steepness, x.shape[0], block, lanes, s)
        load(x, positions, block, lanes, starts[0])
        run_to_starts(kind, starts, s, runs, orders, scratch, stretches, lanes)
        load(g, positions, block, lanes, grads)
        for c in range(count - 1, -1, -1):
            keys = starts[c]
            for k in range(stretches[c], stretches[c + 1]):
                if orders.shape[0]:
                    _shuffle(keys, orders, k, scratch, lanes)
                i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
                o = (runs[k, 3] - runs[stretches[c], 3]) * lanes
                exchange_taped(kind, keys, s, tape, i, j, o, m)
            for k in range(stretches[c + 1] - 1, stretches[c] - 1, -1):
                i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
                o = (runs[k, 3] - runs[stretches[c], 3]) * lanes
                exchange_back(grads, tape, i, j, o, m)
                if orders.shape[0]:
                    _shuffle_back(grads, orders, k, scratch, lanes)
        store(grads, positions, block, lanes, g_x)


@kernel
def sort_gradient_measured(
    kind, x, steepness, g, positions, runs, orders, longest, stretches, lanes, begin, end, g_x, g_steepness
):
    """As `sort_gradient`, and by the steepness of each row."""
    size = x.shape[1] * lanes
    count = stretches.size - 1
    starts = np.empty((count, size), x.dtype)
    grads = np.empty(size, x.dtype)
    scratch = np.empty_like(grads)
    s = np.empty(longest * lanes, x.dtype)
    g_s = np.empty(longest * lanes, x.dtype)
    tape = np.empty((2, tape_size(runs, stretches) * lanes), x.dtype)
    for block in range(begin, end):
        g_s[:] = 0
        spread(steepness, x.shape[0], block, lanes, s)
        load(x, positions, block, lanes, starts[0])
        run_to_starts(kind, starts, s, runs, orders, scratch, stretches, lanes)
        load(g, positions, block, lanes, grads)
        for c in range(count - 1, -1, -1):
            keys = starts[c]
            for k in range(stretches[c], stretches[c + 1]):
                if orders.shape[0]:
                    _shuffle(keys, orders, k, scratch, lanes)
                i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
                o = (runs[k, 3] - runs[stretches[c], 3]) * lanes
                exchange_measured(kind, keys, s, tape, i, j, o, m)
            for k in range(stretches[c + 1] - 1, stretches[c] - 1, -1):
                i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
                o = (runs[k, 3] - runs[stretches[c], 3]) * lanes
                exchange_measured_back(grads, tape, g_s, i, j, o, m)
                if orders.shape[0]:
                    _shuffle_back(grads, orders, k, scratch, lanes)
        store(grads, positions, block, lanes, g_x)
        gather_lanes(g_s, block, lanes, g_steepness)


@kernel
def sort_curvature(
    kind,
    x,
    steepness,
    g,
    v_x,
    v_steepness,
    v_g,
    positions,
    runs,
    orders,
    longest,
    stretches,
    lanes,
    begin,
    end,
    h_x,
    h_steepness,
    h_g,
):
    """Second derivatives of <g, sort(x)> by keys, steepness and g in the direction v.

    That by g is the derivative of sort(x).
    """
    size = x.shape[1] * lanes
    count = stretches.size - 1
    starts = np.empty((2, count, size), x.dtype)
    grads = np.empty((2, size), x.dtype)
    scratch = np.empty(size, x.dtype)
    lane_numbers = np.empty((3, longest * lanes), x.dtype)
    s, v_s, g_s = lane_numbers[0], lane_numbers[1], lane_numbers[2]
    tape = np.empty((4, tape_size(runs, stretches) * lanes), x.dtype)
    for block in range(begin, end):
        g_s[:] = 0
        spread(steepness, x.shape[0], block, lanes, s)
        spread(v_steepness, x.shape[0], block, lanes, v_s)
        load(x, positions, block, lanes, starts[0, 0])
        load(v_x, positions, block, lanes, starts[1, 0])
        for c in range(count):
            if c:
                starts[:, c] = grads
            grads[0] = starts[0, c]
            grads[1] = starts[1, c]
            _dual(
                kind,
                grads[0],
                grads[1],
                s,
                v_s,
                tape,
                runs,
                orders,
                scratch,
                stretches[c],
                stretches[c + 1],
                lanes,
            )
        store(grads[1], positions, block, lanes, h_g)
        load(v_g, positions, block, lanes, grads[0])
        load(g, positions, block, lanes, grads[1])
        for c in range(count - 1, -1, -1):
            if c < count - 1:  # the tape of the last stretch is there
                keys, tangents = starts[0, c], starts[1, c]
                _dual(
                    kind,
                    keys,
                    tangents,
                    s,
                    v_s,
                    tape,
                    runs,
                    orders,
                    scratch,
                    stretches[c],
                    stretches[c + 1],
                    lanes,
                )
            for k in range(stretches[c + 1] - 1, stretches[c] - 1, -1):
                i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
                o = (runs[k, 3] - runs[stretches[c], 3]) * lanes
                exchange_dual_back(grads, tape, g_s, i, j, o, m)
                if orders.shape[0]:
                    _shuffle_back(grads[0], orders, k, scratch, lanes)
                    _shuffle_back(grads[1], orders, k, scratch, lanes)
        store(grads[0], positions, block, lanes, h_x)
        gather_lanes(g_s, block, lanes, h_steepness)


@_part
def _dual(kind, keys, tangents, s, v_s, tape, runs, orders, scratch, begin, end, lanes):
    for k in range(begin, end):
        if orders.shape[0]:
            _shuffle(keys, orders, k, scratch, lanes)
            _shuffle(tangents, orders, k, scratch, lanes)
        i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
        o = (runs[k, 3] - runs[begin, 3]) * lanes
        exchange_dual(kind, keys, tangents, s, v_s, tape, i, j, o, m)
