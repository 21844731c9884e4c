"""Mesh files: what comes back, what scenes and colours become, and what is said of files that are broken."""

from __future__ import annotations

import contextlib
import json
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from algonet_runtime.errors import ArgumentError, ShapeError, TypeMismatchError
from algonet_runtime.rendering.mesh import Mesh
from algonet_runtime.rendering.mesh_files import MeshFileError, load_mesh, save_mesh
from algonet_runtime.rendering.shapes import icosphere, superquadric
from tests.repository import ROOT

trimesh: Any = pytest.importorskip("trimesh", reason="mesh files need trimesh")

MESHES = ROOT.parent / "shared/data/meshes"
"""Meshes that lie beside the repository where it is developed."""

SHARED = sorted(path for path in MESHES.rglob("*") if path.suffix in (".obj", ".glb"))
WRITTEN = (".obj", ".off", ".ply", ".glb")
READ = (*WRITTEN, ".gltf")


def ball(**more: Any) -> Mesh:
    mesh = icosphere(1)
    scaled = mesh.vertices * torch.tensor([1.23456789e-5, 1.0, 9.87654321e4])
    return Mesh(scaled + 1 / 3, mesh.faces, **more)


def colours(count: int, seed: int = 0) -> Tensor:
    """Some that eight bits hold."""
    return torch.randint(0, 256, (count, 3), generator=torch.Generator().manual_seed(seed)) / 255


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def exported(folder: Path, suffix: str, mesh: Any, **options: Any) -> Path:
    """A file that trimesh writes."""
    path = folder / f"mesh{suffix}"
    data = mesh.export(file_type=suffix[1:], **options)
    if isinstance(data, dict):
        for name, part in data.items():
            (folder / name).write_bytes(part)
        return (folder / "model.gltf").rename(path)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def built(**options: Any) -> Any:
    mesh = icosphere(1)
    return trimesh.Trimesh(mesh.vertices.numpy(), mesh.faces.numpy(), process=False, **options)


def message(path: Path) -> str:
    with pytest.raises(MeshFileError) as caught:
        load_mesh(path)
    assert caught.value.argument == "path"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    text = str(caught.value)
    assert text.startswith(f"load_mesh: `{path}` ")
    assert "; " in text
    return text


# ---- round trips


@pytest.mark.parametrize("suffix", WRITTEN)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_round_trip(tmp_path: Path, suffix: str, dtype: torch.dtype) -> None:
    mesh = ball()
    save_mesh(mesh.to(dtype=dtype), tmp_path / f"ball{suffix}")
    found = load_mesh(tmp_path / f"ball{suffix}", dtype=dtype)
    assert found.vertices.dtype == dtype
    assert torch.equal(found.vertices.float(), mesh.vertices)
    assert torch.equal(found.faces, mesh.faces)
    assert found.face_mask is found.face_albedo is found.vertex_albedo is None


