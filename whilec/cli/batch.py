"""`whilec run --batch`: every row of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import click

from whilec.cli.loops import loop_table
from whilec.cli.output import json_text, loops_to_data, show_diagnostics
from whilec.cli.progress import progress
from whilec.driver.values import Value

if TYPE_CHECKING:
    from whilec.driver.batch.job import BatchResult
    from whilec.driver.compiled_runs import CompiledProgram


@final
@dataclass(frozen=True)
class BatchCommand:
    """What `--batch` and the options beside it ask for.

    Args:
        path: File of the rows.
        output: File for the results.
        chunk: Rows of one run.
        grad: Whether derivatives are wanted.
        stats: Whether to tell about the loops.
        as_json: Whether to print JSON.
    """

    path: str
    output: str
    chunk: int | None
    grad: bool
    stats: bool
    as_json: bool

    def run(self, program: CompiledProgram, given: Mapping[str, Value]) -> int:
        """Run the program on the rows; the exit code."""
        from whilec.driver.batch.job import Batch

        batch = Batch(program, self.path, self.output, given, jacobian=self.grad, chunk=self.chunk)
        with progress("rows") as advance:
            result = batch.run(advance)
        show_diagnostics(result.diagnostics)
        lines = [f"{self.output}: {result.rows} row{'' if result.rows == 1 else 's'}"]
        if self.stats:
            lines += ["", *loop_table(result.loops, program.checked.source)]
        click.echo(self._json(result) if self.as_json else "\n".join(lines))
        return 0

    def _json(self, result: BatchResult) -> str:
        data = {
            "output": self.output,
            "rows": result.rows,
            "nan": dict(result.nan),
            "loops": loops_to_data(result.loops),
        }
        return json_text(data)
