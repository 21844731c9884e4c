"""Penalties on meshes that are not smooth: normals, edge lengths, vertices. Imports torch.

All are C^inf in the vertices, also where edges have no length and faces no area: lengths and absolute values
are rounded off below a `smoothing`, in the unit of the vertices. The value of a mesh does not depend on the
others of a batch; on a CPU, not by a bit. Half precision is computed, and given back, in float32.
"""

from __future__ import annotations

from typing import Any, cast, final

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from algonet_runtime.annotations import Float, Int, TensorType
from algonet_runtime.checks import check_positive, check_tensors
from algonet_runtime.errors import RangeError, ShapeError
from algonet_runtime.rendering.numbers import cross, unit
from algonet_runtime.rendering.topology import Topology, topology_of
from algonet_runtime.tensors import computed

SMOOTHING = 1e-3
"""A thousandth of the unit cube, in which meshes are."""

_VERTICES = TensorType("float", ("V", "3"), is_batched=True)
_BLOCK = 1024
"""Torch shares long sums among threads, for one mesh in another way than for several."""


def normal_consistency(
    vertices: Float[Tensor, "*batch V 3"], faces: Int[Tensor, "F 3"] | Topology
) -> Float[Tensor, "*batch"]:
    """L2 difference of the normals of adjacent faces: its mean square.

    The mean, over pairs of faces that share an edge, of |n - n'|^2 = 2 (1 - cos of the angle between them),
    with n = unit(e x e') as in the renderer. Squared, as the L2 loss is, and as smoothness asks for. A face
    whose area vanishes has the normal 0. (AlgoNet, appendix D.1.)

    Args:
        vertices: Their positions; the areas of faces should be far above 1e-6.
        faces: Corners, wound in the same direction on both sides of an edge; or the mesh's topology.

    Returns:
        Between 0 and 4, without a unit; 0 where no faces are adjacent.

    Raises:
        ShapeError: `vertices` or `faces` have another shape, or there are more or less in the topology.
        RangeError: A corner is not one of the vertices.
        TypeMismatchError: An argument is no tensor, or of the wrong kind.

    Gradient:
        By `vertices`, of any order; finite everywhere, but up to 1e6 times an edge's length where a face has
        no area.
    """
    values, topology = _read("normal_consistency", vertices, faces)
    a, b, c = (values.index_select(-2, corner) for corner in topology.faces.unbind(-1))
    normals = unit(cross(b - a, c - a))
    return _mean(_differences(normals, topology.adjacent_faces).square().sum(-1))


def edge_length_deviation(
    vertices: Float[Tensor, "*batch V 3"],
    faces: Int[Tensor, "F 3"] | Topology,
    *,
    smoothing: float = SMOOTHING,
) -> Float[Tensor, "*batch"]:
    """L1 deviation of edge lengths from their mean: its mean over edges.

    The length is sqrt(|e|^2 + smoothing^2), and the absolute value of a deviation u that of sqrt(u^2 +
    smoothing^2) - smoothing: below |u| by less than `smoothing`. (AlgoNet, appendix D.1.)

    Args:
        vertices: Their positions.
        faces: Corners, or the mesh's topology.
        smoothing: Above 0, in the unit of `vertices`; small compared with edges.

    Returns:
        At least 0, in the unit of `vertices`; 0 where there are no edges.

    Raises:
        ShapeError: `vertices` or `faces` have another shape, or there are more or less in the topology.
        RangeError: A corner is not one of the vertices, or `smoothing` is not above 0.
        TypeMismatchError: An argument is no tensor, or of the wrong kind.

    Gradient:
        By `vertices`, of any order; finite everywhere.
    """
    check_positive("edge_length_deviation", "smoothing", smoothing)
    values, topology = _read("edge_length_deviation", vertices, faces)
    squares = _differences(values, topology.edges).square().sum(-1)
    lengths = (squares + smoothing**2).sqrt()
    return _mean(_magnitude(lengths - _mean(lengths).unsqueeze(-1), smoothing))


def laplacian_distance(
    vertices: Float[Tensor, "*batch V 3"],
    faces: Int[Tensor, "F 3"] | Topology,
    *,
    smoothing: float = SMOOTHING,
) -> Float[Tensor, "*batch"]:
    """L1 distance of each vertex to the mean of its neighbours: its mean over vertices.

    The sum over the three coordinates of the absolute value of a difference u, which is sqrt(u^2 +
    smoothing^2) - smoothing. A vertex without neighbours counts 0. (AlgoNet, appendix D.1.)

    Args:
        vertices: Their positions.
        faces: Corners, or the mesh's topology.
        smoothing: Above 0, in the unit of `vertices`.

    Returns:
        At least 0, in the unit of `vertices`; 0 where there are no vertices.

    Raises:
        ShapeError: `vertices` or `faces` have another shape, or there are more or less in the topology.
        RangeError: A corner is not one of the vertices, or `smoothing` is not above 0.
        TypeMismatchError: An argument is no tensor, or of the wrong kind.

    Gradient:
        By `vertices`, of any order; finite everywhere.
    """
    check_positive("laplacian_distance", "smoothing", smoothing)
    values, topology = _read("laplacian_distance", vertices, faces)
    ways = _differences(values, topology.neighbours)
    total = torch.zeros_like(values).index_add(-2, topology.neighbours[:, 0], ways)
    way = total / topology.degrees.clamp(min=1).unsqueeze(-1)
    return _mean(_magnitude(way, smoothing).sum(-1))


