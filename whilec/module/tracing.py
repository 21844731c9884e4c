"""What a call does while it is traced by TorchDynamo or torch.fx. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import fx, nn

from whilec.backends.base import AbstractExecutable, Call, Outcome
from whilec.driver.specialising import Programs, Sizes
from whilec.module.ties import tied


def executable_for(
    programs: Programs, sizes: Sizes, device: torch.device, dtype: torch.dtype
) -> AbstractExecutable:
    """What runs calls of this kind; compiled on the first one.

    Raises:
        WhileError: The program does not fit the sizes, or no backend can run it.
    """
    if torch.compiler.is_dynamo_compiling():
        _compile(programs, sizes, device, dtype)
        return programs.known_executable(sizes, device, dtype)
    return programs.executable(sizes, device, dtype)


def run(executable: AbstractExecutable, call: Call) -> Outcome:
    """Run an executable; TorchDynamo does not look into one that cannot be traced.

    Raises:
        WhileError: A run-time error (E06xx).
    """
    if torch.compiler.is_dynamo_compiling() and not executable.is_traceable:
        return _eager[0](executable, call)
    return _run(executable, call)


def _run(executable: AbstractExecutable, call: Call) -> Outcome:
    outcome = executable.run(call)
    return tied(outcome, call) if executable.may_skip or call.rows == 0 else outcome


_eager: list[Callable[[AbstractExecutable, Call], Outcome]] = [_run]


def _compile(programs: Programs, sizes: Sizes, device: torch.device, dtype: torch.dtype) -> bool:
    programs.executable(sizes, device, dtype)
    # Here TorchDynamo is loaded. To decorate `_run` at once would load it, in a second or two, for
    # those who never compile.
    if _eager[0] is _run:
        _eager[0] = cast("Any", torch.compiler).disable(_run)
    return True


# As `torch.compiler.assume_constant_result` does, which would load TorchDynamo too. It calls the
# function then instead of tracing it.
_compile._dynamo_marked_constant = True  # pyright: ignore[reportFunctionMemberAccess]


def traced_argument(values: tuple[Any, ...], named: Mapping[str, Any]) -> fx.Proxy | None:
    """The first argument that stands for a value in a trace of torch.fx."""
    for value in values:
        if isinstance(value, fx.Proxy):
            return value
    for value in named.values():
        if isinstance(value, fx.Proxy):
            return value
    return None


def as_leaf(
    module: nn.Module, proxy: fx.Proxy, values: tuple[Any, ...], named: Mapping[str, Any]
) -> fx.Proxy:
    """A call of the module in the traced graph: a proxy has no shape to bind sizes from."""
    tracer: Any = proxy.tracer
    return tracer.create_proxy("call_module", tracer.path_of_module(module), values, dict(named))
