"""The soft silhouettes of PyTorch3D, for the same meshes and camera."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def soft_silhouette(vertices: Tensor, faces: Tensor, eye: Tensor, *, size: int) -> Tensor:
    """(B, size, size), with the sharpness and the faces per pixel of its tutorials."""
    from pytorch3d import renderer, structures

    pytorch3d: Any = renderer
    meshes = structures.Meshes(verts=list(vertices), faces=[faces] * len(vertices))
    turn, shift = pytorch3d.look_at_view_transform(eye=eye[None], at=((0.0, 0.0, 0.0),))
    cameras = pytorch3d.FoVPerspectiveCameras(R=turn, T=shift, fov=60.0)
    blend = pytorch3d.BlendParams(sigma=1e-4, gamma=1e-4)
    settings = pytorch3d.RasterizationSettings(
        image_size=size, blur_radius=float(torch.tensor(1 / 1e-4 - 1).log() * 1e-4), faces_per_pixel=50
    )
    rasterizer = pytorch3d.MeshRasterizer(cameras=cameras, raster_settings=settings)
    shader = pytorch3d.SoftSilhouetteShader(blend_params=blend)
    return pytorch3d.MeshRenderer(rasterizer, shader)(meshes)[..., 3]
