"""Whole networks as Triton kernels, on keys. Imports triton.

A program has `together` rows of n keys, filled up to `padded`, a power of two. Partners meet by shuffles
(`is_shuffled`) where a row is short, else in memory. `scratch` consists of slots of `padded` numbers: for
each row, those for the keys before every layer of one stretch of layers, two more to meet in, and those for
the keys before every stretch. A barrier stands between what some threads write there and others read.
"""

# pyright: basic
from __future__ import annotations

import triton
import triton.language as tl

from algonet_runtime.sorting.comparators_triton import (
    bent,
    blended,
    compared,
    moved_tangent,
    partners,
    signs,
    slope_of,
)

_COUNTS = ["rows", "begin", "n", "layers", "stretch", "stretches", "groups", "s_stride", "v_s_stride"]
"""Arguments that Triton would otherwise compile another kernel for, where they are 1 or multiples of 16."""


@triton.jit(do_not_specialize=["rows", "begin", "n", "layers", "s_stride"])
def sort(
    x,
    steepness,
    steps,
    scratch,
    out,
    rows,
    begin,
    n,
    layers,
    s_stride,
    kind: tl.constexpr,
    padded: tl.constexpr,
    together: tl.constexpr,
    is_shuffled: tl.constexpr,
):
    """Sorted keys."""
    local = (tl.program_id(0) * together + tl.arange(0, together)[:, None]).to(tl.int64)
    row = local + begin
    place = tl.broadcast_to(tl.arange(0, padded)[None, :], (together, padded))
    is_there = (row < rows) & (place < n)
    keys = tl.load(x + row * n + place, mask=is_there, other=0.0)
    s = tl.load(steepness + row * s_stride, mask=row < rows, other=0.0)
    slots = scratch + local * (2 * padded)
    for level in range(layers):
        other = partners(steps, level, place)
        keys_there = _met(keys, other, slots + (level % 2) * padded, place, is_shuffled)
        _, low, high, d, _, t, _, _ = compared(kind, keys, keys_there, other > place, s)
        keys = blended(keys, other > place, other != place, low, high, d, t)
    tl.store(out + row * n + place, keys, mask=is_there)


@triton.jit
def _met(own, other, slot, place, is_shuffled: tl.constexpr):
    """The partners' values."""
    if is_shuffled:
        found = tl.gather(own, other, 1)
    else:
        tl.store(slot + place, own)
        tl.debug_barrier()
        found = tl.load(slot + other)
    return found


@triton.jit
def _taped(own, other, slot, place, is_shuffled: tl.constexpr):
    """The partners' values; one's own stay in the slot."""
    if is_shuffled:
        tl.store(slot + place, own)
    return _met(own, other, slot, place, is_shuffled)


