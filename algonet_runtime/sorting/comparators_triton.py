"""Comparators for Triton kernels, elementwise on tiles. Imports triton.

Every element works for itself: it has its own key, its partner's, and knows whether it is the first of the
two. An element without a partner in a layer is its own.
"""

# pyright: basic
from __future__ import annotations

import triton
import triton.language as tl

from algonet_runtime.relax.distribution_triton import tail


@triton.jit
def partners(steps, level, place):
    """The index of every element's partner in a layer; its own where it has none.

    A layer is four numbers, (shift, mask, low, high): i and ((i - shift) ^ mask) + shift meet if both lie
    between low and high.
    """
    shift = tl.load(steps + level * 4).to(tl.int32)
    mask = tl.load(steps + level * 4 + 1).to(tl.int32)
    low = tl.load(steps + level * 4 + 2).to(tl.int32)
    high = tl.load(steps + level * 4 + 3).to(tl.int32)
    other = ((place - shift) ^ mask) + shift
    is_met = (place >= low) & (place <= high) & (other >= low) & (other <= high)
    return tl.where(is_met, other, place)


@triton.jit
def _finite(d):
    """A difference beyond the largest finite number is taken for it."""
    if d.dtype == tl.float64:
        d = tl.where(d > 1.7976931348623157e308, 1.7976931348623157e308, d)
    else:
        d = tl.where(d > 3.4028234663852886e38, 3.4028234663852886e38, d)
    return d


@triton.jit
def compared(kind: tl.constexpr, own, other, is_first, steepness):
    """Whether a pair is out of order, the lower key, the higher one, their difference d, z, and the tail."""
    a = tl.where(is_first, own, other)
    b = tl.where(is_first, other, own)
    swapped = b < a
    low = tl.where(swapped, b, a)
    high = tl.where(swapped, a, b)
    d = _finite(high - low)
    z = _finite(steepness * d)
    t, f, f2 = tail(kind, z)
    return swapped, low, high, d, z, t, f, f2


@triton.jit
def blended(own, is_first, is_met, low, high, d, t):
    """The key after the comparator."""
    h = t * d
    return tl.where(is_met, tl.where(is_first, low + h, high - h), own)


@triton.jit
def slope_of(swapped, z, t, f):
    """q, the derivative of an element's blend by its own key; that by its partner's is 1 - q."""
    k = t - z * f
    return tl.where(swapped, k, 1.0 - k)


@triton.jit
def degrees(swapped, is_met, t):
    """p = F(z) and r = F(-z) of the signed z; 1 and 0 without a partner."""
    p = tl.where(swapped, t, 1.0 - t)
    r = tl.where(swapped, 1.0 - t, t)
    return tl.where(is_met, p, 1.0), tl.where(is_met, r, 0.0)


@triton.jit
def signs(is_first, x):
    """-x for first elements, x for second ones."""
    return tl.where(is_first, -x, x)


@triton.jit
def moved_tangent(own_v, other_v, is_first, q, c, v_s):
    """The tangent of a key after the comparator; c is minus the lower blend's derivative by steepness."""
    return other_v + q * (own_v - other_v) + signs(is_first, c) * v_s


@triton.jit
def bent(own_v, other_v, is_first, swapped, d, z, f, f2, s, v_s):
    """Derivatives in the direction (v, v_s): of p, q, F'(z) and c.

    Also the signed difference and its tangent. Small factors come first, so that nothing overflows.
    """
    signed = tl.where(swapped, -d, d)
    delta = tl.where(is_first, other_v - own_v, own_v - other_v)
    f2 = tl.where(swapped, -f2, f2)
    bend = f + f + tl.where(swapped, -z, z) * f2
    v_p = (f * s) * delta + (f * signed) * v_s
    v_q = (bend * s) * delta + (bend * signed) * v_s
    v_f = (f2 * s) * delta + (f2 * signed) * v_s
    v_c = signed * (2.0 * delta * f) + d * (d * v_f)
    return v_p, v_q, v_f, v_c, signed, delta
