"""The `whilec` command: loads a subcommand on use, and turns every failure into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, Final, TextIO, final

import click

from whilec import __version__
from whilec.diagnostics.model import InternalError, WhileError

EXIT_OK: Final = 0
EXIT_ERROR: Final = 1
EXIT_INTERNAL: Final = 70
EXIT_INTERRUPTED: Final = 130
EXIT_BROKEN_PIPE: Final = 141

TRACEBACK_VARIABLE = "WHILEC_TRACEBACK"

COMMANDS = {
    "run": ("whilec.cli.run:run", "Run a program and print its outputs."),
    "check": ("whilec.cli.check:check", "Report what is wrong with programs."),
    "fmt": ("whilec.cli.fmt:fmt", "Rewrite programs in the standard layout."),
    "test": ("whilec.cli.test:test", "Run the test blocks inside programs."),
    "trace": ("whilec.cli.trace:trace", "List every statement that a run executes."),
    "plot": ("whilec.cli.plot:plot", "Draw a program over one or two of its inputs."),
    "gradcheck": ("whilec.cli.gradcheck:gradcheck", "Check gradients against finite differences."),
    "compile": ("whilec.cli.compile:compile_", "Write a program as a .pt2, .onnx or .py file."),
    "ir": ("whilec.cli.ir:ir", "Print the intermediate representation of a program."),
    "intrinsics": ("whilec.cli.intrinsics:intrinsics", "List the operations that programs can call."),
    "explain": ("whilec.cli.explain:explain", "Explain a code, a word of the language or a program."),
}
"""Where each command is, and its line in the overview; no command is imported to show that."""


@final
class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        return getattr(import_module(module), attribute)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As usual, but an unknown command is answered with the nearest one."""
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        from whilec.diagnostics.suggest import nearest

        near = nearest(name, COMMANDS)
        if near is not None:
            hint = f"Did you mean '{near}'?"
        elif name.endswith(".while"):
            hint = f"To run the program: whilec run {name}"
        else:
            hint = f"Commands are {', '.join(COMMANDS)}."
        raise click.UsageError(f"There is no command '{name}'. {hint}", ctx)

    def invoke(self, ctx: click.Context) -> Any:
        """As usual; a reader of the output who has gone ends the command without a word."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return _close_broken_pipe()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`whilec COMMAND --help` describes a command. Exit codes: 0 success, 1 an error in the "
    "program or its input, 2 wrong usage, 70 a bug in whilec.",
)
@click.version_option(__version__, prog_name="whilec", message="%(prog)s %(version)s")
def cli() -> None:
    """Toolchain of the smooth WHILE language.

    WHILE programs are ordinary algorithms with loops and choices. Run them crisply (--smooth hard),
    or smoothly, with derivatives by their inputs (--smooth 0, 1, ..., inf).

    \b
    whilec run multiply.while x1=3 x2=4 --smooth inf --grad
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code; never with a traceback."""
    for stream in (sys.stdout, sys.stderr):  # either is None where a shell closed it
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a character that the stream cannot encode is no reason to fail
            reconfigure(errors="backslashreplace")
    code = run_command(arguments)
    try:
        if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison]
            sys.stdout.flush()
    except BrokenPipeError:
        code = _close_broken_pipe()
    except OSError as error:
        code = _report_unwritable(error)
    sys.exit(code)


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code."""
    try:
        return _run_command(arguments)
    except BrokenPipeError:
        return _close_broken_pipe()
    except OSError as error:
        return _report_unwritable(error)


def _run_command(arguments: Sequence[str] | None) -> int:
    """The exit code; an OSError says that a stream takes no output: the driver reports all others."""
    try:
        result = cli.main(
            args=None if arguments is None else list(arguments), prog_name="whilec", standalone_mode=False
        )
    except click.Abort:
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except WhileError as error:
        return _report(error)
    except (RecursionError, MemoryError) as error:
        if os.environ.get(TRACEBACK_VARIABLE) == "1":
            raise
        return _report(_exhausted(error))
    except OSError:
        raise
    except Exception as error:
        if os.environ.get(TRACEBACK_VARIABLE) == "1":
            raise
        return _report_bug(error)
    return result if isinstance(result, int) else EXIT_OK


def _report(error: WhileError) -> int:
    from whilec.cli.output import show_diagnostics

    show_diagnostics(error.diagnostics)
    return EXIT_ERROR


def _exhausted(error: RecursionError | MemoryError) -> WhileError:
    from whilec.driver.limits import out_of_memory, too_deep

    return too_deep() if isinstance(error, RecursionError) else out_of_memory()


def _report_bug(error: Exception) -> int:
    kind = "" if isinstance(error, InternalError) else f"{type(error).__name__}: "
    place, step = "", error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if f"{os.sep}whilec{os.sep}" in code.co_filename:
            place = f" ({os.path.basename(code.co_filename)}:{step.tb_lineno})"  # noqa: PTH119
        step = step.tb_next
    click.echo(
        f"internal error: {kind}{error}{place}\n"
        "This is a bug in whilec, not in your program. Please report it with the program and the\n"
        f"command line; {TRACEBACK_VARIABLE}=1 shows where it happened.",
        err=True,
    )
    return EXIT_INTERNAL


def _close_broken_pipe() -> int:
    """The reader of our output has gone, which is no error."""
    _discard(sys.stdout)
    return EXIT_BROKEN_PIPE


def _report_unwritable(error: OSError) -> int:
    """The disk is full, say; standard error may be on it too."""
    _discard(sys.stdout)
    try:
        click.echo(f"error: the output cannot be written: {error.strerror or error}", err=True)
    except OSError:
        _discard(sys.stderr)
    return EXIT_ERROR


def _discard(stream: TextIO | None) -> None:
    """Let what a stream still holds go nowhere, so that Python's exit does not complain about it."""
    try:
        descriptor = None if stream is None else stream.fileno()
    except OSError:  # a stream in memory holds nothing back
        return
    if descriptor is not None:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, descriptor)
        os.close(devnull)