@pytest.mark.parametrize("suffix", [".obj", ".off"])
def test_text_has_nine_digits(tmp_path: Path, suffix: str) -> None:
    vertices = torch.randn(42, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    vertices *= 10.0 ** torch.arange(-21, 21).unsqueeze(1)
    save_mesh(Mesh(vertices, icosphere(1).faces), str(tmp_path / f"far{suffix}"))
    found = load_mesh(str(tmp_path / f"far{suffix}"), dtype=torch.float64)
    torch.testing.assert_close(found.vertices, vertices, rtol=1e-8, atol=0)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_trimesh_reads_what_is_written(tmp_path: Path, suffix: str) -> None:
    mesh = superquadric((1.0, 2.0, 3.0), (0.5, 1.5))
    save_mesh(mesh, tmp_path / f"mesh{suffix}")
    found = trimesh.load_scene(tmp_path / f"mesh{suffix}", process=False).to_mesh()
    torch.testing.assert_close(torch.tensor(found.vertices).float(), mesh.vertices, rtol=1e-8, atol=1e-12)
    assert torch.equal(torch.tensor(found.faces), mesh.faces)


@pytest.mark.parametrize("suffix", READ)
def test_what_trimesh_writes(tmp_path: Path, suffix: str) -> None:
    mesh = load_mesh(exported(tmp_path, suffix, built()))
    torch.testing.assert_close(mesh.vertices, icosphere(1).vertices, rtol=1e-6, atol=1e-7)
    assert torch.equal(mesh.faces, icosphere(1).faces)


def test_upper_case_and_gradients(tmp_path: Path) -> None:
    mesh = ball()
    save_mesh(mesh.with_vertices(mesh.vertices.requires_grad_()), tmp_path / "BALL.PLY")
    assert torch.equal(load_mesh(tmp_path / "BALL.PLY").vertices, mesh.vertices)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_masked_faces_are_not_written(tmp_path: Path, suffix: str) -> None:
    batch = Mesh.padded([icosphere(0), icosphere(1)])
    for row, mesh in enumerate(batch.unpadded()):
        save_mesh(mesh, tmp_path / f"{row}{suffix}")
        assert torch.equal(load_mesh(tmp_path / f"{row}{suffix}").faces, icosphere(row).faces)
    mask = torch.arange(80) % 2 == 0
    save_mesh(ball(face_mask=mask), tmp_path / f"half{suffix}")
    assert torch.equal(load_mesh(tmp_path / f"half{suffix}").faces, ball().faces[mask])


def test_normalised(tmp_path: Path) -> None:
    save_mesh(ball(), tmp_path / "ball.ply")
    vertices = load_mesh(tmp_path / "ball.ply", normalise=True).vertices
    torch.testing.assert_close(vertices, ball().normalised().vertices)
    assert float((vertices.amax(0) - vertices.amin(0)).amax()) == pytest.approx(1)


# ---- colours


@pytest.mark.parametrize(
    ("suffix", "is_exact"), [(".off", True), (".ply", True), (".obj", False), (".glb", False)]
)
def test_colours_of_faces(tmp_path: Path, suffix: str, is_exact: bool) -> None:
    mesh = ball(face_albedo=colours(80))
    save_mesh(mesh, tmp_path / f"ball{suffix}")
    found = load_mesh(tmp_path / f"ball{suffix}").face_albedo
    assert found is not None
    if not is_exact:  # colours of vertices
        sums = torch.zeros(42, 3).index_add(0, mesh.faces.flatten(), colours(80).repeat_interleave(3, 0))
        means = sums / mesh.faces.flatten().bincount().unsqueeze(1)
        torch.testing.assert_close(found, means[mesh.faces].mean(1), rtol=0, atol=0.5 / 255 + 1e-6)
    else:
        torch.testing.assert_close(found, colours(80), rtol=0, atol=1e-6)
    uniform = ball(face_albedo=torch.full((80, 3), 0.2))
    save_mesh(uniform, tmp_path / f"ball{suffix}")
    found = load_mesh(tmp_path / f"ball{suffix}").face_albedo
    assert found is not None
    torch.testing.assert_close(found, torch.full((80, 3), 0.2), rtol=0, atol=1e-6)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_colours_of_vertices_become_those_of_faces(tmp_path: Path, suffix: str) -> None:
    mesh = ball(vertex_albedo=colours(42))
    save_mesh(mesh, tmp_path / f"ball{suffix}")
    found = load_mesh(tmp_path / f"ball{suffix}")
    assert found.vertex_albedo is None
    assert found.face_albedo is not None
    torch.testing.assert_close(found.face_albedo, colours(42)[mesh.faces].mean(1), rtol=0, atol=1e-6)


def test_dark_colours_stay_dark(tmp_path: Path) -> None:
    dark = torch.full((80, 3), 1 / 255)
    save_mesh(ball(face_albedo=dark), tmp_path / "dark.off")
    found = load_mesh(tmp_path / "dark.off").face_albedo
    assert found is not None
    torch.testing.assert_close(found, dark, rtol=0, atol=1e-6)


def test_materials_of_an_obj(tmp_path: Path) -> None:
    materials = """# made by hand
newmtl red thing
Ns 10
Kd 1 0 0.25
newmtl grey
Kd 0.5
newmtl textured
Kd 1 1 1
map_Kd bricks.png
newmtl spectral
Kd spectral file.rfl 1
"""
    written(tmp_path, "my materials.mtl", materials)
    text = """mtllib my materials.mtl
v 0 0 0
v 1 0 0
v 0 1 0
f 1 2 3
usemtl red thing
f 1 2 3
usemtl grey
f 1 2 3
usemtl textured
f 1 2 3
usemtl spectral
f 1 2 3
usemtl nowhere
f 1 2 3
"""
    found = load_mesh(written(tmp_path, "mesh.obj", text)).face_albedo
    assert found is not None
    white = [1.0, 1.0, 1.0]
    assert found.tolist() == [white, [1.0, 0.0, 0.25], [0.5, 0.5, 0.5], white, white, white]


def test_an_obj_without_its_materials_has_no_colours(tmp_path: Path) -> None:
    text = "mtllib none.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl red\nf 1 2 3\n"
    assert load_mesh(written(tmp_path, "mesh.obj", text)).face_albedo is None
    (tmp_path / "none.mtl").write_bytes(b"\0\1\2")
    assert load_mesh(tmp_path / "mesh.obj").face_albedo is None


def test_colours_in_255ths(tmp_path: Path) -> None:
    text = "v 0 0 0 255 0 0\nv 1 0 0 255 0 0\nv 0 1 0 255 51 0\nf 1 2 3\n"
    found = load_mesh(written(tmp_path, "mesh.obj", text)).face_albedo
    assert found is not None
    torch.testing.assert_close(found, torch.tensor([[1.0, 0.2 / 3, 0.0]]))
    text = "OFF\n3 2 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2 255 51 0 255\n3 0 1 2 0 0 255 255\n"
    found = load_mesh(written(tmp_path, "mesh.off", text)).face_albedo
    assert found is not None
    torch.testing.assert_close(found, torch.tensor([[1.0, 0.2, 0.0], [0.0, 0.0, 1.0]]))


def test_materials_of_a_scene(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    red = trimesh.visual.material.PBRMaterial(baseColorFactor=[255, 0, 51, 255])
    scene.add_geometry(built(visual=trimesh.visual.TextureVisuals(material=red)), geom_name="red")
    scene.add_geometry(built(), geom_name="plain")
    scene.add_geometry(built(vertex_colors=[0, 102, 0, 255]), geom_name="green")
    found = load_mesh(exported(tmp_path, ".glb", scene)).face_albedo
    assert found is not None
    wanted = torch.tensor([[1.0, 0.0, 0.2], [1.0, 1.0, 1.0], [0.0, 0.4, 0.0]]).repeat_interleave(80, 0)
    torch.testing.assert_close(found, wanted)


def test_colours_of_vertices_beside_a_material(tmp_path: Path) -> None:
    material = trimesh.visual.material.PBRMaterial(baseColorFactor=[255, 51, 255, 255])
    visual = trimesh.visual.TextureVisuals(material=material)
    visual.vertex_attributes["color"] = torch.tensor([[51, 255, 0, 255]] * 42).byte().numpy()
    found = load_mesh(exported(tmp_path, ".glb", built(visual=visual))).face_albedo
    assert found is not None
    torch.testing.assert_close(found, torch.tensor([[0.2, 0.2, 0.0]]).expand(80, 3))


def test_colours_of_vertices_beside_coordinates_in_a_texture(tmp_path: Path) -> None:
    columns = (
        "float x",
        "float y",
        "float z",
        "float s",
        "float t",
        "uchar red",
        "uchar green",
        "uchar blue",
    )
    header = "ply\nformat ascii 1.0\ncomment TextureFile none.png\nelement vertex 3\n"
    header += "".join(f"property {column}\n" for column in columns)
    header += "element face 2\nproperty list uchar int vertex_indices\nend_header\n"
    rows = "0 0 0 0 0 255 0 51\n1 0 0 0 1 255 0 51\n0 1 0 1 1 255 0 51\n3 0 1 2\n3 2 1 0\n"
    mesh = load_mesh(written(tmp_path, "mesh.ply", header + rows))
    assert mesh.vertices.shape == (3, 3)
    assert mesh.face_albedo is not None
    torch.testing.assert_close(mesh.face_albedo, torch.tensor([[1.0, 0.0, 0.2]] * 2))


def test_textures(tmp_path: Path) -> None:
    image: Any = pytest.importorskip("PIL.Image", reason="textures need pillow")
    pixels = torch.tensor([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [51, 51, 51]]], dtype=torch.uint8)
    material = trimesh.visual.material.PBRMaterial(
        baseColorTexture=image.fromarray(pixels.numpy()), baseColorFactor=[255, 255, 102, 255]
    )
    uv = torch.tensor([[0.1, 0.9]] * 20 + [[0.9, 0.1]] * 22).numpy()
    mesh = built(visual=trimesh.visual.TextureVisuals(uv=uv, material=material))
    found = load_mesh(exported(tmp_path, ".glb", mesh)).face_albedo
    assert found is not None
    faces = icosphere(1).faces
    low, high = found[(faces < 20).all(1)], found[(faces >= 20).all(1)]
    torch.testing.assert_close(low, torch.tensor([1.0, 0.0, 0.0]).expand_as(low))
    torch.testing.assert_close(high, torch.tensor([0.2, 0.2, 0.08]).expand_as(high))


# ---- what scenes and polygons become


def test_scenes_are_placed(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    shift = trimesh.transformations.translation_matrix([5, 0, 0])
    turn = trimesh.transformations.rotation_matrix(0.7, [0, 1, 0], [1, 2, 3])
    small = built()
    small.apply_scale(0.25)
    scene.add_geometry(built(), geom_name="a", node_name="a1")
    scene.add_geometry(small, geom_name="b", node_name="b1", transform=turn)
    scene.graph.update(frame_to="a2", frame_from="b1", matrix=shift, geometry="a")
    mesh = load_mesh(exported(tmp_path, ".glb", scene), dtype=torch.float64)
    assert mesh.faces.shape == (240, 3)
    assert mesh.vertices.shape == (126, 3)
    base = icosphere(1, dtype=torch.float64).vertices
    placed = torch.cat((base, torch.ones(42, 1, dtype=torch.float64)), 1)
    second = (placed @ torch.tensor(turn @ shift).T)[:, :3]
    scaled = (torch.cat((base / 4, placed[:, 3:]), 1) @ torch.tensor(turn).T)[:, :3]
    torch.testing.assert_close(mesh.vertices, torch.cat((base, second, scaled)), rtol=1e-6, atol=1e-6)


def test_what_is_mirrored_keeps_its_outside(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0, 1.0])).numpy()
    scene.add_geometry(built(), transform=mirror)
    mesh = load_mesh(exported(tmp_path, ".glb", scene))
    assert float(torch.linalg.det(mesh.triangles()).sum()) > 0
    torch.testing.assert_close(mesh.vertices, icosphere(1).vertices * torch.tensor([-1.0, 1.0, 1.0]))


SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 2 2 0\n"


def test_polygons_become_triangles(tmp_path: Path) -> None:
    mesh = load_mesh(written(tmp_path, "mesh.obj", f"{SQUARE}f 1 2 3 4\nf 2 5 3\nf 1 2 5 3 4\n"))
    fans = [[0, 1, 2], [0, 2, 3], [1, 4, 2], [0, 1, 4], [0, 4, 2], [0, 2, 3]]
    assert mesh.faces.tolist() == fans
    corners = "0 0 0\n1 0 0\n1 1 0\n0 1 0\n2 2 0\n"
    text = f"OFF\n# a comment\n5 3 0\n\n{corners}4 0 1 2 3\n3 1 4 2\n5 0 1 4 2 3\n"
    assert load_mesh(written(tmp_path, "mesh.off", text)).faces.tolist() == fans
    header = "ply\nformat ascii 1.0\nelement vertex 5\n" + "".join(f"property float {x}\n" for x in "xyz")
    header += "element face 2\nproperty list uchar int vertex_indices\nend_header\n"
    path = written(tmp_path, "mesh.ply", f"{header}{corners}4 0 1 2 3\n3 1 4 2\n")
    assert sorted(map(sorted, load_mesh(path).faces.tolist())) == [[0, 1, 2], [0, 2, 3], [1, 2, 4]]


