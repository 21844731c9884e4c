"""Pictures by kernels, as functions that autograd differentiates twice. Imports torch."""

from __future__ import annotations

from typing import Any, NamedTuple, cast, final

import torch
from torch import Tensor

from algonet_runtime.errors import not_there
from algonet_runtime.rendering.arguments import Scene, as_index
from algonet_runtime.rendering.faces import Faces, Style, corners_of, set_up
from algonet_runtime.rendering.operations import draw as draw_inputs
from algonet_runtime.rendering.operations import kernels
from algonet_runtime.rendering.provider_numba import Drawn, How, Inputs
from algonet_runtime.rendering.reference import Pixels
from algonet_runtime.rendering.shading import Light, brightness
from algonet_runtime.rendering.view import View, project


def draw(scene: Scene, opacity: Tensor | None, colours: Tensor | Light | None) -> Pixels:
    """A scene, with colour and depth of its faces as channels if an opacity is given.

    Args:
        scene: What is rendered.
        opacity: (..), o of the depth order; None for the silhouette.
        colours: Of the faces, (.., F, C), or the light that falls on them; None for the silhouette.
    """
    batch = scene.batch
    count = scene.faces.shape[-2]
    like, view, style = scene.vertices, scene.view, scene.style
    is_lit = isinstance(colours, Light)
    light = colours.direction if isinstance(colours, Light) else like.new_zeros(3)
    own = colours if isinstance(colours, Tensor) else like.new_zeros((count, 0))
    look = (0.0, 0.0, 0.0, 1.0, 0.0)
    if isinstance(colours, Light):
        look = (colours.ambient, colours.diffuse, colours.specular, colours.shininess, colours.is_two_sided)
    numbers = (*look[:4], view.near, style.tau, float(view.is_perspective), float(look[4]))
    how = How(*scene.size, style.has_gate, is_lit, style.gain, numbers)
    mask = like.new_ones(count, dtype=torch.bool) if scene.mask is None else scene.mask
    inputs = Inputs(
        _flat(scene.vertices, batch, 2),
        _flat(as_index(scene.faces), batch, 2),
        _flat(mask, batch, 1),
        _flat(view.eye, batch, 1),
        _flat(view.axes, batch, 2),
        _flat(view.scale, batch, 0),
        _flat(style.steepness, batch, 0),
        _flat(like.new_zeros(()) if opacity is None else opacity, batch, 0),
        _flat(own, batch, 2),
        _flat(light, batch, 1),
    )
    channels = 0 if opacity is None else 2 if is_lit else own.shape[-1] + 1
    pictures = torch.Size(batch).numel()
    fixed = (how, pictures, channels, inputs.faces, inputs.mask)
    found = cast("Any", _Picture).apply(*fixed, inputs.vertices, *inputs[3:])
    light, silhouette = (each.reshape(*batch, *scene.size) for each in found[:2])
    return Pixels(light, silhouette, found[2].reshape(*batch, *scene.size, channels) if channels else None)


def _flat(value: Tensor, batch: tuple[int, ...], dims: int) -> Tensor:
    """With one batch dimension, of size 1 where all pictures share the value."""
    own = value.shape[value.ndim - dims :]
    lead = value.shape[: value.ndim - dims]
    if lead.numel() != 1:
        value = value.expand(*batch, *own)
    return value.reshape(-1, *own) if own.numel() else value.new_zeros((max(lead.numel(), 1), *own))


@final
class _Picture(torch.autograd.Function):
    """log(1 - S) (B, H, W), S and means (B, H, W, C)."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> tuple[Tensor, Tensor, Tensor]:
        how, pictures, channels, faces, mask, vertices, *others = given
        inputs = Inputs(vertices, faces, mask, *others)
        packed, is_broken, drawn = draw_inputs(inputs, pictures, channels, how)
        ctx.save_for_backward(*inputs, packed, is_broken, *drawn)
        ctx.others = (how, pictures, channels)
        return drawn.light, drawn.silhouette, drawn.means

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Any, ...]:
        how, pictures, channels = ctx.others
        saved = cast("tuple[Tensor, ...]", ctx.saved_tensors)
        vertices, faces, mask, *others = saved[: len(Inputs._fields)]
        tensors = (vertices, *others)
        needed = ctx.needs_input_grad[-len(tensors) :]
        fixed = (None, None, None, None, None)
        g_light, g_silhouette, g_means = grads
        silhouette = saved[-len(Drawn._fields) :][Drawn._fields.index("silhouette")]
        g_light = g_light + g_silhouette * (silhouette - 1)
        if torch.is_grad_enabled():
            source = _Source(how, pictures, channels, faces, mask)
            return (*fixed, *_gradient_with_graph(source, tensors, needed, g_light, g_means))
        found = kernels.picture_gradient(*saved, g_light, g_means, *how)
        return (
            *fixed,
            *(
                _as_given(gradient, tensor) if is_needed else None
                for gradient, tensor, is_needed in zip(found, tensors, needed, strict=True)
            ),
        )


@final
class _FacesGradient(torch.autograd.Function):
    """Gradient of packed faces, in float64, from those of a picture."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> Tensor:
        how, *tensors = given
        ctx.save_for_backward(*tensors)
        ctx.how = how
        return kernels.faces_gradient(*tensors, *how)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Any, ...]:
        found = cast("Any", _Curvature).apply(ctx.how, *ctx.saved_tensors, grads[0])
        return (None, *found)


