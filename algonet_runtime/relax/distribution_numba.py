"""Tails of the distributions for Numba kernels: F(-z) and its derivatives for z >= 0. Imports numba.

A kernel takes a `Kind`, which has a Numba type of its own for each distribution, so that Numba compiles one
kernel per distribution, and nothing that is not called.
"""

# pyright: basic
from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, final

import numba
import numpy as np
from numba.core import types
from numba.extending import NativeValue, models, overload, register_model, unbox

from algonet_runtime.arithmetic_numba import exp_32

OPTIONS: Mapping[str, Any] = {"fastmath": {"contract", "nsz"}, "error_model": "numpy"}
"""Results do not depend on the place in a vector: no reassociation, no approximate reciprocals."""

_OVERLOAD: Any = dict(OPTIONS)
_inlined = numba.njit(inline="always", **OPTIONS)


@final
class KindType(types.Type):
    """The Numba type of one distribution."""

    def __init__(self, name: str) -> None:
        self.kind = name
        super().__init__(name=f"Distribution({name})")


@final
class Kind:
    """A distribution, as a kernel's argument."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._numba_type_ = KindType(name)


register_model(KindType)(models.OpaqueModel)


@unbox(KindType)
def _unbox(typ: Any, obj: Any, c: Any) -> NativeValue:
    return NativeValue(c.context.get_dummy_value())


def tail(kind: Kind, z: float) -> tuple[float, float]:
    """F(-z) and F'(z) for z >= 0; in kernels only."""
    raise NotImplementedError("Numba puts the overload for the kind here")


def curved_tail(kind: Kind, z: float) -> tuple[float, float, float]:
    """F(-z), F'(z) and F''(z) for z >= 0; in kernels only."""
    raise NotImplementedError("Numba puts the overload for the kind here")


# ---- float64: the C library


@_inlined
def _logistic_64(z):
    e = math.exp(-z)
    r = 1.0 / (1.0 + e)
    return e * r, e * r * r


@_inlined
def _gaussian_64(z):
    return 0.5 * math.erfc(z * 0.7071067811865476), 0.3989422804014327 * math.exp(-0.5 * z * z)


@_inlined
def _cauchy_64(z):
    u = math.atan(min(z, 1.0) / max(z, 1.0)) * 0.3183098861837907
    return (u if z > 1.0 else 0.5 - u), 0.3183098861837907 / (1.0 + z * z)


# ---- float32: polynomials, which vectorise

_F = np.float32
_HALF, _ONE = _F(0.5), _F(1.0)
_ZERO = _F(0)
_INVERSE_PI = _F(1 / math.pi)
_DENSITY_AT_0 = _F(1 / math.sqrt(2 * math.pi))
_SQRT_HALF = _F(math.sqrt(0.5))


@_inlined
def _logistic_32(z):
    e = exp_32(-z)
    r = _ONE / (_ONE + e)
    t = e * r
    return t, t * r


_A1, _A2, _A3, _A4 = _F(-0.333331439), _F(0.199935526), _F(-0.142088995), _F(0.106562642)
_A5, _A6, _A7, _A8 = _F(-0.0752896419), _F(0.0429096161), _F(-0.0161657371), _F(0.0028662257)


@_inlined
def _cauchy_32(z):
    is_far = z > _ONE
    u = (_ONE if is_far else z) / (z if is_far else _ONE)
    w = u * u
    p = _A8 * w + _A7
    p = p * w + _A6
    p = p * w + _A5
    p = p * w + _A4
    p = p * w + _A3
    p = p * w + _A2
    p = p * w + _A1
    a = (p * w * u + u) * _INVERSE_PI
    return (a if is_far else _HALF - a), _INVERSE_PI / (_ONE + z * z)


_C0, _C1, _C2, _C3, _C4 = _F(-1.26551223), _F(1.00002368), _F(0.37409196), _F(0.09678418), _F(-0.18628806)
_C5, _C6, _C7, _C8, _C9 = _F(0.27886807), _F(-1.13520398), _F(1.48851587), _F(-0.82215223), _F(0.17087277)


@_inlined
def _gaussian_32(z):
    """erfc by exp of a polynomial in 1/(1 + x/2): a relative error of 2e-7 plus that of the exponent."""
    x = z * _SQRT_HALF
    k = _ONE / (_ONE + _HALF * x)
    p = _C9 * k + _C8
    p = p * k + _C7
    p = p * k + _C6
    p = p * k + _C5
    p = p * k + _C4
    p = p * k + _C3
    p = p * k + _C2
    p = p * k + _C1
    p = p * k + _C0
    e = exp_32(-x * x)
    return _HALF * k * e * exp_32(p), _DENSITY_AT_0 * e


# ---- any precision, without functions


@_inlined
def _reciprocal(z):
    one = type(z)(1)
    r = one / (z + one + one)
    return r, r * r


@_inlined
def _optimal(z):
    one = type(z)(1)
    quarter = type(z)(0.25)
    r = one / (quarter if z < quarter else z)
    b = type(z)(0.0625) * r
    return (type(z)(0.5) - z if z < quarter else b), b * r


@_inlined
def _hard(z):
    zero = type(z)(0)
    return zero, zero


@_inlined
def _curved_logistic(t, f, z):
    return f * (t + t - type(t)(1))


@_inlined
def _curved_gaussian(t, f, z):
    return -z * f


@_inlined
def _curved_cauchy(t, f, z):
    one = type(z)(1)
    return -(z + z) * f / (one + z * z)


@_inlined
def _curved_reciprocal(t, f, z):
    return -(t + t) * f


@_inlined
def _curved_optimal(t, f, z):
    return type(z)(0) if z < type(z)(0.25) else -(f + f) / z


@_inlined
def _curved_hard(t, f, z):
    return type(z)(0)


_TAILS: Mapping[str, tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]] = {
    "logistic": (_logistic_32, _logistic_64, _curved_logistic),
    "gaussian": (_gaussian_32, _gaussian_64, _curved_gaussian),
    "cauchy": (_cauchy_32, _cauchy_64, _curved_cauchy),
    "reciprocal": (_reciprocal, _reciprocal, _curved_reciprocal),
    "optimal": (_optimal, _optimal, _curved_optimal),
    "hard": (_hard, _hard, _curved_hard),
}

KINDS: Mapping[str, Kind] = {name: Kind(name) for name in _TAILS}
"""Distributions that have kernels, by name."""


@overload(tail, jit_options=_OVERLOAD, inline="always")
def _tail(kind, z):
    if not isinstance(kind, KindType):
        return None
    function = _TAILS[kind.kind][0 if z == types.float32 else 1]
    return lambda kind, z: function(z)


@overload(curved_tail, jit_options=_OVERLOAD, inline="always")
def _curved_tail(kind, z):
    if not isinstance(kind, KindType):
        return None
    function, curve = _TAILS[kind.kind][0 if z == types.float32 else 1], _TAILS[kind.kind][2]

    def implementation(kind, z):
        t, f = function(z)
        return t, f, curve(t, f, z)

    return implementation
