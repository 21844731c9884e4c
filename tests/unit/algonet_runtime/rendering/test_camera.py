"""Cameras: where they stand, what is up at the poles, batches, derivatives and errors."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from algonet_runtime.errors import ArgumentError, RangeError, ShapeError, TypeMismatchError
from algonet_runtime.rendering.arguments import read_view
from algonet_runtime.rendering.camera import Camera

F64 = torch.float64


def axes(camera: Camera) -> Tensor:
    """Right, up and forward, as the renderer finds them."""
    names = ("eye", "target", "up", "fov", "half_height", "near")
    values = {name: getattr(camera, name) for name in names}
    return read_view("test", {**values, "check": True}, camera.eye).axes


@pytest.mark.parametrize(
    ("elevation", "azimuth", "eye"),
    [
        (0, 0, (0, 0, 2)),
        (0, 90, (2, 0, 0)),
        (0, 180, (0, 0, -2)),
        (0, -90, (-2, 0, 0)),
        (90, 0, (0, 2, 0)),
        (-90, 30, (0, -2, 0)),
        (30, 0, (0, 1, 3**0.5)),
        (30, 360 + 90, (3**0.5, 1, 0)),
        (150, 0, (0, 1, -(3**0.5))),
    ],
)
def test_where_an_orbit_stands(elevation: float, azimuth: float, eye: tuple[float, ...]) -> None:
    camera = Camera.orbit(2.0, elevation, azimuth, target=(1.0, -2.0, 0.5), dtype=F64)
    wanted = torch.tensor(eye, dtype=F64) + torch.tensor([1.0, -2.0, 0.5], dtype=F64)
    torch.testing.assert_close(camera.eye, wanted, rtol=0, atol=1e-14)
    assert camera.target.tolist() == [1.0, -2.0, 0.5]


@pytest.mark.parametrize("elevation", [-90.0, -45.0, 0.0, 60.0, 90.0, 120.0])
def test_up_is_the_derivative_of_the_direction(elevation: float) -> None:
    step = 1e-4
    low, high = (Camera.orbit(1.0, elevation + each, 40.0, dtype=F64).eye for each in (-step, step))
    camera = Camera.orbit(1.0, elevation, 40.0, dtype=F64)
    slope = (high - low) / (2 * step * torch.pi / 180)
    torch.testing.assert_close(camera.up, slope, rtol=0, atol=1e-8)
    torch.testing.assert_close(axes(camera)[1], camera.up, rtol=0, atol=1e-11)


@pytest.mark.parametrize("pole", [-90.0, 90.0])
@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_the_picture_does_not_jump_at_a_pole(pole: float, dtype: torch.dtype) -> None:
    before, at, after = (Camera.orbit(3.0, pole + each, 25.0, dtype=dtype) for each in (-1e-3, 0.0, 1e-3))
    for camera in (before, after):
        torch.testing.assert_close(axes(camera), axes(at), rtol=0, atol=1e-4)
    expected = torch.eye(3, dtype=dtype)
    torch.testing.assert_close(axes(at) @ axes(at).T, expected, rtol=0, atol=1e-5)


def test_an_orbit_below_the_poles_is_look_at_with_y_upward() -> None:
    orbit = Camera.orbit(2.5, 35.0, 110.0, dtype=F64)
    torch.testing.assert_close(axes(orbit), axes(Camera.look_at(orbit.eye)), rtol=0, atol=1e-11)


def test_numbers_and_tensors_make_a_batch() -> None:
    assert Camera.look_at((0, 1, 2)).batch_shape == ()
    azimuths = torch.arange(0, 360, 90)
    orbit = Camera.orbit(2, 10, azimuths)
    assert orbit.batch_shape == (4,)
    assert orbit.eye.dtype == torch.float32
    for place, azimuth in enumerate(azimuths.tolist()):
        torch.testing.assert_close(orbit.eye[place], Camera.orbit(2, 10, azimuth).eye)
    both = Camera.orbit(torch.tensor([[2.0], [3.0]]), 10, azimuths, fov=torch.full((5, 1, 1), 40.0))
    assert both.batch_shape == (5, 2, 4)
    assert Camera.look_at((0, 0, 1), half_height=torch.ones(3)).batch_shape == (3,)
    assert Camera.look_at(torch.rand(2, 1, 3) + 1, torch.zeros(5, 3)).batch_shape == (2, 5)


def test_the_first_tensor_says_the_dtype() -> None:
    eye = torch.tensor([0.0, 0.0, 2.0], dtype=F64, requires_grad=True)
    camera = Camera.look_at(eye, (0, 1, 0))
    assert camera.eye is eye
    assert camera.target.dtype == camera.up.dtype == F64
    assert Camera.look_at(eye, dtype=torch.float32).eye.dtype == torch.float32
    assert Camera.orbit(1, torch.zeros(2, dtype=torch.int64), 0).eye.dtype == torch.float32
    assert Camera.orbit(1, 0, 0, fov=torch.tensor(30.0, dtype=F64)).eye.dtype == F64


def test_to_moves_all_tensors_and_keeps_the_rest() -> None:
    camera = Camera.orbit(2.0, 10.0, torch.zeros(3), fov=torch.tensor(50.0), near=0.2)
    moved = camera.to("cpu", F64)
    assert {moved.eye.dtype, moved.target.dtype, moved.up.dtype} == {F64}
    assert isinstance(moved.fov, Tensor)
    assert moved.fov.dtype == F64
    assert moved.near == 0.2
    assert moved.half_height is None
    torch.testing.assert_close(moved.eye.float(), camera.eye)
    assert torch.equal(camera.to().eye, camera.eye)


def test_copies() -> None:
    camera = Camera.orbit(2.0, 10.0, torch.arange(3.0))
    for other in (copy.deepcopy(camera), pickle.loads(pickle.dumps(camera))):
        assert torch.equal(other.eye, camera.eye)
        assert other.fov == camera.fov


@pytest.mark.parametrize("elevation", [-90.0, 20.0, 90.0])
def test_derivatives_of_an_orbit(elevation: float) -> None:
    def function(distance: Tensor, elevation: Tensor, azimuth: Tensor) -> Tensor:
        camera = Camera.orbit(distance, elevation, azimuth, target=(0.1, 0.2, 0.3))
        return torch.cat((camera.eye, axes(camera).flatten(-2)), -1)

    numbers = (torch.tensor([2.0, 3.0]), torch.tensor(elevation), torch.tensor([20.0, -100.0]))
    inputs = tuple(each.double().requires_grad_() for each in numbers)
    assert torch.autograd.gradcheck(function, inputs)
    assert torch.autograd.gradgradcheck(function, inputs)


def test_an_orbit_in_vmap() -> None:
    azimuths = torch.tensor([0.0, 50.0, 200.0])
    found = torch.func.vmap(lambda azimuth: Camera.orbit(2.0, 20.0, azimuth).eye)(azimuths)
    torch.testing.assert_close(found, Camera.orbit(2.0, 20.0, azimuths).eye)


nan = float("nan")
Make = Callable[[], Any]
BAD: list[tuple[Make, type[ArgumentError], str, str]] = [
    (lambda: Camera.orbit(-1, 0, 0), RangeError, "distance", "above 0, not -1"),
    (lambda: Camera.orbit(torch.tensor([1.0, 0.0]), 0, 0), RangeError, "distance", "above 0 everywhere"),
    (lambda: Camera.orbit(1, nan, 0), RangeError, "elevation", "must be a finite number, not nan"),
    (lambda: Camera.orbit(1, 0, torch.tensor(nan)), RangeError, "azimuth", "must be finite everywhere"),
    (lambda: Camera.orbit("1", 0, 0), RangeError, "distance", "must be a finite number, not '1'"),  # type: ignore[arg-type]
    (lambda: Camera.orbit(1, torch.zeros(2), torch.zeros(3)), ShapeError, "azimuth", r"\(3,\).*\(2,\)"),
    (lambda: Camera.orbit(1, 0, 0, target=(0, 0)), RangeError, "target", r"three numbers.*not \(0, 0\)"),  # type: ignore[arg-type]
    (lambda: Camera.orbit(1, 0, torch.zeros(2), fov=torch.ones(3)), ShapeError, "fov", r"\(3,\).*\(2,\)"),
    (lambda: Camera.orbit(1, 0, 0, fov=180), RangeError, "fov", "below 180 degrees"),
    (lambda: Camera.orbit(1, 0, 0, fov=0), RangeError, "fov", "above 0, not 0"),
    (lambda: Camera.orbit(1, 0, 0, half_height=-2.0), RangeError, "half_height", "above 0, not -2.0"),
    (lambda: Camera.orbit(1, 0, 0, near=0), RangeError, "near", "above 0, not 0"),
    (lambda: Camera.orbit(1, 0, 0, dtype=torch.int64), TypeMismatchError, "dtype", "torch.int64"),
    (lambda: Camera.look_at((0, 0, 0)), RangeError, "eye", "stands at its target"),
    (lambda: Camera.look_at((0, 1, 0)), RangeError, "up", "parallel to the direction of view"),
    (lambda: Camera.look_at((0, 0, nan)), RangeError, "eye", "not finite"),
    (lambda: Camera.look_at(torch.zeros(2)), ShapeError, "eye", r"\(2,\)"),
    (lambda: Camera.look_at(torch.ones(2, 3), torch.zeros(3, 3)), ShapeError, "target", r"\(3,\)"),
    (lambda: Camera.look_at((1, 2)), RangeError, "eye", r"three numbers.*\(1, 2\)"),  # type: ignore[arg-type]
    (lambda: Camera((0, 0, 1), *torch.eye(3)[:2]), TypeMismatchError, "eye", "must be a tensor, not tuple"),  # type: ignore[arg-type]
    (lambda: Camera.look_at((0, 0, 1)).to(dtype=torch.int8), TypeMismatchError, "dtype", "torch.int8"),
]


@pytest.mark.parametrize(("make", "kind", "argument", "message"), BAD)
def test_errors(make: Make, kind: type[ArgumentError], argument: str, message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        make()
    assert caught.value.argument == argument
    assert f"`{argument}`" in str(caught.value)
