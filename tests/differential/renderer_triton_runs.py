"""Triton kernels of the renderer against the plain version, on any device; started by the tests.

`TRITON_INTERPRET=1 python -m tests.differential.renderer_triton_runs NAME` runs one of `CASES` on the CPU,
`python -m tests.differential.renderer_triton_runs compile DTYPE` compiles all kernels for two GPUs.
"""

# pyright: basic
from __future__ import annotations

import sys
import warnings
from typing import Any, NamedTuple

import torch
import triton
from torch import Tensor

from algonet_runtime.rendering import curvature_triton, pixels_triton, provider_triton, reference
from algonet_runtime.rendering.faces import Style, corners_of, set_up
from algonet_runtime.rendering.fused import rows_of_faces
from algonet_runtime.rendering.provider_numba import How
from algonet_runtime.rendering.shading import Light, brightness
from algonet_runtime.rendering.shapes import icosphere
from algonet_runtime.rendering.view import View, axes_of, project

TOLERANCE = {torch.float64: 1e-10, torch.float32: 2e-4}
"""Of gradients, relative to the largest number; of pictures, a tenth."""


class Case(NamedTuple):
    """What is drawn."""

    size: tuple[int, int]
    batch: int
    is_gated: bool
    is_shaded: bool
    is_perspective: bool = True
    level: int = 0
    steepness: float = 20.0
    opacity: float = 20.0
    has_mask: bool = False


CASES: dict[str, Case] = {
    "silhouette": Case((13, 18), 2, True, False),
    "shaded": Case((13, 18), 2, True, True),
    "paper": Case((13, 18), 1, False, True),
    "orthographic": Case((9, 7), 3, True, True, is_perspective=False),
    "one pixel": Case((1, 1), 1, True, True),
    "many faces": Case((5, 8), 1, True, True, level=1, has_mask=True),
    "far weights": Case((9, 9), 1, True, True, opacity=400.0, steepness=60.0),
}


def drawn(case: Case, x: Tensor) -> tuple[Tensor, reference.Pixels]:
    """Faces as kernels take them, and the plain picture."""
    dtype = x.dtype
    faces = icosphere(case.level).faces
    eye = torch.tensor([0.5, 0.7, 2.0], dtype=dtype)
    axes = axes_of(eye, torch.zeros(3, dtype=dtype), torch.tensor([0.0, 1.0, 0.0], dtype=dtype))
    scale = torch.tensor(0.6 if case.is_perspective else 1.1, dtype=dtype)
    view = View(eye, axes, scale, 0.1, case.is_perspective)
    gain = 2.0 if case.is_gated else 1.0
    mask = torch.arange(len(faces)) % 3 > 0 if case.has_mask else None
    style = Style(torch.tensor(case.steepness, dtype=dtype), case.is_gated, 1.0, 1.0)
    opacity = torch.tensor(case.opacity, dtype=dtype) if case.is_shaded else None
    found = set_up(project(view, x), faces, style, opacity, mask)
    channels = None
    if case.is_shaded:
        light = Light(torch.tensor([0.3, 1.0, 0.6], dtype=dtype), 0.3, 0.5, 0.2, 8.0, False)
        bright = brightness(corners_of(x, faces), view, light)
        channels = torch.stack((bright, found.depth), -1)
    plain = reference.draw(found._replace(weight=gain * found.weight), case.size, channels)
    return rows_of_faces(found, channels), plain