def test_every_way_to_write_an_obj(tmp_path: Path) -> None:
    text = """\ufeff# a folder: c:\\models\\

v 0 0 0 # first
v 1 0 \\
0
vt 0 0
vn 0 0 1
v 0 1 0 1.0
o thing
f 1 2 3\r
f 1/1 2/1 3/1
f 1//1 2//1 3//1 # last
f 1/1/1 2/1/1 3/1/1
f -3 -2 -1
l 1 2
p 1
"""
    mesh = load_mesh(written(tmp_path, "mesh.obj", text + "v 7 7 7\nf 1 2 4\\"))
    assert mesh.faces.tolist() == [[0, 1, 2]] * 5 + [[0, 1, 3]]
    assert mesh.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [7, 7, 7]]
    forward = load_mesh(written(tmp_path, "mesh.obj", "f 1 2 3\nv 0 0 0\nv 1 0 0\nv 0 1 0\n"))
    assert forward.faces.tolist() == [[0, 1, 2]]


@pytest.mark.parametrize(
    "header", ["OFF\n3 1 0", "OFF 3 1 0", "OFF3 1\n", "COFF\n3 1 0", "# x\nOFF # y\n\n3 1"]
)
def test_every_way_to_begin_an_off(tmp_path: Path, header: str) -> None:
    text = header.replace(" # y", "") + "\n0 0 0\n1 0 0 0.5 0.5 0.5 1\n0 1 0\n3 0 1 2\n2 0 1\n"
    assert load_mesh(written(tmp_path, "mesh.off", text)).faces.tolist() == [[0, 1, 2]]


