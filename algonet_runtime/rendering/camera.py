"""Cameras, alone and in batches. Imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import radians
from typing import Any, final

import torch
from torch import Tensor

from algonet_runtime.annotations import Float, TensorType
from algonet_runtime.checks import check_positive, check_tensors
from algonet_runtime.errors import RangeError
from algonet_runtime.rendering.arguments import check_real, common_batch, read_view, vector
from algonet_runtime.rendering.mesh import check_dtype
from algonet_runtime.tensors import broadcast, is_seen

_POINT = TensorType("float", ("3",), is_batched=True)


@final
@dataclass(frozen=True, eq=False)
class Camera:
    """Where one looks from, and how; one camera or a batch.

    The batch is the common one of all tensors, which broadcast.

    Args:
        eye: (*batch, 3), where the camera stands.
        target: (*batch, 3), what it looks at.
        up: (*batch, 3), what is upward in the picture; not the direction of view.
        fov: Vertical angle of view, in degrees below 180: a number, or a tensor of the batch's shape.
        half_height: If given, the projection is orthographic, and this half of the picture's height, in the
            unit of the vertices: a number, or a tensor of the batch's shape.
        near: What is nearer to the camera's plane fades; nothing is clipped.

    Raises:
        TypeMismatchError: `eye`, `target` or `up` is no tensor of floating-point numbers, or they are on
            different devices.
        ShapeError: Shapes do not fit.
        RangeError: A value is not finite or out of range, the camera stands at its target, or `up` is
            parallel to the direction of view. Values are looked at only where they can be seen.
    """

    eye: Float[Tensor, "*batch 3"]
    target: Float[Tensor, "*batch 3"]
    up: Float[Tensor, "*batch 3"]
    fov: float | Tensor = 60.0
    half_height: float | Tensor | None = None
    near: float = 0.1

    def __post_init__(self) -> None:
        points = {name: (getattr(self, name), _POINT) for name in ("eye", "target", "up")}
        check_tensors("Camera", points)
        view = read_view("Camera", {**self._values(), "check": True}, self.eye)
        lens = "fov" if self.half_height is None else "half_height"
        common_batch("Camera", {"eye": self._points_shape(), lens: tuple(view.scale.shape)})

    @staticmethod
    def look_at(
        eye: Float[Tensor, "*batch 3"] | tuple[float, float, float],
        target: Float[Tensor, "*batch 3"] | tuple[float, float, float] = (0.0, 0.0, 0.0),
        up: Float[Tensor, "*batch 3"] | tuple[float, float, float] = (0.0, 1.0, 0.0),
        *,
        fov: float | Tensor = 60.0,
        half_height: float | Tensor | None = None,
        near: float = 0.1,
        dtype: torch.dtype | None = None,
    ) -> Camera:
        """A camera by the points that it stands at and looks at.

        Args:
            eye: Where it stands: three numbers or a tensor.
            target: What it looks at, likewise.
            up: What is upward in the picture, likewise.
            fov: As for `Camera`.
            half_height: As for `Camera`.
            near: As for `Camera`.
            dtype: Of the camera; None: that of the first tensor given, or else float32.

        Returns:
            The camera, on the device of the tensors.

        Raises:
            TypeMismatchError: `dtype` is not one of floating-point numbers, or as `Camera`.
            ShapeError: As `Camera`.
            RangeError: As `Camera`, or a point is not three numbers.

        Gradient:
            By all tensors.

        >>> Camera.look_at((0.0, 1.0, 3.0)).batch_shape
        ()
        """
        like = _like("Camera.look_at", (eye, target, up, fov, half_height), dtype)
        given = {"eye": eye, "target": target, "up": up}
        points = {name: vector("Camera.look_at", name, point, like) for name, point in given.items()}
        return Camera(**points, fov=fov, half_height=half_height, near=near)

    @staticmethod
    def orbit(
        distance: float | Tensor,
        elevation: float | Tensor,
        azimuth: float | Tensor,
        *,
        target: Float[Tensor, "*batch 3"] | tuple[float, float, float] = (0.0, 0.0, 0.0),
        fov: float | Tensor = 60.0,
        half_height: float | Tensor | None = None,
        near: float = 0.1,
        dtype: torch.dtype | None = None,
    ) -> Camera:
        r"""A camera on a sphere around its target.

        It stands at target + distance $(\cos e \sin a, \sin e, \cos e \cos a)$; azimuth 0 looks along -z,
        azimuth 90 along -x. Upward is the derivative of this direction by e, so that the picture turns over
        continuously where the elevation passes 90 degrees, straight above.

        Args:
            distance: From the target, above 0: a number, or a tensor of the batch's shape.
            elevation: e, above the horizon, in degrees, likewise.
            azimuth: a, around the y axis, in degrees, likewise.
            target: What it looks at.
            fov: As for `Camera`.
            half_height: As for `Camera`.
            near: As for `Camera`.
            dtype: Of the camera; None: that of the first tensor given, or else float32.

        Returns:
            The camera: with a tensor of azimuths, say, a batch of its shape.

        Raises:
            TypeMismatchError: `dtype` is not one of floating-point numbers, or as `Camera`.
            ShapeError: As `Camera`.
            RangeError: As `Camera`, or a number is not finite.

        Gradient:
            By all tensors, of any order.

        >>> Camera.orbit(2.0, 0.0, torch.tensor([0.0, 90.0])).eye.round()
        tensor([[0., 0., 2.],
                [2., 0., -0.]])
        """
        operation = "Camera.orbit"
        like = _like(operation, (distance, elevation, azimuth, target, fov, half_height), dtype)
        given = {"distance": distance, "elevation": elevation, "azimuth": azimuth}
        numbers = {name: _number(operation, name, value, like) for name, value in given.items()}
        is_many = isinstance(distance, Tensor)
        check_positive(operation, "distance", numbers["distance"] if is_many else distance)
        centre = vector(operation, "target", target, like)
        shapes = {name: tuple(value.shape) for name, value in numbers.items()}
        common_batch(operation, {**shapes, "target": tuple(centre.shape[:-1])})
        e, a = broadcast(numbers["elevation"] * radians(1), numbers["azimuth"] * radians(1))
        outward = torch.stack((e.cos() * a.sin(), e.sin(), e.cos() * a.cos()), -1)
        up = torch.stack((-e.sin() * a.sin(), e.cos(), -e.sin() * a.cos()), -1)
        eye = centre + numbers["distance"].unsqueeze(-1) * outward
        return Camera(eye, centre, up, fov, half_height, near)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The dimensions of the batch; () for one camera."""
        lens = self.fov if self.half_height is None else self.half_height
        shape = tuple(lens.shape) if isinstance(lens, Tensor) else ()
        return common_batch("Camera", {"eye": self._points_shape(), "fov": shape})

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Camera:
        """The camera on another device, or with numbers of another dtype.

        Args:
            device: The device of all tensors; None: as it is.
            dtype: The dtype of all tensors; None: as it is.

        Returns:
            The camera.

        Raises:
            TypeMismatchError: `dtype` is not one of floating-point numbers.
            RangeError: A value is not finite in `dtype`, or the camera stands at its target there.
        """
        if dtype is not None:
            check_dtype("Camera.to", dtype)
        moved: dict[str, Any] = {
            name: value.to(device=device, dtype=dtype) if isinstance(value, Tensor) else value
            for name, value in self._values().items()
        }
        return Camera(**moved)

    def _values(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def _points_shape(self) -> tuple[int, ...]:
        points = {"eye": self.eye, "target": self.target, "up": self.up}
        return common_batch("Camera", {name: tuple(point.shape[:-1]) for name, point in points.items()})


def _like(operation: str, given: Sequence[object], dtype: torch.dtype | None) -> Tensor:
    """A tensor of the dtype and on the device of a camera that is made of these values."""
    if dtype is not None:
        check_dtype(operation, dtype)
    tensors = [value for value in given if isinstance(value, Tensor)]
    kinds = [value.dtype for value in tensors if value.is_floating_point()]
    device = tensors[0].device if tensors else None
    return torch.empty(0, dtype=dtype or (kinds[0] if kinds else torch.float32), device=device)


def _number(operation: str, name: str, value: float | Tensor, like: Tensor) -> Tensor:
    """A finite number, or a tensor of one for every batch element, as a tensor.

    Raises:
        RangeError: It is neither.
    """
    if isinstance(value, Tensor):
        found = value.to(like.dtype)
        if is_seen(found) and not bool(found.isfinite().all()):
            raise RangeError(f"{operation}: `{name}` must be finite everywhere", name)
        return found
    check_real(operation, name, value)
    return like.new_tensor(value)
