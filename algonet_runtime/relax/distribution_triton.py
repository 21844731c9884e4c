"""Tails of the distributions for Triton kernels: F(-z), F'(z), F''(z). Imports triton.

Both precisions have formulas of their own where a polynomial decides the accuracy. Triton's `exp` of float32
loses digits as its argument grows, so the power of two is split off first.
"""

# pyright: basic
from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def tail(kind: tl.constexpr, z):
    """F(-z), F'(z) and F''(z) for z >= 0, of the distribution with the name `kind`."""
    if kind == "logistic":
        e = _exp(-z)
        r = 1.0 / (1.0 + e)
        t = e * r
        f = t * r
        f2 = f * (t + t - 1.0)
    elif kind == "gaussian":
        t, f = _gaussian(z)
        f2 = -z * f
    elif kind == "cauchy":
        is_far = z > 1.0
        u = tl.where(is_far, 1.0, z) / tl.where(is_far, z, 1.0)
        a = _arc_tangent(u) * 0.3183098861837907
        t = tl.where(is_far, a, 0.5 - a)
        r = 1.0 / (1.0 + u * u)
        f = tl.where(is_far, u * u, 1.0) * r * 0.3183098861837907
        f2 = -2.0 * f * (u * r)
    elif kind == "reciprocal":
        t = 1.0 / (2.0 + z)
        f = t * t
        f2 = -2.0 * t * f
    elif kind == "optimal":
        is_near = z < 0.25
        r = 1.0 / tl.where(is_near, 0.25, z)
        b = 0.0625 * r
        t = tl.where(is_near, 0.5 - z, b)
        f = b * r
        f2 = tl.where(is_near, 0.0, -2.0 * f * r)
    else:
        tl.static_assert(kind == "hard", "no tail of this distribution")
        t = z * 0.0
        f = t
        f2 = t
    return t, f, f2


@triton.jit
def _exp(x):
    """exp(x) for x <= 0; 0 where it is not a normal number."""
    if x.dtype == tl.float64:
        e = tl.exp(x)
    else:
        near = tl.where(x < -87.0, -87.0, x)
        whole = tl.floor(near * 1.44269504 + 0.5)
        # The first product is exact: its constant has nine bits.
        rest = near - whole * 0.693359375
        rest = rest + whole * 2.12194440e-4
        power = ((whole.to(tl.int32) + 127) << 23).to(tl.float32, bitcast=True)
        e = tl.where(x < -87.0, 0.0, tl.exp(rest) * power)
    return e


@triton.jit
def _gaussian(z):
    """F(-z) and F'(z): exp(-z^2/2) times a polynomial in k / (1 + k z); where exp is 0, both are 0."""
    if z.dtype == tl.float64:
        near = tl.where(z > 39.0, 39.0, z)
        k = 1.0 / (1.0 + 0.25 * near)
        y = 2.2051282051282051 * k - 1.2051282051282051
        p = -6.6096806326821943e-11 * y + 2.6550380918326583e-10
        p = (p * y + 3.9205839848699386e-10) * y - 3.0757049372952213e-09
        p = (p * y + 8.2318034251867016e-10) * y + 2.0480373871384362e-08
        p = (p * y - 2.8819551388032485e-08) * y - 1.0843799683730244e-07
        p = (p * y + 3.034925280173001e-07) * y + 5.4578454893265431e-07
        p = (p * y - 2.6159823098237816e-06) * y - 3.4054976070972222e-06
        p = (p * y + 2.2117544448992169e-05) * y + 3.6801999538378717e-05
        p = (p * y - 0.00018435522292487933) * y - 0.00062536476215929184
        p = (p * y + 0.00081471154750502989) * y + 0.01072658169410569
        p = (p * y + 0.039092488866986179) * y + 0.090976684206762887
        p = (p * y + 0.15531102555618134) * y + 0.20383459921062921
    else:
        near = tl.where(z > 14.5, 14.5, z)
        k = 1.0 / (1.0 + 0.3 * near)
        y = 2.4597701 * k - 1.4597701
        p = -6.211832132e-06 * y + 1.728725049e-06
        p = (p * y + 8.085685536e-05) * y - 4.328179643e-05
        p = (p * y - 0.0010072706) * y - 0.0002962719138
        p = (p * y + 0.01516373433) * y + 0.06765073048
        p = (p * y + 0.1625160883) * y + 0.2559398961
    square = near * near
    # What rounding has taken from the square matters far out, where exp makes it relative.
    missed = tl.fma(near, near, -square)
    e = _exp(-0.5 * square)
    e = e - e * (0.5 * missed)
    return e * (k * p), 0.3989422804014327 * e


@triton.jit
def _arc_tangent(u):
    """The arc tangent of u in [0, 1], small where u is."""
    is_high = u > 0.4142135623730950
    v = tl.where(is_high, (u - 1.0) / (u + 1.0), u)
    w = v * v
    if u.dtype == tl.float64:
        p = -0.019202529268412281 * w + 0.039253696320618564
        p = (p * w - 0.050862548858231431) * w + 0.058583118105011531
        p = (p * w - 0.066645313698050088) * w + 0.076921846993717777
        p = (p * w - 0.090909046476956801) * w + 0.11111111017100327
        p = (p * w - 0.14285714284691381) * w + 0.19999999999995652
        p = p * w - 0.33333333333333331
    else:
        p = 0.050542097 * w - 0.086272895
        p = (p * w + 0.110717592) * w - 0.142841755
        p = (p * w + 0.199999778) * w - 0.333333333
    a = v + v * (w * p)
    return tl.where(is_high, a + 0.7853981633974483, a)
