"""The command line in this process, as someone at a terminal sees it."""

from __future__ import annotations

from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import NamedTuple

from whilec.cli.main import run_command


class Answer(NamedTuple):
    """Exit code of a command and all that it printed, in order."""

    code: int
    output: str


def whilec(*arguments: str) -> Answer:
    """Run `whilec` with these arguments."""
    screen = StringIO()
    with redirect_stdout(screen), redirect_stderr(screen):
        code = run_command(arguments)
    return Answer(code, screen.getvalue())
