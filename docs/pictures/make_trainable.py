"""Draw `trainable.png` from the result of `benchmarks.trainable`."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

HERE = Path(__file__).resolve().parent
RESULT = HERE.parent.parent / "benchmarks" / "results" / "trainable.json"
BEFORE, AFTER = "#8a8a8a", "#2b6cb0"


def main() -> None:
    """Write the picture beside this script."""
    plt.rcParams.update({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False})
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    rows, steps = result["rows"], result["settings"]["steps"]
    figure, (curves, products, bars) = plt.subplots(1, 3, figsize=(9, 2.7), dpi=100, layout="constrained")

    for row in rows:
        curve = row["curve"]
        curves.plot([i * steps / len(curve) for i in range(len(curve))], curve, color=AFTER, linewidth=1)
    curves.set(title="mean error on the pairs of the fit", xlabel="step", yscale="log")

    wanted = [a * b for a, b in result["pairs"]]
    products.plot([0, 25], [0, 25], color="#cccccc", linewidth=1)
    for key, colour in (("products_before", BEFORE), ("products_after", AFTER)):
        products.plot(wanted, rows[0][key], color=colour, linestyle="none", marker="o", markersize=3)
    products.set(title="result", xlabel="true product")

    names = list(rows[0]["before"])
    for offset, key, colour in ((-0.2, "before", BEFORE), (0.2, "after", AFTER)):
        heights = [sum(row[key][name] for row in rows) / len(rows) for name in names]
        places = [i + offset for i in range(len(names))]
        bars.bar(places, heights, width=0.4, color=colour, label=key)
    bars.set_xticks(range(len(names)), names)
    bars.set(title="mean error")
    bars.legend(frameon=False)
    figure.savefig(HERE / "trainable.png", metadata={"Software": None})


if __name__ == "__main__":
    main()
