"""What the arguments of a rendering mean, and whether they are right. Imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from math import radians
from typing import Any, NamedTuple, cast, final

import torch
from torch import Tensor

from algonet_runtime.checks import check_choice, check_count, check_positive
from algonet_runtime.errors import RangeError, ShapeError
from algonet_runtime.rendering.faces import Style
from algonet_runtime.rendering.numbers import cross, dot, unit
from algonet_runtime.rendering.providers import FusedSupport
from algonet_runtime.rendering.shading import Light
from algonet_runtime.rendering.view import View, axes_of
from algonet_runtime.tensors import common_shape, computed, is_seen

SUPPORTS = ("disc", "paper")
GAINS: Mapping[str, float] = {"disc": 2.0, "paper": 1.0}
"""How often a face counts in the silhouette, where the call does not say."""

_PARALLEL = 1e-6
"""Sine of the smallest angle between the direction of view and `up`."""


@final
class Scene(NamedTuple):
    """What is rendered, and from where.

    Args:
        vertices: (.., V, 3), float32 or float64.
        faces: (F, 3) or (.., F, 3).
        mask: (.., F), which faces there are; None for all.
        view: The camera; for kernels in float64.
        style: How faces are drawn; for kernels in float64.
        size: Height and width of the picture, in pixels.
        batch: Shape of the batch of pictures.
        is_fused: Whether kernels draw it.
    """

    vertices: Tensor
    faces: Tensor
    mask: Tensor | None
    view: View
    style: Style
    size: tuple[int, int]
    batch: tuple[int, ...]
    is_fused: bool


def read_scene(operation: str, values: Mapping[str, Any]) -> Scene:
    """The scene that the arguments of an operation describe.

    Raises:
        ShapeError: Shapes do not fit.
        RangeError: A value is not allowed.
    """
    support = values["support"]
    is_fused = isinstance(support, FusedSupport)
    if isinstance(support, FusedSupport):
        support = support.name
    check_choice(operation, "support", support, SUPPORTS)
    size = read_size(operation, values["size"])
    vertices = computed(values["vertices"])
    faces, mask = values["faces"], values["face_mask"]
    check_faces(operation, faces, vertices.shape[-2])
    if values["check"]:
        check_vertices(operation, vertices)
    like = vertices.new_zeros((), dtype=torch.float64) if is_fused else vertices
    view = read_view(operation, values, like)
    steepness = values["steepness"]
    gain = GAINS[support] if values["gain"] is None else values["gain"]
    check_positive(operation, "gain", gain)
    check_real(operation, "tau", values["tau"])
    s = number(operation, "steepness", 2.0 * size[0] if steepness is None else steepness, like)
    style = Style(s, support == "disc", float(values["tau"]), float(gain))
    shapes = {
        "vertices": vertices.shape[:-2],
        "faces": faces.shape[:-2],
        "eye": view.eye.shape[:-1],
        "target": view.axes.shape[:-2],
        "half_height" if values["half_height"] is not None else "fov": view.scale.shape,
        "steepness": s.shape,
        "face_mask": () if mask is None else mask.shape[:-1],
    }
    batch = common_batch(operation, shapes)
    return Scene(vertices, faces, mask, view, style, size, batch, is_fused)


@final
class Picture(NamedTuple):
    """What the faces of a scene look like.

    Args:
        scene: With the batch of all.
        opacity: (..), o of the depth order.
        colours: Of the faces, (.., F, 1 or 3), or the light that falls on them.
        background: Fits (.., H, W, 1 or 3).
        is_rgb: Whether there are three channels.
    """

    scene: Scene
    opacity: Tensor
    colours: Tensor | Light
    background: Tensor
    is_rgb: bool


def read_picture(operation: str, values: Mapping[str, Any], scene: Scene) -> Picture:
    """How the arguments of an operation describe the faces.

    Raises:
        ShapeError: Shapes do not fit.
        RangeError: A value is not allowed.
    """
    like = scene.vertices
    opacity = number(operation, "opacity", values["opacity"], scene.style.steepness)
    light = read_light(operation, values, scene.style.steepness)
    shapes = {"scene": scene.batch, "opacity": opacity.shape, "light": light.direction.shape[:-1]}
    given = values["colour"]
    colours: Tensor | Light = light
    is_rgb = False
    if given is not None:
        batch = common_batch(operation, shapes)
        is_rgb = check_colours(operation, given, scene.faces.shape[-2], batch)
        own: Tensor = (given if is_rgb else given.unsqueeze(-1)).to(like.dtype)
        shapes["colour"] = own.shape[:-2]
        colours = own
    background = background_of(operation, values["background"], like, is_rgb)
    shapes["background"] = background.shape[:-3]
    batch = common_batch(operation, shapes)
    return Picture(scene._replace(batch=batch), opacity, colours, background, is_rgb)


def common_batch(operation: str, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """The batch that all shapes broadcast to.

    Raises:
        ShapeError: There is none.
    """
    batch: tuple[int, ...] = ()
    for name, shape in shapes.items():
        try:
            batch = common_shape(batch, tuple(shape))
        except RuntimeError:
            message = f"{operation}: `{name}` has batch dimensions {tuple(shape)}, others have {batch}"
            raise ShapeError(message, name) from None
    return batch


def read_size(operation: str, given: Any) -> tuple[int, int]:
    """Height and width of a picture: one number for both, or two.

    Raises:
        RangeError: They are not whole numbers above 0.
    """
    sides = _listed(given) if isinstance(given, tuple | list) else (given, given)
    if len(sides) != 2:
        raise RangeError(f"{operation}: `size` must be a number or (height, width), not {given!r}", "size")
    for side in sides:
        check_count(operation, "size", side, 1)
    return cast("tuple[int, int]", sides)


def _listed(value: Any) -> tuple[object, ...]:
    return tuple(cast("tuple[object, ...]", value)) if isinstance(value, tuple | list) else ()


def number(operation: str, name: str, value: object, like: Tensor) -> Tensor:
    """A positive number, or a tensor of one for every batch element, in the dtype of another tensor.

    Raises:
        RangeError: It is not positive and finite.
    """
    check_positive(operation, name, value)
    if isinstance(value, Tensor):
        return value.to(like.dtype)
    return like.new_tensor(value)


def vector(operation: str, name: str, value: Any, like: Tensor) -> Tensor:
    """Three coordinates, as a tensor (.., 3) in the dtype and on the device of another tensor.

    Raises:
        RangeError: They are not three finite numbers.
    """
    if isinstance(value, Tensor):
        found = value.to(like.dtype)
    else:
        numbers = _listed(value)
        if len(numbers) != 3 or not all(isinstance(each, int | float) for each in numbers):
            raise RangeError(f"{operation}: `{name}` must be three numbers or a tensor, not {value!r}", name)
        found = like.new_tensor(numbers)
    if is_seen(found) and not bool(found.isfinite().all()):
        raise RangeError(f"{operation}: `{name}` has numbers that are not finite", name)
    return found


def read_light(operation: str, values: Mapping[str, Any], like: Tensor) -> Light:
    """The light that the arguments describe.

    Raises:
        RangeError: A value is not allowed.
    """
    for name in ("ambient", "diffuse", "specular"):
        check_real(operation, name, values[name])
    check_positive(operation, "shininess", values["shininess"])
    direction = vector(operation, "light", values["light"], like)
    parts = (float(values[name]) for name in ("ambient", "diffuse", "specular", "shininess"))
    return Light(direction, *parts, is_two_sided=bool(values["two_sided"]))


def check_vertices(operation: str, vertices: Tensor) -> None:
    """That all vertices (.., V, 3) are finite, where they can be seen.

    Raises:
        RangeError: One is not; the message names it.
    """
    if not is_seen(vertices):
        return
    is_bad = ~vertices.detach().isfinite()
    if not bool(is_bad.any()):
        return
    place: list[int] = cast("Any", is_bad.nonzero()[0]).tolist()
    row, vertex, value = tuple(place[:-2]), place[-2], vertices.detach()[tuple(place)].item()
    where = f" of row {row[0] if len(row) == 1 else row}" if row else ""
    message = (
        f"{operation}: vertex {vertex}{where} of `vertices` has the coordinate {value}; give finite ones"
    )
    raise RangeError(message, "vertices", row)


def check_faces(operation: str, faces: Tensor, vertices: int) -> None:
    """That faces (.., F, 3) name vertices that there are, where they can be seen.

    Raises:
        RangeError: One does not; the message names it.
    """
    if not is_seen(faces) or not faces.numel():
        return
    least, most = (int(each) for each in faces.aminmax())
    if least >= 0 and most < vertices:
        return
    place: list[int] = cast("Any", ((faces < 0) | (faces >= vertices)).nonzero()[0]).tolist()
    index = int(faces[tuple(place)])
    row = tuple(place[:-2])
    where = f" of row {row[0] if len(row) == 1 else row}" if row else ""
    wanted = f"there are vertices 0..{vertices - 1}" if vertices else "there are no vertices"
    message = f"{operation}: face {place[-2]}{where} of `faces` has the corner {index}; {wanted}"
    raise RangeError(message, "faces", row)


def read_view(operation: str, values: Mapping[str, Any], like: Tensor) -> View:
    """The camera that the arguments describe, in the dtype of another tensor.

    Raises:
        ShapeError: Batch dimensions of `eye`, `target` and `up` do not fit.
        RangeError: A value is not allowed.
    """
    eye, target, up = (vector(operation, name, values[name], like) for name in ("eye", "target", "up"))
    shapes = {"eye": eye.shape[:-1], "target": target.shape[:-1], "up": up.shape[:-1]}
    common_batch(operation, shapes)
    near = values["near"]
    check_positive(operation, "near", near)
    axes = axes_of(eye, target, up)
    if values["check"] and is_seen(axes):
        _check_direction(operation, eye, target, up)
    half_height = values["half_height"]
    if half_height is not None:
        return View(eye, axes, number(operation, "half_height", half_height, like), float(near), False)
    fov = number(operation, "fov", values["fov"], like)
    if is_seen(fov) and bool((fov >= 180).any()):
        raise RangeError(f"{operation}: `fov` must be an angle below 180 degrees", "fov")
    return View(eye, axes, (fov * radians(0.5)).tan(), float(near), True)


def _check_direction(operation: str, eye: Tensor, target: Tensor, up: Tensor) -> None:
    away = (target - eye).detach()
    if bool((away == 0).all(-1).any()):
        raise RangeError(f"{operation}: the camera stands at its target: `eye` equals `target`", "eye")
    upward = cross(unit(away), unit(up.detach()).expand_as(away))
    if bool((dot(upward, upward) < _PARALLEL**2).any()):
        message = f"{operation}: `up` is parallel to the direction of view (or 0); choose another direction"
        raise RangeError(message, "up")


def check_real(operation: str, name: str, value: object) -> None:
    """That a value is a finite number.

    Raises:
        RangeError: It is not.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not abs(cast("float", value)) < float("inf"):
        raise RangeError(f"{operation}: `{name}` must be a finite number, not {value!r}", name)


