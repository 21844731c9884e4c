"""The values that a run starts with."""

from __future__ import annotations

from collections.abc import Mapping

from whilec.diagnostics.model import InternalError
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference.arithmetic import AbstractArithmetic, Value
from whilec.semantics.reference.arrays import filled
from whilec.semantics.reference.scope import concrete
from whilec.semantics.static import StaticEnvironment, SymbolicSize, evaluate


def parameter_values(
    program: CheckedProgram, arithmetic: AbstractArithmetic, given: Mapping[str, Value]
) -> dict[str, Value]:
    """Every PARAM: what the caller gave, else its declared value, as numbers and arrays."""
    environment = StaticEnvironment(program.constants, program.main.types)
    values: dict[str, Value] = {}
    for variable in program.parameters:
        if variable.name in given:
            values[variable.name] = given[variable.name]
            continue
        assert variable.start is not None
        number = evaluate(variable.start, environment)
        if isinstance(number, SymbolicSize):
            raise InternalError("a PARAM cannot depend on a size")
        values[variable.name] = filled(arithmetic.number(float(number)), concrete(variable.type.shape))
    return values
