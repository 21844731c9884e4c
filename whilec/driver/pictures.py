"""Pictures of plots. Matplotlib is loaded when one is drawn."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from math import isfinite
from pathlib import Path
from typing import Any, Final, TypeAlias, final

from whilec.diagnostics.model import Code, Diagnostic, Example, WhileError
from whilec.diagnostics.suggest import nearest
from whilec.driver.plotting import Panel, Plot
from whilec.driver.values import shorten

SUFFIXES: Final[Mapping[str, Mapping[str, Any]]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""Kinds of pictures, each with what it must not say, so that equal plots are equal files."""

Drawing: TypeAlias = Callable[[Plot, "Colouring"], Any]

E0643 = Code(
    "E0643",
    "matplotlib is not installed",
    """
`whilec plot` draws with matplotlib, which is not installed together with whilec: nothing else needs it.
""",
    Example("x0 := x1 + 0", ""),
)

E0644 = Code(
    "E0644",
    "a picture that cannot be written",
    """
The ending of the name given with `-o` says what kind of picture it is: `.png`, `.svg` or `.pdf`. Its
folder must exist and be writable. The picture takes the place of an older one at once, when it is
complete.
""",
    Example("x0 := x1 + 0", "plot {file} x1=0:8 -o figure.while"),
)

E0645 = Code(
    "E0645",
    "a derivative that is not plotted",
    """
`--derivative NAME` colours a plot by the derivative by one of the inputs that have a range; without it
the colour is the length of the gradient by all inputs that have one.
""",
    Example("x0 := x1 + x2", "plot {file} x1=0:8 x2=3 --derivative x2 -o figure.png"),
)

_COLOURS = ("#d1662b", "#2b6cb0", "#2f855a", "#805ad5", "#b7791f", "#c53030")
_GREY = "#8a8a8a"
_SHOWN = 0.98
"""Share of the derivatives that the scale of colours covers; few extremes would leave it one colour."""


@final
@dataclass(frozen=True)
class Colouring:
    """What colours mean.

    Args:
        axis: Number of the axis whose derivative they show; None for the length of the gradient.
    """

    axis: int | None

    def of(self, panel: Panel) -> list[float]:
        """The number that is shown as a colour, at all points of a panel."""
        if panel.derivatives is None:
            return []
        if self.axis is not None:
            return panel.derivatives[self.axis]
        return [sum(d * d for d in point) ** 0.5 for point in zip(*panel.derivatives, strict=True)]


def check_picture(path: str) -> None:
    """Refuse what could not be written, before anything is computed for it.

    Raises:
        WhileError: Matplotlib is missing, the kind is unknown or the folder does not exist.
    """
    if find_spec("matplotlib") is None:
        title = "matplotlib, which draws the pictures, is not installed"
        raise WhileError(Diagnostic(E0643, title, help="run `pip install 'matplotlib>=3.9'`"))
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        title = f"`{shorten(path)}` is not the name of a picture"
        raise WhileError(Diagnostic(E0644, title, help="end it in .png, .svg or .pdf"))
    if target.is_dir() or not target.parent.is_dir():
        reason = "is a directory" if target.is_dir() else f"is in `{target.parent}`, which is no directory"
        raise WhileError(Diagnostic(E0644, f"`{path}` {reason}", help="name a file in a folder that exists"))


def colouring(plot_axes: tuple[str, ...], derivative: str | None) -> Colouring:
    """The colours for the derivative by one axis, or by all.

    Raises:
        WhileError: There is no such axis.
    """
    if derivative is None:
        return Colouring(None)
    wanted = "".join(derivative.split())
    labels = ["".join(name.split()) for name in plot_axes]
    if wanted in labels:
        return Colouring(labels.index(wanted))
    near = nearest(derivative, plot_axes)
    help_text = f"did you mean `{near}`?" if near else f"choose {' or '.join(f'`{n}`' for n in plot_axes)}"
    title = f"`{shorten(derivative)}` has no range in this plot"
    raise WhileError(Diagnostic(E0645, title, help=help_text))


def write_picture(path: str, plot: Plot, colours: Colouring) -> None:
    """Draw a plot into a file, all at once.

    Raises:
        WhileError: The file cannot be written; an older one is then as it was.
    """
    target = Path(path).absolute()
    kind = target.suffix.lower()
    data = BytesIO()
    with _matplotlib().rc_context({"font.size": 9.0, "svg.hashsalt": "whilec"}):
        figure = _DRAWINGS[len(plot.axes)](plot, colours)
        figure.savefig(data, format=kind[1:], metadata=dict(SUFFIXES[kind]))
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        try:
            draft.write_bytes(data.getvalue())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WhileError(Diagnostic(E0644, f"`{path}` cannot be written: {reason}")) from None


def _matplotlib(module: str = "") -> Any:
    """Matplotlib, or a module of it; it has no complete types, and may be missing."""
    return import_module(f"matplotlib{module}")


