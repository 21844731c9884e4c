"""Runs of compiled code that cannot go on, told as the interpreter tells them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from whilec.backends.base import FailedRunError
from whilec.diagnostics.model import Diagnostic, InternalError, Label, WhileError
from whilec.semantics.reference.errors import E0604, E0612, refused_by_intrinsic
from whilec.semantics.statements import ZERO_STEP
from whilec.semantics.static import STATIC_DIVISION
from whilec.source import SourceFile


def failed_run(error: FailedRunError, source: SourceFile) -> WhileError:
    """What went wrong, at its place in the text.

    Raises:
        InternalError: Nobody knows this problem.
    """
    describe = _PROBLEMS.get(error.problem)
    if describe is None:
        raise InternalError(f"a run failed for an unknown reason: {error.problem}")
    return WhileError(describe(error, source))


def _index(error: FailedRunError, source: SourceFile) -> Diagnostic:
    index, size = map(int, error.numbers)
    label = f"this axis has size {size}" + (f", so indices are 0 to {size - 1}" if size else "")
    title = f"index {index} is out of range"
    return Diagnostic(E0604, title, _label(error, label), help="keep the index in range", source=source)


def _division(error: FailedRunError, source: SourceFile) -> Diagnostic:
    label, help_text = _label(error, "the divisor is 0"), "keep the divisor away from 0"
    return Diagnostic(STATIC_DIVISION, "division by zero", label, help=help_text, source=source)


def _step(error: FailedRunError, source: SourceFile) -> Diagnostic:
    label = _label(error, "must not be 0")
    return Diagnostic(ZERO_STEP, "FOR has a step of 0", label, help="use 1 or -1", source=source)


def _steepness(error: FailedRunError, source: SourceFile) -> Diagnostic:
    name = "" if error.span is None else f" `{source.snippet(error.span)}`"
    return Diagnostic(
        E0612,
        f"steepness{name} is {error.numbers[0]:.7g}",
        _label(error, "must be finite and above 0"),
        help="choose the parameter so that the steepness stays positive",
        source=source,
    )


def _label(error: FailedRunError, text: str) -> Label | None:
    return None if error.span is None else Label(error.span, text)


def _intrinsic(error: FailedRunError, source: SourceFile) -> Diagnostic:
    return refused_by_intrinsic(error.message, error.span, source)


_PROBLEMS: Mapping[str, Callable[[FailedRunError, SourceFile], Diagnostic]] = {
    "index": _index,
    "division": _division,
    "step": _step,
    "steepness": _steepness,
    "intrinsic": _intrinsic,
}
