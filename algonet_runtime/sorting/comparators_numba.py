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
def exchange(kind, keys, steepness, i, j, m):
    """Keys in, blends out."""
    a, b = keys[i : i + m], keys[j : j + m]
    most = highest(a)
    for k in range(m):
        x, y = a[k], b[k]
        _, low, high, d = ordered(x, y, most)
        t, _ = tail(kind, min(steepness[k] * d, most))
        h = t * d
        a[k] = low + h
        b[k] = high - h


@_step
def exchange_taped(kind, keys, steepness, tape, i, j, o, m):
    """As `exchange`; the tape has, from place o, the derivative q of the lower blend by the first key."""
    a, b, q = keys[i : i + m], keys[j : j + m], tape[o : o + m]
    one, most = a.dtype.type(1), highest(a)
    for k in range(m):
        x, y = a[k], b[k]
        swapped, low, high, d = ordered(x, y, most)
        z = min(steepness[k] * d, most)
        t, f = tail(kind, z)
        h = t * d
        a[k] = low + h
        b[k] = high - h
        kept = t - z * f
        q[k] = kept if swapped else one - kept


@_step
def exchange_back(grads, tape, i, j, o, m):
    """Gradients by blends in, by keys out."""
    a, b, q = grads[i : i + m], grads[j : j + m], tape[o : o + m]
    for k in range(m):
        g, h = a[k], b[k]
        w = q[k] * (g - h)
        a[k] = h + w
        b[k] = g - w


@_step
def exchange_measured(kind, keys, steepness, tape, i, j, o, m):
    """As `exchange_taped`; the tape also has c, minus the derivative of the lower blend by the steepness."""
    a, b, q, c = keys[i : i + m], keys[j : j + m], tape[0, o : o + m], tape[1, o : o + m]
    one, most = a.dtype.type(1), highest(a)
    for k in range(m):
        x, y = a[k], b[k]
        swapped, low, high, d = ordered(x, y, most)
        z = min(steepness[k] * d, most)
        t, f = tail(kind, z)
        h = t * d
        a[k] = low + h
        b[k] = high - h
        kept = t - z * f
        q[k] = kept if swapped else one - kept
        c[k] = min(d * (d * f), most)


@_step
def exchange_measured_back(grads, tape, g_steepness, i, j, o, m):
    """As `exchange_back`, and by steepness."""
    a, b, q, c = grads[i : i + m], grads[j : j + m], tape[0, o : o + m], tape[1, o : o + m]
    for k in range(m):
        g, h = a[k], b[k]
        g_steepness[k] += (h - g) * c[k]
        w = q[k] * (g - h)
        a[k] = h + w
        b[k] = g - w


@_step
def exchange_dual(kind, keys, tangents, steepness, v_steepness, tape, i, j, o, m):
    """Keys and their tangents.

    After q and c, the tape has e and es, the derivatives of the lower blend's tangent by the difference of
    the keys and by steepness.
    """
    a, b, va, vb = keys[i : i + m], keys[j : j + m], tangents[i : i + m], tangents[j : j + m]
    q, c, e, es = tape[0, o : o + m], tape[1, o : o + m], tape[2, o : o + m], tape[3, o : o + m]
    one, most = a.dtype.type(1), highest(a)
    zero = a.dtype.type(0)
    for k in range(m):
        x, y = a[k], b[k]
        swapped, low, high, d = ordered(x, y, most)
        s, vs = steepness[k], v_steepness[k]
        z = min(s * d, most)
        t, f, f2 = curved_tail(kind, z)
        h = t * d
        a[k] = low + h
        b[k] = high - h
        kept = t - z * f
        slope = kept if swapped else one - kept
        moved = min(d * (d * f), most)
        u, w = va[k], vb[k]
        delta = u - w
        change = products(slope, delta, -moved, vs)
        va[k] = w + change
        vb[k] = u - change
        bend = f + f + z * f2
        signed = zero - d if swapped else d
        q[k] = slope
        c[k] = moved
        e[k] = products(s * bend, delta, -signed * bend, vs)
        es[k] = products(signed * bend, delta, -max(d * (d * (d * f2)), -most), vs)


@_step
def exchange_dual_back(grads, tape, g_steepness, i, j, o, m):
    """Gradients by blends, which come first, and by their tangents."""
    a, b, ga, gb = grads[0, i : i + m], grads[0, j : j + m], grads[1, i : i + m], grads[1, j : j + m]
    q, c, e, es = tape[0, o : o + m], tape[1, o : o + m], tape[2, o : o + m], tape[3, o : o + m]
    for k in range(m):
        g, h = ga[k], gb[k]
        rise = g - h
        w = q[k] * rise
        ga[k] = h + w
        gb[k] = g - w
        x, y = a[k], b[k]
        g_steepness[k] += products(y - x, c[k], rise, es[k])
        w = q[k] * (x - y)
        shift = rise * e[k]
        a[k] = y + w - shift
        b[k] = x - w + shift
