"""Fused networks as operations of torch.library. Imports torch.

Programs that torch.compile records call `recorded`, which have derivatives, but no forward ones, and no
batching rules. Other calls go through the autograd functions of `fused` and `fused_payload`, which have both,
to `kernels`, which have no derivatives and so take less time per call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, cast

import torch
from torch import Tensor
from torch.autograd import forward_ad

from algonet_runtime.errors import DerivativeError, not_there
from algonet_runtime.sorting.fused_parts import How, engine_of, or_zeros, summed, untraced

Four: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor]

_HOW = "str distribution, str network, int layers, int first, int last"
_KERNELS: Any = torch.library.Library("algonet_kernels", "DEF")
_RECORDED: Any = torch.library.Library("algonet", "DEF")
_torch_library: Any = torch.library

kernels: Any = torch.ops.algonet_kernels
"""The operations without derivatives."""

recorded: Any = torch.ops.algonet
"""The operations with derivatives."""


def _define(
    schema: str,
    run: Callable[..., Any],
    shapes: Callable[..., Any],
    backward: Callable[..., Any],
    setup_context: Callable[..., Any],
) -> None:
    """An operation; `HOW` in its schema stands for the fields of `How`."""
    name = schema.partition("(")[0]
    kernel = untraced(run)
    for library, function in ((_KERNELS, kernel), (_RECORDED, _loud(kernel))):
        library.define(schema.replace("HOW", _HOW))
        library.impl(name, function, "CPU")
        library.impl(name, function, "CUDA")
    _torch_library.register_fake(f"algonet::{name}", shapes)
    _torch_library.register_autograd(f"algonet::{name}", backward, setup_context=setup_context)


def _loud(run: Callable[..., Any]) -> Callable[..., Any]:
    """A program recorded outside of forward mode has no tangents, and torch would leave them out silently."""

    def function(*args: Any) -> Any:
        if cast("Any", forward_ad)._current_level >= 0:
            message = "this program was compiled outside of forward mode and has no forward derivatives; "
            raise DerivativeError(f"{message}compile it anew within, after torch.compiler.reset()")
        return run(*args)

    return function


def _kept(tensors: int) -> Callable[..., None]:
    """A set-up that keeps the first so many inputs as tensors and the others as they are."""

    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(*inputs[:tensors])
        ctx.others = inputs[tensors:]

    return setup_context


def _sort(x: Tensor, steepness: Tensor, *how: Any) -> Tensor:
    return engine_of(x).sort(x, steepness, How(*how))


def _sort_shape(x: Tensor, steepness: Tensor, *how: Any) -> Tensor:
    return x.new_empty(x.shape)


def _sort_backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
    x, steepness = ctx.saved_tensors
    is_measured = ctx.needs_input_grad[1]
    g_x, g_s = recorded.sort_gradient(x, steepness, g, *ctx.others, is_measured)
    return (g_x, g_s if is_measured else None, *(None for _ in How._fields))


def _sort_gradient(x: Tensor, steepness: Tensor, g: Tensor, *how: Any) -> tuple[Tensor, Tensor]:
    *names, is_measured = how
    return engine_of(x).sort_gradient(x, steepness, g, How(*names), is_measured)


def _sort_gradient_shapes(x: Tensor, steepness: Tensor, g: Tensor, *how: Any) -> tuple[Tensor, Tensor]:
    return x.new_empty(x.shape), steepness.new_empty(steepness.shape)


def _sort_gradient_backward(ctx: Any, v_x: Tensor, v_s: Tensor) -> tuple[Any, ...]:
    x, steepness, g = ctx.saved_tensors
    *how, _ = ctx.others
    found = recorded.sort_curvature(x, steepness, g, v_x, v_s, torch.zeros_like(g), *how)
    return (*found, *(None for _ in ctx.others))


def _sort_curvature(*args: Any) -> tuple[Tensor, Tensor, Tensor]:
    x, steepness, g, v_x, v_s, v_g, *how = args
    return engine_of(x).sort_curvature(x, steepness, g, v_x, v_s, v_g, How(*how))


def _sort_curvature_shapes(*args: Any) -> tuple[Tensor, Tensor, Tensor]:
    x, steepness, g = args[:3]
    return x.new_empty(x.shape), steepness.new_empty(steepness.shape), g.new_empty(g.shape)


def _carry(x: Tensor, steepness: Tensor, payload: Tensor, *how: Any) -> Tensor:
    *names, is_transposed = how
    return engine_of(x).carry(x, steepness, payload, How(*names), is_transposed)


def _carry_shape(x: Tensor, steepness: Tensor, payload: Tensor, *how: Any) -> Tensor:
    return x.new_empty(*x.shape, payload.shape[-1])


def _carry_backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
    x, steepness, payload = ctx.saved_tensors
    *how, is_transposed = ctx.others
    asked = ctx.needs_input_grad[2]
    pair, flags = (payload, g), (asked, False)
    if is_transposed:
        pair, flags = pair[::-1], flags[::-1]
    g_x, g_s, *others = recorded.carry_gradient(x, steepness, *pair, *how, *flags)
    by_payload = summed(others[is_transposed], payload) if asked else None
    return g_x, g_s, by_payload, *(None for _ in ctx.others)


def _carry_gradient(x: Tensor, steepness: Tensor, payload: Tensor, g: Tensor, *how: Any) -> Four:
    *names, by_payload, by_g = how
    return engine_of(x).carry_gradient(x, steepness, payload, g, How(*names), by_payload, by_g)


def _carry_gradient_shapes(x: Tensor, steepness: Tensor, payload: Tensor, g: Tensor, *how: Any) -> Four:
    carried = (*x.shape, payload.shape[-1])
    others = (x.new_empty(carried if asked else (0,)) for asked in how[-2:])
    first, second = others
    return x.new_empty(x.shape), steepness.new_empty(steepness.shape), first, second


def _carry_gradient_backward(ctx: Any, *v: Tensor) -> tuple[Any, ...]:
    x, steepness, payload, g = ctx.saved_tensors
    *how, by_payload, by_g = ctx.others
    v_payload, v_g = or_zeros(v[2] if by_payload else None, payload), or_zeros(v[3] if by_g else None, g)
    found = recorded.carry_curvature(x, steepness, payload, g, v[0], v[1], v_payload, v_g, *how)
    return (*found[:2], summed(found[2], payload), summed(found[3], g), *(None for _ in ctx.others))


def _carry_curvature(*args: Any) -> Four:
    x, steepness, payload, g, v_x, v_s, v_payload, v_g, *how = args
    return engine_of(x).carry_curvature(x, steepness, payload, g, v_x, v_s, v_payload, v_g, How(*how))


def _carry_curvature_shapes(*args: Any) -> Four:
    x, steepness, payload = args[:3]
    carried = (*x.shape, payload.shape[-1])
    return (
        x.new_empty(x.shape),
        steepness.new_empty(steepness.shape),
        x.new_empty(carried),
        x.new_empty(carried),
    )


def _no_backward(ctx: Any, *grads: Any) -> Any:
    raise not_there("third derivatives")


_PAIR = "Tensor x, Tensor steepness"
_PAYLOADS = f"{_PAIR}, Tensor payload, Tensor g"
_define(f"sort({_PAIR}, HOW) -> Tensor", _sort, _sort_shape, _sort_backward, _kept(2))
_define(
    f"sort_gradient({_PAIR}, Tensor g, HOW, bool is_measured) -> (Tensor, Tensor)",
    _sort_gradient,
    _sort_gradient_shapes,
    _sort_gradient_backward,
    _kept(3),
)
_define(
    f"sort_curvature({_PAIR}, Tensor g, Tensor v_x, Tensor v_s, Tensor v_g, HOW) -> (Tensor, Tensor, Tensor)",
    _sort_curvature,
    _sort_curvature_shapes,
    _no_backward,
    _kept(6),
)
_define(
    f"carry({_PAIR}, Tensor payload, HOW, bool is_transposed) -> Tensor",
    _carry,
    _carry_shape,
    _carry_backward,
    _kept(3),
)
_define(
    f"carry_gradient({_PAYLOADS}, HOW, bool by_payload, bool by_g) -> (Tensor, Tensor, Tensor, Tensor)",
    _carry_gradient,
    _carry_gradient_shapes,
    _carry_gradient_backward,
    _kept(4),
)
_define(
    f"carry_curvature({_PAYLOADS}, Tensor v_x, Tensor v_s, Tensor v_payload, Tensor v_g, HOW)"
    " -> (Tensor, Tensor, Tensor, Tensor)",
    _carry_curvature,
    _carry_curvature_shapes,
    _no_backward,
    _kept(8),
)
