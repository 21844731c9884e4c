"""Units: the program's own scope, and each DEF for the types of its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from whilec.diagnostics.model import Code, Example
from whilec.semantics import sizes
from whilec.semantics.calls import infer_call
from whilec.semantics.context import (
    REAL,
    STATIC,
    Instance,
    MaybeType,
    ProgramContext,
    Reporter,
    Rule,
    UnitContext,
    value_type,
)
from whilec.semantics.declarations import (
    check_elements,
    declare,
    declare_var,
    declared_type,
    report_bad_size,
    report_conflict,
)
from whilec.semantics.expressions import EXPRESSION_RULES
from whilec.semantics.facts import Facts
from whilec.semantics.locals import infer_locals
from whilec.semantics.program import Role, Unit, Variable
from whilec.semantics.statements import check_block
from whilec.semantics.types import Bindings, Dim, Kind
from whilec.syntax import ast

INPUT_SIZE = Code(
    "E0226",
    "a size of an input that is neither a name nor a number",
    """
In the type of an input or of a parameter each size is a name, which stands for whatever size the call
brings (`a: real[n]`), or a whole number of at least 1 (`a: real[3]`). Sums such as `n + 1` are for the
sizes of VARs and outputs. A name in this place is always a shape variable, never a CONST.
""",
    Example("PROGRAM p(a: real[n], b: real[n + 1]) -> y: real\ny := a[0] + b[0]\n"),
)

RULES: Mapping[type, Rule] = {**EXPRESSION_RULES, ast.Call: infer_call}


def open_unit(program: ProgramContext, name: str | None, facts: Facts, reporter: Reporter) -> UnitContext:
    """A unit that sees the CONSTs and PARAMs, and nothing of its own yet."""
    return UnitContext(program, name, facts, reporter, RULES)


def declare_shape_variables(
    unit: UnitContext, inputs: Iterable[ast.Binding], values: Mapping[str, Dim]
) -> None:
    """Declare the names in the types of inputs, with their values where known."""
    for binding in inputs:
        for dim in binding.type.dims if binding.type is not None else ():
            if not isinstance(dim, ast.Name) or unit.role(dim.id) is Role.SHAPE:
                continue
            hint = "a size in the type of an input is a shape variable; write the number, or use another name"
            if declare(unit, dim, Role.SHAPE, STATIC, hint=hint):
                unit.sizes[dim.id] = values.get(dim.id, sizes.symbol(dim.id))


def declare_inputs(
    unit: UnitContext, inputs: Sequence[ast.Binding], given: Sequence[MaybeType] | None = None
) -> None:
    """Declare inputs or parameters; `given` are the types that a call brings."""
    for position, binding in enumerate(inputs):
        found = None if given is None else given[position]
        if binding.type is not None:
            written = input_type(unit, binding.type)
            found = written if found is None else found
        elif given is None:
            found = REAL
        hint = "rename one of the two"
        if unit.role(binding.name.id) is Role.SHAPE:
            hint = f"the size `{binding.name.id}` comes with the array: leave it out of the inputs"
        if declare(unit, binding.name, Role.INPUT, found, hint=hint):
            unit.declared.add(binding.name.id)
            if found is not None:
                unit.types[id(binding.name)] = found


def input_type(unit: UnitContext, written: ast.TypeExpr) -> MaybeType:
    """The type of an input: each size a name or a number >= 1."""
    dims: list[Dim] = []
    is_fine = True
    for dim in written.dims:
        match dim:
            case ast.Name():
                size = unit.sizes.get(dim.id)
                if unit.role(dim.id) is Role.SHAPE and size is not None and not isinstance(size, float):
                    dims.append(size)
                else:
                    is_fine = False
            case ast.Number(value=int()) if dim.value >= 1 and isinstance(dim.value, int):
                dims.append(dim.value)
            case ast.Number(value=int()):
                report_bad_size(unit, dim.span, int(dim.value), 1)
                is_fine = False
            case _:
                unit.report(
                    INPUT_SIZE,
                    "a size of an input must be a name or a whole number",
                    dim.span,
                    "neither a name nor a whole number",
                    hint="name it, as in `a: real[n]`; the call decides what `n` is",
                )
                is_fine = False
    if not is_fine or not check_elements(unit, written.span, tuple(dims)):
        return None
    return value_type(Kind.INT if written.kind == "int" else Kind.REAL, tuple(dims))


def declare_outputs(unit: UnitContext, outputs: Iterable[ast.Binding]) -> None:
    """Declare outputs or results, which may be inputs as well."""
    seen: set[str] = set()
    for binding in outputs:
        name = binding.name.id
        found = None if binding.type is None else declared_type(unit, binding.type)
        if name in seen or unit.role(name) is not Role.INPUT:
            if declare(unit, binding.name, Role.LOCAL, found) and binding.type is not None:
                unit.declared.add(name)
        elif binding.type is not None and found is not None:
            known = unit.names[name]
            if known is not None and known != found:
                report_conflict(unit, name, binding.type.span, found, known)
        seen.add(name)


def close_unit(
    unit: UnitContext, outputs: Sequence[str], starts: Sequence[ast.Var], body: Sequence[ast.Stmt]
) -> Unit:
    """The unit as it is kept."""
    program = unit.program
    variables: dict[str, Variable] = {}
    own = {
        name: Variable(name, role, found, span, start)
        for name, (role, span, start) in unit.variables.items()
        if (found := unit.names.get(name)) is not None
    }
    for name, span in unit.facts.counters.items():
        own.setdefault(name, Variable(name, Role.COUNTER, STATIC, span))
    shapes = [name for name, variable in own.items() if variable.role is Role.SHAPE]
    variables.update((name, own[name]) for name in shapes)
    used = program.globals.values()
    if unit.name is not None:
        mentioned = (program.globals[name] for name in unit.facts.first if name in program.globals)
        used = sorted(mentioned, key=lambda variable: variable.span)
    for role in (Role.CONST, Role.PARAM):
        variables.update((v.name, v) for v in used if v.role is role)
    inputs = [name for name, variable in own.items() if variable.role is Role.INPUT]
    variables.update((name, own[name]) for name in inputs)
    rest = (variable for name, variable in own.items() if name not in variables)
    # A text has its outputs in the header, a Python function in its last line.
    results = frozenset(outputs)
    variables.update((v.name, v) for v in sorted(rest, key=lambda v: (v.name not in results, v.span)))
    bound: Bindings = {name: size for name in shapes if isinstance(size := unit.sizes.get(name), int)}
    return Unit(
        name=unit.name,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        variables=variables,
        starts=tuple(start for start in starts if start.start is not None),
        body=tuple(body),
        types=unit.types,
        callees=unit.callees,
        shapes=bound,
    )


# ---- DEF ---------------------------------------------------------------------------------------


def instantiate(program: ProgramContext, name: str, given: tuple[MaybeType, ...]) -> Instance:
    """Check a DEF for these argument types; once for each tuple of types."""
    key = (name, given)
    if key in program.instances:
        return program.instances[key]
    definition = program.definitions[name]
    unit = open_unit(program, name, program.facts[name], Reporter())
    declare_shape_variables(unit, definition.parameters, _bound_sizes(definition, given))
    declare_inputs(unit, definition.parameters, given)
    declare_outputs(unit, definition.results)
    outputs = [result.name.id for result in definition.results]
    for item in definition.variables:
        declare_var(unit, item, outputs)
    unit.is_declaring = False
    infer_locals(unit, program.graphs[name])
    check_block(unit, definition.body)
    instance = Instance(
        unit=close_unit(unit, outputs, definition.variables, definition.body),
        results=tuple(unit.names.get(output) for output in outputs),
        diagnostics=tuple(unit.reporter.diagnostics),
        obligations=tuple(unit.obligations),
        context=unit,
    )
    program.instances[key] = instance
    return instance


def _bound_sizes(definition: ast.Def, given: Sequence[MaybeType]) -> Mapping[str, Dim]:
    """Shape variables that the arguments bind; those that agree were compared by the call."""
    bound: dict[str, Dim] = {}
    for parameter, found in zip(definition.parameters, given, strict=True):
        if parameter.type is not None and found is not None:
            for dim, size in zip(parameter.type.dims, found.shape, strict=True):
                if isinstance(dim, ast.Name):
                    bound.setdefault(dim.id, size)
    return bound
