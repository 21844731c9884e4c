"""The library as the names that emitted text uses. Imports torch."""

# Modules are walked by name.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

from whilec.backends.torch_library import (
    arrays,
    control,
    eager,
    loops,
    masks,
    numbers,
    relaxations,
    run,
    tables,
    taped_functions,
    weights,
)

_SHARED = (numbers, relaxations, weights, arrays, run)


def traceable_names() -> dict[str, Any]:
    """For straight-line code: no function looks at the numbers of a batch."""
    return _functions(*_SHARED, masks)


def eager_names() -> dict[str, Any]:
    """For code that runs loops and choices itself."""
    return _functions(*_SHARED, control, loops, eager, tables)


def taped_names() -> dict[str, Any]:
    """For the same code on numbers of a tape."""
    return _functions(*_SHARED, control, loops, eager, tables, taped_functions)


def _functions(*modules: Any) -> dict[str, Any]:
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", None) == module.__name__
    }


def relaxation_of(family: str) -> Any:
    """The relaxations by name: `sech`, `bump`, `c0` .. `c8`."""
    if family == "sech":
        return relaxations.Sech()
    return relaxations.Bump() if family == "bump" else relaxations.Polynomial(int(family[1:]))
