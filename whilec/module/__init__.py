"""Compiled programs as modules of `torch.nn`; torch is loaded when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whilec.module.result import ModuleRun
    from whilec.module.while_module import WhileModule

__all__ = ["ModuleRun", "WhileModule"]


def __getattr__(name: str) -> Any:
    if name == "WhileModule":
        from whilec.module.while_module import WhileModule

        return WhileModule
    if name == "ModuleRun":
        from whilec.module.result import ModuleRun

        return ModuleRun
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
