"""The choice among kernels, with the reason for every refusal. Loads without torch."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, final

from algonet_runtime.errors import RangeError

if TYPE_CHECKING:
    from algonet_runtime.intrinsic import Intrinsic

Rejection: TypeAlias = Callable[[Mapping[str, Any]], str | None]

VARIABLE = "ALGONET_KERNELS"
"""Environment variable: `reference` turns all kernels off, `auto` is the default."""


@final
@dataclass(frozen=True)
class Kernel:
    """A fast version of an intrinsic.

    Args:
        provider: Who compiles it.
        device: The kind of device that it runs on.
        function: Takes all arguments by name.
        rejects: Why it cannot take certain arguments, or None if it can.
    """

    provider: str
    device: str
    function: Callable[..., Any]
    rejects: Rejection


class Refusal(NamedTuple):
    """A kernel, and why it did not run; None if it did."""

    kernel: str
    reason: str | None


def chosen(kernels: Sequence[Kernel], values: Mapping[str, Any]) -> Kernel | None:
    """The first kernel that takes the arguments; None for the plain version."""
    if not kernels or _is_off():
        return None
    for kernel in kernels:
        if kernel.rejects(values) is None:
            return kernel
    return None


def explain_dispatch(operation: Intrinsic[..., Any], *args: Any, **kwargs: Any) -> tuple[Refusal, ...]:
    """What a call would run: every kernel that is asked, with its reason, the one that runs last.

    >>> import torch
    >>> from algonet_runtime import finite_differences
    >>> explain_dispatch(finite_differences, torch.ones(3))
    (Refusal(kernel='reference', reason=None),)
    """
    values = operation.bind(*args, **kwargs)
    asked: list[Refusal] = []
    for kernel in operation.kernels:
        name = f"{kernel.provider} on {kernel.device}"
        reason = f"{VARIABLE}=reference" if _is_off() else kernel.rejects(values)
        asked.append(Refusal(name, reason))
        if reason is None:
            return tuple(asked)
    return (*asked, Refusal("reference", None))


def _is_off() -> bool:
    given = os.environ.get(VARIABLE, "auto")
    if given not in ("auto", "reference"):
        raise RangeError(f"{VARIABLE} is {given!r}; choose auto or reference")
    return given == "reference"
