"""The renderer as a module: the functions' values, depth, albedo, batches, state and errors."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import algonet_runtime
import algonet_runtime.rendering
from algonet_runtime.errors import RangeError, ShapeError, TypeMismatchError
from algonet_runtime.rendering import Camera, Lighting, Mesh, Rendering, SmoothRenderer
from tests.repository import ROOT
from tests.unit.algonet_runtime.rendering.scenes import (
    PROJECTIONS,
    SUPPORTS,
    TETRAHEDRON,
    cloud,
    tetrahedron,
)

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

runtime: Any = algonet_runtime
EYE = (0.5, 0.7, 2.5)
F64 = torch.float64


@pytest.fixture(autouse=True, params=["kernels", "plain"])
def provider(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs with kernels and without."""
    monkeypatch.setenv("ALGONET_KERNELS", "auto" if request.param == "kernels" else "reference")


def mesh(**more: Any) -> Mesh:
    return Mesh(tetrahedron(), TETRAHEDRON, **more)


def camera(**more: Any) -> Camera:
    return Camera.look_at(EYE, dtype=F64, **more)


def colours(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, 3, dtype=F64, generator=torch.Generator().manual_seed(seed))


def of_camera(seen: Camera) -> dict[str, Any]:
    return {name: getattr(seen, name) for name in ("target", "up", "fov", "half_height", "near")}


