"""Unrolled graphs as modules that hold their parameters and take inputs only. Imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import nn
from torch.fx import Graph, GraphModule, Node

from whilec.ir.node import Program


@final
@dataclass(frozen=True)
class Closing:
    """What a graph is closed with.

    Args:
        arguments: The name of the argument for each input that stays one; others are 0.
        parameters: PARAMs by name.
        attributes: Names of their attributes.
        target_weights: Weights and biases of assignment targets; None if there are none.
        steepness: Of `=` and `!=`.
        compare_steepness: Of `< <= > >=`, LOOP and relaxed functions.
        dtype: Of the computation.
    """

    arguments: Mapping[str, str]
    parameters: Mapping[str, torch.Tensor]
    attributes: Mapping[str, str]
    target_weights: tuple[torch.Tensor, torch.Tensor] | None
    steepness: float
    compare_steepness: float
    dtype: torch.dtype


def closed(program: Program, graph_module: GraphModule, closing: Closing) -> GraphModule:
    """A module of inputs of shape (rows, *shape); it gives one output, or a tuple of several.

    Without inputs it gives outputs of shape (*shape).

    Args:
        program: What the graph was made from.
        graph_module: Its inputs are `rows`, two steepnesses, PARAMs, inputs, weights, biases.
        closing: What becomes of these.
    """
    root = nn.Module()
    graph = Graph()
    inputs = {name: graph.placeholder(argument) for name, argument in closing.arguments.items()}
    shapes = {
        name: value.type.shape
        for name, value in zip((*program.parameters, *program.inputs), program.body.parameters, strict=True)
    }
    rows = _rows(graph, inputs, closing.dtype)
    size = graph.call_method("size", (rows, 0))

    def held(name: str, value: torch.Tensor) -> Node:
        root.register_parameter(name, nn.Parameter(value.detach().to(closing.dtype).clone()))
        return graph.get_attr(name)

    def parameter(name: str) -> Node:
        attribute = held(closing.attributes[name], closing.parameters[name])
        return graph.call_method("expand", (attribute, size, *shapes[name]))

    def given(name: str) -> Node:
        if name in inputs:
            return inputs[name]
        return graph.call_method("new_zeros", (rows, (size, *shapes[name])))

    values: list[Any] = [rows, closing.steepness, closing.compare_steepness]
    values += [parameter(name) for name in program.parameters]
    values += [given(name) for name in program.inputs]
    if closing.target_weights is not None:
        names = ("target_weights", "target_biases")
        values += [held(name, value) for name, value in zip(names, closing.target_weights, strict=True)]
    places = [node for node in graph_module.graph.nodes if node.op == "placeholder"]
    results: Any = graph.graph_copy(graph_module.graph, dict(zip(places, values, strict=True)))
    outputs = [_output(graph, result, rows) for result in results[: len(program.outputs)]]
    if not inputs:
        outputs = [graph.call_method("squeeze", (output, 0)) for output in outputs]
    graph.output(outputs[0] if len(outputs) == 1 else tuple(outputs))
    graph.eliminate_dead_code()
    graph.lint()
    return GraphModule(root, graph, program.name)


def _rows(graph: Graph, inputs: Mapping[str, Node], dtype: torch.dtype) -> Node:
    """A zero for every row."""
    if not inputs:
        return graph.call_function(torch.zeros, (1,), {"dtype": dtype})
    first = next(iter(inputs.values()))
    return graph.call_method("new_zeros", (first, (graph.call_method("size", (first, 0)),)))


def _output(graph: Graph, result: Any, rows: Node) -> Node:
    """An output as a tensor of its own: a number is the same for all rows."""
    if not isinstance(result, Node):
        return graph.call_function(torch.full_like, (rows, float(result)))
    return graph.call_method("clone", (result,)) if result.op == "placeholder" else result
