"""The renderer's kernels against its dense plain version and PyTorch3D, in one process; pictures of spheres.

Speed, as a ratio to the dense version in the same run; accuracy in float32 against that in float64;
memory; how well silhouettes are closed, and how far streaks reach.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import click
import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from algonet_runtime import render_image, render_silhouette
from algonet_runtime.rendering import icosphere, load_mesh
from benchmarks.report import ROOT, spread, table, write

EYE = (0.9, 0.6, 1.7)
LEVELS = (2, 3, 4)
"""Spheres of 320, 1280 and 5120 faces."""
SIZES = (64, 128, 256)
DENSE = 320 * 128 * 128
"""Faces times pixels up to which the dense version is timed."""
WIDE = 1280 * 128 * 128
"""Faces times pixels up to which a batch of 8 is timed."""
SHARED = ROOT.parent / "shared" / "data" / "meshes"

TARGETS: Mapping[tuple[int, int], tuple[float, float]] = {
    (320, 64): (2.5, 4.5),
    (320, 128): (3.5, 6),
    (320, 256): (6.5, 9),
    (1280, 64): (5, 10),
    (1280, 128): (6.5, 12),
    (1280, 256): (10, 20),
    (5120, 64): (17, 28),
    (5120, 128): (20, 30),
    (5120, 256): (24, 38),
}
"""Milliseconds of forward and backward, of silhouette and shaded picture."""

MEMORY = """
import resource, torch
from algonet_runtime import render_image
from algonet_runtime.rendering import icosphere
def kib(name):
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))
mesh = icosphere(3)
x = (0.5 * mesh.vertices).expand(8, -1, -1).clone().requires_grad_()
eye = torch.tensor({eye})
def run(vertices, size):
    torch.autograd.grad(render_image(vertices, mesh.faces, eye, size=size).square().sum(), vertices)
run(x[:1].detach().requires_grad_(), 16)
before = kib("VmRSS")
with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
    file.write("5")  # the peak is counted from here