def check(case: Case, dtype: torch.dtype, device: str = "cpu") -> None:
    """Picture, gradient by vertices, and its derivative along a direction."""
    generator = torch.Generator().manual_seed(0)
    shape = (case.batch, *icosphere(case.level).vertices.shape)
    noise = torch.randn(*shape, dtype=torch.float64, generator=generator)
    along = torch.randn(*shape, dtype=torch.float64, generator=generator)
    x = (0.6 * icosphere(case.level, dtype=torch.float64).vertices + 0.05 * noise).requires_grad_()
    packed, plain = drawn(case, x)
    how = How(*case.size, case.is_gated, False, 2.0 if case.is_gated else 1.0, ())
    rows = packed.detach().to(device, dtype).contiguous()
    found = provider_triton.draw(rows, how)
    near(found.silhouette, plain.silhouette, TOLERANCE[dtype] / 10)
    g_silhouette = torch.randn(plain.silhouette.shape, dtype=torch.float64, generator=generator)
    g_light = (g_silhouette * (1 - plain.silhouette)).detach()
    total = (g_light * plain.log_transmittance).sum()
    g_means = torch.zeros(*plain.silhouette.shape, 0, dtype=torch.float64)
    if plain.means is not None:
        covered = plain.silhouette.unsqueeze(-1)
        near(found.means.double().cpu() * covered, plain.means * covered, TOLERANCE[dtype] / 10)
        g_means = (
            torch.randn(plain.means.shape, dtype=torch.float64, generator=generator) * covered
        ).detach()
        total = total + (g_means * plain.means).sum()
    (wanted,) = torch.autograd.grad(total, x, create_graph=True)
    given = (g_light.to(device, dtype), g_means.to(device, dtype).contiguous())
    by_rows = provider_triton.gradient(rows, found, *given, how).double().cpu()
    (slope,) = torch.autograd.grad(packed, x, by_rows, create_graph=True)
    near(slope, wanted, TOLERANCE[dtype])
    (curved,) = torch.autograd.grad((wanted * along).sum(), x, retain_graph=True)
    tangent = torch.func.jvp(lambda x: drawn(case, x)[0], (x.detach(),), (along,))[1]
    along_rows, light_t, means_t = provider_triton.curvature(rows, tangent.to(device, dtype), *given, how)
    (outer,) = torch.autograd.grad(packed, x, along_rows.double().cpu(), retain_graph=True)
    (inner,) = torch.autograd.grad((slope * along).sum(), x, retain_graph=True)
    near(outer + inner, curved, 10 * TOLERANCE[dtype])
    change = (g_light * light_t.double().cpu()).sum() + (g_means * means_t.double().cpu()).sum()
    near(change, (wanted * along).sum(), 10 * TOLERANCE[dtype])


def near(found: Tensor, wanted: Tensor, tolerance: float) -> None:
    """Up to a share of the largest number."""
    found, wanted = found.detach().double().cpu(), wanted.detach()
    scale = max(1e-9, float(wanted.abs().max()))
    torch.testing.assert_close(found, wanted, rtol=0, atol=tolerance * scale)


WHOLE_NUMBERS = frozenset(pixels_triton.SIZES)


def compile_all(dtype: str) -> int:
    """Compile for two GPUs; the number of kernels."""
    done = 0
    for kernel in (
        *(pixels_triton.draw, pixels_triton.gradient),
        *(curvature_triton.draw_tangent, curvature_triton.gradient_tangent),
    ):
        for is_gated in (False, True):
            for channels in (0, 2):
                constants = {
                    "stride": 16 + channels,
                    "channels": channels,
                    "padded": max(channels, 1),
                    "side": 8,
                    "is_gated": is_gated,
                    "is_shaded": channels > 0,
                }
                if kernel is pixels_triton.draw:
                    constants["block"] = provider_triton.BLOCK
                for capability in (80, 90):
                    _compile(kernel, constants, dtype, capability)
                    done += 1
    return done


def _compile(kernel: Any, constants: dict[str, Any], dtype: str, capability: int) -> None:
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    signature = {name: "constexpr" if name in constants else f"*{dtype}" for name in kernel.arg_names}
    signature |= dict.fromkeys(WHOLE_NUMBERS & signature.keys(), "i32")
    signature |= dict.fromkeys({"gain", "least"} & signature.keys(), "fp32")
    source = ASTSource(fn=kernel, signature=signature, constexprs=constants)
    compiled = triton.compile(source, target=GPUTarget("cuda", capability, 32), options={"num_warps": 1})
    assert compiled.asm["cubin"]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if sys.argv[1] == "compile":
        print(compile_all(sys.argv[2]))
    else:
        for name in sys.argv[1:]:
            check(CASES[name], torch.float64)
            if name in ("silhouette", "shaded"):
                check(CASES[name], torch.float32)
