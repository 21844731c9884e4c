"""Networks that move payloads as single operations of autograd. Imports torch.

With psi = <g, P(x, steepness) payload>, which is linear in payload and in g: `Carry` gives P, or the
transposed P, times a payload; `CarryGradient` has the four gradients of psi, and so serves both;
`CarryCurvature` has their derivative in a direction. Payload and g are (.., n, columns), or (n, columns) for
all rows.
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
    summed,
    untraced,
)
from algonet_runtime.sorting.operations import kernels, recorded


def carried(keys: Tensor, steepness: Tensor, payload: Tensor, how: How, *, is_transposed: bool) -> Tensor:
    """P, or the transposed P, times the payload, (.., n, columns)."""
    if torch.compiler.is_compiling():
        return recorded.carry(keys, steepness, payload, *how, is_transposed)
    return apply(Carry, keys, steepness, payload, how, is_transposed)


@final
class Carry(torch.autograd.Function):
    """A payload moved as the keys are, or moved back."""

    @staticmethod
    def forward(x: Tensor, steepness: Tensor, payload: Tensor, how: How, is_transposed: bool) -> Tensor:
        return kernels.carry(x, steepness, payload, *how, is_transposed)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, steepness, payload, ctx.how, ctx.is_transposed = inputs
        ctx.save_for_backward(x, steepness, payload)
        ctx.save_for_forward(x, steepness, payload)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        x, steepness, payload = ctx.saved_tensors
        asked = ctx.needs_input_grad[2]
        pair, flags = (payload, grads[0]), (asked, False)
        if ctx.is_transposed:
            pair, flags = pair[::-1], flags[::-1]
        g_x, g_s, *others = apply(CarryGradient, x, steepness, *pair, ctx.how, *flags)
        by_payload = summed(others[ctx.is_transposed], payload) if asked else None
        return g_x, g_s if ctx.needs_input_grad[1] else None, by_payload, None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        x, steepness, payload = ctx.saved_tensors
        v_x, v_s = or_zeros(tangents[0], x), or_zeros(tangents[1], steepness)
        v_payload = or_zeros(tangents[2], payload)
        return apply(CarryTangent, x, steepness, payload, v_x, v_s, v_payload, ctx.how, ctx.is_transposed)

    @staticmethod
    @untraced
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        x, steepness, payload, how, is_transposed = args
        x, payload, each = _mapped(info, in_dims, x, payload, steepness)
        return apply(Carry, x, each, payload, how, is_transposed), 0


@final
class CarryTangent(torch.autograd.Function):
    """The derivative of `Carry` by keys, steepness and payload in a direction."""

    @staticmethod
    def forward(
        x: Tensor,
        steepness: Tensor,
        payload: Tensor,
        v_x: Tensor,
        v_s: Tensor,
        v_payload: Tensor,
        how: How,
        is_transposed: bool,
    ) -> Any:
        zero = torch.zeros_like(payload)
        pair, v_pair = (payload, zero), (v_payload, zero)
        if is_transposed:
            pair, v_pair = pair[::-1], v_pair[::-1]
        found = kernels.carry_curvature(x, steepness, *pair, v_x, v_s, *v_pair, *how)
        return found[2 if is_transposed else 3]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        *tensors, ctx.how, ctx.is_transposed = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        x, steepness, payload, v_x, v_s, v_payload = ctx.saved_tensors
        g, zero = grads[0], torch.zeros_like(grads[0])
        first, second = (payload, g), (v_payload, zero)
        if ctx.is_transposed:
            first, second = first[::-1], second[::-1]
        place = 3 if ctx.is_transposed else 2
        by_value = apply(CarryCurvature, x, steepness, *first, v_x, v_s, *second, ctx.how)
        flags = (False, True) if ctx.is_transposed else (True, False)
        by_tangent = apply(CarryGradient, x, steepness, *first, ctx.how, *flags)
        return (
            by_value[0],
            by_value[1],
            summed(by_value[place], payload),
            by_tangent[0],
            by_tangent[1],
            summed(by_tangent[place], v_payload),
            None,
            None,
        )

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> NoReturn:
        raise not_there("forward derivatives of forward derivatives")

    @staticmethod
    @untraced
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        x, steepness, payload, v_x, v_s, v_payload, how, is_transposed = args
        x, payload, each = _mapped(info, in_dims, x, payload, steepness)
        v_x, v_payload, v_each = _mapped(info, in_dims[3:], v_x, v_payload, v_s)
        return apply(CarryTangent, x, each, payload, v_x, v_each, v_payload, how, is_transposed), 0


@final
class CarryGradient(torch.autograd.Function):
    """The gradients of psi by keys, steepness, payload and g; the last two empty unless asked for."""

    @staticmethod
    def forward(
        x: Tensor, steepness: Tensor, payload: Tensor, g: Tensor, how: How, by_payload: bool, by_g: bool
    ) -> Any:
        return kernels.carry_gradient(x, steepness, payload, g, *how, by_payload, by_g)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, steepness, payload, g, ctx.how, ctx.by_payload, ctx.by_g = inputs
        ctx.save_for_backward(x, steepness, payload, g)
        ctx.save_for_forward(x, steepness, payload, g)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        x, steepness, payload, g = ctx.saved_tensors
        v_x, v_s = or_zeros(grads[0], x), or_zeros(grads[1], steepness)
        # Of the gradients' tangents, those by payload and by g are per row.
        v_payload = or_zeros(grads[2] if ctx.by_payload else None, payload)
        v_g = or_zeros(grads[3] if ctx.by_g else None, g)
        found = apply(CarryCurvature, x, steepness, payload, g, v_x, v_s, v_payload, v_g, ctx.how)
        return (*found[:2], summed(found[2], payload), summed(found[3], g), None, None, None)

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        x, steepness, payload, g = ctx.saved_tensors
        v = [or_zeros(v, like) for v, like in zip(tangents, (x, steepness, payload, g), strict=False)]
        h_x, h_s, h_payload, h_g = apply(CarryCurvature, x, steepness, payload, g, *v, ctx.how)
        none = x.new_zeros(0)
        return h_x, h_s, h_payload if ctx.by_payload else none, h_g if ctx.by_g else none

    @staticmethod
    @untraced
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        x, steepness, payload, g, how, by_payload, by_g = args
        g = _folded_payload(g, in_dims[3], info.batch_size, x.ndim - (in_dims[0] is not None))
        x, payload, each = _mapped(info, in_dims, x, payload, steepness)
        found = apply(CarryGradient, x, each, payload, g, how, by_payload, by_g)
        g_s = as_given(found[1], steepness, in_dims[1], info.batch_size)
        return (found[0], g_s, *found[2:]), (0, 0, 0 if by_payload else None, 0 if by_g else None)


@final
class CarryCurvature(torch.autograd.Function):
    """Derivatives of the four gradients of psi in a direction; those by payload and g are per row."""

    @staticmethod
    def forward(
        x: Tensor,
        steepness: Tensor,
        payload: Tensor,
        g: Tensor,
        v_x: Tensor,
        v_s: Tensor,
        v_payload: Tensor,
        v_g: Tensor,
        how: How,
    ) -> Any:
        return kernels.carry_curvature(x, steepness, payload, g, v_x, v_s, v_payload, v_g, *how)

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
        x, steepness, payload, g, v_x, v_s, v_payload, v_g, how = args
        rank, size = x.ndim - (in_dims[0] is not None), info.batch_size
        g = _folded_payload(g, in_dims[3], size, rank)
        v_g = _folded_payload(v_g, in_dims[7], size, rank)
        x, payload, each = _mapped(info, in_dims, x, payload, steepness)
        v_x, v_payload, v_each = _mapped(info, in_dims[4:], v_x, v_payload, v_s)
        found = apply(CarryCurvature, x, each, payload, g, v_x, v_each, v_payload, v_g, how)
        return (found[0], as_given(found[1], steepness, in_dims[1], size), *found[2:]), (0, 0, 0, 0)


def _mapped(
    info: Any, in_dims: tuple[Any, ...], x: Tensor, payload: Tensor, steepness: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Keys, payload and steepness with the mapped dimension in front, a steepness for every row."""
    size = info.batch_size
    rank = x.ndim - (in_dims[0] is not None)
    x = folded(x, in_dims[0], size)
    return (
        x,
        _folded_payload(payload, in_dims[2], size, rank),
        per_row(steepness, in_dims[1], size, x.shape[:-1]),
    )


def _folded_payload(payload: Tensor, dim: int | None, size: int, rank: int) -> Tensor:
    """With the mapped dimension in front; one for all rows stays so, or becomes one for each row of a call.

    Args:
        payload: Payloads of the rows, or one for all.
        dim: Where it is mapped.
        size: Of the mapped dimension.
        rank: Dimensions of the keys without the mapped one.
    """
    if dim is None and payload.ndim == 2:
        return payload
    moved = folded(payload, dim, size)
    if moved.ndim == 3 and rank > 1:
        return moved.reshape(size, *(1 for _ in range(rank - 1)), *moved.shape[1:])
    return moved


for _each in (Carry, CarryTangent, CarryGradient, CarryCurvature):
    skip_binding(_each)
