"""Arguments of `whilec.compile` in messages, spelled as options: `trips=8` is `--trips 8`."""

from __future__ import annotations

import re
from dataclasses import replace

from whilec.diagnostics.model import Diagnostic, WhileError

_ARGUMENT = re.compile(
    r"(?P<name>\b(graph|trips|backend|dtype|smooth|batch))=(?P<value>\"[^\"]*\"|\[[\d, ]*\]|\w+)"
)
_NAME = re.compile(r"`(?P<name>graph|trips|backend|dtype|max_trips|batch)`")


def as_command_line(error: WhileError) -> WhileError:
    """The same problems, with help that can be typed."""
    return WhileError(*map(_spelled, error.diagnostics))


def _spelled(diagnostic: Diagnostic) -> Diagnostic:
    def typed(text: str) -> str:
        return _NAME.sub(lambda found: f"`{_flag(found)}`", _ARGUMENT.sub(_option, text))

    help_text = None if diagnostic.help is None else typed(diagnostic.help)
    return replace(diagnostic, title=typed(diagnostic.title), help=help_text)


def _flag(found: re.Match[str]) -> str:
    return f"--{found['name'].replace('_', '-')}"


def _option(found: re.Match[str]) -> str:
    value = found["value"].strip('"')
    if value.startswith("["):
        value = value[1:-1].replace(" ", "")
    return f"{_flag(found)} {value}"
