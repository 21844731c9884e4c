"""The page of what does not work, against what works."""

from __future__ import annotations

import re

from tests.repository import ROOT
from whilec.cli.main import COMMANDS

PAGE = (ROOT / "docs/limitations.md").read_text(encoding="utf-8")


def test_missing_commands_are_missing() -> None:
    line = re.search(r"^- \*\*Commands\*\*: (.*)$", PAGE, re.MULTILINE)
    assert line is not None
    named = re.findall(r"`(\w+)`", line[1])
    assert named
    assert set(named).isdisjoint(COMMANDS)
