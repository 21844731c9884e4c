"""Numba kernels of sorting networks on tensors. Imports torch, and numba when a kernel runs."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from algonet_runtime.blocks import run_blocks
from algonet_runtime.sorting.fused_parts import How, as_steepness, each_of, rows_of
from algonet_runtime.sorting.plan import Plan, plan_of, shuffled_plan_of, stretches_of

_BLOCK_BYTES = 2**15
"""The keys of a block of rows, so that they stay in the first-level cache."""

_TAPE_BYTES = 2**21
"""The tape of a stretch of layers. With more than one, all layers are run once more."""

_SHUFFLED_LANES = 16
"""With so few rows side by side, short runs cost more than to bring all pairs of a layer side by side."""

_PAYLOAD_BYTES = 2**23
"""The payloads of a block of rows, of which a few columns are in the first-level cache at a time."""

_PAYLOAD_TAPE_BYTES = 2**22
"""The tapes of a stretch of layers with payloads. More stretches mean that payloads are moved twice."""


def sort(x: Tensor, steepness: Tensor, how: How) -> Tensor:
    """Sorted keys, (.., n)."""
    flat, out = rows_of(x), torch.empty(x.shape, dtype=x.dtype)
    plan, lanes, blocks, work = _layout(flat, how)
    kernels, kind = _kernels(how.distribution)
    arrays = (
        flat.numpy(),
        each_of(steepness, x).numpy(),
        plan.positions,
        plan.runs,
        plan.orders,
        plan.longest,
        lanes,
    )
    result = out.view(flat.shape).numpy()
    run_blocks(blocks, work, lambda begin, end: kernels.sort(kind, *arrays, begin, end, result))
    return out


def sort_gradient(
    x: Tensor, steepness: Tensor, g: Tensor, how: How, is_measured: bool
) -> tuple[Tensor, Tensor]:
    """Gradients by keys and by steepness, which is 0 if it is not measured."""
    flat, g_x = rows_of(x), torch.empty(x.shape, dtype=x.dtype)
    plan, lanes, blocks, work = _layout(flat, how)
    kernels, kind = _kernels(how.distribution)
    s = each_of(steepness, x).numpy()
    grads, result = rows_of(g).numpy(), g_x.view(flat.shape).numpy()
    stretches = _stretches(plan, lanes, 2 * x.element_size() if is_measured else x.element_size())
    given = (flat.numpy(), s, grads, plan.positions, plan.runs, plan.orders, plan.longest, stretches, lanes)
    if not is_measured:
        run_blocks(
            blocks, 3 * work, lambda begin, end: kernels.sort_gradient(kind, *given, begin, end, result)
        )
        return g_x, torch.zeros(steepness.shape, dtype=x.dtype)
    rows = torch.zeros(flat.shape[0], dtype=x.dtype)
    by_rows = rows.numpy()
    run_blocks(
        blocks,
        3 * work,
        lambda begin, end: kernels.sort_gradient_measured(kind, *given, begin, end, result, by_rows),
    )
    return g_x, as_steepness(rows, steepness, x)


def sort_curvature(
    x: Tensor, steepness: Tensor, g: Tensor, v_x: Tensor, v_s: Tensor, v_g: Tensor, how: How
) -> tuple[Tensor, Tensor, Tensor]:
    """Second derivatives of <g, sort(x)> in a direction, by keys, steepness and g."""
    flat = rows_of(x)
    plan, lanes, blocks, work = _layout(flat, how)
    kernels, kind = _kernels(how.distribution)
    h_x, h_g = torch.empty(x.shape, dtype=x.dtype), torch.empty(x.shape, dtype=x.dtype)
    rows = torch.zeros(flat.shape[0], dtype=x.dtype)
    given = (
        flat.numpy(),
        each_of(steepness, x).numpy(),
        *(each.numpy() for each in (rows_of(g), rows_of(v_x))),
        each_of(v_s, x).numpy(),
        rows_of(v_g).numpy(),
        plan.positions,
        plan.runs,
        plan.orders,
        plan.longest,
        _stretches(plan, lanes, 4 * x.element_size()),
        lanes,
    )
    results = (h_x.view(flat.shape).numpy(), rows.numpy(), h_g.view(flat.shape).numpy())
    run_blocks(
        blocks, 8 * work, lambda begin, end: kernels.sort_curvature(kind, *given, begin, end, *results)
    )
    return h_x, as_steepness(rows, steepness, x), h_g


def carry(x: Tensor, steepness: Tensor, payload: Tensor, how: How, is_transposed: bool) -> Tensor:
    """The permutation matrix, or the transposed one, times a payload: (.., n, columns)."""
    flat, columns = rows_of(x), payload.shape[-1]
    out = torch.empty(*x.shape, columns, dtype=x.dtype)
    plan, lanes, stretches, blocks, work = _payload_layout(flat, columns, how, 2)
    kernels, kind = _payload_kernels(how.distribution)
    given = (
        flat.numpy(),
        each_of(steepness, x).numpy(),
        _payloads(payload, x).numpy(),
        plan.positions,
        plan.runs,
        plan.longest,
        stretches,
        lanes,
        is_transposed,
    )
    result = _flat_payload(out, x).numpy()
    run_blocks(blocks, work, lambda begin, end: kernels.carry(kind, *given, begin, end, result))
    return out


def carry_gradient(
    x: Tensor, steepness: Tensor, payload: Tensor, g: Tensor, how: How, by_payload: bool, by_g: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The gradients of <g, P payload> by all four; those by payload and g are empty unless asked for."""
    flat, columns = rows_of(x), payload.shape[-1]
    plan, lanes, stretches, blocks, work = _payload_layout(flat, columns, how, 9)
    kernels, kind = _payload_kernels(how.distribution)
    g_x = torch.empty(x.shape, dtype=x.dtype)
    rows = torch.zeros(flat.shape[0], dtype=x.dtype)
    g_payload, g_g = (
        torch.empty(*x.shape, columns, dtype=x.dtype) if asked else torch.empty(0, dtype=x.dtype)
        for asked in (by_payload, by_g)
    )
    given = (
        flat.numpy(),
        each_of(steepness, x).numpy(),
        *(_payloads(each, x).numpy() for each in (payload, g)),
        plan.positions,
        plan.runs,
        plan.longest,
        stretches,
        lanes,
    )
    results = (
        g_x.view(flat.shape).numpy(),
        rows.numpy(),
        *(_flat_payload(each, x).numpy() for each in (g_payload, g_g)),
    )
    run_blocks(
        blocks, 3 * work, lambda begin, end: kernels.carry_gradient(kind, *given, begin, end, *results)
    )
    return g_x, as_steepness(rows, steepness, x), g_payload, g_g


