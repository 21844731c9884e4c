"""`whilec ir`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import Runner
from whilec.driver.ir_listing import ir_steps
from whilec.ir.text import program_text
from whilec.semantics.options import Options
from whilec.source import SourceFile

COUNTDOWN = """\
stage soft

program program -> x0(%x1)
"""


def test_the_lowered_program(command: Runner) -> None:
    finished = command("ir", "countdown.while")
    assert finished.code == 0
    assert finished.err == ""
    assert finished.out.startswith(COUNTDOWN)
    assert "while %" in finished.out
    assert "trips=1000" in finished.out


def test_options_reach_the_ir(command: Runner) -> None:
    options = ["--smooth", "2", "--epsilon", "0.25", "--max-trips", "7", "--loops", "mixture"]
    out = command("ir", "countdown.while", *options).out
    assert "[loop=0 semantics=mixture epsilon=0.25 trips=7]" in out
    assert "[family=c2]" in out


@pytest.mark.parametrize(
    ("options", "stage"),
    [
        ([], "soft"),
        (["--stage", "soft", "--graph", "unrolled", "--trips", "2"], "soft"),
        (["--graph", "recurrent"], "bounded"),
        (["--stage", "bounded"], "bounded"),
        (["--stage", "bounded", "--graph", "unrolled", "--trips", "2"], "bounded"),
        (["--graph", "unrolled", "--trips", "2"], "flat"),
        (["--stage", "flat", "--trips", "2"], "flat"),
    ],
    ids=" ".join,
)
def test_stages(command: Runner, options: list[str], stage: str) -> None:
    finished = command("ir", "countdown.while", *options)
    assert finished.code == 0, finished.err
    assert finished.out.splitlines()[0] == f"stage {stage}"


def test_straight_line_code_has_a_copy_for_every_trip(command: Runner) -> None:
    def subtractions(trips: int) -> int:
        return command("ir", "countdown.while", "--stage", "flat", "--trips", str(trips)).out.count(
            " = differs "
        )

    assert [subtractions(trips) for trips in (1, 2, 5)] == [2, 3, 6]


def test_trips_of_each_loop(command: Runner) -> None:
    out = command("ir", "multiply.while", "--stage", "bounded", "--graph", "unrolled", "--trips", "3,5").out
    assert "[loop=0 semantics=path epsilon=1e-06 trips=3]" in out
    assert "[loop=1 semantics=path epsilon=1e-06 trips=5]" in out


def test_passes_are_named_in_comments(command: Runner) -> None:
    out = command("ir", "countdown.while", "--passes").out
    steps = ir_steps(SourceFile("countdown.while", Path("countdown.while").read_text()), {}, Options())
    assert [line for line in out.splitlines() if line.startswith("//")] == [
        f"// after {step.name}" for step in steps
    ]
    assert program_text(steps[-1].program).strip() in out
    few = command("ir", "countdown.while", "--passes", "--stage", "soft").out
    assert [line for line in few.splitlines() if line.startswith("//")] == ["// after lowering"]


def test_verified_steps(command: Runner) -> None:
    finished = command("ir", "multiply.while", "--verify", "--graph", "unrolled", "--trips", "2")
    lines = finished.out.splitlines()
    assert lines[0].startswith("lowering: stage soft, ")
    assert lines[-1].startswith("drop-unused: stage flat, ")
    assert all(line.endswith(" operations, verified") for line in lines)


def test_sizes(command: Runner) -> None:
    by_name = command("ir", "scale.while", "n=3")
    assert "%a: real[3]" in by_name.out
    assert command("ir", "scale.while", "a=[1, 2, 3]").out == by_name.out
    assert command("ir", "scale.while", "a=[1, 2, 3]", "n=3", "factor=2").out == by_name.out


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (["scale.while"], ["E0684"]),
        (["scale.while", "n=2.5"], ["E0684"]),
        (["scale.while", "n=-1"], ["E0684"]),
        (["scale.while", "n=[1]"], ["E0684"]),
        (["scale.while", "n=2", "a=[1]"], ["E0684"]),
        (["scale.while", "n=2", "m=2"], ["E0654"]),
        (["scale.while", "n=2", "factor=[1]"], ["E0657"]),
        (["multiply.while", "--smooth", "hard"], ["E0521"]),
        (["multiply.while", "--stage", "flat"], ["E0513"]),
        (["multiply.while", "--trips", "3"], ["E0513"]),
        (["multiply.while", "--stage", "flat", "--trips", "1000"], ["E0522"]),
        (["multiply.while", "--stage", "flat", "--trips", "3", "--smooth", "hard"], ["E0512"]),
        (["multiply.while", "--smooth", "9"], ["E0420"]),
        (["multiply.while", "--outputs", "x9"], ["E0201"]),
        (["broken.while"], ["E0110"]),
        (["nowhere.while"], ["E0670"]),
    ],
    ids=" ".join,
)
def test_errors_of_ir(command: Runner, arguments: list[str], codes: list[str]) -> None:
    finished = command("ir", *arguments)
    assert finished.code == 1
    assert finished.out == ""
    assert [line[6:11] for line in finished.err.splitlines() if line.startswith("error[")] == codes


def test_run_time_errors_that_are_known_before(command: Runner, folder: Path) -> None:
    text = "PROGRAM p(a: real[3]) -> y: real\nFOR i FROM 0 TO 2 DO\n  FOR j FROM 0 TO 2 DO\n"
    text += "    y := y + a[div(i * j, max(i, j))]\n  END\nEND\n"
    (folder / "divide.while").write_text(text)
    finished = command("ir", "divide.while", "--stage", "flat")
    assert finished.code == 1
    assert "division by zero" in finished.err


def test_the_recurrent_graph_has_no_straight_line(command: Runner) -> None:
    finished = command("ir", "multiply.while", "--stage", "flat", "--graph", "recurrent")
    assert finished.code == 2
    assert "--graph recurrent has no stage 'flat'" in finished.err


def test_the_core_accepts_no_more_in_ir(command: Runner) -> None:
    assert command("ir", "scale.while", "n=1", "--std", "core").code == 1
