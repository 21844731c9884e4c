"""Arguments of a call sorted by parameter."""

from __future__ import annotations

from collections.abc import Sequence

from whilec.syntax import ast


def ordered_arguments(call: ast.Call, parameters: Sequence[str]) -> tuple[ast.Expr | None, ...]:
    """The arguments of a DEF's call in the order of its parameters; None where one is missing.

    Surplus, unknown and repeated arguments are left out; the checker reports them.
    """
    found: dict[str, ast.Expr] = {}
    positional = [argument.value for argument in call.arguments if argument.name is None]
    found.update(zip(parameters, positional, strict=False))
    for argument in call.arguments:
        if argument.name is not None:
            found.setdefault(argument.name.id, argument.value)
    return tuple(found.get(name) for name in parameters)
