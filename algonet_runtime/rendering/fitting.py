"""A sphere that is bent until its silhouettes are the wanted ones. Imports torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from algonet_runtime.annotations import Float, TensorType
from algonet_runtime.checks import check_count, check_positive, check_tensors
from algonet_runtime.errors import RangeError, ShapeError
from algonet_runtime.rendering.camera import Camera
from algonet_runtime.rendering.mesh import Mesh
from algonet_runtime.rendering.metrics import silhouette_iou
from algonet_runtime.rendering.regularisers import MeshRegulariser
from algonet_runtime.rendering.render_silhouette import render_silhouette
from algonet_runtime.rendering.shapes import icosphere

_CRISP = 16.0
"""Steepness of masks, in 1 / pixel: their edges are within an eighth of a pixel, and thin parts stay thin."""

_SILHOUETTES = TensorType("float", ("N", "H", "W"), is_batched=False)


@final
class Views(NamedTuple):
    """What cameras see of a shape.

    Args:
        camera: A batch of N cameras.
        silhouettes: (N, H, W), degrees in [0, 1] to which the shape covers pixels.
    """

    camera: Camera
    silhouettes: Float[Tensor, "N H W"]


@final
@dataclass(frozen=True)
class FitOptions:
    """How a mesh is fitted.

    Args:
        level: Of the icosphere that it starts from, in 0..7; 3 has 642 vertices.
        radius: Of that sphere, which is around 0.
        steps: Steps of Adam.
        learning_rate: How far a vertex moves in a step at most, about, in the unit of the vertices.
        smoothness: Weight of the penalty of `MeshRegulariser` beside 1 - IoU.
        first_steepness: Of the renderer at the start, in 1 / pixel: what is far from an edge learns of it.
        last_steepness: Of the last two fifths of the steps; between them it grows geometrically.

    Raises:
        RangeError: A value is out of range.
    """

    level: int = 3
    radius: float = 0.4
    steps: int = 400
    learning_rate: float = 0.01
    smoothness: float = 0.15
    first_steepness: float = 0.5
    last_steepness: float = 8.0

    def __post_init__(self) -> None:
        check_count("FitOptions", "level", self.level, 0, 7)
        check_count("FitOptions", "steps", self.steps, 1)
        for name in ("radius", "learning_rate", "first_steepness", "last_steepness"):
            check_positive("FitOptions", name, getattr(self, name))
        if not 0 <= self.smoothness < float("inf"):
            message = f"FitOptions: `smoothness` must be a finite number, at least 0, not {self.smoothness!r}"
            raise RangeError(message, "smoothness")

    def steepness(self, step: int) -> float:
        """Steepness of a step, counted from 0, in 1 / pixel."""
        progress = min(1.0, step / (0.6 * self.steps))
        return self.first_steepness * (self.last_steepness / self.first_steepness) ** progress


@final
class Progress(NamedTuple):
    """A fit after some steps.

    Args:
        step: How many.
        loss: 1 - IoU with the penalty, before the last one.
        mesh: After it.
    """

    step: int
    loss: float
    mesh: Mesh


@final
class Fit(NamedTuple):
    """A mesh that was fitted.

    Args:
        mesh: The bent sphere.
        training_iou: Mean over the views that it was fitted to of the silhouettes' IoU.
        unseen_iou: The same of other views; None if there are none.
    """

    mesh: Mesh
    training_iou: float
    unseen_iou: float | None


def fit_silhouettes(
    training: Views,
    unseen: Views | None = None,
    options: FitOptions | None = None,
    *,
    on_step: Callable[[Progress], None] | None = None,
) -> Fit:
    """Bend a sphere until its silhouettes are those of the views.

    Minimises, by offsets of the sphere's vertices, the mean of 1 - IoU of smooth silhouettes, with the
    penalty of `MeshRegulariser` on folds. The shape should be around 0, of about the size of the unit cube.

    Args:
        training: Views to fit to.
        unseen: Views that only the result is compared with.
        options: How to fit; None: `FitOptions()`.
        on_step: Called after every step.

    Returns:
        The mesh, in the dtype and on the device of the silhouettes, and how good it is.

    Raises:
        TypeMismatchError: Silhouettes are no tensor of floating-point numbers, or not where the camera is.
        ShapeError: There is not one camera for each silhouette.
        RangeError: A silhouette is not in [0, 1].
    """
    chosen = FitOptions() if options is None else options
    _check_views("training", training)
    if unseen is not None:
        _check_views("unseen", unseen)
    wanted = training.silhouettes
    sphere = icosphere(chosen.level, radius=chosen.radius).to(wanted.device, wanted.dtype)
    penalty = MeshRegulariser(sphere.faces, len(sphere.vertices))
    offsets = torch.zeros_like(sphere.vertices, requires_grad=True)
    optimiser: Any = torch.optim.Adam([offsets], lr=chosen.learning_rate, betas=(0.9, 0.99))
    for step in range(chosen.steps):
        mesh = sphere.with_vertices(sphere.vertices + offsets)
        seen = _silhouettes(mesh, training.camera, _size(wanted), chosen.steepness(step))
        misfit = 1 - silhouette_iou(seen, wanted, kind="soft").mean()
        loss = misfit + chosen.smoothness * penalty(mesh.vertices)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if on_step is not None:
            fitted = sphere.with_vertices(sphere.vertices + offsets.detach())
            on_step(Progress(step + 1, float(loss.detach()), fitted))
    fitted = sphere.with_vertices(sphere.vertices + offsets.detach())
    return Fit(fitted, _iou(fitted, training), None if unseen is None else _iou(fitted, unseen))


def masks(mesh: Mesh, camera: Camera, size: int | tuple[int, int]) -> Tensor:
    """Black and white silhouettes of a mesh: what a fit takes.

    Args:
        mesh: The mesh.
        camera: One or a batch.
        size: Pixels: one number, or (height, width).

    Returns:
        (*batch, H, W), 0 or 1, in the dtype of the mesh.

    Raises:
        ShapeError: Batch dimensions do not fit.
        RangeError: `size` is not of whole numbers above 0.
    """
    sides = (size, size) if isinstance(size, int) else size
    with torch.no_grad():
        return (_silhouettes(mesh, camera, sides, _CRISP) > 0.5).to(mesh.vertices.dtype)


def _silhouettes(mesh: Mesh, camera: Camera, size: tuple[int, int], per_pixel: float) -> Tensor:
    return render_silhouette(
        mesh.vertices,
        mesh.faces,
        camera.eye,
        target=camera.target,
        up=camera.up,
        size=size,
        fov=camera.fov,
        half_height=camera.half_height,
        near=camera.near,
        steepness=per_pixel * size[0],
        face_mask=mesh.face_mask,
    )


def _iou(mesh: Mesh, views: Views) -> float:
    found = masks(mesh, views.camera, _size(views.silhouettes))
    return float(silhouette_iou(found, views.silhouettes).mean())


def _size(silhouettes: Tensor) -> tuple[int, int]:
    return silhouettes.shape[-2], silhouettes.shape[-1]


def _check_views(name: str, views: Views) -> None:
    check_tensors("fit_silhouettes", {name: (views.silhouettes, _SILHOUETTES)})
    count = (len(views.silhouettes),)
    if views.camera.batch_shape != count:
        message = f"fit_silhouettes: `{name}` has {count[0]} silhouettes, but a batch of cameras of shape "
        raise ShapeError(f"{message}{views.camera.batch_shape}; give one camera for each", name)
