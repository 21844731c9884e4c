"""Emitted text as functions. Imports torch."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from itertools import count
from types import FrameType, TracebackType
from typing import Any, final

from algonet_runtime import ArgumentError
from whilec.backends.base import FailedRunError
from whilec.backends.torch_library.run import RunError
from whilec.backends.torch_text.emit import Text
from whilec.source import Span

_NUMBERS = count()


@final
class Loaded:
    """The `program` function of emitted text; errors in it name the source text they come from."""

    def __init__(self, text: Text, names: dict[str, Any], label: str) -> None:
        self._spans = text.spans
        self._file = f"<{label} {next(_NUMBERS)}>"
        source = "\n".join(text.lines)
        namespace = dict(names)
        exec(compile(source, self._file, "exec"), namespace)
        self._function: Callable[..., tuple[Any, ...]] = namespace["program"]
        linecache.cache[self._file] = (len(source), None, source.splitlines(keepends=True), self._file)

    def __call__(self, *arguments: Any) -> tuple[Any, ...]:
        """The outputs, of (run, rows, *parameters, *inputs).

        Raises:
            FailedRunError: The run cannot go on.
        """
        try:
            return self._function(*arguments)
        except RunError as error:
            raise FailedRunError(error.problem, self._span(error.__traceback__), error.numbers) from None
        except ArgumentError as error:
            raise FailedRunError("intrinsic", self._span(error.__traceback__), message=str(error)) from None
        except ZeroDivisionError as error:
            raise FailedRunError("division", self._span(error.__traceback__)) from None

    def place(self, frame: FrameType | None) -> Span | None:
        """The source text of the line that is running, given a frame above it."""
        while frame is not None:
            if frame.f_code.co_filename == self._file:
                return self._spans[frame.f_lineno - 1]
            frame = frame.f_back
        return None

    def __del__(self) -> None:
        linecache.cache.pop(self._file, None)

    def _span(self, traceback: TracebackType | None) -> Span | None:
        found: Span | None = None
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self._file:
                found = self._spans[traceback.tb_lineno - 1] or found
            traceback = traceback.tb_next
        return found
