"""Fenced code blocks of the Markdown pages, for the tests that execute them.

- A block `while` is a program without errors. Where its first line is `// NAME.while`, the blocks
  `console` of the same page find it under that name.
- A block `while error` is a program that `whilec check` refuses.
- A block `text NAME` is a file that the blocks `console` of the page find.
- A block `console` shows commands that begin with `$ whilec`, each with all that it prints. A block
  `text NAME written` behind it is a file that the commands wrote.
- A block `python` with `>>>` is a doctest; the blocks of a page share their names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.repository import ROOT

PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))

FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<info>[^`]*)$")
DATA = re.compile(r"text (?P<name>\S+)(?P<written> written)?")
FILE_LINE = re.compile(r"// (\S+\.while)\s*")


@dataclass(frozen=True)
class Block:
    """One fenced block; `line` is that of its first line of content."""

    page: Path
    line: int
    info: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def file(self) -> str | None:
        """The name of a file for the commands: on a program's first line, or behind `text`."""
        data = DATA.fullmatch(self.info)
        if data is not None:
            return None if data["written"] else data["name"]
        match = FILE_LINE.fullmatch(self.text.partition("\n")[0])
        return match[1] if match else None

    @property
    def written(self) -> str | None:
        """The name of a file that commands wrote."""
        data = DATA.fullmatch(self.info)
        return data["name"] if data is not None and data["written"] else None


@dataclass(frozen=True)
class Command:
    """A command of a console block and the output that the page shows."""

    line: str
    output: str


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    found: list[Block] = []
    fence, indent, info, start, content = "", "", "", 0, list[str]()
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if not fence and (match := FENCE.match(line)):
            fence, indent, info = match["ticks"], match["indent"], match["info"].strip()
            start, content = number + 1, []
        elif fence and line.strip() == fence:
            found.append(Block(page, start, info, "".join(f"{text}\n" for text in content)))
            fence = ""
        elif fence:
            content.append(line.removeprefix(indent))
    assert not fence, f"{page.name}: the fence before line {start} is not closed"
    return found


def blocks_of(info: str) -> list[Block]:
    """The blocks of every page with one info string."""
    return [block for page in PAGES for block in blocks(page) if block.info == info]


def commands(block: Block) -> list[Command]:
    """The commands of a console block; a line that ends in a backslash goes on in the next."""
    found: list[Command] = []
    for part in re.split(r"^\$ ", block.text.replace("\\\n", ""), flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        found.append(Command(line.strip(), output.strip()))
    return found
