"""`python -m algonet_runtime.rendering`: pictures of meshes from several sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import click

from algonet_runtime.rendering.command_line import (
    SETTINGS,
    UPWARD,
    check_output,
    progress,
    read_mesh,
    reported,
)

_ABOVE_0 = click.FloatRange(min=0, min_open=True)
_ANGLE = click.FloatRange(0, 180, min_open=True, max_open=True)

_REMARKS = {"disc": "", "paper": " paper"}
"""What a label says of a support."""


@click.command(
    context_settings=SETTINGS,
    epilog="`python -m algonet_runtime.rendering.fit --help` fits a sphere to silhouettes of a mesh. Exit "
    "codes: 0 success, 1 a file that cannot be read or written, 2 wrong usage.",
)
@click.argument("meshes", nargs=-1, required=True, metavar="MESH...")
@click.option(
    "-o", "--output", required=True, metavar="FILE|FOLDER", help="A .png, or a folder: one .png per mesh."
)
@click.option("--views", default=4, show_default=True, type=click.IntRange(1, 64), help="Angles around it.")
@click.option("--size", default=256, show_default=True, type=click.IntRange(1, 4096), help="Pixels a side.")
@click.option("--steepness", type=_ABOVE_0, metavar="S", help="Of edges. Default: twice the size.")
@click.option(
    "--opacity", default=50.0, show_default=True, type=_ABOVE_0, metavar="O", help="Of what is in front."
)
@click.option(
    "--compare", type=click.Choice(["paper"]), help="A further row with the support as it is printed."
)
@click.option("--elevation", default=20.0, show_default=True, metavar="DEGREES", help="Of the camera.")
@click.option("--azimuth", default=0.0, show_default=True, metavar="DEGREES", help="Of the first view.")
@click.option(
    "--fov", default=40.0, show_default=True, type=_ANGLE, metavar="DEGREES", help="Vertical angle of view."
)
@click.option("--distance", default=2.3, show_default=True, type=_ABOVE_0, help="Of the camera.")
@click.option("--background", default=0.0, show_default=True, type=click.FloatRange(0, 1), help="Its grey.")
@click.option("--two-sided", is_flag=True, help="Light the back of faces as their front.")
@click.option("--silhouette", is_flag=True, help="Draw silhouettes in place of shaded pictures.")
@click.option("--up", "upward", type=UPWARD, default="y", show_default=True, help="What is up in the files.")
def render(meshes: tuple[str, ...], output: str, compare: str | None, **given: Any) -> None:
    """Render each MESH (.obj, .off, .ply, .glb, .gltf) from several sides into a picture.

    Every mesh is moved and scaled into the unit cube. There is a row for each mesh, with the views side by
    side.
    """
    files = _outputs(meshes, output)
    with reported():
        _render(files, ("disc",) if compare is None else ("disc", compare), **given)
    for file, paths in files.items():
        click.echo(f"{file}: {', '.join(paths)}")


def _render(files: Mapping[Path, Sequence[str]], supports: Sequence[Any], **given: Any) -> None:
    """Write each file, which has the pictures of some meshes."""
    import torch

    from algonet_runtime.rendering.camera import Camera
    from algonet_runtime.rendering.images import contact_sheet, load_pillow, save_png
    from algonet_runtime.rendering.renderer import Lighting, SmoothRenderer

    load_pillow("Image")
    views = given["views"]
    options = {name: given[name] for name in ("size", "steepness", "opacity", "background")}
    renderers = {support: SmoothRenderer(support=support, **options) for support in supports}
    azimuths = [given["azimuth"] + 360 * view / views for view in range(views)]
    orbit = (given["distance"], given["elevation"])
    cameras = {azimuth: Camera.orbit(*orbit, azimuth, fov=given["fov"]) for azimuth in azimuths}
    light = Lighting(two_sided=given["two_sided"])
    read = {path: read_mesh(path, given["upward"]) for paths in files.values() for path in paths}
    with progress("rendering", len(read) * len(renderers) * views) as advance, torch.no_grad():
        for file, paths in files.items():
            pictures: list[torch.Tensor] = []
            labels: list[str] = []
            for path, support, azimuth in product(paths, renderers, azimuths):
                if given["silhouette"]:
                    pictures.append(renderers[support].silhouette(read[path], cameras[azimuth]))
                else:
                    pictures.append(renderers[support](read[path], cameras[azimuth], light).image)
                labels.append(f"{Path(path).stem} {azimuth % 360:g}\u00b0{_REMARKS[support]}")
                advance()
            save_png(file, contact_sheet(pictures, columns=views, labels=labels))


def _outputs(meshes: Sequence[str], output: str) -> dict[Path, list[str]]:
    """The meshes that each file shows.

    Raises:
        click.UsageError: There cannot be such a file, or it would show two meshes of a folder.
    """
    if not Path(output).is_dir():
        if not Path(output).suffix:
            raise click.UsageError(f"-o: `{output}` is no .png, and no folder that exists; make it first")
        return {check_output("-o", output, (".png",)): list(dict.fromkeys(meshes))}
    files: dict[Path, list[str]] = {}
    for path in dict.fromkeys(meshes):
        others = files.setdefault(Path(output, f"{Path(path).stem}.png"), [])
        others.append(path)
        if len(others) > 1:
            message = f"`{others[0]}` and `{path}` would both be `{Path(path).stem}.png` in `{output}`"
            raise click.UsageError(f"-o: {message}; render them one by one")
    return files


if __name__ == "__main__":
    render()
