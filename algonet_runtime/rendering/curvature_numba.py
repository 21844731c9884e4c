"""Derivatives along a direction: of pictures, and of gradients of faces, in float64. Imports numba.

Dual numbers by hand: what ends in `_t` is the derivative, along the direction, of what it is named after.
"""

# pyright: basic
from __future__ import annotations

import math

import numba
import numpy as np

from algonet_runtime.numba_cache import keep
from algonet_runtime.rendering.exact_tiles_numba import edges_at, log_sigmoids, log_sum
from algonet_runtime.rendering.packed import CENTRE_X, CENTRE_Y, CHANNEL, FALL, GATE, LOGIT, SHOWN, SIDE, TWIN
from algonet_runtime.rendering.pixels_numba import first_pixels, is_listed, reaches, smallest, tile_range
from algonet_runtime.rendering.tiles_numba import AREA, OPTIONS
from algonet_runtime.switches_numba import is_on

_compiled = numba.njit(**OPTIONS)
_inlined = numba.njit(inline="always", **OPTIONS)


@_inlined
def _place(q, t, x, y, k, step):
    """Where pixel k of a tile is, relative to the centre, and the derivative."""
    px = x + (k % SIDE) * step - q[CENTRE_X]
    py = y - (k // SIDE) * step - q[CENTRE_Y]
    return px, py, -t[CENTRE_X], -t[CENTRE_Y]


@_inlined
def _visible(q, t, px, py, px_t, py_t, gated):
    """Of a face at a place: x of its edges and the gate, each with its derivative."""
    x0, x1, x2 = edges_at(q, px, py)
    y0, y1, y2 = edges_at(t, px, py)
    x0_t, x1_t, x2_t = (
        y0 + q[0] * px_t + q[1] * py_t,
        y1 + q[3] * px_t + q[4] * py_t,
        y2 + q[6] * px_t + q[7] * py_t,
    )
    gate, gate_t = 0.0, 0.0
    if is_on(gated):
        gate = q[GATE] - q[FALL] * (px * px + py * py)
        gate_t = t[GATE] - t[FALL] * (px * px + py * py) - 2.0 * q[FALL] * (px * px_t + py * py_t)
    return (x0, x1, x2), (x0_t, x1_t, x2_t), gate, gate_t


@_inlined
def _opened(q, t, xs, xs_t, gate, gate_t, gated):
    """Logarithms with derivatives: of V, of V', of 1 - V'; and the shares of the terms of 1 - V'."""
    in0, out0 = log_sigmoids(xs[0])
    in1, out1 = log_sigmoids(xs[1])
    in2, out2 = log_sigmoids(xs[2])
    p0, p1, p2 = math.exp(in0), math.exp(in1), math.exp(in2)
    q0, q1, q2 = math.exp(out0), math.exp(out1), math.exp(out2)
    visible = in0 + in1 + in2 + math.log(q[TWIN])
    visible_t = q0 * xs_t[0] + q1 * xs_t[1] + q2 * xs_t[2] + t[TWIN] / q[TWIN]
    past, past_t, passed, passed_t, open_gate = -math.inf, 0.0, 0.0, 0.0, 1.0
    if is_on(gated):
        passed, stopped = log_sigmoids(gate)
        open_gate = math.exp(passed)
        past, past_t = visible + stopped, visible_t - open_gate * gate_t
        passed_t = math.exp(stopped) * gate_t
    l0, l1, l2 = out0 + in1, out1 + in2, out2 + in0
    l0_t, l1_t, l2_t = (
        q1 * xs_t[1] - p0 * xs_t[0],
        q2 * xs_t[2] - p1 * xs_t[1],
        q0 * xs_t[0] - p2 * xs_t[2],
    )
    log_open = log_sum(l0, l1, l2, past)
    r0, r1, r2, rg = (
        math.exp(l0 - log_open),
        math.exp(l1 - log_open),
        math.exp(l2 - log_open),
        math.exp(past - log_open),
    )
    log_open_t = r0 * l0_t + r1 * l1_t + r2 * l2_t + rg * past_t
    shares = (r0, r1, r2, rg)
    shares_t = (
        r0 * (l0_t - log_open_t),
        r1 * (l1_t - log_open_t),
        r2 * (l2_t - log_open_t),
        rg * (past_t - log_open_t),
    )
    return (
        (p0, p1, p2),
        (q0, q1, q2),
        open_gate,
        (visible + passed, visible_t + passed_t),
        (
            log_open,
            log_open_t,
        ),
        shares,
        shares_t,
    )


@keep
@_compiled
def draw_tangent(
    gated, shaded, faces, tangent, height, width, gain, least, begin, end, lowest, log_total, means,
    light_t, log_total_t, means_t,
):  # fmt: skip
    """Derivatives of rows of tiles `begin` to `end` of all pictures, along a tangent of their faces.

    It takes what `pixels_numba.draw` takes and has filled, and tangent (B, F, FACE + C). It fills light_t
    (B, H, W), of log(1 - S), and adds to zeros: to log_total_t (B, H, W) and means_t (B, H, W, C).
    """
    count, channels = faces.shape[1], means.shape[3]
    rows_of_tiles, columns = (height + SIDE - 1) // SIDE, (width + SIDE - 1) // SIDE
    step, half = 2.0 / height, (SIDE - 1) / height
    xs, ys = np.empty(columns), np.empty(rows_of_tiles)
    first_pixels(columns, width, height, xs)
    first_pixels(rows_of_tiles, height, height, ys)
    reach = np.empty(count)
    for task in range(begin, end):
        b, j = task // rows_of_tiles, task % rows_of_tiles
        own, y = faces[b], -ys[j]
        reaches(own, least, gated, reach)
        down_pixels = min(SIDE, height - j * SIDE)
        for row in range(down_pixels):
            light_t[b, j * SIDE + row, :] = 0.0
        for i in range(columns):
            x = xs[i]
            across_pixels = min(SIDE, width - i * SIDE)
            for f in range(count):
                q, t = own[f], tangent[b, f]
                if not is_listed(q, x, y, half, reach[f], least, lowest[b, j, i], gated, shaded):
                    continue
                for row in range(down_pixels):
                    for column in range(across_pixels):
                        v, u = j * SIDE + row, i * SIDE + column
                        px, py, px_t, py_t = _place(q, t, x, y, row * SIDE + column, step)
                        edges, edges_t, gate, gate_t = _visible(q, t, px, py, px_t, py_t, gated)
                        _, _, _, seen, log_open, _, _ = _opened(q, t, edges, edges_t, gate, gate_t, gated)
                        light_t[b, v, u] += gain * (t[SHOWN] * log_open[0] + q[SHOWN] * log_open[1])
                        if is_on(shaded):
                            share = math.exp(seen[0] + q[LOGIT] - log_total[b, v, u])
                            share_t = share * (seen[1] + t[LOGIT])
                            log_total_t[b, v, u] += share_t
                            for c in range(channels):
                                means_t[b, v, u, c] += share_t * (q[CHANNEL + c] - means[b, v, u, c])
                                means_t[b, v, u, c] += share * t[CHANNEL + c]


@keep
@_compiled
def gradient_tangent(
    gated, shaded, faces, tangent, height, width, gain, least, begin, end, lowest, log_total, means,
    log_total_t, means_t, g_light, g_means, out,
):  # fmt: skip
    """Derivatives of the gradients of the faces `begin` to `end`, those of the picture held.

    It takes what `draw_tangent` takes and has filled, and the gradients g_light (B, H, W) of log(1 - S) and
    g_means (B, H, W, C) of the means. It adds to zeros: to out (B, F, FACE + C).
    """
    count, channels = faces.shape[1], means.shape[3]
    rows_of_tiles, columns = (height + SIDE - 1) // SIDE, (width + SIDE - 1) // SIDE
    step, half = 2.0 / height, (SIDE - 1) / height
    x_of, y_of = np.empty(columns), np.empty(rows_of_tiles)
    first_pixels(columns, width, height, x_of)
    first_pixels(rows_of_tiles, height, height, y_of)
    reach = np.empty(1)
    current, weakest = -1, 0.0
    for task in range(begin, end):
        b, f = task // count, task % count
        if b != current:
            current, weakest = b, smallest(lowest[b])
        q, t, h = faces[b, f], tangent[b, f], out[b, f]
        reaches(faces[b, f : f + 1], least, gated, reach)
        first_row, last_row, first_column, last_column = tile_range(
            q, reach[0], least, weakest, height, width, rows_of_tiles, columns, gated, shaded
        )
        for j in range(first_row, last_row):
            for i in range(first_column, last_column):
                x, y = x_of[i], -y_of[j]
                if not is_listed(q, x, y, half, reach[0], least, lowest[b, j, i], gated, shaded):
                    continue
                for k in range(AREA):
                    v, u = j * SIDE + k // SIDE, i * SIDE + k % SIDE
                    if v >= height or u >= width:
                        continue
                    px, py, px_t, py_t = _place(q, t, x, y, k, step)
                    xs, xs_t, gate, gate_t = _visible(q, t, px, py, px_t, py_t, gated)
                    ins, outs, passed, seen, log_open, shares, shares_t = _opened(
                        q, t, xs, xs_t, gate, gate_t, gated
                    )
                    by_log, by_log_t = 0.0, 0.0
                    if is_on(shaded):
                        share = math.exp(seen[0] + q[LOGIT] - log_total[b, v, u])
                        share_t = share * (seen[1] + t[LOGIT] - log_total_t[b, v, u])
                        colour, colour_t = 0.0, 0.0
                        for c in range(channels):
                            g = g_means[b, v, u, c]
                            colour += g * (q[CHANNEL + c] - means[b, v, u, c])
                            colour_t += g * (t[CHANNEL + c] - means_t[b, v, u, c])
                            h[CHANNEL + c] += g * share_t
                        by_log, by_log_t = colour * share, colour_t * share + colour * share_t
                        h[LOGIT] += by_log_t
                    light = gain * g_light[b, v, u]
                    by_open, by_open_t = light * q[SHOWN], light * t[SHOWN]
                    past, past_t = shares[3], shares_t[3]
                    by_px_t, by_py_t = 0.0, 0.0
                    for e in range(3):
                        p, s = ins[e], outs[e]
                        p_t = p * s * xs_t[e]
                        before, before_t = shares[(e + 2) % 3], shares_t[(e + 2) % 3]
                        slope = s * (before + past) - shares[e] * p
                        slope_t = -p_t * (before + past) + s * (before_t + past_t)
                        slope_t -= shares_t[e] * p + shares[e] * p_t
                        g = by_open * slope + by_log * s
                        g_t = by_open_t * slope + by_open * slope_t + by_log_t * s - by_log * p_t
                        h[3 * e] += g_t * px + g * px_t
                        h[3 * e + 1] += g_t * py + g * py_t
                        h[3 * e + 2] += g_t
                        by_px_t += g_t * q[3 * e] + g * t[3 * e]
                        by_py_t += g_t * q[3 * e + 1] + g * t[3 * e + 1]
                    if is_on(gated):
                        stopped = math.exp(log_sigmoids(gate)[1])
                        passed_t = passed * stopped * gate_t
                        g = by_log * stopped - by_open * past * passed
                        g_t = by_log_t * stopped - by_log * passed_t
                        g_t -= by_open_t * past * passed + by_open * (past_t * passed + past * passed_t)
                        h[GATE] += g_t
                        h[FALL] -= g_t * (px * px + py * py) + 2.0 * g * (px * px_t + py * py_t)
                        by_px_t -= 2.0 * (t[FALL] * px * g + q[FALL] * (px_t * g + px * g_t))
                        by_py_t -= 2.0 * (t[FALL] * py * g + q[FALL] * (py_t * g + py * g_t))
                    h[CENTRE_X] -= by_px_t
                    h[CENTRE_Y] -= by_py_t
                    by_twin = by_open * past + by_log
                    by_twin_t = by_open_t * past + by_open * past_t + by_log_t
                    h[TWIN] += by_twin_t / q[TWIN] - by_twin * t[TWIN] / (q[TWIN] * q[TWIN])
                    h[SHOWN] += light * log_open[1]