run(x, 128)
print((kib("VmHWM") - before) * 1024)
"""


def ball(level: int, batch: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """An uneven sphere of radius one half."""
    mesh = icosphere(level)
    generator = torch.Generator().manual_seed(level)
    noise = torch.randn(batch, *mesh.vertices.shape, generator=generator)
    return (0.5 * mesh.vertices + 0.002 * noise).to(dtype), mesh.faces


def both(
    render: Callable[..., Tensor], x: Tensor, faces: Tensor, size: int, weights: Tensor
) -> tuple[Tensor, Tensor]:
    """A picture, and the gradient of a weighted sum by vertices."""
    vertices = x.detach().requires_grad_()
    picture = render(vertices, faces, torch.tensor(EYE, dtype=x.dtype), size=size)
    (slope,) = torch.autograd.grad((picture * weights.to(x.dtype)).sum(), vertices)
    return picture.detach(), slope


def seconds(run: Callable[[], object], runs: int) -> list[float]:
    """Of each run, but of the first, which warms up."""
    run()
    times: list[float] = []
    for _ in range(runs):
        begin = perf_counter()
        run()
        times.append(perf_counter() - begin)
    return times


def speeds(runs: int) -> Iterator[dict[str, Any]]:
    """Rows of sizes: seconds of forward and backward together, of the kernels and of others."""
    for level in LEVELS:
        for size in SIZES:
            for render in (render_silhouette, render_image):
                x, faces = ball(level, 1)
                weights = torch.randn(1, size, size, generator=torch.Generator().manual_seed(1))
                row: dict[str, Any] = {
                    "faces": len(faces),
                    "size": size,
                    "picture": render.name,
                    "kernels": spread(seconds(partial(both, render, x, faces, size, weights), runs)),
                }
                if len(faces) * size * size <= DENSE:
                    dense = seconds(partial(both, render.reference, x, faces, size, weights), 2)
                    row["dense"] = spread(dense)
                if len(faces) * size * size <= WIDE:
                    wide, _ = ball(level, 8)
                    weights = weights.expand(8, -1, -1)
                    row["batch_of_8"] = spread(
                        seconds(partial(both, render, wide, faces, size, weights), max(3, runs // 4))
                    )
                row["target_ms"] = TARGETS[len(faces), size][render is render_image]
                yield row


def accuracy() -> dict[str, float]:
    """Largest errors of float32 kernels; of the gradient, as a share of its largest number."""
    found: dict[str, float] = {}
    for render in (render_silhouette, render_image):
        x, faces = ball(2, 1)
        weights = torch.randn(1, 64, 64, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        picture, slope = both(render, x, faces, 64, weights)
        exact, wanted = both(render.reference, x.double(), faces, 64, weights)
        found[render.name] = float((picture - exact).abs().max())
        found[f"{render.name} gradient"] = float((slope - wanted).abs().max() / wanted.abs().max())
    return found


def quality() -> Iterator[dict[str, Any]]:
    """Holes, streaks and area of silhouettes at 64 pixels, with steepness 64."""
    meshes = [(f"sphere of {20 * 4**level}", *ball(level, 1)) for level in LEVELS]
    for path in (SHARED / "classic" / "bunny.obj", SHARED / "car" / "NormalCar1.obj"):
        if path.exists():
            mesh = load_mesh(path, normalise=True)
            meshes.append((path.stem, mesh.vertices[None], mesh.faces))
    eye = torch.tensor(EYE)
    for name, x, faces in meshes:
        crisp = render_silhouette(x, faces, eye, size=64, steepness=20_000.0)[0] > 0.5
        outside = (~crisp).float()[None, None]
        inner = max_pool2d(outside, 7, stride=1, padding=3)[0, 0] == 0
        for support in ("disc", "paper"):
            found = render_silhouette(x, faces, eye, size=64, steepness=64.0, support=support)[0]
            yield {
                "mesh": name,
                "support": support,
                "least_inside": float(found[inner].min()),
                "corner": float(found[0, 0]),
                "area_excess": float(found.sum() / crisp.sum()) - 1,
            }


def memory() -> int:
    """Bytes by which 8 pictures of 1280 faces and 128 pixels, forward and backward, raise the peak."""
    command = [sys.executable, "-c", MEMORY.replace("{eye}", str(EYE))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return int(done.stdout)


def peer() -> str:
    """Why PyTorch3D has no row, or that it has."""
    if find_spec("pytorch3d") is None:
        return "PyTorch3D: not installed"
    from benchmarks.peers.pytorch3d_silhouette import soft_silhouette

    x, faces = ball(3, 1)
    weights = torch.randn(1, 64, 64, generator=torch.Generator().manual_seed(1))
    ours = median(seconds(partial(both, render_silhouette, x, faces, 64, weights), 10))
    theirs = median(seconds(partial(both, soft_silhouette, x, faces, 64, weights), 10))
    return f"PyTorch3D: {theirs / ours:.1f} times our time for a silhouette of 1280 faces at 64 pixels"


@click.command()
@click.option("--threads", default=2, show_default=True, help="Threads of torch.")
@click.option("--runs", default=20, show_default=True, help="Runs of the kernels.")
@click.option("--output", type=click.Path(path_type=Path), help="Where the JSON goes.")
def main(threads: int, runs: int, output: Path | None) -> None:
    """Speed, accuracy, memory and quality of the smooth renderer."""
    torch.set_num_threads(threads)
    rows: list[dict[str, Any]] = []
    lines: list[tuple[object, ...]] = []
    for row in speeds(runs):
        rows.append(row)
        own = row["kernels"]["median"]
        dense, wide = row.get("dense"), row.get("batch_of_8")
        lines.append(
            (
                f"{row['faces']} faces, {row['size']} px, {row['picture']}",
                f"{own * 1e3:.2f}",
                f"{row['target_ms']:g}",
                f"{dense['median'] * 1e3:.0f}" if dense else "",
                f"{dense['median'] / own:.0f}" if dense else "",
                f"{wide['median'] / own:.1f}" if wide else "",
            )
        )
    print(table(["forward + backward", "ms", "target", "dense ms", "times", "B = 8 / B = 1"], lines))
    errors = accuracy()
    print("\nerrors in float32: " + ", ".join(f"{name} {error:.1e}" for name, error in errors.items()))
    used = memory()
    print(f"8 pictures of 1280 faces, 128 px: {used / 2**20:.1f} MiB\n")
    pictures = list(quality())
    cells = [
        (f"{p['mesh']}, {p['support']}", p["least_inside"], f"{p['corner']:.1e}", f"{p['area_excess']:+.1%}")
        for p in pictures
    ]
    print(table(["silhouette", "least inside", "corner", "area"], cells))
    other = peer()
    print(other)
    found = {"speed": rows, "errors": errors, "memory_bytes": used, "quality": pictures, "peer": other}
    print(write("rendering", {"threads": threads, **found}, output))


if __name__ == "__main__":
    main()
