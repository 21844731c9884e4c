"""How alike shapes are: Chamfer distance, IoU of voxels and of silhouettes. Imports torch.

Half precision is computed, and given back, in float32.
"""

from __future__ import annotations

from math import prod
from typing import Any, Literal, cast

import torch
from torch import Tensor

from algonet_runtime.annotations import Bool, Float, Int, TensorType
from algonet_runtime.checks import check_choice, check_count, check_tensors
from algonet_runtime.errors import RangeError, ShapeError, TypeMismatchError
from algonet_runtime.rendering.arguments import check_faces
from algonet_runtime.rendering.numbers import cross
from algonet_runtime.rendering.winding import BLOCK, pieces, winding_on_grid
from algonet_runtime.tensors import common_shape, computed, is_seen

_POINTS = TensorType("float", ("N", "3"), is_batched=True)
_OTHERS = TensorType("float", ("M", "3"), is_batched=True)
_VERTICES = TensorType("float", ("V", "3"), is_batched=True)
_FACES = TensorType("int", ("F", "3"), is_batched=False)
_VOXELS = TensorType("bool", ("X", "Y", "Z"), is_batched=True)
_PICTURES = TensorType("float", ("H", "W"), is_batched=True)

_SIDE = 1024
"""Points are compared in squares of so many by so many: together `BLOCK`."""

_SLACK = 1e-3
"""How far numbers of a picture may be beyond 0 and 1, by rounding and resampling."""


def chamfer_distance(
    a: Float[Tensor, "*batch N 3"],
    b: Float[Tensor, "*batch M 3"],
    *,
    distance: Literal["l1", "squared"] = "l1",
) -> Float[Tensor, "*batch"]:
    """How far points are from the nearest point of the other set.

    The mean over `a` and the mean over `b`, averaged. No intermediate result has more than 2^20 numbers,
    however many pairs there are, but for those of the points.

    Args:
        a: Points, finite.
        b: Points, finite, of the dtype of `a`; batch dimensions broadcast.
        distance: "l1" for Euclidean distances (Chamfer-L1), "squared" for their squares.

    Returns:
        At least 0, in the unit of the points or its square; 0 for two sets without points.

    Raises:
        ShapeError: The last dimension is not 3, batches do not fit, or one of the sets is empty.
        RangeError: A coordinate is not finite, or `distance` is unknown.
        TypeMismatchError: An argument is no tensor of floating-point numbers, or they differ in dtype or
            device.

    Gradient:
        By both sets, of any order, with the choice of the nearest points held: it jumps where two are equally
        near. Of the distance of points that coincide, 0.

    >>> chamfer_distance(torch.tensor([[0.0, 0, 0]]), torch.tensor([[3.0, 4, 0], [0, 0, 1]]))
    tensor(2.)
    """
    check_choice("chamfer_distance", "distance", distance, ("l1", "squared"))
    check_tensors("chamfer_distance", {"a": (a, _POINTS), "b": (b, _OTHERS)})
    _check_alike("chamfer_distance", a, b)
    for name, points in (("a", a), ("b", b)):
        _check_finite("chamfer_distance", name, points)
    n, m = a.shape[-2], b.shape[-2]
    if (n == 0) != (m == 0):
        name, other = ("a", "b") if n == 0 else ("b", "a")
        message = f"chamfer_distance: `{name}` has no points, but `{other}` has {max(n, m)}"
        raise ShapeError(f"{message}; give at least one", name)
    batch = common_shape(a.shape[:-2], b.shape[:-2])
    first, second = (
        computed(points).expand(*batch, *points.shape[-2:]).reshape(prod(batch), points.shape[-2], 3)
        for points in (a, b)
    )
    there = _mean_distance(first, second, distance)
    back = _mean_distance(second, first, distance)
    return ((there + back) / 2).reshape(batch)


def sample_surface(
    vertices: Float[Tensor, "*batch V 3"],
    faces: Int[Tensor, "F 3"],
    count: int,
    *,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "*batch count 3"]:
    """Points drawn from the surface of meshes, evenly by area.

    Args:
        vertices: Positions, finite.
        faces: Corners, on any device.
        count: How many points of each mesh.
        generator: Where random numbers come from, on any device; None for that of torch.

    Returns:
        The points. Of a mesh without any area, each face gives as many as the others.

    Raises:
        ShapeError: `vertices` or `faces` have another shape.
        RangeError: A vertex is not finite, a corner is not one of the vertices, `count` is negative, or there
            is no face to draw from.
        TypeMismatchError: An argument is no tensor, or of the wrong kind.

    Gradient:
        By `vertices`: linear, with the choice of faces and the place on the face held.
    """
    check_count("sample_surface", "count", count, 0)
    corners = _check_mesh("sample_surface", vertices, faces)
    if count and not corners.shape[0]:
        raise RangeError("sample_surface: there are no `faces` to draw points from; give a mesh", "faces")
    values, batch = computed(vertices), vertices.shape[:-2]
    if not count or not prod(batch):
        return values.new_zeros(*batch, count, 3)
    source = values.device if generator is None else generator.device
    drawn = torch.rand(*batch, count, 3, generator=generator, dtype=torch.float64, device=source)
    which, along, aside = drawn.to(values.device).unbind(-1)
    cumulative = _areas(values, corners).cumsum(-1).contiguous()
    total = cumulative[..., -1:]
    is_flat = total == 0
    index = torch.searchsorted(cumulative, (which * total).contiguous(), right=True)
    index = torch.where(is_flat, (which * corners.shape[0]).long(), index).clamp(max=corners.shape[0] - 1)
    root = along.sqrt()
    weights = torch.stack((1 - root, root * (1 - aside), root * aside), dim=-1).to(values.dtype)
    places = corners[index].reshape(*batch, -1, 1).expand(*batch, -1, 3)
    found = values.gather(-2, places).reshape(*batch, count, 3, 3)
    return (weights.unsqueeze(-1) * found).sum(-2)


