"""Children and descendants of syntax nodes, without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from whilec.syntax import ast

_CHILDREN: dict[type, Callable[[Any], tuple[ast.Expr, ...]]] = {
    ast.Number: lambda _: (),
    ast.Name: lambda _: (),
    ast.Index: lambda node: node.indices,
    ast.Negate: lambda node: (node.operand,),
    ast.Binary: lambda node: (node.left, node.right),
    ast.Call: lambda node: tuple(argument.value for argument in node.arguments),
    ast.Compare: lambda node: (
        (node.left, node.right) if node.steepness is None else (node.left, node.right, node.steepness)
    ),
    ast.Connective: lambda node: (node.left, node.right),
    ast.Not: lambda node: (node.operand,),
}

_EXPRESSIONS: dict[type, Callable[[Any], tuple[ast.Expr, ...]]] = {
    ast.Assign: lambda node: (*node.targets, *node.values),
    ast.While: lambda node: (node.condition,),
    ast.Loop: lambda node: (node.count,),
    ast.For: lambda node: (
        (node.start, node.stop) if node.step is None else (node.start, node.stop, node.step)
    ),
    ast.If: lambda node: tuple(branch.condition for branch in node.branches),
    ast.Const: lambda node: (node.value,),
    ast.Param: lambda node: (*node.type.dims, node.value),
    ast.Require: lambda _: (),
    ast.Var: lambda node: node.type.dims if node.start is None else (*node.type.dims, node.start),
    ast.Def: lambda node: (
        *_dims(node.parameters),
        *_dims(node.results),
        *(expression for variable in node.variables for expression in expressions_of(variable)),
    ),
    ast.Header: lambda node: (*_dims(node.inputs), *_dims(node.outputs)),
}

_BLOCKS: dict[type, Callable[[Any], tuple[tuple[ast.Stmt, ...], ...]]] = {
    ast.While: lambda node: (node.body,),
    ast.Loop: lambda node: (node.body,),
    ast.For: lambda node: (node.body,),
    ast.If: lambda node: (*(branch.body for branch in node.branches), node.orelse or ()),
    ast.Def: lambda node: (node.body,),
}


def child_expressions(node: ast.Expr) -> tuple[ast.Expr, ...]:
    """The operands of an expression, in the order of the text; the array of an index is none."""
    return _CHILDREN[type(node)](node)


def expressions_of(node: ast.Item | ast.Header) -> tuple[ast.Expr, ...]:
    """The expressions that stand directly in an item, not those in its blocks."""
    return _EXPRESSIONS[type(node)](node)


def blocks_of(node: ast.Item) -> tuple[tuple[ast.Stmt, ...], ...]:
    """The blocks of a loop, a choice or a DEF; none for other items."""
    blocks = _BLOCKS.get(type(node))
    return blocks(node) if blocks is not None else ()


def statements(block: Iterable[ast.Stmt]) -> Iterator[ast.Stmt]:
    """All statements of a block and of the blocks inside it, in the order of the text."""
    pending = [iter(block)]
    while pending:
        statement = next(pending[-1], None)
        if statement is None:
            pending.pop()
            continue
        yield statement
        pending.extend(iter(inner) for inner in reversed(blocks_of(statement)))


def nested_statements(node: ast.Item) -> Iterator[ast.Stmt]:
    """All statements inside the blocks of an item, in the order of the text."""
    for block in blocks_of(node):
        yield from statements(block)


def _dims(bindings: tuple[ast.Binding, ...]) -> tuple[ast.Expr, ...]:
    return tuple(dim for binding in bindings if binding.type is not None for dim in binding.type.dims)
