"""Types of tensor arguments: `Float[Tensor, "*batch n"]` is a floating-point tensor of that shape.

The names in the text are sizes: equal where they repeat; a number is that size. `*batch` is any number of
leading dimensions, which broadcast against those of other arguments; `*trail` behind the names is any number
of further dimensions, which the operation itself checks; `*shape` is a whole shape. What may stand in place
of a tensor follows behind `|`; numbers and tuples of them the operation itself checks. Loads without torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, final

if TYPE_CHECKING:
    from typing import Annotated

    Float = Annotated
    Bool = Annotated
    Int = Annotated
else:

    class Float:
        """A floating-point tensor; the text names its dimensions."""

        def __class_getitem__(cls, item: Any) -> Any:
            return cls

    class Bool:
        """A tensor of truth values; the text names its dimensions."""

        def __class_getitem__(cls, item: Any) -> Any:
            return cls

    class Int:
        """A tensor of whole numbers; the text names its dimensions."""

        def __class_getitem__(cls, item: Any) -> Any:
            return cls


@final
@dataclass(frozen=True)
class TensorType:
    """A tensor as an annotation describes it.

    Args:
        kind: What its elements are.
        dims: Its dimensions after the batch; `...` for any shape.
        is_batched: Whether there are batch dimensions before them.
        is_optional: Whether None is allowed.
        has_trail: Whether there may be dimensions behind them.
        has_plain_form: Whether numbers, or tuples of numbers, may stand in its place.
    """

    kind: Literal["float", "bool", "int"]
    dims: tuple[str, ...]
    is_batched: bool
    is_optional: bool = False
    has_trail: bool = False
    has_plain_form: bool = False


_TENSOR = re.compile(r'(Float|Bool|Int)\[Tensor, "([^"]*)"\]((?:\s*\|\s*[^|]+)*)')


def tensor_type(annotation: str) -> TensorType | None:
    """What an annotation says; None where it is that of no tensor."""
    found = _TENSOR.fullmatch(annotation.strip().replace("'", '"'))
    if found is None:
        return None
    others = {other.strip() for other in found[3].split("|")} - {""}
    return _described(found[1], found[2], frozenset(others))


def result_types(annotation: str) -> tuple[TensorType, ...]:
    """The tensors that a return annotation names: one, or a tuple of several."""
    found = _TENSOR.findall(annotation.replace("'", '"'))
    return tuple(_described(kind, words, frozenset()) for kind, words, _ in found)


def _described(kind: str, text: str, others: frozenset[str]) -> TensorType:
    words = text.split()
    return TensorType(
        cast("Literal['float', 'bool', 'int']", kind.lower()),
        ("...",) if "*shape" in words else tuple(word for word in words if not word.startswith("*")),
        "*batch" in words,
        "None" in others,
        "*trail" in words,
        bool(others - {"None"}),
    )
