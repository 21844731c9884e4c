"""Arithmetic that rounds in one way wherever a loop is cut. Imports numba.

Of a * b + c * d, a compiler may fuse either product into the sum, and chooses differently in a loop of
vectors and in what remains of it; then a result would depend on the size of the batch.
"""

# pyright: basic
from __future__ import annotations

from typing import Any, cast

import numba
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