def close(found: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("support", SUPPORTS)
def test_the_same_as_the_functions(support: Any, projection: str) -> None:
    vertices, faces = cloud()
    seen = camera(target=(0.1, 0.0, 0.2), up=(0.3, 1.0, 0.0), near=0.2, **PROJECTIONS[projection])
    options: dict[str, Any] = {"size": (5, 7), "steepness": 8.0, "support": support, "tau": 0.5, "gain": 1.5}
    shading: dict[str, Any] = {"opacity": 20.0, "background": 0.25}
    light: dict[str, Any] = {"ambient": 0.2, "diffuse": 0.6, "specular": 0.1, "shininess": 4.0}
    lighting = Lighting((1.0, 0.5, 0.0), **light, two_sided=True)
    found = SmoothRenderer(**options, **shading)(Mesh(vertices, faces), seen, lighting)
    given: tuple[Any, ...] = (vertices, faces, seen.eye)
    image = runtime.render_image(
        *given, **of_camera(seen), **options, **shading, **light, light=(1.0, 0.5, 0.0), two_sided=True
    )
    assert torch.equal(found.image, image)
    silhouette = runtime.render_silhouette(*given, **of_camera(seen), **options)
    close(found.silhouette, silhouette)
    close(1 - found.log_transmittance.exp(), silhouette)
    assert torch.equal(SmoothRenderer(**options).silhouette(Mesh(vertices, faces), seen), silhouette)


def test_defaults_are_those_of_the_functions() -> None:
    found = SmoothRenderer()(mesh(), camera())
    assert found.image.shape == (64, 64)
    assert torch.equal(found.image, runtime.render_image(tetrahedron(), TETRAHEDRON, camera().eye))
    rendered = SmoothRenderer(16)(mesh().to(dtype=torch.float32), camera())
    assert {part.dtype for part in rendered} == {torch.float32}


def test_depth_is_that_of_the_nearest_face_before_a_background() -> None:
    corners = torch.tensor([[-9.0, -9.0, 0.0], [9.0, -9.0, 0.0], [0.0, 12.0, 0.0]])
    both = Mesh(torch.cat((corners, corners - torch.tensor([0.0, 0.0, 1.0]))), torch.arange(6).view(2, 3))
    front = Camera.look_at((0.0, 0.0, 3.0))
    inside = SmoothRenderer(8)(both, front)
    torch.testing.assert_close(inside.depth, torch.full((8, 8), 3.0), rtol=1e-4, atol=0)
    away = Camera.look_at((0.0, 0.0, 3.0), target=(0.0, 0.0, 9.0))
    behind = SmoothRenderer(8, depth_background=7.0)(both, away)
    torch.testing.assert_close(behind.depth, torch.full((8, 8), 7.0))
    partly = SmoothRenderer(16, depth_background=10.0)(mesh(), camera())
    clear = SmoothRenderer(16)(mesh(), camera())
    close(partly.depth, clear.depth + 10.0 * clear.log_transmittance.exp())
    each = torch.tensor([1.0, 2.0])
    assert SmoothRenderer(4, depth_background=each)(both, away).depth[:, 0, 0].tolist() == [1.0, 2.0]


def test_albedo_of_faces_is_multiplied_by_the_brightness() -> None:
    albedo, light = colours(4), Lighting((0.0, 1.0, 1.0))
    found = SmoothRenderer(12)(mesh(face_albedo=albedo), camera(), light)
    white = SmoothRenderer(12)(mesh(face_albedo=torch.ones_like(albedo)), camera(), light)
    grey = SmoothRenderer(12)(mesh(), camera(), light)
    assert found.image.shape == (12, 12, 3)
    for channel in white.image.unbind(-1):
        torch.testing.assert_close(channel, grey.image, rtol=1e-6, atol=1e-8)
    red = torch.zeros_like(albedo)
    red[:, 0] = 1
    only = SmoothRenderer(12)(mesh(face_albedo=red), camera(), light).image
    torch.testing.assert_close(only[..., 0], grey.image, rtol=1e-6, atol=1e-8)
    assert not only[..., 1:].any()
    torch.testing.assert_close(found.depth, grey.depth, rtol=1e-6, atol=1e-8)


def test_albedo_of_vertices_is_their_mean() -> None:
    albedo = colours(4)
    found = SmoothRenderer(9)(mesh(vertex_albedo=albedo), camera())
    wanted = SmoothRenderer(9)(mesh(face_albedo=albedo[TETRAHEDRON].mean(1)), camera())
    close(found.image, wanted.image)


def test_three_coloured_faces_and_three_cameras_stay_rgb() -> None:
    some = Mesh(tetrahedron(), TETRAHEDRON[:3], face_albedo=colours(3))
    assert SmoothRenderer(4)(some, camera()).image.shape == (4, 4, 3)
    three = Camera.orbit(3.0, 10.0, torch.arange(3.0, dtype=F64))
    assert SmoothRenderer(4)(some, three).image.shape == (3, 4, 4, 3)


def test_background_in_rgb() -> None:
    sky = torch.tensor([0.1, 0.5, 0.9], dtype=F64)
    image = SmoothRenderer(16, background=sky)(mesh(face_albedo=colours(4)), camera()).image
    torch.testing.assert_close(image[0, 0], sky, rtol=0, atol=1e-3)


@pytest.mark.parametrize("albedo", [None, "face_albedo", "vertex_albedo"])
def test_cameras_around_one_mesh(albedo: str | None) -> None:
    own = mesh(**({} if albedo is None else {albedo: colours(4)}))
    cameras = Camera.orbit(3.0, 20.0, torch.tensor([[0.0, 70.0], [140.0, 250.0]], dtype=F64))
    found = SmoothRenderer((6, 5))(own, cameras)
    assert found.silhouette.shape == found.depth.shape == (2, 2, 6, 5)
    for i in range(2):
        for j in range(2):
            one = SmoothRenderer((6, 5))(own, Camera(cameras.eye[i, j], cameras.target, cameras.up[i, j]))
            for part, wanted in zip(found, one, strict=True):
                torch.testing.assert_close(part[i, j], wanted, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("albedo", [False, True])
def test_padded_meshes(albedo: bool) -> None:
    meshes: list[Mesh] = []
    for seed, (count, faces) in enumerate(((7, 6), (5, 3), (9, 8))):
        vertices, corners = cloud(count, faces, seed=seed)
        paint = {"face_albedo": colours(faces, seed=seed)} if albedo else {}
        meshes.append(Mesh(vertices, corners, **paint))
    renderer = SmoothRenderer(6, background=0.5)
    found = renderer(Mesh.padded(meshes), camera())
    each = Camera.orbit(3.0, 0.0, torch.tensor([0.0, 10.0, 20.0], dtype=F64))
    paired = renderer(Mesh.padded(meshes), each)
    for place, one in enumerate(meshes):
        seen = Camera(each.eye[place], each.target, each.up[place])
        for parts, wanted in ((found, renderer(one, camera())), (paired, renderer(one, seen))):
            for part, expected in zip(parts, wanted, strict=True):
                torch.testing.assert_close(part[place], expected, rtol=1e-6, atol=1e-8)


def test_an_empty_mesh_shows_the_background() -> None:
    empty = Mesh(torch.zeros(0, 3), torch.zeros(0, 3, dtype=torch.int64))
    found = SmoothRenderer(3, background=0.25, depth_background=8.0)(empty, Camera.look_at(EYE))
    assert found.image.unique().tolist() == [0.25]
    assert found.depth.unique().tolist() == [8.0]
    assert not found.silhouette.any()


def test_derivatives_by_all() -> None:
    vertices, albedo = tetrahedron(), colours(4) * 0.8 + 0.1
    eye, light = torch.tensor([EYE, (-1.0, 0.4, 2.0)], dtype=F64), torch.tensor([0.3, 1.0, 0.6], dtype=F64)
    fov, sky = torch.tensor([50.0, 60.0], dtype=F64), torch.tensor([0.2, 0.3, 0.4], dtype=F64)

    def function(
        vertices: Tensor, albedo: Tensor, eye: Tensor, light: Tensor, fov: Tensor, sky: Tensor
    ) -> Any:
        renderer = SmoothRenderer((3, 2), steepness=6.0, opacity=5.0, background=sky, depth_background=3.0)
        own = Mesh(vertices, TETRAHEDRON, face_albedo=albedo)
        return renderer(own, Camera.look_at(eye, fov=fov), Lighting(light))

    inputs = tuple(each.requires_grad_() for each in (vertices, albedo, eye, light, fov, sky))
    assert torch.autograd.gradcheck(function, inputs)
    assert torch.autograd.gradgradcheck(function, inputs, fast_mode=True)


def test_steepness_and_opacity_are_buffers_or_parameters() -> None:
    fixed = SmoothRenderer(8, steepness=9.0)
    trained = SmoothRenderer(8, steepness=9.0, is_trainable=True)
    assert set(fixed.state_dict()) == set(trained.state_dict()) == {"steepness", "opacity"}
    assert not list(fixed.parameters())
    found: Rendering = trained(mesh(), camera())
    assert torch.equal(found.image, fixed(mesh(), camera()).image)
    (found.image * torch.arange(8.0)).sum().backward()
    for parameter in trained.parameters():
        assert parameter.grad is not None
        assert parameter.grad != 0
    fixed.load_state_dict({"steepness": torch.tensor(5.0), "opacity": torch.tensor(7.0)})
    other = SmoothRenderer(8, steepness=5.0, opacity=7.0)
    assert torch.equal(fixed(mesh(), camera()).image, other(mesh(), camera()).image)
    plain = SmoothRenderer(8)
    assert set(plain.state_dict()) == {"opacity"}
    assert torch.equal(
        plain(mesh(), camera()).image, SmoothRenderer(8, steepness=16.0)(mesh(), camera()).image
    )


def test_backgrounds_that_are_tensors_move_and_train() -> None:
    sky = nn.Parameter(torch.tensor(0.3))
    renderer = SmoothRenderer(4, background=sky, depth_background=torch.tensor(2.0))
    assert [name for name, _ in renderer.named_parameters()] == ["background"]
    assert {name for name, _ in renderer.named_buffers()} == {"opacity", "depth_background"}
    renderer(mesh(), camera()).image.sum().backward()
    assert sky.grad is not None
    assert sky.grad > 0


def test_copies_and_repr() -> None:
    renderer = SmoothRenderer((4, 6), steepness=9.5, support="paper", background=0.5)
    wanted = renderer(mesh(), camera()).image
    for other in (copy.deepcopy(renderer), pickle.loads(pickle.dumps(renderer))):
        assert torch.equal(other(mesh(), camera()).image, wanted)
    assert repr(renderer) == (
        "SmoothRenderer(size=(4, 6), steepness=9.5, support=paper, tau=1.0, gain=None, opacity=50, "
        "background=0.5, depth_background=0.0)"
    )
    assert "steepness=None" in repr(SmoothRenderer())
    assert "background=tensor of (3,)" in repr(SmoothRenderer(background=torch.zeros(3)))


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"size": 0}, "size"),
        ({"size": (3, 4, 5)}, "size"),
        ({"steepness": 0.0}, "steepness"),
        ({"is_trainable": True}, "steepness"),
        ({"support": "printed"}, "support"),
        ({"tau": float("nan")}, "tau"),
        ({"gain": -1.0}, "gain"),
        ({"opacity": float("inf")}, "opacity"),
        ({"background": "white"}, "background"),
        ({"depth_background": float("inf")}, "depth_background"),
    ],
)
def test_wrong_options(options: dict[str, Any], argument: str) -> None:
    with pytest.raises(RangeError, match=r"^SmoothRenderer: ") as caught:
        SmoothRenderer(**options)
    assert caught.value.argument == argument


