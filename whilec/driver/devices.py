"""Devices and number types by name. The codes load without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whilec.diagnostics.model import Code, Diagnostic, Example, WhileError
from whilec.driver.values import shorten

if TYPE_CHECKING:
    import torch

E0520 = Code(
    "E0520",
    "a device that is not there",
    """
`--device` is `cpu`, `cuda` for the first NVIDIA GPU, `cuda:1` for the second one and so on, or `mps` for the
GPU of an Apple computer. The message says what torch finds on this machine. A GPU that exists and is not
found most often means that torch was installed without support for it; see pytorch.org.
""",
    Example("PROGRAM double(x: real) -> y: real\ny := x + x\n", "run {file} x=3 --device cuda:999"),
)


def find_device(name: str) -> torch.device:
    """The device of a name.

    Raises:
        WhileError: There is no such device.
    """
    import torch

    try:
        device = torch.device(name)
    except (RuntimeError, ValueError):
        raise _missing(name, "no device has this name") from None
    reason = _reason(device)
    if reason is not None:
        raise _missing(name, reason)
    return device


def find_dtype(name: str | None, device: torch.device) -> torch.dtype:
    """The number type of a name; without one, that with the most digits that the device has.

    Raises:
        WhileError: The device does not compute in it.
    """
    import torch

    has_double = device.type != "mps"
    if name is None:
        return torch.float64 if has_double else torch.float32
    if name == "float64" and not has_double:
        title = f"the device `{device}` has no float64"
        raise WhileError(Diagnostic(E0520, title, help="use `--dtype float32`"))
    return getattr(torch, name)


def _reason(device: torch.device) -> str | None:
    """Why a device cannot be used; None where it can."""
    import torch

    index = device.index or 0
    if device.type == "cpu":
        return None if index == 0 else "there is only one `cpu`"
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if count == 0:
            return "torch finds no CUDA device on this machine"
        last = "only `cuda:0`" if count == 1 else f"`cuda:0` to `cuda:{count - 1}`"
        return None if index < count else f"torch finds {last}"
    if device.type == "mps":
        is_there = torch.backends.mps.is_available() and index == 0
        return None if is_there else "torch finds no such Apple GPU on this machine"
    return "programs run on `cpu`, `cuda` and `mps`"


def _missing(name: str, reason: str) -> WhileError:
    title = f"there is no device `{shorten(name)}`: {reason}"
    return WhileError(Diagnostic(E0520, title, help="leave `--device` out to run on the CPU"))
