"""Draw the pictures of `rendering.md`: a rabbit, hidden faces, and a sphere that becomes a car.

It reads the meshes of a folder that is not part of this repository: `python make_rendering.py FOLDER`, with
`classic/bunny.obj` and `car/NormalCar1.obj` in it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from algonet_runtime import render_image
from algonet_runtime.rendering import Camera, SmoothRenderer, load_mesh
from algonet_runtime.rendering.images import contact_sheet, save_png

HERE = Path(__file__).resolve().parent
SIZE = 160


def rabbit(folder: Path) -> None:
    """Two steepnesses by two opacities, and both supports."""
    mesh = load_mesh(folder / "classic" / "bunny.obj", normalise=True)
    camera = Camera.orbit(1.9, 15.0, 20.0, fov=40.0)
    cases: list[tuple[Any, float, float]] = [
        *((support, s, o) for support in ("disc",) for s in (40.0, 320.0) for o in (3.0, 300.0)),
        *(("paper", s, 300.0) for s in (320.0, 2000.0)),
    ]
    images: list[Tensor] = []
    for support, steepness, opacity in cases:
        renderer = SmoothRenderer(SIZE, steepness=steepness, opacity=opacity, support=support)
        with torch.no_grad():
            images.append(renderer(mesh, camera).image)
    labels = [f"{support}, s {s:g}, o {o:g}" for support, s, o in cases]
    save_png(HERE / "rendering_bunny.png", contact_sheet(images, columns=6, labels=labels))


def hidden() -> None:
    """A bright face behind a dark one, drawn in front by following the gradient by its depth."""
    front = torch.tensor([[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [0.0, 1.2, 0.0]])
    back = front * 0.7 - torch.tensor([0.0, 0.0, 0.3])
    faces, colour = torch.tensor([[0, 1, 2], [3, 4, 5]]), torch.tensor([0.25, 0.95])
    eye, depth = torch.tensor([0.0, 0.0, 3.0]), torch.zeros(3, requires_grad=True)
    optimiser = torch.optim.Adam([depth], lr=0.03)
    images: list[Tensor] = []
    for step in range(31):
        moved = back + torch.stack((torch.zeros(3), torch.zeros(3), depth), -1)
        picture = render_image(torch.cat((front, moved)), faces, eye, size=SIZE, colour=colour, opacity=20.0)
        if step % 6 == 0:
            images.append(picture.detach())
        optimiser.zero_grad()
        (picture[70:100, 65:95] - 0.95).square().sum().backward()
        optimiser.step()
    save_png(
        HERE / "rendering_hidden.png",
        contact_sheet(images, columns=6, labels=[f"step {6 * i}" for i in range(len(images))]),
    )


def car(folder: Path) -> None:
    """The sheet of a fit."""
    arguments = [str(folder / "car" / "NormalCar1.obj"), "-o", str(HERE / "rendering_fit.gif"), "--up", "z"]
    command = [sys.executable, "-m", "algonet_runtime.rendering.fit", *arguments]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    rabbit(Path(sys.argv[1]))
    hidden()
    car(Path(sys.argv[1]))
