"""`whilec plot`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import whilec
from tests.command_line import Runner
from tests.repository import ROOT
from whilec.driver import pictures
from whilec.driver.axes import MAX_POINTS, Axis, read_axes
from whilec.driver.files import load
from whilec.driver.pictures import Colouring
from whilec.driver.plotting import Panel, Plot, Request, sample
from whilec.semantics.options import Options
from whilec.source import SourceFile

SIGNATURES = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}


def request(program: str, *arguments: str, modes: tuple[Options, ...], **more: object) -> Request:
    fixed, axes = read_axes(arguments)
    source = (
        load(str(ROOT / "programs" / program)) if program.endswith(".while") else SourceFile("p", program)
    )
    return Request(source, fixed, axes, modes, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", SIGNATURES)
def test_a_picture_of_every_kind(command: Runner, folder: Path, suffix: str) -> None:
    finished = command("plot", "multiply.while", "x1=0:2:5", "x2=0:2:5", "-o", f"figure{suffix}")
    assert finished == (0, f"figure{suffix}: x0 over x1 and x2\n", "")
    assert (folder / f"figure{suffix}").read_bytes().startswith(SIGNATURES[suffix])
    assert list(folder.glob(".*.tmp")) == []


def test_one_range_draws_a_line_for_every_mode(command: Runner, folder: Path) -> None:
    modes = "hard,0,1,inf"
    arguments = ("x1=0:2:5", "x2=1", "--modes", modes, "--steepness", "0.5", "-o", "figure.svg")
    finished = command("plot", "multiply.while", *arguments)
    assert finished == (0, "figure.svg: x0 over x1\n", "")
    text = (folder / "figure.svg").read_text(encoding="utf-8")
    comments = " ".join(re.findall(r"<!-- (.*?) -->", text))
    assert "hard" in comments
    assert "d x0 / d x1" in comments
    assert comments.count("steepness 0.5") == 3


def test_equal_plots_are_equal_files(command: Runner, folder: Path) -> None:
    for name in ("first.svg", "second.svg"):
        command("plot", "multiply.while", "x1=0:2:5", "x2=1", "--modes", "0", "-o", name)
    assert (folder / "first.svg").read_bytes() == (folder / "second.svg").read_bytes()


def test_the_derivative_chosen_is_named(command: Runner, folder: Path) -> None:
    arguments = ("x1=0:2:5", "x2=0:2:5", "--modes", "0", "--derivative", "x2", "-o", "figure.svg")
    assert command("plot", "multiply.while", *arguments).code == 0
    assert "<!-- d x0 / d x2 -->" in (folder / "figure.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("smooth", [0, 2, "inf"])
def test_values_and_derivatives_are_those_of_a_run(smooth: int | str) -> None:
    options = Options(smooth=smooth, steepness=0.8)  # type: ignore[arg-type]
    found = sample(request("multiply.while", "x1=0:2.7:4", "x2=0.5:2:3", modes=(options,)))
    (panel,) = found.panels
    assert found.output == "x0"
    assert panel.derivatives is not None
    points = [(a, b) for a in panel.points[0] for b in panel.points[1]]
    assert len(points) == len(panel.values) == 12
    for i, (x1, x2) in enumerate(points):
        run = whilec.run(
            str(ROOT / "programs/multiply.while"),
            {"x1": x1, "x2": x2},
            jacobian=True,
            smooth=smooth,
            steepness=0.8,
        )
        assert panel.values[i] == pytest.approx(run.outputs["x0"], rel=1e-9, abs=1e-12)
        assert run.jacobian is not None
        slopes = [derivative[i] for derivative in panel.derivatives]
        wanted = [run.jacobian["x0"][name] for name in ("x1", "x2")]
        assert slopes == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_hard_mode_has_whole_inputs_where_they_are_int() -> None:
    text = "PROGRAM p(n: int, x: real) -> y: real\ny := n * x"
    found = sample(request(text, "n=0.5:3", "x=0:1:3", modes=(Options(smooth="hard"),)))
    (panel,) = found.panels
    assert panel.points == ([1.0, 2.0, 3.0], [0.0, 0.5, 1.0])
    assert not panel.is_whole
    assert panel.derivatives is None
    assert panel.values == [n * x for n in (1, 2, 3) for x in (0, 0.5, 1)]


def test_a_long_range_of_whole_numbers_is_thinned() -> None:
    assert Axis("n", (), 0, 1000, 5).whole_points(65) == [0, 250, 500, 750, 1000]
    assert Axis("n", (), -1.5, 2).whole_points(65) == [-1, 0, 1, 2]


def test_elements_of_arrays_vary() -> None:
    text = "PROGRAM p(a: real[n]) -> b: real[n]\nFOR i FROM 0 TO n - 1 DO b[i] := a[i] * a[0] END"
    arguments = ("a=[1, 2, 3]", "a[0]=1:3:3", "a[2]=0:4:2")
    asked = request(text, *arguments, modes=(Options(smooth=0),), output=("b", (2,)))
    found = sample(asked)
    (panel,) = found.panels
    assert [axis.label for axis in found.axes] == ["a[0]", "a[2]"]
    assert found.output == "b[2]"
    assert panel.values == [0, 4, 0, 8, 0, 12]
    assert panel.derivatives == ([0, 4, 0, 4, 0, 4], [1, 1, 2, 2, 3, 3])


def test_a_parameter_varies_and_an_output_without_slope_has_derivative_0() -> None:
    text = "PROGRAM p(x: real) -> y: real, c: int\nPARAM w: real = 2.0\ny := w * x\nc := 4"
    modes = (Options(smooth=1),)
    (panel,) = sample(request(text, "w=0:1:2", "x=3", modes=modes)).panels
    assert panel.derivatives == ([3, 3],)
    (flat,) = sample(request(text, "x=0:1:2", modes=modes, output=("c", ()))).panels
    assert (flat.values, flat.derivatives) == ([4, 4], ([0, 0],))


def test_parts_of_a_batch_give_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    modes = (Options(smooth="inf", steepness=5, max_trips=30),)
    asked = request("multiply.while", "x1=0:8:9", "x2=1:2.5:2", modes=modes)
    ticks: list[int] = []
    whole = sample(asked)
    monkeypatch.setattr("whilec.driver.sampling.ROWS", 4)
    parts = sample(asked, ticks.append)
    assert ticks == [4, 4, 4, 4, 2]
    assert parts.panels[0].values == pytest.approx(whole.panels[0].values)
    assert whole.diagnostics[0].title == "this loop was stopped after 30 trips in 50% of its runs"
    assert parts.diagnostics == whole.diagnostics
    assert "in mode inf" in whole.diagnostics[0].notes


def test_colours() -> None:
    panel = Panel(Options(), ([0.0, 1.0],), False, [0.0, 0.0], ([3.0, 0.0], [-4.0, 1.0]))
    assert Colouring(None).of(panel) == [5.0, 1.0]
    assert Colouring(1).of(panel) == [-4.0, 1.0]
    hard = Panel(Options(smooth="hard"), ([0.0],), True, [0.0], None)
    assert Colouring(None).of(hard) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0])
@pytest.mark.parametrize("axes", [("x1=0:1:2",), ("x1=0:1:2", "x2=0:1:2")])
def test_numbers_that_are_not_finite_can_be_drawn(
    tmp_path: Path, value: float, axes: tuple[str, ...]
) -> None:
    _, read = read_axes(axes)
    count = 2 ** len(read)
    points = tuple(axis.points(2) for axis in read)
    derivatives = tuple([value] * count for _ in read)
    panel = Panel(Options(), points, False, [1.0, *[value] * (count - 1)], derivatives)
    pictures.write_picture(str(tmp_path / "p.svg"), Plot(read, "x0", (panel,), ()), Colouring(None))
    assert (tmp_path / "p.svg").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("x1=0:8", "-o", "p.bmp"), "E0644"),
        (("x1=0:8", "-o", "missing/p.png"), "E0644"),
        (("x1=0:8", "-o", "."), "E0644"),
        (("x1=3", "-o", "p.png"), "E0641"),
        (("x1=0:1", "x2=0:1", "x3=0:1", "-o", "p.png"), "E0641"),
        (("x1=0:1", "x1=2", "-o", "p.png"), "E0656"),
        (("x1=0:1", "x1=2:3", "-o", "p.png"), "E0656"),
        (("x1=0:0", "-o", "p.png"), "E0640"),
        (("x1=0:1:1", "-o", "p.png"), "E0640"),
        (("x1=0:1:2.5", "-o", "p.png"), "E0640"),
        (("x1=0:1:2:3", "-o", "p.png"), "E0640"),
        (("x1=0:[1]", "-o", "p.png"), "E0640"),
        (("x1=0:1e16", "-o", "p.png"), "E0640"),
        (("x1=0:1" + "0" * 400, "-o", "p.png"), "E0640"),
        (("x1=0:1:250001", "-o", "p.png"), "E0640"),
        (("x1[0]=0:1", "-o", "p.png"), "E0640"),
        (("1x=0:1", "-o", "p.png"), "E0640"),
        (("x1=0.2:0.8", "-o", "p.png"), "E0640"),
        (("x1=:1", "-o", "p.png"), "E0651"),
        (("x1=0:nan", "-o", "p.png"), "E0652"),
        (("x7=0:1", "-o", "p.png"), "E0654"),
        (("x1=0:1", "--outputs", "x0,x3", "-o", "p.png"), "E0642"),
        (("x1=0:1", "--outputs", "x0[1]", "-o", "p.png"), "E0642"),
        (("x1=0:1", "--derivative", "x2", "-o", "p.png"), "E0645"),
        (("x1=0:1", "--modes", "0,soft", "-o", "p.png"), "E0420"),
        (("x1=0:1", "--steepness", "-1", "-o", "p.png"), "E0421"),
    ],
)
def test_errors(command: Runner, folder: Path, arguments: tuple[str, ...], code: str) -> None:
    finished = command("plot", "multiply.while", *arguments)
    assert finished.code == 1
    assert finished.out == ""
    assert re.findall(r"error\[(E\d+)\]", finished.err) == [code]
    assert not list(folder.glob("p.*"))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("a=0:1", "factor=1"), "E0640"),
        (("a[0]=0:1", "factor=1"), "E0640"),
        (("a[2]=0:1", "a=[1, 2]", "factor=1"), "E0640"),
        (("a=[1, 2]", "factor=0:1"), "E0642"),
        (("a=[1, 2]", "factor=0:1", "--outputs", "b[2]"), "E0642"),
        (("a=[1, 2]", "w=0:1"), "E0655"),
    ],
)
def test_errors_about_arrays(command: Runner, folder: Path, arguments: tuple[str, ...], code: str) -> None:
    finished = command("plot", "scale.while", *arguments, "--modes", "0", "-o", "p.png")
    assert (finished.code, re.findall(r"error\[(E\d+)\]", finished.err)) == (1, [code])


def test_points_have_a_limit() -> None:
    side = int(MAX_POINTS**0.5)
    assert read_axes((f"x=0:1:{side}", f"y=0:1:{side}"))[1][0].steps == side
    with pytest.raises(whilec.WhileError, match="E0640"):
        read_axes((f"x=0:1:{side + 1}", f"y=0:1:{side + 1}"))


def test_matplotlib_may_be_missing(command: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "find_spec", lambda _: None)
    finished = command("plot", "multiply.while", "x1=0:1", "-o", "p.png")
    assert finished.code == 1
    assert "error[E0643]" in finished.err
    assert "pip install 'matplotlib>=3.9'" in finished.err


def test_a_picture_that_cannot_be_written_leaves_the_old_one(
    command: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "p.svg").write_text("old", encoding="utf-8")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    finished = command("plot", "multiply.while", "x1=0:1:3", "--modes", "0", "-o", "p.svg")
    assert finished.code == 1
    assert "error[E0644]: `p.svg` cannot be written: no space left on device" in finished.err
    assert (folder / "p.svg").read_text(encoding="utf-8") == "old"
    assert list(folder.glob(".*.tmp")) == []


def test_a_file_is_needed(command: Runner, folder: Path) -> None:
    assert command("plot", "multiply.while", "x1=0:1").code == 2
