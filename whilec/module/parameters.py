"""PARAMs as parameters of a module: their names and start values."""

from __future__ import annotations

from collections.abc import Iterable

from whilec.diagnostics.model import InternalError
from whilec.semantics.program import CheckedProgram
from whilec.semantics.static import StaticEnvironment, SymbolicSize, evaluate

RESERVED = frozenset({"target_weights", "target_biases"})
"""Attributes that some modules have."""


def attribute_names(module: object, names: Iterable[str]) -> dict[str, str]:
    """An attribute for each PARAM: its name, with `_` behind while a module has that attribute."""
    wanted = list(names)
    found: dict[str, str] = {}
    for name in wanted:
        attribute = name
        taken = {*RESERVED, *found.values(), *wanted[: len(found)], *wanted[len(found) + 1 :]}
        while attribute in taken or hasattr(module, attribute):
            attribute += "_"
        found[name] = attribute
    return found


def start_values(program: CheckedProgram) -> dict[str, tuple[float, tuple[int, ...]]]:
    """The declared value and the shape of every PARAM."""
    environment = StaticEnvironment(program.constants, program.main.types)
    values: dict[str, tuple[float, tuple[int, ...]]] = {}
    for variable in program.parameters:
        assert variable.start is not None
        number = evaluate(variable.start, environment)
        if isinstance(number, SymbolicSize):
            raise InternalError("a PARAM cannot depend on a size")
        shape = tuple(dim for dim in variable.type.shape if isinstance(dim, int))
        values[variable.name] = float(number), shape
    return values
