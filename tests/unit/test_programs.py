"""The library of programs: form, test blocks, and agreement with Python.

New programs are covered on the day they appear: the cases come from the folder.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.repository import ROOT
from tests.unit.program_inputs import Inputs
from tests.unit.program_twins import (
    MACHINE_RUNS,
    TWINS,
    Outputs,
    assemble,
    dynamic_time_warping,
    viterbi_paths,
)
from whilec.diagnostics.model import WhileError
from whilec.driver.files import load
from whilec.driver.pipeline import check_file, format_file, run_program
from whilec.driver.testblocks import read_cases
from whilec.driver.testing import run_tests
from whilec.semantics.options import Options
from whilec.semantics.reference import Run

PROGRAMS = sorted((ROOT / "programs").glob("*.while"))
NAMES = [path.stem for path in PROGRAMS]
SECTIONS = ("Inputs:", "Source:", "Smooth:", "Complexity:")

WITHOUT_TWIN = {
    "loss_ranking": "is near a crisp result only: tests/differential/test_intrinsic_calls.py",
    "median_filter": "is near a crisp result only: tests/differential/test_intrinsic_calls.py",
    "register_machine": "runs programs of its own",
    "runge_kutta": "has a conserved quantity",
    "silhouette": "is a picture: tests/differential/test_intrinsic_calls.py",
}

MODES = {str(k): Options(smooth=k) for k in range(4)} | {"bump": Options(smooth="inf", phi="bump")}
HARD = Options(smooth="hard")
EXACT = [(name, mode) for name, twin in TWINS.items() for mode in twin.modes]
NATURAL = ["multiply", "divide", "min", "max", "gcd", "prime_test", "square_root", "power"]


def path_of(name: str) -> Path:
    return ROOT / "programs" / f"{name}.while"


def run(name: str, inputs: Inputs, options: Options, *, jacobian: bool = False) -> Run:
    return run_program(load(str(path_of(name))), inputs, options, jacobian=jacobian).run


def is_core(path: Path) -> bool:
    return re.search(r"^PROGRAM\b", path.read_text(encoding="utf-8"), re.MULTILINE) is None


# ---- form ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PROGRAMS, ids=NAMES)
def test_checks_without_a_warning(path: Path) -> None:
    assert check_file(load(str(path))).diagnostics == ()


@pytest.mark.parametrize("path", PROGRAMS, ids=NAMES)
def test_is_formatted(path: Path) -> None:
    source = load(str(path))
    assert format_file(source) == source.text


@pytest.mark.parametrize("path", [path for path in PROGRAMS if is_core(path)], ids=lambda path: path.stem)
def test_program_without_header_is_core(path: Path) -> None:
    assert check_file(load(str(path)), level="core").diagnostics == ()


def test_both_levels_are_there() -> None:
    levels = [is_core(path) for path in PROGRAMS]
    assert levels.count(True) >= 14
    assert levels.count(False) >= 15


@pytest.mark.parametrize("path", PROGRAMS, ids=NAMES)
def test_header_comment_says_what_a_reader_needs(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").split("// ==\n")[0].splitlines()
    assert all(line.startswith("//") for line in lines)
    found = [line.split()[1] for line in lines if line.startswith("// ") and line.split()[1] in SECTIONS]
    assert tuple(found) == SECTIONS
    assert re.match(r"// \S.*\S$", lines[0])


@pytest.mark.parametrize("path", PROGRAMS, ids=NAMES)
def test_lines_are_short(path: Path) -> None:
    assert max(map(len, path.read_text(encoding="utf-8").splitlines())) <= 110


@pytest.mark.parametrize("path", PROGRAMS, ids=NAMES)
def test_cases_run_hard_and_smooth(path: Path) -> None:
    modes = {mode for case in read_cases(load(str(path))) for mode in case.modes}
    assert "hard" in modes
    assert modes - {"hard"}


# ---- results ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PROGRAMS, ids=NAMES)
def test_blocks_pass(path: Path) -> None:
    outcomes = list(run_tests(load(str(path))))
    assert len(outcomes) >= 3
    failed = [f"{problem.title}: {problem.primary}" for o in outcomes for problem in o.problems]
    assert failed == []


def test_every_program_has_a_twin() -> None:
    assert sorted([*TWINS, *WITHOUT_TWIN]) == NAMES


@pytest.mark.parametrize("name", TWINS)
def test_agrees_with_python_in_hard_mode(name: str) -> None:
    twin = TWINS[name]
    for inputs in twin.hard:
        check_close(run(name, inputs, HARD).outputs, twin.crisp(**inputs), inputs)


@pytest.mark.parametrize(("name", "mode"), EXACT)
def test_agrees_with_python_in_exact_smooth_modes(name: str, mode: str) -> None:
    twin = TWINS[name]
    for inputs in twin.exact:
        check_close(run(name, inputs, MODES[mode]).outputs, twin.crisp(**inputs), inputs)


@pytest.mark.parametrize("domain", ["int", "nat"])
@pytest.mark.parametrize("name", NATURAL)
def test_core_programs_never_count_below_zero(name: str, domain: Any) -> None:
    twin = TWINS[name]
    for inputs in twin.exact:
        result = run(name, inputs, Options(smooth="hard", domain=domain))
        check_close(result.outputs, twin.crisp(**inputs), inputs)


@pytest.mark.parametrize("program", MACHINE_RUNS)
def test_register_machine_runs_programs(program: str) -> None:
    instructions, function = MACHINE_RUNS[program]
    for x1 in range(4):
        for x2 in range(4):
            inputs = {"x1": x1, "x2": x2, **assemble(instructions)}
            assert run("register_machine", inputs, HARD).outputs == {"x0": function(x1, x2)}


@pytest.mark.parametrize("mode", MODES)
def test_register_machine_is_exact_when_smooth(mode: str) -> None:
    for program, (instructions, function) in MACHINE_RUNS.items():
        outputs = run("register_machine", {"x1": 2, "x2": 1, **assemble(instructions)}, MODES[mode]).outputs
        assert outputs == {"x0": function(2, 1)}, program


def test_prey_and_predators_keep_their_constant_of_motion() -> None:
    birth, hunt, gain, death = 1.1, 0.4, 0.1, 0.4

    def constant(prey: float, predators: float) -> float:
        return gain * prey - death * math.log(prey) + hunt * predators - birth * math.log(predators)

    for steps in (1, 10, 40):
        outputs = run("runge_kutta", {"prey": 10.0, "predators": 5.0, "steps": steps}, HARD).outputs
        assert constant(**outputs) == pytest.approx(constant(10.0, 5.0), abs=1e-4)


# ---- what the headers say about smooth modes -------------------------------------------------


@pytest.mark.parametrize("steepness", [0.5, 1.0, 4.0])
def test_viterbi_becomes_the_forward_algorithm(steepness: float) -> None:
    options = Options(smooth="inf", compare_steepness=steepness)
    for inputs in TWINS["viterbi"].hard:
        total = sum(math.exp(steepness * score) for score in viterbi_paths(**inputs))
        score = run("viterbi", inputs, options).outputs["score"]
        assert score == pytest.approx(math.log(total) / steepness, abs=1e-9)


def test_viterbi_gradient_is_the_posterior_of_the_states() -> None:
    inputs = next(i for i in TWINS["viterbi"].hard if len(i["start"]) > 1 and len(i["emission"]) > 1)
    result = run("viterbi", inputs, Options(smooth="inf"), jacobian=True)
    assert result.jacobian is not None
    for posterior in result.jacobian["score"]["emission"]:
        assert min(posterior) >= 0
        assert sum(posterior) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("steepness", [1.0, 8.0])
def test_soft_time_warping_lies_below_the_crisp_one(steepness: float) -> None:
    options = Options(smooth="inf", compare_steepness=steepness)
    for inputs in TWINS["dynamic_time_warping"].hard:
        n, m = len(inputs["a"]), len(inputs["b"])
        slack = math.log(sum(_delannoy(n - 1, m - 1))) / steepness
        crisp = dynamic_time_warping(**inputs)["d"]
        soft = run("dynamic_time_warping", inputs, options).outputs["d"]
        assert crisp - slack - 1e-9 <= soft <= crisp + 1e-9


def _delannoy(n: int, m: int) -> Iterator[int]:
    """The number of warping paths over n + 1 and m + 1 samples, by their number of diagonal steps."""
    for k in range(min(n, m) + 1):
        yield math.comb(n + m - k, m) * math.comb(m, k)


@pytest.mark.parametrize("options", [Options(smooth=0), Options(smooth=2), Options(smooth="inf")], ids=str)
def test_bubble_sort_keeps_the_sum(options: Options) -> None:
    a = [0.3, -1.2, 0.9, 0.25, 0.1]
    assert sum(run("bubble_sort", {"a": a}, options).outputs["a"]) == pytest.approx(sum(a), abs=1e-12)


@pytest.mark.parametrize("options", [Options(smooth=0), Options(smooth=1), Options(smooth="inf")], ids=str)
def test_median_gradient_is_a_set_of_weights(options: Options) -> None:
    x = [0.3, -1.2, 0.9, 0.25, 0.1, 2.0]
    result = run("median_network", {"x": x}, options, jacobian=True)
    assert result.jacobian is not None
    for weights in result.jacobian["y"]["x"]:
        assert min(weights) >= 0
        assert sum(weights) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("smooth", [1, 2])
def test_knapsack_derivative_names_what_is_taken(smooth: Any) -> None:
    inputs = {"weight": [1, 3, 4, 5], "value": [1, 3, 5, 8], "capacity": 9}
    result = run("knapsack", inputs, Options(smooth=smooth), jacobian=True)
    assert result.outputs == {"worth": 13}
    assert result.jacobian is not None
    assert result.jacobian["worth"]["value"] == [0, 0, 1, 1]


def test_shortest_path_gradient_counts_visits() -> None:
    cost = [[2.0, 9.0, 9.0], [2.0, 9.0, 9.0], [9.0, 2.0, 2.0]]
    result = run("shortest_path", {"cost": cost}, Options(smooth="inf", compare_steepness=4.0), jacobian=True)
    assert result.jacobian is not None
    visits = result.jacobian["length"]["cost"]
    assert [[round(v, 3) for v in row] for row in visits] == [[1, 0, 0], [1, 0, 0], [0, 1, 1]]


@pytest.mark.parametrize("mode", ["0", "1", "inf"])
def test_newton_closes_in_with_the_steepness(mode: str) -> None:
    smooth: Any = mode if mode == "inf" else int(mode)
    errors = [
        run("newton", {"a": 2.0}, Options(smooth=smooth, compare_steepness=s)).outputs["x"] - math.sqrt(2)
        for s in (1.0, 10.0, 100.0, 1000.0)
    ]
    assert errors == sorted(errors, reverse=True)
    assert 0 <= errors[-1] < 1e-4


def test_heat_equation_has_a_derivative_by_the_time() -> None:
    inputs = {"u": [0.0, 0.0, 8.0, 0.0, 0.0], "r": 0.25, "steps": 1.5}
    result = run("heat_equation", inputs, Options(smooth=0), jacobian=True)
    assert result.jacobian is not None
    assert result.jacobian["u"]["steps"] == pytest.approx([0, 0, -1, 0, 0], abs=1e-9)


# ---- where programs must stop ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("turing_machine", {"write": [[1]], "move": [[1]], "next": [[0]], "tape": [0, 0], "head": 0}),
        ("ackermann", {"m": 3, "n": 4}),
        ("knapsack", {"weight": [1], "value": [1], "capacity": 21}),
        ("heat_equation", {"u": [1.0, 2.0], "r": 0.1, "steps": 1.5}),
        ("insertion_sort", {"a": [0.5, 1]}),
    ],
)
def test_inputs_outside_of_the_domain_are_errors(name: str, inputs: Inputs) -> None:
    with pytest.raises(WhileError):
        run(name, inputs, HARD)


def check_close(outputs: Any, wanted: Outputs, inputs: Inputs) -> None:
    assert outputs.keys() == wanted.keys()
    for name, value in wanted.items():
        got, want = list(flat(outputs[name])), list(flat(value))
        assert got == pytest.approx(want, rel=1e-9, abs=1e-9), (name, inputs)


def flat(value: Any) -> Iterator[float]:
    if isinstance(value, list):
        for row in value:
            yield from flat(row)
    else:
        yield value
