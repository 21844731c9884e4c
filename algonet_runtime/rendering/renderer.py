"""The renderer as a module of torch: a mesh, a camera and a light give a rendering. Imports torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, final

import torch
from torch import Tensor, nn

from algonet_runtime.annotations import Float
from algonet_runtime.checks import check_choice, check_positive
from algonet_runtime.dispatch import chosen
from algonet_runtime.errors import RangeError, TypeMismatchError
from algonet_runtime.rendering.arguments import (
    SUPPORTS,
    as_index,
    background_of,
    check_real,
    common_batch,
    read_light,
    read_picture,
    read_scene,
    read_size,
)
from algonet_runtime.rendering.camera import Camera
from algonet_runtime.rendering.faces import corners_of
from algonet_runtime.rendering.mesh import Mesh
from algonet_runtime.rendering.pictures import draw_shaded, draw_silhouette, over
from algonet_runtime.rendering.providers import FusedSupport
from algonet_runtime.rendering.render_image import render_image
from algonet_runtime.rendering.shading import brightness

_NAME = "SmoothRenderer"


@final
class Rendering(NamedTuple):
    """A picture and what it was made of.

    Args:
        image: (*batch, H, W), or (*batch, H, W, 3) of a mesh with an albedo; the first row on top.
        silhouette: (*batch, H, W), S: the degree in [0, 1] to which the mesh covers a pixel.
        depth: (*batch, H, W), in front of the camera's plane, in the unit of the vertices.
        log_transmittance: (*batch, H, W), log(1 - S), exact where S rounds to 1.
    """

    image: Tensor
    silhouette: Tensor
    depth: Tensor
    log_transmittance: Tensor


@final
@dataclass(frozen=True, eq=False)
class Lighting:
    """Light from far away, and how faces reflect it.

    Args:
        direction: (*batch, 3), toward the light, of any length: three numbers or a tensor.
        ambient: Brightness of what no light falls on.
        diffuse: Added where the light falls straight on a face.
        specular: Added where a face mirrors the light into the camera.
        shininess: Exponent of the specular part, above 0.
        two_sided: Whether the back of a face is lit as the front is.
    """

    direction: Float[Tensor, "*batch 3"] | tuple[float, float, float] = (0.3, 1.0, 0.6)
    ambient: float = 0.3
    diffuse: float = 0.5
    specular: float = 0.2
    shininess: float = 8.0
    two_sided: bool = False


@final
class SmoothRenderer(nn.Module):
    """`render_image` and `render_silhouette` as a module, for meshes, cameras and lights.

    A mesh with an albedo gives RGB: its albedo, that of a face or the mean over its corners, times the
    brightness that the light gives the face.

    Args:
        size: Pixels of height and width: one number, or (height, width).
        steepness: s > 0, in 1 / (half of the picture's height): a buffer, or a parameter if trainable; None:
            twice the pixels of height, and neither.
        support: "disc" ends a face near its disc; "paper" has streaks along the edges of narrow faces.
        tau: How far beyond its disc a face reaches, in 1 / s.
        gain: How often a face counts; None: 2 for "disc", and 1 for "paper".
        opacity: o > 0, in 1 / (unit of length): how surely what is in front hides what is behind. A buffer,
            or a parameter if trainable.
        background: What is seen where no face is: a number, a tensor of the batch's shape, or, of meshes with
            an albedo, (*batch, 3). A tensor is a buffer, or the parameter that it is.
        depth_background: The depth where no face is: a number, or a tensor of the batch's shape, likewise.
        is_trainable: Whether steepness and opacity are parameters. They have to stay above 0.
        check: Whether the vertices and the camera are looked at in every call.

    Raises:
        RangeError: An option is out of range, or a steepness that is None should be trained.
    """

    opacity: Tensor

    def __init__(
        self,
        size: int | tuple[int, int] = 64,
        *,
        steepness: float | None = None,
        support: Literal["disc", "paper"] = "disc",
        tau: float = 1.0,
        gain: float | None = None,
        opacity: float = 50.0,
        background: float | Tensor = 0.0,
        depth_background: float | Tensor = 0.0,
        is_trainable: bool = False,
        check: bool = True,
    ) -> None:
        super().__init__()
        self.size = read_size(_NAME, size)
        check_choice(_NAME, "support", support, SUPPORTS)
        check_real(_NAME, "tau", tau)
        if gain is not None:
            check_positive(_NAME, "gain", gain)
        self.support, self.tau, self.gain, self.check = support, tau, gain, check
        if steepness is None:
            if is_trainable:
                raise RangeError(f"{_NAME}: only a number as steepness can be trained", "steepness")
            self.steepness = None
        else:
            self._keep_number("steepness", steepness, is_trainable)
        self._keep_number("opacity", opacity, is_trainable)
        self._keep_background("background", background)
        self._keep_background("depth_background", depth_background)

    def forward(self, mesh: Mesh, camera: Camera, light: Lighting | None = None) -> Rendering:
        """The mesh as the camera sees it in this light.

        Batch dimensions of mesh, camera and light broadcast: a batch of cameras over one mesh, one camera
        over a batch of meshes, or one each.

        Args:
            mesh: What is seen.
            camera: From where.
            light: In which light; None: in that of `Lighting()`.

        Returns:
            The rendering, in the dtype of the mesh.

        Raises:
            ShapeError: Batch dimensions do not fit.
            RangeError: A value is not finite or out of range.
            TypeMismatchError: Mesh, camera and light are on different devices.

        Gradient:
            By all tensors of mesh, camera, light and renderer that are not whole numbers: of first and second
            order by kernels, of any by the plain version.
        """
        values = self._values(mesh, camera, Lighting() if light is None else light)
        scene = read_scene(_NAME, values)
        albedo = _albedo_of(mesh)
        if albedo is not None:
            lit = read_light(_NAME, values, scene.vertices)
            shapes = {"scene": scene.batch, "light": tuple(lit.direction.shape[:-1])}
            batch = common_batch(_NAME, shapes)
            corners = corners_of(scene.vertices, as_index(scene.faces))
            colours = albedo * brightness(corners, scene.view, lit).unsqueeze(-1)
            # With all batch dimensions, the colours of three faces are not taken for three grey meshes.
            values["colour"] = colours.expand(*batch, *colours.shape[-2:])
        picture = read_picture(_NAME, values, scene)
        far = background_of(_NAME, self.depth_background, scene.vertices, is_rgb=False)
        shapes = {"scene": picture.scene.batch, "depth_background": tuple(far.shape[:-3])}
        scene = picture.scene._replace(batch=common_batch(_NAME, shapes))
        shaded = draw_shaded(scene, picture.opacity, picture.colours)
        silhouette = shaded.silhouette.unsqueeze(-1)
        image = over(shaded.colour, silhouette, picture.background)
        depth = over(shaded.depth.unsqueeze(-1), silhouette, far)
        parts = (
            image if picture.is_rgb else image.squeeze(-1),
            shaded.silhouette,
            depth.squeeze(-1),
            shaded.log_transmittance,
        )
        return Rendering(*(part.to(mesh.vertices.dtype) for part in parts))

    def silhouette(self, mesh: Mesh, camera: Camera) -> Tensor:
        """The silhouette alone, which takes less time.

        Args:
            mesh: What is seen.
            camera: From where.

        Returns:
            (*batch, H, W), in the dtype of the mesh.

        Raises:
            ShapeError: Batch dimensions do not fit.
            RangeError: A value is not finite or out of range.
            TypeMismatchError: Mesh and camera are on different devices.

        Gradient:
            By vertices, camera and steepness, as of the call.
        """
        scene = read_scene(_NAME, self._values(mesh, camera, Lighting()))
        return draw_silhouette(scene).to(mesh.vertices.dtype)

    def extra_repr(self) -> str:
        """The options."""
        names = ("size", "steepness", "support", "tau", "gain", "opacity", "background", "depth_background")
        return ", ".join(f"{name}={_shown(getattr(self, name))}" for name in names)

    def _values(self, mesh: Mesh, camera: Camera, light: Lighting) -> dict[str, Any]:
        """What `render_image` is given."""
        _check_devices(mesh, camera, light)
        options = ("size", "steepness", "support", "tau", "gain", "opacity", "background", "check")
        parts = ("ambient", "diffuse", "specular", "shininess", "two_sided")
        values = {
            **{name: getattr(self, name) for name in options},
            **{name: getattr(mesh, name) for name in ("vertices", "faces", "face_mask")},
            **{name: getattr(camera, name) for name in ("eye", "target", "up", "fov", "half_height", "near")},
            **{name: getattr(light, name) for name in parts},
            "light": light.direction,
            "colour": None,
        }
        if chosen(render_image.kernels, values) is not None:
            values["support"] = FusedSupport(self.support)
        return values

    def _keep_number(self, name: str, value: float, is_trainable: bool) -> None:
        check_positive(_NAME, name, value)
        if is_trainable:
            self.register_parameter(name, nn.Parameter(torch.tensor(float(value))))
        else:
            self.register_buffer(name, torch.tensor(float(value)))

    def _keep_background(self, name: str, value: float | Tensor) -> None:
        if isinstance(value, nn.Parameter):
            self.register_parameter(name, value)
        elif isinstance(value, Tensor):
            self.register_buffer(name, value)
        else:
            check_real(_NAME, name, value)
            setattr(self, name, value)


def _albedo_of(mesh: Mesh) -> Tensor | None:
    """(.., F, 3), the albedo of the faces."""
    if mesh.vertex_albedo is not None:
        return corners_of(mesh.vertex_albedo, as_index(mesh.faces)).mean(-2)
    return mesh.face_albedo


def _check_devices(mesh: Mesh, camera: Camera, light: Lighting) -> None:
    own = mesh.vertices.device
    others = {"camera": camera.eye.device}
    if isinstance(light.direction, Tensor):
        others["light"] = light.direction.device
    for name, device in others.items():
        if device != own:
            message = f"{_NAME}: `{name}` is on {device}, but `mesh` is on {own}; move it there"
            raise TypeMismatchError(message, name)


def _shown(value: object) -> str:
    if not isinstance(value, Tensor):
        return str(value)
    return f"{value.item():.4g}" if value.numel() == 1 else f"tensor of {tuple(value.shape)}"
