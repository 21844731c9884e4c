"""`python -m algonet_runtime.rendering`, and `.fit`: pictures, exit codes and messages."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click
import pytest

from algonet_runtime.rendering.__main__ import render
from algonet_runtime.rendering.command_line import progress
from algonet_runtime.rendering.fit import fit
from algonet_runtime.rendering.mesh_files import load_mesh
from tests.command_line import Finished
from tests.repository import ROOT

pillow: Any = pytest.importorskip("PIL.Image", reason="pictures need pillow")

MESHES = ROOT.parent / "shared/data/meshes"
SHARED = sorted(path for path in MESHES.rglob("*") if path.suffix in (".obj", ".glb"))

TETRAHEDRON = """
v -0.7 -0.5 0.4
v 0.8 -0.5 0.3
v 0.0 -0.4 -0.7
v 0.1 0.8 0.0
f 1 3 2
f 1 2 4
f 2 3 4
f 3 1 4
"""

Run: TypeAlias = Callable[..., Finished]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command with these arguments."""

    def call(command: click.Command, *arguments: object) -> Finished:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            command.main([str(each) for each in arguments], prog_name="rendering")
        out, err = capsys.readouterr()
        return Finished(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    """A file of a tetrahedron."""
    path = tmp_path / "pyramid.obj"
    path.write_text(TETRAHEDRON, encoding="utf-8")
    return path


def pixels(path: Path) -> bytes:
    with pillow.open(path) as picture:
        return picture.tobytes()


@pytest.mark.skipif(not SHARED, reason="there are no meshes in ../shared/data/meshes")
@pytest.mark.parametrize("path", SHARED or [MESHES], ids=lambda path: path.name)
def test_every_shared_mesh_is_rendered(run: Run, tmp_path: Path, path: Path) -> None:
    if path.suffix == ".glb":
        pytest.importorskip("trimesh", reason="GLB files need trimesh")
    finished = run(render, path, "-o", tmp_path, "--views", 2, "--size", 12)
    picture = tmp_path / f"{path.stem}.png"
    assert finished == (0, f"{picture}: {path}\n", "")
    assert len(set(pixels(picture))) > 5


def test_views_are_columns_and_meshes_are_rows(run: Run, mesh: Path, tmp_path: Path) -> None:
    other = mesh.with_name("other.obj")
    other.write_text(TETRAHEDRON.replace("0.8", "1.8"), encoding="utf-8")
    picture = tmp_path / "out.png"
    options = ("--views", 3, "--size", 16, "--compare", "paper")
    finished = run(render, mesh, other, "-o", picture, *options)
    assert finished == (0, f"{picture}: {mesh}, {other}\n", "")
    with pillow.open(picture) as image:
        assert image.size == (2 + 3 * 18, 2 + 4 * (16 + 15 + 2))
        bands = [image.crop((0, 2 + 33 * row, 56, 18 + 33 * row)).tobytes() for row in range(4)]
    assert len(set(bands)) == 4


def test_a_folder_gets_a_picture_of_each_mesh(run: Run, mesh: Path, tmp_path: Path) -> None:
    other = mesh.with_name("other.obj")
    other.write_text(TETRAHEDRON, encoding="utf-8")
    finished = run(render, mesh, other, "-o", tmp_path, "--views", 1, "--size", 8)
    pictures = [tmp_path / "pyramid.png", tmp_path / "other.png"]
    assert finished == (0, f"{pictures[0]}: {mesh}\n{pictures[1]}: {other}\n", "")
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)


@pytest.mark.parametrize(
    "option",
    [
        ("--steepness", "8"),
        ("--opacity", "0.5"),
        ("--elevation", "-30"),
        ("--azimuth", "45"),
        ("--fov", "60"),
        ("--distance", "4"),
        ("--background", "0.5"),
        ("--silhouette",),
        ("--up", "z"),
    ],
    ids=lambda option: option[0],
)
def test_every_option_changes_the_picture(
    run: Run, mesh: Path, tmp_path: Path, option: tuple[str, ...]
) -> None:
    for name, more in (("plain", ()), ("changed", option)):
        arguments = (mesh, "-o", tmp_path / f"{name}.png", "--views", 1, "--size", 16, *more)
        assert run(render, *arguments).code == 0
    assert pixels(tmp_path / "plain.png") != pixels(tmp_path / "changed.png")


