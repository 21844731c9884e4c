"""Operations of `algonet_runtime` as programs call them, on rows of a batch. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, final

import torch

from algonet_runtime.checks import as_whole
from algonet_runtime.intrinsic import MODULES, find
from whilec.backends.torch_fx.record import Recorder
from whilec.backends.torch_library.tables import dense


@final
class Intrinsics(Mapping[str, Callable[..., Any]]):
    """The operations by name; tensors have a leading dimension of rows.

    A number that is not finite spoils its own row only, as everywhere in a program, so that the operations do
    not look for it.

    Args:
        recorder: Who records each call as one node of a graph; None: calls run.
    """

    def __init__(self, recorder: Recorder | None = None) -> None:
        self._recorder = recorder

    def __getitem__(self, name: str) -> Callable[..., Any]:
        find(name)

        def call(**arguments: Any) -> Any:
            return self._call(name, arguments)

        return call

    def _call(self, name: str, given: Mapping[str, Any]) -> Any:
        arguments = {key: dense(value) for key, value in given.items()}
        if self._recorder is None:
            return _Call(name, (), arguments)()
        tensors = {key: value for key, value in arguments.items() if isinstance(value, torch.Tensor)}
        options = {key: value for key, value in arguments.items() if key not in tensors}
        return self._recorder.call(_Call(name, tuple(tensors), options), tuple(tensors.values()))

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


@final
class _Call:
    """A function of tensors alone, which graphs can hold.

    Args:
        name: Of the operation.
        tensors: Names of the arguments of a call.
        options: All other arguments.
    """

    def __init__(self, name: str, tensors: tuple[str, ...], options: Mapping[str, Any]) -> None:
        self.__name__ = self.__qualname__ = name
        self._tensors = tensors
        self._options = dict(options)
        self._operation = find(name)
        parameters = self._operation.signature.parameters
        self._whole = frozenset(parameter.name for parameter in parameters if parameter.is_whole)
        if "check" in self._operation.python_signature.parameters:
            self._options["check"] = False

    def __call__(self, *values: Any) -> Any:
        tensors = dict(zip(self._tensors, values, strict=True))
        return self._operation(**self._converted(tensors), **self._converted(self._options))

    def _converted(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Indices as whole numbers; the whole numbers of hard mode as reals."""
        return {name: self._argument(name, value) for name, value in arguments.items()}

    def _argument(self, name: str, value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        if name in self._whole:
            return as_whole(self.__name__, name, value)
        return value if value.is_floating_point() else value.double()
