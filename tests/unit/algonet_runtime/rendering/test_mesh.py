"""Meshes: what is accepted and refused, batches, padding, and derivatives."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from algonet_runtime.errors import ArgumentError, RangeError, ShapeError, TypeMismatchError
from algonet_runtime.rendering.mesh import Mesh
from algonet_runtime.rendering.shapes import icosphere

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

FACES = torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])
"""Of a tetrahedron."""

BATCHES = [(), (0,), (1,), (3,), (2, 3)]


def points(*batch: int, count: int = 4, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    return torch.randn(*batch, count, 3, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def tetrahedron(*batch: int, seed: int = 0, **more: Any) -> Mesh:
    return Mesh(points(*batch, seed=seed), FACES, **more)


def triangle(seed: int = 1, **more: Any) -> Mesh:
    return Mesh(points(count=3, seed=seed), torch.tensor([[0, 1, 2]]), **more)


def message(error: type[ArgumentError], *arguments: Any, **more: Any) -> str:
    with pytest.raises(error) as caught:
        Mesh(*arguments, **more)
    assert caught.value.argument in str(caught.value)
    return str(caught.value)


# ---- what a mesh is


@pytest.mark.parametrize("dtype", [torch.int32, torch.int16, torch.uint8, torch.uint32, torch.int64])
def test_whole_numbers_become_int64(dtype: torch.dtype) -> None:
    mesh = Mesh(points(), FACES.to(dtype))
    assert mesh.faces.dtype == torch.int64
    assert torch.equal(mesh.faces, FACES)


@pytest.mark.parametrize("batch", BATCHES)
def test_batch_shape(batch: tuple[int, ...]) -> None:
    mesh = tetrahedron(*batch)
    assert mesh.batch_shape == batch
    assert mesh.triangles().shape == (*batch, 4, 3, 3)


def test_a_mesh_is_frozen_and_itself() -> None:
    mesh = tetrahedron()
    with pytest.raises(dataclasses.FrozenInstanceError):
        mesh.vertices = points()  # pyright: ignore[reportAttributeAccessIssue]
    assert mesh == mesh
    assert mesh != tetrahedron()
    assert len({mesh, tetrahedron()}) == 2


def test_copies() -> None:
    albedo = torch.rand(4, 3, dtype=torch.float64)
    mesh = tetrahedron(3, face_albedo=albedo)
    for other in (copy.deepcopy(mesh), pickle.loads(pickle.dumps(mesh)), dataclasses.replace(mesh)):
        assert torch.equal(other.vertices, mesh.vertices)
        assert torch.equal(other.faces, mesh.faces)
        assert other.face_albedo is not None
        assert torch.equal(other.face_albedo, albedo)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_floating_point_dtype(dtype: torch.dtype) -> None:
    mesh = Mesh(points(dtype=dtype), FACES)
    assert mesh.triangles().dtype == mesh.normalised().vertices.dtype == dtype


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(("vertices", "faces"), [(0, 0), (3, 0)])
def test_a_mesh_of_nothing(batch: tuple[int, ...], vertices: int, faces: int) -> None:
    mesh = Mesh(torch.zeros(*batch, vertices, 3), torch.zeros(faces, 3, dtype=torch.int64))
    assert mesh.triangles().shape == (*batch, 0, 3, 3)
    assert mesh.normalised().vertices.shape == (*batch, vertices, 3)
    assert len(mesh.unpadded()) == mesh.vertices.shape[:-2].numel()
    own = Mesh(mesh.vertices, mesh.faces.expand(*batch, faces, 3))
    assert own.triangles().shape == (*batch, 0, 3, 3)


# ---- what is refused


@pytest.mark.parametrize("dtype", [torch.float32, torch.bool, torch.complex64])
def test_faces_are_whole_numbers(dtype: torch.dtype) -> None:
    assert "torch.int64" in message(TypeMismatchError, points(), FACES.to(dtype))


def test_kinds() -> None:
    albedo = torch.zeros(4, 3, dtype=torch.float64)
    assert "floating-point" in message(TypeMismatchError, points().long(), FACES)
    assert "list" in message(TypeMismatchError, points(), FACES.tolist())
    assert "torch.bool" in message(TypeMismatchError, points(), FACES, torch.ones(4))
    assert "floating-point" in message(TypeMismatchError, points(), FACES, face_albedo=albedo.long())
    text = message(TypeMismatchError, points(), FACES, face_albedo=albedo.float())
    assert "torch.float64" in text
    assert "torch.float32" in text
    assert "meta" in message(TypeMismatchError, points(), FACES.to("meta"))


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("vertices", torch.zeros(3), "(.., V, 3)"),
        ("vertices", torch.zeros(2, 4, 2), "(.., V, 3)"),
        ("faces", torch.zeros(4, 4, dtype=torch.int64), "(.., F, 3)"),
        ("faces", torch.zeros(3, dtype=torch.int64), "(.., F, 3)"),
        ("faces", torch.zeros(5, 4, 3, dtype=torch.int64), "(F, 3) or (2, F, 3)"),
        ("face_mask", torch.ones(3, 4, dtype=torch.bool), "(F,) or (2, F)"),
        ("face_mask", torch.ones(5, dtype=torch.bool), "F is 4 in `faces`, but 5"),
        ("face_mask", torch.tensor(True), "(.., F)"),
        ("face_albedo", torch.zeros(4), "(.., F, 3)"),
        ("face_albedo", torch.zeros(5, 3), "F is 4 in `faces`, but 5"),
        ("vertex_albedo", torch.zeros(5, 3), "V is 4 in `vertices`, but 5"),
        ("vertex_albedo", torch.zeros(1, 4, 3), "(V, 3) or (2, V, 3)"),
    ],
)
def test_shapes(name: str, given: Tensor, wanted: str) -> None:
    arguments = {"vertices": points(2, dtype=torch.float32), "faces": FACES, name: given}
    text = message(ShapeError, **arguments)
    assert f"`{name}`" in text
    assert wanted in text


def test_faces_of_a_batch_need_vertices_of_it() -> None:
    assert "(F, 3), not (2, 4, 3)" in message(ShapeError, points(), FACES.expand(2, 4, 3))


@pytest.mark.parametrize("index", [-1, 4, 1000])
def test_indices_out_of_range(index: int) -> None:
    faces = FACES.clone()
    faces[2, 1] = index
    text = message(RangeError, points(), faces)
    assert "face 2" in text
    assert str(index) in text
    assert "0..3" in text
    text = message(RangeError, points(3), torch.stack((FACES, faces, FACES)))
    assert "face 2 of row 1" in text


def test_masked_faces_have_to_be_in_range_too() -> None:
    message(RangeError, points(), FACES + 1, torch.zeros(4, dtype=torch.bool))
    assert "no vertices" in message(RangeError, torch.zeros(0, 3), FACES)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_vertices_that_are_not_finite(value: float) -> None:
    vertices = points(2, 3)
    vertices[1, 2, 3, 0] = value
    with pytest.raises(RangeError, match=rf"vertex 3 of row \(1, 2\).*{value}") as caught:
        Mesh(vertices, FACES)
    assert caught.value.row == (1, 2)
    assert "vertex 3 " in message(RangeError, vertices[1, 2], FACES)
    with pytest.raises(RangeError, match="vertex 3"):
        tetrahedron().with_vertices(vertices)


@pytest.mark.parametrize("value", [-0.1, 1.5, 255.0, float("nan")])
def test_albedos_are_in_the_unit_interval(value: float) -> None:
    albedo = torch.full((2, 4, 3), 0.5, dtype=torch.float64)
    albedo[1, 2, 0] = value
    text = message(RangeError, points(2), FACES, face_albedo=albedo)
    assert f"{value:g} at face 2 of row 1" in text
    text = message(RangeError, points(), FACES, vertex_albedo=albedo[1])
    assert f"{value:g} at vertex 2;" in text


def test_two_albedos() -> None:
    albedo = torch.zeros(4, 3, dtype=torch.float64)
    assert "give one" in message(RangeError, points(), FACES, face_albedo=albedo, vertex_albedo=albedo)


def test_values_are_looked_at_only_where_they_can_be_seen() -> None:
    faces, vertices = torch.full((2, 3), 99, device="meta"), torch.zeros(4, 3, device="meta")
    assert Mesh(vertices, faces).triangles().shape == (2, 3, 3)

    def corners(each: Tensor) -> Tensor:
        return Mesh(each, FACES).triangles()

    vertices = points(5)
    vertices[1, 0, 0] = float("nan")
    assert torch.vmap(corners)(vertices).isnan().any()


# ---- other device, dtype and vertices


def test_to() -> None:
    albedo = torch.rand(4, 3, dtype=torch.float64)
    mesh = tetrahedron(3, face_mask=torch.ones(4, dtype=torch.bool), face_albedo=albedo)
    other = mesh.to(dtype=torch.float32)
    assert other.vertices.dtype == torch.float32
    assert other.faces.dtype == torch.int64
    assert other.face_mask is mesh.face_mask
    assert other.face_albedo is not None
    assert torch.equal(other.face_albedo, albedo.float())
    moved = mesh.to("meta")
    assert {moved.vertices.device.type, moved.faces.device.type} == {"meta"}
    assert moved.face_albedo is not None
    assert moved.face_albedo.is_meta
    assert mesh.to().vertices is mesh.vertices


def test_to_what_cannot_be() -> None:
    with pytest.raises(TypeMismatchError, match=r"Mesh\.to: `dtype`.*torch\.int64"):
        tetrahedron().to(dtype=torch.int64)
    with pytest.raises(RangeError, match=r"vertex 1 .*inf"):
        Mesh(points() * torch.tensor([[1.0], [1e300], [1.0], [1.0]]), FACES).to(dtype=torch.float32)


def test_with_vertices_keeps_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    albedo = torch.rand(4, 3, dtype=torch.float64)
    mesh = tetrahedron(face_mask=torch.tensor([True, False, True, True]), vertex_albedo=albedo)

    def forbidden(*arguments: object) -> None:
        raise AssertionError("faces are looked at again")

    monkeypatch.setattr("algonet_runtime.rendering.mesh.check_faces", forbidden)
    vertices = points(seed=2)
    other = mesh.with_vertices(vertices)
    assert other.vertices is vertices
    assert other.faces is mesh.faces
    assert other.face_mask is mesh.face_mask
    assert other.vertex_albedo is albedo
    assert mesh.vertices is not vertices


def test_with_vertices_of_a_batch() -> None:
    mesh = tetrahedron(face_albedo=torch.rand(4, 3, dtype=torch.float64))
    assert mesh.with_vertices(points(3)).batch_shape == (3,)
    assert mesh.with_vertices(points(3)).with_vertices(points()).batch_shape == ()
    padded = Mesh.padded([triangle(), tetrahedron()])
    assert padded.with_vertices(points(2)).batch_shape == (2,)
    with pytest.raises(ShapeError, match=r"`faces` must have shape \(F, 3\) or \(3, F, 3\)"):
        padded.with_vertices(points(3))


def test_with_vertices_that_do_not_fit() -> None:
    mesh = tetrahedron(face_albedo=torch.rand(4, 3, dtype=torch.float64))
    with pytest.raises(ShapeError, match="with_vertices: the mesh has 4 vertices, but `vertices` have 5"):
        mesh.with_vertices(points(count=5))
    with pytest.raises(ShapeError, match=r"\(\.\., V, 3\)"):
        mesh.with_vertices(torch.zeros(3, dtype=torch.float64))
    with pytest.raises(TypeMismatchError, match=r"torch\.float32"):
        mesh.with_vertices(points(dtype=torch.float32))
    with pytest.raises(TypeMismatchError, match="floating-point"):
        mesh.with_vertices(points().long())


# ---- corners


@pytest.mark.parametrize("batch", BATCHES)
def test_triangles_of_shared_and_own_faces(batch: tuple[int, ...]) -> None:
    vertices = points(*batch)
    wanted = vertices[..., FACES, :]
    assert torch.equal(Mesh(vertices, FACES).triangles(), wanted)
    assert torch.equal(Mesh(vertices, FACES.expand(*batch, 4, 3)).triangles(), wanted)


def test_every_mesh_of_a_batch_has_its_own_faces() -> None:
    vertices, faces = points(3), torch.stack((FACES, FACES.flip(0), FACES.flip(1)))
    for row, corners in enumerate(Mesh(vertices, faces).triangles()):
        assert torch.equal(corners, vertices[row][faces[row]])


def test_vertices_that_are_not_contiguous() -> None:
    vertices = torch.randn(3, 2, 4).permute(1, 2, 0)
    assert not vertices.is_contiguous()
    mesh, plain = Mesh(vertices, FACES), Mesh(vertices.contiguous(), FACES.flip(0).flip(0))
    assert torch.equal(mesh.triangles(), plain.triangles())
    assert torch.equal(mesh.normalised().vertices, plain.normalised().vertices)
    assert torch.equal(Mesh(vertices, FACES.T.contiguous().T.expand(2, 4, 3)).triangles(), plain.triangles())


# ---- the unit cube


def box(vertices: Tensor) -> tuple[Tensor, Tensor]:
    low, high = vertices.amin(-2), vertices.amax(-2)
    return (low + high) / 2, (high - low).amax(-1)


@pytest.mark.parametrize("batch", [(), (1,), (3,), (2, 3)])
@pytest.mark.parametrize("scale", [1e-300, 1e-3, 1.0, 1e8, 1.5e308])
def test_normalised(batch: tuple[int, ...], scale: float) -> None:
    vertices = torch.rand(*batch, 4, 3, dtype=torch.float64) * 2 - 1
    vertices[..., 0, :], vertices[..., 1, :] = -0.9, 0.9
    mesh = Mesh(vertices * scale, FACES).normalised()
    centre, side = box(mesh.vertices)
    torch.testing.assert_close(centre, torch.zeros_like(centre), rtol=0, atol=1e-12)
    torch.testing.assert_close(side, torch.ones_like(side), rtol=0, atol=1e-12)


def test_each_mesh_of_a_batch_is_normalised_by_itself() -> None:
    mesh = tetrahedron(3).normalised()
    for row in range(3):
        alone = Mesh(points(3)[row], FACES).normalised()
        torch.testing.assert_close(mesh.vertices[row], alone.vertices)


def test_only_vertices_of_existing_faces_count() -> None:
    far = torch.full((1, 3), 100.0, dtype=torch.float64)
    wanted = tetrahedron().normalised().vertices
    mesh = Mesh(torch.cat((points(), far)), FACES).normalised()
    torch.testing.assert_close(mesh.vertices[:4], wanted)
    faces, mask = torch.cat((FACES, torch.tensor([[0, 1, 4]]))), torch.tensor([True] * 4 + [False])
    mesh = Mesh(torch.cat((points(), far)), faces, mask).normalised()
    torch.testing.assert_close(mesh.vertices[:4], wanted)
    assert not torch.allclose(Mesh(torch.cat((points(), far)), faces).normalised().vertices[:4], wanted)


def test_padding_does_not_count() -> None:
    meshes = [triangle(), tetrahedron(), icosphere(0, dtype=torch.float64)]
    meshes = [mesh.with_vertices(mesh.vertices + 7) for mesh in meshes]
    for padded, mesh in zip(Mesh.padded(meshes).normalised().unpadded(), meshes, strict=True):
        torch.testing.assert_close(padded.vertices, mesh.normalised().vertices)


def test_what_has_no_extent_stays_finite() -> None:
    vertices = torch.full((4, 3), 5.0, dtype=torch.float64, requires_grad=True)
    normalised = Mesh(vertices, FACES).normalised().vertices
    assert torch.equal(normalised, torch.zeros(4, 3))
    (gradient,) = torch.autograd.grad((normalised * points()).sum(), vertices)
    assert gradient.isfinite().all()


def test_what_nobody_sees_stays_where_it_is() -> None:
    vertices = points(2).requires_grad_()
    mask = torch.tensor([[True, True, False, False], [False] * 4])
    normalised = Mesh(vertices, FACES, mask).normalised().vertices
    assert torch.equal(normalised[1], vertices[1])
    assert not torch.equal(normalised[0], vertices[0])
    (gradient,) = torch.autograd.grad(normalised.square().sum(), vertices)
    assert gradient.isfinite().all()
    torch.testing.assert_close(gradient[1], 2 * vertices[1])


# ---- derivatives


def corners_of(faces: Tensor) -> Any:
    return lambda vertices: Mesh(vertices, faces).triangles()


@pytest.mark.parametrize("faces", [FACES, FACES.expand(2, 4, 3), FACES.flip(1).expand(2, 4, 3)])
def test_derivatives_of_triangles(faces: Tensor) -> None:
    vertices = points(2).requires_grad_()
    assert gradcheck(corners_of(faces), (vertices,), check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(corners_of(faces), (vertices,))


@pytest.mark.parametrize("mask", [None, torch.tensor([True, False, True, False])])
def test_derivatives_of_normalised(mask: Tensor | None) -> None:
    def vertices_of(vertices: Tensor) -> Tensor:
        return Mesh(vertices, FACES, mask).normalised().vertices

    vertices = points(2).requires_grad_()
    assert gradcheck(vertices_of, (vertices,), check_forward_ad=True)
    assert gradgradcheck(vertices_of, (vertices,))


def test_gradients_of_a_vertex_of_several_faces_add_up() -> None:
    vertices = points().requires_grad_()
    Mesh(vertices, FACES).triangles().sum().backward()
    assert vertices.grad is not None
    assert torch.equal(vertices.grad, torch.full((4, 3), 3.0, dtype=torch.float64))


def test_transforms_of_functions() -> None:
    def loss(vertices: Tensor) -> Tensor:
        return Mesh(vertices, FACES).normalised().triangles().square().sum()

    vertices = points(3)
    wanted = torch.stack([torch.func.grad(loss)(each) for each in vertices])
    torch.testing.assert_close(torch.vmap(torch.func.grad(loss))(vertices), wanted)


def test_a_mesh_in_a_compiled_function() -> None:
    def loss(vertices: Tensor) -> Tensor:
        mesh = Mesh(vertices, FACES)
        return mesh.with_vertices(vertices * 2).normalised().triangles().square().sum()

    compiled: Any = torch.compile(loss, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(points()), loss(points()))


# ---- padding


def test_padded() -> None:
    meshes = [triangle(), tetrahedron(), icosphere(0, dtype=torch.float64)]
    batch = Mesh.padded(meshes)
    assert batch.batch_shape == (3,)
    assert batch.vertices.shape == (3, 12, 3)
    assert batch.faces.shape == (3, 20, 3)
    assert batch.face_mask is not None
    assert batch.face_mask.sum(1).tolist() == [1, 4, 20]
    assert not batch.vertices[0, 3:].any()
    assert not batch.faces[0, 1:].any()
    for row, mesh in enumerate(meshes):
        torch.testing.assert_close(batch.triangles()[row][batch.face_mask[row]], mesh.triangles())


@pytest.mark.parametrize("name", ["face_albedo", "vertex_albedo", None])
def test_unpadded_is_the_inverse(name: str | None) -> None:
    meshes: list[Mesh] = []
    for level in (1, 0, 0):
        mesh = icosphere(level)
        count = len(mesh.faces) if name == "face_albedo" else len(mesh.vertices)
        more: dict[str, Any] = {} if name is None else {name: torch.rand(count, 3)}
        meshes.append(dataclasses.replace(mesh, **more))
    for found, mesh in zip(Mesh.padded(meshes).unpadded(), meshes, strict=True):
        assert found.face_mask is None
        for field in ("vertices", "faces", "face_albedo", "vertex_albedo"):
            one, other = getattr(found, field), getattr(mesh, field)
            assert (one is None) == (other is None)
            assert one is None or torch.equal(one, other)


def test_padded_of_masked_and_empty_meshes() -> None:
    nothing = Mesh(torch.zeros(0, 3, dtype=torch.float64), torch.zeros(0, 3, dtype=torch.int64))
    masked = tetrahedron(face_mask=torch.tensor([True, False, False, False]))
    batch = Mesh.padded([nothing, masked, triangle()])
    assert batch.face_mask is not None
    assert batch.face_mask.sum(1).tolist() == [0, 1, 1]
    assert batch.normalised().vertices.isfinite().all()
    empty, one, other = batch.unpadded()
    assert len(empty.vertices) == len(empty.faces) == 0
    assert torch.equal(one.faces, FACES[:1])
    assert torch.equal(other.vertices, triangle().vertices)
    alone = Mesh.padded([nothing])
    assert alone.vertices.shape == alone.faces.shape == (1, 0, 3)


def test_albedos_that_only_some_have_are_left_out() -> None:
    albedo = torch.rand(4, 3, dtype=torch.float64)
    batch = Mesh.padded([triangle(), tetrahedron(face_albedo=albedo)])
    assert batch.face_albedo is None
    batch = Mesh.padded([tetrahedron(vertex_albedo=albedo), tetrahedron(face_albedo=albedo)])
    assert batch.face_albedo is None
    assert batch.vertex_albedo is None


def test_padded_of_what_does_not_fit() -> None:
    with pytest.raises(RangeError, match="at least one mesh"):
        Mesh.padded([])
    with pytest.raises(ShapeError, match=r"`meshes\[1\]`.*batch \(2,\).*unpadded"):
        Mesh.padded([triangle(), tetrahedron(2)])
    with pytest.raises(TypeMismatchError, match=r"`meshes\[1\]` is torch\.float32"):
        Mesh.padded([triangle(), tetrahedron().to(dtype=torch.float32)])


@pytest.mark.parametrize("batch", BATCHES)
def test_unpadded_of_a_batch_without_padding(batch: tuple[int, ...]) -> None:
    albedo = torch.rand(4, 3, dtype=torch.float64)
    meshes = tetrahedron(*batch, face_albedo=albedo).unpadded()
    vertices = points(*batch).reshape(-1, 4, 3)
    assert len(meshes) == len(vertices)
    for mesh, wanted in zip(meshes, vertices, strict=True):
        assert mesh.batch_shape == ()
        assert torch.equal(mesh.vertices, wanted)
        assert torch.equal(mesh.faces, FACES)
        assert mesh.face_albedo is not None
        assert torch.equal(mesh.face_albedo, albedo)


def test_gradients_go_through_padding() -> None:
    vertices = points().requires_grad_()
    batch = Mesh.padded([icosphere(0, dtype=torch.float64), Mesh(vertices, FACES)])
    batch.unpadded()[1].triangles().sum().backward()
    assert vertices.grad is not None
    assert torch.equal(vertices.grad, torch.full((4, 3), 3.0, dtype=torch.float64))
