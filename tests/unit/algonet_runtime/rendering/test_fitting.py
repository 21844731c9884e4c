"""A sphere that becomes a shape: it gets nearer, the steps that are told, and errors."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from algonet_runtime.errors import RangeError, ShapeError, TypeMismatchError
from algonet_runtime.rendering.camera import Camera
from algonet_runtime.rendering.fitting import FitOptions, Progress, Views, fit_silhouettes, masks
from algonet_runtime.rendering.mesh import Mesh
from algonet_runtime.rendering.regularisers import normal_consistency
from algonet_runtime.rendering.shapes import icosphere, superquadric

SHORT = FitOptions(level=1, steps=25, learning_rate=0.02)


def box() -> Mesh:
    return superquadric((0.45, 0.25, 0.2), (0.2, 0.2), rings=8, segments=12)


def views(mesh: Mesh, first: float = 0.0, size: int = 20, count: int = 3) -> Views:
    camera = Camera.orbit(2.3, 25.0, first + torch.arange(count) * 360 / count, fov=30.0)
    return Views(camera, masks(mesh, camera, size))


def test_masks_are_black_and_white() -> None:
    found = views(box(), size=64).silhouettes
    assert set(found.unique().tolist()) == {0.0, 1.0}
    front = Camera.look_at((0.0, 0.0, 3.0), half_height=1.0)
    area = masks(icosphere(3, radius=0.5), front, (48, 64)).mean() * 2 * 2 * 64 / 48
    assert float(area) == pytest.approx(torch.pi / 4, rel=0.03)


def test_the_sphere_gets_nearer() -> None:
    training, unseen = views(box()), views(box(), first=60.0)
    steps: list[Progress] = []
    before = fit_silhouettes(training, unseen, FitOptions(level=1, steps=1, learning_rate=1e-9))
    after = fit_silhouettes(training, unseen, SHORT, on_step=steps.append)
    assert after.unseen_iou is not None
    assert before.unseen_iou is not None
    assert after.training_iou > before.training_iou + 0.1
    assert after.unseen_iou > before.unseen_iou + 0.1
    assert [each.step for each in steps] == list(range(1, 26))
    assert steps[-1].loss < 0.7 * steps[0].loss
    assert torch.equal(steps[-1].mesh.vertices, after.mesh.vertices)
    assert not torch.equal(steps[0].mesh.vertices, after.mesh.vertices)
    assert after.mesh.vertices.shape == icosphere(1).vertices.shape
    assert not after.mesh.vertices.requires_grad


def test_equal_fits_are_equal() -> None:
    training = views(box())
    first, second = (fit_silhouettes(training, options=SHORT) for _ in range(2))
    assert torch.equal(first.mesh.vertices, second.mesh.vertices)
    assert first.unseen_iou is None


def test_the_dtype_is_that_of_the_silhouettes() -> None:
    training = Views(views(box()).camera, views(box()).silhouettes.double())
    found = fit_silhouettes(training, options=FitOptions(level=0, steps=2))
    assert found.mesh.vertices.dtype == torch.float64


def test_smoothness_keeps_the_mesh_smooth() -> None:
    rough, smooth = (
        fit_silhouettes(views(box()), options=FitOptions(level=1, steps=20, smoothness=weight)).mesh
        for weight in (0.0, 5.0)
    )
    creases = [float(normal_consistency(mesh.vertices, mesh.faces)) for mesh in (rough, smooth)]
    assert creases[1] < 0.5 * creases[0]


def test_steepness_grows_to_its_last_value() -> None:
    options = FitOptions(steps=100, first_steepness=1.0, last_steepness=4.0)
    found = [options.steepness(step) for step in (0, 30, 60, 99)]
    assert found == pytest.approx([1.0, 2.0, 4.0, 4.0])


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"level": 8}, "level"),
        ({"steps": 0}, "steps"),
        ({"radius": 0.0}, "radius"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"smoothness": -0.1}, "smoothness"),
        ({"first_steepness": 0.0}, "first_steepness"),
        ({"last_steepness": float("nan")}, "last_steepness"),
    ],
)
def test_wrong_options(options: dict[str, Any], argument: str) -> None:
    with pytest.raises(RangeError, match=f"FitOptions: `{argument}`"):
        FitOptions(**options)


def test_wrong_views() -> None:
    good = views(box())
    few = Views(good.camera, good.silhouettes[:2])
    with pytest.raises(
        ShapeError, match=r"`training` has 2 silhouettes, but a batch of cameras of shape \(3,\)"
    ):
        fit_silhouettes(few, options=SHORT)
    with pytest.raises(ShapeError, match="`unseen` has 2 silhouettes"):
        fit_silhouettes(good, few, SHORT)
    with pytest.raises(TypeMismatchError, match="`training` must hold floating-point numbers"):
        fit_silhouettes(Views(good.camera, good.silhouettes.bool()), options=SHORT)
    with pytest.raises(RangeError, match=r"must hold numbers in \[0, 1\]"):
        fit_silhouettes(Views(good.camera, good.silhouettes * 255), options=SHORT)
