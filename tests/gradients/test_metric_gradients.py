"""Derivatives of the metrics that have any: against finite differences, and where they have kinks."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from algonet_runtime.rendering.metrics import chamfer_distance, sample_surface, silhouette_iou
from tests.unit.algonet_runtime.rendering.surfaces import noise, sphere

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")


@pytest.mark.parametrize("distance", ["l1", "squared"])
def test_chamfer(distance: Any) -> None:
    a, b = noise(2, 5, 3).requires_grad_(), noise(1, 4, 3, seed=1).requires_grad_()

    def function(a: Tensor, b: Tensor) -> Tensor:
        return chamfer_distance(a, b, distance=distance) * torch.tensor([0.5, 1.5])

    assert torch.autograd.gradcheck(function, (a, b), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function, (a, b))


@pytest.mark.parametrize("distance", ["l1", "squared"])
def test_chamfer_of_points_that_coincide(distance: Any) -> None:
    a = noise(4, 3)
    b = torch.cat([a[:3], noise(2, 3, seed=1)])

    def function(a: Tensor) -> Tensor:
        return chamfer_distance(a, b, distance=distance)

    slope, curvature = torch.func.grad(function)(a), torch.func.hessian(function)(a)
    assert slope.isfinite().all()
    assert curvature.isfinite().all()
    assert slope[3].abs().max() > 0
    same = torch.func.grad(lambda each: chamfer_distance(each, a, distance=distance))(a)
    assert (same == 0).all()


def test_descent_on_chamfer_finds_the_other_set() -> None:
    a, b = (0.1 * noise(30, 3)).requires_grad_(), noise(30, 3, seed=1)
    before = chamfer_distance(a.detach(), b).item()
    optimiser = torch.optim.Adam([a], lr=0.05)
    for _ in range(100):
        optimiser.zero_grad()
        chamfer_distance(a, b).backward()
        optimiser.step()
    assert chamfer_distance(a.detach(), b).item() < 0.5 * before


def test_points_of_surfaces() -> None:
    """With the draw held: linear where faces do not change in area, so scaled and moved with the mesh."""
    vertices, faces = sphere(1)

    def function(vertices: Tensor) -> Tensor:
        return sample_surface(vertices, faces, 4, generator=torch.Generator().manual_seed(0))

    meshes = vertices.expand(2, -1, -1).clone().requires_grad_()
    points = function(meshes)
    moved = function(meshes.detach() * 2 + 1)
    assert torch.allclose(moved, 2 * points.detach() + 1, rtol=1e-12)
    weights = noise(*points.shape)
    (gradient,) = torch.autograd.grad((points * weights).sum(), meshes)
    assert torch.allclose(gradient.sum(-2), weights.sum(-2), rtol=1e-12)
    assert torch.allclose((gradient * meshes).sum((-2, -1)), (weights * points).sum((-2, -1)), rtol=1e-12)
    draw = torch.Generator()
    fixed = torch.tensor([[0, 1, 2]])
    triangle = noise(3, 3).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda v: sample_surface(v, fixed, 3, generator=draw.manual_seed(0)), triangle
    )


def test_soft_iou() -> None:
    draw = torch.Generator().manual_seed(0)
    a, b = (torch.rand(2, 2, 3, 4, dtype=torch.float64, generator=draw) * 0.9 + 0.05).requires_grad_()

    def function(a: Tensor, b: Tensor) -> Tensor:
        return silhouette_iou(a, b, kind="soft") * torch.tensor([0.5, 1.5])

    assert torch.autograd.gradcheck(function, (a, b), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function, (a, b))


def test_soft_iou_of_empty_pictures() -> None:
    nothing = torch.zeros(3, 4, dtype=torch.float64)
    some = nothing.clone()
    some[1, 2] = 1

    def function(a: Tensor, b: Tensor) -> Tensor:
        return silhouette_iou(a, b, kind="soft")

    for pair in ((nothing, nothing), (some, nothing), (nothing, some)):
        for which in (0, 1):
            assert torch.func.grad(function, argnums=which)(*pair).isfinite().all()
            assert torch.func.hessian(function, argnums=which)(*pair).isfinite().all()
    assert (torch.func.grad(function)(nothing, nothing) == 0).all()
    assert torch.func.grad(function)(nothing, some)[1, 2] == 1
