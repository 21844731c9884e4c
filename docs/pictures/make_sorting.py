"""Draw `sorting_matrices.png` and `sorting_distributions.png`: permutation matrices and comparators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import torch
from matplotlib import pyplot as plt

from algonet_runtime import soft_permutation, soft_sort

HERE = Path(__file__).resolve().parent
KEYS = torch.tensor([0.9, 0.1, 0.6, 0.3, 0.7, 0.2, 1.0, 0.5], dtype=torch.float64)
STEEPNESSES = (1.0, 10.0, 100.0, 1000.0)
COLOURS = {"cauchy": "#2b6cb0", "reciprocal": "#3c9a5f", "logistic": "#d1662b", "gaussian": "#8a4fb0"}


def matrices() -> None:
    """P of eight keys, at four steepnesses."""
    figure, axes = plt.subplots(1, 4, figsize=(7.4, 2.2), dpi=110, layout="constrained")
    for axis, steepness in zip(axes, STEEPNESSES, strict=True):
        p = soft_permutation(KEYS, steepness=steepness)
        image = axis.imshow(p, cmap="Blues", vmin=0, vmax=1)
        axis.set(title=f"steepness {steepness:g}", xticks=[], yticks=[], xlabel="keys")
    axes[0].set_ylabel("ranks")
    figure.colorbar(image, ax=axes, shrink=0.8)
    figure.savefig(HERE / "sorting_matrices.png", metadata={"Software": None})


def distributions() -> None:
    """The smaller of two sorted keys 0 and d, and its derivative by d."""
    figure, (values, slopes) = plt.subplots(1, 2, figsize=(7.4, 2.6), dpi=110, layout="constrained")
    d = torch.linspace(0, 6, 601, dtype=torch.float64).requires_grad_()
    pair = torch.stack([torch.zeros_like(d), d], -1)
    for name, colour in COLOURS.items():
        options: dict[str, Any] = {"steepness": 1.0, "distribution": name}
        low = soft_sort(pair, **options)[:, 0]
        (slope,) = torch.autograd.grad(low.sum(), d, retain_graph=True)
        values.plot(d.detach(), low.detach(), color=colour, label=name, linewidth=1.6)
        slopes.plot(d.detach(), slope, color=colour, linewidth=1.6)
    slopes.axhline(0, color="#8a8a8a", linewidth=0.8)
    values.set(xlabel="d", title="the smaller of sorted 0 and d")
    slopes.set(xlabel="d", title="its derivative by d")
    values.legend(frameon=False, loc="center right", bbox_to_anchor=(1.0, 0.42))
    figure.savefig(HERE / "sorting_distributions.png", metadata={"Software": None})


def main() -> None:
    """Write both pictures beside this script."""
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    matrices()
    distributions()


if __name__ == "__main__":
    main()
