"""Whole networks as single operations of autograd. Imports torch.

`Sort` has a backward, `SortGradient`, which has one too, `SortCurvature`; the derivative of that raises. In
all, x is (.., n) and the steepness has the batch's shape, or is (1,).
"""

from __future__ import annotations

from inspect import signature
from typing import Any, NamedTuple, NoReturn, cast, final

import torch
from torch import Tensor

from algonet_runtime.errors import DerivativeError
from algonet_runtime.relax.distribution import Distribution
from algonet_runtime.sorting import provider_numba
from algonet_runtime.sorting.network import Network


class How(NamedTuple):
    """What a kernel runs: names of distribution and network, layers, first and last rank asked for."""

    distribution: str
    network: str
    layers: int
    first: int
    last: int


_LIBRARY: Any = torch.library.Library("algonet", "DEF")
_HOW = "str distribution, str network, int layers, int first, int last"
_LIBRARY.define(f"sort(Tensor x, Tensor steepness, {_HOW}) -> Tensor")
_LIBRARY.define(
    f"sort_gradient(Tensor x, Tensor steepness, Tensor g, {_HOW}, bool is_measured) -> (Tensor, Tensor)"
)
_LIBRARY.define(
    "sort_curvature(Tensor x, Tensor steepness, Tensor g, Tensor v_x, Tensor v_s, Tensor v_g, "
    f"{_HOW}) -> (Tensor, Tensor, Tensor)"
)


def _sort(x: Tensor, steepness: Tensor, *how: Any) -> Tensor:
    return provider_numba.sort(x, steepness, How(*how))


def _sort_gradient(x: Tensor, steepness: Tensor, g: Tensor, *how: Any) -> tuple[Tensor, Tensor]:
    *names, is_measured = how
    return provider_numba.sort_gradient(x, steepness, g, How(*names), is_measured)


def _sort_curvature(*args: Any) -> tuple[Tensor, Tensor, Tensor]:
    x, steepness, g, v_x, v_s, v_g, *how = args
    return provider_numba.sort_curvature(x, steepness, g, v_x, v_s, v_g, How(*how))


for _name, _function in (
    ("sort", _sort),
    ("sort_gradient", _sort_gradient),
    ("sort_curvature", _sort_curvature),
):
    _LIBRARY.impl(_name, _function, "CPU")

_operations: Any = torch.ops.algonet


def sorted_keys(
    keys: Tensor,
    steepness: float | Tensor,
    network: Network,
    distribution: Distribution,
    limit: int | None,
    outputs: tuple[int, ...] | None,
) -> Tensor:
    """The keys (.., n) after the network, as `reference.compare` gives them; right at the outputs."""
    n = keys.shape[-1]
    depth = network.depth(n) if limit is None else limit
    first, last = (0, max(n - 1, 0)) if not outputs else (outputs[0], outputs[-1])
    if isinstance(steepness, Tensor):
        each: Tensor = steepness.squeeze(-1).expand(keys.shape[:-1])
    else:
        each = torch.full((1,), steepness, dtype=keys.dtype)
    found: Tensor = _apply(Sort, keys, each, How(distribution.name, network.name, depth, first, last))
    return found


def _apply(function: Any, *args: Any) -> Any:
    return function.apply(*args)


def _folded(value: Tensor, dim: int | None, size: int) -> Tensor:
    """The mapped dimension in front; repeated if there is none."""
    return value.expand(size, *value.shape) if dim is None else value.movedim(dim, 0)


@final
class Sort(torch.autograd.Function):
    """Sorted keys."""

    @staticmethod
    def forward(x: Tensor, steepness: Tensor, how: How) -> Tensor:
        return _operations.sort(x, steepness, *how)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, steepness, ctx.how = inputs
        ctx.save_for_backward(x, steepness)
        ctx.save_for_forward(x, steepness)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        x, steepness = ctx.saved_tensors
        is_measured = ctx.needs_input_grad[1]
        g_x, g_s = _apply(SortGradient, x, steepness, grads[0], ctx.how, is_measured)
        return g_x, g_s if is_measured else None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        x, steepness = ctx.saved_tensors
        v_x, v_s = _or_zeros(tangents[0], x), _or_zeros(tangents[1], steepness)
        return _apply(SortTangent, x, steepness, v_x, v_s, ctx.how)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        x, steepness, how = args
        x = _folded(x, in_dims[0], info.batch_size)
        steepness = _per_row(steepness, in_dims[1], info.batch_size, x.shape[:-1])
        return _apply(Sort, x, steepness, how), 0


