"""Batches of any shape as rows and back, for files that stand alone."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import torch


class Batch(NamedTuple):
    """What the results of a call are made of.

    Args:
        shape: The shape of the batch.
        rows: A tensor of shape (rows,), for type and device.
        dtype: That of the results.
    """

    shape: tuple[int, ...]
    rows: torch.Tensor
    dtype: torch.dtype

    def result(self, value: Any) -> torch.Tensor:
        """A value of shape (rows, *shape), or a number for all rows, in the shape of the batch."""
        if not isinstance(value, torch.Tensor):
            value = torch.full_like(self.rows, value)
        return value.reshape(self.shape + value.shape[1:]).to(self.dtype).clone()


def batched(
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any],
    shapes: Mapping[str, tuple[int, ...]],
    dtype: torch.dtype | None = None,
) -> tuple[Batch, list[torch.Tensor]]:
    """Parameters and inputs as tensors of shape (rows, *shape), in this order.

    Args:
        inputs: Tensors, arrays, lists or numbers: batch dimensions, which broadcast, then the shape.
        parameters: The same.
        shapes: Those of every input and parameter.
        dtype: Of computation and results; None for the widest type among the inputs.

    Raises:
        ValueError: An input has another shape.
    """
    values = {**parameters, **inputs}
    tensors = {name: torch.as_tensor(value) for name, value in values.items() if hasattr(value, "dtype")}
    given = (tensors[name] for name in inputs if name in tensors)
    own = (tensors[name] for name in parameters if name in tensors)
    wanted = dtype or widest(given) or widest(own) or torch.get_default_dtype()
    computed = wanted if wanted in (torch.float32, torch.float64) else torch.float32
    device = next((tensor.device for tensor in tensors.values()), None)
    aligned = [
        with_shape(
            name, torch.as_tensor(tensors.get(name, value), dtype=computed, device=device), shapes[name]
        )
        for name, value in values.items()
    ]
    ranks = [len(shapes[name]) for name in values]
    batch = torch.broadcast_shapes(
        *(x.shape[: x.dim() - rank] for x, rank in zip(aligned, ranks, strict=True))
    )
    flat = [
        x.expand(batch + x.shape[x.dim() - rank :]).reshape(batch.numel(), *x.shape[x.dim() - rank :])
        for x, rank in zip(aligned, ranks, strict=True)
    ]
    rows = torch.ones(batch.numel(), dtype=computed, device=device)
    return Batch(tuple(batch), rows, wanted), flat


def widest(tensors: Iterable[torch.Tensor]) -> torch.dtype | None:
    """The widest floating-point type; None if there is none."""
    found: torch.dtype | None = None
    for tensor in tensors:
        if tensor.dtype.is_floating_point:
            found = tensor.dtype if found is None else torch.promote_types(found, tensor.dtype)
    return found


def with_shape(name: str, tensor: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """The tensor, if its last dimensions are these."""
    rank = len(shape)
    if tensor.dim() < rank or tuple(tensor.shape[tensor.dim() - rank :]) != shape:
        raise ValueError(f"`{name}` has shape {tuple(tensor.shape)}; its last dimensions must be {shape}")
    return tensor


def warn_about(counts: Iterable[Iterable[int]], lines: Iterable[int]) -> None:
    """Say which loops were stopped before they ended.

    Args:
        counts: Per loop: entries, most trips, ends by themselves, at the cap, by NaN.
        lines: Where they are in the source.
    """
    for (_, trips, _, capped, _), line in zip(counts, lines, strict=True):
        if capped:
            warnings.warn(f"the loop in line {line} was stopped after {trips} trips", stacklevel=3)
