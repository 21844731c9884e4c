"""Runs the test blocks of a program and says which cases failed, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import isfinite, prod
from typing import Any, final

from whilec.diagnostics.model import Code, Diagnostic, Example, Label, WhileError
from whilec.driver.pipeline import run_program
from whilec.driver.testblocks import Case, read_cases
from whilec.driver.values import Value, format_value, shape_of, shorten
from whilec.semantics.options import Smooth
from whilec.source import SourceFile

TOLERANCE = 1e-6
"""Relative error that a smooth mode may have where a case does not say; hard mode: none."""

E0660 = Code(
    "E0660",
    "a test failed",
    """
A case of a test block in the program did not give the output, or the error, that it names. Each case
runs once in each of its modes; the message says which mode it was and what came out. Where a smooth
mode gives a number that is right but not exact, add `tolerance 1e-4`, say.
""",
    Example("x0 := x1 + 0\n// ==\n// input { x1 = 3 }  output { x0 = 4 }", "test {file}"),
)


@final
@dataclass(frozen=True)
class Outcome:
    """One case in one mode; `problems` is empty where it passed."""

    case: Case
    mode: Smooth
    problems: tuple[Diagnostic, ...]


def run_tests(source: SourceFile) -> Iterator[Outcome]:
    """Run every case of a program in each of its modes.

    Raises:
        WhileError: A test block is malformed.
    """
    for case in read_cases(source):
        for mode in case.modes:
            yield Outcome(case, mode, tuple(_problems(source, case, mode)))


def _problems(source: SourceFile, case: Case, mode: Smooth) -> Iterator[Diagnostic]:
    options = replace(case.options, smooth=mode)
    outputs = _wanted_outputs(case)
    try:
        result = run_program(source, case.inputs, options, outputs=outputs)
    except WhileError as error:
        found = [d.code.name for d in error.diagnostics]
        if case.error in found:
            return
        wanted = "it should run" if case.error is None else f"it should stop with {case.error}"
        yield _failed(source, case, mode, f"stopped with {found[0]}, but {wanted}")
        yield from error.diagnostics
        return
    if case.error is not None:
        yield _failed(source, case, mode, f"ran to its end, but should stop with {case.error}")
        return
    tolerance = case.tolerance
    if tolerance is None:
        tolerance = 0.0 if options.is_hard else TOLERANCE
    for name, wanted in (case.outputs or {}).items():
        label = _difference(name, wanted, result.run.outputs, tolerance)
        if label is not None:
            yield _failed(source, case, mode, label)


def _wanted_outputs(case: Case) -> tuple[str, ...] | None:
    """The outputs to ask for: those that the case names; all where it names none."""
    return tuple(case.outputs) if case.outputs else None


def _difference(name: str, wanted: Value, outputs: Mapping[str, Any], tolerance: float) -> str | None:
    """How an output differs from what is wanted; None if it does not."""
    if name not in outputs:
        return f"there is no output `{name}`"
    value = outputs[name]
    wanted_shape, shape = shape_of(wanted), shape_of(value)
    if wanted_shape != shape:
        return f"`{name}` has shape {list(shape)}, not {list(wanted_shape)}"
    pairs = list(zip(_flat(value), _flat(wanted), strict=True))
    for at, (got, want) in enumerate(pairs):
        if not _is_near(got, want, tolerance):
            element = f"{name}[{', '.join(map(str, _place(at, shape)))}]" if shape else name
            return f"`{element}` is {', not '.join(_apart(got, want))}"
    return None


def _flat(value: Value) -> Iterator[int | float]:
    if isinstance(value, list):
        for row in value:
            yield from _flat(row)
    else:
        yield value


def _place(at: int, shape: tuple[int, ...]) -> list[int]:
    """The indices of element `at` in the order of a flat array."""
    indices: list[int] = []
    for axis, size in enumerate(shape):
        indices.append(at // prod(shape[axis + 1 :]) % size)
    return indices


def _is_near(got: float, want: float, tolerance: float) -> bool:
    if got == want:
        return True
    if tolerance == 0 or (isinstance(got, float) and not isfinite(got)):
        return False
    try:
        return abs(got - want) <= tolerance * max(1.0, abs(want))
    except OverflowError:  # whole numbers beyond the range of reals
        from fractions import Fraction

        return abs(Fraction(got) - Fraction(want)) <= Fraction(tolerance) * abs(Fraction(want))


def _apart(got: float, want: float) -> tuple[str, str]:
    """Two numbers that differ, with more digits where seven show no difference."""
    texts = format_value(got), format_value(want)
    if texts[0] == texts[1]:
        texts = _in_full(got), _in_full(want)
    shown = shorten(texts[0]), shorten(texts[1])
    return shown if shown[0] != shown[1] else (_last_digits(texts[0]), _last_digits(texts[1]))


def _in_full(number: float) -> str:
    return format_value(number) if isinstance(number, int) else repr(number)


def _last_digits(text: str) -> str:
    return f"{text[:8]}...{text[-29:]}"


def _failed(source: SourceFile, case: Case, mode: Smooth, label: str) -> Diagnostic:
    return Diagnostic(E0660, f"a test failed with `smooth {mode}`", Label(case.span, label), source=source)
