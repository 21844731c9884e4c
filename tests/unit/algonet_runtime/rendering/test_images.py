"""Pictures in files: what comes back, sheets with labels, whole files or none, and errors."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from algonet_runtime.errors import ArgumentError, RangeError, ShapeError, TypeMismatchError
from algonet_runtime.rendering.images import ImageFileError, contact_sheet, save_gif, save_png

pillow: Any = pytest.importorskip("PIL.Image", reason="pictures need pillow")

nan = float("nan")


def random(*shape: int) -> Tensor:
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(0)) / 255


def opened(path: Path) -> Tensor:
    with pillow.open(path) as picture:
        data = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8)
        return data.view(picture.height, picture.width, -1).squeeze(-1) / 255


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 1), (3, 3)])
def test_what_is_saved_comes_back(tmp_path: Path, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    image = random(*shape).to(dtype)
    save_png(tmp_path / "picture.PNG", image.requires_grad_())
    wanted = (image.float() * 255).round() / 255
    assert torch.equal(opened(tmp_path / "picture.PNG"), wanted.detach())


def test_what_is_beyond_is_clamped(tmp_path: Path) -> None:
    image = torch.tensor([[-0.5, 0.0, 0.5, 1.0, 1.5, float("inf"), -float("inf")]])
    save_png(str(tmp_path / "p.png"), image)
    assert (opened(tmp_path / "p.png") * 255).tolist() == [[0, 0, 128, 255, 255, 255, 0]]


def test_views_of_tensors_are_saved_as_they_look(tmp_path: Path) -> None:
    image = random(4, 6)
    save_png(tmp_path / "p.png", image.T[::2])
    assert torch.equal(opened(tmp_path / "p.png"), image.T[::2])


def test_a_sheet_has_pictures_row_after_row() -> None:
    images = [random(4, 3), random(4, 3, 3), random(4, 3), random(4, 3), random(4, 3)]
    sheet = contact_sheet(images, columns=3, gap=2, background=0.0)
    assert sheet.shape == (2 + 2 * 6, 2 + 3 * 5, 3)
    for place, image in enumerate(images):
        row, column = divmod(place, 3)
        found = sheet[2 + 6 * row : 6 + 6 * row, 2 + 5 * column : 5 + 5 * column]
        torch.testing.assert_close(found, image if image.ndim == 3 else image[..., None].expand(4, 3, 3))
    assert not sheet[:, :2].any()
    assert not sheet[8:12, 12:].any()


def test_a_sheet_of_few_pictures_is_not_wider() -> None:
    assert contact_sheet(random(2, 4, 3), columns=5, gap=0).shape == (4, 6, 3)


@pytest.mark.parametrize("background", [0.0, 1.0])
def test_labels_stand_out_below_their_picture(background: float) -> None:
    images = torch.full((2, 20, 40), background)
    sheet = contact_sheet(images, columns=1, labels=["Ag", ""], gap=1, background=background)
    ink = (sheet[..., 0] - background).abs() > 0.5
    assert sheet.shape[0] == 1 + 2 * (20 + 15 + 1)
    assert ink[21:36].any()
    ink[21:36] = False
    assert not ink.any()


def test_long_and_foreign_labels_are_drawn() -> None:
    sheet = contact_sheet(
        torch.zeros(2, 8, 20), columns=2, labels=["a label that is far too long", "\u6c49 °"]
    )
    assert sheet.shape == (2 + 8 + 15 + 2, 2 + 2 * 22, 3)
    assert contact_sheet(torch.zeros(1, 8, 1), columns=1, labels=["wide"]).shape[1] == 5


def test_a_gif_has_all_frames(tmp_path: Path) -> None:
    frames = [torch.full((6, 5), 0.0), torch.full((6, 5, 3), 0.5), torch.full((6, 5), 1.0)]
    save_gif(tmp_path / "film.gif", frames, duration_ms=50)
    with pillow.open(tmp_path / "film.gif") as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (3, (5, 6), 0)
        for place, frame in enumerate(frames):
            film.seek(place)
            assert film.info["duration"] == 50
            assert film.convert("RGB").getpixel((2, 2))[0] == pytest.approx(255 * frame.max().item(), abs=1)


def test_equal_pictures_are_equal_files(tmp_path: Path) -> None:
    frames = [random(6, 5), random(6, 5, 3)]
    for name in ("a", "b"):
        save_png(tmp_path / f"{name}.png", frames[0])
        save_gif(tmp_path / f"{name}.gif", frames)
    for suffix in (".png", ".gif"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", [".png", ".gif"])
def test_a_file_that_cannot_be_written_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"p{suffix}"
    path.write_text("old", encoding="utf-8")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ImageFileError, match=r"`.*` cannot be written \(No space left on device\)"):
        save_png(path, random(2, 2)) if suffix == ".png" else save_gif(path, [random(2, 2)])
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


Call = Callable[[Path], Any]
BAD: list[tuple[Call, type[ArgumentError], str]] = [
    (lambda at: save_png(at / "p.jpg", random(2, 2)), ImageFileError, r"p.jpg` does not end in \.png"),
    (lambda at: save_gif(at / "p.png", [random(2, 2)]), ImageFileError, r"does not end in \.gif"),
    (lambda at: save_png(at / "no/p.png", random(2, 2)), ImageFileError, r"cannot be written \(No such file"),
    (lambda at: save_png(at / "p.png", random(2)), ShapeError, r"`image` must be \(H, W\).*not \(2,\)"),
    (lambda at: save_png(at / "p.png", random(2, 2, 4)), ShapeError, r"not \(2, 2, 4\)"),
    (lambda at: save_png(at / "p.png", random(0, 2)), ShapeError, r"not \(0, 2\)"),
    (lambda at: save_png(at / "p.png", torch.full((2, 2), nan)), RangeError, "`image` holds NaN"),
    (lambda at: save_png(at / "p.png", torch.zeros(2, 2).byte()), TypeMismatchError, "not torch.uint8"),
    (lambda at: save_png(at / "p.png", [[0.0]]), TypeMismatchError, "not list"),  # type: ignore[arg-type]
    (lambda at: save_gif(at / "p.gif", []), RangeError, "at least one picture"),
    (lambda at: save_gif(at / "p.gif", [random(2, 2), random(2, 3)]), ShapeError, r"`frames\[1\]`.*\(2, 3\)"),
    (lambda at: save_gif(at / "p.gif", [random(2, 2)], duration_ms=5), RangeError, "`duration_ms`.*least 20"),
    (lambda at: contact_sheet([], columns=1), RangeError, "`images` must hold at least one picture"),
    (lambda at: contact_sheet([random(2, 2), random(3)], columns=1), ShapeError, r"`images\[1\]`"),
    (lambda at: contact_sheet(random(1, 2, 2), columns=0), RangeError, "`columns`"),
    (lambda at: contact_sheet(random(1, 2, 2), columns=1, gap=-1), RangeError, "`gap`"),
    (lambda at: contact_sheet(random(1, 2, 2), columns=1, background=2.0), RangeError, r"`background`.*2\.0"),
    (
        lambda at: contact_sheet(random(2, 2, 2), columns=1, labels=["a"]),
        ShapeError,
        "2 `images`, but 1 `labels`",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD)
def test_errors(tmp_path: Path, call: Call, kind: type[ArgumentError], message: str) -> None:
    with pytest.raises(kind, match=message):
        call(tmp_path)
    assert not list(tmp_path.iterdir())


def test_pillow_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ImportError, match=r"pip install 'whilec\[rendering\]'"):
        save_png(tmp_path / "p.png", random(2, 2))
    assert contact_sheet(random(1, 2, 2), columns=1).shape == (6, 6, 3)
