"""Triton kernels of sorting networks on tensors. Imports torch, and triton when a kernel runs.

Rows are independent: the results of one do not depend on what else is in the batch, to the bit. Rows are run
in portions, so that scratch memory stays below `SCRATCH_BYTES` where a single row does.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from algonet_runtime.sorting.fused_parts import as_steepness, rows_of
from algonet_runtime.sorting.launch_triton import (
    Task,
    columns_of,
    groups_of,
    on_device,
    payload_of,
    strided,
    task_of,
)

if TYPE_CHECKING:
    from algonet_runtime.sorting.fused_parts import How


def sort(x: Tensor, steepness: Tensor, how: How) -> Tensor:
    """Sorted keys, (.., n)."""
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    if x.numel() == 0:
        return out
    task = task_of(x, steepness, how)
    constants = task.constants()
    numbers = 0 if constants["is_shuffled"] else 2 * task.padded
    n = x.shape[-1]
    with on_device(x.device):
        for begin, end in task.portions(numbers):
            blocks = task.blocks(begin, end)
            scratch = task.scratch(blocks * task.together * numbers)
            _kernels().sort[(blocks,)](
                task.x,
                task.s[0],
                task.steps,
                scratch,
                out,
                end,
                begin,
                n,
                task.layers,
                task.s[1],
                **constants,
            )
    return out


def sort_gradient(
    x: Tensor, steepness: Tensor, g: Tensor, how: How, is_measured: bool
) -> tuple[Tensor, Tensor]:
    """Gradients by keys and by steepness, which is 0 if it is not measured."""
    g_x, g_s = torch.zeros(x.shape, dtype=x.dtype, device=x.device), torch.zeros_like(steepness)
    if x.numel() == 0:
        return g_x, g_s
    task, by_rows = task_of(x, steepness, how), x.new_empty(x.shape[:-1].numel())
    stretch, stretches = task.cut(task.padded)
    with on_device(x.device):
        for begin, end in task.portions((stretch + stretches + 2) * task.padded):
            _sweep(task, rows_of(g), None, 1, begin, end, g_x, by_rows)
    return g_x, as_steepness(by_rows, steepness, x) if is_measured else g_s


def sort_curvature(
    x: Tensor, steepness: Tensor, g: Tensor, v_x: Tensor, v_s: Tensor, v_g: Tensor, how: How
) -> tuple[Tensor, Tensor, Tensor]:
    """Second derivatives of <g, sort(x)> in a direction, by keys, steepness and g."""
    h_x, h_g = (torch.zeros(x.shape, dtype=x.dtype, device=x.device) for _ in range(2))
    if x.numel() == 0:
        return h_x, torch.zeros_like(steepness), h_g
    task, by_rows = task_of(x, steepness, how), x.new_empty(x.shape[:-1].numel())
    stretch, stretches = task.cut(2 * task.padded)
    v = rows_of(v_x), *strided(v_s, x)
    with on_device(x.device):
        for begin, end in task.portions(2 * (stretch + stretches + 2) * task.padded):
            _sweep_dual(task, v, (rows_of(g), rows_of(v_g), h_g), None, 1, begin, end, h_x, by_rows)
    return h_x, as_steepness(by_rows, steepness, x), h_g


def carry(x: Tensor, steepness: Tensor, payload: Tensor, how: How, transposed: bool) -> Tensor:
    """The payload in the order of keys, or the transposed permutation matrix times it: (.., n, K).

    Args:
        x: Keys, (.., n).
        steepness: (1,), or one for each row.
        payload: (n, K), one for all rows, or (.., n, K).
        how: What runs.
        transposed: Whether the matrix is transposed.
    """
    out = x.new_empty(*x.shape, payload.shape[-1])
    if out.numel() == 0:
        return out
    task = task_of(x, steepness, how)
    if transposed:
        _carry_back(task, None, payload, out, None, None)
        return out
    columns, chunks = columns_of(task, payload.shape[-1])
    values, stride = payload_of(payload)
    constants = task.constants(columns)
    numbers = 0 if constants["is_shuffled"] else 2 * task.padded * (columns + 1) * chunks
    with on_device(x.device):
        for begin, end in task.portions(numbers):
            _kernels_on_payloads().carry[(end - begin, chunks)](
                task.x,
                task.s[0],
                values,
                task.steps,
                task.scratch((end - begin) * numbers),
                out,
                begin,
                x.shape[-1],
                payload.shape[-1],
                task.layers,
                task.s[1],
                stride,
                **constants,
            )
    return out


def carry_gradient(
    x: Tensor, steepness: Tensor, payload: Tensor, g: Tensor, how: How, by_payload: bool, by_g: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of <g, P payload> by keys, steepness, payload and g.

    The last two are for each row, (.., n, K), also where one payload or g is for all; (0,) if not asked for.
    """
    shape = (*x.shape, payload.shape[-1])
    g_x, none = torch.zeros(x.shape, dtype=x.dtype, device=x.device), x.new_empty(0)
    g_payload = x.new_empty(shape) if by_payload else none
    g_g = x.new_empty(shape) if by_g else none
    if 0 in shape:
        return g_x, torch.zeros_like(steepness), g_payload, g_g
    task, by_rows = task_of(x, steepness, how), x.new_empty(x.shape[:-1].numel())
    _carry_back(task, payload, g, g_payload if by_payload else None, g_g if by_g else None, (g_x, by_rows))
    return g_x, as_steepness(by_rows, steepness, x), g_payload, g_g


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
    """Derivatives of all four results of `carry_gradient` in a direction; all for each row."""
    shape = (*x.shape, payload.shape[-1])
    h_x = torch.zeros(x.shape, dtype=x.dtype, device=x.device)
    h_payload, h_g = x.new_empty(shape), x.new_empty(shape)
    if 0 in shape:
        return h_x, torch.zeros_like(steepness), h_payload, h_g
    task, by_rows = task_of(x, steepness, how), x.new_empty(x.shape[:-1].numel())
    columns, chunks = columns_of(task, payload.shape[-1])
    groups, each = groups_of(task, chunks)
    stretch, stretches = task.cut(2 * task.padded * (columns + 1))
    tape = groups * (stretch + stretches + 2) * 2 * task.padded * (columns + 1)
    mixed = groups * task.layers * task.padded
    values, strides = zip(*map(payload_of, (payload, g, v_payload, v_g)), strict=True)
    v = rows_of(v_x), *strided(v_s, x)
    with on_device(x.device):
        for begin, end in task.portions(tape + 2 * mixed):
            rows = task.blocks(begin, end) * task.together
            by_p = task.scratch(rows * mixed), task.scratch(rows * mixed)
            _kernels_on_payloads().carry_dual[(end - begin, groups)](
                task.x,
                task.s[0],
                *values[:2],
                *v[:2],
                *values[2:],
                task.steps,
                task.scratch((end - begin) * tape),
                h_payload,
                h_g,
                *by_p,
                begin,
                x.shape[-1],
                payload.shape[-1],
                each,
                task.layers,
                stretch,
                stretches,
                task.s[1],
                v[2],
                *strides,
                **task.constants(columns),
            )
            _sweep_dual(task, v, None, by_p, groups, begin, end, h_x, by_rows)
    return h_x, as_steepness(by_rows, steepness, x), h_payload, h_g


