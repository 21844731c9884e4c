"""Whole networks as single operations of autograd. Imports torch.

`Sort` has a backward, `SortGradient`, which has one too, `SortCurvature`; the derivative of that raises. In
all, x is (.., n) and the steepness has the batch's shape, or is (1,).
"""

from __future__ import annotations

from typing import Any, NoReturn, final

import torch
from torch import Tensor

from algonet_runtime.errors import not_there
from algonet_runtime.sorting.fused_parts import (
    How,
    apply,
    as_given,
    folded,
    or_zeros,
    per_row,
    skip_binding,
    untraced,
)
from algonet_runtime.sorting.operations import kernels, recorded


def sorted_keys(keys: Tensor, steepness: Tensor, how: How) -> Tensor:
    """The keys (.., n) after the network, as `reference.compare` gives them; right at the outputs."""
    if torch.compiler.is_compiling():
        return recorded.sort(keys, steepness, *how)
    return apply(Sort, keys, steepness, how)


@final
class Sort(torch.autograd.Function):
    """Sorted keys."""

    @staticmethod
    def forward(x: Tensor, steepness: Tensor, how: How) -> Tensor:
        return kernels.sort(x, steepness, *how)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, steepness, ctx.how = inputs
        ctx.save_for_backward(x, steepness)
        ctx.save_for_forward(x, steepness)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        x, steepness = ctx.saved_tensors
        is_measured = ctx.needs_input_grad[1]
        g_x, g_s = apply(SortGradient, x, steepness, grads[0], ctx.how, is_measured)
        return g_x, g_s if is_measured else None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        x, steepness = ctx.saved_tensors
        v_x, v_s = or_zeros(tangents[0], x), or_zeros(tangents[1], steepness)
        return apply(SortTangent, x, steepness, v_x, v_s, ctx.how)

    @staticmethod
    @untraced
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        x, steepness, how = args
        x = folded(x, in_dims[0], info.batch_size)
        steepness = per_row(steepness, in_dims[1], info.batch_size, x.shape[:-1])
        return apply(Sort, x, steepness, how), 0


@final
class SortTangent(torch.autograd.Function):
    """The derivative of sorted keys by x and steepness in a direction."""

    @staticmethod
    def forward(x: Tensor, steepness: Tensor, v_x: Tensor, v_s: Tensor, how: How) -> Any:
        zero = torch.zeros_like(x)
        return kernels.sort_curvature(x, steepness, zero, v_x, v_s, zero, *how)[2]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        *tensors, ctx.how = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        x, steepness, v_x, v_s = ctx.saved_tensors
        zero = torch.zeros_like(x)
        h_x, h_s, _ = apply(SortCurvature, x, steepness, grads[0], v_x, v_s, zero, ctx.how)
        g_x, g_s = apply(SortGradient, x, steepness, grads[0], ctx.how, True)
        return h_x, h_s, g_x, g_s, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> NoReturn:
        raise not_there("forward derivatives of forward derivatives")

    @staticmethod
    @untraced
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        x, steepness, v_x, v_s, how = args
        size = info.batch_size
        x, v_x = folded(x, in_dims[0], size), folded(v_x, in_dims[2], size)
        rows = x.shape[:-1]
        steepness = per_row(steepness, in_dims[1], size, rows)
        return apply(SortTangent, x, steepness, v_x, per_row(v_s, in_dims[3], size, rows), how), 0


@final
class SortGradient(torch.autograd.Function):
    """The gradient of <g, sort(x)> by keys and, if it is measured, by steepness."""

    @staticmethod
    def forward(x: Tensor, steepness: Tensor, g: Tensor, how: How, is_measured: bool) -> Any:
        return kernels.sort_gradient(x, steepness, g, *how, is_measured)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, steepness, g, ctx.how, ctx.is_measured = inputs
        ctx.save_for_backward(x, steepness, g)
        ctx.save_for_forward(x, steepness, g)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        x, steepness, g = ctx.saved_tensors
        v_x, v_s = or_zeros(grads[0], x), or_zeros(grads[1], steepness)
        zero = torch.zeros_like(g)
        h_x, h_s, h_g = apply(SortCurvature, x, steepness, g, v_x, v_s, zero, ctx.how)
        return h_x, h_s, h_g, None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        x, steepness, g = ctx.saved_tensors
        v_x, v_s = or_zeros(tangents[0], x), or_zeros(tangents[1], steepness)
        v_g = or_zeros(tangents[2], g)
        h_x, h_s, _ = apply(SortCurvature, x, steepness, g, v_x, v_s, v_g, ctx.how)
        return h_x, h_s if ctx.is_measured else torch.zeros_like(steepness)

    @staticmethod
    @untraced
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        x, steepness, g, how, is_measured = args
        size = info.batch_size
        x, g = folded(x, in_dims[0], size), folded(g, in_dims[2], size)
        each = per_row(steepness, in_dims[1], size, x.shape[:-1])
        g_x, g_s = apply(SortGradient, x, each, g, how, is_measured)
        g_s = as_given(g_s, steepness, in_dims[1], size)
        return (g_x, g_s), (0, 0)


@final
class SortCurvature(torch.autograd.Function):
    """Second derivatives of <g, sort(x)> by x, steepness and g, in a direction."""

    @staticmethod
    def forward(
        x: Tensor, steepness: Tensor, g: Tensor, v_x: Tensor, v_s: Tensor, v_g: Tensor, how: How
    ) -> Any:
        return kernels.sort_curvature(x, steepness, g, v_x, v_s, v_g, *how)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> NoReturn:
        raise not_there("third derivatives")

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> NoReturn:
        raise not_there("third derivatives")

    @staticmethod
    @untraced
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        x, steepness, g, v_x, v_s, v_g, how = args
        size = info.batch_size
        x, g, v_x, v_g = (
            folded(each, in_dims[place], size) for place, each in ((0, x), (2, g), (3, v_x), (5, v_g))
        )
        each = per_row(steepness, in_dims[1], size, x.shape[:-1])
        v_s = per_row(v_s, in_dims[4], size, x.shape[:-1])
        h_x, h_s, h_g = apply(SortCurvature, x, each, g, v_x, v_s, v_g, how)
        h_s = as_given(h_s, steepness, in_dims[1], size)
        return (h_x, h_s, h_g), (0, 0, 0)


for _each in (Sort, SortTangent, SortGradient, SortCurvature):
    skip_binding(_each)
