"""Edges, adjacent faces and neighbours, against loops; and what is remembered of them."""

from __future__ import annotations

from itertools import combinations
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from algonet_runtime.errors import RangeError, ShapeError, TypeMismatchError
from algonet_runtime.rendering import topology as module
from algonet_runtime.rendering.topology import Topology, topology_of
from tests.unit.algonet_runtime.rendering.surfaces import TETRAHEDRON, box, random_faces, sheet, sphere

FIELDS = ("faces", "edges", "adjacent_faces", "neighbours", "degrees")

Parts = tuple[list[tuple[int, int]], list[tuple[int, int]], list[tuple[int, int]], list[int]]


def by_loops(faces: list[list[int]], vertices: int) -> Parts:
    """Edges, adjacent faces, neighbours and degrees, as their definitions say."""
    edges: set[tuple[int, int]] = set()
    owners: dict[tuple[int, int], set[int]] = {}
    for number, face in enumerate(faces):
        for one, other in combinations(face, 2):
            if one != other:
                edge = (min(one, other), max(one, other))
                edges.add(edge)
                if len(set(face)) == 3:
                    owners.setdefault(edge, set()).add(number)
    adjacent = {pair for each in owners.values() for pair in combinations(sorted(each), 2)}
    neighbours = {(a, b) for a, b in edges} | {(b, a) for a, b in edges}
    degrees = [sum(one == vertex for one, _ in neighbours) for vertex in range(vertices)]
    return sorted(edges), sorted(adjacent), sorted(neighbours), degrees


def pairs(values: Tensor) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in values]


def parts(topology: Topology) -> Parts:
    columns = (topology.edges, topology.adjacent_faces, topology.neighbours)
    edges, adjacent, neighbours = (pairs(each) for each in columns)
    return edges, adjacent, neighbours, topology.degrees.tolist()


@pytest.mark.parametrize("seed", range(30))
def test_random_faces(seed: int) -> None:
    vertices, faces = 2 + seed % 9, seed
    given = random_faces(vertices, faces, seed)
    assert parts(topology_of(given, vertices)) == by_loops(given.tolist(), vertices)


@pytest.mark.parametrize("mesh", [sphere(1), sphere(2), box((0, 0, 0), (1, 1, 1)), sheet(3, 4)])
def test_surfaces(mesh: tuple[Tensor, Tensor]) -> None:
    vertices, faces = mesh
    assert parts(topology_of(faces, len(vertices))) == by_loops(faces.tolist(), len(vertices))


@pytest.mark.parametrize("level", range(4))
def test_closed_surface(level: int) -> None:
    """Euler: V - E + F = 2; each edge has two faces, each face three neighbours."""
    vertices, faces = sphere(level)
    found = topology_of(faces, len(vertices))
    assert len(vertices) - len(found.edges) + len(faces) == 2
    assert len(found.adjacent_faces) == len(found.edges) == 3 * len(faces) // 2
    assert torch.bincount(found.adjacent_faces.view(-1)).eq(3).all()
    assert found.degrees.sum() == 2 * len(found.edges)
    assert found.vertex_count == len(vertices)


def test_edge_of_three_faces() -> None:
    """The pages of a book."""
    found = topology_of(torch.tensor([[0, 1, 2], [1, 0, 3], [4, 0, 1]]), 6)
    assert pairs(found.adjacent_faces) == [(0, 1), (0, 2), (1, 2)]
    assert len(found.edges) == 7
    assert found.degrees.tolist() == [4, 4, 2, 2, 2, 0]


def test_boundary_has_no_pairs() -> None:
    found = topology_of(torch.tensor([[0, 1, 2], [3, 4, 5]]), 6)
    assert found.adjacent_faces.shape == (0, 2)
    assert len(found.edges) == 6


def test_two_faces_that_share_several_edges_are_one_pair() -> None:
    found = topology_of(torch.tensor([[0, 1, 2], [2, 1, 0], [0, 1, 2]]), 3)
    assert pairs(found.adjacent_faces) == [(0, 1), (0, 2), (1, 2)]
    assert pairs(found.edges) == [(0, 1), (0, 2), (1, 2)]


def test_face_that_names_a_vertex_twice() -> None:
    found = topology_of(torch.tensor([[0, 0, 1], [2, 2, 2], [0, 1, 3]]), 4)
    assert pairs(found.edges) == [(0, 1), (0, 3), (1, 3)]
    assert found.adjacent_faces.shape == (0, 2)
    assert found.degrees.tolist() == [2, 2, 0, 2]


@pytest.mark.parametrize("vertices", [0, 3])
def test_no_faces(vertices: int) -> None:
    found = topology_of(torch.zeros(0, 3, dtype=torch.int64), vertices)
    assert [tuple(getattr(found, name).shape) for name in FIELDS] == [(0, 3), *3 * [(0, 2)], (vertices,)]


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
def test_layout_and_dtype(dtype: torch.dtype) -> None:
    wanted = topology_of(TETRAHEDRON, 4)
    strided = TETRAHEDRON.T.contiguous().T.to(dtype)
    assert not TETRAHEDRON.T.contiguous().T.is_contiguous()
    found = topology_of(strided, 4)
    for name in FIELDS:
        assert getattr(found, name).dtype == torch.int64
        assert torch.equal(getattr(found, name), getattr(wanted, name))


