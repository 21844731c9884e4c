"""The functions of `import whilec` that need no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from whilec.diagnostics.model import Diagnostic
from whilec.driver.arguments import plain_inputs, plain_names, plain_options
from whilec.driver.files import load, source_of
from whilec.driver.pipeline import Level, check_file, format_file, run_program

if TYPE_CHECKING:
    from whilec.semantics.reference import Run


def check_source(text: str, *, name: str = "<input>", level: Level = "full") -> list[Diagnostic]:
    """Everything that is wrong with a program, warnings included; empty if nothing is.

    >>> [d.code.name for d in check_source("x0 := x1 + 1")]
    []
    """
    return list(check_file(source_of(text, name), level=level).diagnostics)


def format_source(text: str) -> str:
    """The program in the standard layout.

    Raises:
        WhileError: It has syntax errors.

    >>> print(format_source("while x1!=0 do x1:=x1-1 end"), end="")
    WHILE x1 != 0 DO
      x1 := x1 - 1
    END
    """
    return format_file(source_of(text))


def run_source(
    text: str,
    inputs: Mapping[str, Any] | None = None,
    *,
    outputs: Iterable[str] | None = None,
    jacobian: bool = False,
    **options: Any,
) -> Run:
    """Run a program on numbers and nested lists with the reference interpreter.

    Args:
        text: The program.
        inputs: Value of each input: numbers, lists, tuples and arrays of them.
        outputs: Names of the outputs wanted, or one name.
        jacobian: Whether to compute the derivative of each output by each given input and each PARAM.
        options: `smooth`, `steepness` and the other fields of `Options`.

    Raises:
        WhileError: The program, its inputs or the options are wrong, or the run failed.

    >>> run_source("x0 := x1 + 1", {"x1": 41}, smooth="hard").outputs
    {'x0': 42}
    """
    source = source_of(text)
    return run_program(
        source,
        plain_inputs(inputs),
        plain_options(options),
        outputs=plain_names(outputs),
        jacobian=jacobian,
    ).run


def run(
    path: str,
    inputs: Mapping[str, Any] | None = None,
    *,
    outputs: Iterable[str] | None = None,
    jacobian: bool = False,
    **options: Any,
) -> Run:
    """As `run_source`, of a program in a file."""
    return run_program(
        load(path),
        plain_inputs(inputs),
        plain_options(options),
        outputs=plain_names(outputs),
        jacobian=jacobian,
    ).run
