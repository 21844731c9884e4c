"""Whole networks as Triton kernels, on payloads. Imports triton.

A program has one row of n keys, filled up to `padded`, and tiles (padded, width) of its payload. Layers,
scratch and barriers are as in `kernels_triton`; a slot for a tile has as many numbers. What the degree of a
comparator does to the result, `mixed`, is a sum over columns: a program adds up its own columns, and the
kernels on keys take the sums of all programs of a row.
"""

# pyright: basic
from __future__ import annotations

import triton
import triton.language as tl

from algonet_runtime.sorting.comparators_triton import (
    bent,
    blended,
    compared,
    degrees,
    moved_tangent,
    partners,
    slope_of,
)

_COUNTS = [
    "begin",
    "n",
    "columns",
    "chunks",
    "layers",
    "stretch",
    "stretches",
    "s_stride",
    "v_s_stride",
    "t_stride",
    "g_stride",
    "v_t_stride",
    "v_g_stride",
]


@triton.jit
def _met(own, other, slot, place, is_shuffled: tl.constexpr):
    """The partners' keys; without a shuffle the caller has stored them and set a barrier."""
    if is_shuffled:
        found = tl.gather(own, other, 0)
    else:
        found = tl.load(slot + other)
    return found


@triton.jit
def _met_tile(own, other, slot, width: tl.constexpr, is_shuffled: tl.constexpr):
    """As `_met`, for payloads."""
    column = tl.arange(0, width)[None, :]
    if is_shuffled:
        found = tl.gather(own, tl.broadcast_to(other[:, None], own.shape), 0)
    else:
        found = tl.load(slot + other[:, None] * width + column)
    return found


@triton.jit
def _mix(own, other, p, r):
    return p[:, None] * own + r[:, None] * other


@triton.jit(do_not_specialize=_COUNTS)
def carry(
    x,
    steepness,
    payload,
    steps,
    scratch,
    out,
    begin,
    n,
    columns,
    layers,
    s_stride,
    t_stride,
    kind: tl.constexpr,
    padded: tl.constexpr,
    width: tl.constexpr,
    is_shuffled: tl.constexpr,
):
    """Payload in the order of keys; a program has one chunk of columns."""
    local = tl.program_id(0).to(tl.int64)
    row = local + begin
    place = tl.arange(0, padded)
    column = tl.program_id(1) * width + tl.arange(0, width)
    tile_place = place[:, None] * width + tl.arange(0, width)[None, :]
    at = place[:, None] * columns.to(tl.int64) + column[None, :]
    is_there = (place[:, None] < n) & (column[None, :] < columns)
    keys = tl.load(x + row * n + place, mask=place < n, other=0.0)
    s = tl.load(steepness + row * s_stride)
    values = tl.load(payload + row * t_stride + at, mask=is_there, other=0.0)
    slots = scratch + (local * tl.num_programs(1) + tl.program_id(1)) * (2 * padded * (width + 1))
    for level in range(layers):
        other = partners(steps, level, place)
        slot = slots + (level % 2) * (padded * (width + 1))
        if not is_shuffled:
            tl.store(slot + place, keys)
            tl.store(slot + padded + tile_place, values)
            tl.debug_barrier()
        keys_there = _met(keys, other, slot, place, is_shuffled)
        values_there = _met_tile(values, other, slot + padded, width, is_shuffled)
        swapped, low, high, d, _, t, _, _ = compared(kind, keys, keys_there, other > place, s)
        p, r = degrees(swapped, other != place, t)
        values = _mix(values, values_there, p, r)
        keys = blended(keys, other > place, other != place, low, high, d, t)
    row_size = n.to(tl.int64) * columns
    tl.store(out + row * row_size + at, values, mask=is_there)


