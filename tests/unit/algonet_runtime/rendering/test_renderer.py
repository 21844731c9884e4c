"""Values of the renderer: its printed formulas, batches, masks, colours, limits and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import algonet_runtime
from algonet_runtime import RangeError, ShapeError, TypeMismatchError
from tests.unit.algonet_runtime.rendering.renderer_oracle import Oracle
from tests.unit.algonet_runtime.rendering.scenes import (
    EYE,
    PROJECTIONS,
    SUPPORTS,
    TETRAHEDRON,
    cloud,
    tetrahedron,
)

runtime: Any = algonet_runtime
silhouette: Any = runtime.render_silhouette
image: Any = runtime.render_image


@pytest.fixture(autouse=True, params=["kernels", "plain"])
def provider(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs with kernels and without."""
    monkeypatch.setenv("ALGONET_KERNELS", "auto" if request.param == "kernels" else "reference")


@pytest.mark.parametrize("two_sided", [False, True], ids=["one-sided", "two-sided"])
@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("support", SUPPORTS)
def test_pictures_are_those_of_the_printed_formulas(support: str, projection: str, two_sided: bool) -> None:
    vertices, faces = cloud()
    gain = 2.0 if support == "disc" else 1.0
    options: dict[str, Any] = {"support": support, "steepness": 10.0, **PROJECTIONS[projection]}
    mesh: Any = (vertices.numpy(), faces.numpy(), EYE.numpy())
    oracle = Oracle(*mesh, gain=gain, two_sided=two_sided, opacity=5.0, **options)
    wanted, shaded = oracle.picture()
    size = oracle.size
    found = silhouette(vertices, faces, EYE, size=size, **options)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)
    found = image(vertices, faces, EYE, size=size, opacity=5.0, two_sided=two_sided, **options)
    np.testing.assert_allclose(found, shaded, rtol=1e-12, atol=1e-14)


