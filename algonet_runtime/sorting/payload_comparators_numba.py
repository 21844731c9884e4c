"""Runs of comparators that also move a payload, for Numba kernels. Imports numba.

Lanes and tapes are as in `comparators_numba`. With the difference d of a pair's keys, z = steepness * d,
p = F(z), r = F(-z), psi = <g, P T> and its derivative `gp` by p, which all columns of the payload add to.
"""

# pyright: basic
from __future__ import annotations

from typing import Any

import numba

from algonet_runtime.arithmetic_numba import products
from algonet_runtime.relax.distribution_numba import OPTIONS, curved_tail, tail
from algonet_runtime.sorting.comparators_numba import highest, ordered

_step: Any = numba.njit(inline="never", **OPTIONS)


@_step
def weigh(kind, keys, steepness, tape, i, j, o, m):
    """Keys in, blends out, and the degrees to which pairs are in order and out of it."""
    a, b, p, r = keys[i : i + m], keys[j : j + m], tape[0, o : o + m], tape[1, o : o + m]
    one, most = a.dtype.type(1), highest(a)
    for k in range(m):
        x, y = a[k], b[k]
        swapped, low, high, d = ordered(x, y, most)
        t, _ = tail(kind, min(steepness[k] * d, most))
        h = t * d
        a[k] = low + h
        b[k] = high - h
        rest = one - t
        p[k] = t if swapped else rest
        r[k] = rest if swapped else t


@_step
def weigh_taped(kind, keys, steepness, tape, i, j, o, m):
    """As `weigh`, with its derivatives.

    The tape has, from place o: p; r; q, that of the lower blend by the first key; pd and ps, those of p by
    the difference of the keys and by the steepness; c, minus that of the lower blend by the steepness.
    """
    a, b = keys[i : i + m], keys[j : j + m]
    p, r, q = tape[0, o : o + m], tape[1, o : o + m], tape[2, o : o + m]
    pd, ps, c = tape[3, o : o + m], tape[4, o : o + m], tape[5, o : o + m]
    one, most = a.dtype.type(1), highest(a)
    zero = a.dtype.type(0)
    for k in range(m):
        x, y = a[k], b[k]
        swapped, low, high, d = ordered(x, y, most)
        s = steepness[k]
        z = min(s * d, most)
        t, f = tail(kind, z)
        h = t * d
        a[k] = low + h
        b[k] = high - h
        rest = one - t
        p[k] = t if swapped else rest
        r[k] = rest if swapped else t
        kept = t - z * f
        q[k] = kept if swapped else one - kept
        pd[k] = s * f
        w = d * f
        ps[k] = zero - w if swapped else w
        c[k] = min(d * w, most)


@_step
def mix(values, first, last, tape, i, j, o, m):
    """Some columns of the payload, or of its gradient: comparators are symmetric."""
    p, r = tape[0, o : o + m], tape[1, o : o + m]
    for c in range(first, last):
        a, b = values[c, i : i + m], values[c, j : j + m]
        for k in range(m):
            x, y = a[k], b[k]
            a[k] = products(p[k], x, r[k], y)
            b[k] = products(r[k], x, p[k], y)


@_step
def mix_taped(values, first, last, tape, apart, i, j, o, m):
    """As `mix`; keeps the differences of the pairs, for each of the columns."""
    p, r = tape[0, o : o + m], tape[1, o : o + m]
    for c in range(first, last):
        a, b, difference = values[c, i : i + m], values[c, j : j + m], apart[c - first, o : o + m]
        for k in range(m):
            x, y = a[k], b[k]
            difference[k] = x - y
            a[k] = products(p[k], x, r[k], y)
            b[k] = products(r[k], x, p[k], y)


@_step
def mix_back(grads, first, last, tape, apart, gp, i, j, o, m):
    """As `mix` for gradients; adds to gp."""
    p, r, total = tape[0, o : o + m], tape[1, o : o + m], gp[o : o + m]
    for c in range(first, last):
        a, b, difference = grads[c, i : i + m], grads[c, j : j + m], apart[c - first, o : o + m]
        for k in range(m):
            x, y = a[k], b[k]
            total[k] += (x - y) * difference[k]
            a[k] = products(p[k], x, r[k], y)
            b[k] = products(r[k], x, p[k], y)


@_step
def keys_back(grads, tape, gp, g_steepness, i, j, o, m):
    """Gradients by blends of keys in, by keys out; adds those by steepness."""
    a, b, total = grads[i : i + m], grads[j : j + m], gp[o : o + m]
    q, pd, ps, c = tape[2, o : o + m], tape[3, o : o + m], tape[4, o : o + m], tape[5, o : o + m]
    for k in range(m):
        g, h = a[k], b[k]
        g_steepness[k] += products(h - g, c[k], total[k], ps[k])
        w = q[k] * (g - h)
        e = total[k] * pd[k]
        a[k] = (h + w) - e
        b[k] = (g - w) + e


