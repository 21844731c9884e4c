"""How bright a face is: ambient, diffuse and specular light. Imports torch."""

from __future__ import annotations

from typing import NamedTuple, final

from torch import Tensor

from algonet_runtime.rendering.numbers import cross, dot, softplus, unit
from algonet_runtime.rendering.packed import SHARPNESS
from algonet_runtime.rendering.view import View


@final
class Light(NamedTuple):
    """Light from far away.

    Args:
        direction: (.., 3), toward the light, of any length.
        ambient: Brightness of what no light falls on.
        diffuse: Added where the light falls straight on the face.
        specular: Added where the face mirrors the light into the camera.
        shininess: Exponent of the specular part: how small a highlight is.
        is_two_sided: Whether the back of a face is lit as the front is.
    """

    direction: Tensor
    ambient: float
    diffuse: float
    specular: float
    shininess: float
    is_two_sided: bool


def brightness(triangles: Tensor, view: View, light: Light) -> Tensor:
    """Of faces with corners (.., F, 3, 3), in space: (.., F)."""
    first = triangles[..., 0, :]
    normal = unit(cross(triangles[..., 1, :] - first, triangles[..., 2, :] - first))
    if view.is_perspective:
        toward_eye = unit(view.eye.unsqueeze(-2) - triangles.mean(-2))
    else:
        toward_eye = -view.forward.unsqueeze(-2)
    toward_light = unit(light.direction).unsqueeze(-2)
    half = unit(toward_light + toward_eye)
    if light.is_two_sided:
        normal = normal * (SHARPNESS * dot(normal, toward_eye)).tanh().unsqueeze(-1)
    diffuse = _positive(dot(normal, toward_light))
    specular = _positive(dot(normal, half)) ** light.shininess
    return light.ambient + light.diffuse * diffuse + light.specular * specular


def _positive(u: Tensor) -> Tensor:
    return softplus(SHARPNESS * u) / SHARPNESS
