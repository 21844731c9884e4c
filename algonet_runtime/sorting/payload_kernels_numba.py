"""Networks that move payloads, as Numba kernels on blocks of rows. Imports numba.

Blocks, lanes and stretches are as in `kernels_numba`. Payloads are (rows, n, columns), or (1, n, columns) for
all rows; in a block, column c of them lies as keys do.
"""

# pyright: basic
from __future__ import annotations

from typing import Any

import numba
import numpy as np

from algonet_runtime.relax.distribution_numba import OPTIONS
from algonet_runtime.sorting.kernels_numba import (
    gather_lanes,
    kernel,
    load,
    run_to_starts,
    spread,
    store,
    tape_size,
)
from algonet_runtime.sorting.payload_comparators_numba import (
    keys_back,
    keys_dual_back,
    mix,
    mix_back,
    mix_dual,
    mix_dual_back,
    mix_taped,
    weigh,
    weigh_dual,
    weigh_taped,
)

_part: Any = numba.njit(inline="never", **OPTIONS)


@_part
def _load_columns(payload, positions, rows, block, lanes, out):
    n, columns = payload.shape[1], payload.shape[2]
    for r in range(lanes):
        row = min(block * lanes + r, rows - 1) if payload.shape[0] > 1 else 0
        for i in range(n):
            place = positions[i] * lanes + r
            for c in range(columns):
                out[c, place] = payload[row, i, c]


@_part
def _store_columns(values, positions, block, lanes, out):
    rows, n, columns = out.shape
    for r in range(min(lanes, rows - block * lanes)):
        row = block * lanes + r
        for i in range(n):
            place = positions[i] * lanes + r
            for c in range(columns):
                out[row, i, c] = values[c, place]


@_part
def _weigh(kind, keys, s, tape, runs, begin, end, lanes):
    for k in range(begin, end):
        i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
        o = (runs[k, 3] - runs[begin, 3]) * lanes
        weigh(kind, keys, s, tape, i, j, o, m)


@_part
def _weigh_taped(kind, keys, s, tape, runs, begin, end, lanes):
    for k in range(begin, end):
        i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
        o = (runs[k, 3] - runs[begin, 3]) * lanes
        weigh_taped(kind, keys, s, tape, i, j, o, m)


@_part
def _keys_back(grads, tape, gp, g_s, runs, begin, end, lanes):
    for k in range(end - 1, begin - 1, -1):
        i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
        o = (runs[k, 3] - runs[begin, 3]) * lanes
        keys_back(grads, tape, gp, g_s, i, j, o, m)


@_part
def _mix(values, tape, runs, begin, end, lanes):
    """All columns, a few at a time, so that a run's degrees are read once for them."""
    for first in range(0, values.shape[0], 4):
        last = min(first + 4, values.shape[0])
        for k in range(begin, end):
            i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
            o = (runs[k, 3] - runs[begin, 3]) * lanes
            mix(values, first, last, tape, i, j, o, m)


@_part
def _mix_back(grads, tape, runs, begin, end, lanes):
    """As `_mix`, by the transposed matrix."""
    for first in range(0, grads.shape[0], 4):
        last = min(first + 4, grads.shape[0])
        for k in range(end - 1, begin - 1, -1):
            i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
            o = (runs[k, 3] - runs[begin, 3]) * lanes
            mix(grads, first, last, tape, i, j, o, m)


@_part
def _mix_both(values, grads, tape, apart, gp, runs, begin, end, lanes):
    """Payload forwards, gradients backwards; as many columns at a time as `apart` has rows."""
    for first in range(0, values.shape[0], apart.shape[0]):
        last = min(first + apart.shape[0], values.shape[0])
        for k in range(begin, end):
            i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
            o = (runs[k, 3] - runs[begin, 3]) * lanes
            mix_taped(values, first, last, tape, apart, i, j, o, m)
        for k in range(end - 1, begin - 1, -1):
            i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
            o = (runs[k, 3] - runs[begin, 3]) * lanes
            mix_back(grads, first, last, tape, apart, gp, i, j, o, m)