@final
class SortTangent(torch.autograd.Function):
    """The derivative of sorted keys by x and steepness in a direction."""

    @staticmethod
    def forward(x: Tensor, steepness: Tensor, v_x: Tensor, v_s: Tensor, how: How) -> Any:
        zero = torch.zeros_like(x)
        return _operations.sort_curvature(x, steepness, zero, v_x, v_s, zero, *how)[2]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        *tensors, ctx.how = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        x, steepness, v_x, v_s = ctx.saved_tensors
        zero = torch.zeros_like(x)
        h_x, h_s, _ = _apply(SortCurvature, x, steepness, grads[0], v_x, v_s, zero, ctx.how)
        g_x, g_s = _apply(SortGradient, x, steepness, grads[0], ctx.how, True)
        return h_x, h_s, g_x, g_s, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> NoReturn:
        raise _not_there("forward derivatives of forward derivatives")

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        x, steepness, v_x, v_s, how = args
        size = info.batch_size
        x, v_x = _folded(x, in_dims[0], size), _folded(v_x, in_dims[2], size)
        rows = x.shape[:-1]
        steepness = _per_row(steepness, in_dims[1], size, rows)
        return _apply(SortTangent, x, steepness, v_x, _per_row(v_s, in_dims[3], size, rows), how), 0


@final
class SortGradient(torch.autograd.Function):
    """The gradient of <g, sort(x)> by keys and, if it is measured, by steepness."""

    @staticmethod
    def forward(x: Tensor, steepness: Tensor, g: Tensor, how: How, is_measured: bool) -> Any:
        return _operations.sort_gradient(x, steepness, g, *how, is_measured)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, steepness, g, ctx.how, ctx.is_measured = inputs
        ctx.save_for_backward(x, steepness, g)
        ctx.save_for_forward(x, steepness, g)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        x, steepness, g = ctx.saved_tensors
        v_x, v_s = _or_zeros(grads[0], x), _or_zeros(grads[1], steepness)
        zero = torch.zeros_like(g)
        h_x, h_s, h_g = _apply(SortCurvature, x, steepness, g, v_x, v_s, zero, ctx.how)
        return h_x, h_s, h_g, None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        x, steepness, g = ctx.saved_tensors
        v_x, v_s = _or_zeros(tangents[0], x), _or_zeros(tangents[1], steepness)
        v_g = _or_zeros(tangents[2], g)
        h_x, h_s, _ = _apply(SortCurvature, x, steepness, g, v_x, v_s, v_g, ctx.how)
        return h_x, h_s if ctx.is_measured else torch.zeros_like(steepness)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        x, steepness, g, how, is_measured = args
        size = info.batch_size
        x, g = _folded(x, in_dims[0], size), _folded(g, in_dims[2], size)
        each = _per_row(steepness, in_dims[1], size, x.shape[:-1])
        g_x, g_s = _apply(SortGradient, x, each, g, how, is_measured)
        g_s = _as_given(g_s, steepness, in_dims[1], size)
        return (g_x, g_s), (0, 0)


@final
class SortCurvature(torch.autograd.Function):
    """Second derivatives of <g, sort(x)> by x, steepness and g, in a direction."""

    @staticmethod
    def forward(
        x: Tensor, steepness: Tensor, g: Tensor, v_x: Tensor, v_s: Tensor, v_g: Tensor, how: How
    ) -> Any:
        return _operations.sort_curvature(x, steepness, g, v_x, v_s, v_g, *how)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> NoReturn:
        raise _not_there("third derivatives")

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> NoReturn:
        raise _not_there("third derivatives")

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        x, steepness, g, v_x, v_s, v_g, how = args
        size = info.batch_size
        x, g, v_x, v_g = (
            _folded(each, in_dims[place], size) for place, each in ((0, x), (2, g), (3, v_x), (5, v_g))
        )
        each = _per_row(steepness, in_dims[1], size, x.shape[:-1])
        v_s = _per_row(v_s, in_dims[4], size, x.shape[:-1])
        h_x, h_s, h_g = _apply(SortCurvature, x, each, g, v_x, v_s, v_g, how)
        h_s = _as_given(h_s, steepness, in_dims[1], size)
        return (h_x, h_s, h_g), (0, 0, 0)


def _per_row(steepness: Tensor, dim: int | None, size: int, rows: tuple[int, ...]) -> Tensor:
    """A steepness for every row, also where there was one for all."""
    moved = _folded(steepness, dim, size)
    if moved.shape[1:] != rows[1:]:
        moved = moved.reshape(size, *(1 for _ in rows[1:]))
    return moved.expand(rows)


def _as_given(by_row: Tensor, steepness: Tensor, dim: int | None, size: int) -> Tensor:
    """Gradients by the steepness of rows, (size, ..), as by the one that was given: summed if it was one."""
    given = _folded(steepness, dim, size).shape
    if by_row.shape == given:
        return by_row
    return by_row.reshape(size, by_row.shape[1:].numel()).sum(-1, keepdim=True)


def _or_zeros(value: Tensor | None, like: Tensor) -> Tensor:
    return torch.zeros_like(like) if value is None else value


def _not_there(what: str) -> DerivativeError:
    return DerivativeError(
        f"kernels have no {what}; set ALGONET_KERNELS=reference for the plain version, which has all"
    )


for _each in (Sort, SortTangent, SortGradient, SortCurvature):
    # `apply` asks for the signature at every call; to find it anew takes longer than a small network.
    cast("Any", _each.forward).__signature__ = signature(_each.forward)
