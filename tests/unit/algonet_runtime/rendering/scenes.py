"""Scenes for tests of the renderer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

EYE = torch.tensor([0.5, 0.7, 2.5], dtype=torch.float64)
TETRAHEDRON = torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])
SMALL: dict[str, Any] = {"size": (3, 4), "steepness": 6.0}
SUPPORTS = ("disc", "paper")
PROJECTIONS: dict[str, dict[str, Any]] = {"perspective": {}, "orthographic": {"half_height": 1.2}}


def tetrahedron() -> Tensor:
    """Four vertices; no two coordinates equal."""
    corners = [[-0.7, -0.55, 0.4], [0.8, -0.5, 0.35], [0.05, -0.45, -0.75], [0.1, 0.85, -0.02]]
    return torch.tensor(corners, dtype=torch.float64)


def cloud(vertices: int = 7, faces: int = 6, batch: tuple[int, ...] = (), seed: int = 0) -> tuple[Any, ...]:
    """Random vertices and faces, some of which may be degenerate."""
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(*batch, vertices, 3, dtype=torch.float64, generator=generator) * 0.6
    return points, torch.randint(0, vertices, (faces, 3), generator=generator)
