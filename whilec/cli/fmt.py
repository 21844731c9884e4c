"""`whilec fmt`: programs in the standard layout."""

from __future__ import annotations

import click

from whilec.cli.output import show_diagnostics
from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.files import STANDARD_INPUT, load, program_files, write
from whilec.driver.pipeline import format_file


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; exit code 1 if a file would change."
)
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; print what would change.")
def fmt(files: tuple[str, ...], only_check: bool, show_diff: bool) -> int:
    """Rewrite FILES in the standard layout; folders stand for all `.while` files below them.

    Comments stay, and so does what the program means. A file with syntax errors is left as it is.
    `-` reads standard input and prints the result.
    """
    problems: list[Diagnostic] = []
    would_change = False
    for file in (found for name in files for found in program_files(name)):
        try:
            source = load(file)
            formatted = format_file(source)
            if file == STANDARD_INPUT and not (only_check or show_diff):
                click.echo(formatted, nl=False)
                continue
            if formatted == source.text:
                continue
            would_change = True
            if show_diff:
                click.echo(_diff(file, source.text, formatted), nl=False)
            elif only_check:
                click.echo(f"would reformat {file}")
            else:
                write(file, formatted)
                click.echo(f"reformatted {file}")
        except WhileError as error:
            problems.extend(error.diagnostics)
    show_diagnostics(problems)
    return 1 if problems or (would_change and only_check) else 0


def _diff(file: str, before: str, after: str) -> str:
    from difflib import unified_diff

    lines = unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), file, f"{file} (formatted)"
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
