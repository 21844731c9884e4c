"""Recording what a function does with tensors as a graph of torch operations. Imports torch.

The function runs on a small example batch, so that it may ask for ranks and sizes; what it does
with the numbers becomes the graph. Nothing in it may depend on the number of rows.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import operator
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, final

import torch
from torch.fx import Graph, Node
from torch.overrides import TorchFunctionMode

from whilec.backends.torch_library import numbers

Place = Any
"""What tells where a node comes from; hashable."""


class GraphTooLongError(Exception):
    """A graph beyond the number of nodes that was allowed: how many come from which place."""

    def __init__(self, counts: Mapping[Place, int]) -> None:
        super().__init__(counts)
        self.counts = counts


@final
class Setting(float):
    """A Python number that becomes an input of the graph.

    It may meet tensors only: what it makes of a number would be the same in every run.
    """

    def __mul__(self, other: Any) -> Any:
        return self._met(other)

    __rmul__ = __add__ = __radd__ = __sub__ = __rsub__ = __truediv__ = __rtruediv__ = __mul__

    def _met(self, other: Any) -> Any:
        if isinstance(other, torch.Tensor):
            return NotImplemented
        raise AssertionError("an input of a graph met a number while the graph was recorded")


@final
class Recorder(TorchFunctionMode):
    """Records torch functions while it is active.

    Args:
        most_nodes: Beyond this it is an error.
        place: Tells where the code that is running comes from, given its frame.
    """

    def __init__(self, most_nodes: int, place: Callable[[Any], Place]) -> None:
        super().__init__()
        self.graph = Graph()
        self.counts: Counter[Place] = Counter()
        self._most_nodes = most_nodes
        self._place = place
        self._nodes: dict[int, Node] = {}
        self._kept: list[Any] = []

    def input(self, name: str, value: Any) -> Any:
        """An input of the graph, with the value it has while recording."""
        self._remember(value, self.graph.placeholder(name))
        return value

    def constant(self, value: Any) -> bool:
        """Whether a value is the same in every run of the graph."""
        return id(value) not in self._nodes

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """A function as one node of the graph."""
        # Torch has no public name for it.
        with torch._C.DisableTorchFunction():  # pyright: ignore[reportPrivateUsage]
            result = function(*arguments)
        self._record("call_function", function, arguments, {}, result)
        return result

    def output(self, values: tuple[Any, ...]) -> Graph:
        """The graph with these results."""
        self.graph.output(tuple(self._argument(value) for value in values))
        return self.graph

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if isinstance(result, torch.Tensor) or _has_tensors(result):
            kind, target = _target(func)
            self._record(kind, target, args, kwargs, result)
        return result

    def _record(
        self, kind: str, target: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any
    ) -> None:
        inputs = [self._argument(value) for value in args]
        named = {name: self._argument(value) for name, value in kwargs.items()}
        node = self._counted(self.graph.create_node(kind, target, tuple(inputs), named))
        if isinstance(result, torch.Tensor):
            self._remember(result, node)
            return
        for number, part in enumerate(result):
            item = self._counted(self.graph.call_function(operator.getitem, (node, number)))
            self._remember(part, item)

    def _counted(self, node: Node) -> Node:
        # The documented way to a frame further out; `inspect.stack` reads source files.
        place = self._place(sys._getframe(2))  # pyright: ignore[reportPrivateUsage]
        self.counts[place] += 1
        node.meta["place"] = place
        if self.counts.total() > self._most_nodes:
            raise GraphTooLongError(self.counts)
        return node

    def _remember(self, value: Any, node: Node) -> None:
        self._nodes[id(value)] = node
        self._kept.append(value)

    def _argument(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            items = [self._argument(item) for item in value]
            return items if isinstance(value, list) else tuple(items)
        if isinstance(value, slice):
            return value
        known = self._nodes.get(id(value))
        if known is not None:
            return known
        if isinstance(value, torch.Tensor):
            assert value.dim() == 0, "a tensor that is neither an input nor computed"
            return value.item()
        return float(value) if isinstance(value, Setting) else value


def _has_tensors(result: Any) -> bool:
    return isinstance(result, tuple | list) and bool(result) and isinstance(result[0], torch.Tensor)


def _target(function: Any) -> tuple[str, Any]:
    """How a graph calls a function: as a method where it is one."""
    name = function.__name__
    if name == "__getitem__":
        return "call_function", operator.getitem
    if getattr(torch.Tensor, name, None) is function:
        return "call_method", name
    return "call_function", function


def leaf(recorder: Recorder, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, recorded as one node where it gets tensors."""

    def call(*arguments: Any) -> Any:
        if all(numbers.is_uniform(argument) for argument in arguments):
            return function(*arguments)
        return recorder.call(function, arguments)

    return call


def per_row(function: Callable[..., Any], rows: torch.Tensor, operands: int = 1) -> Callable[..., Any]:
    """A function of a `Setting` and numbers, which are made tensors of the rows where all are constants.

    Args:
        function: Takes the numbers first.
        rows: Of shape (rows,).
        operands: How many numbers it takes.
    """

    def call(*arguments: Any, **others: Any) -> Any:
        if all(numbers.is_uniform(argument) for argument in arguments[:operands]):
            arguments = (torch.full_like(rows, arguments[0]), *arguments[1:])
        return function(*arguments, **others)

    return call


@final
class RelaxationPerRow:
    """A relaxation whose results are never constants: the steepness of a run decides them.

    Args:
        plain: The relaxation.
        rows: Of shape (rows,).
    """

    def __init__(self, plain: Any, rows: torch.Tensor) -> None:
        self._plain = plain
        self.differs, self.equals, self.exceeds = (
            per_row(function, rows) for function in (plain.differs, plain.equals, plain.exceeds)
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)
