"""Arithmetic that rounds in one way wherever a loop is cut. Imports numba.

Of a * b + c * d, a compiler may fuse either product into the sum, and chooses differently in a loop of
vectors and in what remains of it; then a result would depend on the size of the batch.
"""

# pyright: basic
from __future__ import annotations

from typing import Any, cast

import numba
import numpy as np
from numba.extending import intrinsic

_inlined: Any = numba.njit(inline="always", fastmath={"nsz"})


@cast("Any", intrinsic)
def fma(context, a, b, c):
    """a * b + c, rounded once."""

    def generate(context, builder, signature, args):
        return builder.fma(*args)

    return a(a, a, a), generate


@_inlined
def products(a, b, c, d):
    """a * b + c * d."""
    return fma(a, b, c * d)


# ---- float32: a polynomial, which vectorises

_F = np.float32
_EXP_FLOOR = _F(-87.0)
_LOG2_E = _F(1.44269504)
_ROUND = _F(12582912.0)
"""Added and taken away again, it rounds to a whole number; its low bits are then that number."""
_LN2_HIGH, _LN2_LOW = _F(0.693359375), _F(-2.12194440e-4)
_EXPONENT_BIAS, _MANTISSA = np.int32(127), np.int32(23)
_E0, _E1, _E2 = _F(0.5), _F(0.16666666), _F(0.041665795)
_E3, _E4, _E5 = _F(0.008333452), _F(0.0013981999), _F(0.00019875691)
_ONE, _ZERO = _F(1.0), _F(0)
_plain: Any = numba.njit(inline="always", fastmath={"contract", "nsz"}, error_model="numpy")


@_plain
def exp_32(x):
    """exp(x) for x < 88, with a relative error of 2e-7; 0 below -87."""
    is_none = x < _EXP_FLOOR
    x = _EXP_FLOOR if is_none else x
    shifted = np.float32(x * _LOG2_E + _ROUND)
    whole = shifted - _ROUND
    r = x - whole * _LN2_HIGH
    r = r - whole * _LN2_LOW
    p = _E5 * r + _E4
    p = p * r + _E3
    p = p * r + _E2
    p = p * r + _E1
    p = p * r + _E0
    p = p * r * r + r + _ONE
    exponent = np.int32(np.int32(shifted.view(np.int32)) + _EXPONENT_BIAS)
    return _ZERO if is_none else p * np.int32(exponent << _MANTISSA).view(np.float32)
