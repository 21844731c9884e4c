"""What the programs of the library compute, once more in plain Python.

A twin is written in another way than its program where there is one: brute force, the standard
library, a recursion. `TWINS` pairs each program with its twin and with inputs to compare on.
"""

from __future__ import annotations

import bisect
import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from heapq import heappop, heappush
from itertools import combinations, pairwise, permutations, product
from typing import Any, final

from tests.unit.program_inputs import (
    FAR,
    RANDOM,
    Inputs,
    graph,
    hidden_states,
    ints,
    log_probabilities,
    machines,
    maps,
    real_costs,
    reals,
    sorted_runs,
    things,
    whole_costs,
    words,
)

Outputs = dict[str, Any]


@final
@dataclass(frozen=True)
class Twin:
    """A program's twin.

    Args:
        crisp: The outputs that the program should give, from its inputs.
        hard: Inputs for hard mode.
        exact: Inputs for the smooth modes that give the crisp result.
        modes: Those modes.
    """

    crisp: Callable[..., Outputs]
    hard: Sequence[Inputs]
    exact: Sequence[Inputs]
    modes: Sequence[str]


INT_MODES = ("0", "1", "2", "3", "bump")
"""Where whole numbers give the crisp result: the theorem of the language."""
TIE_MODES = ("bump",)
"""Where whole-valued reals do: of the real minimum's forms only that of bump is exact at ties."""


# ---- core ------------------------------------------------------------------------------------


def core(function: Callable[..., int], hard: Iterable[Any], exact: Iterable[Any]) -> Twin:
    """The twin of a core program with inputs x1, x2, ... and output x0."""

    def crisp(**inputs: int) -> Outputs:
        return {"x0": function(*inputs.values())}

    def named(arguments: Any) -> Inputs:
        values = arguments if isinstance(arguments, tuple) else (arguments,)
        return {f"x{i}": value for i, value in enumerate(values, 1)}

    return Twin(crisp, [named(a) for a in hard], [named(a) for a in exact], INT_MODES)


def pairs(first: Iterable[int], second: Iterable[int]) -> list[tuple[int, int]]:
    return list(product(first, second))


def fibonacci(n: int) -> int:
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def is_prime(n: int) -> int:
    return int(n > 1 and all(n % d for d in range(2, n)))


