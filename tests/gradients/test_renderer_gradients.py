"""Derivatives of the renderer: finite differences, flips of orientation, faces that degenerate."""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from typing import Any

import pytest
import torch
from torch import Tensor

import algonet_runtime
from tests.unit.algonet_runtime.rendering.scenes import (
    EYE,
    PROJECTIONS,
    SMALL,
    SUPPORTS,
    TETRAHEDRON,
    tetrahedron,
)

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

runtime: Any = algonet_runtime
silhouette: Any = runtime.render_silhouette
image: Any = runtime.render_image


@pytest.fixture(autouse=True, params=["kernels", "plain"])
def provider(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs with kernels and without."""
    monkeypatch.setenv("ALGONET_KERNELS", "auto" if request.param == "kernels" else "reference")


GREY = torch.tensor([0.1, 0.4, 0.9, 0.6], dtype=torch.float64)


def weighted(picture: Tensor) -> Tensor:
    """A sum in which every pixel counts differently."""
    weights = torch.linspace(0.5, 1.5, picture.numel(), dtype=picture.dtype).reshape(picture.shape)
    return (picture * weights).sum()


def number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


MESH = (tetrahedron(), TETRAHEDRON)
BY: dict[str, tuple[Callable[..., Tensor], Tensor]] = {
    "vertices": (lambda x, **o: image(x, TETRAHEDRON, EYE, opacity=3.0, **o), tetrahedron()),
    "vertices of a two-sided mesh": (
        lambda x, **o: image(x, TETRAHEDRON, EYE, opacity=3.0, two_sided=True, **o),
        tetrahedron(),
    ),
    "vertices of a silhouette": (lambda x, **o: silhouette(x, TETRAHEDRON, EYE, **o), tetrahedron()),
    "eye": (lambda x, **o: image(*MESH, x, opacity=3.0, **o), EYE),
    "target": (lambda x, **o: image(*MESH, EYE, target=x, opacity=3.0, **o), EYE * 0.05),
    "up": (lambda x, **o: image(*MESH, EYE, up=x, opacity=3.0, **o), EYE.flip(0)),
    "steepness": (lambda x, **o: image(*MESH, EYE, opacity=3.0, **o | {"steepness": x}), number(6.0)),
    "opacity": (lambda x, **o: image(*MESH, EYE, opacity=x, **o), number(3.0)),
    "light": (lambda x, **o: image(*MESH, EYE, light=x, opacity=3.0, **o), EYE.flip(0)),
    "colour": (lambda x, **o: image(*MESH, EYE, colour=x, opacity=3.0, **o), GREY),
    "RGB": (
        lambda x, **o: image(*MESH, EYE, colour=x, opacity=3.0, **o),
        torch.stack((GREY, 1 - GREY, GREY**2), -1),
    ),
    "background": (lambda x, **o: image(*MESH, EYE, background=x, opacity=3.0, **o), number(0.3)),
}


@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("support", SUPPORTS)
@pytest.mark.parametrize("by", BY)
def test_first_and_second_derivatives(by: str, support: str, projection: str) -> None:
    function, start = BY[by]
    x = start.clone().requires_grad_()
    options = SMALL | PROJECTIONS[projection] | {"support": support}
    torch.autograd.gradcheck(lambda x: function(x, **options), x)
    torch.autograd.gradgradcheck(lambda x: function(x, **options), x)


@pytest.mark.parametrize(("name", "value"), [("fov", 60.0), ("half_height", 1.2)])
def test_derivatives_by_the_width_of_the_view(name: str, value: float) -> None:
    x = number(value).requires_grad_()
    torch.autograd.gradcheck(lambda x: image(*MESH, EYE, **{name: x}, **SMALL), x)
    torch.autograd.gradgradcheck(lambda x: image(*MESH, EYE, **{name: x}, **SMALL), x)


def test_transforms_of_torch() -> None:
    x, along = tetrahedron(), tetrahedron().flip(0)

    def loss(x: Tensor) -> Tensor:
        return weighted(image(x, TETRAHEDRON, EYE, opacity=3.0, **SMALL))

    slope = torch.func.grad(loss)(x)
    tangent = torch.func.jvp(loss, (x,), (along,))[1]
    torch.testing.assert_close(tangent, (slope * along).sum(), rtol=1e-12, atol=1e-13)
    several = torch.stack((x, x + 0.1))
    mapped = torch.func.vmap(torch.func.grad(loss))(several)
    torch.testing.assert_close(mapped[0], slope, rtol=1e-12, atol=1e-13)
    product = torch.func.jvp(torch.func.grad(loss), (x,), (along,))[1]
    with_graph = x.clone().requires_grad_()
    (first,) = torch.autograd.grad(loss(with_graph), with_graph, create_graph=True)
    (twice,) = torch.autograd.grad((first * along).sum(), with_graph)
    torch.testing.assert_close(product, twice, rtol=1e-11, atol=1e-12)


def two_terms(x: Tensor) -> Tensor:
    """The printed visibility: the products over both orientations."""
    return x.sigmoid().prod(-1) + (-x).sigmoid().prod(-1)


@pytest.mark.parametrize("height", [0.0, 1e-9, -1e-9, 0.01, -0.01])
def test_a_flip_of_orientation_is_smooth(height: float) -> None:
    """Derivatives 1 to 4 of one pixel, where a triangle is seen edge-on, by the height of its tip."""
    from algonet_runtime.rendering.faces import Style, set_up
    from algonet_runtime.rendering.reference import visibility
    from algonet_runtime.rendering.view import Projected

    pixel = torch.tensor([[0.1, 0.05]], dtype=torch.float64)
    zero, steepness = torch.zeros(3, dtype=torch.float64), number(8.0)

    def corners(tip: Tensor) -> Tensor:
        rows = [torch.stack((number(-0.6), tip * 0)), torch.stack((number(0.7), tip * 0))]
        return torch.stack((*rows, torch.stack((number(0.1), tip))))

    def ours(tip: Tensor) -> Tensor:
        seen = Projected(corners(tip), zero, zero)
        style = Style(steepness, has_gate=False, tau=1.0, gain=1.0)
        faces = set_up(seen, torch.tensor([[0, 1, 2]]), style, None, None)
        return visibility(faces, pixel)[0].exp().squeeze()

    def printed(tip: Tensor) -> Tensor:
        places = corners(tip)
        sides = places.roll(-1, 0) - places
        lengths = (sides.square().sum(-1) + 1e-12).sqrt()
        size = ((-lengths).softmax(-1) * lengths).sum()
        away = places - pixel
        return two_terms((sides[:, 0] * away[:, 1] - sides[:, 1] * away[:, 0]) * steepness / size)

    tip = number(height).requires_grad_()
    found, wanted = ours(tip), printed(tip)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=0)
    for _ in range(4):
        (found,) = torch.autograd.grad(found, tip, create_graph=True)
        (wanted,) = torch.autograd.grad(wanted, tip, create_graph=True)
        torch.testing.assert_close(found, wanted, rtol=1e-8, atol=1e-8)
        assert abs(float(wanted.detach())) > 1e-6 or height == 0


EDGES: dict[str, Tensor] = {
    "a face without area": torch.tensor(
        [[-0.5, 0.0, 0.0], [0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.8, 0.1]]
    ),
    "vertices that coincide": torch.tensor([[0.1, 0.2, 0.3]]).repeat(4, 1),
    "vertices behind the camera": tetrahedron().float() + torch.tensor([0.0, 0.0, 8.0]),
    "vertices around the camera": tetrahedron().float() * 4 + torch.tensor([0.0, 0.0, 3.0]),
    "a vertex in the camera": torch.cat((tetrahedron().float()[:3], EYE.float()[None])),
    "vertices far away": tetrahedron().float() - torch.tensor([0.0, 0.0, 1e4]),
    "vertices far behind": tetrahedron().float() + torch.tensor([0.0, 0.0, 1e4]),
    "large meshes": tetrahedron().float() * 1e4,
    "small meshes": tetrahedron().float() * 1e-6,
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("support", SUPPORTS)
@pytest.mark.parametrize("edge", EDGES)
def test_all_is_finite_where_faces_degenerate(
    edge: str, support: str, projection: str, dtype: torch.dtype
) -> None:
    options = {"support": support, "size": (5, 6), **PROJECTIONS[projection]}
    for steepness in (0.05, 12.0, 500.0):
        x = EDGES[edge].to(dtype).requires_grad_()
        picture = image(x, TETRAHEDRON, EYE.to(dtype), steepness=steepness, **options)
        assert picture.isfinite().all()
        loss = weighted(picture) + weighted(picture).square()
        (slope,) = torch.autograd.grad(loss, x, create_graph=True)
        assert slope.isfinite().all()
        (curvature,) = torch.autograd.grad((slope * torch.linspace(-1, 1, 12).view(4, 3)).sum(), x)
        assert curvature.isfinite().all()


def test_hidden_faces_are_pulled_to_the_front() -> None:
    """Figure 7: the gradient by depth of a hidden face brings it to the front."""
    front = torch.tensor([[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [0.0, 1.2, 0.0]], dtype=torch.float64)
    hidden = front * 0.8 - torch.tensor([0.0, 0.0, 0.15], dtype=torch.float64)
    faces, colour = torch.tensor([[0, 1, 2], [3, 4, 5]]), torch.tensor([0.1, 0.9], dtype=torch.float64)
    eye = torch.tensor([0.0, 0.0, 3.0], dtype=torch.float64)
    move = number(0.0).requires_grad_()

    def middle(move: Tensor) -> Tensor:
        depth = torch.stack((move * 0, move * 0, move))
        picture = image(torch.cat((front, hidden + depth)), faces, eye, size=9, colour=colour)
        return picture[4, 4]

    before = middle(move)
    assert before < 0.15
    for _ in range(200):
        (slope,) = torch.autograd.grad((middle(move) - 0.9) ** 2, move)
        assert slope < 0
        with torch.no_grad():
            move -= 0.01 * slope / slope.abs().clamp(min=1e-9)
        if float(middle(move).detach()) > 0.85:
            break
    assert float(middle(move).detach()) > 0.85
    assert float(move.detach()) > 0.15


def test_faces_that_intersect_are_pulled_apart() -> None:
    """Two crossing faces: the picture wants one in front, and depth moves them apart at every pixel."""
    a = torch.tensor([[-1.0, -1.0, -0.1], [1.0, -1.0, 0.1], [0.0, 1.2, 0.0]], dtype=torch.float64)
    b = torch.tensor([[-1.0, -1.0, 0.1], [1.0, -1.0, -0.1], [0.0, 1.2, 0.0]], dtype=torch.float64)
    faces, colour = torch.tensor([[0, 1, 2], [3, 4, 5]]), torch.tensor([0.9, 0.1], dtype=torch.float64)
    eye = torch.tensor([0.0, 0.0, 3.0], dtype=torch.float64)
    shift = torch.zeros(2, dtype=torch.float64, requires_grad=True)

    def picture(shift: Tensor) -> Tensor:
        depth = torch.stack((torch.zeros_like(shift), torch.zeros_like(shift), shift), -1)
        return image(torch.cat((a + depth[0], b + depth[1])), faces, eye, size=9, colour=colour)

    loss = (picture(shift)[3:7, 3:6] - 0.9).square().sum()
    (slope,) = torch.autograd.grad(loss, shift)
    assert slope[0] < 0 < slope[1]
    moved = shift.detach() - 0.1 * slope / slope.abs().max()
    assert (picture(moved)[3:7, 3:6] - 0.9).square().sum() < 0.2 * loss
    assert exp(-50 * float(moved[0] - moved[1])) < 0.01
