"""Gradients of pictures as operations of torch.library. Imports torch.

Torch maps a function over a batch of cotangents by tensors that have no numbers of their own. To an operation
of its library it gives the numbers of each in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from algonet_runtime.rendering import provider_numba as provider
from algonet_runtime.rendering.provider_numba import Drawn, How, Inputs

_LIBRARY: Any = torch.library.Library("algonet_kernels", "FRAGMENT")
_HOW = "int height, int width, bool is_gated, bool is_lit, float gain, float[] look"

kernels: Any = torch.ops.algonet_kernels
"""The operations; none has derivatives."""


def _define(schema: str, run: Callable[..., Any]) -> None:
    """An operation; `HOW` in its schema stands for the fields of `How`."""
    _LIBRARY.define(schema.replace("HOW", _HOW))
    _LIBRARY.impl(schema.partition("(")[0], run, "CPU")


def _tensors(names: str) -> str:
    return ", ".join(f"Tensor {name}" for name in names.split())


def _how(how: tuple[Any, ...]) -> How:
    height, width, is_gated, is_lit, gain, look = how
    return How(height, width, is_gated, is_lit, gain, tuple(look))


def _sound(packed: Tensor) -> tuple[Tensor, Tensor]:
    """Faces without those of pictures that have a number that is not finite; and which pictures these are."""
    packed = packed.detach().resolve_neg().contiguous()
    is_broken = ~packed.isfinite().all(-1).all(-1)
    return packed.where(~is_broken[:, None, None], 0) if bool(is_broken.any()) else packed, is_broken


def _spoil(is_broken: Tensor, *results: Tensor) -> None:
    """What comes of pictures with a number that is not finite."""
    if bool(is_broken.any()):
        for each in results:
            each[is_broken] = torch.nan


def draw(inputs: Inputs, pictures: int, channels: int, how: How) -> tuple[Tensor, Tensor, Drawn]:
    """Faces in the dtype of the vertices, which pictures are not finite, and the pictures.

    Args:
        inputs: What the faces are made of, in any dtype, with any history.
        pictures: How many.
        channels: Of the faces.
        how: What is drawn.
    """
    packed, is_broken = provider.set_up(_in_double(inputs), pictures, channels, inputs.vertices.dtype, how)
    drawn = provider.draw(packed, how)
    _spoil(is_broken, drawn.light, drawn.silhouette, drawn.means)
    return packed, is_broken, drawn


def _in_double(inputs: Inputs) -> Inputs:
    """As kernels take them."""
    vertices, faces, mask, *others = inputs
    numbers = (each.detach().resolve_neg().double().contiguous() for each in (vertices, *others))
    return Inputs(next(numbers), faces.contiguous(), mask.contiguous(), *numbers)


def _picture_gradient(*given: Any) -> tuple[Tensor, ...]:
    size = len(Inputs._fields)
    inputs, (packed, is_broken) = Inputs(*given[:size]), given[size : size + 2]
    drawn, (g_light, g_means) = Drawn(*given[size + 2 : size + 7]), given[size + 7 : size + 9]
    how = _how(given[size + 9 :])
    g_faces = provider.gradient(packed, drawn, g_light, g_means, how)
    _spoil(is_broken, g_faces)
    by = provider.set_up_gradient(_in_double(inputs), g_faces, how)
    scale, steepness, opacity = (each.contiguous() for each in by.numbers.unbind(-1))
    return by.vertices, by.eye, by.axes, scale, steepness, opacity, by.colours, by.light


def _faces_gradient(packed: Tensor, g_light: Tensor, g_means: Tensor, *how: Any) -> Tensor:
    sound, is_broken = _sound(packed)
    found = provider.gradient(sound, provider.draw(sound, _how(how)), g_light, g_means, _how(how))
    _spoil(is_broken, found)
    return found


def _faces_curvature(
    packed: Tensor, g_light: Tensor, g_means: Tensor, tangent: Tensor, *how: Any
) -> tuple[Tensor, Tensor, Tensor]:
    sound, is_broken = _sound(packed)
    found = provider.curvature(sound, tangent.detach(), g_light, g_means, _how(how))
    _spoil(is_broken, *found)
    return found


_INPUTS = _tensors(" ".join(Inputs._fields))
_DRAWN = _tensors("log_open silhouette log_total means lowest")
_PICTURE = _tensors("g_log_open g_means")
_EIGHT = ", ".join("Tensor" for _ in range(8))
_define(
    f"picture_gradient({_INPUTS}, {_tensors('packed is_broken')}, {_DRAWN}, {_PICTURE}, HOW) -> ({_EIGHT})",
    _picture_gradient,
)
_define(f"faces_gradient(Tensor packed, {_PICTURE}, HOW) -> Tensor", _faces_gradient)
_define(
    f"faces_curvature(Tensor packed, {_PICTURE}, Tensor tangent, HOW) -> (Tensor, Tensor, Tensor)",
    _faces_curvature,
)
