"""Derivatives along a direction: of pictures, and of gradients of faces. Imports triton.

Dual numbers by hand: what ends in `_t` is the derivative, along the direction `t`, of what it is named after.
"""

# pyright: basic
from __future__ import annotations

import triton
import triton.language as tl

from algonet_runtime.rendering.pixels_triton import SIZES, coordinates, middle, tile_pixels, tile_range
from algonet_runtime.rendering.tiles_triton import edge_at, is_listed, places, store_sums, visible


@triton.jit
def _edge_tangent(q, t, edge, px, py, px_t, py_t):
    a, b = tl.load(q + 3 * edge), tl.load(q + 3 * edge + 1)
    return edge_at(t, edge, px, py) + a * px_t + b * py_t


@triton.jit
def _dual(q, t, x, y, is_gated: tl.constexpr):
    """Of a face at places: these, derivatives of x and gate, logarithms and shares with derivatives."""
    px, py = places(q, x, y)
    px_t, py_t = px * 0.0 - tl.load(t + 9), py * 0.0 - tl.load(t + 10)
    in0, in1, in2, out0, out1, out2, log_visible, log_open, passed, stopped, past = visible(
        q, px, py, is_gated
    )
    x0_t = _edge_tangent(q, t, 0, px, py, px_t, py_t)
    x1_t = _edge_tangent(q, t, 1, px, py, px_t, py_t)
    x2_t = _edge_tangent(q, t, 2, px, py, px_t, py_t)
    p0, p1, p2 = tl.exp(in0), tl.exp(in1), tl.exp(in2)
    q0, q1, q2 = tl.exp(out0), tl.exp(out1), tl.exp(out2)
    seen_t = q0 * x0_t + q1 * x1_t + q2 * x2_t + tl.load(t + 11) / tl.load(q + 11)
    past_t, gate_t = px * 0.0, px * 0.0
    if is_gated:
        square = px * px + py * py
        gate_t = tl.load(t + 12) - tl.load(t + 13) * square
        gate_t -= 2.0 * tl.load(q + 13) * (px * px_t + py * py_t)
        past_t = seen_t - tl.exp(passed) * gate_t
        seen_t += tl.exp(stopped) * gate_t
    l0_t, l1_t, l2_t = q1 * x1_t - p0 * x0_t, q2 * x2_t - p1 * x1_t, q0 * x0_t - p2 * x2_t
    r0, r1, r2 = tl.exp(out0 + in1 - log_open), tl.exp(out1 + in2 - log_open), tl.exp(out2 + in0 - log_open)
    rg = tl.exp(past - log_open)
    open_t = r0 * l0_t + r1 * l1_t + r2 * l2_t + rg * past_t
    r0_t, r1_t, r2_t, rg_t = (
        r0 * (l0_t - open_t),
        r1 * (l1_t - open_t),
        r2 * (l2_t - open_t),
        rg * (past_t - open_t),
    )
    seen = log_visible + passed
    return (
        px, py, px_t, py_t, x0_t, x1_t, x2_t, gate_t, p0, p1, p2, q0, q1, q2,
        passed, stopped, seen, seen_t, log_open, open_t, r0, r1, r2, rg, r0_t, r1_t, r2_t, rg_t,
    )  # fmt: skip


