"""Vectors of three numbers, as tuples. Imports numba."""

# pyright: basic
from __future__ import annotations

import math

import numba

from algonet_runtime.rendering.packed import TINY

_inlined = numba.njit(inline="always", error_model="numpy")


@_inlined
def row_of(values, index):
    """A row of an array (.., 3)."""
    return values[index, 0], values[index, 1], values[index, 2]


@_inlined
def add_to(values, index, v):
    """Add a vector to a row of an array (.., 3)."""
    values[index, 0] += v[0]
    values[index, 1] += v[1]
    values[index, 2] += v[2]


@_inlined
def plus(a, b):
    """a + b."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


@_inlined
def minus(a, b):
    """a - b."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@_inlined
def times(factor, a):
    """A multiple of a."""
    return factor * a[0], factor * a[1], factor * a[2]


@_inlined
def dot(a, b):
    """The inner product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@_inlined
def cross(a, b):
    """The vector product."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@_inlined
def unit(a):
    """a / sqrt(|a|^2 + TINY)."""
    return times(1.0 / math.sqrt(dot(a, a) + TINY), a)


@_inlined
def unit_gradient(a, g):
    """The gradient by a of <g, unit(a)>."""
    inverse = 1.0 / math.sqrt(dot(a, a) + TINY)
    return minus(times(inverse, g), times(dot(a, g) * inverse * inverse * inverse, a))
