"""What a face adds to a picture, as a few numbers: edges, gate, weight and depth. Imports torch."""

from __future__ import annotations

from typing import Any, NamedTuple, cast, final

import torch
from torch import Tensor

from algonet_runtime.rendering.numbers import softplus
from algonet_runtime.rendering.packed import HIDDEN, PAPER_LENGTH
from algonet_runtime.rendering.view import Projected
from algonet_runtime.tensors import common_shape


@final
class Style(NamedTuple):
    """How faces are drawn.

    Args:
        steepness: (..), s, in 1 / (half of the picture's height).
        has_gate: Whether a face ends near its disc (`disc`), or has streaks along its edges (`paper`).
        tau: How far beyond its disc a face reaches, in 1 / s.
        gain: How often a face counts in the silhouette.
    """

    steepness: Tensor
    has_gate: bool
    tau: float
    gain: float


@final
class Faces(NamedTuple):
    """Faces of a picture; all that its pixels need to know.

    Args:
        edges: (.., F, 3, 3), for each edge a, b, c with x = a px + b py + c, p relative to the centre;
            x > 0 inside.
        centre: (.., F, 2), mean of the corners.
        turn: (.., F), |x_1 + x_2 + x_3|, which is the same everywhere; 0 for a face seen edge-on.
        gate: (.., F, 2), g, h with G = g - h |p - centre|^2; None without.
        weight: (.., F), times -log(1 - V) in the silhouette.
        logit: (.., F), added to log V in the depth order.
        depth: (.., F), mean depth of the corners.
    """

    edges: Tensor
    centre: Tensor
    turn: Tensor
    gate: Tensor | None
    weight: Tensor
    logit: Tensor
    depth: Tensor


def corners_of(values: Tensor, faces: Tensor) -> Tensor:
    """Values of the corners of faces.

    Args:
        values: (*batch, V, k).
        faces: (F, 3), or (*batch, F, 3), which broadcasts against the other batch.

    Returns:
        (*batch, F, 3, k).
    """
    if faces.ndim == 2:
        found = values.index_select(-2, faces.reshape(-1))
    else:
        batch = common_shape(values.shape[:-2], faces.shape[:-2])
        index = faces.reshape(*faces.shape[:-2], -1, 1).expand(*batch, -1, values.shape[-1])
        found = values.expand(*batch, *values.shape[-2:]).gather(-2, index)
    return cast("Any", found).unflatten(-2, (-1, 3))


def set_up(
    seen: Projected, faces: Tensor, style: Style, opacity: Tensor | None, mask: Tensor | None
) -> Faces:
    """Faces (F, 3) or (*batch, F, 3) of projected vertices.

    Args:
        seen: The vertices.
        faces: Indices of corners.
        style: How they are drawn.
        opacity: (..), o of the depth order; None where there is none.
        mask: (.., F), which faces there are; None for all.
    """
    packed = torch.cat((seen.xy, seen.depth.unsqueeze(-1), seen.log_shown.unsqueeze(-1)), dim=-1)
    corners = corners_of(packed, faces)
    centre = corners[..., :2].mean(-2)
    xy = corners[..., :2] - centre.unsqueeze(-2)
    s = style.steepness[..., None]
    reach = 1 / (4 * s)
    sides = xy.roll(-1, -2) - xy
    slack = reach.square()[..., None] if style.has_gate else PAPER_LENGTH
    lengths = (sides.square().sum(-1) + slack).sqrt()
    size = ((-lengths).softmax(-1) * lengths).sum(-1)
    scale = (s / size).unsqueeze(-1)
    across, along = sides[..., 0] * scale, sides[..., 1] * scale
    offset = across * xy[..., 1] - along * xy[..., 0]
    total = offset.sum(-1)
    sign = torch.where(total.detach() >= 0, 1.0, -1.0).to(total.dtype)
    edges = torch.stack((along, -across, offset), dim=-1) * sign[..., None, None]
    gate = None
    if style.has_gate:
        radius = (xy.square().sum(-1).square().sum(-1) + reach**4).sqrt().sqrt()
        gate = torch.stack((s * radius / 2 + style.tau, s / (2 * radius)), dim=-1)
    depth = corners[..., 2].mean(-1)
    log_shown = corners[..., 3].sum(-1)
    if mask is not None:
        log_shown = torch.where(mask, log_shown, HIDDEN)
    logit = log_shown if opacity is None else log_shown - opacity[..., None] * depth
    return Faces(edges, centre, sign * total, gate, style.gain * log_shown.exp(), logit, depth)


def log_twin(turn: Tensor) -> Tensor:
    """log(1 + e^-|X|): what the face's other orientation adds to log V."""
    return softplus(-turn)
