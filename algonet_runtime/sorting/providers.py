"""Which calls of sorting operations kernels take, and why not others. Loads without torch."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from algonet_runtime.memo import remembered
from algonet_runtime.relax.distribution import DISTRIBUTIONS, Distribution
from algonet_runtime.sorting.network import NETWORKS, FusedNetwork

if TYPE_CHECKING:
    from torch import Tensor

    from algonet_runtime.intrinsic import Intrinsic


def run_numba(operation: Intrinsic[..., Any]) -> None:
    """Declare the Numba kernel of an operation, which is its plain version on a fused network."""

    @operation.kernel(provider="numba", device="cpu", rejects=_refusal)
    def run(**values: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
        fused = FusedNetwork(NETWORKS[values["network"]])
        return cast("Any", operation.reference)(**values | {"network": fused})


def _refusal(values: Mapping[str, Any]) -> str | None:
    """Why the kernels cannot take the arguments; None if they can."""
    if values.get("method") == "fast":
        return "the fast median has no network"
    if not isinstance(values["network"], str) or values["network"] not in NETWORKS:
        return f"no kernel runs the network {values['network']!r}"
    distribution = values["distribution"]
    if isinstance(distribution, Distribution):
        return f"the distribution {distribution.name} is given as an object; kernels know those of a name"
    if distribution not in DISTRIBUTIONS:
        return f"no kernel has the distribution {distribution!r}"
    if not _is_installed():
        return "numba is not installed: pip install 'whilec[native]'"
    mask = values["mask"]
    if mask is not None and not _is_seen(mask):
        return "the mask is mapped by vmap or being recorded"
    given = (values.get(name) for name in ("x", "keys", "payload", "steepness", "mask"))
    tensors = (each for each in given if not isinstance(each, int | float | str | None))
    return next((reason for reason in map(_tensor_refusal, tensors) if reason is not None), None)


def _tensor_refusal(value: Tensor) -> str | None:
    import torch
    from torch.utils._python_dispatch import is_in_torch_dispatch_mode

    if torch.compiler.is_compiling():
        return "torch.compile and torch.export take the plain version"
    if cast("Any", torch.jit).is_tracing() or is_in_torch_dispatch_mode():
        return "the call is being recorded"
    if type(value) not in (torch.Tensor, torch.nn.Parameter):
        return f"a {type(value).__name__} is no plain tensor"
    if value.device.type != "cpu":
        return f"a tensor is on {value.device}"
    if value.layout != torch.strided:
        return f"the layout is {value.layout}"
    return None


def _is_seen(mask: Tensor) -> bool:
    from algonet_runtime.tensors import is_seen

    return is_seen(mask)


@remembered
def _is_installed() -> bool:
    return find_spec("numba") is not None
