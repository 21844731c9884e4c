"""How often a surface goes round a point: the plain way, and fast on a grid. Imports torch.

The winding number is the sum of the solid angles of the faces as seen from the point, divided by 4 pi: 1
inside of a closed mesh whose normals point outwards, 0 outside, something between near a hole (Jacobson et
al., SIGGRAPH 2013). On a grid the faces above a point are counted instead, which is exact for closed meshes.
An edge at a hole is continued downwards to infinity by a strip, whose solid angle is taken off again.
"""

from __future__ import annotations

from math import pi
from typing import Any, cast

import torch
from torch import Tensor

from algonet_runtime.annotations import Float, Int
from algonet_runtime.rendering.numbers import cross

BLOCK = 2**20
"""The most numbers that an intermediate result has."""


def pieces(values: Tensor, length: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Values along a dimension, in pieces of a length, or of 1 if that is less."""
    return cast("Any", values).split(max(length, 1), dim)


@torch.no_grad()
def winding_number(
    points: Float[Tensor, "N 3"], vertices: Float[Tensor, "V 3"], faces: Int[Tensor, "F 3"]
) -> Float[Tensor, " N"]:
    """The winding number of a mesh about each point, by its definition; in float64, without derivatives.

    Args:
        points: Where; not on the surface, where it jumps.
        vertices: Positions.
        faces: Corners.
    """
    places, corners = points.double(), vertices.double()[faces]
    total = torch.zeros_like(places[:, 0])
    for some in pieces(corners, BLOCK // max(places.shape[0], 1)):
        a, b, c = (some[:, None, corner] - places for corner in range(3))
        la, lb, lc = (each.square().sum(-1).sqrt() for each in (a, b, c))
        volume = (a * cross(b, c)).sum(-1)
        base = la * lb * lc + (a * b).sum(-1) * lc + (b * c).sum(-1) * la + (c * a).sum(-1) * lb
        total += torch.atan2(volume, base).sum(0)
    return total / (2 * pi)


@torch.no_grad()
def winding_on_grid(
    vertices: Float[Tensor, "V 3"], faces: Int[Tensor, "F 3"], centres: Float[Tensor, " R"]
) -> Float[Tensor, "R R R"]:
    """The winding number of a mesh about the points (x, y, z) of a cubic grid, without derivatives.

    Takes about F R + R^2 steps, and R^3 for each edge at a hole.

    Args:
        vertices: Positions; those at the same place count as one.
        faces: Corners.
        centres: The coordinates of the grid, ascending, float64.

    Returns:
        In float64, by indices of x, y, z; whole numbers for a closed mesh.
    """
    places, index = cast("Any", torch).unique(vertices.double(), dim=0, return_inverse=True)
    corners = index[faces]
    winding = _faces_above(places[corners], centres).double()
    tails, heads, times = _boundary(corners, places.shape[0])
    for each in pieces(torch.arange(times.shape[0], device=times.device), BLOCK // centres.shape[0] ** 3):
        angles = _strips(places[tails[each]], places[heads[each]], centres)
        winding += (angles * times[each, None, None, None]).sum(0) / (4 * pi)
    return winding


def _faces_above(corners: Tensor, centres: Tensor) -> Tensor:
    """How many faces (F, 3, 3) are above each point of the grid: those seen from within less the others.

    Each row of the grid, along x, is cut by two sides of a face or by none. Where a side cuts it depends on
    the ends of the side only, so that two faces never differ on which of them has a column.
    """
    count = centres.shape[0]
    bins = torch.zeros(count * count * (count + 1), dtype=torch.int64, device=centres.device)
    for some in pieces(corners, BLOCK // count**2):
        is_cut, is_rising, x, z = _cuts(some, some.roll(-1, 1), centres)
        column = torch.searchsorted(centres, x)
        (up, up_x, up_z), (down, down_x, down_z) = (
            [torch.where(is_cut & is_way, each, 0).sum(1).view(-1) for each in (column, x, z)]
            for is_way in (is_rising, ~is_rising)
        )
        length = (up - down).abs()
        row = torch.arange(length.shape[0], device=length.device).repeat_interleave(length)
        begin = (length.cumsum(0) - length)[row]
        place = torch.minimum(up, down)[row] + torch.arange(row.shape[0], device=row.device) - begin
        part = (centres[place] - down_x[row]) / (up_x - down_x)[row]
        height = down_z[row] + part * (up_z - down_z)[row]
        level = torch.searchsorted(centres, height)
        bins.index_add_(0, (place * count + row % count) * (count + 1) + level, (up - down).sign()[row])
    return bins.view(count, count, -1).flip(-1).cumsum(-1).flip(-1)[..., 1:]


def _cuts(tails: Tensor, heads: Tensor, centres: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Where sides from tails to heads, (.., 3), cross the rows at heights y.

    Returns:
        For each side and row whether it does, and for each side and 1 whether it rises; then x and z of the
        crossing, the same to the bit for both directions of a side.
    """
    is_rising = (tails[..., 1] <= heads[..., 1]).unsqueeze(-1)
    low, high = torch.where(is_rising, tails, heads), torch.where(is_rising, heads, tails)
    low_y, high_y = low[..., 1, None], high[..., 1, None]
    is_cut = (low_y <= centres) & (centres < high_y)
    part = torch.where(is_cut, (centres - low_y) / (high_y - low_y), 0)
    x, z = ((low[..., axis, None] + part * (high - low)[..., axis, None]).contiguous() for axis in (0, 2))
    return is_cut, is_rising, x, z


def _boundary(faces: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Edges that faces (F, 3) do not pass as often in both directions: tails, heads, how often more."""
    tails, heads = faces.reshape(-1), faces.roll(-1, -1).reshape(-1)
    numbers = torch.minimum(tails, heads) * count + torch.maximum(tails, heads)
    edges, index = cast("Any", torch).unique(numbers, return_inverse=True)
    times = torch.zeros_like(edges).index_add_(0, index, (heads - tails).sign())
    is_open = times != 0
    edges = edges[is_open]
    return edges // max(count, 1), edges % max(count, 1), times[is_open]


def _strips(tails: Tensor, heads: Tensor, centres: Tensor) -> Tensor:
    """Solid angles of the strips below edges (n, 3), as seen from the grid: (n, R, R, R).

    A strip is a triangle with a corner at infinity. Its angle jumps from -2 pi to 2 pi where the point passes
    through it; there the same test tells the sides apart as in `_faces_above`, whose count jumps back.
    """
    is_cut, is_rising, x, height = _cuts(tails, heads, centres)
    (ax, ay, az, far_a), (bx, by, bz, far_b) = (_as_seen(ends, centres) for ends in (tails, heads))
    turn = ax * by - ay * bx
    angle = torch.atan2(turn, (far_a - az) * (far_b - bz) + ax * bx + ay * by)
    is_left = (centres[:, None] < x[:, None, :]) == is_rising[:, None]
    is_off = is_cut[:, None] & (is_left == turn.squeeze(-1).signbit())
    is_passed = is_off.unsqueeze(-1) & (centres < height[:, None, :, None])
    return -2 * torch.where(is_passed, angle - torch.copysign(torch.full_like(turn, 2 * pi), turn), angle)


def _as_seen(ends: Tensor, centres: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Points (n, 3) from the grid: x (n, R, 1, 1), y (n, 1, R, 1), z (n, 1, 1, R) and their distances.

    One exactly in a row is a hair's breadth below, so that an edge above the grid has a direction; as in
    `_cuts`.
    """
    x, y, z = (ends[:, axis, None] - centres for axis in range(3))
    x, z = x[:, :, None, None], z[:, None, None, :]
    y = torch.where(y == 0, -1e-60, y)[:, None, :, None]
    return x, y, z, (x.square() + y.square() + z.square()).sqrt()
