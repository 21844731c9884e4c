"""Faces on tiles of 8 x 8 pixels, in float32 that vectorises, and bounds on them. Imports numba.

A face is a row of numbers, see `packed.py`. The pixels of a tile lie row after row; `across` and `down` are
their offsets from its first pixel, which is at (x, y).
"""

# pyright: basic
from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numba
import numpy as np

from algonet_runtime.arithmetic_numba import exp_32
from algonet_runtime.rendering.packed import (
    CENTRE_X,
    CENTRE_Y,
    CHANNEL,
    FALL,
    GATE,
    LOGIT,
    SHOWN,
    SIDE,
    TWIN,
)
from algonet_runtime.switches_numba import is_on

OPTIONS: Mapping[str, Any] = {"fastmath": {"contract", "nsz", "arcp"}, "error_model": "numpy", "nogil": True}
_SUMMING: Mapping[str, Any] = {**OPTIONS, "fastmath": {"contract", "nsz", "arcp", "reassoc"}}
"""Sums over the pixels of a tile may be taken in any order: tiles always have the same number."""

AREA = SIDE * SIDE
ROWS = 7
"""Rows of AREA numbers that the functions below use as they like."""

_F = np.float32
_ZERO, _ONE, _TWO, _MOST = _F(0), _F(1), _F(2), _F(80)
_BIAS, _MANTISSA, _FRACTION, _UNIT = np.int32(127), np.int32(23), np.int32(0x7FFFFF), np.int32(0x3F800000)

_inlined = numba.njit(inline="always", **OPTIONS)
_compiled = numba.njit(**OPTIONS)


@_compiled
def offsets(step):
    """Of the pixels of a tile from its first, to the right and upward."""
    across, down = np.empty(AREA, step.dtype), np.empty(AREA, step.dtype)
    for row in range(SIDE):
        for column in range(SIDE):
            across[row * SIDE + column] = column * step[0]
            down[row * SIDE + column] = -row * step[0]
    return across, down


@_compiled
def bound(q, x, y, half, gated):
    """An upper bound of log V on the square around (x, y) with sides of 2 `half`."""
    dx, dy = x - q[CENTRE_X], y - q[CENTRE_Y]
    found = math.log(q[TWIN])
    for e in range(0, 9, 3):
        inside = q[e] * dx + q[e + 1] * dy + q[e + 2] + (abs(q[e]) + abs(q[e + 1])) * half
        found += min(inside, 0.0)
    if is_on(gated):
        away = max(math.sqrt(dx * dx + dy * dy) - half * 1.4143, 0.0)
        found += min(q[GATE] - q[FALL] * away * away, 0.0)
    return found


@_compiled
def is_plain(q, x, y, half):
    """Whether the functions below may take the face on this square.

    They leave out derivatives by its weight, which must be 1, and stop at log(1 - V) = -80.
    """
    if q[SHOWN] < 1.0:
        return False
    dx, dy = x - q[CENTRE_X], y - q[CENTRE_Y]
    depth = 1e30
    for e in range(0, 9, 3):
        inside = q[e] * dx + q[e + 1] * dy + q[e + 2] + (abs(q[e]) + abs(q[e + 1])) * half
        depth = min(depth, inside)
    return depth < 78.0


@_inlined
def _least(a, b):
    return a if a < b else b


@_inlined
def _from_first(q, e, ex, ey):
    """x of an edge at the first pixel of the tile."""
    return q[e + 2] + q[e] * ex + q[e + 1] * ey


@_compiled
def raise_reference(q, x, y, across, down, gated, reference):
    """Raise the reference of each pixel to log V + logit of the face, but for factors of at most 1."""
    a0, b0, a1, b1, a2, b2 = q[0], q[1], q[3], q[4], q[6], q[7]
    ex, ey = x - q[CENTRE_X], y - q[CENTRE_Y]
    c0, c1, c2 = _from_first(q, 0, ex, ey), _from_first(q, 3, ex, ey), _from_first(q, 6, ex, ey)
    logit, gate, fall = q[LOGIT], q[GATE], q[FALL]
    for k in range(AREA):
        dx, dy = across[k], down[k]
        found = logit + _least(c0 + a0 * dx + b0 * dy, _ZERO) + _least(c1 + a1 * dx + b1 * dy, _ZERO)
        found += _least(c2 + a2 * dx + b2 * dy, _ZERO)
        if is_on(gated):
            gx, gy = ex + dx, ey + dy
            found += _least(gate - fall * (gx * gx + gy * gy), _ZERO)
        reference[k] = found if found > reference[k] else reference[k]