def expanded(value: Tensor, *shape: int) -> Tensor:
    """In that shape, if it is not yet."""
    return value if tuple(value.shape) == shape else value.expand(shape)


def check_colours(operation: str, colour: Tensor, faces: int, batch: tuple[int, ...]) -> bool:
    """Whether colours are RGB, (.., F, 3), and not grey, (.., F).

    Raises:
        ShapeError: They are neither.
    """
    shape = tuple(colour.shape)
    if shape[-1:] == (faces,) and (len(shape) == 1 or shape[:-1] == batch or shape[-2:] != (faces, 3)):
        return False
    if shape[-2:] == (faces, 3):
        return True
    wanted = f"(*batch, {faces}) or (*batch, {faces}, 3)"
    raise ShapeError(f"{operation}: `colour` must have shape {wanted}, not {shape}", "colour")


def background_of(operation: str, value: Any, like: Tensor, is_rgb: bool) -> Tensor:
    """A background, which fits pictures (.., H, W, 1) or (.., H, W, 3).

    Raises:
        ShapeError: It is a tensor that does not fit.
        RangeError: It is no finite number.
    """
    if not isinstance(value, Tensor):
        check_real(operation, "background", value)
        return like.new_tensor(value)
    found = value.to(like.dtype)
    if is_rgb and found.ndim and found.shape[-1] == 3:
        return found[..., None, None, :]
    return found[..., None, None, None]


def as_index(faces: Tensor) -> Tensor:
    """Faces as torch indexes with them."""
    return faces if faces.dtype == torch.int64 else faces.long()
