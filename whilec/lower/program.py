"""A whole program."""

from __future__ import annotations

from whilec.ir.build import fresh
from whilec.ir.node import Function, Program
from whilec.ir.types import Value
from whilec.lower import values
from whilec.lower.scope import Lowering, Scope, concrete, is_variable, number_type
from whilec.lower.statements import block
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram, Unit
from whilec.syntax import ast, walk


def lower(program: CheckedProgram, options: Options) -> Program:
    """The program with path weights made explicit, at stage SOFT.

    Args:
        program: Specialised: its bindings are known.
        options: Of a smooth mode.
    """
    loops = [node for node in _statements(program) if isinstance(node, ast.While | ast.Loop)]
    loops.sort(key=lambda node: node.span.start)
    targets = assignment_targets(program) if options.trainable else ()
    lowering = Lowering(
        program,
        options,
        family_name(options),
        loops={id(node): i for i, node in enumerate(loops)},
        targets={id(target): i for i, target in enumerate(targets)},
    )
    lowering.lower_unit = lambda unit: _function(lowering, unit)
    body = _unit(lowering, program.main)
    header = program.syntax.header
    return Program(
        name=header.name.id if header is not None else "program",
        inputs=program.main.inputs,
        parameters=lowering.parameters,
        outputs=program.main.outputs,
        functions={function.name: function for function in lowering.functions.values()},
        body=body.body,
        loops=tuple(node.head for node in loops),
        family=lowering.family,
        targets=len(targets),
    )


def family_name(options: Options) -> str:
    """Name of the relaxations of a smooth mode: `c0` .. `c8`, `sech`, `bump`."""
    return options.phi if options.smooth == "inf" else f"c{options.smooth}"


def assignment_targets(program: CheckedProgram) -> tuple[ast.Target, ...]:
    """The targets of all assignments of the source, in text order."""
    assignments = [node for node in _statements(program) if isinstance(node, ast.Assign)]
    assignments.sort(key=lambda node: node.span.start)
    return tuple(target for node in assignments for target in node.targets)


def _statements(program: CheckedProgram) -> list[ast.Stmt]:
    """All statements of the source, those of DEFs included."""
    found: list[ast.Stmt] = []
    for item in program.syntax.items:
        if isinstance(item, ast.Def):
            found += walk.statements(item.body)
        elif isinstance(item, ast.Assign | ast.While | ast.Loop | ast.For | ast.If):
            found += walk.statements((item,))
    return found


def _function(lowering: Lowering, unit: Unit) -> Function:
    known = lowering.functions.get(id(unit))
    if known is None:
        known = _unit(lowering, unit)
        lowering.functions[id(unit)] = known
    return known


def _unit(lowering: Lowering, unit: Unit) -> Function:
    """The region of a unit: PARAMs and inputs come in, outputs go out."""
    scope = Scope(lowering, unit)
    for parameter in lowering.program.parameters:
        (scope.values[parameter.name],) = fresh([number_type(concrete(parameter.type.shape))], parameter.name)
    for name in unit.inputs:
        (scope.values[name],) = fresh([number_type(scope.shape_of(name))], name)
    parameters: tuple[Value, ...] = tuple(scope.values.values())
    for name, variable in unit.variables.items():
        if is_variable(variable.role) and name not in scope.values:
            zero, shape = scope.constant(0.0), scope.shape_of(name)
            scope.values[name] = scope.emit("fill", zero, span=variable.span, name=name, shape=shape)
    for var in unit.starts:
        assert var.start is not None
        start = values.value(scope, var.start)
        scope.values[var.name.id] = scope.fitted(start, scope.shape_of(var.name.id), var.span)
    block(scope, unit.body, scope.one)
    results = tuple(scope.values[name] for name in unit.outputs)
    taken = {function.name for function in lowering.functions.values()}
    name = unit.name or ""
    while name in taken:
        name += "_"
    return Function(name, scope.finish(parameters, results))
