"""The inputs of a batch: columns of its file, and values that are the same for all rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.batch import csv_files, npz_files
from whilec.driver.batch.columns import Array, Table
from whilec.driver.batch.problems import unreadable
from whilec.driver.files import is_named_pipe
from whilec.driver.inputs import E0656
from whilec.driver.pipeline import in_source
from whilec.driver.values import E0652, Value, shape_of
from whilec.module.problems import not_64_bits
from whilec.semantics.bind import check_input_names, input_variables
from whilec.semantics.program import CheckedProgram

FORMATS = (".csv", ".npz")


def read_table(path: str, program: CheckedProgram) -> Table:
    """The table in a batch file.

    Raises:
        WhileError: It cannot be read, or has something else than finite numbers.
    """
    ending = Path(path).suffix.lower()
    try:
        if ending not in FORMATS:
            raise unreadable(path, f"its name ends in `{ending}`", "use a `.csv` or `.npz` file")
        if is_named_pipe(path):
            raise unreadable(path, "it is a named pipe", "write it into a file first")
        if ending == ".csv":
            return csv_files.read(path)
        ranks = {name: len(variable.type.shape) for name, variable in input_variables(program).items()}
        return npz_files.read(path, ranks)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise unreadable(path, reason.lower()) from None


def batch_inputs(
    program: CheckedProgram, table: Table, given: Mapping[str, Value], *, is_hard: bool
) -> dict[str, Array]:
    """All inputs by name, those given once with one row.

    Raises:
        WhileError: A name is unknown, missing or given twice, or a number is too large.
    """
    twice = [name for name in given if name in table.arrays]
    if twice:
        help_text = f"leave out the argument or the column of `{table.path}`"
        raise WhileError(
            *(Diagnostic(E0656, f"input `{name}` is given twice", help=help_text) for name in twice)
        )
    try:
        check_input_names(program, [*table.arrays, *given])
    except WhileError as error:
        raise WhileError(*in_source(program.source, error.diagnostics)) from None
    shared = shared_inputs(given, is_hard=is_hard)
    return {name: _fitted(name, array, is_hard) for name, array in table.arrays.items()} | shared


def shared_inputs(given: Mapping[str, Value], *, is_hard: bool) -> dict[str, Array]:
    """Values as arrays with one row.

    Raises:
        WhileError: A list is ragged, or a number is too large.
    """
    import numpy as np

    arrays: dict[str, Array] = {}
    for name, value in given.items():
        shape_of(value)
        arrays[name] = _fitted(name, np.array([value], dtype=object), is_hard)
    return arrays


def _fitted(name: str, array: Array, is_hard: bool) -> Array:
    """Numbers as int64 or float64."""
    import numpy as np

    if array.dtype.kind == "f":
        return array
    numbers = cast("Any", array)
    try:
        if is_hard and not _has_real(array):
            wide: Any = numbers.astype(np.int64)
            if array.dtype.kind == "u" and bool((wide < 0).any()):
                raise not_64_bits(name)
            return wide
        return numbers.astype(np.float64)
    except OverflowError:
        if is_hard:
            raise not_64_bits(name) from None
        title = f"input `{name}` has a whole number beyond the range of real numbers"
        raise WhileError(Diagnostic(E0652, title, help="give finite numbers")) from None


def _has_real(array: Array) -> bool:
    return array.dtype.kind == "O" and any(isinstance(number, float) for number in array.flat)
