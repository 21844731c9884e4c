"""Meshes that need no file: spheres, superquadrics and unions. Imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Any, cast

import torch
from torch import Tensor

from algonet_runtime.checks import check_count, check_positive
from algonet_runtime.errors import RangeError
from algonet_runtime.rendering.mesh import Mesh, albedos_of, check_dtype, check_single

_FINEST = 7
"""The level of 327,680 faces."""

_GOLDEN = (1 + 5**0.5) / 2

_CORNERS = (
    *((-1, _GOLDEN, 0), (1, _GOLDEN, 0), (-1, -_GOLDEN, 0), (1, -_GOLDEN, 0)),
    *((0, -1, _GOLDEN), (0, 1, _GOLDEN), (0, -1, -_GOLDEN), (0, 1, -_GOLDEN)),
    *((_GOLDEN, 0, -1), (_GOLDEN, 0, 1), (-_GOLDEN, 0, -1), (-_GOLDEN, 0, 1)),
)
"""Of the icosahedron."""

_SIDES = (
    *((0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11)),
    *((1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6), (7, 1, 8)),
    *((3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9)),
    *((4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)),
)
"""Of the icosahedron, counterclockwise from outside."""


def icosphere(level: int = 2, *, radius: float = 1.0, dtype: torch.dtype = torch.float32) -> Mesh:
    """A sphere around 0: an icosahedron of which every face is split into four, again and again.

    Args:
        level: How often, in 0..7: 12, 42, 162, 642, .. vertices and 20 * 4**level faces. The vertices of one
            level are the first ones of the next.
        radius: The distance of all vertices from 0.
        dtype: Of the vertices.

    Returns:
        The mesh, the same in every call; faces are counterclockwise from outside.

    Raises:
        RangeError: `level` or `radius` is out of range.
        TypeMismatchError: `dtype` is not one of floating-point numbers.

    >>> icosphere(2).vertices.shape, icosphere(2).faces.shape
    (torch.Size([162, 3]), torch.Size([320, 3]))
    """
    check_count("icosphere", "level", level, 0, _FINEST)
    check_positive("icosphere", "radius", radius)
    check_dtype("icosphere", dtype)
    vertices, faces = _on_sphere(torch.tensor(_CORNERS, dtype=torch.float64)), torch.tensor(_SIDES)
    for _ in range(level):
        vertices, faces = _split(vertices, faces)
    return Mesh((vertices * radius).to(dtype), faces)


def superquadric(
    size: Sequence[float] = (1.0, 1.0, 1.0),
    exponents: Sequence[float] = (1.0, 1.0),
    *,
    rings: int = 16,
    segments: int = 32,
    dtype: torch.dtype = torch.float32,
) -> Mesh:
    r"""A superellipsoid around 0: from boxes over cylinders and ellipsoids to double pyramids and stars.

    Barr, IEEE Computer Graphics and Applications 1 (1981), with the poles on the z axis:
    $x = a_1 \cos^{e_1} \eta \cos^{e_2} \omega$, $y = a_2 \cos^{e_1} \eta \sin^{e_2} \omega$,
    $z = a_3 \sin^{e_1} \eta$, powers with the sign of their base.

    Args:
        size: a, half of the extent along x, y and z.
        exponents: e above 0, along the meridians and around the z axis: 1 is round, 2 has flat facets,
            towards 0 it is a box, and above 2 it is pinched.
        rings: Bands of faces between the poles, at least 2; even, there are vertices on the equator.
        segments: Faces around a band, at least 3; a multiple of 4, the extent is all of `size`.
        dtype: Of the vertices.

    Returns:
        A closed mesh of (rings - 1) * segments + 2 vertices and 2 * (rings - 1) * segments faces,
        counterclockwise from outside.

    Raises:
        RangeError: An argument is out of range.
        TypeMismatchError: `dtype` is not one of floating-point numbers.

    >>> superquadric((1.0, 2.0, 1.0), (0.2, 0.2)).faces.shape
    torch.Size([960, 3])
    """
    _check_numbers("size", size, 3)
    _check_numbers("exponents", exponents, 2)
    check_count("superquadric", "rings", rings, 2)
    check_count("superquadric", "segments", segments, 3)
    check_dtype("superquadric", dtype)
    latitudes = torch.arange(rings + 1, dtype=torch.float64) / rings * pi - pi / 2
    longitudes = torch.arange(segments, dtype=torch.float64) / segments * 2 * pi
    along, around = exponents
    out, up = _power(latitudes.cos(), along).unsqueeze(-1), _power(latitudes.sin(), along)
    points = torch.stack(
        (
            out * _power(longitudes.cos(), around),
            out * _power(longitudes.sin(), around),
            up.unsqueeze(-1).expand(-1, segments),
        ),
        -1,
    )
    # The first and the last ring are a pole each, of which one vertex stays.
    points = points.flatten(0, 1)[segments - 1 : rings * segments + 1]
    scaled = points * torch.tensor(tuple(size), dtype=torch.float64)
    return Mesh(scaled.to(dtype), _bands(rings, segments))


def union(meshes: Sequence[Mesh]) -> Mesh:
    """Several meshes as one, vertices and faces one after the other; nothing is merged.

    Args:
        meshes: Meshes without batch, at least one, of one dtype and on one device.

    Returns:
        The mesh. It has the albedo that all of them have, or none; a mask if one of them has.

    Raises:
        RangeError: There is no mesh.
        ShapeError: One is a batch.
        TypeMismatchError: Their dtypes or devices differ.
    """
    check_single("union", meshes)
    faces: list[Tensor] = []
    before = 0
    for mesh in meshes:
        faces.append(mesh.faces + before)
        before += len(mesh.vertices)
    has_mask = any(mesh.face_mask is not None for mesh in meshes)
    face_albedos, vertex_albedos = albedos_of(meshes)
    return Mesh(
        torch.cat([mesh.vertices for mesh in meshes]),
        torch.cat(faces),
        torch.cat([mesh.existing() for mesh in meshes]) if has_mask else None,
        None if face_albedos is None else torch.cat(face_albedos),
        None if vertex_albedos is None else torch.cat(vertex_albedos),
    )


def _on_sphere(points: Tensor) -> Tensor:
    return torch.nn.functional.normalize(points, dim=-1)


def _split(vertices: Tensor, faces: Tensor) -> tuple[Tensor, Tensor]:
    """Every face in four; one new vertex for each edge, in the order of the edges' vertices."""
    count = len(vertices)
    edges = torch.stack((faces, faces.roll(-1, 1)), -1).sort(-1).values
    pairs = edges[..., 0] * count + edges[..., 1]
    keys, place = cast("tuple[Tensor, Tensor]", cast("Any", torch).unique(pairs, return_inverse=True))
    middles = _on_sphere(vertices[keys // count] + vertices[keys % count])
    (a, b, c), (ab, bc, ca) = faces.unbind(1), (place + count).unbind(1)
    parts = ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))
    split = torch.stack([torch.stack(part, -1) for part in parts], 1)
    return torch.cat((vertices, middles)), split.flatten(0, 1)


