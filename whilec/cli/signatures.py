"""Signatures of intrinsics as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from algonet_runtime import Signature


def call_text(signature: Signature) -> str:
    """A call with all arguments and results: `soft_rank(x[n], steepness = 10.0) -> soft_rank[n]`."""
    parameters: list[str] = []
    for parameter in signature.parameters:
        default = (
            "" if parameter.required else f" = {'..' if parameter.default is None else parameter.default}"
        )
        kind = ": int" if parameter.is_whole else ""
        parameters.append(f"{parameter.name}{kind}{_shape(parameter.dims)}{default}")
    kinds = ", ".join(f"real{_shape(result.dims)}" for result in signature.results)
    return f"{signature.name}({', '.join(parameters)}) -> {kinds}"


def _shape(dims: Sequence[object]) -> str:
    return f"[{', '.join(map(str, dims))}]" if dims else ""