def test_wrong_arguments() -> None:
    two, three = (Camera.orbit(2.0, 0.0, torch.zeros(count)) for count in (2, 3))
    batch = Mesh(torch.zeros(3, 4, 3), TETRAHEDRON)
    for call in (SmoothRenderer(4), SmoothRenderer(4).silhouette):
        with pytest.raises(ShapeError, match=r"SmoothRenderer: `eye` has batch dimensions \(2,\)"):
            call(batch, two)
        with pytest.raises(
            TypeMismatchError, match="`camera` is on meta, but `mesh` is on cpu; move it there"
        ):
            call(mesh(), camera().to("meta"))
    for own in (mesh(), mesh(face_albedo=colours(4))):
        with pytest.raises(ShapeError, match=r"`light` has batch dimensions \(2,\), others have \(3,\)"):
            SmoothRenderer(4)(own, three, Lighting(torch.ones(2, 3)))
        with pytest.raises(RangeError, match="`shininess` must be a finite number above 0"):
            SmoothRenderer(4)(own, three, Lighting(shininess=0.0))
    with pytest.raises(ShapeError, match="`depth_background`"):
        SmoothRenderer(4, depth_background=torch.zeros(2))(mesh(), three)
    with pytest.raises(TypeMismatchError, match="`light` is on meta"):
        SmoothRenderer(4)(mesh(), camera(), Lighting(torch.ones(3, device="meta")))
    spoilt = mesh()
    spoilt.vertices[1, 2] = float("nan")
    with pytest.raises(RangeError, match="vertex 1 of `vertices` has the coordinate nan"):
        SmoothRenderer(4)(spoilt, camera())


def test_the_package_gives_all_names_and_loads_without_torch() -> None:
    package: Any = algonet_runtime.rendering
    assert dir(package) == sorted(package.__all__)
    for name in package.__all__:
        assert getattr(package, name).__module__.startswith("algonet_runtime.rendering.")
    with pytest.raises(AttributeError, match="has no attribute 'Messh'"):
        _ = package.Messh
    code = "import sys, algonet_runtime.rendering as r; r.__all__; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
