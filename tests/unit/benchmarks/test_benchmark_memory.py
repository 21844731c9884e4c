"""Counting the bytes of tensors that are alive."""

from __future__ import annotations

import torch

from benchmarks.memory import LiveBytes, peak_bytes

CPU = torch.device("cpu")
SIZE = 1000
BYTES = SIZE * 4


def test_a_chain_holds_two_tensors_at_a_time() -> None:
    x = torch.ones(SIZE)

    def chain() -> None:
        y = x
        for _ in range(5):
            y = y + 1

    assert peak_bytes(chain, CPU) == 2 * BYTES


def test_the_graph_keeps_what_the_backward_pass_needs() -> None:
    x = torch.ones(SIZE, requires_grad=True)

    def power() -> None:
        y = x
        for _ in range(5):
            y = y.sin()  # saves its operand
        torch.autograd.grad(y, x, torch.ones(SIZE))

    saved = 5 * BYTES
    assert saved <= peak_bytes(power, CPU) <= saved + 3 * BYTES


def test_views_and_older_tensors_are_no_new_memory() -> None:
    x = torch.ones(SIZE)
    row = torch.ones(1)
    with LiveBytes() as live:
        views = [x[10:], x.reshape(10, 100), row.expand(SIZE)]
        x.add_(1)
    assert len(views) == 3
    assert live.peak == 0


def test_what_is_let_go_counts_no_more() -> None:
    with LiveBytes() as live:
        kept = torch.ones(SIZE)
        let_go = torch.ones(SIZE)
        view = let_go[:10]
        del let_go
        assert live.now == 2 * BYTES  # the view keeps it
        del view
        assert live.now == BYTES
    assert kept.numel() == SIZE
    assert live.peak == 2 * BYTES
