"""A region under construction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, final

from whilec.ir.node import Node, Region
from whilec.ir.ops import OPERATIONS
from whilec.ir.types import Type, Value
from whilec.source import Span


@final
class Builder:
    """Appends nodes to a region; result types come from the operation table."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def emit(
        self,
        op: str,
        operands: Iterable[Value],
        span: Span,
        *,
        attrs: Mapping[str, Any] | None = None,
        regions: tuple[Region, ...] = (),
        results: Iterable[Value] | None = None,
        name: str = "",
    ) -> tuple[Value, ...]:
        """Append a node and give its results; `results` is needed where the table has no rule."""
        node = make_node(op, tuple(operands), span, attrs=attrs, regions=regions, results=results, name=name)
        self.nodes.append(node)
        return node.results

    def one(self, op: str, *operands: Value, span: Span, name: str = "", **attrs: Any) -> Value:
        """Append a node with one result."""
        (result,) = self.emit(op, operands, span, attrs=attrs, name=name)
        return result

    def region(self, parameters: Iterable[Value], results: Iterable[Value]) -> Region:
        """The finished region."""
        return Region(tuple(parameters), tuple(self.nodes), tuple(results))


def make_node(
    op: str,
    operands: tuple[Value, ...],
    span: Span,
    *,
    attrs: Mapping[str, Any] | None = None,
    regions: tuple[Region, ...] = (),
    results: Iterable[Value] | None = None,
    name: str = "",
) -> Node:
    """A node; the types of its results come from the operation table where that has a rule."""
    if results is None:
        types = OPERATIONS[op].results(Node(op, operands, (), span, attrs or {}, regions))
        assert types is not None, f"{op} needs its results"
        results = fresh(types, name)
    return Node(op, operands, tuple(results), span, attrs or {}, regions)


def fresh(types: Iterable[Type], name: str = "") -> tuple[Value, ...]:
    """New values."""
    return tuple(Value(type_, name) for type_ in types)
