"""PLY and glTF: from bytes to arrays and back, through trimesh."""

from __future__ import annotations

import importlib
import io
import json
import re
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any, cast

import numpy as np

from algonet_runtime.rendering.text_formats import WHITE, Floats, Indices, Surface

DAMAGE = (
    *(ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError, RuntimeError),
    *(NameError, MemoryError, OSError, EOFError, ImportError, DeprecationWarning),
    *(SyntaxError, struct.error, zlib.error),
)
"""What reading a damaged file raises: trimesh takes its bytes for lengths, keys, types, names of other files
and of what needs another package, as they come; NumPy deprecates what is no number; the last are pillow's."""

_PARTIAL = "string or file could not be read to its end"
"""How NumPy warns of text that is no number, which it leaves out."""

_COMPRESSED = frozenset({"KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression"})

_FAN = 6
"""The mode of fans of triangles in glTF."""

_ELEMENT = re.compile(rb"(?m)^element\s+(\w+)\s+(\d+)")
"""How many of something a PLY promises."""


def load_trimesh(file: Path) -> Any:
    """The package, for a file.

    Raises:
        ImportError: It is not installed.
    """
    try:
        return cast("Any", importlib.import_module("trimesh"))
    except ImportError:
        message = f"`{file}` needs trimesh, which is not installed: pip install 'whilec[rendering]'"
        raise ImportError(f"{message}; .obj and .off need nothing") from None


def read_ply(data: bytes, file: Path) -> Surface:
    """The triangles of a PLY; of textures, nothing.

    Raises:
        ImportError: trimesh is not installed.
        Exception: One of `DAMAGE`.
    """
    header = data.partition(b"end_header")[0]
    counts = {name: int(count) for name, count in _ELEMENT.findall(header)}
    if re.search(rb"(?m)^format\s+ascii", header):
        missing = sum(counts.values()) + 1 - len(data[len(header) :].splitlines())
        if missing > 0:
            raise ValueError(f"{missing} of the lines that its header promises are missing")
    # Vertices stay as they are where faces have other coordinates in a texture.
    surface = _read_scene(data, file, "ply", fix_texture=False, skip_materials=True)
    if len(surface.faces) < counts.get(b"face", 0):
        raise ValueError(f"only {len(surface.faces)} of its {counts[b'face']} faces have corners")
    return surface


def read_glb(data: bytes, file: Path) -> Surface:
    """The triangles of a GLB, part after part, with the colours of materials, textures and vertices.

    Raises:
        ImportError: trimesh is not installed.
        Exception: One of `DAMAGE`.
    """
    if data[:4] != b"glTF":
        raise ValueError("it does not begin with glTF")
    length = int.from_bytes(data[12:16], "little")
    _check_gltf(json.loads(data[20 : 20 + length]))
    return _read_scene(data, file, "glb")


def read_gltf(data: bytes, file: Path) -> Surface:
    """The same of a glTF, and of the files in its folder that it names.

    Raises:
        ImportError: trimesh is not installed.
        Exception: One of `DAMAGE`.
    """
    # Of what is no JSON, trimesh would take another file of the folder.
    _check_gltf(json.loads(data))
    return _read_scene(data, file, "gltf")


def _check_gltf(tree: Any) -> None:
    """That there is nothing in it that trimesh leaves out, or takes for something else, without a word."""
    compressed = _COMPRESSED.intersection(tree.get("extensionsUsed", ()))
    if compressed:
        raise ValueError(f"it is compressed by {min(compressed)}")
    accessors = tree.get("accessors", [])
    if any("sparse" in accessor for accessor in accessors):
        raise ValueError("it has sparse accessors")
    for mesh in tree.get("meshes", []):
        for primitive in mesh["primitives"]:
            if primitive.get("mode") == _FAN:
                raise ValueError("it has fans of triangles")
            if accessors[primitive["attributes"]["POSITION"]].get("normalized"):
                raise ValueError("it has normalized positions")


