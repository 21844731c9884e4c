"""Modules in several processes and threads, and as copies, with every graph."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

import whilec
from tests.repository import ROOT
from tests.unit.module import distributed_worker as worker

graphs = pytest.mark.parametrize("graph", worker.GRAPHS)

pytestmark = pytest.mark.filterwarnings("ignore::whilec.LoopWarning")


def gradients(network: worker.Network, points: torch.Tensor) -> dict[str, torch.Tensor]:
    network.zero_grad()
    worker.loss(network(points)).backward()
    return {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}


@graphs
def test_two_processes_train_as_one(graph: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GLOO_SOCKET_IFNAME": "lo"}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.unit.module.distributed_worker", graph, str(rank), str(tmp_path)],
            env=environment,
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(worker.PROCESSES)
    ]
    try:
        errors = [process.communicate(timeout=240)[1] for process in running]
    finally:
        for process in running:
            process.kill()
    assert [process.returncode for process in running] == [0, 0], "\n".join(errors)
    want = gradients(worker.Network(graph), torch.cat([worker.points(rank) for rank in range(2)]))
    assert len(want) == len(list(worker.Network(graph).parameters()))
    for rank in range(2):
        found = torch.load(tmp_path / f"{rank}.pt")
        for name, gradient in want.items():
            torch.testing.assert_close(found[name], gradient, rtol=1e-12, atol=1e-14)
            assert (gradient != 0).any()


@graphs
@pytest.mark.parametrize("how", ["pickle", "deepcopy", "state_dict"])
def test_copies_give_the_same_numbers(graph: str, how: str) -> None:
    network = worker.Network(graph)
    points = torch.cat([worker.points(rank) for rank in range(2)])
    network(points)
    with torch.no_grad():
        for number, parameter in enumerate(network.loop.parameters()):
            parameter.mul_(1 + 0.1 * number).add_(0.05)
    want, slopes = network(points), gradients(network, points)
    other = worker.Network(graph)
    if how == "pickle":
        other = pickle.loads(pickle.dumps(network))
    elif how == "deepcopy":
        other = copy.deepcopy(network)
    else:
        assert not torch.equal(other(points), want)
        assert list(network.state_dict()) == [name for name, _ in network.named_parameters()]
        other.load_state_dict(network.state_dict())
    assert torch.equal(other(points), want)
    for name, gradient in gradients(other, points).items():
        assert torch.equal(gradient, slopes[name])


class Rows(Dataset[torch.Tensor]):
    """Runs a module in the worker of a loader."""

    def __init__(self, module: whilec.WhileModule) -> None:
        self._module = module

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> torch.Tensor:
        with torch.no_grad():
            return self._module(0.4 * index)


@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.parametrize("graph", ["recurrent", "unrolled"])
def test_module_in_the_workers_of_a_loader(graph: str, start: str) -> None:
    module = worker.Network(graph).loop
    want = torch.stack([module(0.4 * index) for index in range(6)])
    loader = DataLoader(Rows(module), batch_size=3, num_workers=2, multiprocessing_context=start, timeout=120)
    with warnings.catch_warnings():
        # From Python 3.12 on it warns of threads beside a fork.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        got = torch.cat(list(loader))
    torch.testing.assert_close(got, want.detach(), rtol=1e-12, atol=1e-12)


@graphs
def test_threads_share_a_module(graph: str) -> None:
    network = worker.Network(graph)
    batches = [worker.points(0) * scale for scale in (0.3, 0.7, 1.0, 1.4)]
    fresh = worker.Network(graph)
    want = [derivative(fresh, batch) for batch in batches]
    barrier = Barrier(4)

    def run(number: int) -> Any:
        barrier.wait(timeout=60)
        return [derivative(network, batches[number]) for _ in range(5)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(run, range(4)))
    for number, rounds in enumerate(found):
        for got in rounds:
            for have, wanted in zip(got, want[number], strict=True):
                assert torch.equal(have, wanted)


def derivative(network: worker.Network, points: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Outputs, and gradients that are not added up in the parameters, which threads share."""
    outputs = network(points)
    found = torch.autograd.grad(worker.loss(outputs), list(network.parameters()), materialize_grads=True)
    return outputs.detach(), *found
