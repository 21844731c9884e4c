"""Which renderings kernels take, and why not others. Loads without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast, final

from algonet_runtime.memo import remembered

if TYPE_CHECKING:
    from torch import Tensor

    from algonet_runtime.intrinsic import Intrinsic


@final
@dataclass(frozen=True)
class FusedSupport:
    """A support, drawn by kernels.

    Args:
        name: Of the support.
    """

    name: str


def run_kernels(operation: Intrinsic[..., Any]) -> None:
    """Declare the kernels of an operation, which is its plain version with a fused support."""

    def run(**values: Any) -> Any:
        return cast("Any", operation.reference)(**values | {"support": FusedSupport(values["support"])})

    operation.kernel(provider="numba", device="cpu", rejects=refusal_on_cpu)(run)


_TENSORS = (
    *("vertices", "faces", "eye", "target", "up", "fov", "half_height", "steepness", "opacity", "light"),
    *("colour", "face_mask"),
)


def refusal_on_cpu(values: Mapping[str, Any]) -> str | None:
    """Why the kernels for the CPU cannot take the arguments; None if they can."""
    if not _is_installed("numba"):
        return "numba is not installed: pip install 'whilec[native]'"
    import torch
    from torch.utils._python_dispatch import is_in_torch_dispatch_mode

    from algonet_runtime.tensors import is_in_transform

    if torch.compiler.is_compiling():
        return "torch.compile takes the plain version"
    if cast("Any", torch.jit).is_tracing() or is_in_torch_dispatch_mode():
        return "the call is being recorded"
    if is_in_transform():
        return "a transform of torch.func, or forward mode, takes the plain version"
    given = (values.get(name) for name in _TENSORS)
    reasons = (_tensor_refusal(each) for each in given if isinstance(each, torch.Tensor))
    return next((reason for reason in reasons if reason is not None), None)


def _tensor_refusal(value: Tensor) -> str | None:
    import torch

    if type(value) not in (torch.Tensor, torch.nn.Parameter):
        return f"a {type(value).__name__} is no plain tensor"
    if value.device.type != "cpu":
        return f"a tensor is on {value.device}"
    if value.layout != torch.strided:
        return f"the layout is {value.layout}"
    return None


@remembered
def _is_installed(package: str) -> bool:
    return find_spec(package) is not None
