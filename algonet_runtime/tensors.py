"""Small helpers on tensors that operations share. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, cast

import torch
from torch import Tensor
from torch._functorch import pyfunctorch
from torch.autograd import forward_ad
from torch.utils._python_dispatch import is_in_torch_dispatch_mode

from algonet_runtime.memo import remembered

P = ParamSpec("P")
R = TypeVar("R")


def computed(values: Tensor) -> Tensor:
    """Values in a dtype to compute in: half and bfloat16 in float32."""
    return values if values.dtype in (torch.float32, torch.float64) else values.float()


def broadcast(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both in their common shape.

    Raises:
        RuntimeError: There is none.
    """
    return cast("tuple[Tensor, Tensor]", cast("Any", torch).broadcast_tensors(a, b))


def common_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that all broadcast to.

    Raises:
        RuntimeError: There is none.
    """
    filled = [tuple(shape) for shape in shapes if len(shape)]
    if all(shape == filled[0] for shape in filled[1:]):
        return filled[0] if filled else ()  # torch takes its time
    return tuple(cast("Any", torch).broadcast_shapes(*shapes))


def index_tensor(numbers: Sequence[Any], device: torch.device) -> Tensor:
    """Whole numbers as a tensor that may be kept: it belongs to no transform of the present call."""
    stack: Any = pyfunctorch
    with torch.inference_mode(False), stack.temporarily_clear_interpreter_stack():
        return torch.tensor(numbers, dtype=torch.int64, device=device)


def remembered_tensors(function: Callable[P, R]) -> Callable[P, R]:
    """A function that makes index tensors, called once per arguments, and anew while a mode records them."""
    return remembered(function, is_off=is_in_torch_dispatch_mode)


def is_seen(value: Tensor) -> bool:
    """Whether code may branch on the values: not in torch.compile or vmap, nor where there are no data."""
    if torch.compiler.is_compiling() or value.device.type == "meta" or is_in_torch_dispatch_mode():
        return False
    functorch = cast("Any", torch)._C._functorch
    inner: Any = value
    while functorch.is_functorch_wrapped_tensor(inner):
        if functorch.is_batchedtensor(inner):
            return False
        inner = functorch.get_unwrapped(inner)
    return True


def is_in_transform() -> bool:
    """Whether torch.func transforms the call or forward mode is on; torch.compile asks when it records."""
    stack = cast("Any", torch)._C._functorch.peek_interpreter_stack()
    return stack is not None or cast("Any", forward_ad)._current_level >= 0


# As `torch.compiler.assume_constant_result` does, which loads torch._dynamo, for a second.
cast("Any", is_in_transform)._dynamo_marked_constant = True
