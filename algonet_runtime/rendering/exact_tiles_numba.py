"""Faces on tiles of pixels by logarithms, one pixel after the other, in any precision. Imports numba.

For float64, and for the few faces that `tiles_numba` does not take. The arguments are the same.
"""

# pyright: basic
from __future__ import annotations

import math

import numba

from algonet_runtime.rendering.packed import CENTRE_X, CENTRE_Y, CHANNEL, FALL, GATE, LOGIT, SHOWN, TWIN
from algonet_runtime.rendering.tiles_numba import AREA, OPTIONS
from algonet_runtime.switches_numba import is_on

INVERSE_LN2 = 1 / math.log(2)

_inlined = numba.njit(inline="always", **OPTIONS)
_compiled = numba.njit(**OPTIONS)


@_inlined
def log_sigmoids(x):
    """log sigma(x) and log sigma(-x)."""
    rest = math.log1p(math.exp(-abs(x)))
    return min(x, 0.0) - rest, min(-x, 0.0) - rest


@_inlined
def edges_at(q, px, py):
    """x of the three edges at a place relative to the centre."""
    return (
        q[0] * px + q[1] * py + q[2],
        q[3] * px + q[4] * py + q[5],
        q[6] * px + q[7] * py + q[8],
    )


@_inlined
def log_sum(a, b, c, d):
    """log(e^a + e^b + e^c + e^d)."""
    top = max(a, b, c, d)
    return top + math.log(math.exp(a - top) + math.exp(b - top) + math.exp(c - top) + math.exp(d - top))


@_compiled
def add_face_exactly(q, x, y, across, down, gated, shaded, exponent, total, sums, reference):
    """Add log2(1 - V) to `exponent`, the weight to `total`, and times channels to `sums`."""
    log_twin = math.log(q[TWIN])
    for k in range(AREA):
        px, py = float(x + across[k] - q[CENTRE_X]), float(y + down[k] - q[CENTRE_Y])
        x0, x1, x2 = edges_at(q, px, py)
        in0, out0 = log_sigmoids(x0)
        in1, out1 = log_sigmoids(x1)
        in2, out2 = log_sigmoids(x2)
        log_visible = in0 + in1 + in2 + log_twin
        past = -math.inf
        passed = 0.0
        if is_on(gated):
            passed, stopped = log_sigmoids(q[GATE] - q[FALL] * (px * px + py * py))
            past = log_visible + stopped
        log_open = log_sum(out0 + in1, out1 + in2, out2 + in0, past)
        exponent[k] += q[SHOWN] * log_open * INVERSE_LN2
        if is_on(shaded):
            weight = math.exp(log_visible + passed + q[LOGIT] - reference[k])
            total[k] += weight
            for c in range(sums.shape[0]):
                sums[c, k] += weight * q[CHANNEL + c]


@_compiled
def face_gradient_exactly(q, x, y, across, down, gated, shaded, g_light, g_means, centred, log_total, out):
    """Add to `out` the gradient of the face by its numbers, its weight included."""
    log_twin = math.log(q[TWIN])
    for k in range(AREA):
        px, py = float(x + across[k] - q[CENTRE_X]), float(y + down[k] - q[CENTRE_Y])
        x0, x1, x2 = edges_at(q, px, py)
        in0, out0 = log_sigmoids(x0)
        in1, out1 = log_sigmoids(x1)
        in2, out2 = log_sigmoids(x2)
        log_visible = in0 + in1 + in2 + log_twin
        past, passed, stopped = -math.inf, 0.0, 0.0
        if is_on(gated):
            passed, stopped = log_sigmoids(q[GATE] - q[FALL] * (px * px + py * py))
            past = log_visible + stopped
        log_open = log_sum(out0 + in1, out1 + in2, out2 + in0, past)
        by_log = 0.0
        if is_on(shaded):
            share = math.exp(log_visible + passed + q[LOGIT] - log_total[k])
            colour = -centred[k]
            for c in range(g_means.shape[0]):
                colour += g_means[c, k] * q[CHANNEL + c]
                out[CHANNEL + c] += g_means[c, k] * share
            by_log = colour * share
            out[LOGIT] += by_log
        by_open = g_light[k] * q[SHOWN]
        r0, r1, r2 = (
            math.exp(out0 + in1 - log_open),
            math.exp(out1 + in2 - log_open),
            math.exp(out2 + in0 - log_open),
        )
        rg = math.exp(past - log_open)
        q0, q1, q2 = math.exp(out0), math.exp(out1), math.exp(out2)
        g0 = by_open * (q0 * (r2 + rg) - r0 * math.exp(in0)) + by_log * q0
        g1 = by_open * (q1 * (r0 + rg) - r1 * math.exp(in1)) + by_log * q1
        g2 = by_open * (q2 * (r1 + rg) - r2 * math.exp(in2)) + by_log * q2
        by_px = g0 * q[0] + g1 * q[3] + g2 * q[6]
        by_py = g0 * q[1] + g1 * q[4] + g2 * q[7]
        if is_on(gated):
            by_gate = by_log * math.exp(stopped) - by_open * rg * math.exp(passed)
            out[GATE] += by_gate
            out[FALL] -= by_gate * (px * px + py * py)
            by_px -= 2.0 * q[FALL] * px * by_gate
            by_py -= 2.0 * q[FALL] * py * by_gate
        out[0] += g0 * px
        out[1] += g0 * py
        out[2] += g0
        out[3] += g1 * px
        out[4] += g1 * py
        out[5] += g1
        out[6] += g2 * px
        out[7] += g2 * py
        out[8] += g2
        out[CENTRE_X] -= by_px
        out[CENTRE_Y] -= by_py
        out[TWIN] += (by_open * rg + by_log) / q[TWIN]
        out[SHOWN] += g_light[k] * log_open
