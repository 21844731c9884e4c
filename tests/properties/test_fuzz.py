"""A short fuzzing run; `python -m benchmarks.fuzz` makes long ones."""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random

import pytest

from tests.fuzzing.minimise import minimise
from tests.fuzzing.mutate import damage_tokens, fuzz_input, tokens
from tests.fuzzing.probe import STAGES, Finding, Subject, probe, watchdog
from tests.properties.running import EXAMPLES, SEED

CHUNKS = 8
INPUTS = 4 * EXAMPLES
LIBRARY = [
    path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parents[2] / "programs").glob("*.while"))
]

# What long runs found; each was a traceback or took far too long.
FOUND = {
    "a word of another language before a wrong character": "do^",
    "an output that is a constant": "CONST x0 = 2\nVAR f: real\n",
    "an index of 5000 digits": f"PROGRAM p(a: real[3]) -> y: real\ny := a[{'9' * 5000}]\n",
    "a size of 5000 digits": f"VAR t: real[-{'9' * 5000}]\n",
    "a steepness beyond floating point": f"IF x1 < 3 WITH STEEPNESS {'9' * 5000} THEN x0 := 1 END\n",
    "a static index with a steepness": "PROGRAM p(a: real[2]) -> y: real\ny := a[abs(1, steepness = 2)]\n",
    "a row of surplus ENDs": "x := 1 " * 5000 + " END" * 5000,
}

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGPROF"), reason="the watchdog needs SIGPROF")


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_input_ends_in_a_traceback(chunk: int) -> None:
    reached: set[str] = set()
    share = -(-INPUTS // CHUNKS)
    for number in range(share):
        random = Random(f"fuzz-{SEED}-{chunk * share + number}")
        text = fuzz_input(random, LIBRARY)
        finding, last = probe(text, random, STAGES)
        reached.add(last)
        assert finding is None, f"{finding.key}\n{finding.detail}\n{text[:3000]}"
    assert {"check", "run", "cli"} <= reached


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_stays_mended(name: str) -> None:
    finding, last = probe(FOUND[name], Random(name), STAGES)
    assert finding is None, f"{finding.key}\n{finding.detail}"
    assert last != "nothing"


def test_inputs_are_named_by_their_seed() -> None:
    texts = [fuzz_input(Random(seed), LIBRARY) for seed in range(50)]
    assert texts == [fuzz_input(Random(seed), LIBRARY) for seed in range(50)]
    assert len(set(texts)) > 40


def test_tokens_lose_nothing() -> None:
    assert all("".join(tokens(text)) == text for text in LIBRARY)
    assert len({damage_tokens(Random(seed), LIBRARY[0]) for seed in range(20)}) >= 5


def test_a_traceback_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(subject: Subject) -> bool:
        raise KeyError(subject.source.text)

    monkeypatch.setitem(probe.__globals__["_ACTIONS"], "check", (1.0, broken))
    finding, last = probe("x := 1", Random(0), ("check",))
    assert last == "check"
    assert finding is not None
    assert finding.kind == "traceback"
    assert "KeyError" in finding.place


def test_a_hang_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(subject: Subject) -> bool:
        while True:
            pass

    monkeypatch.setitem(probe.__globals__["_ACTIONS"], "check", (0.05, endless))
    finding, _ = probe("x := 1", Random(0), ("check",))
    assert finding is not None
    assert finding.kind == "hang"


def test_the_watchdog_leaves_no_alarm_behind() -> None:
    with watchdog(10.0):
        pass
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_a_failing_text_becomes_short() -> None:
    text = "x := 1\nWHILE x != 0 DO\n  y := boom(x) + 1\n  x := x - 1\nEND\n"
    assert minimise(text, lambda shorter: "boom" in shorter) == "boom"


def test_findings_of_one_bug_have_one_key() -> None:
    first, second = (Finding("traceback", "run", detail, "KeyError in f") for detail in ("a", "b"))
    assert first.key == second.key
