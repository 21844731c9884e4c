"""Who else has a hand in a call: transforms of torch. Imports torch."""

# Torch's own stubs leave these types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import torch
from torch.autograd import forward_ad
from torch.utils._python_dispatch import is_in_torch_dispatch_mode

# Torch has no public name for this.
_FUNCTORCH: Any = torch._C._functorch  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]


def is_transformed() -> bool:
    """Whether `torch.func` or `torch.vmap` transforms the present call."""
    return _FUNCTORCH.peek_interpreter_stack() is not None


def is_traced() -> bool:
    """Whether somebody records or transforms the present call, so that nobody may look at numbers."""
    return torch.compiler.is_compiling() or is_transformed() or is_in_torch_dispatch_mode()


def is_batched(x: torch.Tensor) -> bool:
    """Whether a gradient stands for many, as with `is_grads_batched`."""
    return _FUNCTORCH.is_batchedtensor(x) or _FUNCTORCH.is_legacy_batchedtensor(x)


def has_tangent(x: torch.Tensor) -> bool:
    """Whether forward-mode differentiation goes through a tensor."""
    unpack: Any = forward_ad.unpack_dual
    return unpack(x).tangent is not None