@triton.jit(do_not_specialize=_COUNTS)
def carry_back(
    x,
    steepness,
    payload,
    g,
    steps,
    scratch,
    g_payload,
    g_g,
    mixed,
    begin,
    n,
    columns,
    chunks,
    layers,
    stretch,
    stretches,
    s_stride,
    t_stride,
    g_stride,
    kind: tl.constexpr,
    padded: tl.constexpr,
    width: tl.constexpr,
    is_shuffled: tl.constexpr,
    is_mixed: tl.constexpr,
    by_payload: tl.constexpr,
    by_g: tl.constexpr,
):
    """The transposed network on g; with `is_mixed` also the network on the payload, and what degrees do.

    A program has `chunks` chunks of columns. Its scratch has slots for keys before every layer of a stretch,
    two that are free, and those before every stretch; then slots for payloads likewise, two to meet in.
    """
    program = tl.program_id(0).to(tl.int64) * tl.num_programs(1) + tl.program_id(1)
    row = tl.program_id(0).to(tl.int64) + begin
    place = tl.arange(0, padded)
    tile_place = place[:, None] * width + tl.arange(0, width)[None, :]
    s = tl.load(steepness + row * s_stride)
    row_size = n.to(tl.int64) * columns
    slots = (stretch + stretches + 2).to(tl.int64)
    tape = scratch + program * (slots * (padded * (width + 1)))
    tiles = tape + slots * padded
    row_of_sums = tl.full([], padded, tl.int64)
    tile = tl.full([], padded * width, tl.int64)
    sums = mixed + program * (layers * row_of_sums)
    for chunk in range(chunks):
        column = (tl.program_id(1) * chunks + chunk) * width + tl.arange(0, width)
        at = place[:, None] * columns.to(tl.int64) + column[None, :]
        is_there = (place[:, None] < n) & (column[None, :] < columns)
        keys = tl.load(x + row * n + place, mask=place < n, other=0.0)
        grads = tl.load(g + row * g_stride + at, mask=is_there, other=0.0)
        values = grads
        if is_mixed:
            values = tl.load(payload + row * t_stride + at, mask=is_there, other=0.0)
        for phase in range(2 * stretches - 1):
            c = tl.minimum(phase, 2 * stretches - 2 - phase)
            bottom = c * stretch
            count = tl.minimum(layers - bottom, stretch)
            is_new = place * 0 + phase < stretches
            is_new_tile = tile_place * 0 + phase < stretches
            tl.debug_barrier()
            start = tape + (stretch + 2 + c) * padded + place
            tl.store(start, keys, mask=is_new)
            keys = tl.where(is_new, keys, tl.load(start, mask=~is_new, other=0.0))
            if is_mixed:
                start_tile = tiles + (stretch + 2 + c) * tile + tile_place
                tl.store(start_tile, values, mask=is_new_tile)
                values = tl.where(is_new_tile, values, tl.load(start_tile, mask=~is_new_tile, other=0.0))
            for i in range(count):
                other = partners(steps, bottom + i, place)
                slot = tape + i * padded
                slot_tile = tiles + i * tile
                tl.store(slot + place, keys)
                if is_mixed:
                    tl.store(slot_tile + tile_place, values)
                if not is_shuffled:
                    tl.debug_barrier()
                keys_there = _met(keys, other, slot, place, is_shuffled)
                swapped, low, high, d, _, t, _, _ = compared(kind, keys, keys_there, other > place, s)
                if is_mixed:
                    values_there = _met_tile(values, other, slot_tile, width, is_shuffled)
                    p, r = degrees(swapped, other != place, t)
                    values = _mix(values, values_there, p, r)
                keys = blended(keys, other > place, other != place, low, high, d, t)
            tl.debug_barrier()
            if by_g:
                tl.store(
                    g_g + row * row_size + at,
                    values,
                    mask=is_there & (tile_place * 0 + phase == stretches - 1),
                )
            for k in range(tl.where(phase < stretches - 1, 0, count)):
                i = count - 1 - k
                other = partners(steps, bottom + i, place)
                slot = tape + i * padded
                before, there = tl.load(slot + place), tl.load(slot + other)
                swapped, _, _, _, _, t, _, _ = compared(kind, before, there, other > place, s)
                p, r = degrees(swapped, other != place, t)
                meeting = tiles + (stretch + k % 2) * tile
                if not is_shuffled:
                    tl.store(meeting + tile_place, grads)
                    tl.debug_barrier()
                grads_there = _met_tile(grads, other, meeting, width, is_shuffled)
                if is_mixed:
                    slot_tile = tiles + i * tile
                    difference = tl.load(slot_tile + tile_place) - tl.load(
                        slot_tile + other[:, None] * width + tl.arange(0, width)[None, :]
                    )
                    total = tl.sum((grads - grads_there) * difference, axis=1)
                    sum_at = sums + (bottom + i) * row_of_sums + place
                    total += tl.load(sum_at, mask=place * 0 + chunk > 0, other=0.0)
                    tl.store(sum_at, total)
                grads = _mix(grads, grads_there, p, r)
        if by_payload:
            tl.store(g_payload + row * row_size + at, grads, mask=is_there)