@final
class _Curvature(torch.autograd.Function):
    """Derivatives of `_FacesGradient` along a cotangent."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> tuple[Tensor, ...]:
        how, *tensors = given
        return kernels.faces_curvature(*tensors, *how)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Any, ...]:
        raise not_there("third derivatives")


@final
class _Source(NamedTuple):
    """What a picture is drawn from, beside tensors with derivatives."""

    how: How
    pictures: int
    channels: int
    faces: Tensor
    mask: Tensor


def _as_given(gradient: Tensor, tensor: Tensor) -> Tensor:
    """Gradients by what each picture has, as by what was given, which pictures may share."""
    if gradient.shape[0] != tensor.shape[0]:
        gradient = gradient.sum(0, keepdim=True)
    return gradient.to(tensor.dtype)


def _gradient_with_graph(
    source: _Source, tensors: tuple[Tensor, ...], needed: tuple[bool, ...], g_light: Tensor, g_means: Tensor
) -> list[Tensor | None]:
    """Gradients that have derivatives: torch sets the faces up, and kernels have their gradients."""
    packed = rows_of_faces(*_faces(source, tuple(each.double() for each in tensors)))
    packed = packed.expand(source.pictures, -1, -1)
    g_faces = cast("Any", _FacesGradient).apply(source.how, packed, g_light.double(), g_means.double())
    wanted = [each for each, is_needed in zip(tensors, needed, strict=True) if is_needed]
    found = iter(torch.autograd.grad(packed, wanted, g_faces, create_graph=True, allow_unused=True))
    return [next(found) if is_needed else None for is_needed in needed]


def _faces(source: _Source, tensors: tuple[Tensor, ...]) -> tuple[Faces, Tensor | None]:
    """By torch, the faces and their channels (B, F, C)."""
    vertices, eye, axes, scale, steepness, opacity, colours, light = tensors
    ambient, diffuse, specular, shininess, near, tau, is_perspective, is_two_sided = source.how.look
    view = View(eye, axes, scale, near, bool(is_perspective))
    index = source.faces[0] if source.faces.shape[0] == 1 else source.faces
    style = Style(steepness, source.how.is_gated, tau, 1.0)
    found = set_up(project(view, vertices), index, style, opacity, source.mask)
    if not source.channels:
        return found, None
    if source.how.is_lit:
        lamp = Light(light, ambient, diffuse, specular, shininess, bool(is_two_sided))
        colours = brightness(corners_of(vertices, index), view, lamp).unsqueeze(-1)
    depth = found.depth.unsqueeze(-1)
    batch = max(colours.shape[0], depth.shape[0])
    return found, torch.cat((colours.expand(batch, -1, -1), depth.expand(batch, -1, -1)), dim=-1)


def rows_of_faces(faces: Faces, channels: Tensor | None) -> Tensor:
    """Faces as kernels take them, (B, F, CHANNEL + C)."""
    gate = faces.turn.new_zeros((*faces.turn.shape, 2)) if faces.gate is None else faces.gate
    numbers = (1 + (-faces.turn).exp(), faces.weight, faces.logit)
    twin, weight, logit = (each.unsqueeze(-1) for each in numbers)
    parts = [faces.edges.flatten(-2), faces.centre, twin, gate, weight, logit]
    if channels is not None:
        parts.append(channels)
    batch = max(part.shape[0] for part in parts)
    return torch.cat([part.expand(batch, -1, -1) for part in parts], dim=-1)