def mode_name(panel: Panel) -> str:
    """The mode of a panel in words, with mathematics as matplotlib reads it."""
    options = panel.options
    if options.is_hard:
        return "hard"
    parts = [r"$C^\infty$" if options.smooth == "inf" else f"$C^{options.smooth}$"]
    if options.smooth == "inf" and options.phi == "bump":
        parts.append("bump")
    if options.steepness != 1:
        parts.append(f"steepness {options.steepness:g}")
    return ", ".join(parts)


def _draw_curves(plot: Plot, colours: Colouring) -> Any:
    """Value and derivative over one input, a line for each mode."""
    figure = _matplotlib(".figure").Figure(figsize=(7.4, 2.8), dpi=110, layout="constrained")
    values, derivatives = figure.subplots(1, 2)
    for panel, colour in zip(plot.panels, _line_colours(plot), strict=True):
        dots = {"linestyle": "none", "marker": "o", "markersize": 4 if panel.is_whole else 1.2}
        style = dots if panel.options.is_hard else {"linewidth": 1.6}
        values.plot(panel.points[0], panel.values, color=colour, label=mode_name(panel), **style)
        if panel.derivatives is not None:
            derivatives.plot(panel.points[0], panel.derivatives[0], color=colour, linewidth=1.6)
    name = plot.axes[0].label
    values.set(xlabel=name, title=plot.output)
    derivatives.set(xlabel=name, title=f"d {plot.output} / d {name}")
    values.legend(frameon=False)
    for axes in (values, derivatives):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _line_colours(plot: Plot) -> Iterator[str]:
    smooth = 0
    for panel in plot.panels:
        if panel.options.is_hard:
            yield _GREY
        else:
            yield _COLOURS[smooth % len(_COLOURS)]
            smooth += 1


def _draw_surfaces(plot: Plot, colours: Colouring) -> Any:
    """Surfaces over two inputs, a panel for each mode."""
    import numpy as np

    count = len(plot.panels)
    figure = _matplotlib(".figure").Figure(figsize=(2.9 * count + 1.0, 3.3), dpi=110, layout="constrained")
    low, high, extend = _limits(plot, colours)
    norm = _matplotlib(".colors").Normalize(low, high)
    colour_map = _matplotlib().colormaps["viridis" if colours.axis is None else "coolwarm"]
    heights = [value for panel in plot.panels for value in panel.values if isfinite(value)] or [0.0]
    all_axes: list[Any] = []
    for number, panel in enumerate(plot.panels, 1):
        axes: Any = figure.add_subplot(1, count, number, projection="3d")
        all_axes.append(axes)
        first, second = np.meshgrid(*panel.points, indexing="ij")
        surface = np.array(panel.values).reshape(first.shape)
        if panel.derivatives is None:
            marks = 10 if panel.is_whole else 1
            axes.plot_wireframe(first, second, surface, rcount=20, ccount=20, color=_GREY, linewidth=0.5)
            axes.scatter(first, second, surface, s=marks, color="#444444", depthshade=False)
        else:
            corners = np.array(colours.of(panel)).reshape(first.shape)
            faces = (corners[:-1, :-1] + corners[1:, :-1] + corners[:-1, 1:] + corners[1:, 1:]) / 4
            drawn = axes.plot_surface(
                first,
                second,
                surface,
                facecolors=colour_map(norm(faces)),
                rstride=1,
                cstride=1,
                linewidth=0,
                antialiased=False,
                shade=False,
            )
            drawn.set_rasterized(True)
        axes.set(xlabel=plot.axes[0].label, ylabel=plot.axes[1].label, title=mode_name(panel))
        if max(heights) > min(heights):
            axes.set_zlim(min(heights), max(heights))
        axes.view_init(elev=28, azim=-128)
    if any(panel.derivatives is not None for panel in plot.panels):
        bar = figure.colorbar(
            _matplotlib(".cm").ScalarMappable(norm, colour_map),
            ax=all_axes,
            shrink=0.7,
            pad=0.06,
            extend=extend,
        )
        bar.set_label(_colour_name(plot, colours))
    figure.suptitle(plot.output)
    return figure


def _colour_name(plot: Plot, colours: Colouring) -> str:
    if colours.axis is not None:
        return f"d {plot.output} / d {plot.axes[colours.axis].label}"
    return f"length of the gradient of {plot.output}"


def _limits(plot: Plot, colours: Colouring) -> tuple[float, float, str]:
    """The lowest and highest colour, and on which sides some numbers lie outside."""
    shown = sorted(c for panel in plot.panels for c in colours.of(panel) if isfinite(c))
    if not shown:
        return 0.0, 1.0, "neither"
    if colours.axis is None:
        high = shown[int(_SHOWN * (len(shown) - 1))] or 1.0
        return 0.0, high, "max" if shown[-1] > high else "neither"
    sizes = sorted(abs(c) for c in shown)
    most = sizes[int(_SHOWN * (len(sizes) - 1))] or 1.0
    return -most, most, "both" if sizes[-1] > most else "neither"


_DRAWINGS: Mapping[int, Drawing] = {1: _draw_curves, 2: _draw_surfaces}
"""By the number of axes."""
