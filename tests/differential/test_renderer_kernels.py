"""Kernels of the renderer against its plain version: values, first and second derivatives, bits, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import algonet_runtime
from algonet_runtime import explain_dispatch
from algonet_runtime.errors import DerivativeError
from algonet_runtime.rendering.shapes import icosphere
from tests.unit.algonet_runtime.rendering.scenes import EYE, PROJECTIONS, SUPPORTS, TETRAHEDRON, tetrahedron

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

pytest.importorskip("numba", reason="kernels for the CPU need numba")

runtime: Any = algonet_runtime
OPERATIONS: dict[str, Any] = {"silhouette": runtime.render_silhouette, "image": runtime.render_image}
LEAST = 0.02
"""A gradient smaller than this share of the largest one counts as if it were so large."""
PICTURES = [("silhouette", "plain"), ("image", "plain"), ("image", "two-sided"), ("image", "RGB")]
SIZES = [(1, 1), (7, 5), (64, 64), (100, 37)]


def sphere(batch: tuple[int, ...] = (), level: int = 1) -> tuple[Tensor, Tensor]:
    """An uneven ball, without symmetries."""
    mesh = icosphere(level, dtype=torch.float64)
    generator = torch.Generator().manual_seed(len(batch) + level)
    noise = torch.randn(*batch, *mesh.vertices.shape, dtype=torch.float64, generator=generator)
    return 0.6 * mesh.vertices + 0.02 * noise, mesh.faces


def weights(like: Tensor) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(like.shape, dtype=torch.float64, generator=generator)


def near(found: Tensor, wanted: Tensor, tolerance: float) -> None:
    """Up to a share of the largest number."""
    assert found.shape == wanted.shape
    scale = max(1e-9, float(wanted.detach().abs().max())) if wanted.numel() else 1.0
    torch.testing.assert_close(found.double(), wanted.double(), rtol=0, atol=tolerance * scale)


def leaves(
    name: str, batch: tuple[int, ...], look: str, projection: str, level: int = 1
) -> tuple[dict[str, Tensor], Tensor]:
    """All that has derivatives, and faces."""
    vertices, faces = sphere(batch, level)
    found = {
        "vertices": vertices,
        "eye": EYE + torch.linspace(0, 0.3, 3, dtype=torch.float64),
        "target": EYE * 0.05,
        "up": torch.tensor([0.1, 1.0, 0.2], dtype=torch.float64),
        "steepness": torch.tensor(30.0, dtype=torch.float64),
    }
    if projection == "perspective":
        found["fov"] = torch.tensor(55.0, dtype=torch.float64)
    else:
        found["half_height"] = torch.tensor(1.2, dtype=torch.float64)
    if name == "image":
        found["opacity"] = torch.tensor(15.0, dtype=torch.float64)
        if look == "RGB":
            generator = torch.Generator().manual_seed(2)
            found["colour"] = torch.rand(len(faces), 3, dtype=torch.float64, generator=generator)
            found["background"] = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)
        else:
            found["light"] = torch.tensor([0.3, 1.0, 0.6], dtype=torch.float64)
    return {key: value.clone().requires_grad_() for key, value in found.items()}, faces


def options(name: str, look: str) -> dict[str, Any]:
    return {"two_sided": True} if name == "image" and look == "two-sided" else {}


def cases() -> Iterator[Any]:
    """Pictures, batches and sizes: all on demand, and each time those that differ most."""
    for name, look in PICTURES:
        for batch in ((), (1,), (3,)):
            for size in SIZES:
                is_small = size[0] < 10
                is_first = is_small if batch else look != "two-sided"
                marks = () if is_first and (batch != (1,) or size == (7, 5)) else pytest.mark.slow
                yield pytest.param(name, look, batch, size, marks=marks)


@pytest.mark.parametrize(("name", "look", "batch", "size"), list(cases()), ids=str)
@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("support", SUPPORTS)
def test_values_and_gradients(
    name: str, look: str, support: str, projection: str, batch: tuple[int, ...], size: tuple[int, int]
) -> None:
    operation = OPERATIONS[name]
    inputs, faces = leaves(name, batch, look, projection, level=0 if batch == (3,) else 1)
    given = {"faces": faces, "size": size, "support": support, **options(name, look)}
    for dtype, value, slope in ((torch.float64, 1e-12, 1e-10), (torch.float32, 2e-5, 1e-4)):
        own = {key: each.detach().to(dtype).requires_grad_() for key, each in inputs.items()}
        assert explain_dispatch(operation, **given, **own)[0].reason is None
        found = operation(**given, **own)
        assert found.dtype == dtype
        exact = {key: each.detach().double().requires_grad_() for key, each in own.items()}
        wanted = operation.reference(**given, **exact)
        torch.testing.assert_close(found.double(), wanted, rtol=0, atol=value)
        slopes = torch.autograd.grad((wanted * weights(wanted)).sum(), list(exact.values()))
        ours = torch.autograd.grad((found * weights(found).to(dtype)).sum(), list(own.values()))
        largest = max(float(each.abs().max()) for each in slopes)
        for key, have, want in zip(inputs, ours, slopes, strict=True):
            assert have.dtype == dtype
            scale = max(float(want.abs().max()), LEAST * largest)
            assert float((have.double() - want).abs().max()) <= slope * scale, key


@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("support", SUPPORTS)
@pytest.mark.parametrize(("name", "look"), PICTURES)
def test_second_derivatives(name: str, look: str, support: str, projection: str) -> None:
    operation = OPERATIONS[name]
    inputs, faces = leaves(name, (2,), look, projection)
    given = {"faces": faces, "size": (19, 26), "support": support, **options(name, look)}
    generator = torch.Generator().manual_seed(3)
    along = [torch.randn(each.shape, dtype=torch.float64, generator=generator) for each in inputs.values()]
    products: list[list[Tensor]] = []
    for run in (operation, operation.reference):
        picture = run(**given, **inputs)
        loss = ((picture - 0.3).square() * weights(picture)).sum()
        first = torch.autograd.grad(loss, list(inputs.values()), create_graph=True)
        total = torch.stack([(a * b).sum() for a, b in zip(first, along, strict=True)]).sum()
        second = torch.autograd.grad(total, list(inputs.values()))
        products.append([*(each.detach() for each in first), *second])
    for have, want in zip(*products, strict=True):
        near(have, want, 1e-10)


def test_single_precision_has_second_derivatives() -> None:
    vertices, faces = sphere()
    along = vertices.flip(0)
    products: list[Tensor] = []
    for dtype in (torch.float64, torch.float32):
        x = vertices.detach().to(dtype, copy=True).requires_grad_()
        picture = runtime.render_image(x, faces, EYE.to(dtype), size=24)
        (first,) = torch.autograd.grad((picture - 0.3).square().sum(), x, create_graph=True)
        products.append(torch.autograd.grad((first * along.to(dtype)).sum(), x)[0])
    near(products[1], products[0], 1e-4)


def test_a_third_derivative_is_refused_and_names_the_plain_version() -> None:
    x = tetrahedron().requires_grad_()
    found = runtime.render_silhouette(x, TETRAHEDRON, EYE, size=4)
    for _ in range(2):
        (found,) = torch.autograd.grad(found.square().sum(), x, create_graph=True)
    with pytest.raises(DerivativeError, match="ALGONET_KERNELS=reference"):
        torch.autograd.grad(found.square().sum(), x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", OPERATIONS)
def test_repeated_runs_batches_and_threads_have_the_same_bits(name: str, dtype: torch.dtype) -> None:
    vertices, faces = sphere((3,), level=2)
    x = vertices.to(dtype).requires_grad_()
    eye = EYE.to(dtype)

    def run(x: Tensor) -> tuple[Tensor, Tensor]:
        picture = OPERATIONS[name](x, faces, eye, size=(40, 37))
        own = torch.linspace(-1, 1, 40 * 37, dtype=dtype).reshape(40, 37)
        return picture.detach(), torch.autograd.grad((picture * own).sum(), x)[0]

    picture, slope = run(x)
    threads = torch.get_num_threads()
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            for have, want in zip(run(x), (picture, slope), strict=True):
                assert torch.equal(have, want)
    finally:
        torch.set_num_threads(threads)
    for row in range(3):
        one = x.detach()[row].clone().requires_grad_()
        for have, want in zip(run(one), (picture[row], slope[row]), strict=True):
            assert torch.equal(have, want)


@pytest.mark.parametrize("name", OPERATIONS)
def test_masks_and_meshes_of_different_faces(name: str) -> None:
    vertices, faces = sphere((2,))
    several = torch.stack((faces, faces.flip(0, 1)))
    generator = torch.Generator().manual_seed(4)
    mask = torch.rand(2, len(faces), generator=generator) < 0.7
    x = vertices.requires_grad_()
    given = {"faces": several, "eye": EYE, "size": (21, 18), "face_mask": mask}
    for each in (given, given | {"faces": faces}, given | {"face_mask": mask[0]}):
        results: list[Tensor] = []
        for run in (OPERATIONS[name], OPERATIONS[name].reference):
            picture = run(x, **each)
            results += [picture.detach(), torch.autograd.grad((picture * weights(picture)).sum(), x)[0]]
        near(results[0], results[2], 1e-12)
        near(results[1], results[3], 1e-10)
    nothing = torch.zeros(len(faces), dtype=torch.bool)
    picture = OPERATIONS[name](x, **given | {"face_mask": nothing})
    assert not picture.any()
    assert not torch.autograd.grad(picture.sum(), x)[0].any()


def test_batches_that_broadcast() -> None:
    vertices, faces = sphere((2, 1))
    x = vertices.requires_grad_()
    eyes = (EYE + torch.linspace(0, 1, 3, dtype=torch.float64)[:, None]).requires_grad_()
    fov = torch.tensor([[40.0], [70.0]], dtype=torch.float64).requires_grad_()
    results: list[list[Tensor]] = []
    for run in (runtime.render_image, runtime.render_image.reference):
        picture = run(x, faces, eyes, size=(9, 12), fov=fov)
        assert picture.shape == (2, 3, 9, 12)
        results.append([picture, *torch.autograd.grad((picture * weights(picture)).sum(), (x, eyes, fov))])
    for have, want in zip(*results, strict=True):
        near(have.detach(), want.detach(), 1e-10)


@pytest.mark.parametrize("name", OPERATIONS)
def test_sizes_of_nothing(name: str) -> None:
    vertices, faces = sphere((3,))
    operation = OPERATIONS[name]
    assert operation(vertices[:0], faces, EYE, size=5).shape == (0, 5, 5)
    x = vertices[0].requires_grad_()
    picture = operation(x, faces[:0], EYE, size=5)
    assert not picture.any()
    assert not torch.autograd.grad(picture.sum(), x)[0].any()
    assert not operation(vertices[0, :0], faces[:0], EYE, size=5).any()


@pytest.mark.parametrize("steepness", [0.01, 2.0, 3000.0])
@pytest.mark.parametrize("opacity", [0.01, 2000.0])
@pytest.mark.parametrize("support", SUPPORTS)
def test_extreme_options_in_single_precision(support: str, opacity: float, steepness: float) -> None:
    """One large face before small ones, so that log(1 - V) leaves the range of float32's exponentials."""
    vertices, faces = sphere()
    front = torch.tensor([[-2.0, -2.0, 1.0], [2.0, -2.0, 1.1], [0.1, 2.5, 0.9]], dtype=torch.float64)
    x = torch.cat((vertices, front))
    faces = torch.cat((faces, torch.tensor([[len(vertices) + i for i in range(3)]])))
    eye = torch.tensor([0.3, 0.2, 3.0], dtype=torch.float64)
    given = {"faces": faces, "size": (24, 20), "steepness": steepness, "support": support}
    results: list[Tensor] = []
    for dtype, run in (
        (torch.float64, runtime.render_image.reference),
        (torch.float32, runtime.render_image),
    ):
        own = x.to(dtype).requires_grad_()
        picture = run(own, eye=eye.to(dtype), opacity=opacity, **given)
        assert picture.isfinite().all()
        (slope,) = torch.autograd.grad((picture * weights(picture).to(dtype)).sum(), own)
        assert slope.isfinite().all()
        results += [picture.detach(), slope]
    if steepness < 1000:
        near(results[2], results[0], 1e-4)
        near(results[3], results[1], 2e-3)