def test_order_of_faces_changes_names_only() -> None:
    _, faces = sphere(1)
    order = torch.randperm(len(faces), generator=torch.Generator().manual_seed(0))
    found, wanted = topology_of(faces[order], 18), topology_of(faces, 18)
    assert torch.equal(found.edges, wanted.edges)
    assert torch.equal(found.neighbours, wanted.neighbours)
    named = {(min(pair), max(pair)) for pair in pairs(order[found.adjacent_faces])}
    assert named == set(pairs(wanted.adjacent_faces))


# ---- memory


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    module._remembered.cache_clear()


def test_equal_faces_are_remembered() -> None:
    assert topology_of(TETRAHEDRON, 4) is topology_of(TETRAHEDRON.clone().int(), 4)
    assert topology_of(TETRAHEDRON, 4) is not topology_of(TETRAHEDRON, 5)
    assert topology_of(TETRAHEDRON, 5).degrees.tolist() == [3, 3, 3, 3, 0]


def test_faces_changed_in_place_are_another_mesh() -> None:
    faces = TETRAHEDRON.clone()
    shared: Any = faces.numpy()
    first = topology_of(faces, 5)
    faces[0, 0] = 4
    assert parts(topology_of(faces, 5)) == by_loops(faces.tolist(), 5)
    shared[1, 1] = 4  # torch does not see this change
    assert parts(topology_of(faces, 5)) == by_loops(faces.tolist(), 5)
    assert torch.equal(first.faces, TETRAHEDRON)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(20):
        topology_of(random_faces(9, 5, seed), 9)
    assert module._remembered.cache_info().currsize == 8
    module._remembered.cache_clear()
    monkeypatch.setattr(module, "_MOST_FACES", 3)
    assert topology_of(TETRAHEDRON, 4) is not topology_of(TETRAHEDRON, 4)
    assert topology_of(TETRAHEDRON[:3], 4) is topology_of(TETRAHEDRON[:3], 4)
    assert module._remembered.cache_info().currsize == 1


def test_what_is_remembered_outlives_transforms() -> None:
    def degree(x: Tensor) -> Tensor:
        return (x * topology_of(TETRAHEDRON, 4).degrees).sum()

    x, functorch = torch.ones(4), cast("Any", torch)._C._functorch
    assert torch.equal(torch.func.grad(degree)(x), 3 * x)
    with torch.inference_mode():
        topology_of(TETRAHEDRON[:2], 4)
    for found in (topology_of(TETRAHEDRON, 4), topology_of(TETRAHEDRON[:2], 4)):
        for name in FIELDS:
            value = getattr(found, name)
            assert not functorch.is_functorch_wrapped_tensor(value)
            assert not value.is_inference()
    assert torch.equal(torch.vmap(degree)(torch.ones(2, 4)), torch.full((2,), 12.0))


# ---- mistakes

MISTAKES: dict[str, tuple[Any, Any, type[Exception], str]] = {
    "list": ([[0, 1, 2]], 3, TypeMismatchError, "`faces` must be a tensor, not list"),
    "floats": (torch.zeros(2, 3), 3, TypeMismatchError, "`faces` must hold whole numbers"),
    "quads": (torch.zeros(2, 4, dtype=torch.int64), 3, ShapeError, r"`faces` must have shape \(F 3\)"),
    "batch": (torch.zeros(2, 2, 3, dtype=torch.int64), 3, ShapeError, r"`faces` must have shape \(F 3\)"),
    "too large": (
        torch.tensor([[0, 1, 3]]),
        3,
        RangeError,
        r"`faces` has the corner 3; there are vertices 0..2",
    ),
    "negative": (torch.tensor([[0, 1, -1]]), 3, RangeError, "`faces` has the corner -1"),
    "no vertices": (torch.tensor([[0, 1, 2]]), 0, RangeError, "there are no vertices"),
    "count": (TETRAHEDRON, -1, RangeError, "`vertex_count` must be a whole number at least 0, not -1"),
    "meta": (TETRAHEDRON.to("meta"), 4, TypeMismatchError, "numbers of `faces` cannot be seen here"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_explained(name: str) -> None:
    faces, count, kind, message = MISTAKES[name]
    with pytest.raises(kind, match=message):
        topology_of(faces, count)


def test_faces_in_vmap_are_refused() -> None:
    def degrees(faces: Tensor) -> Tensor:
        return topology_of(faces, 4).degrees

    with pytest.raises(TypeMismatchError, match="make the topology outside"):
        torch.vmap(degrees)(TETRAHEDRON.expand(2, 4, 3))


def test_numbers_are_not_changed() -> None:
    with pytest.raises(AttributeError):
        topology_of(TETRAHEDRON, 4).edges = TETRAHEDRON  # pyright: ignore[reportAttributeAccessIssue]
