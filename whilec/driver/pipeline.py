"""The pipeline: source -> syntax -> checked program -> run. Stages are loaded when they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias, final

from whilec.diagnostics.model import Code, Diagnostic, Example, InternalError, Severity, WhileError
from whilec.driver.inputs import first_not_finite
from whilec.driver.loop_warnings import loop_warnings
from whilec.driver.values import E0652, Value, shape_of
from whilec.semantics.bind import bind_shapes, check_input_names
from whilec.semantics.option_checks import check_options
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.source import SourceFile

if TYPE_CHECKING:
    from algonet_runtime import Signature, Smoothness
    from whilec.semantics.reference import Run, Step
    from whilec.syntax.parser import ParseResult

Level: TypeAlias = Literal["full", "core"]
"""The paper's language, or all of it."""

E0450 = Code(
    "E0450",
    "derivatives of a crisp run",
    """
In hard mode a program jumps: its outputs do not change at all for small changes of the inputs, and
then change at once. So it has no useful derivatives. They exist in the smooth modes; `--smooth 0` is
the one nearest to the crisp program, and on whole numbers it gives the same outputs.
""",
    Example("WHILE x1 != 0 DO\n  x0 := x0 + 1\n  x1 := x1 - 1\nEND", "run {file} x1=3 --smooth hard --grad"),
)


@final
@dataclass(frozen=True)
class Checked:
    """What checking found.

    Args:
        source: The text that was checked.
        diagnostics: Errors and warnings, in the order of their places.
        program: None if there are errors.
    """

    source: SourceFile
    diagnostics: tuple[Diagnostic, ...]
    program: CheckedProgram | None


@final
@dataclass(frozen=True)
class Result:
    """What a run gave.

    Args:
        program: As it was specialised for the inputs.
        run: Outputs, derivatives and loops.
        diagnostics: Warnings of the checker and about the loops.
    """

    program: CheckedProgram
    run: Run
    diagnostics: tuple[Diagnostic, ...]


def check_file(
    source: SourceFile,
    *,
    level: Level = "full",
    modes: tuple[Options, ...] = (),
    outputs: tuple[str, ...] | None = None,
) -> Checked:
    """Everything that is wrong with a program; `modes` are those whose REQUIRE must hold."""
    syntax = _parse(source)
    if syntax.program is None:
        return Checked(source, in_source(source, syntax.diagnostics), None)
    from whilec.semantics.check import check

    result = check(
        syntax.program, source, std=level, intrinsics=_intrinsics(), outputs=outputs, comments=syntax.comments
    )
    found = [*syntax.diagnostics, *result.diagnostics]
    program = result.program
    if program is not None:
        for options in modes:
            problems = check_options(options)
            found += problems
            found += () if has_errors(problems) else broken_promises(program, options)
    return Checked(source, in_source(source, found), None if has_errors(found) else program)


def format_file(source: SourceFile) -> str:
    """The program in the standard layout.

    Raises:
        WhileError: It has syntax errors.
        InternalError: The formatter is wrong; no file may be overwritten with its text.
    """
    from whilec.syntax.depth import deep_recursion
    from whilec.syntax.format import format_program

    syntax = _parse(source)
    if syntax.program is None:
        raise WhileError(*in_source(source, syntax.diagnostics))
    text = format_program(syntax, source)
    again = _parse(SourceFile(source.name, text))
    with deep_recursion():  # comparing trees recurses over them
        is_same = again.program == syntax.program
    if not is_same or len(again.comments) != len(syntax.comments):
        raise InternalError("the formatted program would not be the same program")
    return text


def prepare(
    source: SourceFile,
    inputs: Mapping[str, Value],
    options: Options,
    *,
    level: Level = "full",
    outputs: tuple[str, ...] | None = None,
) -> CheckedProgram:
    """A program checked and specialised for inputs of these shapes.

    Raises:
        WhileError: The program is wrong, or the inputs do not fit it.
    """
    try:
        _raise_errors(check_options(options))
        program = _checked(source, level, outputs)
        check_input_names(program, inputs)
        for name, value in inputs.items():
            _check_finite(name, value)
            if not options.is_hard:
                _check_range(name, value)
        bindings = bind_shapes(program, {name: shape_of(value) for name, value in inputs.items()})
        if program.bindings is None:
            from whilec.semantics.check import specialise

            program = specialise(program, bindings)
        _raise_errors(broken_promises(program, options))
    except WhileError as error:
        raise WhileError(*in_source(source, error.diagnostics)) from None
    return program


