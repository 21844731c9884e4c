"""A batch from file to file. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import final

import numpy as np

from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.batch import csv_files, npz_files
from whilec.driver.batch.columns import Array, Column, Table, derivative_column, output_column
from whilec.driver.batch.draft import draft_of
from whilec.driver.batch.inputs import FORMATS, batch_inputs, read_table
from whilec.driver.batch.loop_totals import merged
from whilec.driver.batch.problems import W0652, unwritable
from whilec.driver.compiled_runs import CompiledProgram, Results
from whilec.driver.loop_warnings import loop_warnings
from whilec.driver.pipeline import in_source
from whilec.driver.values import Value
from whilec.semantics.reference.result import LoopReport

_MOST_ROWS = 16_384
_MOST_NUMBERS = 2**20
"""In one run: of inputs, and of outputs with their derivatives."""
_SHOWN_ROWS = 5
_REDUNDANT = "in row 0 of the batch"


@final
@dataclass(frozen=True)
class BatchResult:
    """What became of a batch.

    Args:
        rows: How many there were.
        nan: For each output or derivative with NaN in it the number of rows.
        loops: One report per loop: the most entries and trips of a chunk, and shares over all rows.
        diagnostics: Warnings.
    """

    rows: int
    nan: Mapping[str, int]
    loops: tuple[LoopReport, ...]
    diagnostics: tuple[Diagnostic, ...]


@final
@dataclass(frozen=True)
class Batch:
    """What to run on which rows.

    Args:
        program: The compiled program.
        path: File of the rows.
        output: File for the results.
        given: Values that are the same for all rows.
        jacobian: Whether derivatives are wanted too.
        chunk: Rows of one run; None for a number that suits the size of a row.
    """

    program: CompiledProgram
    path: str
    output: str
    given: Mapping[str, Value]
    jacobian: bool = False
    chunk: int | None = None

    def run(self, advance: Callable[[int, int], None]) -> BatchResult:
        """Run the program on all rows and write the results; `advance` learns how many are done.

        Raises:
            WhileError: A file is wrong, a row does not fit the program, or the run failed.
        """
        program = self.program
        ending = Path(self.output).suffix.lower()
        if ending not in FORMATS:
            raise unwritable(self.output, f"its name ends in `{ending}`", "name a `.csv` or `.npz` file")
        if self.jacobian:
            program.require_smooth()
        table = read_table(self.path, program.checked)
        inputs = batch_inputs(program.checked, table, self.given, is_hard=program.options.is_hard)
        kept = (self.path, program.checked.source.name)
        with draft_of(self.output, kept) as file:
            results = list(self._results(table, inputs, advance))
            columns = _columns(results)
            (csv_files if ending == ".csv" else npz_files).write(file, columns)
        loops = merged(result.loops for result in results)
        found = [*program.module.warnings, *loop_warnings(loops, program.module.loop_limit)]
        nan = {column.name: _nan_rows(column.array) for column in columns}
        nan = {name: rows for name, rows in nan.items() if len(rows)}
        found += [_nan_warning(name, rows, table) for name, rows in nan.items()]
        counts = {name: len(rows) for name, rows in nan.items()}
        return BatchResult(table.rows, counts, loops, in_source(program.checked.source, found))

    def _results(
        self, table: Table, inputs: Mapping[str, Array], advance: Callable[[int, int], None]
    ) -> Iterator[Results]:
        def run(start: int, stop: int) -> Results:
            part = {name: array if len(array) == 1 else array[start:stop] for name, array in inputs.items()}
            return self.program.run(part, stop - start, jacobian=self.jacobian)

        size = self.chunk or self._chunk(inputs)
        for start in range(0, max(table.rows, 1), size):
            stop = min(start + size, table.rows)
            try:
                yield run(start, stop)
            except WhileError as error:
                raise _in_its_row(error, run, start, stop, table) from None
            advance(stop, table.rows)

    def _chunk(self, inputs: Mapping[str, Array]) -> int:
        """A number of rows that keeps memory small and still fills the machine."""
        numbers = sum(prod(array.shape[1:]) for array in inputs.values())
        most = _MOST_ROWS // 4 if self.jacobian else _MOST_ROWS
        return max(1, min(most, _MOST_NUMBERS // max(1, numbers)))


def _columns(results: list[Results]) -> list[Column]:
    """Outputs and derivatives of all rows."""
    first = results[0]
    columns = [
        output_column(name, np.concatenate([result.outputs[name] for result in results]))
        for name in first.outputs
    ]
    for output, row in (first.jacobian or {}).items():
        rank = first.outputs[output].ndim - 1
        for name in row:
            blocks = [result.jacobian[output][name] for result in results if result.jacobian is not None]
            columns.append(derivative_column(output, name, np.concatenate(blocks), rank))
    return columns


def _nan_rows(column: Array) -> Array:
    if column.dtype.kind != "f":
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(np.isnan(column.reshape(len(column), prod(column.shape[1:]))).any(1))


def _nan_warning(name: str, rows: Array, table: Table) -> Diagnostic:
    shown = ", ".join(table.place(int(row)) for row in rows[:_SHOWN_ROWS])
    return Diagnostic(
        W0652,
        f"`{name}` is NaN in {len(rows)} of {table.rows} rows",
        help="look for a division by zero or a function outside of its domain",
        notes=(f"in {shown}" + (" and others" if len(rows) > _SHOWN_ROWS else ""),),
    )


def _in_its_row(
    error: WhileError, run: Callable[[int, int], object], start: int, stop: int, table: Table
) -> WhileError:
    """The error, with the row that has it: rows do not depend on each other, so halving finds it."""
    try:
        run(start, start)
    except WhileError:
        return error  # it is not about a row
    while stop - start > 1:
        middle = (start + stop) // 2
        try:
            run(start, middle)
            start = middle
        except WhileError as found:
            error, stop = found, middle
    try:
        run(start, stop)
    except WhileError as found:
        error = found
    note = f"in {table.place(start)} of `{table.path}`"
    return WhileError(
        *(replace(d, notes=(note, *(n for n in d.notes if n != _REDUNDANT))) for d in error.diagnostics)
    )