@_step
def weigh_dual(kind, keys, tangents, steepness, v_steepness, tape, i, j, o, m):
    """As `weigh_taped`, with tangents of the keys; after c, the tape has those of p, q, pd, ps and c."""
    a, b, va, vb = keys[i : i + m], keys[j : j + m], tangents[i : i + m], tangents[j : j + m]
    one, most = a.dtype.type(1), highest(a)
    zero = a.dtype.type(0)
    p, r, q = tape[0, o : o + m], tape[1, o : o + m], tape[2, o : o + m]
    pd, ps, c = tape[3, o : o + m], tape[4, o : o + m], tape[5, o : o + m]
    vp, vq, vpd = tape[6, o : o + m], tape[7, o : o + m], tape[8, o : o + m]
    vps, vc = tape[9, o : o + m], tape[10, o : o + m]
    for k in range(m):
        x, y = a[k], b[k]
        swapped, low, high, d = ordered(x, y, most)
        s, vs = steepness[k], v_steepness[k]
        z = min(s * d, most)
        t, f, f2 = curved_tail(kind, z)
        h = t * d
        a[k] = low + h
        b[k] = high - h
        rest = one - t
        p[k] = t if swapped else rest
        r[k] = rest if swapped else t
        kept = t - z * f
        slope = kept if swapped else one - kept
        q[k] = slope
        pd[k] = s * f
        signed = zero - d if swapped else d
        ps[k] = signed * f
        moved = min(d * (d * f), most)
        c[k] = moved
        u, w = va[k], vb[k]
        delta = w - u
        change = products(slope, u - w, -moved, vs)
        va[k] = w + change
        vb[k] = u - change
        # Of z, which has the sign of the difference.
        bend = f + f + z * f2
        vz = products(s, delta, signed, vs)
        signed_f2 = zero - f2 if swapped else f2
        vp[k] = f * vz
        vq[k] = bend * vz
        vpd[k] = products(f, vs, s, signed_f2 * vz)
        vps[k] = products(f + z * f2, delta, signed * (d * f2), vs)
        vc[k] = products(signed * bend, delta, max(d * (d * (d * f2)), -most), vs)


@_step
def mix_dual(values, tangents, tape, apart, i, j, o, m):
    """One column of the payload and of its tangent; keeps the differences of both."""
    p, r, vp = tape[0, o : o + m], tape[1, o : o + m], tape[6, o : o + m]
    a, b, va, vb = values[i : i + m], values[j : j + m], tangents[i : i + m], tangents[j : j + m]
    difference, v_difference = apart[0, o : o + m], apart[1, o : o + m]
    for k in range(m):
        x, y = a[k], b[k]
        u, w = va[k], vb[k]
        difference[k] = x - y
        v_difference[k] = u - w
        a[k] = products(p[k], x, r[k], y)
        b[k] = products(r[k], x, p[k], y)
        change = vp[k] * (x - y)
        va[k] = products(p[k], u, r[k], w) + change
        vb[k] = products(r[k], u, p[k], w) - change


@_step
def mix_dual_back(grads, tangents, tape, apart, gp, i, j, o, m):
    """Gradients by one column, and their tangents; adds to gp and its tangent."""
    p, r, vp = tape[0, o : o + m], tape[1, o : o + m], tape[6, o : o + m]
    a, b, va, vb = grads[i : i + m], grads[j : j + m], tangents[i : i + m], tangents[j : j + m]
    difference, v_difference = apart[0, o : o + m], apart[1, o : o + m]
    total, v_total = gp[0, o : o + m], gp[1, o : o + m]
    for k in range(m):
        x, y = a[k], b[k]
        u, w = va[k], vb[k]
        total[k] += (x - y) * difference[k]
        v_total[k] += products(u - w, difference[k], x - y, v_difference[k])
        a[k] = products(p[k], x, r[k], y)
        b[k] = products(r[k], x, p[k], y)
        change = vp[k] * (x - y)
        va[k] = products(p[k], u, r[k], w) + change
        vb[k] = products(r[k], u, p[k], w) - change


@_step
def keys_dual_back(grads, tangents, tape, gp, v_steepness, i, j, o, m):
    """Gradients by keys and their tangents; adds the tangent of those by steepness."""
    a, b, va, vb = grads[i : i + m], grads[j : j + m], tangents[i : i + m], tangents[j : j + m]
    total, v_total = gp[0, o : o + m], gp[1, o : o + m]
    q, pd, ps, c = tape[2, o : o + m], tape[3, o : o + m], tape[4, o : o + m], tape[5, o : o + m]
    vq, vpd = tape[7, o : o + m], tape[8, o : o + m]
    vps, vc = tape[9, o : o + m], tape[10, o : o + m]
    for k in range(m):
        g, h = a[k], b[k]
        u, w = va[k], vb[k]
        v_steepness[k] += products(w - u, c[k], h - g, vc[k])
        v_steepness[k] += products(v_total[k], ps[k], total[k], vps[k])
        shift = products(q[k], g - h, -total[k], pd[k])
        a[k] = h + shift
        b[k] = g - shift
        v_shift = products(q[k], u - w, vq[k], g - h) - products(v_total[k], pd[k], total[k], vpd[k])
        va[k] = w + v_shift
        vb[k] = u - v_shift
