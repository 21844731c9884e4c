"""Permutation matrices, ranks and memberships against plain versions and peers, in one process, in turn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, final

import click
import torch
from torch import Tensor

from algonet_runtime import soft_permutation, soft_rank, soft_topk
from algonet_runtime.sorting.network import NETWORKS, count
from benchmarks.report import spread, table, write

STEEPNESS = 10.0
ROWS, KEYS, BEST = 256, 100, 5

TARGETS: Mapping[str, tuple[float, float]] = {"permutation odd_even": (0.022, 0.080)}
"""At most so many seconds, forward and forward + backward."""


@final
@dataclass(frozen=True)
class Side:
    """Something on keys (rows, n); `function` is None where it cannot run, and `note` says why."""

    name: str
    function: Callable[[Tensor], Tensor] | None
    runs: int
    note: str = ""


def sides(runs: int) -> Iterator[Side]:
    """Who does what."""
    operations: Mapping[str, tuple[Any, Callable[[Any], Tensor]]] = {
        "permutation": (soft_permutation, lambda found: found),
        "rank": (soft_rank, lambda found: found),
        "topk": (soft_topk, lambda found: found[1]),
    }
    for name, (operation, result) in operations.items():
        options = {"k": BEST} if name == "topk" else {}
        for network in NETWORKS:
            given = options | {"steepness": STEEPNESS, "network": network}
            yield Side(f"{name} {network}", _call(operation, given, result), runs)
            yield Side(f"plain {name} {network}", _call(operation.reference, given, result), 3)
    yield _diffsort()
    yield _difftopk()


def _call(
    operation: Any, options: Mapping[str, Any], result: Callable[[Any], Tensor]
) -> Callable[[Tensor], Tensor]:
    return lambda x: result(operation(x, **options))


def _diffsort() -> Side:
    if find_spec("diffsort") is None:
        return Side("diffsort permutation", None, 0, "not installed")
    from diffsort import DiffSortNet

    net: Any = DiffSortNet("odd_even", KEYS, steepness=STEEPNESS, distribution="cauchy")
    return Side("diffsort permutation", lambda x: net(x)[1], 3)


def _difftopk() -> Side:
    if find_spec("difftopk") is None:
        return Side("difftopk", None, 0, "not installed")
    from difftopk import DiffTopkNet

    net: Any = DiffTopkNet("odd_even", KEYS, BEST, steepness=STEEPNESS, distribution="cauchy")
    return Side("difftopk", lambda x: net(x)[1], 3)


def both(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The gradient of a sum of squares."""
    keys = x.detach().requires_grad_()
    return torch.autograd.grad(function(keys).square().sum(), keys)[0]


MEMORY = """
import sys, torch
from algonet_runtime import soft_sort
torch.set_num_threads(1)
n = int(sys.argv[1])
soft_sort(torch.randn(2, 8, requires_grad=True)).sum().backward()
x = torch.randn(1, n, requires_grad=True)
def kib(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak is counted from here
before = kib("VmRSS:")
soft_sort(x).square().sum().backward()
print(1024 * (kib("VmHWM:") - before))
"""


def memory(n: int) -> tuple[int, int]:
    """Bytes by which sorting a row, forward and backward, raises the peak of a process; those of the tape."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(n)], env=os.environ, capture_output=True, text=True, check=True
    )
    return int(done.stdout), 4 * n * (n - 1) // 2


@click.command()
@click.option("--threads", default=1, show_default=True, help="Threads of torch.")
@click.option("--runs", default=15, show_default=True, help="Runs of each quick side.")
@click.option("--output", type=click.Path(path_type=Path), help="Where the JSON goes.")
def main(threads: int, runs: int, output: Path | None) -> None:
    """Time of networks that move payloads, float32."""
    torch.set_num_threads(threads)
    x = torch.randn(ROWS, KEYS, generator=torch.Generator().manual_seed(0))
    all_sides = list(sides(runs))
    times: dict[str, dict[str, list[float]]] = {}
    for turn in range(-1, runs):
        for side in all_sides:
            if side.function is None or turn >= side.runs:
                continue
            begin = perf_counter()
            with torch.no_grad():
                side.function(x)
            middle = perf_counter()
            both(side.function, x)
            end = perf_counter()
            if turn >= 0:
                found = times.setdefault(side.name, {"forward": [], "both": []})
                found["forward"].append(middle - begin)
                found["both"].append(end - middle)
    results: list[dict[str, Any]] = []
    lines: list[tuple[object, ...]] = []
    for side in all_sides:
        found = times.get(side.name)
        if found is None:
            results.append({"side": side.name, "note": side.note})
            lines.append((side.name, side.note, "", ""))
            continue
        target = TARGETS.get(side.name)
        results.append(
            {"side": side.name, "seconds": {mode: spread(found[mode]) for mode in found}, "target": target}
        )
        wanted = "" if target is None else f"{target[0] * 1e3:g} / {target[1] * 1e3:g}"
        millis = [f"{median(found[mode]) * 1e3:.2f}" for mode in ("forward", "both")]
        lines.append((side.name, *millis, wanted))
    print(f"{ROWS} x {KEYS}, {count(NETWORKS['odd_even'].layers(KEYS))} comparators of odd_even")
    print(table(["side", "forward ms", "both ms", "target"], lines))
    used, tape = memory(10_000)
    print(f"\nsoft_sort of 1 x 10000, both: {used / 2**20:.1f} MiB; a tape has {tape / 2**20:.1f} MiB")
    facts = {"memory_bytes": used, "tape_bytes": tape}
    data = {"threads": threads, "rows": ROWS, "keys": KEYS, "sides": results, "memory": facts}
    print(write("sorting_payloads", data, output))


if __name__ == "__main__":
    main()