def carry_curvature(
    x: Tensor,
    steepness: Tensor,
    payload: Tensor,
    g: Tensor,
    v_x: Tensor,
    v_s: Tensor,
    v_payload: Tensor,
    v_g: Tensor,
    how: How,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The derivatives of these four gradients in a direction."""
    flat, columns = rows_of(x), payload.shape[-1]
    plan, lanes, stretches, blocks, work = _payload_layout(flat, columns, how, 15)
    kernels, kind = _payload_kernels(how.distribution)
    h_x = torch.empty(x.shape, dtype=x.dtype)
    h_payload, h_g = (torch.empty(*x.shape, columns, dtype=x.dtype) for _ in range(2))
    rows = torch.zeros(flat.shape[0], dtype=x.dtype)
    given = (
        flat.numpy(),
        each_of(steepness, x).numpy(),
        *(_payloads(each, x).numpy() for each in (payload, g)),
        rows_of(v_x).numpy(),
        each_of(v_s, x).numpy(),
        *(_payloads(each, x).numpy() for each in (v_payload, v_g)),
        plan.positions,
        plan.runs,
        plan.longest,
        stretches,
        lanes,
    )
    results = (
        h_x.view(flat.shape).numpy(),
        rows.numpy(),
        *(_flat_payload(each, x).numpy() for each in (h_payload, h_g)),
    )
    run_blocks(
        blocks, 8 * work, lambda begin, end: kernels.carry_curvature(kind, *given, begin, end, *results)
    )
    return h_x, as_steepness(rows, steepness, x), h_payload, h_g


@cache
def _kernels(distribution: str) -> tuple[Any, Any]:
    from algonet_runtime.relax.distribution_numba import KINDS
    from algonet_runtime.sorting import kernels_numba

    return kernels_numba, KINDS[distribution]


@cache
def _payload_kernels(distribution: str) -> tuple[Any, Any]:
    from algonet_runtime.relax.distribution_numba import KINDS
    from algonet_runtime.sorting import payload_kernels_numba

    return payload_kernels_numba, KINDS[distribution]


def _payloads(payload: Tensor, x: Tensor) -> Tensor:
    """(rows, n, columns), contiguous, without a history; one row if it is one for all."""
    shape = payload.shape[-2:]
    payload = payload.detach().resolve_neg().to(x.dtype)
    if payload.ndim == 2:
        return payload.reshape(1, *shape).contiguous()
    return payload.expand(*x.shape[:-1], *shape).reshape(x.shape[:-1].numel(), *shape).contiguous()


def _flat_payload(out: Tensor, x: Tensor) -> Tensor:
    """A result (.., n, columns), or an empty one, as (rows, n, columns)."""
    return out.view(x.shape[:-1].numel(), *out.shape[-2:]) if out.ndim > 1 else out.view(0, 0, 0)


def _layout(flat: Tensor, how: How) -> tuple[Plan, int, int, int]:
    """The plan, rows side by side, blocks of them, and comparators in all."""
    rows, n = flat.shape
    plan = plan_of(how.network, n, how.layers, how.first, how.last)
    lanes = 64
    least = 32 if plan.has_short_runs else 16
    while lanes > least and lanes * n * flat.element_size() > _BLOCK_BYTES:
        lanes //= 2
    while lanes > 1 and lanes >= 2 * rows:
        lanes //= 2
    if plan.has_short_runs and lanes <= _SHUFFLED_LANES:
        plan = shuffled_plan_of(how.network, n, how.layers, how.first, how.last)
    return plan, lanes, -(-rows // lanes), plan.comparators * rows


def _stretches(plan: Plan, lanes: int, size: int) -> Any:
    return stretches_of(plan, max(_TAPE_BYTES // (lanes * size), 1))


def _payload_layout(flat: Tensor, columns: int, how: How, tapes: int) -> tuple[Plan, int, Any, int, int]:
    """The plan, rows side by side, stretches, blocks of rows, and comparators in all."""
    rows, n = flat.shape
    plan = plan_of(how.network, n, how.layers, how.first, how.last)
    size = flat.element_size()
    lanes = 64 if plan.has_short_runs else 16
    while lanes > 1 and (lanes >= 2 * rows or lanes * size * columns * n > _PAYLOAD_BYTES):
        lanes //= 2
    stretches = stretches_of(plan, max(_PAYLOAD_TAPE_BYTES // (lanes * size * tapes), 1))
    return plan, lanes, stretches, -(-rows // lanes), plan.comparators * rows * (1 + columns // 4)