@pytest.mark.parametrize("suffix", READ)
def test_equal_and_unused_vertices_stay(tmp_path: Path, suffix: str) -> None:
    vertices = icosphere(0).vertices[[5, 5, 0, 1, 11, 11, 2, 7]]
    faces = torch.tensor([[1, 2, 3], [0, 4, 5], [0, 4, 5]])
    mesh = trimesh.Trimesh(vertices.numpy(), faces.numpy(), process=False)
    found = load_mesh(exported(tmp_path, suffix, mesh))
    torch.testing.assert_close(found.vertices, vertices, rtol=0, atol=1e-7)
    assert torch.equal(found.faces, faces)


@pytest.mark.skipif(
    not SHARED, reason=f"no meshes in {MESHES.relative_to(ROOT.parent)}, beside the repository"
)
@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.name)
def test_shared_meshes(path: Path) -> None:
    mesh = load_mesh(path, normalise=True)
    assert len(mesh.vertices) > 100
    assert len(mesh.faces) > 100
    side = mesh.triangles().flatten(0, 1)
    assert float((side.amax(0) - side.amin(0)).amax()) == pytest.approx(1, abs=1e-5)
    if path.suffix == ".obj":
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(mesh.vertices) == sum(line.startswith("v ") for line in lines)
        assert len(mesh.faces) == sum(line.startswith("f ") for line in lines)


