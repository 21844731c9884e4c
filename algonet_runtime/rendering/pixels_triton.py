"""Pictures from faces, and gradients of faces from those of pictures. Imports triton.

A program draws one tile of pixels, or sums the gradient of one face over all tiles that it reaches, always in
the same order. Faces are (B, count, stride); see `tiles_triton.py`.
"""

# pyright: basic
from __future__ import annotations

import triton
import triton.language as tl

from algonet_runtime.rendering.tiles_triton import bound, is_listed, places, store_sums, visible

SIZES = ["count", "height", "width", "rows_of_tiles", "columns"]
"""Arguments that Triton would otherwise compile another kernel for, where they are 1 or multiples of 16."""


@triton.jit
def tile_pixels(j, i, height, width, side: tl.constexpr):
    """Of a tile: rows and columns of its pixels, and which are in the picture."""
    k = tl.arange(0, side * side)
    v, u = j * side + k // side, i * side + k % side
    return v, u, (v < height) & (u < width)


@triton.jit
def coordinates(v, u, height, width, one):
    """Places of pixels, in the precision of `one`, which is 1."""
    return (2 * u + 1 - width) * one / (height * one), one - (2 * v + 1) * one / (height * one)


@triton.jit
def middle(j, i, height, width, one, side: tl.constexpr):
    """Of a tile: its middle, and half of a side of the square of the centres of its pixels."""
    x, y = (
        (2 * i * side + side - width) * one / (height * one),
        one - (2 * j * side + side) * one / (height * one),
    )
    return x, y, (side - 1) * one / (height * one)


@triton.jit
def tile_range(
    q,
    height,
    width,
    rows_of_tiles,
    columns,
    least,
    one,
    side: tl.constexpr,
    is_gated: tl.constexpr,
    is_shaded: tl.constexpr,
):
    """First row, behind the last one, and so for columns, of the tiles that a face may reach."""
    first_row, last_row, first_column, last_column = 0, rows_of_tiles, 0, columns
    if is_gated and not is_shaded:
        tile = 2 * side * one / (height * one)
        reach = tl.sqrt(tl.maximum((tl.load(q + 12) - least) / tl.load(q + 13), 0.0))
        around = reach / tile + 1
        left = (tl.load(q + 9) + width * one / (height * one)) / tile
        upper = (1 - tl.load(q + 10)) / tile
        first_row = tl.minimum(tl.maximum(upper - around, 0.0), rows_of_tiles * one).to(tl.int32)
        last_row = tl.minimum(tl.maximum(upper + around + 1, 0.0), rows_of_tiles * one).to(tl.int32)
        first_column = tl.minimum(tl.maximum(left - around, 0.0), columns * one).to(tl.int32)
        last_column = tl.minimum(tl.maximum(left + around + 1, 0.0), columns * one).to(tl.int32)
    return first_row, last_row, first_column, last_column


@triton.jit
def _added(
    q, x, y, light, top, total, means,
    channels: tl.constexpr, padded: tl.constexpr, is_gated: tl.constexpr, is_shaded: tl.constexpr,
):  # fmt: skip
    """Sums over faces with one more: of log(1 - V), of weights over e^top, and of these times channels."""
    px, py = places(q, x, y)
    _, _, _, _, _, _, log_visible, log_open, passed, _, _ = visible(q, px, py, is_gated)
    light += tl.load(q + 14) * log_open
    if is_shaded:
        found = log_visible + passed + tl.load(q + 15)
        higher = tl.maximum(top, found)
        kept, weight = tl.exp(top - higher), tl.exp(found - higher)
        c = tl.arange(0, padded)
        colour = tl.load(q + 16 + c, mask=c < channels, other=0.0)
        total = total * kept + weight
        means = means * kept[:, None] + weight[:, None] * colour[None, :]
        top = higher
    return light, top, total, means


