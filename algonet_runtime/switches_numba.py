"""Switches of kernels that are known when they are compiled. Imports numba.

A kernel takes a `Switch`, which has one Numba type for on and another for off, so that Numba compiles a
kernel for each, without the parts that are off.
"""

# pyright: basic
from __future__ import annotations

from typing import Any, final

from numba.core import types
from numba.extending import NativeValue, models, overload, register_model, unbox


@final
class SwitchType(types.Type):
    """The Numba type of a switch that is on, or of one that is off."""

    def __init__(self, is_on: bool) -> None:
        self.is_on = is_on
        super().__init__(name=f"Switch({is_on})")


@final
class Switch:
    """A kernel's argument."""

    def __init__(self, is_on: bool) -> None:
        self.is_on = is_on
        self._numba_type_ = SwitchType(is_on)


register_model(SwitchType)(models.OpaqueModel)


@unbox(SwitchType)
def _unbox(typ: Any, obj: Any, c: Any) -> NativeValue:
    return NativeValue(c.context.get_dummy_value())


def is_on(switch: Switch) -> bool:
    """Whether a switch is on; in kernels only."""
    raise NotImplementedError("Numba puts the constant here")


@overload(is_on, inline="always")
def _is_on(switch):
    if not isinstance(switch, SwitchType):
        return None
    if switch.is_on:
        return lambda switch: True
    return lambda switch: False


SWITCHES = (Switch(False), Switch(True))
"""Off and on."""
