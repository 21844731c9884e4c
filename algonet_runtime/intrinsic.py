"""What a compiler needs to know about an intrinsic: its signature, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

from algonet_runtime.smoothness import Smoothness


@final
@dataclass(frozen=True)
class Parameter:
    """One argument of an intrinsic.

    Args:
        name: As it is written in a call, `name = value`.
        kind: `tensor` takes a number or array that may depend on inputs; `int` and `real` take a
            compile-time number.
        dims: Shape of a tensor: names of sizes, bound by the call and equal where repeated.
        default: Value where the call leaves it out; a parameter without one is required.
        required: Whether a call must give it.
        keyword_only: Whether it can be given by name only.
    """

    name: str
    kind: Literal["tensor", "int", "real"]
    dims: tuple[str, ...] = ()
    default: float | int | None = None
    required: bool = True
    keyword_only: bool = False


@final
@dataclass(frozen=True)
class ResultSpec:
    """One result of an intrinsic: its name and the sizes of its dimensions."""

    name: str
    dims: tuple[str | int, ...] = ()


@final
@dataclass(frozen=True)
class Signature:
    """An intrinsic as the checker sees it; results are always real.

    Args:
        name: The name that programs and Python use.
        parameters: In the order of positional arguments.
        results: At least one.
        smoothness: Its class in its tensor arguments.
        doc: The first line of its documentation.
    """

    name: str
    parameters: tuple[Parameter, ...]
    results: tuple[ResultSpec, ...]
    smoothness: Smoothness
    doc: str = ""


def table() -> Mapping[str, Signature]:
    """All intrinsics by name."""
    return {}
