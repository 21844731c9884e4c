"""Winding numbers: of known shapes by their definition, and on grids against the definition."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from algonet_runtime.rendering import winding
from algonet_runtime.rendering.winding import winding_number, winding_on_grid
from tests.unit.algonet_runtime.rendering.surfaces import (
    CORNERS,
    TETRAHEDRON,
    box,
    noise,
    random_faces,
    sphere,
)


def centres_of(resolution: int) -> Tensor:
    return (torch.arange(resolution, dtype=torch.float64) + 0.5) / resolution - 0.5


def points_of(centres: Tensor) -> Tensor:
    return torch.stack(torch.meshgrid(centres, centres, centres, indexing="ij"), dim=-1).view(-1, 3)


def is_off_surface(points: Tensor, vertices: Tensor, faces: Tensor) -> Tensor:
    """Whether a point lies on no face, edge or vertex: there the winding number jumps."""
    a, b, c = (vertices[faces][:, None, corner] - points for corner in range(3))
    la, lb, lc = (each.norm(dim=-1) for each in (a, b, c))
    volume = (a * torch.linalg.cross(b, c)).sum(-1)
    base = la * lb * lc + (a * b).sum(-1) * lc + (b * c).sum(-1) * la + (c * a).sum(-1) * lb
    return ~((volume.abs() < 1e-12) & (base < 1e-12)).any(0)


# ---- the definition


def by_loops(point: list[float], triangle: list[list[float]]) -> float:
    """The solid angle of a triangle by the theorem of l'Huilier, with its sign, over 4 pi."""
    a, b, c = ([x - y for x, y in zip(corner, point, strict=True)] for corner in triangle)
    a, b, c = ([x / math.hypot(*way) for x in way] for way in (a, b, c))

    def angle(u: list[float], v: list[float]) -> float:
        return 2 * math.asin(math.dist(u, v) / 2)

    sides = [angle(b, c), angle(c, a), angle(a, b)]
    half = sum(sides) / 2
    product = math.tan(half / 2) * math.prod(math.tan((half - side) / 2) for side in sides)
    volume = (
        a[0] * (b[1] * c[2] - b[2] * c[1])
        + a[1] * (b[2] * c[0] - b[0] * c[2])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
    )
    return math.copysign(4 * math.atan(math.sqrt(max(product, 0))), volume) / (4 * math.pi)


def test_solid_angles() -> None:
    vertices, faces = noise(8, 3), random_faces(8, 10, 1)
    faces = faces[(faces != faces.roll(1, -1)).all(-1)]
    points = noise(5, 3, seed=1)
    wanted = [
        sum(by_loops(point, [vertices[corner].tolist() for corner in face]) for face in faces.tolist())
        for point in points.tolist()
    ]
    assert winding_number(points, vertices, faces).tolist() == pytest.approx(wanted, rel=1e-7, abs=1e-9)


def test_inside_and_outside() -> None:
    points = torch.tensor([[0.0, 0, 0], [0.1, 0.1, 0.2], [1.9, 0, 0], [5, 5, 5]], dtype=torch.float64)
    for vertices, faces in (sphere(2), (CORNERS, TETRAHEDRON), box((-1, -1, -1), (0.5, 0.5, 0.5))):
        is_inside = torch.tensor([1.0, 1, 0, 0], dtype=torch.float64)
        assert torch.allclose(winding_number(points, vertices, faces), is_inside, atol=1e-12)
        assert torch.allclose(winding_number(points, vertices, faces.flip(-1)), -is_inside, atol=1e-12)
        twice = torch.cat([faces, faces])
        assert torch.allclose(winding_number(points, vertices, twice), 2 * is_inside, atol=1e-12)


def test_pieces_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    vertices, faces = noise(9, 3), random_faces(9, 11, 2)
    points, centres = noise(7, 3, seed=1), centres_of(5)
    wanted = winding_number(points, vertices, faces), winding_on_grid(vertices, faces, centres)
    monkeypatch.setattr(winding, "BLOCK", 1)
    assert torch.allclose(winding_number(points, vertices, faces), wanted[0], atol=1e-13)
    assert torch.allclose(winding_on_grid(vertices, faces, centres), wanted[1], atol=1e-13)


