"""Where compiled Numba kernels are kept, and when they are stale. Imports numba.

Numba compares the file that a kernel is in; a kernel here is also made of functions in other files, so that
it is the digest of them all that must agree.
"""

# pyright: basic
from __future__ import annotations

import hashlib
import os
import pickle
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, final

from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile, _CacheLocator
from numba.core.compiler_lock import global_compiler_lock
from numba.core.runtime.nrt import rtsys

FOLDER = "ALGONET_CACHE"
"""Environment variable: the folder of compiled kernels; empty, nothing is kept."""


def keep(kernel: Any) -> Any:
    """The kernel, which from now on is read from the disk where it was compiled before."""
    if _locator() is not None:
        kernel._cache = _Cache(kernel.py_func)
    return kernel


@cache
def _locator() -> _Locator | None:
    """The one of all kernels; None if nothing is to be kept, or nothing can be."""
    given = os.environ.get(FOLDER)
    if given == "":
        return None
    try:
        locator = _Locator(_usual() if given is None else Path(given))
        locator.ensure_cache_path()
    except (OSError, RuntimeError):  # no place to write, or no home
        return None
    return locator


def _usual() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "algonet"


@cache
def _digest() -> str:
    """Of all sources of this package's Numba functions."""
    found = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*_numba.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


@final
class _Locator(_CacheLocator):
    """One folder for each state of the sources."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_cache_path(self) -> str:
        return str(self._folder / _digest())

    def get_source_stamp(self) -> str:
        return _digest()

    def get_disambiguator(self) -> str:
        return ""

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> _Locator | None:
        """The same for all."""
        return _locator()


@final
class _Implementation(CompileResultCacheImpl):
    _locator_classes: ClassVar[list[type]] = [_Locator]


_DAMAGE = (
    *(OSError, EOFError, pickle.UnpicklingError, ValueError, TypeError),
    *(AttributeError, ImportError, LookupError, MemoryError),
)
"""What reading a damaged file raises."""


@final
class _Files:
    """The files of a function: an index and the code for every signature.

    Numba has one index for all, and another process that compiles at the same time may put its code where the
    index says that ours is.
    """

    def __init__(self, folder: str, name: str, stamp: str) -> None:
        self._folder, self._name, self._stamp = folder, name, stamp

    def _file(self, key: Any) -> IndexDataCacheFile:
        digest = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        return IndexDataCacheFile(self._folder, f"{self._name}-{digest}", self._stamp)

    def load(self, key: Any) -> Any:
        """What was saved; None if nothing was, or if it is damaged."""
        try:
            return self._file(key).load(key)
        except _DAMAGE:
            return None

    def save(self, key: Any, data: Any) -> None:
        """Save it, unless the disk is full."""
        file = self._file(key)
        with suppress(OSError):
            try:
                file.save(key, data)
            except _DAMAGE:
                file.flush()
                file.save(key, data)


@final
class _Cache(FunctionCache):
    _impl_class = _Implementation

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)
        implementation = self._impl
        self._cache_file = _Files(
            self._cache_path, implementation.filename_base, implementation.locator.get_source_stamp()
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The kernel for a signature; None if it was not saved.

        Numba's own first imports all that it can compile (0.2 s). Code from the disk needs only the functions
        that hand over arrays.
        """
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            found = self._load_overload(sig, target_context)
        if found is None:
            target_context.refresh()
        return found


def _renew_compiler_lock() -> None:
    """A fork may happen while another thread compiles; the child's compiler would wait for it forever."""
    global_compiler_lock._lock = threading.RLock()


os.register_at_fork(after_in_child=_renew_compiler_lock)