@triton.jit(do_not_specialize=_COUNTS)
def carry_dual(
    x,
    steepness,
    payload,
    g,
    v_x,
    v_steepness,
    v_payload,
    v_g,
    steps,
    scratch,
    h_payload,
    h_g,
    mixed,
    v_mixed,
    begin,
    n,
    columns,
    chunks,
    layers,
    stretch,
    stretches,
    s_stride,
    v_s_stride,
    t_stride,
    g_stride,
    v_t_stride,
    v_g_stride,
    kind: tl.constexpr,
    padded: tl.constexpr,
    width: tl.constexpr,
    is_shuffled: tl.constexpr,
):
    """As `carry_back` with all results, and the derivatives in the direction v of what that gives."""
    program = tl.program_id(0).to(tl.int64) * tl.num_programs(1) + tl.program_id(1)
    row = tl.program_id(0).to(tl.int64) + begin
    place = tl.arange(0, padded)
    tile_place = place[:, None] * width + tl.arange(0, width)[None, :]
    s = tl.load(steepness + row * s_stride)
    v_s = tl.load(v_steepness + row * v_s_stride)
    row_size = n.to(tl.int64) * columns
    slots = (stretch + stretches + 2).to(tl.int64)
    tape = scratch + program * (slots * (2 * padded * (width + 1)))
    half = slots * padded
    tiles = tape + 2 * half
    row_of_sums = tl.full([], padded, tl.int64)
    tile = tl.full([], padded * width, tl.int64)
    half_tiles = slots * tile
    sums_at = program * (layers * row_of_sums)
    for chunk in range(chunks):
        column = (tl.program_id(1) * chunks + chunk) * width + tl.arange(0, width)
        at = place[:, None] * columns.to(tl.int64) + column[None, :]
        is_there = (place[:, None] < n) & (column[None, :] < columns)
        keys = tl.load(x + row * n + place, mask=place < n, other=0.0)
        v_keys = tl.load(v_x + row * n + place, mask=place < n, other=0.0)
        values = tl.load(payload + row * t_stride + at, mask=is_there, other=0.0)
        v_values = tl.load(v_payload + row * v_t_stride + at, mask=is_there, other=0.0)
        grads = tl.load(g + row * g_stride + at, mask=is_there, other=0.0)
        v_grads = tl.load(v_g + row * v_g_stride + at, mask=is_there, other=0.0)
        for phase in range(2 * stretches - 1):
            c = tl.minimum(phase, 2 * stretches - 2 - phase)
            bottom = c * stretch
            count = tl.minimum(layers - bottom, stretch)
            is_new = place * 0 + phase < stretches
            is_new_tile = tile_place * 0 + phase < stretches
            tl.debug_barrier()
            start = tape + (stretch + 2 + c) * padded + place
            tl.store(start, keys, mask=is_new)
            tl.store(start + half, v_keys, mask=is_new)
            keys = tl.where(is_new, keys, tl.load(start, mask=~is_new, other=0.0))
            v_keys = tl.where(is_new, v_keys, tl.load(start + half, mask=~is_new, other=0.0))
            start_tile = tiles + (stretch + 2 + c) * tile + tile_place
            tl.store(start_tile, values, mask=is_new_tile)
            tl.store(start_tile + half_tiles, v_values, mask=is_new_tile)
            values = tl.where(is_new_tile, values, tl.load(start_tile, mask=~is_new_tile, other=0.0))
            v_values = tl.where(
                is_new_tile, v_values, tl.load(start_tile + half_tiles, mask=~is_new_tile, other=0.0)
            )
            for i in range(count):
                other = partners(steps, bottom + i, place)
                is_first = other > place
                slot = tape + i * padded
                slot_tile = tiles + i * tile
                tl.store(slot + place, keys)
                tl.store(slot + half + place, v_keys)
                tl.store(slot_tile + tile_place, values)
                tl.store(slot_tile + half_tiles + tile_place, v_values)
                if not is_shuffled:
                    tl.debug_barrier()
                keys_there = _met(keys, other, slot, place, is_shuffled)
                v_there = _met(v_keys, other, slot + half, place, is_shuffled)
                values_there = _met_tile(values, other, slot_tile, width, is_shuffled)
                v_values_there = _met_tile(v_values, other, slot_tile + half_tiles, width, is_shuffled)
                swapped, low, high, d, z, t, f, f2 = compared(kind, keys, keys_there, is_first, s)
                v_p, _, _, _, _, _ = bent(v_keys, v_there, is_first, swapped, d, z, f, f2, s, v_s)
                p, r = degrees(swapped, other != place, t)
                v_values = _mix(v_values, v_values_there, p, r) + v_p[:, None] * (values - values_there)
                values = _mix(values, values_there, p, r)
                q = slope_of(swapped, z, t, f)
                v_keys = moved_tangent(v_keys, v_there, is_first, q, d * (d * f), v_s)
                keys = blended(keys, is_first, other != place, low, high, d, t)
            tl.debug_barrier()
            tl.store(
                h_g + row * row_size + at, v_values, mask=is_there & (tile_place * 0 + phase == stretches - 1)
            )
            for k in range(tl.where(phase < stretches - 1, 0, count)):
                i = count - 1 - k
                other = partners(steps, bottom + i, place)
                is_first = other > place
                slot = tape + i * padded
                before, there = tl.load(slot + place), tl.load(slot + other)
                v_before, v_there = tl.load(slot + half + place), tl.load(slot + half + other)
                swapped, _, _, d, z, t, f, f2 = compared(kind, before, there, is_first, s)
                v_p, _, _, _, _, _ = bent(v_before, v_there, is_first, swapped, d, z, f, f2, s, v_s)
                p, r = degrees(swapped, other != place, t)
                meeting = tiles + (stretch + k % 2) * tile
                if not is_shuffled:
                    tl.store(meeting + tile_place, grads)
                    tl.store(meeting + half_tiles + tile_place, v_grads)
                    tl.debug_barrier()
                grads_there = _met_tile(grads, other, meeting, width, is_shuffled)
                v_grads_there = _met_tile(v_grads, other, meeting + half_tiles, width, is_shuffled)
                slot_tile = tiles + i * tile
                other_place = other[:, None] * width + tl.arange(0, width)[None, :]
                difference = tl.load(slot_tile + tile_place) - tl.load(slot_tile + other_place)
                slot_tile += half_tiles
                v_difference = tl.load(slot_tile + tile_place) - tl.load(slot_tile + other_place)
                drop, v_drop = grads - grads_there, v_grads - v_grads_there
                total = tl.sum(drop * difference, axis=1)
                v_total = tl.sum(v_drop * difference + drop * v_difference, axis=1)
                sum_at = sums_at + (bottom + i) * row_of_sums + place
                is_later = place * 0 + chunk > 0
                total += tl.load(mixed + sum_at, mask=is_later, other=0.0)
                v_total += tl.load(v_mixed + sum_at, mask=is_later, other=0.0)
                tl.store(mixed + sum_at, total)
                tl.store(v_mixed + sum_at, v_total)
                v_grads = _mix(v_grads, v_grads_there, p, r) + v_p[:, None] * drop
                grads = _mix(grads, grads_there, p, r)
        tl.store(h_payload + row * row_size + at, v_grads, mask=is_there)
