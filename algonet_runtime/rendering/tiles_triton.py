"""Faces at pixels by logarithms, in any precision. Imports triton.

A face is a row of numbers, see `packed.py`: three edges a, b, c; centre (9, 10); twin (11); gate (12, 13);
shown (14); logit (15); channels. `q` points to its first number; places are vectors of pixels.
"""

# pyright: basic
from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def log_sigmoids(x):
    """log sigma(x) and log sigma(-x)."""
    rest = tl.log(1.0 + tl.exp(-tl.abs(x)))
    return tl.minimum(x, 0.0) - rest, tl.minimum(-x, 0.0) - rest


@triton.jit
def edge_at(q, edge, px, py):
    """x of an edge at places relative to the centre."""
    a, b, c = tl.load(q + 3 * edge), tl.load(q + 3 * edge + 1), tl.load(q + 3 * edge + 2)
    return a * px + b * py + c


@triton.jit
def places(q, x, y):
    """Places relative to the centre of a face."""
    return x - tl.load(q + 9), y - tl.load(q + 10)


@triton.jit
def log_sum(a, b, c, d):
    """log(e^a + e^b + e^c + e^d)."""
    top = tl.maximum(tl.maximum(a, b), tl.maximum(c, d))
    return top + tl.log(tl.exp(a - top) + tl.exp(b - top) + tl.exp(c - top) + tl.exp(d - top))


@triton.jit
def bound(q, x, y, half, is_gated: tl.constexpr):
    """An upper bound of log V on the square around (x, y) with sides of 2 `half`; q may be a vector."""
    dx, dy = x - tl.load(q + 9), y - tl.load(q + 10)
    found = tl.log(tl.load(q + 11))
    for edge in range(3):
        a, b, c = tl.load(q + 3 * edge), tl.load(q + 3 * edge + 1), tl.load(q + 3 * edge + 2)
        found += tl.minimum(a * dx + b * dy + c + (tl.abs(a) + tl.abs(b)) * half, 0.0)
    if is_gated:
        away = tl.maximum(tl.sqrt(dx * dx + dy * dy) - half * 1.4143, 0.0)
        found += tl.minimum(tl.load(q + 12) - tl.load(q + 13) * away * away, 0.0)
    return found


@triton.jit
def is_listed(q, x, y, half, least, lowest, is_gated: tl.constexpr, is_shaded: tl.constexpr):
    """Whether a face has part in the square around (x, y)."""
    log_bound = bound(q, x, y, half, is_gated)
    found = (log_bound > least) & (tl.load(q + 14) > 0.0)
    if is_shaded:
        found = found | (log_bound + tl.load(q + 15) > lowest + least)
    return found


@triton.jit
def visible(q, px, py, is_gated: tl.constexpr):
    """Logarithms at places: of sigma(x), of sigma(-x), of V, of 1 - V', of the gate and of what it stops."""
    in0, out0 = log_sigmoids(edge_at(q, 0, px, py))
    in1, out1 = log_sigmoids(edge_at(q, 1, px, py))
    in2, out2 = log_sigmoids(edge_at(q, 2, px, py))
    log_visible = in0 + in1 + in2 + tl.log(tl.load(q + 11))
    passed, stopped = px * 0.0, px * 0.0
    past = px * 0.0 - float("inf")
    if is_gated:
        passed, stopped = log_sigmoids(tl.load(q + 12) - tl.load(q + 13) * (px * px + py * py))
        past = log_visible + stopped
    log_open = log_sum(out0 + in1, out1 + in2, out2 + in0, past)
    return in0, in1, in2, out0, out1, out2, log_visible, log_open, passed, stopped, past


@triton.jit
def store_sums(h, a0, b0, c0, a1, b1, c1, a2, b2, c2, x, y, twin, gate, fall, shown, logit):
    """Store sums over pixels as the numbers of a face, but for its channels."""
    tl.store(h, tl.sum(a0, 0))
    tl.store(h + 1, tl.sum(b0, 0))
    tl.store(h + 2, tl.sum(c0, 0))
    tl.store(h + 3, tl.sum(a1, 0))
    tl.store(h + 4, tl.sum(b1, 0))
    tl.store(h + 5, tl.sum(c1, 0))
    tl.store(h + 6, tl.sum(a2, 0))
    tl.store(h + 7, tl.sum(b2, 0))
    tl.store(h + 8, tl.sum(c2, 0))
    tl.store(h + 9, tl.sum(x, 0))
    tl.store(h + 10, tl.sum(y, 0))
    tl.store(h + 11, tl.sum(twin, 0))
    tl.store(h + 12, tl.sum(gate, 0))
    tl.store(h + 13, tl.sum(fall, 0))
    tl.store(h + 14, tl.sum(shown, 0))
    tl.store(h + 15, tl.sum(logit, 0))
