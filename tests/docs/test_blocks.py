"""Every example of the documentation does what the page says."""

from __future__ import annotations

import doctest
import shlex
from itertools import takewhile
from pathlib import Path

import pytest

from tests.console import whilec
from tests.docs.blocks import PAGES, Block, blocks, blocks_of, commands
from tests.repository import ROOT

EXECUTED = {"while", "while error", "console", "python"}
WITHOUT_EXAMPLES = {"index.md", "errors.md", "programs.md", "CONTRIBUTING.md"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of the examples: it has the repository's programs."""
    (tmp_path / "programs").symlink_to(ROOT / "programs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_files(page: Path, folder: Path) -> None:
    for block in blocks(page):
        if block.file:
            (folder / block.file).write_text(block.text, encoding="utf-8")


@pytest.mark.parametrize("block", blocks_of("console"), ids=lambda block: block.name)
def test_console_block_prints_what_it_shows(block: Block, folder: Path) -> None:
    write_files(block.page, folder)
    assert commands(block), "no command"
    for command in commands(block):
        program, *arguments = shlex.split(command.line, comments=True)
        assert program == "whilec"
        answer = whilec(*arguments)
        assert answer.output.strip() == command.output
        assert answer.code == (1 if "error[" in command.output else 0)
    for shown in written_by(block):
        assert (folder / str(shown.written)).read_text(encoding="utf-8") == shown.text


def written_by(block: Block) -> list[Block]:
    """The blocks that show files which the commands of a block wrote: those right behind it."""
    others = [other for other in blocks(block.page) if other.line > block.line]
    return list(takewhile(lambda other: other.written is not None, others))


@pytest.mark.parametrize("block", blocks_of("while"), ids=lambda block: block.name)
def test_program_has_no_error(block: Block, folder: Path) -> None:
    (folder / "example.while").write_text(block.text, encoding="utf-8")
    answer = whilec("check", "example.while")
    assert answer.code == 0, answer.output


@pytest.mark.parametrize("block", blocks_of("while error"), ids=lambda block: block.name)
def test_program_has_an_error(block: Block, folder: Path) -> None:
    (folder / "example.while").write_text(block.text, encoding="utf-8")
    assert whilec("check", "example.while").code == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_hold(page: Path, folder: Path) -> None:
    write_files(page, folder)
    parser, runner, names = doctest.DocTestParser(), doctest.DocTestRunner(), dict[str, object]()
    for block in blocks(page):
        if block.info == "python" and ">>>" in block.text:
            test = parser.get_doctest(block.text, names, block.name, str(page), block.line - 1)
            report: list[str] = []
            runner.run(test, out=report.append, clear_globs=False)
            names = test.globs
            assert not report, "".join(report)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_has_an_executed_example(page: Path) -> None:
    if page.name not in WITHOUT_EXAMPLES:
        assert any(block.info in EXECUTED for block in blocks(page))
