"""The command line, run inside the test's process."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

from whilec.cli.main import run_command


class Finished(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


Runner: TypeAlias = Callable[..., Finished]
"""Runs `whilec` with the arguments it gets."""


def whilec(capsys: pytest.CaptureFixture[str], *arguments: str) -> Finished:
    """Run `whilec` with these arguments."""
    capsys.readouterr()
    code = run_command(arguments)
    out, err = capsys.readouterr()
    return Finished(code, out, err)


def write_example(folder: Path, source: str) -> Path:
    """An example's source as a file; a lone surrogate U+DC80 + b stands for the byte 0x80 + b."""
    path = folder / "example.while"
    path.write_bytes(source.encode("utf-8", "surrogateescape"))
    return path


def split_command(command: str, file: str) -> list[str]:
    """The arguments that a command with `{file}` in it stands for."""
    return [argument.replace("{file}", file) for argument in shlex.split(command)]
