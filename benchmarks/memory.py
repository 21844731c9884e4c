"""Peak memory of a computation, as bytes in tensors.

On the CPU every operation that torch dispatches is watched, in the forward and in the backward pass:
the storage of each result counts from its creation until nothing refers to it any more, graph and saved
tensors included. So the number is exact, the same on every machine, and free of what allocators keep in
reserve; it leaves out scratch space inside an operation and buffers that a kernel allocates by itself.
On CUDA it is the allocator's own peak.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, final

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


@final
class LiveBytes(TorchDispatchMode):
    """Counts the bytes of tensors made while it is active; `peak` is the most at one time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.peak = 0
        self._storages: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        # What comes in unseen was there before, so that its views are no new memory.
        self._note((args, kwargs), is_new=False)
        result = func(*args, **kwargs)
        self._note(result, is_new=True)
        return result

    def _note(self, tree: Any, *, is_new: bool) -> None:
        for tensor in tree_leaves(tree):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                key = storage._cdata
                if key not in self._storages:
                    size = storage.nbytes() if is_new else 0
                    self._storages.add(key)
                    weakref.finalize(storage, self._forget, key, size)
                    self.now += size
                    self.peak = max(self.peak, self.now)

    def _forget(self, key: int, size: int) -> None:
        self._storages.discard(key)
        self.now -= size


def peak_bytes(run: Callable[[], object], device: torch.device) -> int:
    """The most memory that `run` holds at one time beyond what was there before."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        run()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    with LiveBytes() as live:
        run()
    return live.peak
