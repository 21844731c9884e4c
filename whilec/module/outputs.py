"""Several outputs of a program as a named tuple. A class is found again by its name when unpickled."""

from __future__ import annotations

import re
from collections import namedtuple
from functools import cache
from typing import Any

_NAME = re.compile(r"Outputs\((?P<names>\w+(,\w+)*)\)")


@cache
def outputs_type(names: tuple[str, ...]) -> type[Any]:
    """The named tuple with these fields.

    Names that Python keeps to itself (`class`, `_x`) are `_0`, `_1`, ... by their position.
    """
    made: Any = namedtuple(  # pyright: ignore[reportUntypedNamedTuple] - its fields are known now
        "Outputs", names, rename=True, module=__name__
    )
    made.__qualname__ = f"Outputs({','.join(names)})"
    made.__doc__ = f"Outputs of a program: {', '.join(names)}."
    _register(made)
    return made


def _register(made: type[Any]) -> None:
    """Let programs that `torch.export` saves name the tuple that they give."""
    from torch.utils import _pytree  # pyright: ignore[reportPrivateImportUsage]

    _pytree._register_namedtuple(  # pyright: ignore[reportPrivateUsage]
        made, serialized_type_name=f"{__name__}.{made.__qualname__}"
    )


def __getattr__(name: str) -> Any:
    match = _NAME.fullmatch(name)
    if match is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return outputs_type(tuple(match["names"].split(",")))
