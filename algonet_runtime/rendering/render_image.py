"""A shaded picture of a mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from algonet_runtime.annotations import Bool, Float, Int
from algonet_runtime.intrinsic import intrinsic
from algonet_runtime.rendering.providers import run_kernels
from algonet_runtime.smoothness import Smoothness

if TYPE_CHECKING:
    from torch import Tensor


@intrinsic(smoothness=Smoothness.C_INF, source="AlgoNet, section 4.6 and appendix A")
def render_image(
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
    opacity: float | Tensor = 50.0,
    light: Float[Tensor, "*batch 3"] | tuple[float, float, float] = (0.3, 1.0, 0.6),
    ambient: float = 0.3,
    diffuse: float = 0.5,
    specular: float = 0.2,
    shininess: float = 8.0,
    two_sided: bool = False,
    colour: Float[Tensor, "*batch f *trail"] | None = None,
    background: float | Tensor = 0.0,
    face_mask: Bool[Tensor, "*batch f"] | None = None,
    check: bool = True,
) -> Float[Tensor, "*batch size size"]:
    r"""Picture of a triangle mesh, smooth in vertices, camera, light and colours.

    $S \sum_f Z_f c_f + (1 - S) b$: the faces' colours c, mixed by a smooth depth order
    $Z = softmax(\log V - o z)$, before a background b. A face behind another one has part in the picture, so
    that gradients also move what is hidden.

    Args:
        vertices: Corners, in any unit of length.
        faces: Indices of corners, of all meshes of the batch or of each, counter-clockwise as seen from
            outside.
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
        opacity: o > 0, in 1 / (unit of length): how surely what is in front hides what is behind; a number,
            or a tensor of the batch's shape.
        light: Direction toward the light.
        ambient: Brightness of what no light falls on.
        diffuse: Added where the light falls straight on a face.
        specular: Added where a face mirrors the light into the camera.
        shininess: Exponent of the specular part, above 0.
        two_sided: Whether the back of a face is lit as the front is.
        colour: Of every face, grey (*batch, f) or RGB (*batch, f, 3), in place of the light.
        background: What is seen where no face is: a number, a tensor of the batch's shape, or, with RGB,
            (*batch, 3).
        face_mask: Which faces there are.
        check: Whether vertices, faces and camera are looked at.

    Returns:
        (*batch, height, width), with RGB (*batch, height, width, 3); the first row on top.

    Raises:
        ShapeError: Shapes do not fit.
        RangeError: A value is not finite or out of range (the message names it), or the camera stands at its
            target.

    Gradient:
        By all tensors that are not whole numbers: of first and second order by kernels, of any by the plain
        version.

    >>> import torch
    >>> corners = torch.tensor([[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [0.0, 1.0, 0.0]])
    >>> eye = torch.tensor([0.0, 0.0, 3.0])
    >>> grey = render_image(corners, torch.tensor([[0, 1, 2]]), eye, size=4, colour=torch.tensor([0.5]))
    >>> grey[2].round(decimals=1)
    tensor([0.1000, 0.5000, 0.5000, 0.1000])
    """
    from algonet_runtime.rendering.arguments import read_picture, read_scene
    from algonet_runtime.rendering.pictures import draw_shaded, over

    values = locals()
    scene = read_scene("render_image", values)
    picture = read_picture("render_image", values, scene)
    shaded = draw_shaded(picture.scene, picture.opacity, picture.colours)
    image = over(shaded.colour, shaded.silhouette.unsqueeze(-1), picture.background)
    return (image if picture.is_rgb else image.squeeze(-1)).to(vertices.dtype)


run_kernels(render_image)