@final
class MeshRegulariser(nn.Module):
    """The weighted sum of the three penalties, for meshes of one topology.

    The topology is found once, and moves with the module; it is not part of the state, since the arguments
    give it again. (AlgoNet, appendix D.1, which names the order of the weights.)

    Args:
        faces: (F, 3), corners.
        vertex_count: V.
        normal_weight: Of `normal_consistency`.
        edge_weight: Of `edge_length_deviation`, in 1 / (unit of the vertices).
        laplacian_weight: Of `laplacian_distance`, in 1 / (unit of the vertices).
        smoothing: As for those.

    Raises:
        ShapeError: `faces` are not triangles.
        RangeError: A corner is not one of the vertices, a weight is negative or not finite, or `smoothing`
            is not above 0.
        TypeMismatchError: `faces` are no whole numbers.
    """

    faces: Tensor
    edges: Tensor
    adjacent_faces: Tensor
    neighbours: Tensor
    degrees: Tensor

    def __init__(
        self,
        faces: Int[Tensor, "F 3"],
        vertex_count: int,
        *,
        normal_weight: float = 1.0,
        edge_weight: float = 0.3,
        laplacian_weight: float = 0.1,
        smoothing: float = SMOOTHING,
    ) -> None:
        super().__init__()
        check_positive("MeshRegulariser", "smoothing", smoothing)
        self.normal_weight = _weight("normal_weight", normal_weight)
        self.edge_weight = _weight("edge_weight", edge_weight)
        self.laplacian_weight = _weight("laplacian_weight", laplacian_weight)
        self.smoothing = smoothing
        topology = topology_of(faces, vertex_count)
        for name in ("faces", "edges", "adjacent_faces", "neighbours", "degrees"):
            self.register_buffer(name, getattr(topology, name).clone(), persistent=False)

    @property
    def topology(self) -> Topology:
        """The topology of the meshes, where the module is."""
        return Topology(self.faces, self.edges, self.adjacent_faces, self.neighbours, self.degrees)

    def forward(self, vertices: Float[Tensor, "*batch V 3"]) -> Float[Tensor, "*batch"]:
        """The penalty of each mesh.

        Raises:
            ShapeError: These are not the vertices of such meshes.
            TypeMismatchError: They are no floating-point numbers.
        """
        topology = self.topology
        return (
            self.normal_weight * normal_consistency(vertices, topology)
            + self.edge_weight * edge_length_deviation(vertices, topology, smoothing=self.smoothing)
            + self.laplacian_weight * laplacian_distance(vertices, topology, smoothing=self.smoothing)
        )

    def extra_repr(self) -> str:
        """Sizes and weights."""
        weights = f"weights={self.normal_weight}, {self.edge_weight}, {self.laplacian_weight}"
        return f"vertices={self.degrees.shape[0]}, faces={self.faces.shape[0]}, {weights}"


def _weight(name: str, value: float) -> float:
    if not 0 <= value < float("inf"):
        message = f"MeshRegulariser: `{name}` must be a finite number, at least 0, not {value!r}"
        raise RangeError(message, name)
    return float(value)


def _read(operation: str, vertices: Tensor, faces: Tensor | Topology) -> tuple[Tensor, Topology]:
    """Vertices as they are computed with, and the topology on their device.

    Raises:
        ShapeError: There are not as many vertices as in the topology, or a shape is wrong.
    """
    check_tensors(operation, {"vertices": (vertices, _VERTICES)})
    values, count = computed(vertices), vertices.shape[-2]
    if not isinstance(faces, Topology):
        return values, topology_of(faces, count, device=values.device)
    if faces.vertex_count != count:
        message = f"{operation}: there are {count} `vertices`, but the topology is of {faces.vertex_count}"
        raise ShapeError(message, "vertices")
    return values, faces.to(values.device)


def _differences(values: Tensor, pairs: Tensor) -> Tensor:
    """For each pair (a, b) of (N, 2), what comes from a to b: (*batch, N, 3) of values (*batch, n, 3)."""
    begin, end = pairs.unbind(-1)
    return values.index_select(-2, end) - values.index_select(-2, begin)


def _magnitude(u: Tensor, smoothing: float) -> Tensor:
    """sqrt(u^2 + smoothing^2) - smoothing, without the cancellation near 0."""
    squares = u.square()
    return squares / ((squares + smoothing**2).sqrt() + smoothing)


def _mean(values: Tensor) -> Tensor:
    """The mean over the last dimension; 0 of nothing. Its bits are those of each row alone."""
    count = values.shape[-1]
    if count > _BLOCK:
        blocks: Tensor = cast("Any", pad(values, (0, -count % _BLOCK))).unflatten(-1, (-1, _BLOCK))
        values = blocks.sum(-1)
    return values.sum(-1) / max(count, 1)
