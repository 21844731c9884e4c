"""Where vertices appear in a picture: camera, projection and near fade. Imports torch."""

from __future__ import annotations

from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from algonet_runtime.rendering.numbers import cross, dot, softplus, unit
from algonet_runtime.rendering.packed import FADE


@final
class View(NamedTuple):
    """A camera per batch element, or one for all.

    Args:
        eye: (.., 3), where it stands.
        axes: (.., 3, 3), rows: to the right, upward, forward; orthonormal.
        scale: (..), half of the picture's height: per unit of depth if `is_perspective`.
        near: Distance at which things fade.
        is_perspective: Whether what is far is small.
    """

    eye: Tensor
    axes: Tensor
    scale: Tensor
    near: float
    is_perspective: bool

    @property
    def forward(self) -> Tensor:
        """(.., 3), the direction it looks in."""
        return self.axes[..., 2, :]


@final
class Projected(NamedTuple):
    """Vertices as they appear.

    Args:
        xy: (.., V, 2), place in the picture; 1 is half of its height, y grows upward.
        depth: (.., V), distance in front of the camera's plane; smoothly kept above near / 2.
        log_shown: (.., V), logarithm of the degree to which it is in front of `near`.
    """

    xy: Tensor
    depth: Tensor
    log_shown: Tensor


def axes_of(eye: Tensor, target: Tensor, up: Tensor) -> Tensor:
    """Rows right, up and forward (.., 3, 3) of a camera at `eye` that looks at `target`."""
    forward = unit(target - eye)
    right = unit(cross(forward, up.expand_as(forward)))
    return torch.stack((right, cross(right, forward), forward), dim=-2)


def project(view: View, vertices: Tensor) -> Projected:
    """Vertices (.., V, 3) as the camera sees them; nothing is clipped."""
    relative = vertices - view.eye.unsqueeze(-2)
    seen = dot(relative.unsqueeze(-2), view.axes.unsqueeze(-3))
    fade = FADE / view.near
    depth = view.near / 2 + softplus(fade * (seen[..., 2] - view.near / 2)) / fade
    scale = view.scale[..., None]
    half_height = depth * scale if view.is_perspective else scale
    xy = seen[..., :2] / half_height.unsqueeze(-1)
    return Projected(xy, depth, logsigmoid(fade * (seen[..., 2] - view.near)))
