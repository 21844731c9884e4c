"""One element through a compiled module, told as a run of the interpreter. Imports torch."""

from __future__ import annotations

from collections.abc import Mapping

from whilec.diagnostics.model import WhileError
from whilec.driver.batch.inputs import shared_inputs
from whilec.driver.compiled_runs import Array, CompiledProgram
from whilec.driver.loop_warnings import loop_warnings
from whilec.driver.pipeline import Result, in_source
from whilec.driver.values import Value
from whilec.semantics.bind import check_input_names
from whilec.semantics.reference.result import Run


def run_single(program: CompiledProgram, given: Mapping[str, Value], *, jacobian: bool = False) -> Result:
    """Run a compiled program on one value of each input; the run has no count of statements.

    Raises:
        WhileError: The inputs do not fit the program, or the run failed.
    """
    checked = program.checked
    if jacobian:
        program.require_smooth()
    try:
        check_input_names(checked, given)
    except WhileError as error:
        raise WhileError(*in_source(checked.source, error.diagnostics)) from None
    results = program.run(shared_inputs(given, is_hard=program.options.is_hard), 1, jacobian=jacobian)
    rows = None
    if results.jacobian is not None:
        names = dict.fromkeys([*given, *program.module.parameter_names])
        rows = {
            output: {name: _first(row[name]) for name in names} for output, row in results.jacobian.items()
        }
    outputs = {name: _first(value) for name, value in results.outputs.items()}
    found = (*program.module.warnings, *loop_warnings(results.loops, program.module.loop_limit))
    return Result(checked, Run(outputs, rows, results.loops, steps=0), in_source(checked.source, found))


def _first(rows: Array) -> object:
    return rows[0].tolist()
