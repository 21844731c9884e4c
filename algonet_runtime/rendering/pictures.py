"""From a scene to its picture. Imports torch."""

from __future__ import annotations

from typing import NamedTuple, final

import torch
from torch import Tensor

from algonet_runtime.rendering.arguments import Scene, as_index, expanded
from algonet_runtime.rendering.faces import corners_of, set_up
from algonet_runtime.rendering.reference import Pixels, draw
from algonet_runtime.rendering.shading import Light, brightness
from algonet_runtime.rendering.view import project
from algonet_runtime.tensors import common_shape


@final
class Shaded(NamedTuple):
    """A picture before its background.

    Args:
        log_transmittance: (.., H, W), log(1 - S).
        silhouette: (.., H, W), S.
        colour: (.., H, W, C), of what covers a pixel.
        depth: (.., H, W), of what covers a pixel, in front of the camera's plane.
    """

    log_transmittance: Tensor
    silhouette: Tensor
    colour: Tensor
    depth: Tensor


def draw_silhouette(scene: Scene) -> Tensor:
    """S of the scene's pixels, (*batch, H, W)."""
    if scene.is_fused:
        from algonet_runtime.rendering import fused

        return fused.draw(scene, None, None).silhouette
    faces = set_up(project(scene.view, scene.vertices), as_index(scene.faces), scene.style, None, scene.mask)
    return expanded(draw(faces, scene.size, None).silhouette, *scene.batch, *scene.size)


def draw_shaded(scene: Scene, opacity: Tensor, colours: Tensor | Light) -> Shaded:
    """The scene with what its faces look like.

    Args:
        scene: What is rendered.
        opacity: (..), o of the depth order, in 1 / (unit of length).
        colours: Of the faces, (.., F, C); or the light that falls on them.
    """
    if scene.is_fused:
        from algonet_runtime.rendering import fused

        light, silhouette, means = fused.draw(scene, opacity, colours)
        assert means is not None
        return Shaded(light, silhouette, means[..., :-1], means[..., -1])
    index = as_index(scene.faces)
    faces = set_up(project(scene.view, scene.vertices), index, scene.style, opacity, scene.mask)
    if isinstance(colours, Light):
        triangles = corners_of(scene.vertices, index)
        colours = brightness(triangles, scene.view, colours).unsqueeze(-1)
    batch = common_shape(colours.shape[:-2], faces.depth.shape[:-1])
    count, channels = colours.shape[-2:]
    depth = faces.depth.unsqueeze(-1).expand(*batch, count, 1)
    pixels: Pixels = draw(faces, scene.size, torch.cat((colours.expand(*batch, count, channels), depth), -1))
    assert pixels.means is not None
    light, silhouette = (expanded(each, *scene.batch, *scene.size) for each in pixels[:2])
    means = expanded(pixels.means, *scene.batch, *scene.size, channels + 1)
    return Shaded(light, silhouette, means[..., :-1], means[..., -1])


def over(values: Tensor, silhouette: Tensor, background: Tensor) -> Tensor:
    """Values of pixels before a background: S values + (1 - S) background."""
    return silhouette * values + (1 - silhouette) * background
