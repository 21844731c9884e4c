"""Which calls of sorting operations kernels take, and why not others. Loads without torch."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from math import prod
from typing import TYPE_CHECKING, Any, cast

from algonet_runtime.memo import remembered
from algonet_runtime.relax.distribution import DISTRIBUTIONS, Distribution
from algonet_runtime.sorting.network import NETWORKS, FusedNetwork

if TYPE_CHECKING:
    from torch import Tensor

    from algonet_runtime.intrinsic import Intrinsic

MOST_KEYS_ON_CUDA = 16384
"""The most keys of a row in a Triton kernel, which has them in the registers of 16 warps."""

MOST_CARRYING_KEYS_ON_CUDA = 8192
"""The most keys of a row with a payload."""

MOST_COLUMNS_ON_CUDA = 2**16 - 1
"""The most columns of a payload: so many programs may stand side by side."""


def run_kernels(operation: Intrinsic[..., Any], *, is_carrying: bool = True) -> None:
    """Declare the kernels of an operation, which is its plain version on a fused network.

    Args:
        operation: One of sorting.
        is_carrying: Whether it moves a payload.
    """

    def run(**values: Any) -> Any:
        fused = FusedNetwork(NETWORKS[values["network"]])
        return cast("Any", operation.reference)(**values | {"network": fused})

    def on_cpu(values: Mapping[str, Any]) -> str | None:
        return _refusal(values, "cpu")

    def on_cuda(values: Mapping[str, Any]) -> str | None:
        return _refusal(values, "cuda") or _size_refusal(values, is_carrying)

    operation.kernel(provider="numba", device="cpu", rejects=on_cpu)(run)
    operation.kernel(provider="triton", device="cuda", rejects=on_cuda)(run)


_PACKAGES = {"cpu": ("numba", "native"), "cuda": ("triton", "gpu")}
"""What kernels for a device need, and the extra that installs it."""

_TENSORS = ("x", "keys", "payload", "steepness", "mask")


def _refusal(values: Mapping[str, Any], device: str) -> str | None:
    """Why the kernels of a device cannot take the arguments; None if they can."""
    if values.get("method") == "fast":
        return "the fast median has no network"
    if values["error_free"]:
        return "error-free swaps run as plain torch operations"
    if not isinstance(values["network"], str) or values["network"] not in NETWORKS:
        return f"no kernel runs the network {values['network']!r}"
    distribution = values["distribution"]
    if isinstance(distribution, Distribution):
        return f"the distribution {distribution.name} is given as an object; kernels know those of a name"
    if distribution not in DISTRIBUTIONS:
        return f"no kernel has the distribution {distribution!r}"
    package, extra = _PACKAGES[device]
    if not _is_installed(package):
        return f"{package} is not installed: pip install 'whilec[{extra}]'"
    mask = values["mask"]
    if mask is not None and not _is_seen(mask):
        return "the mask is mapped by vmap or being recorded"
    given = (values.get(name) for name in _TENSORS)
    tensors = (each for each in given if not isinstance(each, int | float | str | None))
    reasons = (_tensor_refusal(each, device) for each in tensors)
    return next((reason for reason in reasons if reason is not None), None)


def _tensor_refusal(value: Tensor, device: str) -> str | None:
    import torch
    from torch.utils._python_dispatch import is_in_torch_dispatch_mode

    if torch.compiler.is_compiling():
        from algonet_runtime.tensors import is_in_transform

        if torch.compiler.is_exporting():
            return "torch.export takes the plain version, which any machine can run"
        if is_in_transform():
            return "a transform inside torch.compile takes the plain version"
    elif cast("Any", torch.jit).is_tracing() or is_in_torch_dispatch_mode():
        return "the call is being recorded"
    if type(value) not in (torch.Tensor, torch.nn.Parameter):
        return f"a {type(value).__name__} is no plain tensor"
    if value.device.type != device:
        return f"a tensor is on {value.device}"
    if value.layout != torch.strided:
        return f"the layout is {value.layout}"
    return None


def _size_refusal(values: Mapping[str, Any], is_carrying: bool) -> str | None:
    """Why Triton kernels cannot take rows of this size; None if they can."""
    keys: Tensor = values["keys"] if "keys" in values else values["x"]
    dim: int = values.get("dim", -1)
    n = keys.shape[dim] if -keys.ndim <= dim < keys.ndim else 0
    most = MOST_CARRYING_KEYS_ON_CUDA if is_carrying else MOST_KEYS_ON_CUDA
    what = " with a payload" if is_carrying else ""
    if n > most:
        return f"Triton kernels take at most {most} keys in a row{what}, not {n}"
    if "payload" in values:
        trailing = values["trailing"]
        columns = prod(values["payload"].shape[values["payload"].ndim - trailing :]) if trailing else 1
        if columns > MOST_COLUMNS_ON_CUDA:
            return f"Triton kernels take at most {MOST_COLUMNS_ON_CUDA} columns of a payload, not {columns}"
    return None


def _is_seen(mask: Tensor) -> bool:
    from algonet_runtime.tensors import is_seen

    return is_seen(mask)


@remembered
def _is_installed(package: str) -> bool:
    return find_spec(package) is not None