def test_two_sided_lights_the_back_of_faces(run: Run, mesh: Path, tmp_path: Path) -> None:
    inward = mesh.with_name("inward.obj")
    faces = {"f 1 3 2": "f 1 2 3", "f 1 2 4": "f 1 4 2", "f 2 3 4": "f 2 4 3", "f 3 1 4": "f 3 4 1"}
    inward.write_text("\n".join(faces.get(line, line) for line in TETRAHEDRON.splitlines()))
    means: dict[str, float] = {}
    for name, more in (("plain", ()), ("both", ("--two-sided",))):
        run(render, inward, "-o", tmp_path / f"{name}.png", "--views", 1, "--size", 16, *more)
        with pillow.open(tmp_path / f"{name}.png") as image:
            band = image.crop((2, 2, 18, 18)).tobytes()
        means[name] = sum(band) / len(band)
    assert means["both"] > 1.1 * means["plain"]


def test_a_fit(run: Run, mesh: Path, tmp_path: Path) -> None:
    options = ("--views", 2, "--size", 12, "--steps", 7, "--level", 1, "--frames", 3)
    film, sheet, saved = tmp_path / "fit.gif", tmp_path / "fit.png", tmp_path / "fitted.off"
    finished = run(fit, mesh, "-o", film, "--mesh", saved, *options)
    assert (finished.code, finished.err) == (0, "")
    lines = finished.out.splitlines()
    assert lines[2:] == [str(film), str(sheet), str(saved)]
    for line, which in zip(lines, ("training", "unseen"), strict=False):
        found = re.fullmatch(rf"IoU of silhouettes, 2 {which} views: (0\.\d{{3}}|1\.000)", line)
        assert found is not None
        assert float(found[1]) > 0.3
    with pillow.open(film) as image:
        assert image.n_frames == 4
        assert image.size == (2 + 2 * 130, 2 + 2 * 130)
    with pillow.open(sheet) as image:
        assert image.size == (2 + 4 * 130, 2 + 4 * 145)
    assert load_mesh(saved).vertices.shape == (42, 3)


BROKEN = {
    "empty.obj": b"",
    "text.obj": b"this is no mesh\n",
    "points.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\n",
    "corner.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n",
    "nan.obj": b"v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
    "bytes.obj": bytes(range(256)),
    "bytes.glb": b"glTF\x02\x00\x00\x00" + bytes(range(256)),
    "bytes.ply": b"ply\nformat ascii 1.0\nelement vertex 3\nend_header\n",
    "bytes.off": b"OFF\n3 1 0\n0 0 0\n",
    "mesh.stl": b"solid\n",
    "mesh": b"v 0 0 0\n",
}


@pytest.mark.parametrize("command", [render, fit], ids=["render", "fit"])
@pytest.mark.parametrize("name", [*BROKEN, "missing.obj", "folder.obj"])
def test_broken_files_are_named(run: Run, tmp_path: Path, name: str, command: click.Command) -> None:
    if name.endswith((".glb", ".ply")):
        pytest.importorskip("trimesh", reason="PLY and GLB files need trimesh")
    path = tmp_path / name
    if name in BROKEN:
        path.write_bytes(BROKEN[name])
    elif name == "folder.obj":
        path.mkdir()
    finished = run(command, path, "-o", tmp_path / ("out.png" if command is render else "out.gif"))
    assert (finished.code, finished.out) == (1, "")
    assert finished.err.startswith("Error: load_mesh: ")
    assert str(path) in finished.err
    assert finished.err.count("\n") == 1
    assert not list(tmp_path.glob("out.*"))


