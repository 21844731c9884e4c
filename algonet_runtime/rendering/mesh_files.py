"""Meshes from files and into files: OBJ, OFF, PLY and GLB. Imports torch."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import final

import torch

from algonet_runtime.errors import ArgumentError, ShapeError
from algonet_runtime.rendering.mesh import Mesh, check_dtype
from algonet_runtime.rendering.scene_formats import (
    DAMAGE,
    exported,
    load_trimesh,
    read_glb,
    read_gltf,
    read_ply,
)
from algonet_runtime.rendering.text_formats import (
    Floats,
    Indices,
    Surface,
    obj_text,
    off_text,
    read_obj,
    read_off,
)
from algonet_runtime.rendering.writing import write_atomically


@final
class MeshFileError(ArgumentError):
    """A file cannot be read as a mesh, or a mesh cannot be written; the message names the file."""


_AGAIN = "write it again from its source, or convert it with another program"


def load_mesh(
    path: str | os.PathLike[str], *, normalise: bool = False, dtype: torch.dtype = torch.float32
) -> Mesh:
    """The triangles of a file, as one mesh: vertices are neither merged nor reordered.

    OBJ and OFF are read without any package, PLY, GLB and glTF with trimesh. Parts of a scene come one after
    the other, each where the scene places it; polygons become triangles.

    Args:
        path: A file ending in .obj, .off, .ply, .glb or .gltf.
        normalise: Whether the mesh is moved and scaled into the unit cube, as by `Mesh.normalised`.
        dtype: Of the vertices and colours.

    Returns:
        The mesh. `face_albedo` are the numbers of the file's colours, scaled to [0, 1] by no curve: those of
        materials, textures of GLB at the middle of each face (where pillow is installed), or means of the
        colours of vertices. Where only some faces have a colour, the others are white.

    Raises:
        MeshFileError: The file is not there, of an unknown kind, empty, damaged, or has no faces.
        TypeMismatchError: `dtype` is not one of floating-point numbers.
        ImportError: trimesh is needed and not installed.
    """
    file = Path(path)
    check_dtype("load_mesh", dtype)
    kind = file.suffix.lower()
    reader = _READERS.get(kind)
    if reader is None:
        what = f"ends in `{file.suffix}`, which is none of {', '.join(_READERS)}"
        raise _error("load_mesh", file, what, "convert it to one of them")
    if kind not in _TEXT:
        load_trimesh(file)
    data = _read(file)
    try:
        surface = reader(data, file)
    except DAMAGE as error:
        kinds = "" if type(error) is ValueError else f"{type(error).__name__}: "
        reason = kinds + " ".join(str(error).split())
        what = f"cannot be read as {kind[1:].upper()} ({reason:.120})"
        raise _error("load_mesh", file, what, _AGAIN) from None
    if not len(surface.faces):
        what = "has no faces, only points, lines or nothing at all"
        raise _error("load_mesh", file, what, "save it as a surface of triangles")
    mesh = _mesh_of(surface, file, dtype)
    return mesh.normalised() if normalise else mesh


def save_mesh(mesh: Mesh, path: str | os.PathLike[str]) -> None:
    """Write a mesh into a file, which is replaced as a whole or not at all.

    PLY and GLB hold vertices in float32, OBJ and OFF in nine digits, so that float32 comes back as it was.
    Colours are kept in digits by OFF (of faces) and OBJ (of vertices), in 8 bits by GLB (of vertices) and PLY
    (of either); where the mesh has the other kind, means of them. Faces that its mask takes out are not
    written.

    Args:
        mesh: One mesh, no batch, with a face at least.
        path: A file ending in .obj, .off, .ply or .glb.

    Raises:
        ShapeError: `mesh` is a batch.
        MeshFileError: The kind of file is unknown, the file cannot be written, or there are no faces.
        ImportError: trimesh is needed (.ply, .glb) and not installed.
    """
    file = Path(path)
    writer = _WRITERS.get(file.suffix.lower())
    if writer is None:
        what = f"ends in `{file.suffix}`, which is none of {', '.join(_WRITERS)}"
        raise _error("save_mesh", file, what, "choose one of them")
    if mesh.batch_shape:
        message = f"save_mesh: `mesh` must be one mesh, not a batch {mesh.batch_shape}"
        raise ShapeError(f"{message}; save each of its `unpadded()`", "mesh")
    mesh = mesh.to("cpu", torch.float64).unpadded()[0]
    if not len(mesh.faces):
        raise _error("save_mesh", file, "would have no faces, since the mesh has none", "save one that has")
    _write(file, writer(mesh, file))


def _error(operation: str, file: Path, what: str, todo: str) -> MeshFileError:
    return MeshFileError(f"{operation}: `{file}` {what}; {todo}", "path")


def _read(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise _error("load_mesh", file, "does not exist", f"look in `{file.resolve().parent}`") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        todo = "name a file that you may read"
        raise _error("load_mesh", file, f"cannot be opened ({reason})", todo) from None
    if not data.strip():
        raise _error("load_mesh", file, "is empty", _AGAIN)
    return data


def _mesh_of(surface: Surface, file: Path, dtype: torch.dtype) -> Mesh:
    vertices = torch.as_tensor(surface.vertices).to(dtype)
    is_bad = ~vertices.isfinite().all(1)
    if bool(is_bad.any()):
        place = int(is_bad.int().argmax())
        what = f"has vertex {place} at {surface.vertices[place].tolist()}, which is not finite in {dtype}"
        raise _error("load_mesh", file, what, "repair the vertex, or take it out")
    albedo = None if surface.colours is None else torch.as_tensor(surface.colours).to(dtype)
    return Mesh(vertices, torch.as_tensor(surface.faces), face_albedo=albedo)


def _text(data: bytes) -> str:
    if b"\0" in data:
        raise ValueError("it is no text")
    return data.decode("utf-8-sig", errors="replace")


def _read_obj(data: bytes, file: Path) -> Surface:
    def library(name: str) -> str | None:
        try:
            return _text((file.parent / name).read_bytes())
        except (OSError, ValueError):  # materials are colours only
            return None

    return read_obj(_text(data), library)


def _read_off(data: bytes, file: Path) -> Surface:
    return read_off(_text(data))


def _write(file: Path, data: bytes) -> None:
    try:
        write_atomically(file, data)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        todo = "name a file in a folder that you may write to"
        raise _error("save_mesh", file, f"cannot be written ({reason})", todo) from None


def _arrays(mesh: Mesh) -> tuple[Floats, Indices]:
    return mesh.vertices.numpy(force=True), mesh.faces.numpy()


def _of_faces(mesh: Mesh) -> Floats | None:
    if mesh.vertex_albedo is not None:
        return mesh.vertex_albedo[mesh.faces].mean(1).numpy(force=True)
    return None if mesh.face_albedo is None else mesh.face_albedo.numpy(force=True)


def _of_vertices(mesh: Mesh) -> Floats | None:
    """A vertex without faces is black."""
    if mesh.face_albedo is None:
        return None if mesh.vertex_albedo is None else mesh.vertex_albedo.numpy(force=True)
    corners = mesh.faces.reshape(-1)
    sums = torch.zeros_like(mesh.vertices).index_add(0, corners, mesh.face_albedo.repeat_interleave(3, 0))
    counts = corners.bincount(minlength=len(mesh.vertices)).clamp(min=1)
    return (sums / counts.unsqueeze(1)).numpy(force=True)


def _obj(mesh: Mesh, file: Path) -> bytes:
    return obj_text(*_arrays(mesh), _of_vertices(mesh)).encode()


def _off(mesh: Mesh, file: Path) -> bytes:
    return off_text(*_arrays(mesh), _of_faces(mesh)).encode()


def _ply(mesh: Mesh, file: Path) -> bytes:
    _check_float32(mesh, file)
    if mesh.vertex_albedo is None:
        return exported("ply", file, *_arrays(mesh), face_colors=_of_faces(mesh))
    return exported("ply", file, *_arrays(mesh), vertex_colors=_of_vertices(mesh))


def _glb(mesh: Mesh, file: Path) -> bytes:
    _check_float32(mesh, file)
    return exported("glb", file, *_arrays(mesh), vertex_colors=_of_vertices(mesh))


def _check_float32(mesh: Mesh, file: Path) -> None:
    is_bad = ~mesh.vertices.float().isfinite().all(1)
    if bool(is_bad.any()):
        what = f"cannot hold vertex {int(is_bad.int().argmax())}, which is not finite in float32"
        raise _error("save_mesh", file, what, "write .obj or .off")


_TEXT = frozenset({".obj", ".off"})
"""What needs no trimesh."""

_READERS: dict[str, Callable[[bytes, Path], Surface]] = {
    ".obj": _read_obj,
    ".off": _read_off,
    ".ply": read_ply,
    ".glb": read_glb,
    ".gltf": read_gltf,
}
_WRITERS: dict[str, Callable[[Mesh, Path], bytes]] = {".obj": _obj, ".off": _off, ".ply": _ply, ".glb": _glb}
