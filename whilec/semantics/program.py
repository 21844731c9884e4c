"""A checked program: the syntax tree with everything the checker found out about it.

Annotations are kept beside the tree, keyed by the identity of its nodes (`id(node)`), one table
per *unit*. A unit is one scope: the program itself, or a DEF for one tuple of argument types.
The tree stays alive as long as the CheckedProgram does, so the keys are stable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, final

from algonet_runtime.intrinsic import Signature
from whilec.diagnostics.model import Diagnostic
from whilec.semantics.types import Bindings, ValueType
from whilec.source import SourceFile, Span
from whilec.syntax import ast


class Role(Enum):
    """What a name stands for within a unit."""

    INPUT = "input"
    """Set by the caller; a local copy that may be assigned."""
    LOCAL = "local"
    """An undeclared local or an output: starts at 0."""
    DECLARED = "declared"
    """Declared by VAR."""
    COUNTER = "counter"
    """A FOR variable: a static integer."""
    CONST = "const"
    PARAM = "param"
    SHAPE = "shape"
    """A shape variable: a static integer bound by the call."""


@final
@dataclass(frozen=True)
class Variable:
    """A name of a unit. A counter shared by several FORs is one variable."""

    name: str
    role: Role
    type: ValueType
    span: Span
    """Its declaration, or else its first appearance."""
    start: ast.Expr | None = None
    """Start value of a VAR; value of a CONST or PARAM."""


@final
@dataclass(frozen=True)
class Builtin:
    """A callee: a function of the language, by name (`min`, `degree`, `len`, ...)."""

    name: str


@final
@dataclass(frozen=True)
class IntrinsicCall:
    """A callee: an operation of `algonet_runtime`, with its arguments sorted by parameter.

    Parameters that the call leaves out are absent from `arguments` and `words`.
    """

    signature: Signature
    arguments: Mapping[str, ast.Expr]
    results: tuple[ValueType, ...]
    words: Mapping[str, str]


@final
@dataclass(frozen=True, eq=False)
class Unit:
    """One scope with its annotations.

    Args:
        name: None for the program itself, else the name of the DEF.
        inputs: Names in the order of positional arguments.
        outputs: Names in the order of results.
        variables: Every name that the unit uses or declares, CONST and PARAM included, in the
            order: shape variables, CONST, PARAM (each as declared), inputs, then first appearance.
        starts: The VAR declarations with a start value, in text order; evaluated once on entry.
        body: The statements.
        types: Type of every expression, by `id`.
        callees: What each `ast.Call` of the unit calls, by `id`.
    """

    name: str | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    variables: Mapping[str, Variable]
    starts: tuple[ast.Var, ...]
    body: tuple[ast.Stmt, ...]
    types: Mapping[int, ValueType]
    callees: Mapping[int, Callee]
    shapes: Bindings
    """Shape variables of a DEF's parameter types that this instance binds (or, for the program,
    the bindings it was specialised for)."""

    def type_of(self, expr: ast.Expr) -> ValueType:
        """The type of an expression of this unit."""
        return self.types[id(expr)]


Callee: TypeAlias = Builtin | IntrinsicCall | Unit


@final
@dataclass(frozen=True, eq=False)
class CheckedProgram:
    """A program without errors.

    Args:
        source: Its text.
        syntax: Its tree.
        main: The program's own scope.
        has_header: Without one, inputs are optional and start at 0.
        constants: Value of every CONST.
        shape_variables: Names that the call binds, in order of appearance.
        bindings: Their values; None for a program that was checked for any values. A program
            without shape variables has bindings {} at once. Only a program with bindings can run:
            all its sizes are ints and its static indices are known to be in range.
        warnings: What the checker noticed.
    """

    source: SourceFile
    syntax: ast.Program
    main: Unit
    has_header: bool
    constants: Mapping[str, int | float]
    shape_variables: tuple[str, ...]
    bindings: Bindings | None
    warnings: tuple[Diagnostic, ...]

    @property
    def requirements(self) -> tuple[ast.Require, ...]:
        """The REQUIREs, in text order."""
        return tuple(item for item in self.syntax.items if isinstance(item, ast.Require))

    @property
    def parameters(self) -> tuple[Variable, ...]:
        """The PARAMs, in text order."""
        return tuple(v for v in self.main.variables.values() if v.role is Role.PARAM)
