"""Spheres, superquadrics and unions: counts, topology, orientation, and volumes."""

from __future__ import annotations

from itertools import pairwise
from math import gamma, pi
from typing import Any

import pytest
import torch
from torch import Tensor

from algonet_runtime.errors import RangeError, ShapeError, TypeMismatchError
from algonet_runtime.rendering.mesh import Mesh
from algonet_runtime.rendering.shapes import icosphere, superquadric, union

SUPERQUADRICS: list[dict[str, Any]] = [
    {},
    {"size": (1.0, 2.0, 3.0)},
    {"exponents": (0.1, 0.1)},
    {"exponents": (2.0, 2.0)},
    {"exponents": (0.2, 1.0), "size": (0.01, 5.0, 1.0)},
    {"exponents": (1.5, 3.0)},
    {"exponents": (8.0, 0.05)},
    {"rings": 2, "segments": 3},
    {"rings": 2, "segments": 17},
    {"rings": 7, "segments": 3},
    {"rings": 9, "segments": 5, "exponents": (0.5, 2.5)},
]


def volume(mesh: Mesh) -> float:
    """Of a closed mesh, by the divergence theorem; positive if faces are counterclockwise from outside."""
    return float(torch.linalg.det(mesh.triangles().double()).sum()) / 6


def check_closed(mesh: Mesh) -> None:
    """A closed surface without handles: every edge is run once in each direction, and V - E + F is 2."""
    edges = [
        tuple(edge)
        for face in mesh.faces.tolist()
        for edge in pairwise((*face, face[0]))
        if edge[0] != edge[1]
    ]
    assert len(edges) == 3 * len(mesh.faces)
    assert len(set(edges)) == len(edges)
    assert {(b, a) for a, b in edges} == set(edges)
    assert len(mesh.vertices) - len(edges) // 2 + len(mesh.faces) == 2
    assert torch.equal(mesh.faces.unique(), torch.arange(len(mesh.vertices)))


@pytest.mark.parametrize("level", range(6))
def test_icosphere(level: int) -> None:
    mesh = icosphere(level, dtype=torch.float64)
    assert mesh.vertices.shape == (10 * 4**level + 2, 3)
    assert mesh.faces.shape == (20 * 4**level, 3)
    torch.testing.assert_close(mesh.vertices.norm(dim=1), torch.ones(len(mesh.vertices)).double())
    check_closed(mesh)
    outward = torch.linalg.cross(*(mesh.triangles().diff(dim=1).unbind(1)))
    assert bool(((outward * mesh.triangles().mean(1)).sum(1) > 0).all())


def test_counts_of_the_levels_that_papers_use() -> None:
    assert [len(icosphere(level).vertices) for level in (2, 3)] == [162, 642]
    assert [len(icosphere(level).faces) for level in (2, 3)] == [320, 1280]
    assert len(icosphere(7).faces) == 327_680
    assert torch.equal(icosphere().faces, icosphere(2).faces)


def test_volumes_of_icospheres_tend_to_that_of_the_sphere() -> None:
    missing = [4 * pi / 3 - volume(icosphere(level, dtype=torch.float64)) for level in range(6)]
    assert all(error > 0 for error in missing)
    assert [before / after for before, after in pairwise(missing)][-3:] == pytest.approx([4, 4, 4], rel=0.05)


def test_triangles_of_an_icosphere_are_of_one_size() -> None:
    edges = icosphere(3, dtype=torch.float64).triangles().diff(dim=1).norm(dim=-1)
    assert float(edges.max() / edges.min()) < 1.3


def test_levels_share_their_first_vertices_and_calls_agree() -> None:
    for level in range(4):
        mesh, finer = icosphere(level), icosphere(level + 1)
        assert torch.equal(finer.vertices[: len(mesh.vertices)], mesh.vertices)
        assert torch.equal(icosphere(level).vertices, mesh.vertices)
        assert torch.equal(icosphere(level).faces, mesh.faces)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_radius_and_dtype(dtype: torch.dtype) -> None:
    mesh = icosphere(1, radius=2.5, dtype=dtype)
    assert mesh.vertices.dtype == dtype
    torch.testing.assert_close(
        mesh.vertices.double().norm(dim=1), torch.full((42,), 2.5).double(), rtol=1e-3, atol=0
    )


