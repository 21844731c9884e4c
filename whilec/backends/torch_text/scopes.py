"""Which names in a piece of Python are not local, and what is local around them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

Locals: TypeAlias = frozenset[str]

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Use(NamedTuple):
    """A name that is read and not local.

    Args:
        name: The name.
        attribute: That which is read of it, `multiply` in `numbers.multiply`; None if nothing is.
        start: Where name and attribute begin, in bytes.
        end: Where they end.
        name_end: Where the name ends.
        locals: The names that are local there.
    """

    name: str
    attribute: str | None
    start: int
    end: int
    name_end: int
    locals: Locals

    def without_attribute(self) -> Use:
        """The name alone."""
        return self._replace(attribute=None, end=self.name_end)


def uses(node: ast.AST, line_starts: Sequence[int]) -> Iterator[Use]:
    """Every name in a top-level statement that is read and not local.

    Args:
        node: The statement.
        line_starts: Where lines begin in the text, in bytes.
    """
    return _uses(node, frozenset(), frozenset(), line_starts)


def _uses(node: ast.AST, outer: Locals, inner: Locals, starts: Sequence[int]) -> Iterator[Use]:
    """Names below a node.

    Args:
        node: Any node.
        outer: Names of the functions around it, which functions in it see too.
        inner: Names of a class around it, which functions in it do not see.
        starts: Where lines begin.
    """
    match node:
        case ast.Name(id=name) if isinstance(node.ctx, ast.Load):
            if name not in outer and name not in inner:
                yield _use(node, None, node, outer | inner, starts)
        case ast.Attribute(value=ast.Name(id=name) as base, attr=attribute):
            if name not in outer and name not in inner:
                yield _use(base, attribute, node, outer | inner, starts)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            bound = outer | frozenset(_bound_by_function(node))
            for part, is_inside in _parts(node):
                yield from _uses(
                    part, bound if is_inside else outer, frozenset() if is_inside else inner, starts
                )
        case ast.ClassDef():
            members = frozenset(_bound(node.body))
            for part in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
                yield from _uses(part, outer, inner, starts)
            for part in node.body:
                yield from _uses(part, outer, members, starts)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            bound = outer | inner | frozenset(_targets(node))
            for part in ast.iter_child_nodes(node):
                yield from _uses(part, bound, frozenset(), starts)
        case ast.AnnAssign(value=ast.Constant(value=str(text)) as value):
            yield from _uses(node.annotation, outer, inner, starts)
            if ast.unparse(node.annotation) == "TypeAlias":
                first = starts[value.lineno - 1] + value.col_offset + 1
                yield from _text_uses(text, first, outer, inner)
        case _:
            for part in ast.iter_child_nodes(node):
                yield from _uses(part, outer, inner, starts)


def _text_uses(text: str, first: int, outer: Locals, inner: Locals) -> Iterator[Use]:
    """Names in a type that is written as a text, which begins at `first`."""
    for use in _uses(ast.parse(text, mode="eval"), outer, inner, (0,)):
        yield use._replace(start=use.start + first, end=use.end + first, name_end=use.name_end + first)


def _use(name: ast.Name, attribute: str | None, whole: ast.expr, local: Locals, starts: Sequence[int]) -> Use:
    return Use(
        name.id,
        attribute,
        starts[name.lineno - 1] + name.col_offset,
        starts[(whole.end_lineno or 1) - 1] + (whole.end_col_offset or 0),
        starts[(name.end_lineno or 1) - 1] + (name.end_col_offset or 0),
        local,
    )


def _parts(function: _Function) -> Iterator[tuple[ast.AST, bool]]:
    """The parts of a function, and whether they are inside of its scope."""
    arguments = function.args
    outside: list[ast.AST | None] = [*arguments.defaults, *arguments.kw_defaults]
    outside += [argument.annotation for argument in _arguments(arguments)]
    body: list[ast.AST]
    if isinstance(function, ast.Lambda):
        body = [function.body]
    else:
        outside += [*function.decorator_list, function.returns]
        body = [*function.body]
    yield from ((part, False) for part in outside if part is not None)
    yield from ((part, True) for part in body)


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None)


def _bound_by_function(function: _Function) -> Iterator[str]:
    yield from (argument.arg for argument in _arguments(function.args))
    if not isinstance(function, ast.Lambda):
        yield from _bound(function.body)


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that statements bind in their own scope."""
    for node in nodes:
        match node:
            case ast.Name(id=name) if isinstance(node.ctx, ast.Store):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                continue
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                yield name
                yield from _bound(ast.iter_child_nodes(node))
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name.partition(".")[0] for alias in names)
            case _:
                yield from _bound(ast.iter_child_nodes(node))


def _targets(comprehension: _Comprehension) -> Iterator[str]:
    for generator in comprehension.generators:
        yield from _bound([generator.target])
