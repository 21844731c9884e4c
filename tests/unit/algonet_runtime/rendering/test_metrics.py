"""Distances of point sets, points of surfaces, voxels and IoU, against loops and known volumes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from algonet_runtime.errors import RangeError, ShapeError, TypeMismatchError
from algonet_runtime.rendering import metrics
from algonet_runtime.rendering.metrics import (
    chamfer_distance,
    sample_surface,
    silhouette_iou,
    voxel_iou,
    voxelise,
)
from tests.unit.algonet_runtime.rendering.surfaces import CORNERS, TETRAHEDRON, box, noise, sphere

NO_FACES = torch.zeros(0, 3, dtype=torch.int64)

# ---- Chamfer distance


def chamfer_by_loops(a: Tensor, b: Tensor, power: int) -> float:
    there = [min(math.dist(x, y) ** power for y in b.tolist()) for x in a.tolist()]
    back = [min(math.dist(x, y) ** power for x in a.tolist()) for y in b.tolist()]
    return (sum(there) / len(there) + sum(back) / len(back)) / 2


@pytest.mark.parametrize("distance", ["l1", "squared"])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 7), (13, 5), (20, 31)])
def test_chamfer(n: int, m: int, distance: Any) -> None:
    a, b = noise(3, n, 3), 0.5 * noise(3, m, 3, seed=1) + 0.2
    found = chamfer_distance(a, b, distance=distance)
    wanted = [chamfer_by_loops(x, y, 1 if distance == "l1" else 2) for x, y in zip(a, b, strict=True)]
    assert found.tolist() == pytest.approx(wanted, rel=1e-12)
    assert torch.equal(chamfer_distance(b, a, distance=distance), found)


@pytest.mark.parametrize("side", [1, 4, 7])
@pytest.mark.parametrize("block", [1, 60, 10_000])
def test_chamfer_in_pieces(side: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = noise(5, 11, 3), noise(5, 8, 3, seed=1)
    wanted = chamfer_distance(a, b)
    monkeypatch.setattr(metrics, "_SIDE", side)
    monkeypatch.setattr(metrics, "BLOCK", block)
    assert torch.equal(chamfer_distance(a, b), wanted)


class Largest(TorchDispatchMode):
    """The size of the largest tensor that is made."""

    size = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        for each in found if isinstance(found, tuple | list) else (found,):
            if isinstance(each, Tensor):
                self.size = max(self.size, each.numel())
        return found


@pytest.mark.parametrize("batch", [(), (5,)])
def test_chamfer_never_holds_all_pairs(batch: tuple[int, ...]) -> None:
    a, b = noise(*batch, 1500, 3).float(), noise(*batch, 2300, 3, seed=1).float()
    with Largest() as largest:
        chamfer_distance(a, b)
    assert 2**18 < largest.size <= 2**20 < a[..., 0].numel() * 2300


def test_chamfer_of_equal_sets_is_0() -> None:
    a = noise(40, 3)
    for distance in ("l1", "squared"):
        assert chamfer_distance(a, a.flip(0), distance=distance).item() == 0
    assert chamfer_distance(a[:0], a[:0]).item() == 0
    assert chamfer_distance(noise(2, 0, 3), noise(1, 0, 3)).tolist() == [0, 0]


def test_chamfer_batches() -> None:
    a, b = noise(2, 1, 6, 3), noise(4, 5, 3, seed=1)
    found = chamfer_distance(a, b)
    assert found.shape == (2, 4)
    assert found[1, 2] == chamfer_distance(a[1, 0], b[2])
    assert chamfer_distance(a[1, 0], b[2]).shape == ()
    assert chamfer_distance(a[:0], b).shape == (0, 4)
    strided = a.transpose(-1, -2).contiguous().transpose(-1, -2)
    assert not strided.is_contiguous()
    assert torch.equal(chamfer_distance(strided, b), found)
    assert chamfer_distance(a.float(), b.float()).dtype == torch.float32
    assert chamfer_distance(a.half(), b.half()).dtype == torch.float32


# ---- points of surfaces


def test_points_are_on_the_surface() -> None:
    vertices, faces = box((-0.2, -0.3, 0.1), (0.4, 0.3, 0.2))
    points = sample_surface(vertices, faces, 4000, generator=torch.Generator().manual_seed(0))
    low, high = vertices.amin(0), vertices.amax(0)
    assert ((points >= low - 1e-12) & (points <= high + 1e-12)).all()
    distance = torch.minimum((points - low).abs(), (points - high).abs())
    assert (distance.amin(-1) < 1e-12).all()
    size = high - low
    areas = torch.stack([size[1] * size[2], size[0] * size[2], size[0] * size[1]])
    counts = torch.bincount(distance.argmin(-1), minlength=3) / 4000
    assert torch.allclose(counts.double(), areas / areas.sum(), atol=0.03)


def test_points_are_even_within_a_face() -> None:
    """The mean of the points and of their products are those of the triangle."""
    vertices = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=torch.float64)
    draw = torch.Generator().manual_seed(0)
    x, y, z = sample_surface(vertices, torch.tensor([[0, 1, 2]]), 40_000, generator=draw).unbind(-1)
    assert (z == 0).all()
    found = torch.stack([x.mean(), y.mean(), (x * x).mean(), (x * y).mean(), (y * y).mean()])
    wanted = torch.tensor([1 / 3, 1 / 3, 1 / 6, 1 / 12, 1 / 6], dtype=torch.float64)
    assert torch.allclose(found, wanted, atol=0.006)


def test_areas_are_those_of_each_mesh() -> None:
    faces = torch.tensor([[0, 1, 2], [3, 4, 5]])
    small = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    meshes = torch.stack([torch.cat([small, 3 * small + 10]), torch.cat([3 * small, small + 10])])
    points = sample_surface(meshes, faces, 5000, generator=torch.Generator().manual_seed(0))
    assert points.shape == (2, 5000, 3)
    share = (points[..., 0] > 5).double().mean(-1)
    assert share.tolist() == pytest.approx([0.9, 0.1], abs=0.02)


def test_flat_faces_give_points_only_if_all_are_flat() -> None:
    faces = torch.tensor([[0, 0, 1], [0, 1, 2], [2, 2, 2]])
    line = torch.tensor([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]])
    points = sample_surface(line, faces, 3000, generator=torch.Generator().manual_seed(0))
    assert (points == 2 * torch.eye(3)[0]).all(-1).double().mean().item() == pytest.approx(1 / 3, abs=0.05)
    assert (points[:, 1:] == 0).all()
    triangle = line + torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]])
    points = sample_surface(triangle, faces, 3000, generator=torch.Generator().manual_seed(0))
    assert (points[:, 1] > 0).double().mean() > 0.999


def test_points_by_generator() -> None:
    vertices, faces = sphere(1)

    def points(seed: int) -> Tensor:
        return sample_surface(vertices, faces, 9, generator=torch.Generator().manual_seed(seed))

    assert torch.equal(points(3), points(3))
    assert not torch.equal(points(3), points(4))
    torch.manual_seed(3)
    assert torch.equal(sample_surface(vertices, faces, 9), points(3))


@pytest.mark.parametrize("batch", [(), (0,), (1,), (2, 3)])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_shapes_of_points(batch: tuple[int, ...], count: int) -> None:
    vertices, faces = sphere(0)
    meshes = vertices.float().expand(*batch, *vertices.shape)
    points = sample_surface(meshes, faces.int(), count)
    assert points.shape == (*batch, count, 3)
    assert points.dtype == torch.float32
    assert sample_surface(meshes, NO_FACES, 0).shape == (*batch, 0, 3)


def test_chamfer_of_points_of_one_sphere() -> None:
    points = sample_surface(*sphere(3), 4000, generator=torch.Generator().manual_seed(0)).view(2, 2000, 3)
    apart = chamfer_distance(*points).item()
    # The nearest of n points spread over an area A is about sqrt(A / n) / 2 away.
    assert apart == pytest.approx(math.sqrt(4 * math.pi * 0.4**2 / 2000) / 2, rel=0.1)
    assert chamfer_distance(points[0], 1.25 * points[1]).item() == pytest.approx(0.1, rel=0.05)


# ---- voxels


@pytest.mark.parametrize(("resolution", "error"), [(8, 0.2), (16, 0.08), (32, 0.02), (64, 0.005)])
def test_volume_of_spheres(resolution: int, error: float) -> None:
    vertices, faces = sphere(5)
    for radius in (0.31, 0.42, 0.5):
        inside = voxelise(radius / 0.4 * vertices, faces, resolution=resolution)
        volume = inside.sum().item() / resolution**3
        assert volume == pytest.approx(4 / 3 * math.pi * radius**3, rel=error)


def test_voxels_of_a_sphere() -> None:
    """All whose centre is in it, but for those between the sphere and its faces."""
    vertices, faces = sphere(4)
    steps = (torch.arange(32).double() + 0.5) / 32 - 0.5
    distance = torch.stack(torch.meshgrid(steps, steps, steps, indexing="ij")).norm(dim=0)
    inside = voxelise(vertices, faces)
    assert inside.shape == (32, 32, 32)
    assert inside[distance < 0.398].all()
    assert not inside[distance > 0.4].any()


def test_voxels_of_boxes() -> None:
    assert torch.equal(voxelise(*box((-1, -1, -1), (1, 1, 1)), resolution=3), torch.ones(3, 3, 3).bool())
    assert not voxelise(*box((1, 1, 1), (2, 2, 2)), resolution=3).any()
    inside = voxelise(*box((-0.25, 0, 0.125), (0.25, 0.5, 0.25)), resolution=16)
    wanted = torch.zeros(16, 16, 16).bool()
    wanted[4:12, 8:, 10:12] = True
    assert torch.equal(inside, wanted)


@pytest.mark.parametrize("resolution", [1, 2, 5, 8, 9])
def test_centres_on_the_surface_do_not_spoil_others(resolution: int) -> None:
    """Boxes whose sides go through centres: rays along faces and edges."""
    half = (resolution // 2 - 0.5 + resolution % 2 / 2) / resolution
    inside = voxelise(*box((-half, -half, -half), (half, half, half)), resolution=resolution)
    steps = (torch.arange(resolution).double() + 0.5) / resolution - 0.5
    outermost = torch.stack(torch.meshgrid(steps, steps, steps, indexing="ij")).abs().amax(0)
    assert inside[outermost < half - 1e-9].all()
    assert not inside[outermost > half + 1e-9].any()


def test_unions_cavities_and_senses() -> None:
    vertices, faces = sphere(3)
    one, other = 0.6 * vertices - 0.1, 0.7 * vertices + 0.07
    parts = [voxelise(each, faces) for each in (one, other)]
    assert (parts[0] & parts[1]).any()
    both = torch.cat([one, other])
    more = len(vertices)
    assert torch.equal(voxelise(both, torch.cat([faces, faces + more])), parts[0] | parts[1])
    assert torch.equal(voxelise(one, faces.flip(-1)), parts[0])
    hollow = torch.cat([vertices, 0.5 * vertices])
    shell = voxelise(hollow, torch.cat([faces, faces.flip(-1) + more]))
    assert torch.equal(shell, voxelise(vertices, faces) & ~voxelise(0.5 * vertices, faces))


def test_small_holes_are_closed() -> None:
    vertices, faces = sphere(3)
    is_cap = vertices[faces].mean(1)[:, 2] > 0.37
    whole, holed = voxelise(vertices, faces), voxelise(vertices, faces[~is_cap])
    assert 4 < is_cap.sum() < 40
    assert 0 < (whole != holed).sum() < 0.01 * whole.sum()
    many = torch.rand(len(faces), generator=torch.Generator().manual_seed(0)) < 0.9
    assert voxel_iou(voxelise(vertices, faces[many]), whole).item() > 0.95


def test_batches_of_voxels() -> None:
    vertices, faces = sphere(1)
    meshes = vertices + 0.05 * noise(2, 3, *vertices.shape)
    inside = voxelise(meshes, faces, resolution=8)
    assert inside.shape == (2, 3, 8, 8, 8)
    assert torch.equal(inside[1, 2], voxelise(meshes[1, 2], faces, resolution=8))
    assert voxelise(meshes[:0], faces, resolution=8).shape == (0, 3, 8, 8, 8)
    order = torch.randperm(len(faces), generator=torch.Generator().manual_seed(0))
    assert torch.equal(voxelise(meshes, faces[order].roll(1, -1), resolution=8), inside)
    strided = meshes.permute(3, 1, 2, 0).contiguous().permute(3, 1, 2, 0)
    assert torch.equal(voxelise(strided, faces.T.contiguous().T.int(), resolution=8), inside)
    assert not voxelise(meshes, NO_FACES, resolution=4).any()
    assert not voxelise(noise(0, 3), NO_FACES, resolution=4).any()
    assert not voxelise(meshes.requires_grad_(), faces).requires_grad


def test_flat_meshes_have_no_voxels() -> None:
    vertices, faces = sphere(2)
    for axis in range(3):
        flat = vertices.clone()
        flat[:, axis] = 0.0123
        assert not voxelise(flat, faces).any()
    assert not voxelise(torch.zeros_like(vertices), faces).any()


# ---- IoU


def test_voxel_iou() -> None:
    draw = torch.Generator().manual_seed(0)
    a, b = torch.rand(2, 3, 4, 5, 6, generator=draw) < 0.4
    found = voxel_iou(a, b)
    for mesh in range(3):
        one, other = ({tuple(place) for place in each[mesh].nonzero().tolist()} for each in (a, b))
        assert found[mesh].item() == pytest.approx(len(one & other) / len(one | other), rel=1e-6)
    assert voxel_iou(a, a).tolist() == [1, 1, 1]
    assert voxel_iou(a, ~a).tolist() == [0, 0, 0]
    nothing = torch.zeros_like(a)
    assert voxel_iou(nothing, nothing).tolist() == [1, 1, 1]
    assert voxel_iou(nothing, a).tolist() == [0, 0, 0]
    assert torch.equal(voxel_iou(a, b[:1]), torch.stack([voxel_iou(each, b[0]) for each in a]))
    assert voxel_iou(a[:0], b[:0]).shape == (0,)


def pictures() -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(0)
    a, b = torch.rand(2, 3, 5, 7, dtype=torch.float64, generator=draw)
    return a, b


@pytest.mark.parametrize("threshold", [0.5, 0.2])
def test_hard_iou(threshold: float) -> None:
    a, b = pictures()
    found = silhouette_iou(a, b, threshold=threshold)
    for row in range(3):
        one, other = (
            {i for i, x in enumerate(each[row].reshape(-1).tolist()) if x > threshold} for each in (a, b)
        )
        assert found[row].item() == pytest.approx(len(one & other) / len(one | other), rel=1e-15)
    assert torch.equal(silhouette_iou(a, b), silhouette_iou(a, b, threshold=0.5))
    assert not silhouette_iou(a.requires_grad_(), b).requires_grad


def test_a_pixel_at_the_threshold_is_not_covered() -> None:
    half = torch.full((2, 2), 0.5)
    assert silhouette_iou(half, torch.ones(2, 2)).item() == 0
    assert silhouette_iou(half, half).item() == 1


def test_soft_iou() -> None:
    a, b = pictures()
    found = silhouette_iou(a, b, kind="soft")
    for row in range(3):
        both = list(zip(a[row].reshape(-1).tolist(), b[row].reshape(-1).tolist(), strict=True))
        wanted = sum(x * y for x, y in both) / sum(x + y - x * y for x, y in both)
        assert found[row].item() == pytest.approx(wanted, rel=1e-12)
    crisp = (a > 0.5).double(), (b > 0.5).double()
    assert torch.allclose(silhouette_iou(*crisp, kind="soft"), silhouette_iou(*crisp), rtol=1e-14)


@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_empty_pictures_and_batches(kind: Any) -> None:
    a, b = pictures()
    nothing = torch.zeros_like(a)
    assert silhouette_iou(nothing, nothing, kind=kind).tolist() == [1, 1, 1]
    assert silhouette_iou(a, nothing, kind=kind).tolist() == [0, 0, 0]
    assert silhouette_iou(a[..., :0], b[..., :0], kind=kind).tolist() == [1, 1, 1]
    assert silhouette_iou(a[:0], b[:0], kind=kind).shape == (0,)
    found = silhouette_iou(a[:, None], b, kind=kind)
    assert found.shape == (3, 3)
    assert found[1, 2] == silhouette_iou(a[1], b[2], kind=kind)
    strided = a.permute(2, 0, 1).contiguous().permute(1, 2, 0)
    assert torch.allclose(silhouette_iou(strided, b, kind=kind), silhouette_iou(a, b, kind=kind), rtol=1e-14)
    assert silhouette_iou(a.float(), b.float(), kind=kind).dtype == torch.float32
    assert silhouette_iou(1.0009 * a / a.max(), b, kind=kind).shape == (3,)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_values_on_a_gpu() -> None:
    vertices, faces = sphere(2)
    meshes = vertices + 0.03 * noise(2, *vertices.shape)
    there = meshes.cuda()
    for each in (faces, faces[9:]):
        assert torch.equal(voxelise(there, each).cpu(), voxelise(meshes, each))
    found = chamfer_distance(there, there.flip(0)).cpu()
    assert torch.allclose(found, chamfer_distance(meshes, meshes.flip(0)), rtol=1e-12)
    points, wanted = (
        sample_surface(each, faces, 50, generator=torch.Generator().manual_seed(0)).cpu()
        for each in (there, meshes)
    )
    assert torch.allclose(points, wanted, rtol=1e-12)


# ---- mistakes

POINTS, VOXELS, PICTURE = torch.ones(4, 3), torch.ones(2, 2, 2).bool(), torch.ones(4, 5)

MISTAKES: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "points of a plane": (
        lambda: chamfer_distance(POINTS, torch.ones(4, 2)),
        ShapeError,
        r"`b` must have shape \(\*batch M 3\), not \(4, 2\)",
    ),
    "no points": (
        lambda: chamfer_distance(POINTS, POINTS[:0]),
        ShapeError,
        "`b` has no points, but `a` has 4; give at least one",
    ),
    "batches": (
        lambda: chamfer_distance(POINTS.expand(2, 4, 3), POINTS.expand(3, 4, 3)),
        ShapeError,
        r"batch dimensions \(3,\) of `b` do not fit \(2,\)",
    ),
    "dtypes": (
        lambda: chamfer_distance(POINTS, POINTS.double()),
        TypeMismatchError,
        "`b` has dtype torch.float64, but `a` has torch.float32",
    ),
    "distance": (
        lambda: chamfer_distance(POINTS, POINTS, distance="l2"),  # pyright: ignore[reportArgumentType]
        RangeError,
        '`distance` is \'l2\'; choose "l1", "squared"',
    ),
    "not finite": (
        lambda: chamfer_distance(POINTS, POINTS * torch.tensor([1, math.nan, 1])),
        RangeError,
        r"`b` has the coordinate nan at \[0, 1\]; give finite points",
    ),
    "list": (
        lambda: chamfer_distance([[0.0, 0, 0]], POINTS),  # pyright: ignore[reportArgumentType]
        TypeMismatchError,
        "`a` must be a tensor",
    ),
    "count": (lambda: sample_surface(CORNERS, TETRAHEDRON, -1), RangeError, "`count` must be a whole number"),
    "no faces": (lambda: sample_surface(CORNERS, NO_FACES, 2), RangeError, "there are no `faces` to draw"),
    "corner": (lambda: sample_surface(CORNERS[:2], TETRAHEDRON, 2), RangeError, "`faces` has the corner 2"),
    "infinite": (
        lambda: sample_surface(CORNERS * math.inf, TETRAHEDRON, 2),
        RangeError,
        r"`vertices` has the coordinate inf at \[0, 0\]",
    ),
    "resolution": (
        lambda: voxelise(CORNERS, TETRAHEDRON, resolution=0),
        RangeError,
        "`resolution` must be a whole number at least 1, not 0",
    ),
    "nan voxels": (
        lambda: voxelise(CORNERS * math.nan, TETRAHEDRON),
        RangeError,
        "voxelise: `vertices` has the coordinate nan",
    ),
    "float faces": (
        lambda: voxelise(CORNERS, TETRAHEDRON.double()),
        TypeMismatchError,
        "`faces` must hold whole numbers",
    ),
    "voxels": (
        lambda: voxel_iou(VOXELS, torch.ones(2, 2, 2)),
        TypeMismatchError,
        "`b` must hold truth values",
    ),
    "resolutions": (
        lambda: voxel_iou(VOXELS, torch.ones(2, 2, 3).bool()),
        ShapeError,
        "size Z is 2 in `a`, but 3 in `b`",
    ),
    "sizes": (
        lambda: silhouette_iou(PICTURE, torch.ones(4, 6)),
        ShapeError,
        "size W is 5 in `a`, but 6 in `b`",
    ),
    "picture dtypes": (
        lambda: silhouette_iou(PICTURE, PICTURE.double()),
        TypeMismatchError,
        "`b` has dtype torch.float64, but `a` has torch.float32",
    ),
    "too bright": (
        lambda: silhouette_iou(PICTURE, 255 * PICTURE),
        RangeError,
        r"`b` must hold numbers in \[0, 1\], but has 255.0 at \[0, 0\]",
    ),
    "nan picture": (
        lambda: silhouette_iou(math.nan * PICTURE, PICTURE, kind="soft"),
        RangeError,
        r"`a` must hold numbers in \[0, 1\], but has nan",
    ),
    "threshold": (
        lambda: silhouette_iou(PICTURE, PICTURE, threshold=1.0),
        RangeError,
        r"`threshold` must be a number in \[0, 1\), not 1.0",
    ),
    "kind": (
        lambda: silhouette_iou(PICTURE, PICTURE, kind="smooth"),  # pyright: ignore[reportArgumentType]
        RangeError,
        '`kind` is \'smooth\'; choose "hard", "soft"',
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_explained(name: str) -> None:
    call, kind, message = MISTAKES[name]
    with pytest.raises(kind, match=message):
        call()
