"""The body of a Python function: declarations first, then statements."""

from __future__ import annotations

import ast as python
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from whilec.syntax import ast
from whilec.syntax.python.expressions import Expressions
from whilec.syntax.python.signature import read_inputs, read_outputs, read_parameters
from whilec.syntax.python.statements import DECLARATION, Statements
from whilec.syntax.python.types import annotated_type, is_final
from whilec.syntax.python.unit import Unit


@final
@dataclass(frozen=True)
class Function:
    """What one function says, ready to become a PROGRAM or a DEF."""

    name: ast.Name
    inputs: tuple[ast.Binding, ...]
    outputs: tuple[ast.Binding, ...]
    variables: tuple[ast.Var, ...]
    body: tuple[ast.Stmt, ...]


def translate_function(unit: Unit, node: python.FunctionDef) -> Function:
    """Translate one function, adding its constants and PARAMs to those of the program."""
    expressions = Expressions(unit)
    inputs = read_inputs(unit, expressions, node)
    read_parameters(unit, expressions, node)
    outputs = read_outputs(unit, expressions, node, inputs)
    body = _Body(unit, expressions, outputs)
    statements = tuple(body.statements(_without_frame(node)))
    name = unit.name_at(node.name, unit.places.name(node))
    return Function(name, inputs, outputs, tuple(body.variables), statements)


def variables_of(node: python.FunctionDef) -> tuple[frozenset[str], frozenset[str]]:
    """The names that Python takes for variables of the function, and those that only loops assign."""
    arguments = node.args
    named = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    parameters = {argument.arg for argument in named if argument is not None}
    parts = [part for statement in node.body for part in python.walk(statement)]
    counters = [part.target for part in parts if isinstance(part, python.For | python.AsyncFor)]
    in_heads = {id(part) for counter in counters for part in python.walk(counter)}
    stored = [
        part for part in parts if isinstance(part, python.Name) and not isinstance(part.ctx, python.Load)
    ]
    assigned = parameters | {part.id for part in stored if id(part) not in in_heads}
    everything = assigned | {part.id for part in stored}
    return frozenset(everything), frozenset(everything - assigned)


def _without_frame(node: python.FunctionDef) -> list[python.stmt]:
    """The statements between the docstring and the last `return`."""
    body = list(node.body)
    match body[0]:
        case python.Expr(value=python.Constant(value=str())):
            del body[0]
        case _:
            pass
    if body and isinstance(body[-1], python.Return):
        del body[-1]
    return body


@final
class _Body:
    """Translates the outermost statements, in their order."""

    def __init__(self, unit: Unit, expressions: Expressions, outputs: tuple[ast.Binding, ...]) -> None:
        self.variables: list[ast.Var] = []
        self._unit = unit
        self._expressions = expressions
        self._statements = Statements(unit, expressions)
        self._output_types = {output.name.id: output.type for output in outputs}
        self._mentioned: set[str] = set()
        self._assigned: set[str] = set()

    def statements(self, nodes: list[python.stmt]) -> Iterator[ast.Stmt]:
        for node in nodes:
            if isinstance(node, python.AnnAssign):
                statement = self._declare(node)
            elif _binds_sizes(self._unit, node):
                continue
            else:
                statement = self._statements.statement(node)
                names = [part for part in python.walk(node) if isinstance(part, python.Name)]
                self._mentioned |= {name.id for name in names}
                self._assigned |= {name.id for name in names if isinstance(name.ctx, python.Store)}
                self._assigned |= {_base_name(part) for part in python.walk(node)} - {""}
            if statement is not None:
                yield statement

    def _declare(self, node: python.AnnAssign) -> ast.Stmt | None:
        """A declaration becomes a VAR or a CONST; its start value stays an assignment where it must."""
        unit, target = self._unit, node.target
        if not isinstance(target, python.Name):
            unit.report(
                DECLARATION,
                "only variables are declared",
                target,
                "not a name",
                "declare the whole array",
            )
            return None
        name = unit.name_at(target.id, target)
        if target.id in self._mentioned:
            unit.report(
                DECLARATION,
                f"`{target.id}` is declared after its first use",
                node,
                "used above",
                "move the declaration up",
            )
            return None
        self._mentioned.add(target.id)
        value = None if node.value is None else self._expressions.translate(node.value)
        if is_final(unit, node.annotation):
            return self._constant(node, name, value)
        kind = annotated_type(unit, node.annotation, self._expressions.translate)
        if kind is None:
            return None
        is_early = node.value is None or self._assigned.isdisjoint(_names(node.value))
        start = value if is_early else None
        is_told = self._output_types.get(target.id) == kind and (
            start is None or (isinstance(start, ast.Number) and start.value == 0)
        )
        if not is_told:  # the header says already that it starts at 0
            self.variables.append(ast.Var(name, kind, start, span=unit.span(node)))
        if is_early or value is None:
            return None
        self._assigned.add(target.id)
        return ast.Assign((name,), (value,), span=unit.span(node))

    def _constant(self, node: python.AnnAssign, name: ast.Name, value: ast.Expr | None) -> None:
        if value is None:
            self._unit.report(
                DECLARATION, f"the constant `{name.id}` has no value", node, "no value", "write `= 1.0`"
            )
            return
        self._unit.declare_constant(ast.Const(name, value, span=self._unit.span(node)), node)


def _binds_sizes(unit: Unit, node: python.stmt) -> bool:
    """Whether a statement such as `n = len(a)` says what the annotation of `a` says."""
    match node:
        case python.Assign(targets=[python.Tuple(elts=names)], value=python.Tuple(elts=values)):
            pairs = [([name], value) for name, value in zip(names, values, strict=False)]
            return len(names) == len(values) and all(_is_size(unit, *pair) for pair in pairs)
        case python.Assign(targets=[python.Tuple(elts=names)], value=value):
            return _is_size(unit, names, value)
        case python.Assign(targets=[name], value=value):
            return _is_size(unit, [name], value)
        case _:
            return False


def _is_size(unit: Unit, targets: list[python.expr], value: python.expr) -> bool:
    """Whether an expression is the sizes that these names stand for anyway."""
    match value:
        case python.Call(func=python.Name(id="len"), args=[python.Name(id=array)], keywords=[]):
            meant = unit.sizes.get(array, ())[:1]
        case python.Subscript(
            value=python.Attribute(value=python.Name(id=array), attr="shape"),
            slice=python.Constant(value=int(axis)),
        ):
            meant = unit.sizes.get(array, ())[axis : axis + 1] if axis >= 0 else ()
        case python.Attribute(value=python.Name(id=array), attr="shape"):
            meant = unit.sizes.get(array, ())
        case _:
            return False
    names = [target.id if isinstance(target, python.Name) else None for target in targets]
    sizes = [size.id if isinstance(size, ast.Name) else "" for size in meant]
    return bool(sizes) and sizes == names


def _names(node: python.expr) -> set[str]:
    return {part.id for part in python.walk(node) if isinstance(part, python.Name)}


def _base_name(node: python.AST) -> str:
    """The array whose element a target is."""
    if not isinstance(node, python.Subscript) or not isinstance(node.ctx, python.Store):
        return ""
    base: python.expr = node
    while isinstance(base, python.Subscript):
        base = base.value
    return base.id if isinstance(base, python.Name) else ""
