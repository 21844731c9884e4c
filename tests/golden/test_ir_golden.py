"""Programs as IR, after lowering and after every pass, for both graphs.

A `.ir` file is a program, a line of dashes, and the steps; UPDATE_GOLDEN=1 rewrites these.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from whilec.driver.ir_listing import IRStep, ir_steps
from whilec.ir.text import program_text
from whilec.semantics.options import Options
from whilec.source import SourceFile

CASES = sorted((Path(__file__).resolve().parent / "ir").glob("*.ir"))
RULER = f"{'-' * 40}\n"
TRIPS = 2


def listing(text: str) -> str:
    source, options = SourceFile("golden.while", text), Options(smooth=1)
    steps = ir_steps(source, {}, options)
    flat = ir_steps(source, {}, options, graph="unrolled", trips=TRIPS)[-1]
    return "\n".join(map(shown, [*steps, flat]))


def shown(step: IRStep) -> str:
    return f"# after {step.name}\n{program_text(step.program)}"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_program(path: Path) -> None:
    text, _, wanted = path.read_text(encoding="utf-8").partition(RULER)
    found = listing(text)
    assert found == listing(text)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(f"{text}{RULER}{found}", encoding="utf-8")
    assert found == wanted


def test_there_are_programs() -> None:
    assert len(CASES) >= 2