@triton.jit(do_not_specialize=_COUNTS)
def sort_gradient(
    x,
    steepness,
    g,
    mixed,
    steps,
    scratch,
    g_x,
    g_steepness,
    rows,
    begin,
    n,
    layers,
    stretch,
    stretches,
    groups,
    s_stride,
    kind: tl.constexpr,
    padded: tl.constexpr,
    together: tl.constexpr,
    is_shuffled: tl.constexpr,
    is_mixed: tl.constexpr,
):
    """Gradients by keys and by the steepness of each row, of the gradient `g` by sorted keys.

    With `is_mixed` that is 0, and `mixed`, (row, groups, layers, padded), has the gradients by the degrees of
    all comparators, which are the sums over groups.
    """
    local = (tl.program_id(0) * together + tl.arange(0, together)[:, None]).to(tl.int64)
    row = local + begin
    place = tl.broadcast_to(tl.arange(0, padded)[None, :], (together, padded))
    is_there = (row < rows) & (place < n)
    keys = tl.load(x + row * n + place, mask=is_there, other=0.0)
    s = tl.load(steepness + row * s_stride, mask=row < rows, other=0.0)
    tape = scratch + local * ((stretch + 2 + stretches).to(tl.int64) * padded)
    starts = tape + (stretch + 2) * padded
    grads = keys * 0.0
    if not is_mixed:
        grads = tl.load(g + row * n + place, mask=is_there, other=0.0)
    by_s = tl.zeros_like(grads)
    for phase in range(2 * stretches - 1):
        c = tl.minimum(phase, 2 * stretches - 2 - phase)
        bottom = c * stretch
        count = tl.minimum(layers - bottom, stretch)
        is_new = place * 0 + phase < stretches
        tl.debug_barrier()
        tl.store(starts + c * padded + place, keys, mask=is_new)
        keys = tl.where(is_new, keys, tl.load(starts + c * padded + place, mask=~is_new, other=0.0))
        for i in range(count):
            other = partners(steps, bottom + i, place)
            keys_there = _taped(keys, other, tape + i * padded, place, is_shuffled)
            _, low, high, d, _, t, _, _ = compared(kind, keys, keys_there, other > place, s)
            keys = blended(keys, other > place, other != place, low, high, d, t)
        tl.debug_barrier()
        for k in range(tl.where(phase < stretches - 1, 0, count)):
            i = count - 1 - k
            other = partners(steps, bottom + i, place)
            is_first = other > place
            before = tl.load(tape + i * padded + place)
            before_there = tl.load(tape + i * padded + other)
            swapped, _, _, d, z, t, f, _ = compared(kind, before, before_there, is_first, s)
            grads_there = _met(grads, other, tape + (stretch + k % 2) * padded, place, is_shuffled)
            rise = grads_there - grads
            grads = grads_there - slope_of(swapped, z, t, f) * rise
            change = rise * (d * (d * f))
            if is_mixed:
                by_p = _summed(mixed, local, groups, layers, bottom + i, place, padded)
                grads += signs(is_first, by_p * (s * f))
                change += by_p * (tl.where(swapped, -d, d) * f)
            by_s += tl.where(is_first, change, 0.0)
    tl.store(g_x + row * n + place, grads, mask=is_there)
    at_rows = begin + tl.program_id(0).to(tl.int64) * together + tl.arange(0, together)
    tl.store(g_steepness + at_rows, tl.sum(by_s, axis=1), mask=at_rows < rows)


@triton.jit
def _summed(mixed, local, groups, layers, level, place, padded: tl.constexpr):
    """What the groups of columns have found at a layer, added in their order."""
    at = mixed + ((local * groups) * layers + level) * padded + place
    total = tl.load(at)
    for k in range(1, groups):
        total += tl.load(at + k * layers.to(tl.int64) * padded)
    return total


