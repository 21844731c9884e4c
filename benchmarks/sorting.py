"""`soft_sort` against torch.sort, its own plain version and other soft sorts, in one process and in turn.

torchsort is compiled for the CPU alone where its set-up finds no nvcc on the path:
`pip install --no-build-isolation torchsort`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, final

import click
import torch
from torch import Tensor

from algonet_runtime import soft_sort
from algonet_runtime.sorting.network import NETWORKS as NETWORK_OF
from benchmarks.report import spread, table, write

SIZES = ((1024, 10), (256, 100), (32, 1000), (1, 10000))
BATCHES = 16
STEEPNESS = 10.0
NETWORKS = ("odd_even", "bitonic")

TARGETS: Mapping[tuple[str, int], tuple[float, float]] = {
    ("odd_even kernel", 10): (0.45, 0.6),
    ("odd_even", 100): (1.4, 1.7),
    ("odd_even", 1000): (12, 19),
    ("odd_even", 10000): (90, 240),
    ("bitonic kernel", 10): (0.5, 1.0),
    ("bitonic", 100): (0.45, 1.3),
    ("bitonic", 1000): (0.6, 1.7),
    ("bitonic", 10000): (2.7, 5.5),
}
"""At most so many times torch.sort, forward and forward + backward; for 10 keys, the kernel alone.

