"""Names for the annotations of Python functions that become WHILE programs.

They mean something to the translator only: Python itself runs the function as if they were not there.
"""

from __future__ import annotations

from types import GenericAlias
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, final

_Condition = TypeVar("_Condition")

if TYPE_CHECKING:

    class _Number(Any):
        def __class_getitem__(cls, sizes: Any) -> Any: ...

    Real: TypeAlias = _Number | Any
    Int: TypeAlias = _Number | Any

else:

    @final
    class Real:
        """`real` in an annotation; `Real["n", "m + 1"]` is an array of real numbers."""

        def __class_getitem__(cls, sizes: object) -> GenericAlias:
            return GenericAlias(cls, sizes)

    @final
    class Int:
        """`int` in an annotation; `Int["n"]` is an array of whole numbers."""

        def __class_getitem__(cls, sizes: object) -> GenericAlias:
            return GenericAlias(cls, sizes)


def steep(condition: _Condition, steepness: float) -> _Condition:
    """A comparison with a steepness of its own: `a < b WITH STEEPNESS s`.

    Python itself gets the comparison as it is.

    >>> steep(1 < 2, 8.0)
    True
    """
    del steepness
    return condition
