"""Inputs for the programs of the library: random, and the same in every run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

Inputs = dict[str, Any]

FAR = 1e6
"""What the programs for graphs take for an edge that is not there."""

RANDOM = random.Random(2026)

BUSY_BEAVERS = (
    {"write": [[1, 1], [1, 1]], "move": [[1, -1], [-1, 1]], "next": [[1, 1], [0, 2]]},
    {"write": [[1, 1], [0, 1], [1, 1]], "move": [[1, 1], [1, 1], [-1, -1]], "next": [[1, 3], [2, 1], [2, 0]]},
)
"""The tables of the machines of Rado with two and three states."""


def ints(size: int, low: int, high: int) -> list[int]:
    return [RANDOM.randint(low, high) for _ in range(size)]


def reals(size: int, low: float, high: float) -> list[float]:
    return [RANDOM.uniform(low, high) for _ in range(size)]


def graph(n: int, draw: Callable[[], float]) -> list[list[float]]:
    """Costs of edges, of which a third is missing."""
    return [
        [0.0 if i == j else draw() if RANDOM.random() < 2 / 3 else FAR for j in range(n)] for i in range(n)
    ]


def words(count: int, longest: int) -> list[Inputs]:
    """Pairs of words over an alphabet of three letters."""
    sizes = [(RANDOM.randint(1, longest), RANDOM.randint(1, longest)) for _ in range(count)]
    return [{"a": ints(n, 1, 3), "b": ints(m, 1, 3)} for n, m in sizes]


def sorted_runs(count: int) -> list[Inputs]:
    runs = [sorted(ints(n, -4, 9)) for n in range(1, count + 1)]
    return [{"a": run, "key": key} for run in runs for key in range(-5, 11, 3)]


def machines(count: int) -> list[Inputs]:
    """Random Turing machines that halt soon, on a tape that is long enough."""
    found: list[Inputs] = [{**table, "tape": [0] * 8, "head": 3} for table in BUSY_BEAVERS]
    while len(found) < count:
        q = RANDOM.randint(1, 3)
        machine = {
            "write": [ints(2, 0, 1) for _ in range(q)],
            "move": [ints(2, -1, 1) for _ in range(q)],
            "next": [ints(2, 0, q) for _ in range(q)],
            "tape": ints(9, 0, 1),
            "head": 4,
        }
        if _halts(machine):
            found.append(machine)
    return found


def _halts(machine: Inputs) -> bool:
    state, head, tape = 0, machine["head"], list(machine["tape"])
    for _ in range(30):
        if state == len(machine["write"]):
            return True
        if not 0 <= head < len(tape):
            return False
        symbol = tape[head]
        tape[head] = machine["write"][state][symbol]
        head += machine["move"][state][symbol]
        state = machine["next"][state][symbol]
    return False


def things(count: int, sizes: Iterable[int]) -> list[Inputs]:
    return [
        {"weight": ints(n, 0, 9), "value": ints(n, 0, 9), "capacity": RANDOM.randint(0, 20)}
        for n in sizes
        for _ in range(count)
    ]


def hidden_states(count: int, draw: Callable[[int], list[Any]]) -> list[Inputs]:
    sizes = [(RANDOM.randint(1, 3), RANDOM.randint(1, 4)) for _ in range(count)]
    return [
        {
            "start": draw(k),
            "transition": [draw(k) for _ in range(k)],
            "emission": [draw(k) for _ in range(n)],
        }
        for k, n in sizes
    ]


def maps(count: int, draw: Callable[[int], list[Any]]) -> list[Inputs]:
    sizes = [(RANDOM.randint(1, 5), RANDOM.randint(1, 5)) for _ in range(count)]
    return [{"cost": [draw(m) for _ in range(n)]} for n, m in sizes]


def whole_costs(size: int) -> list[int]:
    return ints(size, 1, 9)


def real_costs(size: int) -> list[float]:
    return reals(size, 0.5, 3.0)


def log_probabilities(size: int) -> list[float]:
    return reals(size, -3.0, 0.0)
