"""One of several processes that train a module together; started by `test_module_processes`.

`python -m tests.unit.module.distributed_worker GRAPH RANK FOLDER` writes the gradients of its rank.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

import whilec

TEXT = """
PROGRAM p(x) -> y: real
PARAM w: real = 0.7
PARAM v: real = 0.4
y := x * w
WHILE x > 0 DO
  IF y > 0.8 THEN y := y - v ELSE y := y + w * x END
  x := x - 0.6
END
"""
PROCESSES = 2
ROWS = 6

GRAPHS = {
    "recurrent": {},
    "checkpointed": {"checkpoint": True},
    "trainable": {"trainable": True},
    "unrolled": {"graph": "unrolled", "trips": 4},
}


class Network(nn.Module):
    def __init__(self, graph: str) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first = nn.Linear(2, 1).double()
        self.loop = whilec.compile_source(TEXT, smooth=1, max_trips=4, dtype=torch.float64, **GRAPHS[graph])

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        return self.loop(self.first(points)[:, 0])


def points(rank: int) -> torch.Tensor:
    """The part of a process; rows of the last process make no trip, so that `v` has no say there."""
    values = torch.linspace(0.1, 1.5, 2 * ROWS, dtype=torch.float64).reshape(ROWS, 2)
    network = Network("recurrent")
    sign = -1.0 if rank == PROCESSES - 1 else 1.0
    target = sign * (values[:, 0] + 0.8)
    # Points that the first layer takes to the targets.
    weight, bias = network.first.weight.detach()[0], network.first.bias.detach()
    return ((target - bias) / weight.dot(weight))[:, None] * weight


def loss(outputs: torch.Tensor) -> torch.Tensor:
    return (outputs - 0.3).square().mean()


def main(graph: str, rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=(folder / "meeting").as_uri(), rank=rank, world_size=PROCESSES
    )
    network = Network(graph)
    together = DistributedDataParallel(network)
    for _ in range(2):  # a parameter that is never reduced shows in the next round
        network.zero_grad()
        loss(together(points(rank))).backward()
    torch.save({name: p.grad for name, p in network.named_parameters()}, folder / f"{rank}.pt")
    del together  # its reducer uses the group
    gc.collect()
    distributed.barrier()
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
    # A thread of gloo that lets go of its last tensor while the interpreter shuts down aborts the process
    # ("terminate called without an active exception", pytorch pull request 179291). All that is tested is
    # done and written here, so the process ends without that shutdown.
    sys.stderr.flush()
    os._exit(0)
