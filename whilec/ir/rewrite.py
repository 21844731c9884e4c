"""Rewrites as data: a rule is a named pair of patterns, and one driver applies all of them.

A rule holds for all operands, in value and derivatives. What a pattern matches besides its root must
stand in the same region and be used nowhere else, so that nothing is computed twice or more often
than before. (Where the whole is replaced by one of its operands, it may be used elsewhere.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field, replace
from math import copysign
from typing import Any, TypeAlias, final

from whilec.diagnostics.model import InternalError
from whilec.ir.build import make_node
from whilec.ir.node import Node, Region, walk
from whilec.ir.ops import OPERATIONS
from whilec.ir.types import NUMBER, Value


@final
@dataclass(frozen=True)
class Variable:
    """Any value; one name stands for one value."""

    name: str


@final
@dataclass(frozen=True)
class Literal:
    """A constant, or an array made of it by `spread`; 0.0 and -0.0 are two."""

    value: float


@final
@dataclass(frozen=True)
class Applied:
    """An operation.

    Args:
        op: Its name.
        operands: What its operands are.
        attrs: Attributes that it must have; others may be anything, and go over to the new nodes.
    """

    op: str
    operands: tuple[Pattern, ...]
    attrs: tuple[tuple[str, Any], ...] = ()


Pattern: TypeAlias = Variable | Literal | Applied


def applied(op: str, *operands: Pattern, **attrs: Any) -> Applied:
    """The pattern of an operation."""
    return Applied(op, operands, tuple(attrs.items()))


@final
@dataclass(frozen=True)
class Rule:
    """Two patterns that mean the same.

    Args:
        name: For readers and tests.
        before: What is looked for.
        after: What takes its place; made of variables of `before`, without literals.
    """

    name: str
    before: Applied
    after: Variable | Applied


Folding: TypeAlias = Callable[[Node, tuple[float, ...]], float | None]
"""The number that a node has for these constant operands; None: it is left to the backend."""


@final
@dataclass
class _Matched:
    values: dict[str, Value] = field(default_factory=dict[str, Value])
    attrs: dict[str, Any] = field(default_factory=dict[str, Any])


@final
@dataclass
class _Scope:
    """A region under construction."""

    nodes: list[Node] = field(default_factory=list[Node])
    definitions: dict[Value, Node] = field(default_factory=dict[Value, Node])
    constants: dict[tuple[float, float], Value] = field(default_factory=dict[tuple[float, float], Value])


@final
class Rewriter:
    """Applies rules until none applies; equal constants of a region become one.

    Args:
        rules: The first that fits is taken. Each must come nearer to a form that no rule changes.
        fold: Computes operations on constants.
        uses: How often every value is used.
        kept: Results of nodes that stay as they are.
    """

    def __init__(
        self, rules: Iterable[Rule], fold: Folding, uses: Counter[Value], kept: Container[Value]
    ) -> None:
        self._rules: dict[str, list[Rule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.before.op, []).append(rule)
        self._fold = fold
        self._uses = uses
        self._kept = kept
        self._now: dict[Value, Value] = {}
        self._literals: dict[Value, float] = {}
        self._scope = _Scope()

    def region(self, region: Region) -> Region:
        """The region with its nodes rewritten, at all depths; what is no longer used stays."""
        outer, self._scope = self._scope, _Scope()
        for node in region.nodes:
            self._rewrite(node)
        results = tuple(self._now.get(value, value) for value in region.results)
        changed = Region(region.parameters, tuple(self._scope.nodes), results)
        self._scope = outer
        return changed

    def _rewrite(self, node: Node) -> None:
        operands = tuple(self._now.get(value, value) for value in node.operands)
        regions = tuple(self.region(inner) for inner in node.regions)
        node = replace(node, operands=operands, regions=regions)
        if len(node.results) != 1 or node.regions or node.result in self._kept:
            self._append(node)
            return
        found = self._placed(node)
        if found is not node.result:
            self._now[node.result] = found
            self._uses[found] += self._uses[node.result]

    def _placed(self, node: Node) -> Value:
        """The value of a node, which is appended unless something simpler takes its place."""
        literals = [self._literals[value] for value in node.operands if value in self._literals]
        if literals and len(literals) == len(node.operands) and node.result.type == NUMBER:
            number = self._fold(node, tuple(literals))
            if number is not None:
                node = replace(node, op="constant", operands=(), attrs={"value": number})
        if node.op == "constant":
            return self._constant(node)
        for rule in self._rules.get(node.op, ()):
            matched = _Matched()
            is_free = isinstance(rule.after, Variable)
            if self._fits_node(rule.before, node, matched, is_free=is_free):
                return self._made(rule.after, matched, node)
        self._append(node)
        return node.result

    def _constant(self, node: Node) -> Value:
        number: float = node.attrs["value"]
        key = number, copysign(1.0, number)
        if key not in self._scope.constants:
            self._scope.constants[key] = node.result
            self._append(node)
        return self._scope.constants[key]

    def _append(self, node: Node) -> None:
        self._scope.nodes.append(node)
        self._scope.definitions.update((value, node) for value in node.results)
        if node.op == "constant":
            self._literals[node.result] = node.attrs["value"]
        elif node.op == "spread" and node.operands[0] in self._literals:
            self._literals[node.result] = self._literals[node.operands[0]]

    def _fits(self, pattern: Pattern, value: Value, matched: _Matched, *, is_free: bool) -> bool:
        match pattern:
            case Variable(name):
                return matched.values.setdefault(name, value) is value
            case Literal(number):
                return value in self._literals and is_same(self._literals[value], number)
            case Applied():
                node = self._scope.definitions.get(value)
                if node is None or not (is_free or self._uses[value] == 1):
                    return False
                return self._fits_node(pattern, node, matched, is_free=is_free)

    def _fits_node(self, pattern: Applied, node: Node, matched: _Matched, *, is_free: bool) -> bool:
        if node.op != pattern.op or any(node.attrs[name] != attr for name, attr in pattern.attrs):
            return False
        if any(matched.attrs.setdefault(name, attr) != attr for name, attr in node.attrs.items()):
            return False
        return all(
            self._fits(inner, value, matched, is_free=is_free)
            for inner, value in zip(pattern.operands, node.operands, strict=True)
        )

    def _made(self, pattern: Pattern, matched: _Matched, root: Node) -> Value:
        """The value of what takes the place of a node."""
        match pattern:
            case Variable(name):
                return matched.values[name]
            case Literal():
                raise InternalError("a rule makes no constants")
            case Applied():
                operands = tuple(self._made(inner, matched, root) for inner in pattern.operands)
                self._uses.update(operands)
                attrs = {name: matched.attrs[name] for name in OPERATIONS[pattern.op].attrs}
                return self._placed(
                    make_node(pattern.op, operands, root.span, attrs=attrs, name=root.result.name)
                )


def is_same(a: float, b: float) -> bool:
    """Whether two numbers are equal, the sign of 0 included."""
    return a == b and copysign(1.0, a) == copysign(1.0, b)


def count_uses(region: Region) -> Counter[Value]:
    """How often every value is used in a region, at all depths."""
    found = Counter(region.results)
    for node in walk(region):
        found.update(node.operands)
        for inner in node.regions:
            found.update(inner.results)
    return found