def test_what_hides_deep_inside_still_has_a_gradient() -> None:
    """log(1 - S) of a pixel far inside a large face: linear in the distance from the edge, at any depth."""
    from algonet_runtime.rendering.arguments import read_scene
    from algonet_runtime.rendering.pictures import draw_shaded
    from algonet_runtime.rendering.providers import FusedSupport

    corners = torch.tensor([[-9.0, -9.0, 0.0], [9.0, -9.0, 0.0], [0.0, 12.0, 0.0]])
    slopes: list[Tensor] = []
    lights: list[Tensor] = []
    for dtype, support in ((torch.float64, "disc"), (torch.float32, FusedSupport("disc"))):
        x = corners.to(dtype).requires_grad_()
        parameters = runtime.render_silhouette.python_signature.parameters
        values = {name: each.default for name, each in parameters.items()} | {
            "vertices": x,
            "faces": torch.tensor([[0, 1, 2]]),
            "eye": torch.tensor([0.0, 0.0, 3.0], dtype=dtype),
            "size": 16,
            "steepness": 200.0,
            "support": support,
        }
        grey = torch.ones(1, 1, dtype=dtype)
        opacity = torch.ones((), dtype=torch.float64)
        light = draw_shaded(read_scene("render_silhouette", values), opacity, grey).log_transmittance
        assert light.min() < -200
        slopes.append(torch.autograd.grad(light.sum(), x)[0])
        lights.append(light.detach())
    near(lights[1], lights[0], 1e-5)
    near(slopes[1], slopes[0], 1e-4)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_number_that_is_not_finite_spoils_its_own_picture(name: str) -> None:
    vertices, faces = sphere((3,))
    x = vertices.float()
    x[1, 7, 2] = torch.nan
    clean = vertices.float().requires_grad_()
    spoiled = x.requires_grad_()
    wanted = OPERATIONS[name](clean, faces, EYE.float(), size=8)
    found = OPERATIONS[name](spoiled, faces, EYE.float(), size=8, check=False)
    assert found[1].isnan().all()
    assert torch.equal(found[[0, 2]], wanted[[0, 2]])
    slope = torch.autograd.grad(found.sum(), spoiled)[0]
    assert slope[1].isnan().any()
    assert slope[[0, 2]].isfinite().all()


