"""What depends on the faces of a mesh alone: edges, adjacent faces, neighbours. Imports torch."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, cast, final

import numpy as np
import torch
from torch import Tensor
from torch._functorch import pyfunctorch

from algonet_runtime.annotations import Int, TensorType
from algonet_runtime.checks import check_count, check_tensors
from algonet_runtime.errors import TypeMismatchError
from algonet_runtime.rendering.arguments import check_faces
from algonet_runtime.tensors import is_seen

FACES = TensorType("int", ("F", "3"), is_batched=False)
"""One topology: corners of faces."""

_MOST_MESHES = 8
_MOST_FACES = 2**16
"""Larger meshes are not remembered; eight of this size take about 80 MB."""


@final
@dataclass(frozen=True, eq=False)
class Topology:
    """Which vertices and faces of a mesh meet; int64 tensors on one device, not to be changed.

    Args:
        faces: (F, 3), corners.
        edges: (E, 2), each edge once: its lower vertex, its upper vertex; in ascending order.
        adjacent_faces: (A, 2), each pair of faces that share an edge, once: the lower face, the upper face;
            in ascending order. An edge of more than two faces gives all their pairs, a boundary edge none. A
            face that names a vertex twice has no normal, and is in no pair.
        neighbours: (2 E, 2), a vertex and one that shares an edge with it; in ascending order.
        degrees: (V,), how many neighbours each vertex has.
    """

    faces: Int[Tensor, "F 3"]
    edges: Int[Tensor, "E 2"]
    adjacent_faces: Int[Tensor, "A 2"]
    neighbours: Int[Tensor, "N 2"]
    degrees: Int[Tensor, " V"]

    @property
    def vertex_count(self) -> int:
        """V."""
        return self.degrees.shape[0]

    def to(self, device: torch.device) -> Topology:
        """The same on another device."""
        if self.faces.device == device:
            return self
        return Topology(*(getattr(self, field.name).to(device) for field in fields(self)))


def topology_of(
    faces: Int[Tensor, "F 3"], vertex_count: int, *, device: torch.device | None = None
) -> Topology:
    """The topology of a triangle mesh, whatever its faces are: open, not manifold, degenerate.

    The last 8 topologies of up to 65,536 faces are remembered, by the numbers in `faces`: a call with equal
    numbers costs a comparison (and for faces on a GPU, a copy to the CPU), and a changed tensor is another
    mesh. Who has a larger mesh, or counts microseconds, keeps the result.

    Args:
        faces: Corners of faces, in 0..vertex_count - 1, on any device.
        vertex_count: V.
        device: Where the result is wanted; None: where `faces` are.

    Returns:
        The topology. A vertex that a face names twice in a row has no edge to itself.

    Raises:
        ShapeError: `faces` are not triangles.
        RangeError: A corner is not one of the vertices.
        TypeMismatchError: `faces` are no whole numbers, or cannot be seen: in torch.compile,
            in vmap over them, or on the meta device.

    >>> topology_of(torch.tensor([[0, 1, 2], [2, 1, 3]]), 4).adjacent_faces
    tensor([[0, 1]])
    """
    check_tensors("topology_of", {"faces": (faces, FACES)})
    check_count("topology_of", "vertex_count", vertex_count, 0)
    if not is_seen(faces):
        where = "torch.compile, vmap, on the meta device"
        message = (
            f"topology_of: the numbers of `faces` cannot be seen here ({where}); make the topology outside"
        )
        raise TypeMismatchError(message, "faces")
    check_faces("topology_of", faces, vertex_count)
    # What is remembered must not belong to a transform of the present call.
    stack: Any = pyfunctorch
    with torch.inference_mode(False), stack.temporarily_clear_interpreter_stack():
        content = faces.detach().to("cpu", torch.int64).contiguous().numpy().tobytes()
        wanted = faces.device if device is None else device
        find = _remembered if faces.shape[0] <= _MOST_FACES else _remembered.__wrapped__
        return find(content, vertex_count, wanted)


@lru_cache(_MOST_MESHES)
def _remembered(content: bytes, vertex_count: int, device: torch.device) -> Topology:
    """The topology of faces, given as the bytes of their int64 numbers."""
    faces: Tensor = cast("Any", torch).from_numpy(np.frombuffer(content, np.int64).copy()).view(-1, 3)
    sides = torch.stack((faces, faces.roll(-1, -1)), dim=-1).view(-1, 2)
    lower, upper = sides.amin(-1), sides.amax(-1)
    is_edge = lower != upper
    numbers = (lower * vertex_count + upper)[is_edge]
    edges = _unique_pairs(numbers, vertex_count)
    is_whole = is_edge.view(-1, 3).all(-1).repeat_interleave(3)
    face_of_side = torch.arange(faces.shape[0]).repeat_interleave(3)
    adjacent = _pairs_within(numbers[is_whole[is_edge]], face_of_side[is_whole], faces.shape[0])
    directed = torch.cat((edges, edges.flip(-1)))
    order = (directed[:, 0] * vertex_count + directed[:, 1]).argsort()
    degrees = torch.bincount(edges.view(-1), minlength=vertex_count)
    return Topology(faces, edges, adjacent, directed[order], degrees).to(device)


def _pairs_within(groups: Tensor, members: Tensor, count: int) -> Tensor:
    """All pairs of members of one group, each pair once: (A, 2), the lower member first.

    Args:
        groups: (N,), the group of each entry.
        members: (N,), in ascending order; a member is in a group at most once.
        count: Above every member.
    """
    groups, order = groups.sort(stable=True)
    members = members[order]
    place = torch.arange(groups.shape[0])
    later = torch.searchsorted(groups, groups, right=True) - 1 - place
    first = place.repeat_interleave(later)
    begin = (later.cumsum(0) - later).repeat_interleave(later)
    second = first + 1 + torch.arange(first.shape[0]) - begin
    return _unique_pairs(members[first] * count + members[second], count)


def _unique_pairs(numbers: Tensor, count: int) -> Tensor:
    """The pairs (a, b) of which the numbers are a count + b: each once, in ascending order."""
    found: Tensor = cast("Any", torch).unique(numbers)
    most = max(count, 1)
    return torch.stack((found // most, found % most), dim=-1)
