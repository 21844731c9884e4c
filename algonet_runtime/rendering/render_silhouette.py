"""The degree to which a mesh covers the pixels of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from algonet_runtime.annotations import Bool, Float, Int
from algonet_runtime.intrinsic import intrinsic
from algonet_runtime.rendering.providers import run_kernels
from algonet_runtime.smoothness import Smoothness

if TYPE_CHECKING:
    from torch import Tensor


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.6 and appendix A")
def render_silhouette(
    vertices: Float[Tensor, "*batch v 3"],
    faces: Int[Tensor, "*batch f 3"],
    eye: Float[Tensor, "*batch 3"],
    *,
    target: Float[Tensor, "*batch 3"] | tuple[float, float, float] = (0.0, 0.0, 0.0),
    up: Float[Tensor, "*batch 3"] | tuple[float, float, float] = (0.0, 1.0, 0.0),
    size: int | tuple[int, int] = 64,
    fov: float | Tensor = 60.0,
    half_height: float | Tensor | None = None,
    near: float = 0.1,
    steepness: float | Tensor | None = None,
    support: Literal["disc", "paper"] = "disc",
    tau: float = 1.0,
    gain: float | None = None,
    face_mask: Bool[Tensor, "*batch f"] | None = None,
    check: bool = True,
) -> Float[Tensor, "*batch size size"]:
    r"""Silhouette of a triangle mesh, smooth in its vertices and in the camera.

    $S = 1 - \prod_f (1 - V_f)^{g}$, with V the degree to which a face covers a pixel. Every face has part in
    every pixel, so that each vertex has a gradient wherever the picture is wrong.

    Args:
        vertices: Corners, in any unit of length.
        faces: Indices of corners, of all meshes of the batch or of each; either orientation.
        eye: Where the camera stands.
        target: What it looks at.
        up: What is upward in the picture; not the direction of view.
        size: Pixels of height and width: one number, or (height, width).
        fov: Vertical angle of view, in degrees: a number, or a tensor of the batch's shape.
        half_height: If given, the projection is orthographic, and this half of the picture's height.
        near: What is nearer to the camera's plane fades; nothing is clipped.
        steepness: s > 0, in 1 / (half of the picture's height): a number, or a tensor of the batch's shape;
            if None, twice the pixels of height.
        support: "disc" ends a face near its disc; "paper" has streaks along the edges of narrow faces.
        tau: How far beyond its disc a face reaches, in 1 / s.
        gain: How often a face counts; if None, 2 for "disc", and 1 for "paper".
        face_mask: Which faces there are.
        check: Whether vertices, faces and camera are looked at.

    Returns:
        Degrees in [0, 1], (*batch, height, width), the first row on top.

    Raises:
        ShapeError: Shapes do not fit.
        RangeError: A value is not finite or out of range (the message names it), or the camera stands at its
            target.

    Gradient:
        By `vertices`, `eye`, `target`, `up`, `fov`, `half_height` and `steepness`: of first and second order
        by kernels, of any by the plain version.

    >>> import torch
    >>> corners = torch.tensor([[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [0.0, 1.0, 0.0]])
    >>> eye = torch.tensor([0.0, 0.0, 3.0])
    >>> render_silhouette(corners, torch.tensor([[0, 1, 2]]), eye, size=4).round()
    tensor([[0., 0., 0., 0.],
            [0., 1., 1., 0.],
            [0., 1., 1., 0.],
            [0., 0., 0., 0.]])
    """
    from algonet_runtime.rendering.arguments import read_scene
    from algonet_runtime.rendering.pictures import draw_silhouette

    scene = read_scene("render_silhouette", locals())
    return draw_silhouette(scene).to(vertices.dtype)


run_kernels(render_silhouette)