def _carry_back(
    task: Task,
    payload: Tensor | None,
    g: Tensor,
    g_payload: Tensor | None,
    g_g: Tensor | None,
    on_keys: tuple[Tensor, Tensor] | None,
) -> None:
    """Run the network backwards on g, and with a payload, the gradients by keys and rows' steepness."""
    columns, chunks = columns_of(task, g.shape[-1])
    groups, each = groups_of(task, chunks)
    stretch, stretches = task.cut(task.padded * (columns + 1))
    tape = groups * (stretch + stretches + 2) * task.padded * (columns + 1)
    mixed = 0 if on_keys is None else groups * task.layers * task.padded
    grads, g_stride = payload_of(g)
    values, stride = (grads, 0) if payload is None else payload_of(payload)
    with on_device(task.x.device):
        for begin, end in task.portions(tape + mixed):
            by_p = task.scratch(task.blocks(begin, end) * task.together * mixed)
            _kernels_on_payloads().carry_back[(end - begin, groups)](
                task.x,
                task.s[0],
                values,
                grads,
                task.steps,
                task.scratch((end - begin) * tape),
                grads if g_payload is None else g_payload,
                grads if g_g is None else g_g,
                by_p,
                begin,
                task.x.shape[1],
                g.shape[-1],
                each,
                task.layers,
                stretch,
                stretches,
                task.s[1],
                stride,
                g_stride,
                **task.constants(columns),
                is_mixed=on_keys is not None,
                by_payload=g_payload is not None,
                by_g=g_g is not None,
            )
            if on_keys is not None:
                _sweep(task, grads, by_p, groups, begin, end, *on_keys)


def _sweep(
    task: Task,
    g: Tensor,
    mixed: Tensor | None,
    groups: int,
    begin: int,
    end: int,
    g_x: Tensor,
    by_rows: Tensor,
) -> None:
    """Gradients by keys and rows' steepness, of g by sorted keys or of what degrees do to payloads."""
    stretch, stretches = task.cut(task.padded)
    blocks = task.blocks(begin, end)
    _kernels().sort_gradient[(blocks,)](
        task.x,
        task.s[0],
        g,
        g if mixed is None else mixed,
        task.steps,
        task.scratch(blocks * task.together * (stretch + stretches + 2) * task.padded),
        g_x,
        by_rows,
        end,
        begin,
        task.x.shape[1],
        task.layers,
        stretch,
        stretches,
        groups,
        task.s[1],
        **task.constants(),
        is_mixed=mixed is not None,
    )


def _sweep_dual(
    task: Task,
    v: tuple[Tensor, Tensor, int],
    g: tuple[Tensor, Tensor, Tensor] | None,
    mixed: tuple[Tensor, Tensor] | None,
    groups: int,
    begin: int,
    end: int,
    h_x: Tensor,
    by_rows: Tensor,
) -> None:
    """As `_sweep`, in the direction v.

    Given are g, its tangent and the derivatives by it, or `mixed` and its tangent.
    """
    stretch, stretches = task.cut(2 * task.padded)
    blocks = task.blocks(begin, end)
    grads, v_grads, h_g = (task.x,) * 3 if g is None else g
    _kernels().sort_curvature[(blocks,)](
        task.x,
        task.s[0],
        grads,
        *v[:2],
        v_grads,
        *((task.x, task.x) if mixed is None else mixed),
        task.steps,
        task.scratch(blocks * task.together * 2 * (stretch + stretches + 2) * task.padded),
        h_x,
        by_rows,
        h_g,
        end,
        begin,
        task.x.shape[1],
        task.layers,
        stretch,
        stretches,
        groups,
        task.s[1],
        v[2],
        **task.constants(),
        is_mixed=mixed is not None,
    )


@cache
def _kernels() -> Any:
    from algonet_runtime.sorting import kernels_triton

    return kernels_triton


@cache
def _kernels_on_payloads() -> Any:
    from algonet_runtime.sorting import payload_kernels_triton

    return payload_kernels_triton
