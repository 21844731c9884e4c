"""Pages of the manual that are made from the project itself.

`_generated/errors.md` comes from the catalogue of codes, `_generated/programs/NAME.md` from the
header comment of each program. Both folders are rewritten at the start of every build.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from whilec.catalogue import all_codes
from whilec.cli.main import run_command
from whilec.diagnostics.cells import printable
from whilec.diagnostics.model import Code

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]

FAMILIES = {
    "01": "Syntax",
    "02": "Names, types, shapes",
    "03": "Intrinsics",
    "04": "Smoothness, levels, options",
    "05": "Backends",
    "06": "Run time and command line",
}


@dataclass(frozen=True)
class ProgramText:
    """A program file in its parts: what it says about itself, its tests, its code."""

    name: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    tests: tuple[str, ...]
    code: str


def read_program(path: Path) -> ProgramText:
    """Take the header comment of a program apart."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head_length = next((i for i, line in enumerate(lines) if not line.startswith("//")), len(lines))
    head = [line[2:].removeprefix(" ") for line in lines[:head_length]]
    border = head.index("==") if "==" in head else len(head)
    summary: list[str] = []
    facts: list[tuple[str, str]] = []
    for line in filter(str.strip, head[:border]):
        if match := re.match(r"([A-Z][a-z]+): (.*)", line):
            facts.append((match[1], match[2]))
        elif facts:
            facts[-1] = (facts[-1][0], f"{facts[-1][1]} {line.strip()}")
        else:
            summary.append(line.strip())
    tests = tuple(line.strip() for line in head[border + 1 :] if line.strip())
    code = "\n".join(lines[head_length:]).strip("\n")
    return ProgramText(path.stem, " ".join(summary), tuple(facts), tests, code)


def plain(text: str) -> str:
    """Text of a comment as Markdown that shows it unchanged, but for code in backticks."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([\\*_<>\[\]$|])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def program_page(program: ProgramText) -> str:
    """The page of one program."""
    facts = "\n\n".join(f"{key}\n: {plain(text)}" for key, text in program.facts)
    tests = "\n".join(program.tests)
    return (
        f"# {program.name}\n\n{plain(program.summary)}\n\n{facts}\n\n"
        f"```while\n{program.code}\n```\n\n"
        f"## Tests\n\n`whilec test programs/{program.name}.while` runs these lines of the file.\n\n"
        f"```text\n{tests}\n```\n"
    )


def example_output(code: Code) -> str:
    """What the example of a code prints."""
    with TemporaryDirectory() as folder, chdir(folder):
        Path("example.while").write_text(code.example.source, encoding="utf-8", errors="surrogateescape")
        screen = StringIO()
        with redirect_stdout(screen), redirect_stderr(screen):
            run_command(shlex.split(code.example.command.replace("{file}", "example.while")))
    return screen.getvalue()


def clipped(text: str, lines: int, width: int = 110) -> str:
    """The beginning of a text that may be long."""
    shown = [line if len(line) <= width else f"{line[: width - 4]} ..." for line in text.splitlines()]
    return "\n".join(shown if len(shown) <= lines else [*shown[:lines], "..."])


def code_section(code: Code) -> str:
    """The section of one code in the error index."""
    parts = [f"({code.name})=\n### {code.name}: {code.title}", code.explanation.strip()]
    source = clipped(printable(code.example.source.strip("\n")), lines=20)
    if source:
        parts.append(
            f"For example, if this is `{code.example.file}`:\n\n```{code.example.language}\n{source}\n```"
        )
    if code.example.command and code.name in (output := example_output(code)):
        command = code.example.command.replace("{file}", "example.while")
        parts.append(f"```console\n$ whilec {command}\n{clipped(output, lines=40)}\n```")
    return "\n\n".join(parts) + "\n"


def errors_page(codes: Iterable[Code]) -> str:
    """The error index: every code, grouped by family."""
    ordered = sorted(codes, key=lambda code: (code.name[1:], code.name[0]))
    parts: list[str] = []
    for family, title in FAMILIES.items():
        members = [code for code in ordered if code.name[1:3] == family]
        if members:
            parts.append(f"## {title}\n")
            parts += [code_section(code) for code in members]
    return "\n".join(parts)


def generate(folder: Path) -> None:
    """Write every generated page beneath `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "programs").mkdir(parents=True)
    (folder / "errors.md").write_text(errors_page(all_codes().values()), encoding="utf-8")
    for path in sorted((ROOT / "programs").glob("*.while")):
        page = program_page(read_program(path))
        (folder / "programs" / f"{path.stem}.md").write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Generate before Sphinx looks for pages."""
    app.connect("config-inited", lambda app, _: generate(Path(app.srcdir) / "_generated"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
