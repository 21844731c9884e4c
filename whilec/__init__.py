"""Compiler of the smooth WHILE language."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whilec.diagnostics.model import Diagnostic, WhileError
    from whilec.driver.api import check_source, format_source, run, run_source
    from whilec.driver.compiling import compile, compile_source  # noqa: A004 - the public name
    from whilec.driver.decorator import smooth
    from whilec.driver.loop_warnings import LoopWarning
    from whilec.module import WhileModule
    from whilec.syntax.python.markers import Int, Real, steep

__version__ = "0.1.0"

__all__ = [
    "Diagnostic",
    "Int",
    "LoopWarning",
    "Real",
    "WhileError",
    "WhileModule",
    "__version__",
    "check_source",
    "compile",
    "compile_source",
    "format_source",
    "run",
    "run_source",
    "smooth",
    "steep",
]

_HOMES = {
    "check_source": "whilec.driver.api",
    "compile": "whilec.driver.compiling",
    "compile_source": "whilec.driver.compiling",
    "format_source": "whilec.driver.api",
    "run": "whilec.driver.api",
    "run_source": "whilec.driver.api",
    "smooth": "whilec.driver.decorator",
    "WhileModule": "whilec.module",
    "Int": "whilec.syntax.python.markers",
    "Real": "whilec.syntax.python.markers",
    "steep": "whilec.syntax.python.markers",
    "LoopWarning": "whilec.driver.loop_warnings",
    "Diagnostic": "whilec.diagnostics.model",
    "WhileError": "whilec.diagnostics.model",
}
"""Where each public name is; its module is loaded when the name is used."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