def test_other_cameras_and_lights() -> None:
    vertices, faces = cloud(seed=1)
    camera: dict[str, Any] = {"target": (0.2, -0.1, 0.3), "up": (0.3, 1.0, -0.4), "near": 0.4, "fov": 80.0}
    look: dict[str, Any] = {"tau": 0.3, "gain": 1.5, "steepness": 7.0}
    mesh: Any = (vertices.numpy(), faces.numpy(), EYE.numpy())
    oracle = Oracle(*mesh, **camera, **look, opacity=9.0, light=(-1.0, 0.2, 0.5), shininess=3.0)
    wanted, shaded = oracle.picture()
    found = silhouette(vertices, faces, EYE, size=oracle.size, **camera, **look)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)
    light = torch.tensor([-1.0, 0.2, 0.5], dtype=torch.float64)
    found = image(
        *(vertices, faces, EYE), size=oracle.size, opacity=9.0, light=light, shininess=3.0, **camera, **look
    )
    np.testing.assert_allclose(found, shaded, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("render", [silhouette, image])
def test_batches_are_pictures_one_by_one(render: Any) -> None:
    vertices, faces = cloud(batch=(2, 3))
    eyes = EYE + torch.linspace(0, 1, 3, dtype=torch.float64)[:, None]
    fov = torch.tensor([[40.0], [70.0]], dtype=torch.float64)
    found = render(vertices, faces, eyes, size=(5, 3), fov=fov)
    assert found.shape == (2, 3, 5, 3)
    for i in range(2):
        for j in range(3):
            one = render(vertices[i, j], faces, eyes[j], size=(5, 3), fov=float(fov[i, 0]))
            torch.testing.assert_close(found[i, j], one, rtol=1e-13, atol=1e-15)
    assert render(vertices[:0], faces, eyes, size=2).shape == (0, 3, 2, 2)


def test_many_cameras_see_one_mesh() -> None:
    vertices, faces = cloud()
    eyes = torch.stack((EYE, -EYE))
    found = image(vertices, faces, eyes, size=6)
    assert found.shape == (2, 6, 6)
    torch.testing.assert_close(found[1], image(vertices, faces, -EYE, size=6), rtol=1e-13, atol=1e-15)


def test_meshes_of_different_faces() -> None:
    vertices, faces = cloud(batch=(2,))
    others = torch.stack((faces, faces.flip(0, 1)))
    mask = torch.tensor([[True] * 6, [True, False, True, True, False, True]])
    colour = torch.rand(2, 6, dtype=torch.float64)
    found = image(vertices, others, EYE, size=6, face_mask=mask, colour=colour)
    one = image(vertices[1], others[1][mask[1]], EYE, size=6, colour=colour[1][mask[1]])
    torch.testing.assert_close(found[1], one, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(
        silhouette(vertices, others, EYE, size=6, face_mask=mask)[1],
        silhouette(vertices[1], others[1][mask[1]], EYE, size=6),
        rtol=1e-12,
        atol=1e-14,
    )


@pytest.mark.parametrize("faces", [torch.zeros(0, 3, dtype=torch.int64), TETRAHEDRON])
def test_no_face_shows_the_background(faces: Tensor) -> None:
    vertices = tetrahedron() if len(faces) else torch.zeros(0, 3, dtype=torch.float64)
    mask = torch.zeros(len(faces), dtype=torch.bool)
    assert not silhouette(vertices, faces, EYE, size=3, face_mask=mask).any()
    found = image(vertices, faces, EYE, size=3, background=0.25, face_mask=mask)
    torch.testing.assert_close(found, torch.full((3, 3), 0.25, dtype=torch.float64), rtol=0, atol=0)


def test_colours_replace_the_light() -> None:
    vertices, faces = tetrahedron(), TETRAHEDRON
    grey = torch.tensor([0.1, 0.4, 0.9, 0.6], dtype=torch.float64)
    options = {"size": (6, 5), "background": 0.2}
    one = image(vertices, faces, EYE, colour=grey, **options)
    rgb = torch.stack((grey, 1 - grey, grey * 0), -1)
    three = image(vertices, faces, EYE, colour=rgb, **options)
    assert three.shape == (6, 5, 3)
    torch.testing.assert_close(three[..., 0], one, rtol=1e-13, atol=1e-15)
    torch.testing.assert_close(
        three[..., 1], image(vertices, faces, EYE, colour=1 - grey, **options), rtol=1e-13, atol=1e-15
    )
    sky = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    found = image(vertices, faces, EYE, colour=rgb, size=5, background=sky)
    assert abs(found[0, 0] - sky).max() < 1e-3
    batch = torch.stack((grey, 1 - grey))
    assert image(vertices, faces, EYE, colour=batch, size=2).shape == (2, 2, 2)


def test_three_faces_with_a_batch_of_three_are_grey() -> None:
    vertices, faces = cloud(faces=3, batch=(3,))
    colour = torch.rand(3, 3, dtype=torch.float64)
    assert image(vertices, faces, EYE, colour=colour, size=2).shape == (3, 2, 2)
    assert image(vertices[0], faces, EYE, colour=colour, size=2).shape == (2, 2, 3)


def test_pictures_do_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    vertices, faces = cloud()
    whole = image(vertices, faces, EYE, size=(5, 4))
    monkeypatch.setattr("algonet_runtime.rendering.reference.CHUNK", 50)
    torch.testing.assert_close(image(vertices, faces, EYE, size=(5, 4)), whole, rtol=1e-13, atol=1e-15)


def test_both_orientations_cover_alike() -> None:
    vertices = tetrahedron()
    found, flipped = (silhouette(vertices, f, EYE, size=7) for f in (TETRAHEDRON, TETRAHEDRON.flip(-1)))
    torch.testing.assert_close(found, flipped, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_computes_in_single(dtype: torch.dtype) -> None:
    vertices = tetrahedron().to(dtype)
    found = silhouette(vertices, TETRAHEDRON, EYE.to(dtype), size=5)
    assert found.dtype == dtype
    wanted = silhouette(vertices.float(), TETRAHEDRON, EYE.to(dtype).float(), size=5)
    torch.testing.assert_close(found, wanted.to(dtype))


def test_layouts() -> None:
    vertices = tetrahedron()
    strided = torch.zeros(3, 4, dtype=torch.float64).t().copy_(vertices)
    assert not strided.is_contiguous()
    faces = torch.zeros(3, 4, dtype=torch.int32).t().copy_(TETRAHEDRON)
    wanted = image(vertices, TETRAHEDRON, EYE, size=5)
    torch.testing.assert_close(image(strided, faces, EYE, size=5), wanted, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (
            {"faces": torch.tensor([[0, 1, 4]])},
            RangeError,
            "face 0 of `faces` has the corner 4; there are ver",
        ),
        (
            {"faces": torch.tensor([[0, 1]])},
            ShapeError,
            r"`faces` must have shape \(\*batch f 3\), not \(1, 2\)",
        ),
        ({"faces": torch.zeros(1, 3)}, TypeMismatchError, "`faces` must hold whole numbers"),
        ({"vertices": tetrahedron()[:, :2]}, ShapeError, r"`vertices` must have shape \(\*batch v 3\)"),
        ({"vertices": tetrahedron() / 0}, RangeError, "vertex 0 of `vertices` has the coordinate -inf"),
        ({"eye": torch.zeros(3, dtype=torch.float64)}, RangeError, "the camera stands at its target"),
        ({"eye": torch.tensor([0.0, 2.0, 0.0])}, RangeError, "`up` is parallel to the direction of view"),
        ({"eye": torch.zeros(4, dtype=torch.float64)}, ShapeError, r"`eye` must have shape \(\*batch 3\)"),
        ({"eye": torch.zeros(2, 3), "vertices": torch.zeros(3, 4, 3)}, ShapeError, "batch dimensions"),
        ({"target": (0.0, 1.0)}, RangeError, "`target` must be three numbers or a tensor"),
        ({"up": "up"}, RangeError, "`up` must be three numbers or a tensor"),
        ({"size": 0}, RangeError, "`size` must be a whole number at least 1, not 0"),
        ({"size": (3, 4, 5)}, RangeError, r"`size` must be a number or \(height, width\)"),
        ({"fov": 180.0}, RangeError, "`fov` must be an angle below 180 degrees"),
        ({"fov": -1.0}, RangeError, "`fov` must be a finite number above 0"),
        ({"half_height": 0.0}, RangeError, "`half_height`"),
        ({"near": 0.0}, RangeError, "`near`"),
        ({"steepness": 0.0}, RangeError, "`steepness`"),
        ({"support": "square"}, RangeError, "`support` is 'square'; choose"),
        ({"gain": 0.0}, RangeError, "`gain`"),
        ({"tau": float("nan")}, RangeError, "`tau` must be a finite number"),
        ({"opacity": -1.0}, RangeError, "`opacity`"),
        ({"shininess": 0.0}, RangeError, "`shininess`"),
        ({"ambient": "much"}, RangeError, "`ambient` must be a finite number"),
        ({"colour": torch.zeros(5)}, ShapeError, r"`colour` must have shape \(\*batch, 4\) or"),
        ({"background": float("inf")}, RangeError, "`background` must be a finite number"),
        ({"face_mask": torch.ones(4)}, TypeMismatchError, "`face_mask` must hold truth values"),
        ({"steepness": torch.ones(2, 1), "background": torch.ones(3, 3)}, ShapeError, "batch dimensions"),
    ],
)
def test_mistakes_are_named(change: dict[str, Any], error: type[Exception], text: str) -> None:
    arguments = {"vertices": tetrahedron(), "faces": TETRAHEDRON, "eye": EYE, "size": 4} | change
    with pytest.raises(error, match=text):
        image(**arguments)


def test_the_row_of_a_broken_batch_is_named() -> None:
    vertices, faces = cloud(batch=(3,))
    vertices[2, 4, 1] = float("nan")
    with pytest.raises(RangeError, match="vertex 4 of row 2 of `vertices` has the coordinate nan") as caught:
        silhouette(vertices, faces, EYE)
    assert caught.value.row == (2,)
    found = silhouette(vertices, faces, EYE, size=3, check=False)
    assert found[:2].isfinite().all()
    assert found[2].isnan().any()
