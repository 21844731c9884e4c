"""Draw `smoothness_error.png` and `smoothness_gradient.png` from the result of `benchmarks.smoothness`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

Rows = list[dict[str, Any]]

HERE = Path(__file__).resolve().parent
RESULT = HERE.parent.parent / "benchmarks" / "results" / "smoothness.json"
PROGRAMS = ("multiply", "bubble_sort", "levenshtein", "shortest_path")
MODES = {
    "0": ("$C^0$", "#d1662b"),
    "1": ("$C^1$", "#b7791f"),
    "2": ("$C^2$", "#2f855a"),
    "sech": (r"$C^\infty$ sech", "#2b6cb0"),
    "bump": (r"$C^\infty$ bump", "#805ad5"),
}


def draw(axes: Any, rows: Rows, program: str, measure: Callable[[dict[str, Any]], float]) -> None:
    """One line per mode, over the steepness."""
    for mode, (label, colour) in MODES.items():
        found = [row for row in rows if row["program"] == program and row["mode"] == mode]
        steepnesses = [row["steepness"] for row in found]
        values = [measure(row) for row in found]
        axes.plot(steepnesses, values, color=colour, label=label, marker="o", markersize=2.5, linewidth=1.3)
    axes.set_xscale("log", base=2)
    axes.set_xlabel("steepness")


def main() -> None:
    """Write the pictures beside this script."""
    plt.rcParams.update({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False})
    rows = json.loads(RESULT.read_text(encoding="utf-8"))["rows"]

    figure, panels = plt.subplots(1, 4, figsize=(11, 2.7), dpi=100, layout="constrained")
    for axes, program in zip(panels, PROGRAMS, strict=True):
        draw(axes, rows, program, lambda row: row["error"])
        axes.set_yscale("symlog", linthresh=1e-3)
        axes.set_ylim(bottom=0)
        axes.set_title(program)
    panels[0].set_ylabel("mean error")
    panels[-1].legend(frameon=False, fontsize=7)
    figure.savefig(HERE / "smoothness_error.png", metadata={"Software": None})

    figure, panels = plt.subplots(1, 4, figsize=(11, 2.7), dpi=100, layout="constrained")
    draw(panels[0], rows, "levenshtein", lambda row: row["gradient"])
    panels[0].set_title("levenshtein: median gradient")
    draw(panels[1], rows, "levenshtein", lambda row: row["no_gradient"])
    panels[1].set_title("levenshtein: share without gradient")
    draw(panels[2], rows, "multiply", lambda row: row["gradient"])
    panels[2].set(title="multiply: median gradient", yscale="log")
    draw(panels[3], rows, "multiply", lambda row: row["trips"][1])
    panels[3].set_title("multiply: trips of the inner loop")
    panels[1].legend(frameon=False, fontsize=7)
    figure.savefig(HERE / "smoothness_gradient.png", metadata={"Software": None})


if __name__ == "__main__":
    main()
