"""Runs of comparators for Numba kernels. Imports numba.

Keys lie in lanes: key i of row r at `positions[i] * lanes + r`, so that a run of m comparators is one loop
over m * lanes neighbouring numbers. Tapes hold one number per comparator and lane.
"""

# pyright: basic
from __future__ import annotations

from typing import Any

import numba

from algonet_runtime.arithmetic_numba import products
from algonet_runtime.relax.distribution_numba import OPTIONS, curved_tail, tail

_step: Any = numba.njit(inline="never", **OPTIONS)
_inlined: Any = numba.njit(inline="always", **OPTIONS)


@_step
def highest(a):
    """The largest finite number: differences beyond it are taken for it."""
    return a.dtype.type(3.4028234e38) if a.itemsize == 4 else a.dtype.type(1.7976931348623157e308)


@_inlined
def ordered(x, y, most):
    """Whether a pair is out of order, the lower and the higher one, and their difference."""
    swapped = y < x
    low, high = (y if swapped else x), (x if swapped else y)
    return swapped, low, high, min(high - low, most)


@_step
def exchange(kind, a, b, steepness, m):
    """Keys in, blends out."""
    most = highest(a)
    for i in range(m):
        x, y = a[i], b[i]
        _, low, high, d = ordered(x, y, most)
        t, _ = tail(kind, min(steepness[i] * d, most))
        h = t * d
        a[i] = low + h
        b[i] = high - h


@_step
def exchange_taped(kind, a, b, steepness, q, m):
    """As `exchange`; q is the derivative of the lower blend by the first key."""
    one, most = a.dtype.type(1), highest(a)
    for i in range(m):
        x, y = a[i], b[i]
        swapped, low, high, d = ordered(x, y, most)
        z = min(steepness[i] * d, most)
        t, f = tail(kind, z)
        h = t * d
        a[i] = low + h
        b[i] = high - h
        k = t - z * f
        q[i] = k if swapped else one - k


@_step
def exchange_back(a, b, q, m):
    """Gradients by blends in, by keys out."""
    for i in range(m):
        g, h = a[i], b[i]
        w = q[i] * (g - h)
        a[i] = h + w
        b[i] = g - w


@_step
def exchange_measured(kind, a, b, steepness, q, c, m):
    """As `exchange_taped`; c is minus the derivative of the lower blend by the steepness."""
    one, most = a.dtype.type(1), highest(a)
    for i in range(m):
        x, y = a[i], b[i]
        swapped, low, high, d = ordered(x, y, most)
        z = min(steepness[i] * d, most)
        t, f = tail(kind, z)
        h = t * d
        a[i] = low + h
        b[i] = high - h
        k = t - z * f
        q[i] = k if swapped else one - k
        c[i] = d * (d * f)


@_step
def exchange_measured_back(a, b, q, c, g_steepness, m):
    """As `exchange_back`, and by steepness."""
    for i in range(m):
        g, h = a[i], b[i]
        g_steepness[i] += (h - g) * c[i]
        w = q[i] * (g - h)
        a[i] = h + w
        b[i] = g - w


@_step
def exchange_dual(kind, a, b, va, vb, steepness, v_steepness, q, c, e, es, m):
    """Keys and their tangents.

    e and es are the derivatives of the lower blend's tangent by the difference of the keys and by steepness.
    """
    one, most = a.dtype.type(1), highest(a)
    zero = a.dtype.type(0)
    for i in range(m):
        x, y = a[i], b[i]
        swapped, low, high, d = ordered(x, y, most)
        s, vs = steepness[i], v_steepness[i]
        z = min(s * d, most)
        t, f, f2 = curved_tail(kind, z)
        h = t * d
        a[i] = low + h
        b[i] = high - h
        k = t - z * f
        slope = k if swapped else one - k
        moved = d * (d * f)
        u, w = va[i], vb[i]
        delta = u - w
        change = products(slope, delta, -moved, vs)
        va[i] = w + change
        vb[i] = u - change
        bend = f + f + z * f2
        signed = zero - d if swapped else d
        q[i] = slope
        c[i] = moved
        e[i] = products(s * bend, delta, -signed * bend, vs)
        es[i] = products(signed * bend, delta, -d * (d * (d * f2)), vs)


@_step
def exchange_dual_back(a, b, ga, gb, q, c, e, es, g_steepness, m):
    """Gradients by blends (a, b) and by their tangents (ga, gb)."""
    for i in range(m):
        g, h = ga[i], gb[i]
        rise = g - h
        w = q[i] * rise
        ga[i] = h + w
        gb[i] = g - w
        x, y = a[i], b[i]
        g_steepness[i] += products(y - x, c[i], rise, es[i])
        w = q[i] * (x - y)
        shift = rise * e[i]
        a[i] = y + w - shift
        b[i] = x - w + shift