def test_refusals_have_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = runtime.render_silhouette
    vertices, faces = sphere()
    reasons: list[str | None] = []

    def ask(x: Tensor) -> Tensor:
        reasons.append(explain_dispatch(operation, x, faces, EYE)[0].reason)
        return operation(x, faces, EYE, size=3)

    ask(vertices)
    torch.func.vmap(ask)(vertices[None])
    torch.func.grad(lambda x: ask(x).sum())(vertices)
    torch.func.jvp(ask, (vertices,), (vertices,))
    monkeypatch.setenv("ALGONET_KERNELS", "reference")
    ask(vertices)
    transform = "a transform of torch.func, or forward mode, takes the plain version"
    assert reasons == [None, transform, transform, transform, "ALGONET_KERNELS=reference"]


def test_batched_cotangents() -> None:
    vertices, faces = sphere()
    x = vertices.requires_grad_()
    picture = runtime.render_silhouette(x, faces, EYE, size=4)
    several = torch.eye(16, dtype=torch.float64).reshape(16, 4, 4)
    (found,) = torch.autograd.grad(picture, x, several, is_grads_batched=True, retain_graph=True)
    for row in (5, 6):
        (wanted,) = torch.autograd.grad(picture, x, several[row], retain_graph=True)
        near(found[row], wanted, 1e-10)


