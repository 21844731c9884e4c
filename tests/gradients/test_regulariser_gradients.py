"""Derivatives of penalties on meshes: against finite differences, and where edges and areas vanish."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from algonet_runtime.rendering.regularisers import (
    MeshRegulariser,
    edge_length_deviation,
    laplacian_distance,
    normal_consistency,
)
from tests.unit.algonet_runtime.rendering.surfaces import noise, random_faces, sheet, sphere

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

Penalty = Callable[[Tensor, Tensor], Tensor]

PENALTIES: dict[str, Penalty] = {
    "normal_consistency": normal_consistency,
    "edge_length_deviation": edge_length_deviation,
    "laplacian_distance": laplacian_distance,
    "MeshRegulariser": lambda vertices, faces: MeshRegulariser(faces, vertices.shape[-2])(vertices),
}

VERTICES, FACES = sphere(0)
LINE = torch.zeros(6, 3, dtype=torch.float64)
LINE[:, 0] = torch.linspace(-1, 1, 6)
PAIR = VERTICES.clone()
PAIR[1] = PAIR[0]

DEGENERATE: dict[str, tuple[Tensor, Tensor]] = {
    "all vertices in one place": (torch.full((6, 3), 0.3, dtype=torch.float64), FACES),
    "all at 0": (torch.zeros(6, 3, dtype=torch.float64), FACES),
    "on a line": (LINE, FACES),
    "two in one place": (PAIR, FACES),
    "edges all alike": (VERTICES, FACES),
    "flat": sheet(1, 2),
    "faces that name a vertex twice": (VERTICES, torch.cat([FACES, torch.tensor([[0, 0, 1], [2, 2, 2]])])),
    "an edge of many faces": (noise(7, 3), torch.tensor([[0, 1, 2], [0, 1, 3], [1, 0, 4], [0, 1, 5]])),
    "no faces": (VERTICES, FACES[:0]),
}


def weighted(function: Penalty, faces: Tensor, count: int) -> Callable[[Tensor], Tensor]:
    weights = torch.linspace(0.5, 1.5, count, dtype=torch.float64)
    return lambda meshes: function(meshes, faces) * weights


@pytest.mark.parametrize("name", PENALTIES)
def test_first_and_second_derivatives(name: str) -> None:
    faces = torch.cat([FACES, random_faces(6, 3, 0)])
    meshes = (VERTICES + 0.1 * noise(2, *VERTICES.shape)).requires_grad_()
    function = weighted(PENALTIES[name], faces, 2)
    assert torch.autograd.gradcheck(function, meshes, check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(function, meshes)
    (gradient,) = torch.autograd.grad(function(meshes).sum(), meshes)
    assert (gradient.abs().sum((-2, -1)) > 0.1).all()


@pytest.mark.parametrize("surface", DEGENERATE)
@pytest.mark.parametrize("name", PENALTIES)
def test_derivatives_where_edges_and_areas_vanish(name: str, surface: str) -> None:
    vertices, faces = DEGENERATE[surface]

    def function(vertices: Tensor) -> Tensor:
        return PENALTIES[name](vertices, faces)

    value = function(vertices)
    slope = torch.func.grad(function)(vertices)
    curvature = torch.func.hessian(function)(vertices).view(vertices.numel(), -1)
    # 1e-12 under the root of a unit normal bounds curvature by 1e12 times squares of edges.
    for each, most in ((value, 10), (slope, 1e7), (curvature, 1e14)):
        assert each.isfinite().all()
        assert each.abs().max() < most
    assert torch.allclose(curvature, curvature.T, rtol=1e-9, atol=1e-9 * curvature.abs().max().item())


@pytest.mark.parametrize("surface", DEGENERATE)
@pytest.mark.parametrize("name", PENALTIES)
def test_slopes_where_edges_and_areas_vanish(name: str, surface: str) -> None:
    """Steps far below 1e-6, where the curvature of normals without an area sets in."""
    vertices, faces = DEGENERATE[surface]
    function = weighted(PENALTIES[name], faces, 1)
    point = vertices.clone().unsqueeze(0).requires_grad_()
    assert torch.autograd.gradcheck(function, point, eps=1e-9, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["edge_length_deviation", "laplacian_distance"])
@pytest.mark.parametrize("surface", ["all vertices in one place", "two in one place", "edges all alike"])
def test_second_derivatives_within_the_smoothing(surface: str, name: str) -> None:
    vertices, faces = DEGENERATE[surface]
    point = vertices.clone().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda each: PENALTIES[name](each, faces), point, eps=1e-7)


@pytest.mark.parametrize("surface", ["on a line", "two in one place", "flat"])
def test_second_derivatives_of_normals_without_an_area(surface: str) -> None:
    """Against differences of slopes over steps far below 1e-6, relative to the largest of them."""
    vertices, faces = DEGENERATE[surface]

    def slope(vertices: Tensor) -> Tensor:
        return torch.func.grad(normal_consistency)(vertices, faces)

    way = noise(*vertices.shape, seed=2)
    found = torch.func.jvp(slope, (vertices,), (way,))[1]
    wanted = (slope(vertices + 1e-10 * way) - slope(vertices - 1e-10 * way)) / 2e-10
    assert found.abs().max() > 0.1
    assert (found - wanted).abs().max() < 1e-3 * found.abs().max()


def test_lengths_and_magnitudes_curve_where_they_are_0() -> None:
    """With plain roots and absolute values these derivatives would be NaN, or 0."""
    point, face = torch.zeros(3, 3, dtype=torch.float64), torch.tensor([[0, 1, 2]])
    curvature = torch.func.hessian(laplacian_distance)(point, face)
    # Of u^2 / (2 smoothing) for u = v_0 - (v_1 + v_2) / 2, over three vertices.
    assert curvature[0, 0, 0, 0].item() == pytest.approx((1 + 1 / 4 + 1 / 4) / 3 / 1e-3)
    edge = point + torch.tensor([[0.0, 0, 0], [1, 0, 0], [0.5, 0.75**0.5, 0]])
    curvature = torch.func.hessian(edge_length_deviation)(edge, face)
    assert curvature[2, 1, 2, 1].item() == pytest.approx((0.75 * 2 - 0.75 * 4 / 3) / 3 / 1e-3, rel=0.01)


def test_gradient_of_a_mesh_does_not_depend_on_the_others() -> None:
    vertices, faces = sphere(2)
    meshes = (vertices + 0.05 * noise(3, *vertices.shape)).float()
    module = MeshRegulariser(faces, len(vertices))

    def gradient(meshes: Tensor) -> Tensor:
        return torch.func.grad(lambda each: module(each).sum())(meshes)

    assert torch.equal(gradient(meshes), torch.stack([gradient(each) for each in meshes]))


def test_descent_smooths() -> None:
    """A noisy sphere becomes smoother than the noise was, and does not vanish."""
    vertices, faces = sphere(2)
    point = (vertices + 0.02 * noise(*vertices.shape)).requires_grad_()
    module = MeshRegulariser(faces, len(vertices))
    before = normal_consistency(point.detach(), faces).item()
    optimiser = torch.optim.Adam([point], lr=2e-3)
    for _ in range(60):
        optimiser.zero_grad()
        module(point).backward()
        optimiser.step()
    assert normal_consistency(point.detach(), faces).item() < 0.5 * before
    assert point.detach().norm(dim=-1).mean().item() == pytest.approx(0.4, rel=0.15)