# ---- the grid


def check_grid(vertices: Tensor, faces: Tensor, resolution: int) -> Tensor:
    """That the grid agrees with the definition, but for points on the surface."""
    centres = centres_of(resolution)
    points = points_of(centres)
    found = winding_on_grid(vertices, faces, centres)
    wanted = winding_number(points, vertices, faces)
    is_compared = is_off_surface(points, vertices, faces)
    assert is_compared.double().mean() > 0.5
    assert torch.allclose(found.view(-1)[is_compared], wanted[is_compared], rtol=0, atol=1e-10)
    return found


@pytest.mark.parametrize("resolution", [1, 7, 16])
@pytest.mark.parametrize("level", [0, 2])
def test_closed_surfaces_have_whole_numbers(level: int, resolution: int) -> None:
    found = check_grid(*sphere(level), resolution)
    assert torch.equal(found, found.round())
    assert set(found.unique().tolist()) == ({1.0} if resolution == 1 else {0.0, 1.0})


@pytest.mark.parametrize("share", [0.2, 0.8, 0.97])
def test_surfaces_with_holes(share: float) -> None:
    vertices, faces = sphere(2)
    is_there = torch.rand(len(faces), generator=torch.Generator().manual_seed(0)) < share
    found = check_grid(vertices + 0.01 * noise(*vertices.shape), faces[is_there], 12)
    assert not torch.equal(found, found.round())


@pytest.mark.parametrize("seed", range(5))
def test_any_faces(seed: int) -> None:
    check_grid(0.3 * noise(20, 3, seed=seed), random_faces(20, 15, seed), 9)


@pytest.mark.parametrize("shift", ["none", "up", "aside"])
@pytest.mark.parametrize("seed", range(40))
def test_vertices_in_line_with_the_grid(seed: int, shift: str) -> None:
    """Rays through vertices and along edges, or past them by a bit; holes on every side of them."""
    draw = torch.Generator().manual_seed(seed)
    vertices = centres_of(8)[torch.randint(8, (12, 3), generator=draw)]
    if shift == "up":
        vertices[:, 2] += 0.0113 * torch.rand(12, dtype=torch.float64, generator=draw)
    elif shift == "aside":
        vertices[:, :2] = vertices[:, :2].nextafter(torch.randn(12, 2, dtype=torch.float64, generator=draw))
    check_grid(vertices, random_faces(12, 6, seed), 8)


def test_faces_whose_vertices_are_not_shared() -> None:
    """Such a mesh has no holes, but each of its edges is one: places count, and not names."""
    vertices, faces = sphere(2)
    apart = vertices[faces].view(-1, 3)
    names = torch.arange(3 * len(faces)).view(-1, 3)
    found = winding_on_grid(apart, names, centres_of(12))
    assert torch.equal(found, winding_on_grid(vertices, faces, centres_of(12)))
    mixed = torch.where(apart == 0, -apart, apart)
    assert torch.equal(winding_on_grid(mixed, names, centres_of(12)), found)


def test_axes() -> None:
    found = winding_on_grid(*box((0.01, -0.49, -0.49), (0.49, -0.26, 0.24)), centres_of(4))
    assert found.nonzero().tolist() == [[x, 0, z] for x in (2, 3) for z in (0, 1, 2)]


@pytest.mark.parametrize("vertices", [0, 4])
def test_no_faces(vertices: int) -> None:
    nothing = torch.zeros(0, 3, dtype=torch.int64)
    assert torch.equal(
        winding_on_grid(noise(vertices, 3), nothing, centres_of(3)), torch.zeros(3, 3, 3).double()
    )
    assert winding_number(noise(5, 3), noise(vertices, 3), nothing).tolist() == 5 * [0.0]
    assert winding_number(noise(0, 3), CORNERS, TETRAHEDRON).shape == (0,)