@kernel
def carry(
    kind,
    x,
    steepness,
    payload,
    positions,
    runs,
    longest,
    stretches,
    lanes,
    transposed,
    begin,
    end,
    out,
):
    """The relaxed permutation matrix, or the transposed one, times a payload."""
    rows, n = x.shape
    count = stretches.size - 1
    starts = np.empty((count if transposed else 1, n * lanes), x.dtype)
    values = np.empty((payload.shape[2], n * lanes), x.dtype)
    s = np.empty(longest * lanes, x.dtype)
    tape = np.empty((2, tape_size(runs, stretches) * lanes), x.dtype)
    orders = np.empty((0, 0), np.int32)
    for block in range(begin, end):
        if block == begin or steepness.size > 1:
            spread(steepness, rows, block, lanes, s)
        load(x, positions, block, lanes, starts[0])
        _load_columns(payload, positions, rows, block, lanes, values)
        if transposed:
            run_to_starts(kind, starts, s, runs, orders, starts[0], stretches, lanes)
            for c in range(count - 1, -1, -1):
                _weigh(kind, starts[c], s, tape, runs, stretches[c], stretches[c + 1], lanes)
                _mix_back(values, tape, runs, stretches[c], stretches[c + 1], lanes)
        else:
            for c in range(count):
                _weigh(kind, starts[0], s, tape, runs, stretches[c], stretches[c + 1], lanes)
                _mix(values, tape, runs, stretches[c], stretches[c + 1], lanes)
        _store_columns(values, positions, block, lanes, out)


@kernel
def carry_gradient(
    kind,
    x,
    steepness,
    payload,
    g,
    positions,
    runs,
    longest,
    stretches,
    lanes,
    begin,
    end,
    g_x,
    g_steepness,
    g_payload,
    g_g,
):
    """Gradients of <g, P payload>; those by payload and g are left out where their arrays have no rows."""
    rows, n = x.shape
    columns, size = payload.shape[2], n * lanes
    count = stretches.size - 1
    most = tape_size(runs, stretches) * lanes
    starts = np.empty((count, size), x.dtype)
    moved = np.empty((count, columns, size), x.dtype)
    last = np.empty(size, x.dtype)
    by_out = np.empty((columns, size), x.dtype)
    by_keys = np.empty(size, x.dtype)
    s = np.empty(longest * lanes, x.dtype)
    g_s = np.empty(longest * lanes, x.dtype)
    tape = np.empty((6, most), x.dtype)
    gp = np.empty(most, x.dtype)
    apart = np.empty((2, most), x.dtype)
    for block in range(begin, end):
        g_s[:] = 0
        by_keys[:] = 0
        if block == begin or steepness.size > 1:
            spread(steepness, rows, block, lanes, s)
        load(x, positions, block, lanes, starts[0])
        _load_columns(payload, positions, rows, block, lanes, moved[0])
        _load_columns(g, positions, rows, block, lanes, by_out)
        for c in range(count - 1):
            starts[c + 1] = starts[c]
            moved[c + 1] = moved[c]
            _weigh(kind, starts[c + 1], s, tape, runs, stretches[c], stretches[c + 1], lanes)
            _mix(moved[c + 1], tape, runs, stretches[c], stretches[c + 1], lanes)
        for c in range(count - 1, -1, -1):
            first, end_of = stretches[c], stretches[c + 1]
            last[:] = starts[c]
            _weigh_taped(kind, last, s, tape, runs, first, end_of, lanes)
            gp[:] = 0
            _mix_both(moved[c], by_out, tape, apart, gp, runs, first, end_of, lanes)
            if c == count - 1 and g_g.shape[0]:
                _store_columns(moved[c], positions, block, lanes, g_g)
            _keys_back(by_keys, tape, gp, g_s, runs, first, end_of, lanes)
        store(by_keys, positions, block, lanes, g_x)
        gather_lanes(g_s, block, lanes, g_steepness)
        if g_payload.shape[0]:
            _store_columns(by_out, positions, block, lanes, g_payload)


@_part
def _weigh_dual(kind, keys, tangents, s, v_s, tape, runs, begin, end, lanes):
    for k in range(begin, end):
        i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
        o = (runs[k, 3] - runs[begin, 3]) * lanes
        weigh_dual(kind, keys, tangents, s, v_s, tape, i, j, o, m)


@_part
def _keys_dual_back(grads, tangents, tape, gp, v_g_s, runs, begin, end, lanes):
    for k in range(end - 1, begin - 1, -1):
        i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
        o = (runs[k, 3] - runs[begin, 3]) * lanes
        keys_dual_back(grads, tangents, tape, gp, v_g_s, i, j, o, m)


