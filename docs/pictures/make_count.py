"""Draw `count.png`: a small program and its derivative in three modes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

import whilec

HERE = Path(__file__).resolve().parent
PROGRAM = str(HERE / "count.while")
POINTS = [i / 100 for i in range(501)]

MODES = (
    ("hard", "#8a8a8a", {"smooth": "hard"}),
    ("$C^0$, steepness 2", "#d1662b", {"smooth": 0, "steepness": 2.0}),
    (r"$C^\infty$, steepness 8", "#2b6cb0", {"smooth": "inf", "steepness": 8.0}),
)


def curve(options: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Value and derivative of the program at all points."""
    if options["smooth"] == "hard":  # flat between its jumps
        return [whilec.run(PROGRAM, {"x": x}, **options).outputs["y"] for x in POINTS], [0.0] * len(POINTS)
    runs = [whilec.run(PROGRAM, {"x": x}, jacobian=True, **options) for x in POINTS]
    return [run.outputs["y"] for run in runs], [(run.jacobian or {})["y"]["x"] for run in runs]


def main() -> None:
    """Write the picture beside this script."""
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, (values, derivatives) = plt.subplots(1, 2, figsize=(7.4, 2.6), dpi=110, layout="constrained")
    for label, colour, options in MODES:
        y, dy = curve(options)
        values.plot(POINTS, y, color=colour, label=label, linewidth=1.6)
        derivatives.plot(POINTS, dy, color=colour, linewidth=1.6)
    values.set(xlabel="x", title="y")
    derivatives.set(xlabel="x", title="dy/dx")
    values.legend(frameon=False)
    figure.savefig(HERE / "count.png", metadata={"Software": None})


if __name__ == "__main__":
    main()
