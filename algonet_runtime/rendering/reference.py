"""Pixels from faces by plain torch operations, on any device and with all derivatives. Imports torch."""

from __future__ import annotations

from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from algonet_runtime.rendering.faces import Faces, log_twin

CHUNK = 2**22
"""Faces times pixels that are computed at once."""


@final
class Pixels(NamedTuple):
    """What faces make of a picture.

    Args:
        log_transmittance: (.., H, W), log(1 - S), at most 0.
        silhouette: (.., H, W), S.
        means: (.., H, W, C), channels of the faces, weighted by how much of the pixel is theirs; None
            without channels.
    """

    log_transmittance: Tensor
    silhouette: Tensor
    means: Tensor | None


def draw(faces: Faces, size: tuple[int, int], channels: Tensor | None) -> Pixels:
    """The picture of faces with channels (.., F, C)."""
    height, width = size
    batch, count = faces.turn.shape[:-1], faces.turn.shape[-1]
    at_once = max(1, CHUNK // max(1, batch.numel() * count))
    centres = pixel_centres(size, faces.turn)
    chunks = [centres[begin : begin + at_once] for begin in range(0, height * width, at_once)]
    parts = [_part(faces, pixels, channels) for pixels in chunks]
    joined_light = torch.cat([light for light, _ in parts], dim=-1)
    light = joined_light.reshape(*joined_light.shape[:-1], height, width)
    light = light - light.detach().clamp(min=0)  # rounding; derivatives are right
    means = None
    if channels is not None:
        joined = torch.cat([part for _, part in parts if part is not None], dim=-2)
        means = joined.reshape(*joined.shape[:-2], height, width, joined.shape[-1])
    return Pixels(light, -light.expm1(), means)


def pixel_centres(size: tuple[int, int], like: Tensor) -> Tensor:
    """(H W, 2), row after row from the top; y grows upward and is 1 at the upper border."""
    height, width = size
    x = (2 * torch.arange(width, dtype=like.dtype, device=like.device) + 1 - width) / height
    y = 1 - (2 * torch.arange(height, dtype=like.dtype, device=like.device) + 1) / height
    return torch.stack((x.expand(height, width), y[:, None].expand(height, width)), dim=-1).flatten(0, 1)


def _part(faces: Faces, pixels: Tensor, channels: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Of some pixels (P, 2): log(1 - S) (.., P) and means (.., P, C)."""
    log_covered, log_open = visibility(faces, pixels)
    light = (faces.weight.unsqueeze(-1) * log_open).sum(-2)
    if channels is None:
        return light, None
    shares = (log_covered + faces.logit.unsqueeze(-1)).softmax(-2)
    return light, shares.transpose(-1, -2) @ channels


def visibility(faces: Faces, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """log V and log(1 - V) of every face at every pixel, (.., F, P)."""
    place = pixels - faces.centre.unsqueeze(-2)
    x = (place.unsqueeze(-3) * faces.edges[..., :2].unsqueeze(-2)).sum(-1) + faces.edges[..., 2:]
    inside, outside = logsigmoid(x), logsigmoid(-x)
    log_covered = inside.sum(-2) + log_twin(faces.turn).unsqueeze(-1)
    log_open = outside + inside.roll(-1, -2)
    if faces.gate is None:
        return log_covered, log_open.logsumexp(-2)
    start, fall = faces.gate[..., :1], faces.gate[..., 1:]
    gate = start - fall * place.square().sum(-1)
    past_gate = log_covered + logsigmoid(-gate)
    open_ = torch.cat((log_open, past_gate.unsqueeze(-2)), dim=-2).logsumexp(-2)
    return log_covered + logsigmoid(gate), open_
