"""Penalties on meshes, against loops over plain numbers."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
import torch
from torch import Tensor

from algonet_runtime.errors import RangeError, ShapeError, TypeMismatchError
from algonet_runtime.rendering import regularisers
from algonet_runtime.rendering.regularisers import (
    MeshRegulariser,
    edge_length_deviation,
    laplacian_distance,
    normal_consistency,
)
from algonet_runtime.rendering.topology import topology_of
from tests.unit.algonet_runtime.rendering.surfaces import (
    CORNERS,
    TETRAHEDRON,
    box,
    noise,
    random_faces,
    sheet,
    sphere,
)

Vector = list[float]

# ---- loops


def minus(a: Vector, b: Vector) -> Vector:
    return [x - y for x, y in zip(a, b, strict=True)]


def sides(face: list[int]) -> set[tuple[int, int]]:
    return {(min(pair), max(pair)) for pair in combinations(face, 2) if pair[0] != pair[1]}


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def magnitude(u: float, smoothing: float) -> float:
    return math.sqrt(u * u + smoothing * smoothing) - smoothing


def normal(points: list[Vector], face: list[int]) -> Vector:
    (ax, ay, az), (bx, by, bz) = (minus(points[face[corner]], points[face[0]]) for corner in (1, 2))
    way = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]
    return [x / math.sqrt(sum(y * y for y in way) + 1e-12) for x in way]


def normals_by_loops(points: list[Vector], faces: list[list[int]], _: float) -> float:
    whole = [face for face in faces if len(set(face)) == 3]
    adjacent = [pair for pair in combinations(whole, 2) if sides(pair[0]) & sides(pair[1])]
    found = [minus(normal(points, one), normal(points, other)) for one, other in adjacent]
    return mean([sum(x * x for x in way) for way in found])


def edges_by_loops(points: list[Vector], faces: list[list[int]], smoothing: float) -> float:
    edges = sorted({edge for face in faces for edge in sides(face)})
    ways = [minus(points[one], points[other]) for one, other in edges]
    lengths = [math.sqrt(sum(x * x for x in way) + smoothing * smoothing) for way in ways]
    return mean([magnitude(length - mean(lengths), smoothing) for length in lengths])


def laplacian_by_loops(points: list[Vector], faces: list[list[int]], smoothing: float) -> float:
    edges = {edge for face in faces for edge in sides(face)}
    found: list[float] = []
    for vertex, point in enumerate(points):
        near = [points[other] for edge in edges if vertex in edge for other in edge if other != vertex]
        centre = [mean(list(column)) for column in zip(*near, strict=True)] if near else point
        found.append(sum(magnitude(x, smoothing) for x in minus(point, centre)))
    return mean(found)


Penalty = Callable[..., Tensor]
PENALTIES: dict[str, tuple[Penalty, Callable[[list[Vector], list[list[int]], float], float]]] = {
    "normal_consistency": (normal_consistency, normals_by_loops),
    "edge_length_deviation": (edge_length_deviation, edges_by_loops),
    "laplacian_distance": (laplacian_distance, laplacian_by_loops),
}


def options(name: str, smoothing: float) -> dict[str, float]:
    return {} if name == "normal_consistency" else {"smoothing": smoothing}


SURFACES: dict[str, tuple[Tensor, Tensor]] = {
    "sphere": sphere(1),
    "box": box((0, 0, 0), (1, 2, 0.5)),
    "sheet": sheet(2, 3),
    "any": (noise(9, 3), random_faces(9, 14, 3)),
    "any larger": (noise(30, 3), random_faces(30, 60, 4)),
    "one place": (torch.full((6, 3), 0.3, dtype=torch.float64), random_faces(6, 8, 5)),
    "no faces": (noise(4, 3), torch.zeros(0, 3, dtype=torch.int64)),
    "one face": (noise(3, 3), torch.tensor([[2, 0, 1]])),
    "nothing": (torch.zeros(0, 3, dtype=torch.float64), torch.zeros(0, 3, dtype=torch.int64)),
}


@pytest.mark.parametrize("smoothing", [1e-3, 0.2])
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("name", PENALTIES)
def test_values(name: str, surface: str, smoothing: float) -> None:
    function, by_loops = PENALTIES[name]
    vertices, faces = SURFACES[surface]
    meshes = torch.stack([vertices, 0.7 * vertices + 0.1 * noise(*vertices.shape, seed=1)])
    found = function(meshes, faces, **options(name, smoothing))
    wanted = [by_loops(each.tolist(), faces.tolist(), smoothing) for each in meshes]
    assert found.shape == (2,)
    assert found.tolist() == pytest.approx(wanted, rel=1e-11, abs=1e-15)


# ---- values that are known


def test_normals_of_known_solids() -> None:
    assert normal_consistency(CORNERS, TETRAHEDRON).item() == pytest.approx(8 / 3, rel=1e-12)
    # 12 edges between faces at right angles, 6 diagonals.
    assert normal_consistency(*box((0, 0, 0), (1, 1, 1))).item() == pytest.approx(24 / 18, rel=1e-11)
    assert normal_consistency(*sheet(3, 4)).item() == 0
    folded = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]])
    assert normal_consistency(folded, torch.tensor([[0, 1, 2], [1, 0, 3]])).item() == pytest.approx(4)


def test_edges_of_equal_length_do_not_deviate() -> None:
    assert edge_length_deviation(CORNERS, TETRAHEDRON).item() == pytest.approx(0, abs=1e-15)
    # Of a square four sides of 1 and a diagonal.
    mean_length = (4 + math.sqrt(2)) / 5
    wanted = (4 * (mean_length - 1) + math.sqrt(2) - mean_length) / 5
    assert edge_length_deviation(*sheet(1, 1), smoothing=1e-9).item() == pytest.approx(wanted, rel=1e-8)


def test_distance_to_the_mean_of_neighbours() -> None:
    # Each corner of a tetrahedron around 0 is 4/3 of itself away from the mean of the others.
    found = laplacian_distance(CORNERS, TETRAHEDRON, smoothing=1e-9).item()
    assert found == pytest.approx(4, rel=1e-8)


def test_vertices_without_neighbours_count_0() -> None:
    alone = torch.cat([CORNERS, 100 * noise(2, 3)])
    found = laplacian_distance(alone, TETRAHEDRON)
    assert torch.allclose(found, laplacian_distance(CORNERS, TETRAHEDRON) * 4 / 6, rtol=1e-14)


@pytest.mark.parametrize("name", PENALTIES)
def test_noise_is_penalised(name: str) -> None:
    vertices, faces = sphere(2)
    levels = torch.tensor([0.0, 0.03, 0.1], dtype=torch.float64)
    found = PENALTIES[name][0](vertices + levels[:, None, None] * noise(*vertices.shape), faces)
    assert (found.diff() > 0.002).all()


# ---- what must not matter


@pytest.mark.parametrize("name", PENALTIES)
def test_place_and_names_do_not_matter(name: str) -> None:
    function = PENALTIES[name][0]
    vertices, faces = sphere(1)
    vertices = vertices + 0.05 * noise(*vertices.shape)
    wanted = function(vertices, faces)
    draw = torch.Generator().manual_seed(1)
    order = torch.randperm(len(faces), generator=draw)
    turned = faces[order].roll(1, -1)
    assert torch.allclose(function(vertices, turned), wanted, rtol=1e-12)
    names = torch.randperm(len(vertices), generator=draw)
    assert torch.allclose(function(vertices[names], names.argsort()[faces]), wanted, rtol=1e-12)
    assert torch.allclose(function(vertices + 3, faces), wanted, rtol=1e-9)
    assert torch.allclose(function(vertices, faces.flip(-1)), wanted, rtol=1e-12)


@pytest.mark.parametrize("name", ["normal_consistency", "edge_length_deviation"])
def test_turns_do_not_matter(name: str) -> None:
    vertices, faces = sphere(1)
    vertices = vertices + 0.05 * noise(*vertices.shape)
    turn = torch.linalg.qr(noise(3, 3)).Q
    function = PENALTIES[name][0]
    assert torch.allclose(function(vertices @ turn, faces), function(vertices, faces), rtol=1e-10)


@pytest.mark.parametrize("batch", [(), (1,), (3,), (0,), (2, 3), (2, 0)])
@pytest.mark.parametrize("name", [*PENALTIES, "MeshRegulariser"])
def test_batches(name: str, batch: tuple[int, ...]) -> None:
    vertices, faces = sphere(1)
    function = (
        MeshRegulariser(faces, len(vertices))
        if name == "MeshRegulariser"
        else lambda meshes: PENALTIES[name][0](meshes, faces)
    )
    meshes = vertices + 0.1 * noise(*batch, *vertices.shape)
    found = function(meshes)
    assert found.shape == batch
    alone = [function(each) for each in meshes.reshape(math.prod(batch), *vertices.shape)]
    assert found.reshape(-1).tolist() == [each.item() for each in alone]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", PENALTIES)
def test_value_of_a_mesh_does_not_depend_on_the_others(name: str, dtype: torch.dtype) -> None:
    """So many numbers that torch shares the sum of one mesh among threads, but not those of several."""
    vertices, faces = sheet(140, 150)
    topology = topology_of(faces, len(vertices))
    assert min(len(topology.edges), len(topology.adjacent_faces)) > 2**15
    meshes = (vertices / 100 + 0.01 * noise(3, *vertices.shape)).to(dtype)
    strided = meshes.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    function = PENALTIES[name][0]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        alone = torch.stack([function(each, topology) for each in meshes])
        assert torch.equal(function(meshes, topology), alone)
        assert torch.equal(function(strided, topology), alone)
        assert torch.equal(function(meshes[:1], topology), alone[:1])
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("block", [1, 5, 48])
@pytest.mark.parametrize("name", PENALTIES)
def test_sums_in_blocks(name: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    function = PENALTIES[name][0]
    vertices, faces = sphere(1)
    meshes = vertices + 0.05 * noise(3, *vertices.shape)
    wanted = function(meshes, faces)
    monkeypatch.setattr(regularisers, "_BLOCK", block)
    assert torch.allclose(function(meshes, faces), wanted, rtol=1e-14)


@pytest.mark.parametrize("name", PENALTIES)
def test_layouts_and_dtypes(name: str) -> None:
    function = PENALTIES[name][0]
    vertices, faces = sphere(1)
    meshes = vertices + 0.05 * noise(3, *vertices.shape)
    wanted = function(meshes, faces)
    strided = meshes.permute(2, 1, 0).contiguous().permute(2, 1, 0)
    assert not strided.is_contiguous()
    assert torch.equal(function(strided, faces.T.contiguous().T.int()), wanted)
    assert torch.equal(function(meshes, topology_of(faces, len(vertices))), wanted)
    single = function(meshes.float(), faces)
    assert single.dtype == torch.float32
    assert torch.allclose(single.double(), wanted, rtol=3e-5, atol=1e-6)
    half = function(meshes.half(), faces)
    assert half.dtype == torch.float32
    assert torch.equal(half, function(meshes.half().float(), faces))


@pytest.mark.parametrize("name", PENALTIES)
def test_faces_may_be_on_another_device(name: str) -> None:
    found = PENALTIES[name][0](CORNERS.expand(2, 4, 3).to("meta"), TETRAHEDRON)
    assert found.device.type == "meta"
    assert found.shape == (2,)
    again = PENALTIES[name][0](CORNERS.to("meta"), topology_of(TETRAHEDRON, 4))
    assert again.device.type == "meta"


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("name", PENALTIES)
def test_values_on_a_gpu(name: str) -> None:
    function = PENALTIES[name][0]
    vertices, faces = sphere(2)
    meshes = vertices + 0.05 * noise(3, *vertices.shape)
    wanted = function(meshes, faces)
    for each in (faces, faces.cuda(), topology_of(faces.cuda(), len(vertices))):
        assert torch.allclose(function(meshes.cuda(), each).cpu(), wanted, rtol=1e-12)


# ---- the module


def test_weighted_sum() -> None:
    vertices, faces = sphere(1)
    meshes = vertices + 0.05 * noise(3, *vertices.shape)
    module = MeshRegulariser(
        faces, len(vertices), normal_weight=0.7, edge_weight=3.0, laplacian_weight=0.25, smoothing=0.01
    )
    wanted = 0.7 * normal_consistency(meshes, faces)
    wanted = wanted + 3 * edge_length_deviation(meshes, faces, smoothing=0.01)
    wanted = wanted + 0.25 * laplacian_distance(meshes, faces, smoothing=0.01)
    for each in (module, copy.deepcopy(module), pickle.loads(pickle.dumps(module)), module.double()):
        assert torch.equal(each(meshes), wanted)
    assert repr(module) == "MeshRegulariser(vertices=18, faces=32, weights=0.7, 3.0, 0.25)"


def test_default_weights_descend() -> None:
    module = MeshRegulariser(TETRAHEDRON, 4)
    assert module.normal_weight > module.edge_weight > module.laplacian_weight > 0
    only = MeshRegulariser(TETRAHEDRON, 4, edge_weight=0, laplacian_weight=0)
    assert torch.equal(only(CORNERS), normal_consistency(CORNERS, TETRAHEDRON))


def test_topology_is_in_buffers() -> None:
    faces = TETRAHEDRON.clone()
    module = MeshRegulariser(faces, 4)
    wanted = module(CORNERS)
    faces.fill_(0)
    assert torch.equal(module(CORNERS), wanted)
    buffers = dict(module.named_buffers())
    assert set(buffers) == {"faces", "edges", "adjacent_faces", "neighbours", "degrees"}
    assert module.state_dict() == {}
    assert not list(module.parameters())
    assert {each.device.type for each in copy.deepcopy(module).to("meta").buffers()} == {"meta"}
    vertices = CORNERS + noise(4, 3)
    wanted = module(vertices)
    module.edges.zero_()  # the module's own, and not what is remembered for others
    assert not torch.equal(module(vertices), wanted)
    assert torch.equal(MeshRegulariser(TETRAHEDRON, 4)(vertices), wanted)


def test_module_in_transforms() -> None:
    vertices, faces = sphere(1)
    meshes = vertices + 0.05 * noise(3, *vertices.shape)
    module = MeshRegulariser(faces, len(vertices))
    assert torch.allclose(torch.vmap(module)(meshes), module(meshes), rtol=1e-14)
    torch._dynamo.reset()
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    assert torch.allclose(compiled(meshes), module(meshes), rtol=1e-14)


# ---- mistakes

MISTAKES: dict[str, tuple[Any, Any, type[Exception], str]] = {
    "list": ([[0.0, 1, 2]], TETRAHEDRON, TypeMismatchError, "`vertices` must be a tensor, not list"),
    "whole numbers": (
        torch.ones(4, 3).int(),
        TETRAHEDRON,
        TypeMismatchError,
        "`vertices` must hold floating",
    ),
    "plane": (torch.ones(4, 2), TETRAHEDRON, ShapeError, r"`vertices` must have shape \(\*batch V 3\)"),
    "flat": (
        torch.ones(3),
        TETRAHEDRON,
        ShapeError,
        r"`vertices` must have shape \(\*batch V 3\), not \(3,\)",
    ),
    "quads": (torch.ones(4, 3), torch.zeros(2, 4).long(), ShapeError, r"`faces` must have shape \(F 3\)"),
    "few vertices": (torch.ones(3, 3), TETRAHEDRON, RangeError, "corner 3; there are vertices 0..2"),
    "other topology": (
        torch.ones(5, 3),
        topology_of(TETRAHEDRON, 4),
        ShapeError,
        "there are 5 `vertices`, but the topology is of 4",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("name", PENALTIES)
def test_mistakes_are_explained(name: str, mistake: str) -> None:
    vertices, faces, kind, message = MISTAKES[mistake]
    with pytest.raises(kind, match=message):
        PENALTIES[name][0](vertices, faces)


@pytest.mark.parametrize("smoothing", [0, -1.0, math.inf, math.nan])
def test_smoothing_is_positive(smoothing: float) -> None:
    for function in (edge_length_deviation, laplacian_distance):
        with pytest.raises(RangeError, match="`smoothing` must be a finite number above 0"):
            function(CORNERS, TETRAHEDRON, smoothing=smoothing)
    with pytest.raises(RangeError, match="MeshRegulariser: `smoothing`"):
        MeshRegulariser(TETRAHEDRON, 4, smoothing=smoothing)


@pytest.mark.parametrize("name", ["normal_weight", "edge_weight", "laplacian_weight"])
@pytest.mark.parametrize("weight", [-0.1, math.inf, math.nan])
def test_weights_are_not_negative(name: str, weight: float) -> None:
    choice: dict[str, Any] = {name: weight}
    with pytest.raises(RangeError, match=f"`{name}` must be a finite number, at least 0, not"):
        MeshRegulariser(TETRAHEDRON, 4, **choice)


def test_module_of_wrong_vertices() -> None:
    with pytest.raises(ShapeError, match="there are 5 `vertices`, but the topology is of 4"):
        MeshRegulariser(TETRAHEDRON, 4)(torch.ones(5, 3))
    with pytest.raises(RangeError, match="corner 3"):
        MeshRegulariser(TETRAHEDRON, 3)
