"""Small meshes that the tests of topology, penalties and metrics share: vertices in float64, faces."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

TETRAHEDRON = torch.tensor([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
CORNERS = torch.tensor([[1.0, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]], dtype=torch.float64)
"""Of a regular tetrahedron whose faces above have their normals outside."""


def sphere(level: int, radius: float = 0.4) -> tuple[Tensor, Tensor]:
    """An octahedron whose faces are split into four, so many times."""
    points = torch.cat([torch.eye(3), -torch.eye(3)]).double()
    faces = torch.tensor(
        [[x, y, z] if (x + y + z) % 2 else [x, z, y] for x, y, z in product((0, 3), (1, 4), (2, 5))]
    )
    for _ in range(level):
        a, b, c = points[faces].unbind(1)
        middles = torch.cat([a + b, b + c, c + a])
        points = torch.cat([points, middles / middles.norm(dim=-1, keepdim=True)])
        n = points.shape[0] - middles.shape[0]
        ab, bc, ca = torch.arange(n, points.shape[0]).view(3, -1)
        a, b, c = faces.unbind(1)
        parts = ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))
        faces = torch.cat([torch.stack(part, 1) for part in parts])
        points, index = torch.unique(points.round(decimals=12), dim=0, return_inverse=True)
        faces = index[faces]
    return radius * points, faces


def box(low: tuple[float, float, float], high: tuple[float, float, float]) -> tuple[Tensor, Tensor]:
    """A box, of two faces a side."""
    points = torch.tensor(list(product(*zip(low, high, strict=True))), dtype=torch.float64)
    quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    faces = [each for a, b, c, d in quads for each in ([a, b, c], [a, c, d])]
    return points, torch.tensor(faces)


def sheet(rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """A flat grid of squares, each of two faces; it has a boundary."""
    x, y = torch.meshgrid(torch.arange(rows + 1), torch.arange(columns + 1), indexing="ij")
    points = torch.stack([x, y, 0 * x], dim=-1).view(-1, 3).double()
    corner = torch.arange((rows + 1) * (columns + 1)).view(rows + 1, -1)
    a, b, c, d = corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]
    faces = torch.stack([torch.stack([a, b, c], -1), torch.stack([a, c, d], -1)], dim=2)
    return points, faces.view(-1, 3)


def random_faces(vertices: int, faces: int, seed: int) -> Tensor:
    """Faces of any kind: with corners twice, faces twice, edges of many faces, vertices of none."""
    return torch.randint(vertices, (faces, 3), generator=torch.Generator().manual_seed(seed))


def noise(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers."""
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
