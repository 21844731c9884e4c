"""One unit while it is lowered: where its variables are, and what is being built."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, final

from whilec.diagnostics.model import InternalError
from whilec.ir.build import Builder
from whilec.ir.node import Function, Region
from whilec.ir.static import Counter, Static
from whilec.ir.types import NUMBER, Kind, Shape, Type, Value
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram, Role, Unit
from whilec.semantics.types import Kind as SourceKind
from whilec.source import Span
from whilec.syntax import ast


@final
@dataclass
class Lowering:
    """What all units of one program share.

    Args:
        program: Specialised: its bindings are known.
        family: Name of the relaxations in force, such as `sech`.
        loops: Number of every WHILE and LOOP, by the identity of its node.
        targets: With `trainable`, number of every assignment target, by the identity of its node.
        functions: The DEFs lowered so far, by the identity of their unit.
        lower_unit: Lowers a DEF on first use.
    """

    program: CheckedProgram
    options: Options
    family: str
    loops: Mapping[int, int]
    targets: Mapping[int, int]
    functions: dict[int, Function] = field(default_factory=dict[int, Function])
    lower_unit: Callable[[Unit], Function] = field(init=False)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the PARAMs."""
        return tuple(parameter.name for parameter in self.program.parameters)


@final
class Scope:
    """The variables of one unit and the region that is being built."""

    def __init__(self, lowering: Lowering, unit: Unit) -> None:
        self.lowering = lowering
        self.options = lowering.options
        self.unit = unit
        self.values: dict[str, Value] = {}
        """Where every variable and PARAM is at this point of the text."""
        self.counters: dict[str, Static] = {}
        self.builder = Builder()
        self.constants: Mapping[str, Any] = {
            **lowering.program.constants,
            **(lowering.program.bindings or {}),
            **unit.shapes,
        }
        self._span = Span(0, 0)
        self._prologue = Builder()
        self._shared: dict[str, Value] = {}

    # types

    def kind(self, expr: ast.Expr) -> SourceKind:
        """The kind of an expression."""
        return self.unit.type_of(expr).kind

    def is_static(self, expr: ast.Expr) -> bool:
        """Whether an expression is a static integer."""
        return self.kind(expr) is SourceKind.STATIC

    def shape(self, expr: ast.Expr) -> Shape:
        """The shape of an expression, in numbers."""
        return concrete(self.unit.type_of(expr).shape)

    def shape_of(self, name: str) -> Shape:
        """The shape of a variable, in numbers."""
        return concrete(self.unit.variables[name].type.shape)

    # building

    @contextmanager
    def inside(self) -> Generator[Builder]:
        """Build an inner region; variables assigned in it are as before afterwards."""
        outer, values, counters = self.builder, dict(self.values), dict(self.counters)
        self.builder = Builder()
        try:
            yield self.builder
        finally:
            self.builder, self.values, self.counters = outer, values, counters

    def emit(self, op: str, *operands: Value, span: Span, name: str = "", **attrs: Any) -> Value:
        """Append a node with one result."""
        return self.builder.one(op, *operands, span=span, name=name, **attrs)

    def shared(self, op: str, **attrs: Any) -> Value:
        """A value that is the same in the whole unit: a constant, the weight 1, a setting."""
        key = f"{op} {sorted(attrs.items())}"
        known = self._shared.get(key)
        if known is None:
            known = self._shared[key] = self._prologue.one(op, span=self._span, **attrs)
        return known

    @property
    def one(self) -> Value:
        """The path weight of statements that always run."""
        return self.shared("one")

    def constant(self, value: float) -> Value:
        """A number."""
        return self.shared("constant", value=float(value))

    def setting(self, name: str) -> Value:
        """`steepness` or `compare_steepness`."""
        return self.shared("setting", which=name)

    def finish(self, parameters: tuple[Value, ...], results: tuple[Value, ...]) -> Region:
        """The region of the whole unit."""
        return Region(parameters, (*self._prologue.nodes, *self.builder.nodes), results)

    # values

    def fitted(self, value: Value, shape: Shape, span: Span) -> Value:
        """A value of exactly this shape; a scalar fills it."""
        if value.type.shape == shape:
            return value
        return self.emit("fill", value, span=span, shape=shape)

    def aligned(self, value: Value, shape: Shape, span: Span) -> Value:
        """A value that meets arrays of `shape` elementwise."""
        if value.type.shape == shape:
            return value
        return self.emit("spread", value, span=span, shape=shape)


def concrete(shape: tuple[Any, ...]) -> Shape:
    """A shape whose sizes are all known."""
    if any(not isinstance(size, int) for size in shape):
        raise InternalError("the program is not specialised")
    return shape


def number_type(shape: Shape) -> Type:
    """The type of a number or array."""
    return Type(Kind.NUMBER, shape) if shape else NUMBER


def counter_of(value: Value) -> Static:
    """A FOR variable as a static integer."""
    return Counter(value)


def is_variable(role: Role) -> bool:
    """Whether a name of this role has a value that statements may change."""
    return role in (Role.INPUT, Role.LOCAL, Role.DECLARED)