def voxelise(
    vertices: Float[Tensor, "*batch V 3"], faces: Int[Tensor, "F 3"], *, resolution: int = 32
) -> Bool[Tensor, "*batch R R R"]:
    """Which voxels of the cube [-1/2, 1/2]^3 are inside of meshes: those whose centre is.

    A point is inside where the generalised winding number is above 1/2 or below -1/2. That serves closed
    meshes, in whatever sense they are wound, unions of parts that intersect, if all are wound in one sense,
    and meshes with holes, which are closed about halfway. A centre on the surface itself is on one side by a
    fixed rule.

    Args:
        vertices: Positions, finite.
        faces: Corners, on any device.
        resolution: R, voxels along each side.

    Returns:
        By indices of x, y, z, all ascending; the centre of index i is at (i + 1/2) / R - 1/2.

    Raises:
        ShapeError: `vertices` or `faces` have another shape.
        RangeError: A vertex is not finite, a corner is not one of the vertices, or `resolution` is below 1.
        TypeMismatchError: An argument is no tensor, or of the wrong kind.

    Gradient:
        None: truth values.
    """
    check_count("voxelise", "resolution", resolution, 1)
    corners = _check_mesh("voxelise", vertices, faces)
    steps = torch.arange(resolution, dtype=torch.float64, device=vertices.device)
    centres = (steps + 0.5) / resolution - 0.5
    batch = vertices.shape[:-2]
    inside = torch.zeros(prod(batch), *3 * (resolution,), dtype=torch.bool, device=vertices.device)
    meshes = vertices.detach().reshape(prod(batch), vertices.shape[-2], 3)
    for mesh, place in zip(meshes.unbind(), inside.unbind(), strict=True):
        place.copy_(winding_on_grid(mesh, corners, centres).abs() > 0.5)
    return inside.reshape(*batch, *inside.shape[1:])


def voxel_iou(a: Bool[Tensor, "*batch X Y Z"], b: Bool[Tensor, "*batch X Y Z"]) -> Float[Tensor, "*batch"]:
    """Voxels that both shapes have, divided by those that one of them has.

    Args:
        a: Whether a voxel is inside.
        b: The same of the other shape; batch dimensions broadcast.

    Returns:
        Between 0 and 1, in torch's default dtype; 1 where both are empty.

    Raises:
        ShapeError: The shapes differ.
        TypeMismatchError: An argument is no tensor of truth values, or they are on different devices.

    Gradient:
        None: counts.
    """
    check_tensors("voxel_iou", {"a": (a, _VOXELS), "b": (b, _VOXELS)})
    return _ratio((a & b).sum((-3, -2, -1)), (a | b).sum((-3, -2, -1)))


def silhouette_iou(
    a: Float[Tensor, "*batch H W"],
    b: Float[Tensor, "*batch H W"],
    *,
    kind: Literal["hard", "soft"] = "hard",
    threshold: float = 0.5,
) -> Float[Tensor, "*batch"]:
    """What two silhouettes share, divided by what one of them covers.

    Args:
        a: Coverage of pixels, in [0, 1] (to 0.001).
        b: The same of the other silhouette, of the dtype of `a`; batch dimensions broadcast.
        kind: "hard" counts the pixels above the threshold; "soft" is sum(a b) / sum(a + b - a b), which is 1
            for a silhouette and itself only if it is black and white.
        threshold: Of "hard"; in [0, 1).

    Returns:
        Between 0 and 1; 1 where both are empty: of "soft", exactly 0 everywhere.

    Raises:
        ShapeError: The shapes differ.
        RangeError: A pixel or the threshold is out of range, or `kind` is unknown.
        TypeMismatchError: An argument is no tensor of floating-point numbers, or they differ in dtype or
            device.

    Gradient:
        Of "hard" none. Of "soft" of any order, by both; 0 where both are empty.

    >>> a, b = torch.tensor([[1.0, 1.0, 0.0]]), torch.tensor([[0.0, 0.75, 0.75]])
    >>> silhouette_iou(a, b), silhouette_iou(a, b, kind="soft")
    (tensor(0.3333), tensor(0.2727))
    """
    check_choice("silhouette_iou", "kind", kind, ("hard", "soft"))
    check_tensors("silhouette_iou", {"a": (a, _PICTURES), "b": (b, _PICTURES)})
    _check_alike("silhouette_iou", a, b)
    for name, picture in (("a", a), ("b", b)):
        _check_coverage("silhouette_iou", name, picture)
    if not 0 <= threshold < 1:
        message = f"silhouette_iou: `threshold` must be a number in [0, 1), not {threshold!r}"
        raise RangeError(message, "threshold")
    first, second = computed(a), computed(b)
    if kind == "soft":
        both = first * second
        return _ratio(both.sum((-2, -1)), (first + second - both).sum((-2, -1)))
    is_first, is_second = first > threshold, second > threshold
    shared, covered = (is_any.sum((-2, -1)) for is_any in (is_first & is_second, is_first | is_second))
    return _ratio(shared.to(first.dtype), covered.to(first.dtype))


