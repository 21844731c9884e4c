"""The decorator that makes a plain Python function a module of torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from whilec.syntax.python import translate

if TYPE_CHECKING:
    from whilec.module import WhileModule


@overload
def smooth(function: Callable[..., Any], /) -> WhileModule: ...


@overload
def smooth(*, require: str | None = None, **options: Any) -> Callable[[Callable[..., Any]], WhileModule]: ...


def smooth(
    function: Callable[..., Any] | None = None, /, *, require: str | None = None, **options: Any
) -> WhileModule | Callable[[Callable[..., Any]], WhileModule]:
    """Make a Python function whose body stays inside the language a module.

    It is used as `@whilec.smooth` or with options, as `@whilec.smooth(smooth=1)`. The module is the one
    that `whilec.compile_source` makes of the same program written as a text; the function itself is its
    `__wrapped__`.

    Args:
        function: A plain function in a file; None to decorate with options.
        require: The smoothness that the program promises: `C0`, `C1`, ... or `C_INF`.
        options: `smooth` and all other options of `whilec.compile`.

    Raises:
        WhileError: The function goes beyond the language, the program is wrong, or the options are.
    """
    if function is not None:
        return _compiled(function, require, options)

    def decorate(each: Callable[..., Any]) -> WhileModule:
        return _compiled(each, require, options)

    return decorate


def _compiled(function: Callable[..., Any], require: str | None, options: dict[str, Any]) -> WhileModule:
    source, program = translate(function, require=require)
    from whilec.driver.compiling import compile_tree

    module = compile_tree(source, program, **options)
    for name in ("__name__", "__qualname__", "__doc__", "__module__"):
        setattr(module, name, getattr(function, name))
    module.__dict__["__wrapped__"] = function
    return module
