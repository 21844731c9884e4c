"""OBJ and OFF: from text to arrays and back. Loads without torch.

They are read here and not by trimesh, which makes one mesh of each material in an OBJ, with vertices of its
own in another order, and leaves out without a word what it cannot read of a damaged file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

WHITE = (1.0, 1.0, 1.0)
"""The colour of a face that has none beside some that have."""


@final
@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles as a file has them.

    Args:
        vertices: (V, 3), not all of them finite.
        faces: (F, 3), whole numbers in 0..V-1.
        colours: (F, 3), in [0, 1]; None if the file has none.

    Raises:
        ValueError: Shapes do not fit, or a face has an index out of range.
    """

    vertices: Floats
    faces: Indices
    colours: Floats | None = None

    def __post_init__(self) -> None:
        if self.vertices.shape[1:] != (3,) or self.faces.shape[1:] != (3,):
            raise ValueError(f"vertices and faces of shapes {self.vertices.shape} and {self.faces.shape}")
        is_bad = ((self.faces < 0) | (self.faces >= len(self.vertices))).any(1)
        if is_bad.any():
            face = int(is_bad.argmax())
            indices, count = self.faces[face].tolist(), len(self.vertices)
            raise ValueError(f"face {face} has the vertices {indices}, but there are {count}")


def read_obj(text: str, library: Callable[[str], str | None]) -> Surface:
    """The triangles of an OBJ: its vertices, and its faces in fans of triangles, in their order.

    Args:
        text: What the file holds.
        library: The text of a file of materials by its name; None if there is no such file.

    Returns:
        The triangles. Their colours are those of the materials that have one (`Kd`, without a texture), else
        means of the colours of vertices, if all have one.

    Raises:
        ValueError: A line cannot be read, which the message names.
    """
    vertices: list[list[float]] = []
    faces: list[tuple[int, int, int]] = []
    lines: list[int] = []
    used: list[str] = []
    known: dict[str, tuple[float, ...]] = {}
    material = ""
    for number, words in _lines(text):
        match words[0]:
            case "v":
                vertices.append(_floats(words[1:], number))
            case "f":
                corners = _corners(words[1:], len(vertices), number)
                fan = _fan(corners)
                faces += fan
                lines += [number] * len(fan)
                used += [material] * len(fan)
            case "usemtl":
                material = " ".join(words[1:])
            case "mtllib":
                known |= read_materials(library(" ".join(words[1:])) or "")
            case _:
                pass  # normals, textures, groups, lines and curves
    array = _indices(faces)
    is_bad = (array >= len(vertices)).any(1)
    if is_bad.any():
        face = int(is_bad.argmax())
        index = int(array[face].max()) + 1
        raise ValueError(f"line {lines[face]}: there is no vertex {index}, only {len(vertices)}")
    return Surface(_array([row[:3] for row in vertices]), array, _obj_colours(vertices, array, used, known))


def _obj_colours(
    vertices: Sequence[Sequence[float]],
    faces: Indices,
    used: Sequence[str],
    known: dict[str, tuple[float, ...]],
) -> Floats | None:
    if any(name in known for name in used):
        return _scaled(_array([known.get(name, WHITE) for name in used]))
    if vertices and all(len(row) >= 6 for row in vertices):
        return _scaled(_array([row[3:6] for row in vertices]))[faces].mean(1)
    return None


def read_materials(text: str) -> dict[str, tuple[float, ...]]:
    """The colours in a file of materials of an OBJ, by name; not of those that have a texture."""
    colours: dict[str, tuple[float, ...]] = {}
    textured: set[str] = set()
    name = ""
    for number, words in _lines(text):
        match words[0].lower():
            case "newmtl":
                name = " ".join(words[1:])
            case "map_kd":
                textured.add(name)
            case "kd":
                with suppress(ValueError):  # a spectrum in a file of its own
                    values = _floats(words[1:4], number, least=1)
                    colours[name] = tuple(values if len(values) == 3 else values[:1] * 3)
            case _:
                pass
    return {name: colour for name, colour in colours.items() if name not in textured}


_FAR = 2**62
"""Beyond every index."""

_OFF = re.compile(r"(?:ST)?C?N?OFF")