@pytest.mark.skipif(
    not SHARED, reason=f"no meshes in {MESHES.relative_to(ROOT.parent)}, beside the repository"
)
@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.name)
def test_halves_of_shared_meshes(tmp_path: Path, path: Path) -> None:
    data = path.read_bytes()
    half = tmp_path / path.name
    half.write_bytes(data[: len(data) // 2])
    assert message(half)


# ---- broken files


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "does not exist" in message(tmp_path / "none.obj")
    assert str(tmp_path) in message(tmp_path / "none.glb")
    (tmp_path / "folder.ply").mkdir()
    assert "cannot be opened" in message(tmp_path / "folder.ply")
    assert issubclass(MeshFileError, ArgumentError)


@pytest.mark.parametrize("name", ["mesh.stl", "mesh", "mesh.obj.gz", "mesh.pkl", ".obj"])
def test_unknown_suffixes(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"v 0 0 0")
    text = message(tmp_path / name)
    assert ".obj, .off, .ply, .glb, .gltf" in text
    with pytest.raises(MeshFileError, match=r"save_mesh: .*\.obj, \.off, \.ply, \.glb;"):
        save_mesh(ball(), tmp_path / name)


@pytest.mark.parametrize("suffix", READ)
@pytest.mark.parametrize("data", [b"", b" \n\n"])
def test_empty_files(tmp_path: Path, suffix: str, data: bytes) -> None:
    path = tmp_path / f"mesh{suffix}"
    path.write_bytes(data)
    assert "is empty; write it again" in message(path)


@pytest.mark.parametrize("suffix", READ)
@pytest.mark.parametrize(
    "data",
    [
        b"garbage",
        b"\0" * 100,
        b"{}",
        b"[1]",
        b"null",
        b"ply\n",
        b"ply\nformat ascii 1.0\nend_header\n",
        b"ply\nformat binary_little_endian 1.0\nelement face 9999999999999\nend_header\n",
        b"OFF",
        b"OFF\n-3 1 0\n",
        b"OFF BINARY\n" + bytes(range(256)),
        b"glTF\2\0\0\0" + b"\xff" * 12,
        b"glTF",
        b"v\nf\n",
        bytes(random.Random(0).randrange(256) for _ in range(5000)),
        b"PK\3\4" + b"x" * 100,
        b"http://127.0.0.1/mesh.obj",
    ],
)
def test_garbage(tmp_path: Path, suffix: str, data: bytes) -> None:
    path = tmp_path / f"mesh{suffix}"
    path.write_bytes(data)
    assert message(path)


def test_no_pickle_is_loaded(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "harm",)

    for suffix in READ:
        (tmp_path / f"mesh{suffix}").write_bytes(pickle.dumps(Harm()))
        assert message(tmp_path / f"mesh{suffix}")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("suffix", READ)
def test_halves(tmp_path: Path, suffix: str) -> None:
    path = exported(tmp_path, suffix, built())
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert message(path)


@pytest.mark.parametrize("suffix", [".off", ".ply", ".glb", ".gltf"])
def test_cut_anywhere(tmp_path: Path, suffix: str) -> None:
    path = exported(tmp_path, suffix, built())
    data = path.read_bytes()
    last = len(data.rstrip()) - 2  # a digit less is no damage that can be seen
    for size in range(1, last, max(1, last // 60)):
        path.write_bytes(data[:size])
        assert message(path)


def test_an_ascii_ply_cut_anywhere(tmp_path: Path) -> None:
    path = exported(tmp_path, ".ply", built(), encoding="ascii")
    assert len(load_mesh(path).faces) == 80
    data = path.read_bytes()
    for size in range(1, len(data.rstrip()) - 2, len(data) // 60):
        path.write_bytes(data[:size])
        assert message(path)


def test_an_obj_cut_anywhere_is_the_mesh_so_far_or_an_error(tmp_path: Path) -> None:
    whole = exported(tmp_path, ".obj", built())
    data, mesh = whole.read_bytes(), load_mesh(whole)
    for size in range(1, len(data), len(data) // 60):
        whole.write_bytes(data[:size])
        try:
            found = load_mesh(whole)
        except MeshFileError:
            continue
        full = len(found.faces) - 1
        assert torch.equal(found.vertices, mesh.vertices)
        assert torch.equal(found.faces[:full], mesh.faces[:full])


@pytest.mark.parametrize("suffix", READ)
def test_files_with_wrong_bytes_give_a_mesh_or_an_error(tmp_path: Path, suffix: str) -> None:
    path = exported(tmp_path, suffix, built(vertex_colors=(colours(42) * 255).byte().numpy()))
    data = path.read_bytes()
    chance = random.Random(0)
    errors = 0
    for _ in range(150):
        wrong = bytearray(data)
        for _ in range(chance.choice((1, 3, 20))):
            place = chance.randrange(chance.choice((len(wrong), min(len(wrong), 700))))
            wrong[place] = chance.choice((chance.randrange(256), *b"0123456789-.e,"))
        path.write_bytes(wrong)
        try:
            assert load_mesh(path).vertices.isfinite().all()
        except MeshFileError:
            errors += 1
    assert errors > 20


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("v 0 0\n", "line 1: 3 numbers are needed, not 2"),
        ("\nv 0 0 zero\n", "line 2: `zero` is no number"),
        (f"{SQUARE}f 1 2\n", "line 6: a face needs 3 corners, not 2"),
        (f"{SQUARE}f\n", "line 6: a face needs 3 corners, not 0"),
        (f"{SQUARE}f 1 2 three\n", "line 6: `three` is no corner"),
        (f"{SQUARE}f 1 2 3.5\n", "line 6: `3.5` is no corner"),
        (f"{SQUARE}f 0 1 2\n", "line 6: there is no vertex 0"),
        (f"{SQUARE}f -6 1 2\n", "line 6: there is no vertex -6"),
        (f"{SQUARE}f 1 2 3\nf 1 2 6\n", "line 7: there is no vertex 6, only 5"),
        (f"{SQUARE}f 1 2 {10**30}\n", "line 6: there is no vertex 1000"),
        (f"{SQUARE}f 1/1/1 2/2/2 3\n", "line 6: the corner `3` is cut off"),
        (SQUARE, "has no faces, only points"),
        (f"{SQUARE}p 1 2\nl 1 2\n", "has no faces, only points, lines"),
        (f"v nan 0 0\n{SQUARE}f 1 2 3\n", "vertex 0 at [nan, 0.0, 0.0]"),
        (f"{SQUARE}v 1e300 0 0\nf 1 2 3\n", "not finite in torch.float32; repair"),
        (f"v 0 inf 0\n{SQUARE}f 2 3 4\n", "vertex 0 at [0.0, inf, 0.0]"),
    ],
)
def test_broken_obj_files(tmp_path: Path, text: str, wanted: str) -> None:
    assert wanted in message(written(tmp_path, "mesh.obj", text))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("FFO\n", "line 1: the file does not begin with OFF"),
        ("OFF\n", "the numbers of vertices and faces are missing"),
        ("OFF\n3\n", "line 2: the numbers of vertices and faces are missing"),
        ("OFF\n3 1.5 0\n", "line 2: the numbers of vertices and faces are missing"),
        ("OFF\n3 1 0\n0 0 0\n", "the file ends at line 3: 2 vertices and 1 faces are missing"),
        ("OFF\n1 0 0\n0 0\n", "line 3: 3 numbers are needed, not 2"),
        ("OFF\n1 0 0\n0 0 0\n", "has no faces"),
        ("OFF\n0 0 0\n", "has no faces"),
        ("OFF\n1 1 0\n0 0 0\n2 0 0\n", "line 4: a face of 2 corners"),
        ("OFF\n1 1 0\n0 0 0\n3 0 0\n", "line 4: a face of 3 corners has 2 numbers"),
        ("OFF\n1 1 0\n0 0 0\n3 0 0 1\n", "line 4: there is no vertex 1; they are 0..0"),
        ("OFF\n1 1 0\n0 0 0\n3 0 0 -1\n", "there is no vertex -1"),
        ("OFF\n1 1 0\n0 0 0\n3 0 0 0.5\n", "there is no vertex 0.5"),
        ("OFF\n1 1 0\n0 nan 0\n3 0 0 0\n", "vertex 0 at [0.0, nan, 0.0]"),
    ],
)
def test_broken_off_files(tmp_path: Path, text: str, wanted: str) -> None:
    assert wanted in message(written(tmp_path, "mesh.off", text))


def changed(**arrays: Any) -> Any:
    """A mesh of trimesh that is wrong."""
    mesh = built()
    for name, (place, value) in arrays.items():
        array = getattr(mesh, name).copy()
        array[place] = value
        setattr(mesh, name, array)
    return mesh


@pytest.mark.parametrize("suffix", READ)
def test_vertices_that_are_not_finite(tmp_path: Path, suffix: str) -> None:
    path = exported(tmp_path, suffix, changed(vertices=(7, float("nan"))))
    assert "vertex 7 at [nan, nan, nan]" in message(path)


@pytest.mark.parametrize("suffix", READ)
@pytest.mark.parametrize("index", [42, 10_000])
def test_indices_out_of_range(tmp_path: Path, suffix: str, index: int) -> None:
    path = exported(tmp_path, suffix, changed(faces=((5, 1), index)))
    text = message(path)
    assert str(index + (suffix == ".obj")) in text
    assert "vertices" in text or "vertex" in text


def test_the_indices_of_each_part_of_a_scene(tmp_path: Path) -> None:
    scene = trimesh.Scene([changed(faces=((5, 1), 50)), built()])
    assert "there are 42" in message(exported(tmp_path, ".glb", scene))


def test_only_points(tmp_path: Path) -> None:
    points = trimesh.PointCloud(icosphere(0).vertices.numpy())
    for suffix in (".ply", ".glb"):
        assert "has no faces" in message(exported(tmp_path, suffix, points))


def edited(path: Path, edit: Any) -> Path:
    tree = json.loads(path.read_text(encoding="utf-8"))
    edit(tree)
    return written(path.parent, path.name, json.dumps(tree))


def compress(tree: Any) -> None:
    tree["extensionsUsed"] = ["KHR_draco_mesh_compression"]


def make_fans(tree: Any) -> None:
    tree["meshes"][0]["primitives"][0]["mode"] = 6


def make_sparse(tree: Any) -> None:
    tree["accessors"][0]["sparse"] = {"count": 1}


def normalise(tree: Any) -> None:
    for accessor in tree["accessors"]:
        accessor["normalized"] = True


def loop(tree: Any) -> None:
    for node in tree["nodes"]:
        node["children"] = list(range(len(tree["nodes"])))


def name_another_file(tree: Any) -> None:
    tree["buffers"][0]["uri"] = "../secret.bin"


def name_another_machine(tree: Any) -> None:
    tree["buffers"][0]["uri"] = "http://127.0.0.1/mesh.bin"


@pytest.mark.parametrize(
    ("edit", "wanted"),
    [
        (compress, "compressed by KHR_draco_mesh_compression"),
        (make_fans, "fans of triangles"),
        (make_sparse, "sparse accessors"),
        (normalise, "normalized positions"),
        (name_another_file, "cannot be read as GLTF"),
        (name_another_machine, "cannot be read as GLTF"),
    ],
)
def test_what_trimesh_would_take_for_something_else(tmp_path: Path, edit: Any, wanted: str) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "secret.bin").write_bytes(b"x" * 10_000)
    assert wanted in message(edited(exported(tmp_path / "inner", ".gltf", built()), edit))


def test_nodes_in_a_circle(tmp_path: Path) -> None:
    path = edited(exported(tmp_path, ".gltf", built()), loop)
    with contextlib.suppress(MeshFileError):
        assert load_mesh(path).vertices.isfinite().all()


def test_a_gltf_without_its_buffer_and_no_other_file_instead(tmp_path: Path) -> None:
    path = exported(tmp_path, ".gltf", built())
    whole = path.read_bytes()
    (tmp_path / "model.gltf").write_bytes(whole)
    path.write_bytes(whole[:200])
    assert message(path)
    path.write_bytes(whole)
    for other in tmp_path.glob("*.bin"):
        other.unlink()
    assert ".bin" in message(path)


def test_dtypes_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(TypeMismatchError, match="load_mesh: `dtype`"):
        load_mesh(tmp_path / "mesh.obj", dtype=torch.int64)


# ---- writing


def test_batches_are_not_written(tmp_path: Path) -> None:
    batch = Mesh.padded([icosphere(0), icosphere(1)])
    with pytest.raises(
        ShapeError, match=r"save_mesh: `mesh` .*batch \(2,\); save each of its `unpadded\(\)`"
    ):
        save_mesh(batch, tmp_path / "mesh.obj")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", WRITTEN)
def test_meshes_without_faces_are_not_written(tmp_path: Path, suffix: str) -> None:
    nothing = Mesh(torch.zeros(3, 3), torch.zeros(0, 3, dtype=torch.int64))
    for mesh in (nothing, ball(face_mask=torch.zeros(80, dtype=torch.bool))):
        with pytest.raises(MeshFileError, match="no faces"):
            save_mesh(mesh, tmp_path / f"mesh{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".ply", ".glb"])
def test_vertices_beyond_float32(tmp_path: Path, suffix: str) -> None:
    vertices = icosphere(0, dtype=torch.float64).vertices.clone()
    vertices[3, 0] = 1e39
    mesh = Mesh(vertices, icosphere(0).faces)
    with pytest.raises(MeshFileError, match=r"vertex 3, .* float32; write \.obj"):
        save_mesh(mesh, tmp_path / f"mesh{suffix}")
    save_mesh(mesh, tmp_path / "mesh.obj")
    assert torch.equal(load_mesh(tmp_path / "mesh.obj", dtype=torch.float64).vertices[3, :1], vertices[3, :1])


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder.obj").mkdir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "none" / "mesh.obj", tmp_path / "folder.obj", tmp_path / "file" / "mesh.obj"):
        with pytest.raises(MeshFileError, match="cannot be written") as caught:
            save_mesh(ball(), path)
        assert str(path) in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {"folder.obj", "file"}


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mesh.obj"
    save_mesh(icosphere(0), path)
    before = path.read_bytes()

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(MeshFileError, match="No space left on device"):
            save_mesh(icosphere(1), path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["mesh.obj"]
    save_mesh(icosphere(1), path)
    assert len(load_mesh(path).faces) == 80
    assert [each.name for each in tmp_path.iterdir()] == ["mesh.obj"]


def test_a_file_has_the_usual_rights(tmp_path: Path) -> None:
    save_mesh(ball(), tmp_path / "mesh.obj")
    (tmp_path / "other").touch()
    assert (tmp_path / "mesh.obj").stat().st_mode == (tmp_path / "other").stat().st_mode


# ---- trimesh


def test_without_trimesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_mesh(ball(), tmp_path / "mesh.ply")
    monkeypatch.setitem(sys.modules, "trimesh", None)
    for suffix in (".ply", ".glb"):
        with pytest.raises(ImportError, match=r"pip install 'whilec\[rendering\]'"):
            save_mesh(ball(), tmp_path / f"mesh{suffix}")
        with pytest.raises(ImportError, match=r"mesh\.\w+` needs trimesh"):
            load_mesh(tmp_path / f"mesh{suffix}")
    for suffix in (".obj", ".off"):
        save_mesh(ball(), tmp_path / f"mesh{suffix}")
        assert torch.equal(load_mesh(tmp_path / f"mesh{suffix}").vertices, ball().vertices)


def test_trimesh_is_loaded_when_it_is_needed() -> None:
    code = "import sys, algonet_runtime.rendering.mesh_files; print('trimesh' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