@pytest.mark.parametrize("level", [-1, 8, 2.0, True, "2"])
def test_levels_out_of_range(level: Any) -> None:
    with pytest.raises(RangeError, match=r"icosphere: `level` must be a whole number in 0\.\.7"):
        icosphere(level)


@pytest.mark.parametrize("radius", [0.0, -1.0, float("inf"), float("nan")])
def test_radius_out_of_range(radius: float) -> None:
    with pytest.raises(RangeError, match="icosphere: `radius`"):
        icosphere(radius=radius)


def test_dtypes_that_cannot_be() -> None:
    with pytest.raises(TypeMismatchError, match="icosphere: `dtype`"):
        icosphere(dtype=torch.int64)
    with pytest.raises(TypeMismatchError, match="superquadric: `dtype`"):
        superquadric(dtype=torch.bool)


@pytest.mark.parametrize("options", SUPERQUADRICS)
def test_superquadrics_are_closed_and_outward(options: dict[str, Any]) -> None:
    mesh = superquadric(**options, dtype=torch.float64)
    rings, segments = options.get("rings", 16), options.get("segments", 32)
    assert len(mesh.vertices) == (rings - 1) * segments + 2
    assert len(mesh.faces) == 2 * (rings - 1) * segments
    check_closed(mesh)
    assert volume(mesh) > 0


def implicit(vertices: Tensor, size: Tensor, exponents: tuple[float, float]) -> Tensor:
    """Barr's inside-outside function: 1 on the surface."""
    x, y, z = (vertices / size).abs().unbind(1)
    along, around = exponents
    return (x ** (2 / around) + y ** (2 / around)) ** (around / along) + z ** (2 / along)


@pytest.mark.parametrize("exponents", [(1.0, 1.0), (0.3, 0.7), (2.0, 0.5), (1.3, 2.6)])
def test_vertices_are_on_the_surface(exponents: tuple[float, float]) -> None:
    size = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    mesh = superquadric(size.tolist(), exponents, dtype=torch.float64)
    value = implicit(mesh.vertices, size, exponents)
    torch.testing.assert_close(value, torch.ones_like(value), rtol=1e-9, atol=0)
    torch.testing.assert_close(mesh.vertices.amax(0), size)
    torch.testing.assert_close(mesh.vertices.amin(0), -size)


@pytest.mark.parametrize("exponents", [(1.0, 1.0), (0.5, 1.0), (2.0, 2.0), (1.0, 0.5)])
def test_volumes_of_superquadrics(exponents: tuple[float, float]) -> None:
    def beta(a: float, b: float) -> float:
        return gamma(a) * gamma(b) / gamma(a + b)

    along, around = exponents
    # Jaklic, Leonardis, Solina, Segmentation and Recovery of Superquadrics (2000), chapter 2.
    wanted = 2 * 6 * along * around * beta(along / 2 + 1, along) * beta(around / 2, around / 2)
    mesh = superquadric((1.0, 2.0, 3.0), exponents, rings=200, segments=400, dtype=torch.float64)
    assert volume(mesh) == pytest.approx(wanted, rel=1e-3)


def test_the_round_superquadric_is_a_sphere() -> None:
    norms = superquadric((2.0, 2.0, 2.0), dtype=torch.float64).vertices.norm(dim=1)
    torch.testing.assert_close(norms, torch.full_like(norms, 2.0))