def _read_scene(data: bytes, file: Path, kind: str, **options: bool) -> Surface:
    trimesh = load_trimesh(file)
    resolver = trimesh.resolvers.FilePathResolver(str(file))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is wrong with the numbers is found here
        warnings.filterwarnings("error", _PARTIAL)
        scene = trimesh.load_scene(
            io.BytesIO(data), file_type=kind, resolver=resolver, process=False, **options
        )
        order = {name: place for place, name in enumerate(scene.geometry)}
        parts: list[Surface] = []
        nodes = [(order[scene.graph[node][1]], str(node), node) for node in scene.graph.nodes_geometry]
        for _, _, node in sorted(nodes, key=lambda each: each[:2]):
            matrix, name = scene.graph[node]
            if isinstance(scene.geometry[name], trimesh.Trimesh):
                parts.append(_placed(trimesh, scene.geometry[name], matrix))
        return _joined(parts)


def _placed(trimesh: Any, part: Any, matrix: Floats) -> Surface:
    """A part where the scene has it; one that is mirrored is turned, so that its outside stays outside."""
    vertices, faces = np.asarray(part.vertices, np.float64), np.asarray(part.faces, np.int64)
    own = Surface(vertices, faces.reshape(-1, 3))
    colours = _colours(trimesh, part)
    if not np.array_equal(matrix, np.eye(4)):
        vertices = vertices @ matrix[:3, :3].T + matrix[:3, 3]
        if np.linalg.det(matrix[:3, :3]) < 0:
            faces = faces[:, ::-1]
    has_colours = colours is not None and colours.shape == own.faces.shape
    return Surface(vertices, faces.reshape(-1, 3), colours if has_colours else None)


def _colours(trimesh: Any, part: Any) -> Floats | None:
    """(F, 3), as the part has them for faces, vertices, a material or a texture; None if it has none."""
    visual = part.visual
    if visual.kind == "face":
        return _fractions(visual.face_colors)
    if visual.kind == "vertex":
        return _fractions(visual.vertex_colors)[part.faces].mean(1)
    if visual.kind != "texture":
        return None
    factors: list[Floats] = []
    factor = getattr(visual.material, "baseColorFactor", None)
    if factor is not None:
        factors.append(np.broadcast_to(_fractions(factor), part.faces.shape))
    image = getattr(visual.material, "baseColorTexture", None)
    if image is not None and visual.uv is not None:
        factors.append(_fractions(trimesh.visual.uv_to_color(visual.uv[part.faces].mean(1), image)))
    tint = visual.vertex_attributes.get("color", part.vertex_attributes.get("color"))
    if tint is not None:
        factors.append(_fractions(tint)[part.faces].mean(1))
    return np.prod(factors, axis=0) if factors else None


def _fractions(colours: Any) -> Floats:
    """Red, green and blue in [0, 1]."""
    array = np.asarray(colours)[..., :3]
    scale = np.iinfo(array.dtype).max if array.dtype.kind in "ui" else 1
    return (np.nan_to_num(array.astype(np.float64)) / scale).clip(0.0, 1.0)


def _joined(parts: list[Surface]) -> Surface:
    vertices: list[Floats] = [np.zeros((0, 3))]
    faces: list[Indices] = [np.zeros((0, 3), np.int64)]
    before = 0
    for part in parts:
        vertices.append(part.vertices)
        faces.append(part.faces + before)
        before += len(part.vertices)
    colours = None
    if any(part.colours is not None for part in parts):
        white = [np.broadcast_to(WHITE, part.faces.shape) for part in parts]
        colours = np.concatenate(
            [each if part.colours is None else part.colours for part, each in zip(parts, white, strict=True)]
        )
    return Surface(np.concatenate(vertices), np.concatenate(faces), colours)


def exported(kind: str, file: Path, vertices: Floats, faces: Indices, **colours: Floats | None) -> bytes:
    """A file of triangles.

    Args:
        kind: "ply" or "glb".
        file: Its name, for messages.
        vertices: (V, 3).
        faces: (F, 3).
        colours: `face_colors` or `vertex_colors`, in [0, 1].
    """
    built = load_trimesh(file).Trimesh(vertices, faces, process=False, **colours)
    return cast("bytes", built.export(file_type=kind))