def collatz(n: int) -> int:
    return 0 if n == 1 else 1 + collatz(3 * n + 1 if n % 2 else n // 2)


@cache
def ackermann(m: int, n: int) -> int:
    if m == 0:
        return n + 1
    return ackermann(m - 1, 1 if n == 0 else ackermann(m, n - 1))


# ---- the register machine --------------------------------------------------------------------

Instruction = tuple[str, int, int]
"""`("add", register, next address)` or `("test", register, address if it is 0)`."""

MULTIPLICATION: tuple[Instruction, ...] = (
    ("test", 1, 0),
    ("test", 2, 5),
    ("add", 0, 4),
    ("add", 3, 2),
    ("test", 3, 1),
    ("add", 2, 5),
)
ADDITION: tuple[Instruction, ...] = (("test", 1, 3), ("add", 0, 1), ("test", 2, 0), ("add", 0, 3))
HALVES: tuple[Instruction, ...] = (("test", 1, 0), ("test", 1, 0), ("add", 0, 1))
SMALLER: tuple[Instruction, ...] = (
    ("test", 2, 0),
    ("test", 1, 4),
    ("test", 3, 1),
    ("add", 0, 0),
)
"""x0 = 1 if x1 < x2: count both down together (x3 is 0, so its test is a jump)."""


def assemble(program: Sequence[Instruction]) -> Inputs:
    """The words of a program, as the header of `register_machine.while` says."""
    words = {f"x{11 + i}": 8 * at + register for i, (_, register, at) in enumerate(program)}
    return {
        name: word + 4 * (operation == "test")
        for (name, word), (operation, _, _) in zip(words.items(), program, strict=True)
    }


MACHINE_RUNS = {
    "multiplication": (MULTIPLICATION, lambda a, b: a * b),
    "addition": (ADDITION, lambda a, b: a + b),
    "halves": (HALVES, lambda a, b: a // 2),
    "smaller": (SMALLER, lambda a, b: int(a < b)),
}


# ---- words and series ------------------------------------------------------------------------


def levenshtein(a: Sequence[int], b: Sequence[int]) -> Outputs:
    @cache
    def distance(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        replaced = distance(i - 1, j - 1) + (a[i - 1] != b[j - 1])
        return min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, replaced)

    return {"d": distance(len(a), len(b))}


def longest_common_subsequence(a: Sequence[int], b: Sequence[int]) -> Outputs:
    def subsequences(word: Sequence[int]) -> set[tuple[int, ...]]:
        return {tuple(chosen) for k in range(len(word) + 1) for chosen in combinations(word, k)}

    return {"length": max(map(len, subsequences(a) & subsequences(b)))}


def dynamic_time_warping(a: Sequence[float], b: Sequence[float]) -> Outputs:
    def warpings(i: int, j: int) -> Iterator[float]:
        here = (a[i] - b[j]) ** 2
        if i == len(a) - 1 and j == len(b) - 1:
            yield here
        for di, dj in ((0, 1), (1, 0), (1, 1)):
            if i + di < len(a) and j + dj < len(b):
                yield from (here + rest for rest in warpings(i + di, j + dj))

    return {"d": min(warpings(0, 0))}


def median_filter(x: Sequence[float]) -> Outputs:
    last = len(x) - 1
    return {
        "y": [statistics.median(x[min(max(i + k, 0), last)] for k in range(-2, 3)) for i in range(len(x))]
    }


def viterbi_paths(
    start: Sequence[float], transition: Sequence[Sequence[float]], emission: Sequence[Sequence[float]]
) -> list[float]:
    """The log probability of each sequence of states."""
    scores: list[float] = []
    for path in product(range(len(start)), repeat=len(emission)):
        score = start[path[0]] + sum(transition[i][j] for i, j in pairwise(path))
        scores.append(score + sum(row[state] for row, state in zip(emission, path, strict=True)))
    return scores


# ---- graphs and grids ------------------------------------------------------------------------


def path_costs(cost: Sequence[Sequence[float]], i: int, j: int) -> list[float]:
    """The cost of each path from i to j that visits no node twice."""
    others = [node for node in range(len(cost)) if node not in (i, j)]
    stops = [stop for k in range(len(others) + 1) for stop in permutations(others, k)]
    return [
        sum(cost[u][v] for u, v in zip((i, *stop), (*stop, j), strict=True)) if i != j else 0.0
        for stop in stops
    ]


def shortest_path(cost: Sequence[Sequence[float]]) -> Outputs:
    n, m = len(cost), len(cost[0])
    best: dict[tuple[int, int], float] = {}
    queue = [(cost[0][0], (0, 0))]
    while queue:
        length, (i, j) = heappop(queue)
        if (i, j) not in best:
            best[i, j] = length
            for v in product(range(max(i - 1, 0), min(i + 2, n)), range(max(j - 1, 0), min(j + 2, m))):
                heappush(queue, (length + cost[v[0]][v[1]], v))
    return {"length": best[n - 1, m - 1]}


def game_of_life(alive: Sequence[Sequence[int]], generations: int) -> Outputs:
    n, m = len(alive), len(alive[0])
    cells = {(i, j) for i in range(n) for j in range(m) if alive[i][j]}
    for _ in range(generations):
        around = [
            ((i + down) % n, (j + right) % m)
            for i, j in cells
            for down, right in product((-1, 0, 1), repeat=2)
            if (down, right) != (0, 0)
        ]
        cells = {c for c in set(around) if around.count(c) == 3 or (c in cells and around.count(c) == 2)}
    return {"alive": [[int((i, j) in cells) for j in range(m)] for i in range(n)]}


# ---- numbers ---------------------------------------------------------------------------------


def knapsack(weight: Sequence[int], value: Sequence[int], capacity: int) -> Outputs:
    things = list(zip(weight, value, strict=True))
    choices = [chosen for k in range(len(things) + 1) for chosen in combinations(things, k)]
    return {"worth": max(sum(v for _, v in c) for c in choices if sum(w for w, _ in c) <= capacity)}


def heat_equation(u: Sequence[float], r: float, steps: int) -> Outputs:
    for _ in range(steps):
        flow = [b - a for a, b in pairwise(u)]
        change = [0.0, *(right - left for left, right in pairwise(flow)), 0.0][: len(u)]
        u = [old + r * new for old, new in zip(u, change, strict=True)]
    return {"u": list(u)}


def kmeans_step(points: Sequence[Sequence[float]], centres: Sequence[Sequence[float]]) -> Outputs:
    groups: dict[int, list[Sequence[float]]] = {}
    for point in points:
        nearest = min(range(len(centres)), key=lambda j: math.dist(point, centres[j]))
        groups.setdefault(nearest, []).append(point)
    return {
        "centres": [
            [statistics.fmean(xs) for xs in zip(*groups[j], strict=True)] if j in groups else list(centre)
            for j, centre in enumerate(centres)
        ]
    }


def turing_machine(tape: Sequence[int], head: int, **table: Sequence[Sequence[int]]) -> Outputs:
    cells, state, steps = list(tape), 0, 0
    while state < len(table["write"]):
        symbol = cells[head]
        cells[head] = table["write"][state][symbol]
        head += table["move"][state][symbol]
        state = table["next"][state][symbol]
        steps += 1
    return {"tape": cells, "steps": steps}


# ---- the table -----------------------------------------------------------------------------

SMALL = pairs(range(6), range(6))
LIFE = [{"alive": [ints(5, 0, 1) for _ in range(4)], "generations": g} for g in range(4)]

TWINS = {
    "add": core(lambda a, b: a + b, pairs(range(-4, 9), range(9)), SMALL),
    "subtract": core(lambda a, b: a - b, pairs(range(-4, 9), range(9)), SMALL),
    "multiply": core(lambda a, b: a * b, pairs(range(9), range(9)), SMALL),
    "divide": core(lambda a, b: a // b, pairs(range(25), range(1, 9)), pairs(range(9), range(1, 5))),
    "power": core(lambda a, b: a**b, pairs(range(5), range(5)), pairs(range(4), range(4))),
    "min": core(min, pairs(range(9), range(9)), SMALL),
    "max": core(max, pairs(range(9), range(9)), SMALL),
    "factorial": core(math.factorial, range(7), range(5)),
    "fibonacci": core(fibonacci, range(16), range(9)),
    "gcd": core(math.gcd, pairs(range(13), range(13)), SMALL),
    "square_root": core(math.isqrt, range(101), range(0, 50, 3)),
    "prime_test": core(is_prime, range(32), range(9)),
    "collatz": core(collatz, range(1, 27), range(1, 8)),
    "ackermann_2": core(lambda n: ackermann(2, n), range(10), range(6)),
    "ackermann": Twin(
        lambda m, n: {"n": ackermann(m, n)},
        [{"m": m, "n": n} for m, n in pairs(range(4), range(3))],
        [{"m": m, "n": n} for m, n in pairs(range(3), range(2))],
        INT_MODES,
    ),
    "binary_search": Twin(
        lambda a, key: {"position": bisect.bisect_left(a, key)}, sorted_runs(9), sorted_runs(3), INT_MODES
    ),
    "bubble_sort": Twin(
        lambda a: {"a": sorted(a)},
        [{"a": reals(n, -5, 5)} for n in range(1, 9)] + [{"a": ints(8, 0, 3)}],
        [{"a": ints(n, -5, 5)} for n in range(1, 7)],
        INT_MODES,
    ),
    "insertion_sort": Twin(
        lambda a: {"a": sorted(a)},
        [{"a": ints(n, -9, 9)} for n in range(1, 12)],
        [{"a": ints(n, -3, 3)} for n in range(1, 6)],
        INT_MODES,
    ),
    "levenshtein": Twin(levenshtein, words(20, 7), words(6, 4), TIE_MODES),
    "longest_common_subsequence": Twin(longest_common_subsequence, words(20, 7), words(6, 4), INT_MODES),
    "dynamic_time_warping": Twin(
        dynamic_time_warping,
        [{"a": reals(n, 0, 3), "b": reals(m, 0, 3)} for n, m in pairs(range(1, 6), range(1, 6))],
        words(6, 4),
        TIE_MODES,
    ),
    "median_network": Twin(
        median_filter,
        [{"x": reals(n, 0, 9)} for n in range(1, 10)],
        [{"x": ints(n, 0, 3)} for n in range(1, 7)],
        TIE_MODES,
    ),
    "viterbi": Twin(
        lambda **inputs: {"score": max(viterbi_paths(**inputs))},
        hidden_states(10, log_probabilities),
        hidden_states(5, lambda size: ints(size, -4, 0)),
        TIE_MODES,
    ),
    "bellman_ford": Twin(
        lambda cost: {"distance": [min(FAR, *path_costs(cost, 0, j), FAR) for j in range(len(cost))]},
        [{"cost": graph(n, lambda: RANDOM.uniform(0, 9))} for n in (1, 2, 3, 4, 5, 5)],
        [{"cost": graph(n, lambda: RANDOM.randint(1, 9))} for n in (2, 3, 4)],
        TIE_MODES,
    ),
    "floyd_warshall": Twin(
        lambda d: {"d": [[min(path_costs(d, i, j)) for j in range(len(d))] for i in range(len(d))]},
        [{"d": graph(n, lambda: RANDOM.uniform(0, 9))} for n in (1, 2, 3, 4, 5, 5)],
        [{"d": graph(n, lambda: RANDOM.randint(1, 9))} for n in (2, 3, 4)],
        TIE_MODES,
    ),
    "shortest_path": Twin(shortest_path, maps(12, real_costs), maps(4, whole_costs), TIE_MODES),
    "game_of_life": Twin(game_of_life, LIFE, LIFE[:3], INT_MODES),
    "knapsack": Twin(knapsack, things(4, range(1, 6)), things(1, range(1, 4)), INT_MODES),
    "heat_equation": Twin(
        heat_equation,
        [{"u": reals(n, -9, 9), "r": 0.3, "steps": steps} for n, steps in pairs(range(1, 7), range(4))],
        [{"u": reals(n, -9, 9), "r": 0.5, "steps": steps} for n, steps in pairs((1, 4), range(3))],
        INT_MODES,
    ),
    "kmeans_step": Twin(
        kmeans_step,
        [
            {
                "points": [reals(2, 0, 9) for _ in range(n)],
                "centres": [reals(2, 0, 9) for _ in range(k)],
            }
            for n, k in pairs((1, 4, 7), (1, 2, 3))
        ],
        [{"points": [[0], [1], [9], [11]], "centres": [[2], [8]]}],
        INT_MODES,
    ),
    "newton": Twin(
        lambda a: {"x": math.sqrt(a)}, [{"a": a} for a in (0.01, 0.5, 1, 2, 7, 1e4, 123456.789, 1e12)], [], ()
    ),
    "turing_machine": Twin(turing_machine, machines(12), machines(4), INT_MODES),
}
"""The twin of every program, but for those that `test_programs.py` treats in their own way."""
