"""The syntax tree: frozen nodes, each with the span of text it came from.

Two trees are equal when they say the same thing; spans and spellings do not count.
Conditions and numbers share one grammar and one `Expr`; telling degrees from numbers is the
checker's task, so that its message can say what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, final

from whilec.source import Span

CompareOp: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
BinaryOp: TypeAlias = Literal["+", "-", "*", "/"]
BoolOp: TypeAlias = Literal["AND", "OR"]


def _span() -> Span:
    return field(compare=False, repr=False, kw_only=True)


# ---- expressions -----------------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class Number:
    """A literal: an `int` without a point or exponent, else a `float`."""

    value: int | float
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Name:
    """A variable, constant or parameter."""

    id: str
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Index:
    """`array[i, j]`; fewer indices than dimensions give a sub-array."""

    array: Name
    indices: tuple[Expr, ...]
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Negate:
    """`-operand`."""

    operand: Expr
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Binary:
    """`left op right` on numbers and arrays."""

    op: BinaryOp
    left: Expr
    right: Expr
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; `name` is None for a positional one."""

    name: Name | None
    value: Expr
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`: a built-in, a DEF or an intrinsic."""

    function: Name
    arguments: tuple[Argument, ...]
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Compare:
    """`left op right [WITH STEEPNESS steepness]`; `op` in its normal spelling."""

    op: CompareOp
    left: Expr
    right: Expr
    steepness: Expr | None
    op_span: Span = _span()
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Connective:
    """`left AND right`, `left OR right`."""

    op: BoolOp
    left: Expr
    right: Expr
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Not:
    """`NOT operand`."""

    operand: Expr
    span: Span = _span()


Expr: TypeAlias = Number | Name | Index | Negate | Binary | Call | Compare | Connective | Not
Target: TypeAlias = Name | Index

# ---- statements ------------------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class Assign:
    """`targets := values`; as many values as targets, or one call with that many results."""

    targets: tuple[Target, ...]
    values: tuple[Expr, ...]
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class While:
    """`WHILE condition DO body END`; `head` spans the keyword to `DO`."""

    condition: Expr
    body: tuple[Stmt, ...]
    head: Span = _span()
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Loop:
    """`LOOP count DO body END`."""

    count: Expr
    body: tuple[Stmt, ...]
    head: Span = _span()
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class For:
    """`FOR variable FROM start TO stop [STEP step] DO body END`; bounds inclusive."""

    variable: Name
    start: Expr
    stop: Expr
    step: Expr | None
    body: tuple[Stmt, ...]
    head: Span = _span()
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Branch:
    """One `IF` or `ELSEIF` condition and its statements."""

    condition: Expr
    body: tuple[Stmt, ...]
    head: Span = _span()
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class If:
    """`IF .. THEN .. ELSEIF .. THEN .. ELSE .. END`; `orelse` is None without an ELSE."""

    branches: tuple[Branch, ...]
    orelse: tuple[Stmt, ...] | None
    span: Span = _span()


Stmt: TypeAlias = Assign | While | Loop | For | If

# ---- declarations ----------------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class TypeExpr:
    """`real[n, m]` or `int`; no dimensions for a scalar."""

    kind: Literal["real", "int"]
    dims: tuple[Expr, ...]
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Binding:
    """A name with an optional type, in a header or the head of a DEF."""

    name: Name
    type: TypeExpr | None
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Header:
    """`PROGRAM name(inputs) -> outputs`."""

    name: Name
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Const:
    """`CONST name = value`."""

    name: Name
    value: Expr
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Param:
    """`PARAM name: type = value`."""

    name: Name
    type: TypeExpr
    value: Expr
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Require:
    """`REQUIRE C2`; `order` is None for `C_INF`."""

    order: int | None
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Var:
    """`VAR name: type [= start]`."""

    name: Name
    type: TypeExpr
    start: Expr | None
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Def:
    """`DEF name(parameters) -> results variables body END`."""

    name: Name
    parameters: tuple[Binding, ...]
    results: tuple[Binding, ...]
    variables: tuple[Var, ...]
    body: tuple[Stmt, ...]
    head: Span = _span()
    span: Span = _span()


Declaration: TypeAlias = Const | Param | Require | Var | Def
Item: TypeAlias = Declaration | Stmt


@final
@dataclass(frozen=True, slots=True)
class Program:
    """A whole file: an optional header, then declarations and statements in text order."""

    header: Header | None
    items: tuple[Item, ...]
    span: Span = _span()


@final
@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its marker (`//` or `#`), without the line end."""

    text: str
    span: Span = _span()