The kernel's backward runs forward too, so that its time is that of both without what is kept in between.
"""

FIRST_CALL = """
import time, torch
from algonet_runtime import soft_sort
x = torch.randn(4, 10)
begin = time.perf_counter()
soft_sort(x)
print(time.perf_counter() - begin)
"""


@final
@dataclass(frozen=True)
class Side:
    """A way to sort rows; `function` is None where it cannot run, and `note` says why."""

    name: str
    function: Callable[[Tensor], Tensor] | None
    note: str = ""
    runs: int = 1
    gradient: Callable[[Tensor, Tensor], Tensor] | None = None
    """Gradient by keys of a cotangent; None for that of autograd."""


def sides(rows: int, n: int, runs: int) -> Iterator[Side]:
    """Who sorts (rows, n)."""
    yield Side("torch.sort", lambda x: torch.sort(x).values, runs=runs)
    for network in NETWORKS:
        yield Side(network, _ours(network), runs=runs)
    if n == 10:
        for network in NETWORKS:
            yield _kernel(network, n, runs)
    for network in NETWORKS:
        if rows * n > 40_000 or n > 1000:
            yield Side(f"plain {network}", None, "too long")
        else:
            yield Side(f"plain {network}", _plain(network), runs=3)
    yield _diffsort(rows, n)
    for package, name in (("torchsort", "torchsort"), ("fast_soft_sort", "fast-soft-sort")):
        if find_spec(package) is None:
            yield Side(name, None, "not installed")
        else:
            yield Side(name, _projection(package), runs=max(3, runs // 5))
    yield Side("softtorch", None, "no adapter" if find_spec("softtorch") else "not installed")


def _ours(network: Any) -> Callable[[Tensor], Tensor]:
    return lambda x: soft_sort(x, steepness=STEEPNESS, network=network)


def _kernel(network: str, n: int, runs: int) -> Side:
    """What of a call is not Python: the compiled kernel forward, and the one that is forward and backward."""
    from algonet_runtime.sorting import provider_numba
    from algonet_runtime.sorting.fused_parts import How

    how = How("cauchy", network, NETWORK_OF[network].depth(n), 0, n - 1)
    steepness = torch.full((1,), STEEPNESS)
    return Side(
        f"{network} kernel",
        lambda x: provider_numba.sort(x, steepness, how),
        runs=runs,
        gradient=lambda x, g: provider_numba.sort_gradient(x, steepness, g, how, False)[0],
    )


def _plain(network: Any) -> Callable[[Tensor], Tensor]:
    return lambda x: soft_sort.reference(x, steepness=STEEPNESS, network=network)


def _diffsort(rows: int, n: int) -> Side:
    if find_spec("diffsort") is None:
        return Side("diffsort", None, "not installed")
    if n > 100:
        return Side("diffsort", None, "its n x n matrices of every layer do not fit into memory")
    from diffsort import DiffSortNet

    net: Any = DiffSortNet("odd_even", n, steepness=STEEPNESS, distribution="cauchy")
    return Side("diffsort", lambda x: net(x)[0], runs=3)


def _projection(package: str) -> Callable[[Tensor], Tensor]:
    """Sorting by projection onto the permutahedron."""
    if package == "torchsort":
        import torchsort

        return lambda x: torchsort.soft_sort(x, regularization_strength=1 / STEEPNESS)
    from fast_soft_sort import pytorch_ops

    return lambda x: pytorch_ops.soft_sort(x, regularization_strength=1 / STEEPNESS)


def both(function: Callable[[Tensor], Tensor], x: Tensor, cotangent: Tensor) -> Tensor:
    """The gradient of a weighted sum."""
    keys = x.detach().requires_grad_()
    return torch.autograd.grad(function(keys), keys, cotangent)[0]


def check(x: Tensor, cotangent: Tensor) -> None:
    """That our kernels agree with the plain version, value and gradient, before they are timed."""
    for network in NETWORKS:
        few = slice(0, 2)
        ours, plain = _ours(network), _plain(network)
        torch.testing.assert_close(ours(x[few]), plain(x[few]), rtol=1e-4, atol=1e-4)
        found = both(ours, x[few], cotangent[few])
        torch.testing.assert_close(found, both(plain, x[few], cotangent[few]), rtol=1e-3, atol=1e-3)


def measure(
    all_sides: Sequence[Side], batches: Sequence[Tensor], cotangent: Tensor
) -> dict[str, dict[str, list[float]]]:
    """Seconds of every side, forward and both, one after the other in every round, each with the next batch.

    On one batch again and again, the processor learns which way every comparison of torch.sort goes, and
    sorts 1024 x 10 in a third of the time that it takes for rows it has not seen.
    """
    times: dict[str, dict[str, list[float]]] = {}
    able = [side for side in all_sides if side.function is not None]
    for turn in range(-1, max(side.runs for side in able)):
        for side in able:
            assert side.function is not None
            if turn >= side.runs:
                continue
            x, next_x = (batches[(2 * turn + which) % len(batches)] for which in (0, 1))
            begin = perf_counter()
            with torch.no_grad():
                side.function(x)
            middle = perf_counter()
            if side.gradient is None:
                both(side.function, next_x, cotangent)
            else:
                side.gradient(next_x, cotangent)
            end = perf_counter()
            if turn >= 0:
                found = times.setdefault(side.name, {"forward": [], "both": []})
                found["forward"].append(middle - begin)
                found["both"].append(end - middle)
    return times


def first_calls(folder: Path) -> tuple[float, list[float]]:
    """Seconds of the first call of a process: with nothing compiled, and five with the kernel on the disk."""
    environment = os.environ | {"ALGONET_CACHE": str(folder)}
    seconds: list[float] = []
    for _ in range(6):
        done = subprocess.run(
            [sys.executable, "-c", FIRST_CALL], env=environment, capture_output=True, text=True, check=True
        )
        seconds.append(float(done.stdout))
    return seconds[0], seconds[1:]


@click.command()
@click.option("--threads", default=1, show_default=True, help="Threads of torch.")
@click.option("--runs", default=25, show_default=True, help="Runs of each quick side.")
@click.option("--output", type=click.Path(path_type=Path), help="Where the JSON goes.")
def main(threads: int, runs: int, output: Path | None) -> None:
    """Time of sorting float32 rows, as a ratio to torch.sort in the same mode."""
    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(0)
    results: list[dict[str, Any]] = []
    for rows, n in SIZES:
        cotangent, *batches = (torch.randn(rows, n, generator=generator) for _ in range(1 + BATCHES))
        if n <= 1000:
            check(batches[0], cotangent)
        all_sides = list(sides(rows, n, runs))
        times = measure(all_sides, batches, cotangent)
        lines: list[tuple[object, ...]] = []
        for side in all_sides:
            found = times.get(side.name)
            if found is None:
                results.append({"rows": rows, "n": n, "side": side.name, "note": side.note})
                lines.append((side.name, side.note, "", "", ""))
                continue
            ratios = {mode: median(found[mode]) / median(times["torch.sort"][mode]) for mode in found}
            target = TARGETS.get((side.name, n))
            results.append(
                {
                    "rows": rows,
                    "n": n,
                    "side": side.name,
                    "seconds": {mode: spread(found[mode]) for mode in found},
                    "ratio_to_torch_sort": ratios,
                    "target": target,
                }
            )
            wanted = "" if target is None else f"{target[0]:g} / {target[1]:g}"
            micros = [f"{median(found[mode]) * 1e6:.0f}" for mode in ("forward", "both")]
            lines.append((side.name, *micros, f"{ratios['forward']:.2f} / {ratios['both']:.2f}", wanted))
        print(f"\n{rows} x {n}")
        print(table(["side", "forward us", "both us", "times torch.sort", "target"], lines))
    with tempfile.TemporaryDirectory() as folder:
        cold, kept = first_calls(Path(folder))
    print(
        f"\nfirst call: {cold:.2f} s with nothing compiled, {median(kept):.2f} s with the kernel on the disk"
    )
    calls = {"cold_seconds": cold, "kept_seconds": spread(kept)}
    print(write("sorting", {"threads": threads, "sizes": results, "first_call": calls}, output))


if __name__ == "__main__":
    main()
