"""Diagnostics as data: what is wrong, where, why, and what to type instead."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Literal

from whilec.source import SourceFile, Span


class Severity(Enum):
    """How bad it is: an error stops the program, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Example:
    """A shortest program and command line that show one code.

    `command` is what follows `whilec`; `{file}` stands for the path of `source`. A file of Python is
    run by Python itself and has no command.
    """

    source: str
    command: str = "check {file}"
    language: Literal["while", "python"] = "while"

    @property
    def file(self) -> str:
        """The name that the example has as a file."""
        return "example.py" if self.language == "python" else "example.while"


@dataclass(frozen=True)
class Code:
    """One kind of diagnostic, declared beside the check that raises it.

    Args:
        name: `E0203` or, for a warning, `W0203`; never reused for another meaning.
        title: What is wrong, for the index; lower case, no full stop.
        explanation: A paragraph or more in Markdown: why it is wrong and how to mend it.
        example: A program that triggers the code; tests run it.
    """

    name: str
    title: str
    explanation: str
    example: Example

    @property
    def severity(self) -> Severity:
        """The severity that the first letter of the name says."""
        return Severity.WARNING if self.name.startswith("W") else Severity.ERROR


@dataclass(frozen=True)
class Label:
    """A place in the source and what it has to do with the problem."""

    span: Span
    text: str = ""


@dataclass(frozen=True)
class Fix:
    """A replacement of `span` by `replacement` that mends the problem."""

    span: Span
    replacement: str


@dataclass(frozen=True)
class Diagnostic:
    """One message to the user.

    Args:
        code: Its kind.
        title: What is wrong in the user's program: lower case, no full stop, code in backticks.
        primary: Where, and why there; None where there is no source (a command line, say).
        labels: Further places that explain the first.
        help: What to type instead.
        notes: Background.
        fix: The mend as an edit, where it is certain.
        source: The text that the spans refer to; filled in by the one who knows it.
    """

    code: Code
    title: str
    primary: Label | None = None
    labels: tuple[Label, ...] = ()
    help: str | None = None
    notes: tuple[str, ...] = ()
    fix: Fix | None = None
    source: SourceFile | None = field(default=None, repr=False)

    @property
    def severity(self) -> Severity:
        """Error or warning, from the code."""
        return self.code.severity

    def in_source(self, source: SourceFile) -> Diagnostic:
        """The same diagnostic, knowing its source."""
        return self if self.source is not None else replace(self, source=source)


class WhileError(Exception):
    """The user's program or input is wrong; carries the diagnostics that say how."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(f"{d.code.name}: {d.title}" for d in diagnostics))
        self.diagnostics = diagnostics


class InternalError(Exception):
    """The toolchain itself is wrong: a bug to report."""
