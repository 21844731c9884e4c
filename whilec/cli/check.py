"""`whilec check`: what is wrong with programs, and how smooth they are."""

from __future__ import annotations

from typing import Any

import click

from whilec.cli.options import build_options, level_option, run_options
from whilec.cli.output import show_diagnostics
from whilec.diagnostics.model import Diagnostic, Severity, WhileError
from whilec.driver.files import load, program_files
from whilec.driver.pipeline import Checked, Level, check_file, has_errors, smoothness


@click.command()
@click.argument("files", nargs=-1, required=True)
@run_options
@click.option("--json", "as_json", is_flag=True, help="Print the diagnostics as one JSON object.")
@level_option
def check(files: tuple[str, ...], as_json: bool, level: Level, **given: Any) -> int:
    """Report what is wrong with FILES; folders stand for all `.while` files below them.

    With --smooth also how smooth each program is in that mode, and whether it keeps its REQUIRE.

    \b
    whilec check multiply.while --smooth 2
    whilec check --std core programs
    """
    options = build_options(given)
    is_mode_given = given["smooth"] is not None
    diagnostics: list[Diagnostic] = []
    for file in (found for name in files for found in program_files(name)):
        try:
            checked = check_file(load(file), level=level, modes=(options,) if is_mode_given else ())
        except WhileError as error:
            diagnostics.extend(error.diagnostics)
            continue
        diagnostics.extend(checked.diagnostics)
        if not as_json:
            verdict = _verdict(checked)
            if checked.program is not None and is_mode_given:
                verdict += f", {smoothness(checked.program, options)} with --smooth {options.smooth}"
            click.echo(f"{file}: {verdict}")
    if as_json:
        from whilec.diagnostics.as_json import to_json

        click.echo(to_json(diagnostics))
    else:
        show_diagnostics(diagnostics)
    return 1 if has_errors(diagnostics) else 0


def _verdict(checked: Checked) -> str:
    errors = sum(d.severity is Severity.ERROR for d in checked.diagnostics)
    warnings = len(checked.diagnostics) - errors
    parts = ["ok"] if errors == 0 else [_count(errors, "error")]
    return ", ".join([*parts, _count(warnings, "warning")] if warnings else parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