@triton.jit(do_not_specialize=_COUNTS)
def sort_curvature(
    x,
    steepness,
    g,
    v_x,
    v_steepness,
    v_g,
    mixed,
    v_mixed,
    steps,
    scratch,
    h_x,
    h_steepness,
    h_g,
    rows,
    begin,
    n,
    layers,
    stretch,
    stretches,
    groups,
    s_stride,
    v_s_stride,
    kind: tl.constexpr,
    padded: tl.constexpr,
    together: tl.constexpr,
    is_shuffled: tl.constexpr,
    is_mixed: tl.constexpr,
):
    """Second derivatives of <g, sort(x)> by keys, steepness and g in the direction v.

    With `is_mixed`, `g` and its tangent are 0 and not read, `h_g` is not written, and `mixed` and its tangent
    `v_mixed` are as for `sort_gradient`.
    """
    local = (tl.program_id(0) * together + tl.arange(0, together)[:, None]).to(tl.int64)
    row = local + begin
    place = tl.broadcast_to(tl.arange(0, padded)[None, :], (together, padded))
    is_there = (row < rows) & (place < n)
    keys = tl.load(x + row * n + place, mask=is_there, other=0.0)
    v_keys = tl.load(v_x + row * n + place, mask=is_there, other=0.0)
    s = tl.load(steepness + row * s_stride, mask=row < rows, other=0.0)
    v_s = tl.load(v_steepness + row * v_s_stride, mask=row < rows, other=0.0)
    half = (stretch + 2 + stretches).to(tl.int64) * padded
    tape = scratch + local * (2 * half)
    starts = tape + (stretch + 2) * padded
    grads = keys * 0.0
    v_grads = keys * 0.0
    if not is_mixed:
        grads = tl.load(g + row * n + place, mask=is_there, other=0.0)
        v_grads = tl.load(v_g + row * n + place, mask=is_there, other=0.0)
    by_s = tl.zeros_like(grads)
    for phase in range(2 * stretches - 1):
        c = tl.minimum(phase, 2 * stretches - 2 - phase)
        bottom = c * stretch
        count = tl.minimum(layers - bottom, stretch)
        is_new = place * 0 + phase < stretches
        tl.debug_barrier()
        start = starts + c * padded + place
        tl.store(start, keys, mask=is_new)
        tl.store(start + half, v_keys, mask=is_new)
        keys = tl.where(is_new, keys, tl.load(start, mask=~is_new, other=0.0))
        v_keys = tl.where(is_new, v_keys, tl.load(start + half, mask=~is_new, other=0.0))
        for i in range(count):
            other = partners(steps, bottom + i, place)
            is_first = other > place
            slot = tape + i * padded
            if is_shuffled:
                tl.store(slot + half + place, v_keys)
                v_there = tl.gather(v_keys, other, 1)
                there = _taped(keys, other, slot, place, is_shuffled)
            else:
                tl.store(slot + half + place, v_keys)
                there = _met(keys, other, slot, place, is_shuffled)
                v_there = tl.load(slot + half + other)
            swapped, low, high, d, z, t, f, _ = compared(kind, keys, there, is_first, s)
            v_keys = moved_tangent(v_keys, v_there, is_first, slope_of(swapped, z, t, f), d * (d * f), v_s)
            keys = blended(keys, is_first, other != place, low, high, d, t)
        tl.debug_barrier()
        if not is_mixed:
            tl.store(h_g + row * n + place, v_keys, mask=is_there & (place * 0 + phase == stretches - 1))
        for k in range(tl.where(phase < stretches - 1, 0, count)):
            i = count - 1 - k
            other = partners(steps, bottom + i, place)
            is_first = other > place
            slot = tape + i * padded
            before, there = tl.load(slot + place), tl.load(slot + other)
            v_before, v_there = tl.load(slot + half + place), tl.load(slot + half + other)
            swapped, _, _, d, z, t, f, f2 = compared(kind, before, there, is_first, s)
            q, moved = slope_of(swapped, z, t, f), d * (d * f)
            _, v_q, v_f, v_moved, signed, delta = bent(
                v_before, v_there, is_first, swapped, d, z, f, f2, s, v_s
            )
            slot = tape + (stretch + k % 2) * padded
            if not is_shuffled:
                tl.store(slot + half + place, v_grads)
            rise = _met(grads, other, slot, place, is_shuffled) - grads
            if is_shuffled:
                v_rise = tl.gather(v_grads, other, 1) - v_grads
            else:
                v_rise = tl.load(slot + half + other) - v_grads
            v_grads = v_grads + (1.0 - q) * v_rise - v_q * rise
            grads = grads + (1.0 - q) * rise
            change = v_rise * moved + rise * v_moved
            if is_mixed:
                by_p = _summed(mixed, local, groups, layers, bottom + i, place, padded)
                v_by_p = _summed(v_mixed, local, groups, layers, bottom + i, place, padded)
                grads += signs(is_first, by_p * (s * f))
                v_grads += signs(is_first, v_by_p * (s * f) + by_p * (v_s * f + s * v_f))
                change += v_by_p * (signed * f) + by_p * (delta * f + signed * v_f)
            by_s += tl.where(is_first, change, 0.0)
    tl.store(h_x + row * n + place, v_grads, mask=is_there)
    at_rows = begin + tl.program_id(0).to(tl.int64) * together + tl.arange(0, together)
    tl.store(h_steepness + at_rows, tl.sum(by_s, axis=1), mask=at_rows < rows)