def _check_numbers(name: str, numbers: Sequence[float], count: int) -> None:
    if len(numbers) != count:
        raise RangeError(f"superquadric: `{name}` must be {count} numbers, not {len(numbers)}", name)
    for number in numbers:
        check_positive("superquadric", name, number)


def _power(base: Tensor, exponent: float) -> Tensor:
    """The power with the sign of the base, a sine or cosine.

    Rounding of one that is 0 would be no rounding any more after a power near 0.
    """
    base = base.where(base.abs() > 1e-12, 0.0)
    return base.sign() * base.abs() ** exponent


def _bands(rings: int, segments: int) -> Tensor:
    """Faces between the south pole, vertex 0, rings of vertices, and the north pole, the last vertex."""
    here = torch.arange(segments)
    following = here.roll(-1)
    first = torch.arange(rings - 2).unsqueeze(-1) * segments + 1
    low, low_next = (first + here).flatten(), (first + following).flatten()
    high, high_next = low + segments, low_next + segments
    south, north = torch.zeros_like(here), torch.full_like(here, (rings - 1) * segments + 1)
    top = (rings - 2) * segments + 1
    return torch.cat(
        (
            torch.stack((south, following + 1, here + 1), -1),
            torch.stack((low, low_next, high_next), -1),
            torch.stack((low, high_next, high), -1),
            torch.stack((north, top + here, top + following), -1),
        )
    )
