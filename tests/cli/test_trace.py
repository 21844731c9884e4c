"""`whilec trace`."""

from __future__ import annotations

import json

from tests.command_line import Runner


def test_a_crisp_run(command: Runner) -> None:
    finished = command("trace", "countdown.while", "x1=2", "--smooth", "hard")
    assert finished == (
        0,
        """\
step  line  statement       weight  changes
   1     2    x1 := x1 - 1       1  x1 = 1
   2     3    x0 := x0 + 1       1  x0 = 1
   3     2    x1 := x1 - 1       1  x1 = 0
   4     3    x0 := x0 + 1       1  x0 = 2

x0 = 2
""",
        "",
    )


def test_path_weights(command: Runner) -> None:
    finished = command("trace", "countdown.while", "x1=1.5", "--smooth", "0")
    weights = [line.split()[7] for line in finished.out.splitlines()[1:] if ":=" in line]
    assert float(weights[0]) == 1
    assert 0 < float(weights[2]) < 1


def test_the_limit(command: Runner) -> None:
    finished = command("trace", "countdown.while", "x1=5", "--smooth", "hard", "--limit", "3")
    lines = finished.out.splitlines()
    assert len(lines) == 7
    assert lines[4] == "... 7 more steps; --limit N shows more"
    assert lines[-1] == "x0 = 5"


def test_json(command: Runner) -> None:
    finished = command("trace", "countdown.while", "x1=2", "--smooth", "hard", "--limit", "2", "--json")
    data = json.loads(finished.out)
    assert data["omitted"] == 2
    assert data["outputs"] == {"x0": 2}
    assert data["steps"][1] == {
        "step": 2,
        "line": 3,
        "statement": "x0 := x0 + 1",
        "weight": 1,
        "changes": {"x0": 1},
        "depth": 1,
    }


def test_arrays_are_shown_as_they_were(command: Runner) -> None:
    finished = command("trace", "scale.while", "a=[1, 2]", "factor=1", "w=1", "--smooth", "hard")
    rows = [line for line in finished.out.splitlines() if "b[i] :=" in line]
    assert rows[0].endswith("b = [1, 0]")
    assert rows[1].endswith("b = [1, 2]")


def test_a_run_that_fails_shows_what_came_before(command: Runner) -> None:
    finished = command("trace", "countdown.while", "x1=9", "--smooth", "hard", "--max-trips", "2")
    assert finished.code == 1
    assert finished.out.count("x1 := x1 - 1") == 2
    assert "error[E0606]" in finished.err


def test_errors(command: Runner) -> None:
    assert command("trace", "countdown.while", "x7=1").code == 1
    assert command("trace", "broken.while").code == 1
