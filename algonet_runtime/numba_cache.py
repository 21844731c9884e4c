"""Where compiled Numba kernels are kept, and when they are stale. Imports numba.

Numba compares the file that a kernel is in; a kernel here is also made of functions in other files, so that
it is the digest of them all that must agree.
"""

# pyright: basic
from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, final

from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

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
    usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "algonet"
    locator = _Locator(usual if given is None else Path(given))
    try:
        locator.ensure_cache_path()
    except OSError:
        return None
    return locator


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


@final
class _Cache(FunctionCache):
    _impl_class = _Implementation
