"""Programs of the library as Python functions, each with the tree of its `.while` file.

The programs of the core have no header and
read variables that they never assign; here these are inputs.
"""

# ruff: noqa: A001, B007, E741, F821, PIE808, RET504, UP037
# pyright: reportUnboundVariable=false, reportPossiblyUnboundVariable=false, reportUndefinedVariable=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import whilec
from whilec import Int, Real

far = 1e6
bits = 10
limit = 20
reach = 2
gap = 1.0


def bubble_sort(a: Real["n"]):
    """Sort by exchanging neighbours."""
    n = len(a)
    for i in range(n - 1):
        for j in range(n - 1 - i):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
    return a


def insertion_sort(a: whilec.Int["n"]) -> whilec.Int["n"]:
    n = len(a)
    for i in range(1, n):
        key = a[i]
        j = i
        while j > 0 and a[j - 1] > key:
            a[j] = a[j - 1]
            j -= 1
        a[j] = key
    return a


def binary_search(a: Int["n"], key: int) -> int:
    n = len(a)
    position: int = 0
    bit: Int["bits"]
    bit[0] = 1
    for k in range(1, bits):
        bit[k] = 2 * bit[k - 1]
    for k in range(bits - 1, -1, -1):
        if position + bit[k] <= n and a[position + bit[k] - 1] < key:
            position += bit[k]
    return position


def levenshtein(a: Int["n"], b: Int["m"], *, w: Real = 1.0) -> Real:
    n, m = len(a), len(b)
    t: Real["n + 1", "m + 1"] = 0.0
    for i in range(0, n + 1):
        t[i, 0] = i * gap
    for j in range(m + 1):
        t[0][j] = j * gap
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            if a[i - 1] == b[j - 1]:
                c = 0
            else:
                c = w
            t[i, j] = min(t[i - 1, j] + gap, t[i, j - 1] + gap, t[i - 1, j - 1] + c)
    d = t[n, m]
    return d


def longest_common_subsequence(a: Int["n"], b: Int["m"]) -> Int:
    n = a.shape[0]
    m = b.shape[0]
    t: Int["n + 1", "m + 1"]
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            if a[i - 1] == b[j - 1]:
                t[i, j] = t[i - 1, j - 1] + 1
            else:
                t[i, j] = max(t[i - 1, j], t[i, j - 1])
    length = t[n, m]
    return length


