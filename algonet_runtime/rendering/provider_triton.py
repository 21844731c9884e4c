"""Triton kernels of the renderer on tensors. Imports torch, and triton when a kernel runs."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import torch
from torch import Tensor

from algonet_runtime.rendering.packed import CHANNEL, SIDE
from algonet_runtime.rendering.provider_numba import LEAST, Drawn, How

BLOCK = 16
"""Faces whose bounds a program looks at together."""

_FAR = 1e30


def draw(faces: Tensor, how: How) -> Drawn:
    """Pictures of faces, in their dtype."""
    batch, channels = faces.shape[0], faces.shape[2] - CHANNEL
    rows, columns = -(-how.height // SIDE), -(-how.width // SIDE)
    size = (batch, how.height, how.width)
    found = Drawn(
        faces.new_zeros(size),
        faces.new_zeros(size),
        faces.new_full(size if channels else (0, 0, 0), _FAR),
        faces.new_zeros((*size, channels)),
        faces.new_full((batch, rows, columns), _FAR),
    )
    if faces.numel():
        with _on_device(faces.device):
            _pixels().draw[(batch * rows * columns,)](
                *(faces, *found), *_sizes(faces, how), **_constants(faces, how), block=BLOCK
            )
    return found


def gradient(faces: Tensor, drawn: Drawn, g_light: Tensor, g_means: Tensor, how: How) -> Tensor:
    """Gradients of faces, (B, F, CHANNEL + C), from those of log(1 - S) and of the means."""
    out = torch.zeros_like(faces)
    if faces.numel():
        given = (*_pictures(faces, g_light, g_means), drawn.means, drawn.log_total, drawn.lowest)
        with _on_device(faces.device):
            _pixels().gradient[(faces.shape[0] * faces.shape[1],)](
                *(faces, *given, out), *_sizes(faces, how), **_constants(faces, how)
            )
    return out


def curvature(
    faces: Tensor, tangent: Tensor, g_light: Tensor, g_means: Tensor, how: How
) -> tuple[Tensor, Tensor, Tensor]:
    """Derivatives along a tangent of the faces: of the faces' gradient, of log(1 - S) and of the means.

    Args:
        faces: (B, F, CHANNEL + C), as all that follows in one dtype.
        tangent: As `faces`.
        g_light: (B, H, W).
        g_means: (B, H, W, C).
        how: What was drawn.
    """
    drawn = draw(faces, how)
    light_t, total_t, means_t, out = (
        torch.zeros_like(each) for each in (drawn.light, drawn.log_total, drawn.means, faces)
    )
    if faces.numel():
        tiles = drawn.lowest.numel()
        given = (
            faces,
            tangent.detach().resolve_neg().contiguous(),
            drawn.lowest,
            drawn.log_total,
            drawn.means,
        )
        sizes, constants = _sizes(faces, how), _constants(faces, how)
        with _on_device(faces.device):
            _curvature().draw_tangent[(tiles,)](*given, light_t, total_t, means_t, *sizes, **constants)
            pictures = _pictures(faces, g_light, g_means)
            _curvature().gradient_tangent[(faces.shape[0] * faces.shape[1],)](
                *given, total_t, means_t, *pictures, out, *sizes, **constants
            )
    return out, light_t, means_t


def _pictures(faces: Tensor, *pictures: Tensor) -> tuple[Tensor, ...]:
    return tuple(each.detach().resolve_neg().to(faces.dtype).contiguous() for each in pictures)


def _sizes(faces: Tensor, how: How) -> tuple[int | float, ...]:
    rows, columns = -(-how.height // SIDE), -(-how.width // SIDE)
    return faces.shape[1], how.height, how.width, rows, columns, how.gain, LEAST[faces.dtype]


def _constants(faces: Tensor, how: How) -> dict[str, Any]:
    channels = faces.shape[2] - CHANNEL
    return {
        "stride": faces.shape[2],
        "channels": channels,
        "padded": 1 << max(channels - 1, 0).bit_length(),
        "side": SIDE,
        "is_gated": how.is_gated,
        "is_shaded": channels > 0,
        "num_warps": 1,
    }


def _on_device(device: torch.device) -> AbstractContextManager[Any]:
    """Triton launches on the current device."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


@cache
def _pixels() -> Any:
    from algonet_runtime.rendering import pixels_triton

    return pixels_triton


@cache
def _curvature() -> Any:
    from algonet_runtime.rendering import curvature_triton

    return curvature_triton