@_compiled
def add_face(q, x, y, across, down, gated, shaded, product, exponent, total, sums, reference, rows):
    """Multiply 1 - V to product 2^exponent; add the weight to `total`, and times channels to `sums`."""
    a0, b0, a1, b1, a2, b2 = q[0], q[1], q[3], q[4], q[6], q[7]
    ex, ey = x - q[CENTRE_X], y - q[CENTRE_Y]
    c0, c1, c2 = _from_first(q, 0, ex, ey), _from_first(q, 3, ex, ey), _from_first(q, 6, ex, ey)
    twin, logit, gate, fall = q[TWIN], q[LOGIT], q[GATE], q[FALL]
    for k in range(AREA):
        dx, dy = across[k], down[k]
        x0, x1, x2 = c0 + a0 * dx + b0 * dy, c1 + a1 * dx + b1 * dy, c2 + a2 * dx + b2 * dy
        e0, e1, e2 = (
            exp_32(-_least(abs(x0), _MOST)),
            exp_32(-_least(abs(x1), _MOST)),
            exp_32(-_least(abs(x2), _MOST)),
        )
        n0, m0 = (_ONE if x0 >= _ZERO else e0), (e0 if x0 >= _ZERO else _ONE)
        n1, m1 = (_ONE if x1 >= _ZERO else e1), (e1 if x1 >= _ZERO else _ONE)
        n2, m2 = (_ONE if x2 >= _ZERO else e2), (e2 if x2 >= _ZERO else _ONE)
        d0, d1, d2 = _ONE + e0, _ONE + e1, _ONE + e2
        left = m0 * n1 * d2 + m1 * n2 * d0 + m2 * n0 * d1
        below = d0 * d1 * d2
        found = logit
        if is_on(shaded):
            found += _least(x0, _ZERO) + _least(x1, _ZERO) + _least(x2, _ZERO)
        if is_on(gated):
            gx, gy = ex + dx, ey + dy
            g = gate - fall * (gx * gx + gy * gy)
            eg = exp_32(-_least(abs(g), _MOST))
            dg = _ONE + eg
            left = left * dg + n0 * n1 * n2 * twin * (eg if g >= _ZERO else _ONE)
            below = below * dg
            if is_on(shaded):
                found += _least(g, _ZERO)
        inverse = _ONE / below
        rows[0, k] = left * inverse
        if is_on(shaded):
            rows[1, k] = inverse * twin
            rows[2, k] = found
    for k in range(AREA):
        bits = np.float32(product[k] * rows[0, k]).view(np.int32)
        product[k] = np.int32(np.int32(bits & _FRACTION) | _UNIT).view(np.float32)
        rows[0, k] = np.float32(np.int32(np.int32(bits >> _MANTISSA) - _BIAS))
    for k in range(AREA):
        exponent[k] += rows[0, k]
    if is_on(shaded):
        for k in range(AREA):
            rows[1, k] *= exp_32(rows[2, k] - reference[k])
            total[k] += rows[1, k]
        for c in range(sums.shape[0]):
            channel = q[CHANNEL + c]
            for k in range(AREA):
                sums[c, k] += rows[1, k] * channel


