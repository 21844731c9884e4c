"""Pictures into files, and sheets of them. Imports torch, and pillow when it is needed."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any, cast, final

import torch
from torch import Tensor

from algonet_runtime.checks import check_count
from algonet_runtime.errors import ArgumentError, RangeError, ShapeError, TypeMismatchError
from algonet_runtime.rendering.writing import write_atomically

_LABEL_HEIGHT = 15
"""Pixels of a line of text; the default font of pillow has a size of 10."""


@final
class ImageFileError(ArgumentError):
    """A picture cannot be written; the message names the file."""


def load_pillow(module: str) -> Any:
    """A module of the package that writes pictures.

    Raises:
        ImportError: It is not installed.
    """
    try:
        return cast("Any", importlib.import_module(f"PIL.{module}"))
    except ImportError:
        message = "pictures are written with pillow, which is not installed: pip install 'whilec[rendering]'"
        raise ImportError(message) from None


def save_png(path: str | os.PathLike[str], image: Tensor) -> None:
    """Write a picture into a file, which is replaced as a whole or not at all.

    Args:
        path: A file ending in .png.
        image: (H, W) grey, or (H, W, 3) RGB; numbers in [0, 1], what is beyond is clamped.

    Raises:
        TypeMismatchError: `image` is no tensor of floating-point numbers.
        ShapeError: It is no picture.
        RangeError: It holds NaN.
        ImageFileError: The file has another ending, or cannot be written.
        ImportError: pillow is not installed.
    """
    file = _file_of("save_png", path, ".png")
    pixels = _pixels_of("save_png", "image", image)
    data = BytesIO()
    _picture_of(pixels).save(data, format="PNG")
    _write("save_png", file, data.getvalue())


def save_gif(
    path: str | os.PathLike[str], frames: Tensor | Sequence[Tensor], *, duration_ms: int = 100
) -> None:
    """Write pictures into a file that shows them one after the other, again and again.

    The file is replaced as a whole or not at all. A GIF has 256 colours a frame.

    Args:
        path: A file ending in .gif.
        frames: Pictures of one size, at least one, as for `save_png`.
        duration_ms: How long each is shown, in milliseconds, at least 20; a GIF counts in tens of them.

    Raises:
        TypeMismatchError: A frame is no tensor of floating-point numbers.
        ShapeError: One is no picture, or of another size than the first.
        RangeError: There is none, one holds NaN, or `duration_ms` is out of range.
        ImageFileError: The file has another ending, or cannot be written.
        ImportError: pillow is not installed.
    """
    file = _file_of("save_gif", path, ".gif")
    check_count("save_gif", "duration_ms", duration_ms, 20)
    first, *others = (_picture_of(pixels) for pixels in _series("save_gif", "frames", frames))
    data = BytesIO()
    first.save(data, format="GIF", save_all=True, append_images=others, duration=duration_ms, loop=0)
    _write("save_gif", file, data.getvalue())


def contact_sheet(
    images: Tensor | Sequence[Tensor],
    *,
    columns: int,
    labels: Sequence[str] | None = None,
    gap: int = 2,
    background: float = 1.0,
) -> Tensor:
    """Pictures side by side, row after row.

    Args:
        images: Pictures of one size, at least one, as for `save_png`.
        columns: How many are in a row.
        labels: A line of text below each picture, cut off at its width.
        gap: Pixels around each picture.
        background: Grey between the pictures, in [0, 1]; the text is black or white, whichever stands out.

    Returns:
        (H, W, 3), in float32 on the CPU, in [0, 1]; for `save_png`.

    Raises:
        TypeMismatchError: A picture is no tensor of floating-point numbers.
        ShapeError: One is no picture, or of another size than the first, or there are more or less labels.
        RangeError: There is none, one holds NaN, or `columns`, `gap` or `background` is out of range.
        ImportError: There are labels, and pillow is not installed.
    """
    check_count("contact_sheet", "columns", columns, 1)
    check_count("contact_sheet", "gap", gap, 0)
    if not 0 <= background <= 1:
        message = f"contact_sheet: `background` must be a number in [0, 1], not {background!r}"
        raise RangeError(message, "background")
    pictures = [_as_rgb(pixels) for pixels in _series("contact_sheet", "images", images)]
    if labels is not None and len(labels) != len(pictures):
        message = f"contact_sheet: there are {len(pictures)} `images`, but {len(labels)} `labels`"
        raise ShapeError(message, "labels")
    height, width = pictures[0].shape[:2]
    row_height = height + gap + (0 if labels is None else _LABEL_HEIGHT)
    rows, paper = ceil(len(pictures) / columns), round(255 * background)
    columns = min(columns, len(pictures))
    size = (gap + rows * row_height, gap + columns * (width + gap), 3)
    sheet = torch.full(size, paper, dtype=torch.uint8)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        top, left = gap + row * row_height, gap + column * (width + gap)
        sheet[top : top + height, left : left + width] = picture
        if labels is not None:
            line = _line_of_text(labels[place], width, paper)
            sheet[top + height : top + height + _LABEL_HEIGHT, left : left + width] = line.unsqueeze(-1)
    return sheet / 255


def _file_of(operation: str, path: str | os.PathLike[str], suffix: str) -> Path:
    file = Path(path)
    if file.suffix.lower() != suffix:
        raise ImageFileError(
            f"{operation}: `{file}` does not end in {suffix}; choose a name that does", "path"
        )
    return file


def _series(operation: str, name: str, images: Tensor | Sequence[Tensor]) -> list[Tensor]:
    """Bytes of pictures of one size."""
    if not len(images):
        raise RangeError(f"{operation}: `{name}` must hold at least one picture, not none", name)
    series = [_pixels_of(operation, f"{name}[{place}]", image) for place, image in enumerate(images)]
    first = tuple(series[0].shape[:2])
    for place, pixels in enumerate(series):
        size = tuple(pixels.shape[:2])
        if size != first:
            message = f"{operation}: `{name}[{place}]` has {size} pixels, but the first one {first}"
            raise ShapeError(message, name)
    return series


def _pixels_of(operation: str, name: str, image: Tensor) -> Tensor:
    """(H, W) or (H, W, 3) in bytes."""
    if not isinstance(cast("object", image), Tensor) or not image.is_floating_point():
        given = str(image.dtype) if isinstance(cast("object", image), Tensor) else type(image).__name__
        message = f"{operation}: `{name}` must be a tensor of floating-point numbers in [0, 1], not {given}"
        raise TypeMismatchError(message, name)
    shape = tuple(image.shape)
    if not (len(shape) == 2 or (len(shape) == 3 and shape[-1] == 3)) or 0 in shape:
        raise ShapeError(f"{operation}: `{name}` must be (H, W) or (H, W, 3), not {shape}", name)
    values = image.detach().to("cpu", torch.float32)
    if bool(values.isnan().any()):
        raise RangeError(f"{operation}: `{name}` holds NaN; give numbers in [0, 1]", name)
    return (values.clamp(0, 1) * 255).round().to(torch.uint8)


def _as_rgb(pixels: Tensor) -> Tensor:
    return pixels if pixels.ndim == 3 else pixels.unsqueeze(-1).expand(*pixels.shape, 3)


def _picture_of(pixels: Tensor) -> Any:
    return load_pillow("Image").fromarray(pixels.numpy())


def _line_of_text(text: str, width: int, paper: int) -> Tensor:
    """(height of a label, width), a line in bytes, on that grey."""
    image, drawing, fonts = (load_pillow(module) for module in ("Image", "ImageDraw", "ImageFont"))
    # Where pillow has no FreeType, its font knows no other letters.
    shown = text.encode("latin-1", "replace").decode("latin-1")
    font = fonts.load_default()
    while shown and font.getlength(shown) > width:
        shown = shown[:-1]
    canvas = image.new("L", (width, _LABEL_HEIGHT), paper)
    drawing.Draw(canvas).text((0, 1), shown, fill=0 if paper > 127 else 255, font=font)
    return torch.frombuffer(bytearray(canvas.tobytes()), dtype=torch.uint8).view(_LABEL_HEIGHT, width)


def _write(operation: str, file: Path, data: bytes) -> None:
    try:
        write_atomically(file, data)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        todo = "name a file in a folder that you may write to"
        raise ImageFileError(f"{operation}: `{file}` cannot be written ({reason}); {todo}", "path") from None