def test_one_broken_file_among_others_ends_the_command_early(run: Run, mesh: Path, tmp_path: Path) -> None:
    assert run(render, mesh, tmp_path / "missing.obj", "-o", tmp_path, "--size", 4).code == 1
    assert not list(tmp_path.glob("*.png"))


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (render, ("-o", "{folder}/p.png"), "Missing argument 'MESH...'"),
        (render, ("{mesh}",), "Missing option '-o'"),
        (render, ("{mesh}", "-o", "{folder}/p.jpg"), "-o: `{folder}/p.jpg` must end in .png"),
        (render, ("{mesh}", "-o", "{folder}/no/p.png"), "-o: the folder `{folder}/no` does not exist"),
        (render, ("{mesh}", "/elsewhere/pyramid.obj", "-o", "{folder}"), "would both be `pyramid.png`"),
        (render, ("{mesh}", "-o", "{folder}/p.png", "--views", "0"), "'--views'"),
        (render, ("{mesh}", "-o", "{folder}/p.png", "--size", "1.5"), "'--size'"),
        (render, ("{mesh}", "-o", "{folder}/p.png", "--steepness", "0"), "'--steepness'"),
        (render, ("{mesh}", "-o", "{folder}/p.png", "--opacity", "x"), "'--opacity'"),
        (render, ("{mesh}", "-o", "{folder}/p.png", "--fov", "180"), "'--fov'"),
        (render, ("{mesh}", "-o", "{folder}/p.png", "--compare", "disc"), "'--compare'"),
        (render, ("{mesh}", "-o", "{folder}/p.png", "--colour"), "No such option"),
        (fit, ("{mesh}", "-o", "{folder}/p.png"), "-o: `{folder}/p.png` must end in .gif"),
        (fit, ("{mesh}", "-o", "{folder}/p.gif", "--sheet", "p.bmp"), "--sheet: `p.bmp` must end in .png"),
        (fit, ("{mesh}", "-o", "{folder}/p.gif", "--mesh", "p.stl"), "--mesh: `p.stl` must end in .obj or"),
        (fit, ("{mesh}", "-o", "{folder}"), "-o: `{folder}` is a folder; name a file in it"),
        (fit, ("{mesh}", "-o", "{folder}/p.gif", "--steps", "0"), "'--steps'"),
        (fit, ("{mesh}", "{mesh}", "-o", "{folder}/p.gif"), "unexpected extra argument"),
    ],
)
def test_wrong_usage(
    run: Run, mesh: Path, tmp_path: Path, command: click.Command, arguments: tuple[str, ...], message: str
) -> None:
    finished = run(command, *(each.format(mesh=mesh, folder=tmp_path) for each in arguments))
    assert (finished.code, finished.out) == (2, "")
    assert message.format(folder=tmp_path) in finished.err
    assert list(tmp_path.iterdir()) == [mesh]


def test_numbers_that_no_camera_has_are_named(run: Run, mesh: Path, tmp_path: Path) -> None:
    finished = run(render, mesh, "-o", tmp_path / "p.png", "--elevation", "nan")
    assert (finished.code, finished.out) == (1, "")
    assert "`elevation` must be a finite number, not nan" in finished.err


def test_a_mesh_that_cannot_be_seen_has_nothing_to_fit_to(run: Run, mesh: Path, tmp_path: Path) -> None:
    mesh.write_text("v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n", encoding="utf-8")
    finished = run(fit, mesh, "-o", tmp_path / "p.gif")
    assert (finished.code, finished.out) == (1, "")
    assert "has no silhouette to fit to" in finished.err
    assert run(render, mesh, "-o", tmp_path / "p.png", "--size", 8).code == 0


def test_a_picture_that_cannot_be_written(
    run: Run, mesh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    finished = run(render, mesh, "-o", tmp_path / "p.png", "--views", 1, "--size", 8)
    assert (finished.code, finished.out) == (1, "")
    assert f"`{tmp_path / 'p.png'}` cannot be written (No space left on device)" in finished.err
    assert list(tmp_path.iterdir()) == [mesh]


@pytest.mark.parametrize(("command", "suffix"), [(render, "png"), (fit, "gif")], ids=["render", "fit"])
def test_pillow_may_be_missing(
    run: Run, mesh: Path, monkeypatch: pytest.MonkeyPatch, command: click.Command, suffix: str
) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    finished = run(command, mesh, "-o", mesh.with_suffix(f".{suffix}"))
    assert (finished.code, finished.out) == (1, "")
    assert "pip install 'whilec[rendering]'" in finished.err


def test_progress_is_shown_on_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with progress("bending", 2) as advance:
        advance()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with progress("bending", 2) as advance:
        advance()
        advance()
    out, err = capsys.readouterr()
    assert out == ""
    assert "bending" in err
    assert "100%" in err
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    with pytest.raises(ImportError, match=r"pip install 'whilec\[rendering\]'"), progress("bending", 2):
        pass


@pytest.mark.parametrize(
    ("module", "suffix", "options"),
    [("rendering", "png", ("--size", "8")), ("rendering.fit", "gif", ("--steps", "2", "--level", "1"))],
)
def test_as_modules(mesh: Path, module: str, suffix: str, options: tuple[str, ...]) -> None:
    base = [sys.executable, "-W", "error", "-m", f"algonet_runtime.{module}"]
    output = mesh.with_suffix(f".{suffix}")
    for arguments, code in (((str(mesh), "-o", str(output), "--views", "1", *options), 0), ((), 2)):
        run = subprocess.run([*base, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == code, run.stderr
        assert "Traceback" not in run.stderr
    assert output.is_file()


@pytest.mark.parametrize("command", [render, fit], ids=["render", "fit"])
def test_help_is_there_without_torch(run: Run, command: click.Command) -> None:
    finished = run(command, "--help")
    assert finished.code == 0
    assert "Exit codes" in " ".join(finished.out.split())
    imports = "import algonet_runtime.rendering.fit, algonet_runtime.rendering.__main__"
    code = f"{imports}; import sys; print('torch' in sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout == "False\n"
