"""Which backends there are: one table from names to classes, each loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, Literal, TypeAlias

from whilec.backends.base import AbstractBackend

Graph: TypeAlias = Literal["recurrent", "unrolled"]
"""How loops run: each as a recurrent network, or as straight-line code with copies of its body."""

BACKENDS: Mapping[Graph, Mapping[str, str]] = {
    "recurrent": {"torch": "whilec.backends.torch_recurrent:TorchRecurrent"},
    "unrolled": {"torch": "whilec.backends.torch_unrolled:TorchUnrolled"},
}
"""`module:Class` by graph and name, the fastest first."""


@cache
def backend(graph: Graph, name: str) -> AbstractBackend[Any]:
    """The backend of a name in the table."""
    module, _, class_name = BACKENDS[graph][name].partition(":")
    return getattr(import_module(module), class_name)()
