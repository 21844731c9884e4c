"""Exit codes, streams and what is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import click
import pytest

from tests.command_line import Runner
from tests.repository import ROOT
from whilec import __version__
from whilec.cli import main
from whilec.diagnostics.model import InternalError


def process(
    *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `whilec` in a process of its own."""
    code = "from whilec.cli.main import main; main()"
    env = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=env,
        cwd=cwd,
    )


def test_version(command: Runner) -> None:
    assert command("--version") == (0, f"whilec {__version__}\n", "")


def test_help_names_every_command(command: Runner) -> None:
    finished = command("--help")
    assert finished.code == 0
    for name, (_, line) in main.COMMANDS.items():
        assert name in finished.out
        assert line in finished.out


@pytest.mark.parametrize("name", list(main.COMMANDS))
def test_every_command_has_help(command: Runner, name: str) -> None:
    finished = command(name, "--help")
    assert finished.code == 0
    assert finished.out.startswith(f"Usage: whilec {name} ")
    assert finished.err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Usage: whilec"),
        (["rnu", "x.while"], "There is no command 'rnu'. Did you mean 'run'?"),
        (["multiply.while"], "To run the program: whilec run multiply.while"),
        (["nonsense"], "Commands are run, check,"),
        (["run"], "Missing argument 'FILE'"),
        (["check"], "Missing argument 'FILES...'"),
        (["run", "multiply.while", "--nonsense"], "No such option"),
        (["trace", "multiply.while", "--limit", "-1"], "Invalid value for '--limit'"),
        (["explain", "clmp"], "Did you mean 'clamp'?"),
        (["explain", "E0999"], "There is nothing to explain about 'E0999'"),
    ],
)
def test_usage_errors(command: Runner, arguments: list[str], message: str) -> None:
    finished = command(*arguments)
    assert finished.code == 2
    assert finished.out == ""
    assert message in finished.err


def broken(error: BaseException) -> click.Command:
    """A command that raises."""

    @click.command()
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ValueError("odd"), 70, "internal error: ValueError: odd"),
        (InternalError("an invariant"), 70, "internal error: an invariant ("),
        (RecursionError("deep"), 1, "error[E0662]: the program is nested too deeply"),
        (MemoryError(), 1, "error[E0663]: the machine is out of memory"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_failures(
    command: Runner, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, message: str
) -> None:
    monkeypatch.setattr(main.LazyGroup, "get_command", lambda self, ctx, name: broken(error))
    finished = command("run")
    assert finished.code == code
    assert finished.out == ""
    assert message in finished.err
    assert "Traceback" not in finished.err


def test_a_traceback_on_request(command: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main.LazyGroup, "get_command", lambda self, ctx, name: broken(ValueError("odd")))
    monkeypatch.setenv("WHILEC_TRACEBACK", "1")
    with pytest.raises(ValueError, match="odd"):
        command("run")


def test_a_process_exits_with_the_code(folder: Path) -> None:
    done = process("run", "multiply.while", "x1=3", "x2=4", "--smooth", "hard", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "x0 = 12\n", "")
    done = process("run", "nowhere.while", cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[E0670]: there is no file `nowhere.while`")
    done = process("--nonsense", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_reader_who_goes_away_is_no_error(folder: Path) -> None:
    code = "from whilec.cli.main import main; main()"
    arguments = ["trace", "countdown.while", "x1=3000", "--smooth", "hard", "--limit", "100000"]
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""},
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        err = running.stderr.read()
        assert running.wait() == main.EXIT_BROKEN_PIPE
    assert err == b""


FULL = Path("/dev/full")
"""A device on which there is no space left."""


@pytest.mark.skipif(not FULL.exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "multiply.while", "x1=3"],
        ["check", "multiply.while"],
        ["test", "multiply.while"],
        ["trace", "multiply.while", "x1=3"],
        ["explain", "WHILE"],
        ["--help"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("both", [False, True], ids=["output", "both streams"])
def test_a_full_disk(folder: Path, arguments: list[str], both: bool) -> None:
    code = "from whilec.cli.main import main; main()"
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            stdout=full,
            stderr=full if both else subprocess.PIPE,
            check=False,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert done.returncode == main.EXIT_ERROR
    if not both:
        assert done.stderr == "error: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["check", "multiply.while", "--smooth", "1"],
        ["fmt", "--check", "multiply.while"],
        ["explain", "multiply.while"],
        ["explain", "E0670"],
        ["run", "multiply.while", "x1=3", "x2=4", "--smooth", "hard"],
        ["run", "multiply.while", "x1=3", "x2=4", "--grad", "--stats"],
        ["test", "multiply.while"],
        ["trace", "multiply.while", "x1=1", "x2=1"],
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_loaded(folder: Path, arguments: list[str]) -> None:
    code = (
        "import sys\nfrom whilec.cli.main import run_command\nrun_command(sys.argv[1:])\n"
        "print([m for m in ('torch', 'numpy', 'llvmlite', 'triton') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stderr.endswith("[]\n")


def test_version_loads_almost_nothing() -> None:
    code = (
        "import sys\nfrom whilec.cli.main import run_command\nrun_command(['--version'])\n"
        "print(*sorted(m for m in sys.modules if m.startswith(('whilec', 'lark'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    loaded = done.stdout.split("\n")[1].split()
    assert loaded == [
        "whilec",
        "whilec.cli",
        "whilec.cli.main",
        "whilec.diagnostics",
        "whilec.diagnostics.model",
        "whilec.source",
    ]


def test_names_that_the_terminal_cannot_show(folder: Path) -> None:
    done = process("run", "漢.while", cwd=folder, env={"PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 1
    assert "`\\u6f22.while`" in done.stderr
    name = os.fsdecode(b"\xff.while")
    (folder / name).write_text("x0 := x1 +\n")
    done = process("check", name, cwd=folder)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_colours_only_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    from whilec.cli.output import palette_for
    from whilec.diagnostics.render import ANSI, PLAIN

    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert palette_for(Terminal()) is ANSI  # type: ignore[arg-type]
    monkeypatch.setenv("NO_COLOR", "1")
    assert palette_for(Terminal()) is PLAIN  # type: ignore[arg-type]
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert palette_for(Terminal()) is PLAIN  # type: ignore[arg-type]