def test_a_superquadric_near_a_box_has_flat_sides() -> None:
    vertices = superquadric(exponents=(0.01, 0.01), rings=8, segments=16).vertices
    assert float((vertices.abs().amax(1) - 1).abs().max()) < 0.02
    assert bool((vertices == 0).any(0).all())


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"size": (1.0, 1.0)}, "size"),
        ({"size": (1.0, 0.0, 1.0)}, "size"),
        ({"size": (1.0, float("nan"), 1.0)}, "size"),
        ({"exponents": (1.0,)}, "exponents"),
        ({"exponents": (1.0, -1.0)}, "exponents"),
        ({"exponents": (0.0, 1.0)}, "exponents"),
        ({"rings": 1}, "rings"),
        ({"segments": 2}, "segments"),
        ({"segments": 3.0}, "segments"),
    ],
)
def test_superquadrics_out_of_range(options: dict[str, Any], name: str) -> None:
    with pytest.raises(RangeError, match=f"superquadric: `{name}`"):
        superquadric(**options)


@pytest.mark.parametrize(
    "mesh", [icosphere(0), icosphere(3), *(superquadric(**each) for each in SUPERQUADRICS)]
)
def test_trimesh_agrees(mesh: Mesh) -> None:
    trimesh: Any = pytest.importorskip("trimesh", reason="the second opinion is trimesh's")
    other = trimesh.Trimesh(mesh.vertices.numpy(), mesh.faces.numpy(), process=False)
    assert other.is_watertight
    assert other.is_winding_consistent
    assert other.euler_number == 2
    assert other.volume > 0
    assert other.volume == pytest.approx(volume(mesh), rel=1e-5)


# ---- unions


def test_union() -> None:
    parts = [icosphere(0), superquadric(rings=2, segments=3), icosphere(1)]
    mesh = union(parts)
    assert len(mesh.vertices) == 12 + 5 + 42
    assert len(mesh.faces) == 20 + 6 + 80
    assert mesh.face_mask is mesh.face_albedo is mesh.vertex_albedo is None
    assert torch.equal(mesh.triangles(), torch.cat([part.triangles() for part in parts]))
    assert volume(mesh) == pytest.approx(sum(volume(part) for part in parts), rel=1e-6)
    alone = union(parts[:1])
    assert torch.equal(alone.faces, parts[0].faces)


def test_union_keeps_masks_and_albedos_that_all_have() -> None:
    ball = icosphere(0)
    mask = torch.arange(20) < 7
    faces, vertices = torch.rand(20, 3), torch.rand(12, 3)
    masked = Mesh(ball.vertices, ball.faces, mask)
    found = union([ball, masked]).face_mask
    assert found is not None
    assert found.tolist() == [True] * 20 + mask.tolist()
    coloured = Mesh(ball.vertices, ball.faces, face_albedo=faces)
    found = union([coloured, coloured]).face_albedo
    assert found is not None
    assert torch.equal(found, torch.cat((faces, faces)))
    other = Mesh(ball.vertices, ball.faces, vertex_albedo=vertices)
    found = union([other, other]).vertex_albedo
    assert found is not None
    assert torch.equal(found, torch.cat((vertices, vertices)))
    for mixed in (union([coloured, other]), union([coloured, ball])):
        assert mixed.face_albedo is mixed.vertex_albedo is None


def test_union_with_nothing() -> None:
    nothing = Mesh(torch.zeros(0, 3), torch.zeros(0, 3, dtype=torch.int64))
    mesh = union([nothing, icosphere(0), nothing])
    assert torch.equal(mesh.faces, icosphere(0).faces)
    assert len(union([nothing]).faces) == 0


def test_gradients_go_through_a_union() -> None:
    first, second = icosphere(0), icosphere(1)
    vertices = second.vertices.clone().requires_grad_()
    union([first, second.with_vertices(vertices)]).vertices[12:].sum().backward()
    assert vertices.grad is not None
    assert torch.equal(vertices.grad, torch.ones_like(vertices))


def test_unions_that_cannot_be() -> None:
    ball = icosphere(0)
    with pytest.raises(RangeError, match="union: `meshes` must hold at least one"):
        union([])
    with pytest.raises(ShapeError, match=r"union: `meshes\[1\]`.*batch \(1,\)"):
        union([ball, Mesh.padded([ball])])
    with pytest.raises(TypeMismatchError, match=r"union: `meshes\[1\]` is torch\.float64"):
        union([ball, icosphere(0, dtype=torch.float64)])