@triton.jit(do_not_specialize=SIZES)
def draw_tangent(
    faces, tangent, lowest, log_total, means, light_t, total_t, means_t,
    count, height, width, rows_of_tiles, columns, gain, least,
    stride: tl.constexpr, channels: tl.constexpr, padded: tl.constexpr, side: tl.constexpr,
    is_gated: tl.constexpr, is_shaded: tl.constexpr,
):  # fmt: skip
    """One tile: derivatives of log(1 - S), of the logarithm of the sum of weights, and of the means."""
    task = tl.program_id(0)
    i, j, b = (
        task % columns,
        (task // columns) % rows_of_tiles,
        (task // (columns * rows_of_tiles)).to(tl.int64),
    )
    own, along = faces + b * count * stride, tangent + b * count * stride
    one = tl.load(own) * 0.0 + 1.0
    v, u, is_inside = tile_pixels(j, i, height, width, side)
    x, y = coordinates(v, u, height, width, one)
    mx, my, half = middle(j, i, height, width, one, side)
    weakest = tl.load(lowest + task)
    place = (b * height + v) * width + u
    c = tl.arange(0, padded)
    is_channel = c < channels
    cells = place[:, None] * channels + c[None, :]
    is_cell = is_inside[:, None] & is_channel[None, :]
    light, sum_t = x * 0.0, x * 0.0
    mixed = light[:, None] + tl.zeros((side * side, padded), one.dtype)
    total, mean = light + 1e30, mixed
    if is_shaded:
        total = tl.load(log_total + place, mask=is_inside, other=1e30)
        mean = tl.load(means + cells, mask=is_cell, other=0.0)
    for f in range(count):
        q, t = own + f * stride, along + f * stride
        if is_listed(q, mx, my, half, least, weakest, is_gated, is_shaded):
            (
                _, _, _, _, _, _, _, _, _, _, _, _, _, _,
                _, _, seen, seen_t, log_open, open_t, _, _, _, _, _, _, _, _,
            ) = _dual(q, t, x, y, is_gated)  # fmt: skip
            light += tl.load(t + 14) * log_open + tl.load(q + 14) * open_t
            if is_shaded:
                share = tl.exp(seen + tl.load(q + 15) - total)
                share_t = share * (seen_t + tl.load(t + 15))
                colour = tl.load(q + 16 + c, mask=is_channel, other=0.0)
                colour_t = tl.load(t + 16 + c, mask=is_channel, other=0.0)
                sum_t += share_t
                mixed += share_t[:, None] * (colour[None, :] - mean) + share[:, None] * colour_t[None, :]
    tl.store(light_t + place, gain * light, mask=is_inside)
    if is_shaded:
        tl.store(total_t + place, sum_t, mask=is_inside)
        tl.store(means_t + cells, mixed, mask=is_cell)


@triton.jit(do_not_specialize=SIZES)
def gradient_tangent(
    faces, tangent, lowest, log_total, means, total_t, means_t, g_light, g_means, out,
    count, height, width, rows_of_tiles, columns, gain, least,
    stride: tl.constexpr, channels: tl.constexpr, padded: tl.constexpr, side: tl.constexpr,
    is_gated: tl.constexpr, is_shaded: tl.constexpr,
):  # fmt: skip
    """The derivative of the gradient of one face, with the gradients of the picture held."""
    task = tl.program_id(0).to(tl.int64)
    b = task // count
    q, t = faces + task * stride, tangent + task * stride
    one = tl.load(q) * 0.0 + 1.0
    first_row, last_row, first_column, last_column = tile_range(
        q, height, width, rows_of_tiles, columns, least, one, side, is_gated, is_shaded
    )
    c = tl.arange(0, padded)
    is_channel = c < channels
    colour = tl.load(q + 16 + c, mask=is_channel, other=0.0)
    colour_t = tl.load(t + 16 + c, mask=is_channel, other=0.0)
    a0, b0, a1, b1, a2, b2 = (
        tl.load(q), tl.load(q + 1), tl.load(q + 3), tl.load(q + 4), tl.load(q + 6), tl.load(q + 7)
    )  # fmt: skip
    a0_t, b0_t, a1_t, b1_t, a2_t, b2_t = (
        tl.load(t), tl.load(t + 1), tl.load(t + 3), tl.load(t + 4), tl.load(t + 6), tl.load(t + 7)
    )  # fmt: skip
    twin, twin_t, fall, fall_t = tl.load(q + 11), tl.load(t + 11), tl.load(q + 13), tl.load(t + 13)
    shown, shown_t, logit, logit_t = tl.load(q + 14), tl.load(t + 14), tl.load(q + 15), tl.load(t + 15)
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
                (
                    px, py, px_t, py_t, x0_t, x1_t, x2_t, gate_t, p0, p1, p2, q0, q1, q2,
                    passed, stopped, seen, seen_t, _, open_t, r0, r1, r2, rg, r0_t, r1_t, r2_t, rg_t,
                ) = _dual(q, t, x, y, is_gated)  # fmt: skip
                by_log, by_log_t = zero, zero
                if is_shaded:
                    total = tl.load(log_total + place, mask=is_inside, other=1e30)
                    cells = place[:, None] * channels + c[None, :]
                    is_cell = is_inside[:, None] & is_channel[None, :]
                    g = tl.load(g_means + cells, mask=is_cell, other=0.0)
                    mean = tl.load(means + cells, mask=is_cell, other=0.0)
                    mean_t = tl.load(means_t + cells, mask=is_cell, other=0.0)
                    share = tl.exp(seen + logit - total)
                    share_t = share * (seen_t + logit_t - tl.load(total_t + place, mask=is_inside, other=0.0))
                    difference = tl.sum(g * (colour[None, :] - mean), 1)
                    by_log = difference * share
                    by_log_t = tl.sum(g * (colour_t[None, :] - mean_t), 1) * share + difference * share_t
                    by_logit += by_log_t
                    by_colour += g * share_t[:, None]
                g_open = gain * tl.load(g_light + place, mask=is_inside, other=0.0)
                by_open, by_open_t = g_open * shown, g_open * shown_t
                p0_t, p1_t, p2_t = p0 * q0 * x0_t, p1 * q1 * x1_t, p2 * q2 * x2_t
                d0, d1, d2 = q0 * (r2 + rg) - r0 * p0, q1 * (r0 + rg) - r1 * p1, q2 * (r1 + rg) - r2 * p2
                d0_t = q0 * (r2_t + rg_t) - p0_t * (r2 + rg) - r0_t * p0 - r0 * p0_t
                d1_t = q1 * (r0_t + rg_t) - p1_t * (r0 + rg) - r1_t * p1 - r1 * p1_t
                d2_t = q2 * (r1_t + rg_t) - p2_t * (r1 + rg) - r2_t * p2 - r2 * p2_t
                g0, g1, g2 = (
                    by_open * d0 + by_log * q0,
                    by_open * d1 + by_log * q1,
                    by_open * d2 + by_log * q2,
                )
                g0_t = by_open_t * d0 + by_open * d0_t + by_log_t * q0 - by_log * p0_t
                g1_t = by_open_t * d1 + by_open * d1_t + by_log_t * q1 - by_log * p1_t
                g2_t = by_open_t * d2 + by_open * d2_t + by_log_t * q2 - by_log * p2_t
                by_x -= g0_t * a0 + g0 * a0_t + g1_t * a1 + g1 * a1_t + g2_t * a2 + g2 * a2_t
                by_y -= g0_t * b0 + g0 * b0_t + g1_t * b1 + g1 * b1_t + g2_t * b2 + g2 * b2_t
                if is_gated:
                    opened, closed = tl.exp(passed), tl.exp(stopped)
                    opened_t = opened * closed * gate_t
                    g = by_log * closed - by_open * rg * opened
                    g_t = by_log_t * closed - by_log * opened_t
                    g_t -= by_open_t * rg * opened + by_open * (rg_t * opened + rg * opened_t)
                    by_gate += g_t
                    by_fall -= g_t * (px * px + py * py) + 2.0 * g * (px * px_t + py * py_t)
                    by_x += 2.0 * (fall_t * px * g + fall * (px_t * g + px * g_t))
                    by_y += 2.0 * (fall_t * py * g + fall * (py_t * g + py * g_t))
                s0, s0x, s0y = s0 + g0_t, s0x + g0_t * px + g0 * px_t, s0y + g0_t * py + g0 * py_t
                s1, s1x, s1y = s1 + g1_t, s1x + g1_t * px + g1 * px_t, s1y + g1_t * py + g1 * py_t
                s2, s2x, s2y = s2 + g2_t, s2x + g2_t * px + g2 * px_t, s2y + g2_t * py + g2 * py_t
                g_twin = by_open * rg + by_log
                g_twin_t = by_open_t * rg + by_open * rg_t + by_log_t
                by_twin += g_twin_t / twin - g_twin * twin_t / (twin * twin)
                by_shown += g_open * open_t
    h = out + task * stride
    store_sums(
        h, s0x, s0y, s0, s1x, s1y, s1, s2x, s2y, s2,
        by_x, by_y, by_twin, by_gate, by_fall, by_shown, by_logit,
    )  # fmt: skip
    tl.store(h + 16 + c, tl.sum(by_colour, 0), mask=is_channel)
