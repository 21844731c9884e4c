"""README.md: its commands, numbers and links."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.console import whilec
from tests.docs.blocks import PAGES, blocks
from tests.repository import ROOT

README = ROOT / "README.md"
COMMANDS = [block.text.strip() for block in blocks(README) if block.info == "sh"]
ROW = re.compile(
    r"\| `(?P<options>--smooth [^`]*)` \| (?P<value>\S+) \| (?P<first>\S*) ?\| (?P<second>\S*) ?\|"
)
ROWS = list(ROW.finditer(README.read_text(encoding="utf-8")))
LINK = re.compile(r"\]\((?!https?:|#|mailto:)(?P<target>[^)#]+)")


def run(*arguments: str) -> str:
    answer = whilec(*arguments)
    assert answer.code == 0, answer.output
    return answer.output


def test_readme_has_two_commands_that_install_and_test() -> None:
    assert len(COMMANDS) == 2
    assert COMMANDS[0].startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert COMMANDS[1] == ".venv/bin/python -m pytest -n auto --dist worksteal"


def test_the_first_command_prints_what_readme_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    program, *arguments = shlex.split(COMMANDS[0].rpartition("&&")[2])
    assert program == ".venv/bin/whilec"
    shown = re.search(r"prints `(.*?)`", README.read_text(encoding="utf-8"))
    assert shown is not None
    assert run(*arguments) == f"{shown[1]}\n"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["options"])
def test_result_table(row: re.Match[str]) -> None:
    options = [*shlex.split(row["options"]), "--json", *(["--grad"] if row["first"] else [])]
    result = json.loads(run("run", str(ROOT / "programs/multiply.while"), "x1=3", "x2=4", *options))
    assert result["outputs"]["x0"] == pytest.approx(float(row["value"]), rel=1e-6)
    if row["first"]:
        gradient = result["jacobian"]["x0"]
        shown = {"x1": float(row["first"]), "x2": float(row["second"])}
        assert gradient == pytest.approx(shown, rel=1e-6, abs=1e-12)


def test_result_table_has_every_kind_of_mode() -> None:
    rows = [row["options"] for row in ROWS]
    assert {options.split()[1] for options in rows} >= {"hard", "0", "1", "inf"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    targets = [match["target"] for match in LINK.finditer(page.read_text(encoding="utf-8"))]
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def test_readme_fits_on_a_screen() -> None:
    assert README.read_text(encoding="utf-8").count("\n") <= 70
