"""Graphs of straight-line code: nothing in them depends on the batch that they were recorded with."""

from __future__ import annotations

import pytest
import torch

from tests.differential.test_programs_on_torch import MODES, NAMES, sample
from tests.differential.torch_runs import lowered
from whilec.backends.base import TooLongError
from whilec.backends.torch_fx.record import GraphTooLongError
from whilec.backends.torch_unrolled import flat, graph_of
from whilec.ir.node import Program


def flattened(name: str, mode: str) -> Program:
    program = lowered(sample(name).program, MODES[mode])
    try:
        return flat(program, (1,) * len(program.loops), reports=True)
    except TooLongError:
        pytest.skip("the unrolled graph is too long")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mode", ["1", "sech"])
def test_the_number_of_rows_does_not_matter(name: str, mode: str) -> None:
    program = flattened(name, mode)
    try:
        graphs = [graph_of(program, rows=rows) for rows in (2, 3)]
    except GraphTooLongError:
        pytest.skip("the recorded graph is too long")
    assert graphs[0].code == graphs[1].code
    constants = [dict(graph.named_buffers()) | dict(graph.named_parameters()) for graph in graphs]
    assert constants == [{}, {}]


def test_every_node_knows_its_place() -> None:
    graph = graph_of(flattened("multiply", "1")).graph
    inner = [node for node in graph.nodes if node.op not in ("placeholder", "output")]
    assert inner
    assert all(node.meta["place"] is not None for node in inner)
    assert {node.op for node in inner} <= {"call_function", "call_method"}


def test_too_many_nodes_are_counted_by_place(monkeypatch: pytest.MonkeyPatch) -> None:
    program = flat(lowered(sample("multiply").program, MODES["1"]), (1, 1), reports=False)
    monkeypatch.setattr("whilec.backends.torch_unrolled.MAX_NODES", 20)
    with pytest.raises(GraphTooLongError) as raised:
        graph_of(program)
    counts = raised.value.counts
    assert sum(counts.values()) == 21
    assert None not in counts


def test_graphs_have_no_double_constants() -> None:
    """A graph must compute in the dtype of its inputs."""
    graph = graph_of(flattened("newton", "sech"))
    inputs = [node.name for node in graph.graph.nodes if node.op == "placeholder"]
    rows = torch.zeros(3, dtype=torch.float32)
    values = [rows, 1.0, 1.0, *(rows + 2.0 for _ in inputs[3:])]
    results = [value for value in graph(*values) if value.is_floating_point()]
    assert results
    assert {value.dtype for value in results} == {torch.float32}
