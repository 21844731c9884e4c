"""The reference interpreter: slow, plain, and the meaning of the language.

`execute` runs on Python numbers without torch; `execute_tensors` (imports torch on first use)
runs a batch, with derivatives by autograd. Both share every rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whilec.semantics.reference.execute import execute
from whilec.semantics.reference.result import LoopReport, Observer, Run, Step

if TYPE_CHECKING:
    from whilec.semantics.reference.execute_lanes import execute_tensors

__all__ = ["LoopReport", "Observer", "Run", "Step", "execute", "execute_tensors"]


def __getattr__(name: str) -> Any:
    if name == "execute_tensors":
        from whilec.semantics.reference.execute_lanes import execute_tensors

        return execute_tensors
    raise AttributeError(name)
