"""Results that are computed once, and are constants to TorchDynamo. Loads without torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")


def remembered(function: Callable[P, R], *, is_off: Callable[[], bool] = lambda: False) -> Callable[P, R]:
    """The function, called once for equal positional arguments.

    TorchDynamo, which would trace what it does, calls it instead and takes the result for a constant.

    Args:
        function: Of hashable arguments.
        is_off: Whether it must be called anew at present.
    """
    known: dict[tuple[Any, ...], R] = {}

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if is_off():
            return function(*args, **kwargs)
        found = known.get(args)
        if found is None:
            found = known.setdefault(args, function(*args, **kwargs))
        return found

    # As `torch.compiler.assume_constant_result` does, which would load torch.
    cast("Any", call)._dynamo_marked_constant = True
    call.__doc__ = function.__doc__
    call.__name__ = function.__name__
    return call