def read_off(text: str) -> Surface:
    """The triangles of an OFF: its vertices, and its faces in fans of triangles, in their order.

    Args:
        text: What the file holds.

    Returns:
        The triangles, with the colours of faces, if all have one.

    Raises:
        ValueError: A line cannot be read, which the message names, or lines are missing.
    """
    rows = _lines(text)
    empty: tuple[int, list[str]] = (1, [""])
    number, words = next(rows, empty)
    header = _OFF.match(words[0])
    if header is None:
        raise ValueError(f"line {number}: the file does not begin with OFF")
    counts = [rest for rest in (words[0][header.end() :], *words[1:]) if rest]
    if not counts:
        number, counts = next(rows, empty)
    if len(counts) < 2 or not all(count.isdecimal() for count in counts[:2]):
        raise ValueError(f"line {number}: the numbers of vertices and faces are missing")
    vertex_count, face_count = (int(count) for count in counts[:2])
    vertices: list[list[float]] = []
    faces: list[tuple[int, int, int]] = []
    colours: list[list[float]] = []
    for number, words in rows:
        if len(vertices) < vertex_count:
            vertices.append(_floats(words, number)[:3])
        elif face_count:
            corners, rest = _polygon(words, vertex_count, number)
            fan = _fan(corners)
            faces += fan
            colours += [rest[:3]] * len(fan)
            face_count -= 1
    if len(vertices) < vertex_count or face_count:
        missing = f"{vertex_count - len(vertices)} vertices and {face_count} faces are missing"
        raise ValueError(f"the file ends at line {number}: {missing}")
    has_colours = bool(colours) and all(len(colour) == 3 for colour in colours)
    return Surface(_array(vertices), _indices(faces), _scaled(_array(colours)) if has_colours else None)


def obj_text(vertices: Floats, faces: Indices, colours: Floats | None) -> str:
    """The text of an OBJ, with colours of vertices; numbers in nine digits, which float32 needs."""
    rows = vertices if colours is None else np.hstack((vertices, colours))
    return _rows(rows, "v" + " %.9g" * rows.shape[1]) + _rows(faces + 1, "f %d %d %d")


def off_text(vertices: Floats, faces: Indices, colours: Floats | None) -> str:
    """The text of an OFF, with colours of faces; numbers in nine digits, which float32 needs."""
    header = f"OFF\n{len(vertices)} {len(faces)} 0\n"
    rows = faces if colours is None else np.hstack((faces, colours))
    # A colour without a point would be one in 0..255.
    form = "3 %d %d %d" + (" %.6f %.6f %.6f" if colours is not None else "")
    return header + _rows(vertices, "%.9g %.9g %.9g") + _rows(rows, form)


def _rows(array: NDArray[Any], form: str) -> str:
    text = io.StringIO()
    np.savetxt(text, array, form)
    return text.getvalue()


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The words of each line that has some, and its number; a line goes on after a backslash at its end."""
    begun: list[str] = []
    number = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not begun and line.lstrip().startswith("#"):
            continue
        begun += line.removesuffix("\\").split()
        if begun and not line.endswith("\\"):
            yield number, begun
            begun = []
    if begun:
        yield number, begun


def _floats(words: Sequence[str], number: int, *, least: int = 3) -> list[float]:
    """The numbers of a line, up to a comment."""
    found: list[float] = []
    for word in words:
        if word.startswith("#"):
            break
        try:
            found.append(float(word))
        except ValueError:
            raise ValueError(f"line {number}: `{word:.30}` is no number") from None
    if len(found) < least:
        raise ValueError(f"line {number}: {least} numbers are needed, not {len(found)}")
    return found


def _corners(words: Sequence[str], count: int, number: int) -> list[int]:
    """The vertices of a face of an OBJ, from 0; `count` of them stand above it."""
    corners: list[int] = []
    for word in words:
        if word.startswith("#"):
            break
        try:
            index = int(word.split("/")[0])
        except ValueError:
            raise ValueError(f"line {number}: `{word:.30}` is no corner of a face") from None
        if index == 0 or not -count <= index < _FAR:
            raise ValueError(f"line {number}: there is no vertex {index}; they are counted from 1")
        if word.count("/") != words[0].count("/"):
            raise ValueError(f"line {number}: the corner `{word:.30}` is cut off")
        corners.append(index - 1 if index > 0 else count + index)
    if len(corners) < 3:
        raise ValueError(f"line {number}: a face needs 3 corners, not {len(corners)}")
    return corners


def _fan(corners: Sequence[int]) -> list[tuple[int, int, int]]:
    """The triangles of a polygon, all with its first corner."""
    return [(corners[0], second, third) for second, third in pairwise(corners[1:])]


def _polygon(words: Sequence[str], count: int, number: int) -> tuple[list[int], list[float]]:
    """The vertices of a face of an OFF, and the numbers after them."""
    values = _floats(words, number, least=1)
    size = int(values[0]) if values[0].is_integer() else 0
    if size < 3 or len(values) <= size:
        raise ValueError(f"line {number}: a face of {values[0]:g} corners has {len(values) - 1} numbers")
    corners = values[1 : size + 1]
    for corner in corners:
        if not (corner.is_integer() and 0 <= corner < count):
            raise ValueError(f"line {number}: there is no vertex {corner:g}; they are 0..{count - 1}")
    return [int(corner) for corner in corners], values[size + 1 :]


def _array(rows: Sequence[Sequence[float]]) -> Floats:
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _indices(rows: Sequence[Sequence[int]]) -> Indices:
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def _scaled(colours: Floats) -> Floats:
    """Colours in [0, 1]; in 0..255 if one is above 1."""
    scale = 255.0 if colours.size and colours.max() > 1 else 1.0
    return (np.nan_to_num(colours) / scale).clip(0.0, 1.0)