def dynamic_time_warping(a: Real["n"], b: Real["m"]) -> float:
    n = len(a)
    m = len(b)
    t: Real["n + 1", "m + 1"] = far
    t[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            difference = a[i - 1] - b[j - 1]
            t[i, j] = difference * difference + min(t[i - 1, j], t[i, j - 1], t[i - 1, j - 1])
    d = t[n, m]
    return d


def knapsack(weight: Int["n"], value: Int["n"], capacity: Int) -> Int:
    n = len(weight)
    best: Int["limit + 1"]
    for i in range(n):
        for c in range(limit, -1, -1):
            if weight[i] <= c:
                best[c] = max(best[c], best[c - weight[i]] + value[i])
    worth = best[capacity]
    return worth


def floyd_warshall(d: Real["n", "n"]) -> Real["n", "n"]:
    n = len(d)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                if i != j and i != k and j != k:
                    d[i, j] = min(d[i, j], d[i, k] + d[k, j])
    return d


def bellman_ford(cost: Real["n", "n"]) -> Real["n"]:
    n = len(cost)
    distance: Real["n"] = far
    distance[0] = 0
    for round in range(1, n):
        for v in range(1, n):
            best = far
            for u in range(n):
                if u != v:
                    best = min(best, distance[u] + cost[u, v])
            distance[v] = best
    return distance


def shortest_path(cost: Real["n", "m"]) -> Real:
    n, m = cost.shape
    d: Real["n + 2", "m + 2"] = far
    d[1, 1] = cost[0, 0]
    for round in range(1, n + m + 1):
        for i in range(1, n + 1):
            for j in range(1, m + 1):
                if i + j > 2:
                    above = min(d[i - 1, j - 1], d[i - 1, j], d[i - 1, j + 1])
                    below = min(d[i + 1, j - 1], d[i + 1, j], d[i + 1, j + 1])
                    d[i, j] = cost[i - 1, j - 1] + min(above, below, d[i, j - 1], d[i, j + 1])
    length = d[n, m]
    return length


class _Stand:
    """What the decorator leaves under a function's name, without compiling anything."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.__wrapped__ = function


_Stand.__module__ = "whilec.module.while_module"


def smooth(function: Callable[..., Any]) -> Any:
    """In place of the decorator."""
    return _Stand(function)


@smooth
def flow(u: Real["n"], r) -> Real["n"]:
    n = len(u)
    later = u
    for i in range(1, n - 1):
        later[i] = u[i] + r * (u[i - 1] - 2 * u[i] + u[i + 1])
    return later


def heat_equation(u: Real["n"], r: Real, steps: Int):
    for _ in range(steps):
        u = flow(u, r)
    return u


@smooth
def generation(alive: Int["n", "m"]) -> Int["n", "m"]:
    n, m = alive.shape
    later = alive
    for i in range(n):
        for j in range(m):
            around = -alive[i, j]
            for k in range(i - 1, i + 2):
                for l in range(j - 1, j + 2):
                    around = around + alive[k % n, l % m]
            if around == 3:
                later[i, j] = 1
            elif around != 2:
                later[i, j] = 0
    return later


def game_of_life(alive: Int["n", "m"], generations: Int):
    for _ in range(generations):
        alive = generation(alive)
    return alive


def newton(a: Real) -> Real:
    tolerance: Final = 1e-9
    x = (1 + a) / 2
    while x - a / x > tolerance:
        x = (x + a / x) / 2
    return x


def median_network(x: Real["n"]) -> Real["n"]:
    n = len(x)
    y: Real["n"]
    window: Real["2 * reach + 1"]
    for i in range(n):
        for k in range(-reach, reach + 1):
            window[k + reach] = x[clamp(i + k, 0, n - 1)]
        for round in range(2 * reach + 1):
            for k in range(round % 2, 2 * reach, 2):
                window[k], window[k + 1] = min(window[k], window[k + 1]), max(window[k], window[k + 1])
        y[i] = window[reach]
    return y


def kmeans_step(points: Real["n", "d"], centres: Real["k", "d"]):
    n, d = points.shape
    k = len(centres)
    distance: Real["k"]
    count: Real["k"]
    total: Real["k", "d"]
    for i in range(n):
        for j in range(k):
            difference = points[i] - centres[j]
            distance[j] = dot(difference, difference)
        for j in range(k):
            member = 1.0
            for l in range(k):
                if l != j:
                    member = member * float(distance[j] <= distance[l])
            count[j] = count[j] + member
            total[j] = total[j] + member * points[i]
    for j in range(k):
        if count[j] != 0:
            centres[j] = total[j] / count[j]
    return centres


def viterbi(start: Real["k"], transition: Real["k", "k"], emission: Real["n", "k"]) -> Real:
    n, k = emission.shape
    best: Real["k"]
    best = start + emission[0]
    for t in range(1, n):
        old = best
        for j in range(k):
            best[j] = old[0] + transition[0, j]
            for i in range(1, k):
                best[j] = max(best[j], old[i] + transition[i, j])
            best[j] = best[j] + emission[t, j]
    score = best[0]
    for j in range(1, k):
        score = max(score, best[j])
    return score


def ackermann(m: Int, n: Int):
    stack: Int[64]
    stack[0] = m
    height = 1
    while height != 0:
        height -= 1
        m = stack[height]
        if m == 0:
            n += 1
        elif n == 0:
            n = 1
            stack[height] = m - 1
            height += 1
        else:
            n -= 1
            stack[height] = m - 1
            stack[height + 1] = m
            height += 2
    return n


h = 0.1


@smooth
def rates(x, y, *, birth: Real = 1.1, hunt: Real = 0.4, gain: Real = 0.1, death: Real = 0.4):
    u = birth * x - hunt * x * y
    v = gain * x * y - death * y
    return u, v


@smooth
def advance(x, y):
    a, b = rates(x, y)
    c, d = rates(x + h / 2 * a, y + h / 2 * b)
    e, f = rates(x + h / 2 * c, y + h / 2 * d)
    g, k = rates(x + h * e, y + h * f)
    u = x + h / 6 * (a + 2 * c + 2 * e + g)
    v = y + h / 6 * (b + 2 * d + 2 * f + k)
    return u, v


def runge_kutta(prey: Real, predators: Real, steps: Int) -> tuple[Real, Real]:
    for _ in range(steps):
        prey, predators = advance(prey, predators)
    return prey, predators


# The core: what is read before it is assigned is an input.


def gcd(x1: int, x2: int, x9: int) -> int:
    while x2 != 0:
        x3 = x9  # the remainder of x1 by x2 ...
        x4 = x2  # ... and what it lacks to x2
        while x1 != 0:
            x1 = x1 - 1
            x3 = x3 + 1
            x4 = x4 - 1
            x5 = x9
            x5 = x5 + 1
            x6 = x4
            while x6 != 0:
                x5 = x9
                x6 = x9
            while x5 != 0:  # if x4 == 0
                x3 = x9
                x4 = x2
                x5 = x9
        x1 = x2
        x2 = x3
    x0 = x1
    return x0


def factorial(x1: int, x9: int) -> int:
    x0: int = 0
    x0 += 1
    while x1 != 0:
        x2 = x1
        x3 = x9
        while x2 != 0:
            x4 = x0
            while x4 != 0:
                x3 += 1
                x4 -= 1
            x2 -= 1
        x0 = x3
        x1 -= 1
    return x0


def fibonacci(x1: int, x2: int) -> int:
    x0: int
    x2 += 1
    while x1 != 0:
        x3 = x2
        while x0 != 0:
            x3 = x3 + 1
            x0 = x0 - 1
        x0 = x2
        x2 = x3
        x1 = x1 - 1
    return x0


def square_root(x1: int, x2: int, x9: int) -> int:
    x0: int = 0
    x2 = x2 + 1
    x3 = x2
    while x1 != 0:
        x1 = x1 - 1
        x3 = x3 - 1
        x4 = x9
        x4 = x4 + 1
        x5 = x3
        while x5 != 0:
            x4 = x9
            x5 = x9
        while x4 != 0:
            x0 = x0 + 1
            x2 = x2 + 1
            x2 = x2 + 1
            x3 = x2
            x4 = x9
    return x0


def collatz(x1: int, x9: int) -> int:
    x0: int = 0
    x2 = x1
    x2 -= 1
    while x2 != 0:
        x3 = x9
        x4 = x9
        x5 = x1
        while x5 != 0:
            x5 -= 1
            x6 = x4
            x4 = x9
            x4 += 1
            while x6 != 0:
                x3 += 1
                x4 = x9
                x6 = x9
        while x4 != 0:
            x3 = x1
            x5 = x1
            while x5 != 0:
                x3 += 1
                x3 += 1
                x5 -= 1
            x3 += 1
            x4 = x9
        x0 += 1
        x1 = x3
        x2 = x1
        x2 -= 1
    return x0


def multiply(x1: int, x2: int) -> int:
    x0: int = 0
    while x2 != 0:
        x3 = x1
        while x3 != 0:
            x0 += 1
            x3 -= 1
        x2 -= 1
    return x0


FULL: Final[dict[Callable[..., Any], str | None]] = {
    ackermann: None,
    bellman_ford: None,
    binary_search: None,
    bubble_sort: None,
    dynamic_time_warping: None,
    floyd_warshall: None,
    game_of_life: None,
    heat_equation: None,
    insertion_sort: None,
    kmeans_step: None,
    knapsack: None,
    levenshtein: "C0",
    longest_common_subsequence: None,
    median_network: None,
    newton: None,
    runge_kutta: None,
    shortest_path: None,
    viterbi: None,
}
"""Functions with the headers of their programs, and the smoothness that these promise."""

CORE: Final = {
    collatz: "PROGRAM collatz(x1: int, x9: int) -> x0: int",
    factorial: "PROGRAM factorial(x1: int, x9: int) -> x0: int",
    fibonacci: "PROGRAM fibonacci(x1: int, x2: int) -> x0: int",
    gcd: "PROGRAM gcd(x1: int, x2: int, x9: int) -> x0: int",
    multiply: "PROGRAM multiply(x1: int, x2: int) -> x0: int",
    square_root: "PROGRAM square_root(x1: int, x2: int, x9: int) -> x0: int",
}
"""Functions of core programs, with the headers that these lack."""