def run_prepared(
    program: CheckedProgram,
    inputs: Mapping[str, Value],
    options: Options,
    *,
    jacobian: bool = False,
    observer: Callable[[Step], None] | None = None,
) -> Result:
    """Run a program that was prepared for these inputs.

    Raises:
        WhileError: The run failed.
    """
    if jacobian and options.is_hard:
        raise WhileError(
            Diagnostic(
                E0450, "a crisp run has no derivatives", help="use `--smooth 0` or another smooth mode"
            )
        )
    try:
        if observer is None and calls_intrinsics(program):
            from whilec.driver.tensor_runs import run_on_tensors

            run = run_on_tensors(program, inputs, options, jacobian=jacobian)
        else:
            from whilec.semantics.reference import execute

            run = execute(program, inputs, options, jacobian=jacobian, observer=observer)
    except WhileError as error:
        raise WhileError(*in_source(program.source, error.diagnostics)) from None
    if run.jacobian is not None:
        names = dict.fromkeys([*inputs, *(parameter.name for parameter in program.parameters)])
        rows = {output: {name: row[name] for name in names} for output, row in run.jacobian.items()}
        run = replace(run, jacobian=rows)
    warnings = (*check_options(options), *program.warnings, *loop_warnings(run.loops))
    return Result(program, run, in_source(program.source, warnings))


def run_program(
    source: SourceFile,
    inputs: Mapping[str, Value],
    options: Options,
    *,
    level: Level = "full",
    outputs: tuple[str, ...] | None = None,
    jacobian: bool = False,
) -> Result:
    """Check, specialise and run a program.

    Raises:
        WhileError: The program or its inputs are wrong, or the run failed.
    """
    program = prepare(source, inputs, options, level=level, outputs=outputs)
    return run_prepared(program, inputs, options, jacobian=jacobian)


def calls_intrinsics(program: CheckedProgram) -> bool:
    """Whether the program, or a DEF that it calls, calls an operation of `algonet_runtime`."""
    from whilec.semantics.check import used_intrinsics

    return bool(used_intrinsics(program.main))


def smoothness(program: CheckedProgram, options: Options) -> Smoothness:
    """How often the program can be differentiated in a mode."""
    from whilec.semantics.smoothness import program_smoothness

    return program_smoothness(program, options)


def broken_promises(program: CheckedProgram, options: Options) -> tuple[Diagnostic, ...]:
    """Where the program falls short of its REQUIRE in a mode."""
    if not program.requirements:
        return ()
    from whilec.semantics.smoothness import check_require

    return check_require(program, options)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether one of them is an error."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


def in_source(source: SourceFile, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics, those with a place knowing that it is in this source."""
    return tuple(d.in_source(source) if d.primary is not None else d for d in diagnostics)


@lru_cache(maxsize=4)
def _parse(source: SourceFile) -> ParseResult:
    """Syntax trees are immutable, so that those of the last texts are kept."""
    from whilec.syntax.parser import parse

    return parse(source)


def _checked(source: SourceFile, level: Level, outputs: tuple[str, ...] | None) -> CheckedProgram:
    checked = check_file(source, level=level, outputs=outputs)
    if checked.program is None:
        raise WhileError(*checked.diagnostics)
    return checked.program


def _intrinsics() -> Mapping[str, Signature]:
    from algonet_runtime import table

    return table()


def _raise_errors(diagnostics: Iterable[Diagnostic]) -> None:
    errors = [d for d in diagnostics if d.severity is Severity.ERROR]
    if errors:
        raise WhileError(*errors)


def _check_finite(name: str, value: Value) -> None:
    wrong = first_not_finite(value)
    if wrong is not None:
        place = f" at [{', '.join(map(str, wrong[0]))}]" if wrong[0] else ""
        raise WhileError(
            Diagnostic(E0652, f"input `{name}` is {wrong[1]}{place}", help="give finite numbers")
        )


def _check_range(name: str, value: Value) -> None:
    """Smooth modes compute with reals only."""
    if isinstance(value, list):
        for row in value:
            _check_range(name, row)
        return
    try:
        float(value)
    except OverflowError:
        raise WhileError(
            Diagnostic(
                E0652,
                f"input `{name}` has a whole number beyond the range of real numbers",
                help="smooth modes compute with real numbers; mode hard takes any whole number",
            )
        ) from None