@_compiled
def face_gradient(q, x, y, across, down, gated, shaded, g_light, g_means, centred, log_total, rows, out):
    """Add to `out` the gradient of the face by its numbers; `rows` (ROWS, AREA) is overwritten.

    From those of the pixels, g_light (AREA,) of log(1 - S), times the gain, and g_means (C, AREA) of the
    means; centred (AREA,) is the sum over channels of g_means times the means, log_total (AREA,) the
    logarithm of the sum of all weights.
    """
    a0, b0, a1, b1, a2, b2 = q[0], q[1], q[3], q[4], q[6], q[7]
    ex, ey = x - q[CENTRE_X], y - q[CENTRE_Y]
    c0, c1, c2 = _from_first(q, 0, ex, ey), _from_first(q, 3, ex, ey), _from_first(q, 6, ex, ey)
    twin, logit, gate, fall = q[TWIN], q[LOGIT], q[GATE], q[FALL]
    inverse_twin = _ONE / twin
    if is_on(shaded):
        for k in range(AREA):
            rows[5, k] = -centred[k]
        for c in range(g_means.shape[0]):
            channel = q[CHANNEL + c]
            for k in range(AREA):
                rows[5, k] += g_means[c, k] * channel
    for k in range(AREA):
        dx, dy = across[k], down[k]
        x0, x1, x2 = c0 + a0 * dx + b0 * dy, c1 + a1 * dx + b1 * dy, c2 + a2 * dx + b2 * dy
        e0, e1, e2 = (
            exp_32(-_least(abs(x0), _MOST)),
            exp_32(-_least(abs(x1), _MOST)),
            exp_32(-_least(abs(x2), _MOST)),
        )
        d0, d1, d2 = _ONE + e0, _ONE + e1, _ONE + e2
        d01 = d0 * d1
        inverse = _ONE / (d01 * d2)
        i0, i1, i2 = d1 * d2 * inverse, d0 * d2 * inverse, d01 * inverse
        p0, q0 = (_ONE if x0 >= _ZERO else e0) * i0, (e0 if x0 >= _ZERO else _ONE) * i0
        p1, q1 = (_ONE if x1 >= _ZERO else e1) * i1, (e1 if x1 >= _ZERO else _ONE) * i1
        p2, q2 = (_ONE if x2 >= _ZERO else e2) * i2, (e2 if x2 >= _ZERO else _ONE) * i2
        left = q0 * p1 + q1 * p2 + q2 * p0
        all_in = p0 * p1 * p2
        visible = all_in * twin
        passed, stopped = _ONE, _ZERO
        found = logit
        if is_on(shaded):
            found += _least(x0, _ZERO) + _least(x1, _ZERO) + _least(x2, _ZERO)
        if is_on(gated):
            gx, gy = ex + dx, ey + dy
            g = gate - fall * (gx * gx + gy * gy)
            eg = exp_32(-_least(abs(g), _MOST))
            ig = _ONE / (_ONE + eg)
            passed, stopped = (_ONE if g >= _ZERO else eg) * ig, (eg if g >= _ZERO else _ONE) * ig
            left += visible * stopped
            inverse *= ig
            if is_on(shaded):
                found += _least(g, _ZERO)
        by_left = g_light[k] / left
        by_log = _ZERO
        if is_on(shaded):
            share = exp_32(_least(found - log_total[k], _TWO)) * inverse * twin
            by_log = rows[5, k] * share
            rows[5, k] = by_log
            rows[6, k] = share
        past = visible * stopped
        rows[0, k] = q0 * (by_left * (p0 * (q2 - p1) + past) + by_log)
        rows[1, k] = q1 * (by_left * (p1 * (q0 - p2) + past) + by_log)
        rows[2, k] = q2 * (by_left * (p2 * (q1 - p0) + past) + by_log)
        if is_on(gated):
            rows[3, k] = stopped * (by_log - by_left * visible * passed)
        rows[4, k] = by_left * all_in * stopped + by_log * inverse_twin
    _gather(q, ex, ey, across, down, gated, shaded, g_means, rows, out)


@numba.njit(**_SUMMING)
def _gather(q, ex, ey, across, down, gated, shaded, g_means, rows, out):
    """Sums over pixels of what `rows` has by edges, gate, twin and logit."""
    for e in range(3):
        plain, by_x, by_y = _ZERO, _ZERO, _ZERO
        for k in range(AREA):
            g = rows[e, k]
            plain += g
            by_x += g * across[k]
            by_y += g * down[k]
        out[3 * e] += by_x + ex * plain
        out[3 * e + 1] += by_y + ey * plain
        out[3 * e + 2] += plain
        out[CENTRE_X] -= q[3 * e] * plain
        out[CENTRE_Y] -= q[3 * e + 1] * plain
    if is_on(gated):
        plain, by_x, by_y, by_square = _ZERO, _ZERO, _ZERO, _ZERO
        for k in range(AREA):
            g, gx, gy = rows[3, k], ex + across[k], ey + down[k]
            plain += g
            by_x += g * gx
            by_y += g * gy
            by_square += g * (gx * gx + gy * gy)
        out[GATE] += plain
        out[FALL] -= by_square
        out[CENTRE_X] += _TWO * q[FALL] * by_x
        out[CENTRE_Y] += _TWO * q[FALL] * by_y
    plain = _ZERO
    for k in range(AREA):
        plain += rows[4, k]
    out[TWIN] += plain
    if is_on(shaded):
        plain = _ZERO
        for k in range(AREA):
            plain += rows[5, k]
        out[LOGIT] += plain
        for c in range(g_means.shape[0]):
            plain = _ZERO
            for k in range(AREA):
                plain += g_means[c, k] * rows[6, k]
            out[CHANNEL + c] += plain
