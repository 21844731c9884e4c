"""Compiler of the smooth WHILE language."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whilec.diagnostics.model import Diagnostic, WhileError
    from whilec.driver.api import check_source, format_source, run, run_source

__version__ = "0.1.0"

__all__ = ["Diagnostic", "WhileError", "__version__", "check_source", "format_source", "run", "run_source"]

_HOMES = {
    "check_source": "whilec.driver.api",
    "format_source": "whilec.driver.api",
    "run": "whilec.driver.api",
    "run_source": "whilec.driver.api",
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
