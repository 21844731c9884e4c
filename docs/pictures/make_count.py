"""Draw `count.png`: a small program and its derivative in three modes."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

from whilec.semantics.options import Options

HERE = Path(__file__).resolve().parent

MODES = (
    ("hard", "#8a8a8a", Options(smooth="hard")),
    ("$C^0$", "#d1662b", Options(smooth=0, steepness=2.0)),
    (r"$C^\infty$", "#2b6cb0", Options(smooth="inf", steepness=8.0)),
)
POINTS = [i / 100 for i in range(501)]


def curves(options: Options) -> tuple[list[float], list[float]]:
    """Values and derivatives of the program at all points."""
    runs = [run_program(HERE / "count.while", x, options) for x in POINTS]
    return [y for y, _ in runs], [dy for _, dy in runs]


def main() -> None:
    """Write the picture beside this script."""
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, (values, derivatives) = plt.subplots(1, 2, figsize=(7.4, 2.6), dpi=110, layout="constrained")
    for label, colour, options in MODES:
        y, dy = curves(options)
        values.plot(POINTS, y, color=colour, label=label, linewidth=1.6)
        derivatives.plot(POINTS, dy, color=colour, linewidth=1.6)
    values.set(xlabel="x", title="y")
    derivatives.set(xlabel="x", title="dy/dx")
    values.legend(frameon=False)
    figure.savefig(HERE / "count.png", metadata={"Software": None})


if __name__ == "__main__":
    main()