@triton.jit(do_not_specialize=SIZES)
def draw(
    faces, light_out, silhouette_out, total_out, means_out, lowest_out,
    count, height, width, rows_of_tiles, columns, gain, least,
    stride: tl.constexpr, channels: tl.constexpr, padded: tl.constexpr, side: tl.constexpr,
    block: tl.constexpr, is_gated: tl.constexpr, is_shaded: tl.constexpr,
):  # fmt: skip
    """One tile: log(1 - S), S, logarithm of the sum of weights, means, the smallest weight that shows."""
    task = tl.program_id(0)
    i, j, b = (
        task % columns,
        (task // columns) % rows_of_tiles,
        (task // (columns * rows_of_tiles)).to(tl.int64),
    )
    own = faces + b * count * stride
    one = tl.load(own) * 0.0 + 1.0
    v, u, is_inside = tile_pixels(j, i, height, width, side)
    x, y = coordinates(v, u, height, width, one)
    mx, my, half = middle(j, i, height, width, one, side)
    light, top, total = x * 0.0, x * 0.0 - 1e30, x * 0.0
    means = light[:, None] + tl.zeros((side * side, padded), one.dtype)
    for first in range(0, count, block):
        f = first + tl.arange(0, block)
        qs = own + tl.where(f < count, f, 0) * stride
        near = (bound(qs, mx, my, half, is_gated) > least) & (tl.load(qs + 14) > 0.0) & (f < count)
        if tl.max(near.to(tl.int32), 0) > 0:  # pyright: ignore[reportOperatorIssue]
            for k in range(first, tl.minimum(first + block, count)):
                q = own + k * stride
                if (bound(q, mx, my, half, is_gated) > least) & (tl.load(q + 14) > 0.0):
                    light, top, total, means = _added(
                        q, x, y, light, top, total, means, channels, padded, is_gated, is_shaded
                    )
    lowest = one * 1e30
    if is_shaded:
        covered = 1.0 - tl.exp(gain * light)
        shows = (covered > tl.exp(one * least)) & is_inside & (total > 0.0)
        weight = tl.log(tl.where(shows, total, 1.0)) + top - tl.log(tl.where(shows, covered, 1.0))
        lowest = tl.min(tl.where(shows, weight, 1e30), 0)
        for first in range(0, count, block):
            f = first + tl.arange(0, block)
            qs = own + tl.where(f < count, f, 0) * stride
            near = bound(qs, mx, my, half, is_gated) + tl.load(qs + 15) > lowest + least
            if tl.max((near & (f < count)).to(tl.int32), 0) > 0:  # pyright: ignore[reportOperatorIssue]
                for k in range(first, tl.minimum(first + block, count)):
                    q = own + k * stride
                    log_bound = bound(q, mx, my, half, is_gated)
                    is_far = (log_bound <= least) | (tl.load(q + 14) <= 0.0)
                    if is_far & (log_bound + tl.load(q + 15) > lowest + least):
                        light, top, total, means = _added(
                            q, x, y, light, top, total, means, channels, padded, is_gated, is_shaded
                        )
    tl.store(lowest_out + task, lowest)
    place = (b * height + v) * width + u
    light = tl.minimum(gain * light, 0.0)
    tl.store(light_out + place, light, mask=is_inside)
    tl.store(silhouette_out + place, one - tl.exp(light), mask=is_inside)
    if is_shaded:
        is_covered = total > 0.0
        whole = tl.where(is_covered, total, 1.0)
        tl.store(total_out + place, tl.where(is_covered, tl.log(whole) + top, 1e30), mask=is_inside)
        c = tl.arange(0, padded)
        shares = tl.where(is_covered[:, None], means / whole[:, None], 0.0)
        is_kept = is_inside[:, None] & (c < channels)[None, :]
        tl.store(means_out + place[:, None] * channels + c[None, :], shares, mask=is_kept)


@triton.jit(do_not_specialize=SIZES)
def gradient(
    faces, g_light, g_means, means, log_total, lowest, out,
    count, height, width, rows_of_tiles, columns, gain, least,
    stride: tl.constexpr, channels: tl.constexpr, padded: tl.constexpr, side: tl.constexpr,
    is_gated: tl.constexpr, is_shaded: tl.constexpr,
):  # fmt: skip
    """The gradient of one face by its numbers."""
    task = tl.program_id(0).to(tl.int64)
    b = task // count
    q = faces + task * stride
    one = tl.load(q) * 0.0 + 1.0
    first_row, last_row, first_column, last_column = tile_range(
        q, height, width, rows_of_tiles, columns, least, one, side, is_gated, is_shaded
    )
    c = tl.arange(0, padded)
    is_channel = c < channels
    colour = tl.load(q + 16 + c, mask=is_channel, other=0.0)
    a0, b0, a1, b1 = tl.load(q), tl.load(q + 1), tl.load(q + 3), tl.load(q + 4)
    a2, b2, twin, fall = tl.load(q + 6), tl.load(q + 7), tl.load(q + 11), tl.load(q + 13)
    shown, logit = tl.load(q + 14), tl.load(q + 15)
    zero = tl.zeros((side * side,), one.dtype)
    s0, s0x, s0y, s1, s1x, s1y, s2, s2x, s2y = zero, zero, zero, zero, zero, zero, zero, zero, zero
    by_x, by_y, by_twin, by_gate, by_fall, by_shown, by_logit = zero, zero, zero, zero, zero, zero, zero
    by_colour = zero[:, None] + tl.zeros((side * side, padded), one.dtype)
    for j in range(first_row, last_row):
        for i in range(first_column, last_column):
            mx, my, half = middle(j, i, height, width, one, side)
            weakest = tl.load(lowest + (b * rows_of_tiles + j) * columns + i)
            if is_listed(q, mx, my, half, least, weakest, is_gated, is_shaded):
                v, u, is_inside = tile_pixels(j, i, height, width, side)
                x, y = coordinates(v, u, height, width, one)
                place = (b * height + v) * width + u
                px, py = places(q, x, y)
                in0, in1, in2, out0, out1, out2, log_visible, log_open, passed, stopped, past = visible(
                    q, px, py, is_gated
                )
                by_log = zero
                if is_shaded:
                    total = tl.load(log_total + place, mask=is_inside, other=1e30)
                    share = tl.exp(log_visible + passed + logit - total)
                    cells = place[:, None] * channels + c[None, :]
                    is_cell = is_inside[:, None] & is_channel[None, :]
                    g = tl.load(g_means + cells, mask=is_cell, other=0.0)
                    mean = tl.load(means + cells, mask=is_cell, other=0.0)
                    by_log = tl.sum(g * (colour[None, :] - mean), 1) * share
                    by_logit += by_log
                    by_colour += g * share[:, None]
                g_open = gain * tl.load(g_light + place, mask=is_inside, other=0.0)
                by_open = g_open * shown
                r0, r1, r2 = (
                    tl.exp(out0 + in1 - log_open),
                    tl.exp(out1 + in2 - log_open),
                    tl.exp(out2 + in0 - log_open),
                )
                rg = tl.exp(past - log_open)
                q0, q1, q2 = tl.exp(out0), tl.exp(out1), tl.exp(out2)
                g0 = by_open * (q0 * (r2 + rg) - r0 * tl.exp(in0)) + by_log * q0
                g1 = by_open * (q1 * (r0 + rg) - r1 * tl.exp(in1)) + by_log * q1
                g2 = by_open * (q2 * (r1 + rg) - r2 * tl.exp(in2)) + by_log * q2
                by_x -= g0 * a0 + g1 * a1 + g2 * a2
                by_y -= g0 * b0 + g1 * b1 + g2 * b2
                if is_gated:
                    g_gate = by_log * tl.exp(stopped) - by_open * rg * tl.exp(passed)
                    by_gate += g_gate
                    by_fall -= g_gate * (px * px + py * py)
                    by_x += 2.0 * fall * px * g_gate
                    by_y += 2.0 * fall * py * g_gate
                s0, s0x, s0y = s0 + g0, s0x + g0 * px, s0y + g0 * py
                s1, s1x, s1y = s1 + g1, s1x + g1 * px, s1y + g1 * py
                s2, s2x, s2y = s2 + g2, s2x + g2 * px, s2y + g2 * py
                by_twin += (by_open * rg + by_log) / twin
                by_shown += g_open * log_open
    h = out + task * stride
    store_sums(
        h, s0x, s0y, s0, s1x, s1y, s1, s2x, s2y, s2,
        by_x, by_y, by_twin, by_gate, by_fall, by_shown, by_logit,
    )  # fmt: skip
    tl.store(h + 16 + c, tl.sum(by_colour, 0), mask=is_channel)