def _mean_distance(points: Tensor, others: Tensor, distance: str) -> Tensor:
    """The mean over points (B, N, 3) of the distance to the nearest of the others (B, M, 3)."""
    if not points.shape[-2]:
        return points.sum((-2, -1))
    index = _nearest(points.detach(), others.detach())
    nearest = others.gather(-2, index.unsqueeze(-1).expand(-1, -1, 3))
    squares = (points - nearest).square().sum(-1)
    if distance == "squared":
        return squares.mean(-1)
    is_apart = squares > 0
    return torch.where(is_apart, torch.where(is_apart, squares, 1).sqrt(), 0).mean(-1)


@torch.no_grad()
def _nearest(points: Tensor, others: Tensor) -> Tensor:
    """For each of the points (B, N, 3), the index of the nearest of the others (B, M, 3): (B, N)."""
    height, width = min(points.shape[1], _SIDE), min(others.shape[1], _SIDE)
    meshes = BLOCK // (height * width)
    rows = [
        torch.cat([_nearest_of(some, candidates) for some in pieces(group, height, 1)], dim=1)
        for group, candidates in zip(pieces(points, meshes), pieces(others, meshes), strict=True)
    ]
    return torch.cat(rows)


def _nearest_of(points: Tensor, others: Tensor) -> Tensor:
    least = torch.full_like(points[..., 0], float("inf"))
    index = torch.zeros_like(least, dtype=torch.int64)
    begin = 0
    for some in pieces(others, _SIDE, 1):
        # Distances by products of matrices would be off by more than those of near points are.
        apart = torch.cdist(points, some, compute_mode="donot_use_mm_for_euclid_dist")
        found, place = apart.min(-1)
        index = torch.where(found < least, place + begin, index)
        least = torch.minimum(found, least)
        begin += some.shape[1]
    return index


def _areas(vertices: Tensor, faces: Tensor) -> Tensor:
    """Twice the areas of faces (F, 3), in float64: (*batch, F)."""
    values = vertices.detach().double()
    a, b, c = (values.index_select(-2, corner) for corner in faces.unbind(-1))
    return cross(b - a, c - a).square().sum(-1).sqrt()


def _ratio(shared: Tensor, covered: Tensor) -> Tensor:
    """Their quotient; 1 where nothing is covered."""
    is_empty = covered <= 0
    return torch.where(is_empty, 1, shared / torch.where(is_empty, 1, covered))


def _check_mesh(operation: str, vertices: Tensor, faces: Tensor) -> Tensor:
    """The faces, as indices on the device of the vertices.

    Raises:
        RangeError: A vertex is not finite, or a face has a corner that is none.
    """
    check_tensors(operation, {"vertices": (vertices, _VERTICES)})
    check_tensors(operation, {"faces": (faces, _FACES)})
    _check_finite(operation, "vertices", vertices)
    check_faces(operation, faces, vertices.shape[-2])
    return faces.to(vertices.device, torch.int64)


def _check_alike(operation: str, a: Tensor, b: Tensor) -> None:
    if a.dtype != b.dtype:
        message = f"{operation}: `b` has dtype {b.dtype}, but `a` has {a.dtype}; give both the same"
        raise TypeMismatchError(message, "b")


def _check_finite(operation: str, name: str, points: Tensor) -> None:
    is_bad = ~points.detach().isfinite()
    if not is_seen(points) or not bool(is_bad.any()):
        return
    place: list[int] = cast("Any", is_bad.nonzero()[0]).tolist()
    number = points.detach()[tuple(place)].item()
    message = f"{operation}: `{name}` has the coordinate {number} at {place}; give finite points"
    raise RangeError(message, name, tuple(place[:-2]))


def _check_coverage(operation: str, name: str, picture: Tensor) -> None:
    is_right = (picture.detach() >= -_SLACK) & (picture.detach() <= 1 + _SLACK)
    if not is_seen(picture) or bool(is_right.all()):
        return
    place: list[int] = cast("Any", (~is_right).nonzero()[0]).tolist()
    number = picture.detach()[tuple(place)].item()
    message = f"{operation}: `{name}` must hold numbers in [0, 1], but has {number} at {place}"
    raise RangeError(message, name, tuple(place[:-2]))