NEAR_AND_FAR = torch.tensor(
    [[-9, -9, -2.0], [9, -9, -2], [0, 12, -2], [-0.15, -0.15, 1], [0.15, -0.15, 1], [0, 0.15, 1]],
    dtype=torch.float64,
)
"""A small face far in front of a wall: it wins pixels in which it covers next to nothing."""


@pytest.mark.parametrize("opacity", [20.0, 50.0, 100.0])
@pytest.mark.parametrize("support", SUPPORTS)
def test_near_faces_win_by_their_depth_far_beyond_their_disc(support: str, opacity: float) -> None:
    faces, eye = torch.tensor([[0, 1, 2], [3, 4, 5]]), torch.tensor([0.0, 0.0, 3.0], dtype=torch.float64)
    given: dict[str, Any] = {"faces": faces, "support": support, "opacity": opacity, "size": (64, 50)}
    results: list[list[Tensor]] = []
    for run in (runtime.render_image, runtime.render_image.reference):
        x = NEAR_AND_FAR.clone().requires_grad_()
        picture = run(x, eye=eye, colour=torch.tensor([0.0, 1.0], dtype=torch.float64), **given)
        loss = (picture * weights(picture)).sum() + picture.square().sum()
        (first,) = torch.autograd.grad(loss, x, create_graph=True)
        (second,) = torch.autograd.grad((first * NEAR_AND_FAR).sum(), x)
        results.append([picture.detach(), first.detach(), second])
    for have, want, tolerance in zip(*results, (1e-12, 1e-10, 1e-9), strict=True):
        near(have, want, tolerance)
    single = runtime.render_image(
        *(NEAR_AND_FAR.float(), faces, eye.float()), colour=torch.tensor([0.0, 1.0]),
        support=support, opacity=opacity, size=(64, 50),
    )  # fmt: skip
    near(single, results[1][0], 1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_small_ball_before_a_large_one(dtype: torch.dtype) -> None:
    small, large = icosphere(1, radius=0.2, dtype=torch.float64), icosphere(2, dtype=torch.float64)
    shift = torch.tensor([0.0, 0.0, 1.6], dtype=torch.float64)
    x = torch.cat((small.vertices + shift, large.vertices - shift / 2)).to(dtype).requires_grad_()
    faces = torch.cat((small.faces, large.faces + len(small.vertices)))
    eye = torch.tensor([0.1, 0.2, 3.0], dtype=dtype)
    picture = runtime.render_image(x, faces, eye, size=48)
    exact = x.detach().double().requires_grad_()
    wanted = runtime.render_image.reference(exact, faces, eye.double(), size=48)
    near(picture.detach(), wanted.detach(), 1e-12 if dtype == torch.float64 else 2e-5)
    have = torch.autograd.grad((picture * weights(picture).to(dtype)).sum(), x)[0]
    want = torch.autograd.grad((wanted * weights(wanted)).sum(), exact)[0]
    near(have, want, 1e-10 if dtype == torch.float64 else 1e-4)


@pytest.mark.parametrize("run", [runtime.render_silhouette, runtime.render_silhouette.reference])
def test_silhouettes_are_degrees(run: Any) -> None:
    ball = icosphere(2, radius=0.5)
    for size in (8, 32):
        found = run(ball.vertices, ball.faces, torch.tensor([0.3, 0.5, 2.0]), size=size)
        assert found.min() >= 0
        assert found.max() <= 1


def test_far_scenes_keep_their_digits() -> None:
    ball = icosphere(2, radius=0.5, dtype=torch.float64)
    pictures: list[Tensor] = []
    for dtype, run in (
        (torch.float64, runtime.render_image.reference),
        (torch.float32, runtime.render_image),
    ):
        eye = torch.tensor([0.0, 0.0, 1000.0], dtype=dtype)
        pictures.append(run(ball.vertices.to(dtype), ball.faces, eye, size=32, fov=0.06).double())
    near(pictures[1], pictures[0], 2e-4)


def test_another_default_device() -> None:
    x = tetrahedron()
    wanted = runtime.render_image(x, TETRAHEDRON, EYE, size=4)
    with torch.device("meta"):
        found = runtime.render_image(x, TETRAHEDRON, EYE, size=4)
    assert torch.equal(found, wanted)
