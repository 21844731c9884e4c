"""Decorated functions, for the tests of the decorator; they can be pickled by their names."""

# ruff: noqa: F821, RET504, SIM201, UP037

from __future__ import annotations

import math
from math import tanh as squash
from typing import Final

import algonet_runtime
import whilec

scale = 2


@whilec.smooth
def doubled(x):
    """Twice `x`."""
    y = scale * x
    return y


@whilec.smooth
def ranked(a: whilec.Real["n"], b: whilec.Real["n"]):
    y = algonet_runtime.soft_sort_by(a, b, network="bitonic", steepness=3.0)
    return y


@whilec.smooth(smooth="hard")
def bubble_sort(a: whilec.Real["n"]):
    n = len(a)
    for i in range(n - 1):
        for j in range(n - 1 - i):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
    return a


@whilec.smooth(smooth=1, compare_steepness=4.0)
def weighted(x, *, w: whilec.Real = 0.5, v=2.0):
    y = w * doubled(x) + v
    return y


@whilec.smooth(smooth=0, require="C0")
def bent(x):
    y = 0.0
    if whilec.steep(x > 1, 0.25):
        y = x
    z = float(x < 2) + float(x < 3 and not x == 1)
    return y, z


@whilec.smooth(smooth="hard")
def arithmetic(x: int, a: whilec.Int["n", "m"]) -> tuple[int, int, float]:
    n, m = a.shape
    half: Final = 7
    count = 0
    total = 0
    for i in range(n - 1, -1, -1):
        for j in range(0, m, 2):
            if i == j:
                continue_ = 1
            elif i < j:
                continue_ = 2
            else:
                continue_ = 3
            total += a[i][j] * continue_ * (half // 2 + half % 4)
    for _ in range(x):
        count += 1
    for _ in range(1, x):
        count += 10
    value = squash(0.0) + math.pi - math.fabs(-2) + 2**3
    return count, total, value


def local_function(rate: float) -> whilec.WhileModule:
    """A function that sees a number of the function around it."""

    @whilec.smooth
    def scaled(x):
        y = rate * x
        return y

    return scaled
