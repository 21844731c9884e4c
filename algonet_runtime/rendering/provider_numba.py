"""Numba kernels of the renderer on tensors. Imports torch, and numba when a kernel runs."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple, cast, final

import numpy as np
import torch
from torch import Tensor

from algonet_runtime.blocks import run_blocks
from algonet_runtime.rendering.packed import CHANNEL, SIDE

_AREA = SIDE * SIDE
LEAST = {torch.float32: -20.0, torch.float64: -42.0}
"""Logarithm of the V of a face that may be left out of a tile."""

_WORK_OF_FACE = 80
"""Of setting a face up, in units of `run_blocks`."""


@final
class How(NamedTuple):
    """What kernels draw.

    Args:
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
        is_gated: Whether faces have a gate.
        is_lit: Whether the first channel is the brightness.
        gain: Factor of log(1 - V).
        look: Numbers of light and camera, see `set_up_numba.set_up`.
    """

    height: int
    width: int
    is_gated: bool
    is_lit: bool
    gain: float
    look: tuple[float, ...]


@final
class Inputs(NamedTuple):
    """What faces are made of; each (B, ..), or (1, ..) for all pictures, without a history, in float64.

    Args:
        vertices: (B, V, 3).
        faces: (B, F, 3), int64.
        mask: (B, F), bool.
        eye: (B, 3).
        axes: (B, 3, 3).
        scale: (B,).
        steepness: (B,).
        opacity: (B,).
        colours: (B, F, C).
        light: (B, 3).
    """

    vertices: Tensor
    faces: Tensor
    mask: Tensor
    eye: Tensor
    axes: Tensor
    scale: Tensor
    steepness: Tensor
    opacity: Tensor
    colours: Tensor
    light: Tensor


@final
class Drawn(NamedTuple):
    """A picture, and what its gradient needs.

    Args:
        light: (B, H, W), log(1 - S).
        silhouette: (B, H, W), S.
        log_total: (B, H, W), logarithm of the sum of weights.
        means: (B, H, W, C).
        lowest: (B, tiles, tiles), float64, the smallest weight that shows.
    """

    light: Tensor
    silhouette: Tensor
    log_total: Tensor
    means: Tensor
    lowest: Tensor


@final
class Gradients(NamedTuple):
    """Of the inputs, each with the batch of the picture.

    Args:
        vertices: (B, V, 3).
        eye: (B, 3).
        axes: (B, 3, 3).
        numbers: (B, 3), by scale, steepness and opacity.
        colours: (B, F, C).
        light: (B, 3).
    """

    vertices: Tensor
    eye: Tensor
    axes: Tensor
    numbers: Tensor
    colours: Tensor
    light: Tensor


def set_up(inputs: Inputs, batch: int, channels: int, dtype: torch.dtype, how: How) -> tuple[Tensor, Tensor]:
    """Faces (B, F, CHANNEL + channels) of pictures, and which are not finite, (B,)."""
    count = inputs.faces.shape[-2]
    out = torch.empty(batch, count, CHANNEL + channels, dtype=dtype, device="cpu")
    is_broken = torch.empty(batch, dtype=torch.bool, device="cpu")
    kernels, switches = _set_up_kernels()
    given = _set_up_arguments(inputs, how, switches)
    results = (out.numpy(), is_broken.numpy())
    run_blocks(
        batch, _WORK_OF_FACE * batch * count, lambda begin, end: kernels.set_up(*given, begin, end, *results)
    )
    return out, is_broken


def set_up_gradient(inputs: Inputs, g_faces: Tensor, how: How) -> Gradients:
    """Gradients by what the faces are made of, from those of the faces (B, F, CHANNEL + channels)."""
    batch, count = g_faces.shape[:2]
    shapes = (
        *((batch, *inputs.vertices.shape[1:]), (batch, 3), (batch, 3, 3), (batch, 3)),
        *((batch, count, inputs.colours.shape[2]), (batch, 3)),
    )
    found = Gradients(*(torch.zeros(shape, dtype=torch.float64, device="cpu") for shape in shapes))
    kernels, switches = _set_up_kernels()
    given = _set_up_arguments(inputs, how, switches)
    cotangents = g_faces.contiguous().numpy()
    results = [each.numpy() for each in found]
    run_blocks(
        batch,
        2 * _WORK_OF_FACE * batch * count,
        lambda begin, end: kernels.set_up_gradient(*given, begin, end, cotangents, *results),
    )
    return found


def draw(faces: Tensor, how: How) -> Drawn:
    """Pictures of faces, in their dtype."""
    batch, channels = faces.shape[0], faces.shape[2] - CHANNEL
    rows, columns = _tiles(how)
    size = (batch, how.height, how.width)
    found = Drawn(
        torch.empty(size, dtype=faces.dtype, device="cpu"),
        torch.empty(size, dtype=faces.dtype, device="cpu"),
        torch.empty(size if channels else (0, 0, 0), dtype=faces.dtype, device="cpu"),
        torch.empty((*size, channels), dtype=faces.dtype, device="cpu"),
        torch.empty((batch, rows, columns), dtype=torch.float64, device="cpu"),
    )
    kernels, switches = _pixel_kernels()
    given = (
        *_switches(faces, how, switches),
        *(faces.numpy(), how.height, how.width, how.gain, LEAST[faces.dtype]),
    )
    results = [each.numpy() for each in found]
    run_blocks(batch * rows, _work(faces, how), lambda begin, end: kernels.draw(*given, begin, end, *results))
    return found


def gradient(faces: Tensor, drawn: Drawn, g_light: Tensor, g_means: Tensor, how: How) -> Tensor:
    """Gradients of faces, (B, F, CHANNEL + C) in float64, from those of log(1 - S) and of the means."""
    batch, count, width = faces.shape
    channels = width - CHANNEL
    rows, columns = _tiles(how)
    kernels, switches = _pixel_kernels()
    shapes = ((_AREA,), (channels, _AREA), (_AREA,), (_AREA,))
    tiles = [
        torch.empty((batch, rows, columns, *shape), dtype=faces.dtype, device="cpu").numpy()
        for shape in shapes
    ]
    pictures = [
        *(each.detach().to(faces.dtype).contiguous().numpy() for each in (g_light, g_means)),
        *(drawn.means.numpy(), drawn.log_total.numpy()),
    ]
    is_gated, is_shaded, is_fast = _switches(faces, how, switches)
    cut = (is_shaded, how.height, how.width, how.gain)
    run_blocks(
        batch * rows,
        batch * how.height * how.width * (1 + channels) // 2,
        lambda begin, end: kernels.to_tiles(*cut, begin, end, *pictures, *tiles),
    )
    out: Tensor = cast("Any", torch).from_numpy(np.zeros(faces.shape))  # zeros of torch wake its threads
    given = (is_gated, is_shaded, is_fast, faces.numpy(), how.height, how.width, LEAST[faces.dtype])
    results = (drawn.lowest.numpy(), *tiles, out.numpy())
    run_blocks(
        batch * count,
        2 * _work(faces, how),
        lambda begin, end: kernels.gradient(*given, begin, end, *results),
    )
    return out


def curvature(
    faces: Tensor, tangent: Tensor, g_light: Tensor, g_means: Tensor, how: How
) -> tuple[Tensor, Tensor, Tensor]:
    """Derivatives along a tangent of the faces: of the faces' gradient, of log(1 - S) and of the means.

    Args:
        faces: (B, F, CHANNEL + C), float64, as all that follows.
        tangent: As `faces`.
        g_light: (B, H, W).
        g_means: (B, H, W, C).
        how: What was drawn.
    """
    from algonet_runtime.rendering import curvature_numba as kernels

    drawn = draw(faces, how)
    batch, count = faces.shape[:2]
    rows, _ = _tiles(how)
    is_gated, is_shaded, _ = _switches(faces, how, _pixel_kernels()[1])
    light_t, total_t = torch.empty_like(drawn.light), torch.zeros_like(drawn.log_total)
    means_t, out = torch.zeros_like(drawn.means), torch.zeros_like(faces)
    given = (
        *(is_gated, is_shaded, faces.numpy(), tangent.contiguous().numpy()),
        *(how.height, how.width, how.gain, LEAST[faces.dtype]),
    )
    known = (drawn.lowest.numpy(), drawn.log_total.numpy(), drawn.means.numpy())
    tangents = [each.numpy() for each in (light_t, total_t, means_t)]
    work = 10 * _work(faces, how)
    run_blocks(
        batch * rows, work, lambda begin, end: kernels.draw_tangent(*given, begin, end, *known, *tangents)
    )
    pictures = [each.detach().contiguous().numpy() for each in (g_light, g_means)]
    results = (*known, *tangents[1:], *pictures, out.numpy())
    run_blocks(batch * count, work, lambda begin, end: kernels.gradient_tangent(*given, begin, end, *results))
    return out, light_t, means_t


def _tiles(how: How) -> tuple[int, int]:
    return -(-how.height // SIDE), -(-how.width // SIDE)


def _work(faces: Tensor, how: How) -> int:
    """A rough count of what faces do, in units of `run_blocks`."""
    rows, columns = _tiles(how)
    batch, count, width = faces.shape
    return batch * count * (40 if width == CHANNEL else 80) * (8 + rows * columns // 8)


def _switches(faces: Tensor, how: How, switches: Any) -> tuple[Any, Any, Any]:
    return (
        switches[how.is_gated],
        switches[faces.shape[2] > CHANNEL],
        switches[faces.dtype == torch.float32],
    )


def _set_up_arguments(inputs: Inputs, how: How, switches: Any) -> tuple[Any, ...]:
    look = np.array(how.look, dtype=np.float64)
    return (switches[how.is_gated], switches[how.is_lit], *(each.numpy() for each in inputs), look)


@cache
def _set_up_kernels() -> tuple[Any, Any]:
    from algonet_runtime.rendering import set_up_numba
    from algonet_runtime.switches_numba import SWITCHES

    return set_up_numba, SWITCHES


@cache
def _pixel_kernels() -> tuple[Any, Any]:
    from algonet_runtime.rendering import pixels_numba
    from algonet_runtime.switches_numba import SWITCHES

    return pixels_numba, SWITCHES
