"""Types of tensor arguments: `Float[Tensor, "*batch n"]` is a floating-point tensor of that shape.

The names in the text are sizes: equal where they repeat. `*batch` is any number of leading dimensions, which
broadcast against those of other arguments; `*trail` behind the names is any number of further dimensions,
which the operation itself checks; `*shape` is a whole shape. Loads without torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, final

if TYPE_CHECKING:
    from typing import Annotated

    Float = Annotated
    Bool = Annotated
else:

    class Float:
        """A floating-point tensor; the text names its dimensions."""

        def __class_getitem__(cls, item: Any) -> Any:
            return cls

    class Bool:
        """A tensor of truth values; the text names its dimensions."""

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
    """

    kind: Literal["float", "bool"]
    dims: tuple[str, ...]
    is_batched: bool
    is_optional: bool = False
    has_trail: bool = False


_TENSOR = re.compile(r'(Float|Bool)\[Tensor, "([^"]*)"\](\s*\|\s*None)?')


def tensor_type(annotation: str) -> TensorType | None:
    """What an annotation says; None where it is that of no tensor."""
    found = _TENSOR.fullmatch(annotation.strip().replace("'", '"'))
    if found is None:
        return None
    return _described(found[1], found[2], is_optional=bool(found[3]))


def result_types(annotation: str) -> tuple[TensorType, ...]:
    """The tensors that a return annotation names: one, or a tuple of several."""
    found = _TENSOR.findall(annotation.replace("'", '"'))
    return tuple(_described(kind, words, is_optional=False) for kind, words, _ in found)


def _described(kind: str, text: str, *, is_optional: bool) -> TensorType:
    words = text.split()
    return TensorType(
        "float" if kind == "Float" else "bool",
        ("...",) if "*shape" in words else tuple(word for word in words if not word.startswith("*")),
        "*batch" in words,
        is_optional,
        "*trail" in words,
    )