@_part
def _mix_dual(values, tangents, tape, apart, runs, begin, end, lanes):
    """One column."""
    for k in range(begin, end):
        i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
        o = (runs[k, 3] - runs[begin, 3]) * lanes
        mix_dual(values, tangents, tape, apart, i, j, o, m)


@_part
def _mix_dual_back(grads, tangents, tape, apart, gp, runs, begin, end, lanes):
    """Gradients by one column."""
    for k in range(end - 1, begin - 1, -1):
        i, j, m = runs[k, 0] * lanes, runs[k, 1] * lanes, runs[k, 2] * lanes
        o = (runs[k, 3] - runs[begin, 3]) * lanes
        mix_dual_back(grads, tangents, tape, apart, gp, i, j, o, m)


@kernel
def carry_curvature(
    kind,
    x,
    steepness,
    payload,
    g,
    v_x,
    v_steepness,
    v_payload,
    v_g,
    positions,
    runs,
    longest,
    stretches,
    lanes,
    begin,
    end,
    h_x,
    h_steepness,
    h_payload,
    h_g,
):
    """Derivatives of the four gradients of <g, P payload> in the direction v."""
    rows, n = x.shape
    columns, size = payload.shape[2], n * lanes
    count = stretches.size - 1
    most = tape_size(runs, stretches) * lanes
    starts = np.empty((2, count, size), x.dtype)
    moved = np.empty((2, count, columns, size), x.dtype)
    last = np.empty((2, size), x.dtype)
    by_out = np.empty((2, columns, size), x.dtype)
    by_keys = np.empty((2, size), x.dtype)
    lane_numbers = np.empty((3, longest * lanes), x.dtype)
    s, v_s, v_g_s = lane_numbers[0], lane_numbers[1], lane_numbers[2]
    tape = np.empty((11, most), x.dtype)
    apart = np.empty((2, most), x.dtype)
    gp = np.empty((2, most), x.dtype)
    for block in range(begin, end):
        v_g_s[:] = 0
        by_keys[:] = 0
        spread(steepness, rows, block, lanes, s)
        spread(v_steepness, rows, block, lanes, v_s)
        load(x, positions, block, lanes, starts[0, 0])
        load(v_x, positions, block, lanes, starts[1, 0])
        _load_columns(payload, positions, rows, block, lanes, moved[0, 0])
        _load_columns(v_payload, positions, rows, block, lanes, moved[1, 0])
        _load_columns(g, positions, rows, block, lanes, by_out[0])
        _load_columns(v_g, positions, rows, block, lanes, by_out[1])
        for c in range(count - 1):
            first, end_of = stretches[c], stretches[c + 1]
            starts[:, c + 1] = starts[:, c]
            moved[:, c + 1] = moved[:, c]
            keys, tangents = starts[0, c + 1], starts[1, c + 1]
            _weigh_dual(kind, keys, tangents, s, v_s, tape, runs, first, end_of, lanes)
            for column in range(columns):
                values, v_values = moved[0, c + 1, column], moved[1, c + 1, column]
                _mix_dual(values, v_values, tape, apart, runs, first, end_of, lanes)
        for c in range(count - 1, -1, -1):
            first, end_of = stretches[c], stretches[c + 1]
            last[:] = starts[:, c]
            _weigh_dual(kind, last[0], last[1], s, v_s, tape, runs, first, end_of, lanes)
            gp[:] = 0
            for column in range(columns):
                values, v_values = moved[0, c, column], moved[1, c, column]
                _mix_dual(values, v_values, tape, apart, runs, first, end_of, lanes)
                grads, v_grads = by_out[0, column], by_out[1, column]
                _mix_dual_back(grads, v_grads, tape, apart, gp, runs, first, end_of, lanes)
            if c == count - 1:
                _store_columns(moved[1, c], positions, block, lanes, h_g)
            _keys_dual_back(by_keys[0], by_keys[1], tape, gp, v_g_s, runs, first, end_of, lanes)
        store(by_keys[1], positions, block, lanes, h_x)
        gather_lanes(v_g_s, block, lanes, h_steepness)
        _store_columns(by_out[1], positions, block, lanes, h_payload)
