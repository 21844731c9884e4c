"""Smooth rendering of triangle meshes: pictures, meshes, cameras, regularisers, metrics.

Everything is imported from here, `from algonet_runtime.rendering import Mesh`, and loaded on first use, since
it needs torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from algonet_runtime.rendering.camera import Camera
    from algonet_runtime.rendering.mesh import Mesh
    from algonet_runtime.rendering.mesh_files import MeshFileError, load_mesh, save_mesh
    from algonet_runtime.rendering.metrics import (
        chamfer_distance,
        sample_surface,
        silhouette_iou,
        voxel_iou,
        voxelise,
    )
    from algonet_runtime.rendering.regularisers import (
        MeshRegulariser,
        edge_length_deviation,
        laplacian_distance,
        normal_consistency,
    )
    from algonet_runtime.rendering.renderer import Lighting, Rendering, SmoothRenderer
    from algonet_runtime.rendering.shapes import icosphere, superquadric, union

__all__ = [
    "Camera",
    "Lighting",
    "Mesh",
    "MeshFileError",
    "MeshRegulariser",
    "Rendering",
    "SmoothRenderer",
    "chamfer_distance",
    "edge_length_deviation",
    "icosphere",
    "laplacian_distance",
    "load_mesh",
    "normal_consistency",
    "sample_surface",
    "save_mesh",
    "silhouette_iou",
    "superquadric",
    "union",
    "voxel_iou",
    "voxelise",
]

_NAMES = {
    "camera": ("Camera",),
    "mesh": ("Mesh",),
    "mesh_files": ("MeshFileError", "load_mesh", "save_mesh"),
    "metrics": ("chamfer_distance", "sample_surface", "silhouette_iou", "voxel_iou", "voxelise"),
    "regularisers": (
        "MeshRegulariser",
        "edge_length_deviation",
        "laplacian_distance",
        "normal_consistency",
    ),
    "renderer": ("Lighting", "Rendering", "SmoothRenderer"),
    "shapes": ("icosphere", "superquadric", "union"),
}
"""What each module gives."""

_MODULES = {name: module for module, names in _NAMES.items() for name in names}


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
