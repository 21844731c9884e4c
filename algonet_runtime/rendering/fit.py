"""`python -m algonet_runtime.rendering.fit`: a sphere is fitted to silhouettes of a mesh."""

from __future__ import annotations

from collections.abc import Callable
from math import asin, ceil, degrees
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from algonet_runtime.rendering.command_line import (
    SETTINGS,
    UPWARD,
    check_output,
    progress,
    read_mesh,
    reported,
)

if TYPE_CHECKING:
    from torch import Tensor

    from algonet_runtime.rendering.camera import Camera
    from algonet_runtime.rendering.mesh import Mesh

_DISTANCE = 2.3
"""Of the cameras from the middle of the unit cube."""

_PIXELS = 128
"""Size of the pictures that are shown."""

_FRAME_VIEWS = 4
_SHEET_VIEWS = 8
"""How many views are shown at most."""

_MARGIN = 1.04
"""How much larger the picture is than the sphere around the mesh."""


@click.command(
    context_settings=SETTINGS,
    epilog="`python -m algonet_runtime.rendering --help` renders meshes. Exit codes: 0 success, 1 a file "
    "that cannot be read or written, 2 wrong usage.",
)
@click.argument("path", metavar="MESH")
@click.option("-o", "--output", required=True, metavar="FILE.gif", help="How the sphere bends, step by step.")
@click.option("--sheet", metavar="FILE.png", help="The result. Default: as the GIF, with the ending .png.")
@click.option("--mesh", "result", metavar="FILE", help="Also save the fitted mesh: .obj, .off, .ply or .glb.")
@click.option("--views", default=4, show_default=True, type=click.IntRange(1, 64), help="To fit to.")
@click.option("--size", default=64, show_default=True, type=click.IntRange(8, 1024), help="Pixels a side.")
@click.option("--steps", default=400, show_default=True, type=click.IntRange(1, 100_000), help="Of Adam.")
@click.option("--level", default=3, show_default=True, type=click.IntRange(1, 5), help="Of the icosphere.")
@click.option(
    "--smoothness", default=0.15, show_default=True, type=click.FloatRange(min=0), help="Against folds."
)
@click.option("--elevation", default=30.0, show_default=True, metavar="DEGREES", help="Of the cameras.")
@click.option("--frames", default=40, show_default=True, type=click.IntRange(1, 1000), help="Of the GIF.")
@click.option("--up", "upward", type=UPWARD, default="y", show_default=True, help="What is up in the file.")
def fit(path: str, output: str, sheet: str | None, result: str | None, **given: Any) -> None:
    """Fit a sphere to silhouettes of MESH (.obj, .off, .ply, .glb, .gltf) from several sides.

    Prints the intersection over union of the silhouettes, from the sides that it was fitted to, and from
    those halfway between, which it never saw. The sheet has rows with the mesh, with the fit, and with the
    silhouettes of both. The mesh is moved and scaled into the unit cube.
    """
    animation = check_output("-o", output, (".gif",))
    picture = animation.with_suffix(".png") if sheet is None else check_output("--sheet", sheet, (".png",))
    saved = None if result is None else check_output("--mesh", result, (".obj", ".off", ".ply", ".glb"))
    with reported():
        _fit(read_mesh(path, given["upward"]), animation, picture, saved, **given)


def _fit(mesh: Mesh, animation: Path, picture: Path, saved: Path | None, **given: Any) -> None:
    from algonet_runtime.rendering.fitting import FitOptions, Progress, Views, fit_silhouettes, masks
    from algonet_runtime.rendering.images import contact_sheet, load_pillow, save_gif, save_png
    from algonet_runtime.rendering.mesh_files import save_mesh

    load_pillow("Image")
    views, steps = given["views"], given["steps"]
    orbit = _orbit(mesh, given["elevation"])
    azimuths = [180 * place / views for place in range(2 * views)]
    training, unseen = (
        Views(camera, masks(mesh, camera, given["size"]))
        for camera in (orbit(azimuths[::2]), orbit(azimuths[1::2]))
    )
    if not bool(training.silhouettes.any()):
        raise click.ClickException("the mesh has no silhouette to fit to: it covers no pixel from any side")
    options = FitOptions(level=given["level"], steps=steps, smoothness=given["smoothness"])
    frames: list[Tensor] = []
    few = orbit(azimuths[: 2 * _FRAME_VIEWS : 2])
    wanted = list(masks(mesh, few, _PIXELS))
    every = ceil(steps / given["frames"])
    with progress("fitting", steps) as advance:

        def tick(now: Progress) -> None:
            if now.step in (1, steps) or now.step % every == 0:
                frames.append(contact_sheet([*wanted, *_shaded(now.mesh, few)], columns=len(wanted)))
            advance()

        found = fit_silhouettes(training, unseen, options, on_step=tick)
    save_gif(animation, frames, duration_ms=80)
    save_png(picture, _sheet(mesh, found.mesh, orbit, azimuths[:_SHEET_VIEWS]))
    if saved is not None:
        save_mesh(found.mesh, saved)
    click.echo(f"IoU of silhouettes, {views} training views: {found.training_iou:.3f}")
    click.echo(f"IoU of silhouettes, {views} unseen views: {found.unseen_iou:.3f}")
    for file in (animation, picture, saved):
        if file is not None:
            click.echo(f"{file}")


def _orbit(mesh: Mesh, elevation: float) -> Callable[[list[float]], Camera]:
    """Cameras by their azimuths; the mesh fills their pictures."""
    import torch

    from algonet_runtime.rendering.camera import Camera

    radius = max(float(mesh.triangles().square().sum(-1).max()) ** 0.5, 0.01)
    fov = 2 * _MARGIN * degrees(asin(radius / _DISTANCE))
    return lambda azimuths: Camera.orbit(_DISTANCE, elevation, torch.tensor(azimuths), fov=fov)


def _sheet(mesh: Mesh, fitted: Mesh, orbit: Callable[[list[float]], Camera], azimuths: list[float]) -> Tensor:
    """The mesh and the fit, shaded and as silhouettes."""
    from algonet_runtime.rendering.fitting import masks
    from algonet_runtime.rendering.images import contact_sheet

    camera = orbit(azimuths)
    shapes = {"mesh": mesh, "fit": fitted}
    pictures = [
        *(picture for shape in shapes.values() for picture in _shaded(shape, camera)),
        *(picture for shape in shapes.values() for picture in masks(shape, camera, _PIXELS)),
    ]
    remarks = [("" if place % 2 == 0 else ", unseen") for place in range(len(azimuths))]
    labels = [
        f"{name} {azimuth:g}\u00b0{remark}"
        for name in (*shapes, *shapes)
        for azimuth, remark in zip(azimuths, remarks, strict=True)
    ]
    return contact_sheet(pictures, columns=len(azimuths), labels=labels)


def _shaded(mesh: Mesh, camera: Camera) -> Tensor:
    """Grey pictures, whatever colours the mesh has."""
    import torch

    from algonet_runtime.rendering.mesh import Mesh
    from algonet_runtime.rendering.renderer import Lighting, SmoothRenderer

    with torch.no_grad():
        grey = Mesh(mesh.vertices, mesh.faces, mesh.face_mask)
        return SmoothRenderer(_PIXELS)(grey, camera, Lighting(two_sided=True)).image


if __name__ == "__main__":
    fit()
