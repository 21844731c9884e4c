"""`whilec test`: the test blocks inside programs."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic

import click

from whilec.cli.output import show_diagnostics
from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.files import load, program_files
from whilec.driver.testblocks import lost_cases
from whilec.driver.testing import run_tests

_PATIENCE = 2.0
"""Seconds after which a terminal shows how far the tests are."""


@click.command()
@click.argument("files", nargs=-1)
def test(files: tuple[str, ...]) -> int:
    """Run the test blocks in FILES; folders stand for all `.while` files below them.

    Without FILES, in the current folder. A test block is a comment:

    \b
    // ==
    // input { x1 = 3, x2 = 4 }  smooth hard, 0, 1  output { x0 = 12 }
    // input { x1 = 3, x2 = 4 }  smooth inf         output { x0 = 5.92 }  tolerance 1e-2
    // input { x1 = 0.5 }        smooth hard        error E0608

    `whilec explain E0661` says what else a test may contain.
    """
    passed = failed = 0
    paths = [path for name in files or (".",) for path in program_files(name)]
    started = monotonic()
    for done, path in enumerate(paths):
        good = bad = 0
        found: list[Diagnostic] = []
        with _progress(done, len(paths), started):
            try:
                source = load(path)
                found.extend(lost_cases(source))
                for outcome in run_tests(source):
                    good += not outcome.problems
                    bad += bool(outcome.problems)
                    found.extend(d for d in outcome.problems if d not in found)
            except WhileError as error:
                bad += 1
                found.extend(error.diagnostics)
        click.echo(f"{path}: {_counts(good, bad)}")
        show_diagnostics(found)
        passed += good
        failed += bad
    click.echo(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _counts(good: int, bad: int) -> str:
    if good + bad == 0:
        return "no tests"
    return f"{good} passed" + (f", {bad} failed" if bad else "")


@contextmanager
def _progress(done: int, total: int, started: float) -> Generator[None]:
    """On a terminal, and only if it takes long: a line that says how many files are done."""
    is_shown = sys.stderr.isatty() and monotonic() - started > _PATIENCE
    if is_shown:
        click.echo(f"\r{done} of {total} files", err=True, nl=False)
    yield
    if is_shown:
        click.echo("\r\x1b[K", err=True, nl=False, color=True)
