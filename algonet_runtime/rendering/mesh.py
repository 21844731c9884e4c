"""Triangle meshes, alone and in batches. Imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import inf, prod
from typing import Any, cast, final

import torch
from torch import Tensor

from algonet_runtime.errors import RangeError, ShapeError, TypeMismatchError
from algonet_runtime.rendering.arguments import check_faces, check_vertices
from algonet_runtime.tensors import is_seen

_WHOLE = frozenset(
    {torch.int64, torch.int32, torch.int16, torch.int8}
    | {torch.uint64, torch.uint32, torch.uint16, torch.uint8}
)
"""What vertices may be numbered in."""

_TAILS: dict[str, tuple[str | int, ...]] = {
    "vertices": ("V", 3),
    "faces": ("F", 3),
    "face_mask": ("F",),
    "face_albedo": ("F", 3),
    "vertex_albedo": ("V", 3),
}
"""The last dimensions of each tensor."""


@final
@dataclass(frozen=True, eq=False)
class Mesh:
    """A triangle mesh, or a batch of meshes.

    Only `vertices` say what the batch is; each other tensor has its dimensions, or none and is shared by all.
    A mesh without vertices or without faces is one that cannot be seen.

    Args:
        vertices: (*batch, V, 3), finite floating-point numbers.
        faces: (F, 3) or (*batch, F, 3), whole numbers in 0..V-1, kept as int64; counterclockwise seen from
            outside.
        face_mask: (F) or (*batch, F), true where a face exists; None: all do.
        face_albedo: (F, 3) or (*batch, F, 3), the reflectance of each face in red, green and blue, in [0, 1];
            dtype of `vertices`.
        vertex_albedo: (V, 3) or (*batch, V, 3), the same of each vertex; at most one of the two.

    Raises:
        TypeMismatchError: A tensor has the wrong kind or dtype, or is on another device than `vertices`.
        ShapeError: Shapes do not fit.
        RangeError: A face names a vertex that is not there, a vertex is not finite, an albedo is outside of
            [0, 1], or there are two of them. Values are looked at only where they can be seen.
    """

    vertices: Tensor
    faces: Tensor
    face_mask: Tensor | None = None
    face_albedo: Tensor | None = None
    vertex_albedo: Tensor | None = None

    def __post_init__(self) -> None:
        self._check_kinds()
        self._check_shapes()
        object.__setattr__(self, "faces", self.faces.to(torch.int64))
        if self.face_albedo is not None and self.vertex_albedo is not None:
            raise RangeError(
                "Mesh: `face_albedo` and `vertex_albedo` are both given; give one of them", "vertex_albedo"
            )
        check_faces("Mesh", self.faces, self.vertices.shape[-2])
        check_vertices("Mesh", self.vertices)
        _check_albedo("face_albedo", "face", self.face_albedo)
        _check_albedo("vertex_albedo", "vertex", self.vertex_albedo)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The dimensions of the batch; () for one mesh."""
        return tuple(self.vertices.shape[:-2])

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Mesh:
        """The mesh on another device, or with floating-point numbers of another dtype.

        Args:
            device: The device of all tensors; None: as it is.
            dtype: The dtype of vertices and albedos; None: as it is.

        Returns:
            The mesh.

        Raises:
            TypeMismatchError: `dtype` is not one of floating-point numbers.
            RangeError: A vertex is not finite in `dtype`.
        """
        if dtype is not None:
            check_dtype("Mesh.to", dtype)
        moved: dict[str, Tensor] = {}
        for name, tensor in self._tensors().items():
            moved[name] = tensor.to(device=device, dtype=dtype if tensor.is_floating_point() else None)
        if moved["vertices"].dtype != self.vertices.dtype:
            check_vertices("Mesh.to", moved["vertices"])
        return self._replaced(moved)

    def with_vertices(self, vertices: Tensor) -> Mesh:
        """The same faces and colours on other vertices; faces are not looked at again.

        Args:
            vertices: (.., V, 3), of the same V; may have another batch shape where nothing else has one.

        Returns:
            The mesh.

        Raises:
            TypeMismatchError: No tensor of floating-point numbers, on another device, or of another dtype
                than the albedo.
            ShapeError: Another number of vertices, or a batch shape that does not fit.
            RangeError: A vertex is not finite.
        """
        other = self._replaced({"vertices": vertices})
        other._check_kinds()
        if vertices.ndim >= 2 and vertices.shape[-2] != self.vertices.shape[-2]:
            message = (
                f"Mesh.with_vertices: the mesh has {self.vertices.shape[-2]} vertices, but `vertices` have "
            )
            raise ShapeError(f"{message}{vertices.shape[-2]}", "vertices")
        other._check_shapes()
        check_vertices("Mesh.with_vertices", vertices)
        return other

    def normalised(self) -> Mesh:
        """Moved and scaled into the unit cube, each element of the batch by itself.

        Returns:
            The mesh with the middle of its bounding box at 0 and a longest side of 1. Only vertices that an
            existing face uses count for the box; a mesh of no extent is only moved, one without faces stays.

        Gradient:
            Through the box too: that of a minimum or maximum goes to the vertices that attain it.
        """
        if not self.faces.shape[-2]:
            return self
        low = high = self.triangles().flatten(-3, -2)
        if self.face_mask is not None:
            exists = self.face_mask.repeat_interleave(3, -1).unsqueeze(-1)
            low, high = low.where(exists, inf), high.where(exists, -inf)
        # Halves, since a sum or difference of large numbers overflows.
        low, high = low.amin(-2, keepdim=True) / 2, high.amax(-2, keepdim=True) / 2
        centre = (low + high).where(low <= high, 0.0)
        half = (high - low).amax(-1, keepdim=True)
        half = half.where(half > 0, 0.5)
        return self.with_vertices((self.vertices - centre) / half / 2)

    def triangles(self) -> Tensor:
        """The corners of every face, (*batch, F, 3, 3): face, corner, coordinate; differentiable."""
        count = self.faces.shape[-2]
        if self.faces.ndim == 2:
            corners = self.vertices.index_select(-2, self.faces.reshape(-1))
        else:
            index = self.faces.reshape(*self.batch_shape, 3 * count, 1)
            corners = self.vertices.gather(-2, index.expand(*self.batch_shape, 3 * count, 3))
        return corners.reshape(*self.batch_shape, count, 3, 3)

    @staticmethod
    def padded(meshes: Sequence[Mesh]) -> Mesh:
        """A batch of meshes that differ in their faces.

        Args:
            meshes: Meshes without batch, at least one, of one dtype and on one device.

        Returns:
            The batch, (len(meshes),): vertices filled up with zeros, which no face uses; faces with faces on
            vertex 0 for which `face_mask` is false. It has the albedo that all meshes have, or none.

        Raises:
            RangeError: There is no mesh.
            ShapeError: One is a batch.
            TypeMismatchError: Their dtypes or devices differ.
        """
        check_single("Mesh.padded", meshes)
        most = max(len(mesh.vertices) for mesh in meshes)
        count = max(len(mesh.faces) for mesh in meshes)
        face_albedos, vertex_albedos = albedos_of(meshes)
        return meshes[0]._replaced(
            {
                "vertices": _stacked([mesh.vertices for mesh in meshes], most),
                "faces": _stacked([mesh.faces for mesh in meshes], count),
                "face_mask": _stacked([mesh.existing() for mesh in meshes], count),
                "face_albedo": None if face_albedos is None else _stacked(face_albedos, count),
                "vertex_albedo": None if vertex_albedos is None else _stacked(vertex_albedos, most),
            }
        )

    def unpadded(self) -> list[Mesh]:
        """The meshes of a batch, in the order of its flattened dimensions; the values have to be seen.

        Returns:
            Meshes without batch. With a `face_mask`, they have no masked faces, and no vertices after the
            last one that a face uses.
        """
        count = prod(self.batch_shape)
        rows: dict[str, Sequence[Tensor]] = {}
        for name, tensor in self._tensors().items():
            own = tensor.shape[tensor.ndim - len(_TAILS[name]) :]
            rows[name] = tensor.expand(*self.batch_shape, *own).reshape(count, *own).unbind()
        empty = self._replaced(dict.fromkeys(_TAILS))
        meshes = [empty._replaced({name: rows[name][row] for name in rows}) for row in range(count)]
        return [mesh._trimmed() for mesh in meshes]

    def existing(self) -> Tensor:
        """Which faces exist: the mask, or (F) of true."""
        if self.face_mask is not None:
            return self.face_mask
        return torch.ones(self.faces.shape[-2], dtype=torch.bool, device=self.faces.device)

    def _trimmed(self) -> Mesh:
        if self.face_mask is None:
            return self
        faces = self.faces[self.face_mask]
        count = int(faces.max()) + 1 if len(faces) else 0
        return self._replaced(
            {
                "vertices": self.vertices[:count],
                "faces": faces,
                "face_mask": None,
                "face_albedo": None if self.face_albedo is None else self.face_albedo[self.face_mask],
                "vertex_albedo": None if self.vertex_albedo is None else self.vertex_albedo[:count],
            }
        )

    def _tensors(self) -> dict[str, Tensor]:
        """Those that are given, by name."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: tensor for name, tensor in found.items() if tensor is not None}

    def _replaced(self, tensors: dict[str, Any]) -> Mesh:
        """A copy with other tensors, which nothing checks."""
        other = object.__new__(Mesh)
        for name in _TAILS:
            object.__setattr__(other, name, tensors.get(name, getattr(self, name)))
        return other

    def _check_kinds(self) -> None:
        for name, tensor in self._tensors().items():
            if not isinstance(cast("object", tensor), torch.Tensor):
                raise TypeMismatchError(
                    f"Mesh: `{name}` must be a tensor, not {type(tensor).__name__}; use torch.as_tensor(..)",
                    name,
                )
            _check_kind(name, tensor)
            if tensor.device != self.vertices.device:
                raise TypeMismatchError(
                    f"Mesh: `{name}` is on {tensor.device}, but `vertices` are on {self.vertices.device}",
                    name,
                )
            if tensor.is_floating_point() and tensor.dtype != self.vertices.dtype:
                raise TypeMismatchError(
                    f"Mesh: `{name}` must have the dtype of `vertices`, {self.vertices.dtype}, "
                    f"not {tensor.dtype}",
                    name,
                )

    def _check_shapes(self) -> None:
        sizes: dict[str | int, tuple[int, str]] = {3: (3, "vertices")}
        for name, tensor in self._tensors().items():
            tail = _TAILS[name]
            shape = tuple(tensor.shape)
            own, batch = shape[len(shape) - len(tail) :], shape[: len(shape) - len(tail)]
            if len(own) < len(tail) or own[1:] != tail[1:]:
                raise ShapeError(f"Mesh: `{name}` must have shape {_shown(('..', *tail))}, not {shape}", name)
            if batch not in ((), self.batch_shape):
                wanted = " or ".join(dict.fromkeys((_shown(tail), _shown((*self.batch_shape, *tail)))))
                given = f"{shape} beside `vertices` of {tuple(self.vertices.shape)}"
                raise ShapeError(f"Mesh: `{name}` must have shape {wanted}, not {given}", name)
            size, giver = sizes.setdefault(tail[0], (own[0], name))
            if own[0] != size:
                raise ShapeError(f"Mesh: {tail[0]} is {size} in `{giver}`, but {own[0]} in `{name}`", name)


def check_dtype(operation: str, dtype: torch.dtype) -> None:
    """That a dtype is one of floating-point numbers.

    Raises:
        TypeMismatchError: It is not.
    """
    if not dtype.is_floating_point:
        raise TypeMismatchError(
            f"{operation}: `dtype` must be one of floating-point numbers, as torch.float32, not {dtype}",
            "dtype",
        )


def check_single(operation: str, meshes: Sequence[Mesh]) -> None:
    """That meshes, at least one, have no batch, and share their dtype and device.

    Raises:
        RangeError: There is none.
        ShapeError: One has a batch.
        TypeMismatchError: One has another dtype or device than the first.
    """
    if not meshes:
        raise RangeError(f"{operation}: `meshes` must hold at least one mesh, not none", "meshes")
    first = meshes[0].vertices
    for place, mesh in enumerate(meshes):
        if mesh.batch_shape:
            raise ShapeError(
                f"{operation}: `meshes[{place}]` must be one mesh, not a batch {mesh.batch_shape}; "
                "take the meshes of its `unpadded()`",
                "meshes",
            )
        own = mesh.vertices
        if (own.dtype, own.device) != (first.dtype, first.device):
            raise TypeMismatchError(
                f"{operation}: `meshes[{place}]` is {own.dtype} on {own.device}, but the first mesh is "
                f"{first.dtype} on {first.device}; use `to`",
                "meshes",
            )


def albedos_of(meshes: Sequence[Mesh]) -> tuple[list[Tensor] | None, list[Tensor] | None]:
    """The albedos of the faces and of the vertices, each None unless all meshes have them."""
    of_faces = [mesh.face_albedo for mesh in meshes if mesh.face_albedo is not None]
    of_vertices = [mesh.vertex_albedo for mesh in meshes if mesh.vertex_albedo is not None]
    return (
        of_faces if len(of_faces) == len(meshes) else None,
        of_vertices if len(of_vertices) == len(meshes) else None,
    )


def _stacked(tensors: Sequence[Tensor], size: int) -> Tensor:
    """One batch; the first dimension of each is filled up with zeros."""
    return torch.stack(
        [torch.cat((each, each.new_zeros(size - len(each), *each.shape[1:]))) for each in tensors]
    )


def _shown(dims: Sequence[str | int]) -> str:
    return f"({', '.join(map(str, dims))}{',' if len(dims) == 1 else ''})"


def _of_row(row: tuple[int, ...]) -> str:
    return f" of row {row[0] if len(row) == 1 else row}" if row else ""


def _first(is_bad: Tensor) -> tuple[int, ...] | None:
    """The first place that is true; None if there is none."""
    if not bool(is_bad.any()):
        return None
    return tuple(int(index) for index in is_bad.nonzero()[0])


def _check_kind(name: str, tensor: Tensor) -> None:
    if name == "faces":
        is_right, wanted = tensor.dtype in _WHOLE, "whole numbers, as torch.int64"
    elif name == "face_mask":
        is_right, wanted = tensor.dtype == torch.bool, "truth values, torch.bool"
    else:
        is_right, wanted = tensor.is_floating_point(), "floating-point numbers"
    if not is_right:
        raise TypeMismatchError(f"Mesh: `{name}` must hold {wanted}, not {tensor.dtype}", name)


def _check_albedo(name: str, what: str, albedo: Tensor | None) -> None:
    if albedo is None or not is_seen(albedo):
        return
    values = albedo.detach()
    place = _first(~((values >= 0) & (values <= 1)))
    if place is not None:
        row = place[:-2]
        raise RangeError(
            f"Mesh: `{name}` must be in [0, 1], but is {values[place].item():.6g} at {what} {place[-2]}"
            f"{_of_row(row)}; divide numbers in 0..255 by 255",
            name,
            row or None,
        )
