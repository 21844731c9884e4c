"""Fuzzing of parser, checker, formatter and interpreter in worker processes.

No input may end in a traceback or hang, and the formatter must neither change a program nor its
own output. Each input is named by its seed: `python -m benchmarks.fuzz --seed S --inputs 1`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections import Counter
from dataclasses import asdict
from multiprocessing.connection import Connection, wait
from pathlib import Path
from random import Random
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.report import ROOT, table, write
from tests.fuzzing.minimise import minimise
from tests.fuzzing.mutate import fuzz_input
from tests.fuzzing.probe import STAGES, Finding, probe

SILENCE_S = 300.0
"""A worker that says nothing for so long hangs where no signal reaches it."""
CHUNK = 25
MINIMISE_S = 180.0


def library() -> list[str]:
    """The texts that are mutated."""
    return [path.read_text(encoding="utf-8") for path in sorted((ROOT / "programs").glob("*.while"))]


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return
    gigabyte = 2**30
    resource.setrlimit(resource.RLIMIT_AS, (4 * gigabyte, 4 * gigabyte))


def work(pipe: Connection, first: int, last: int, stages: tuple[str, ...]) -> None:
    """Probe the seeds of one range, reporting after each chunk."""
    _limit_memory()
    texts = library()
    reached: Counter[str] = Counter()
    for seed in range(first, last):
        random = Random(seed)
        text = fuzz_input(random, texts)
        finding, last_stage = probe(text, random, stages)
        reached[last_stage] += 1
        if finding is not None:
            pipe.send(("finding", seed, text, asdict(finding)))
        if (seed + 1 - first) % CHUNK == 0 or seed + 1 == last:
            pipe.send(("done", seed + 1, dict(reached)))
            reached.clear()
    pipe.close()


def _minimised(seed: int, text: str, finding: Finding, stages: tuple[str, ...]) -> str:
    def fails(shorter: str) -> bool:
        # The same options and inputs: the random numbers after the text was drawn.
        random = Random(seed)
        fuzz_input(random, _LIBRARY)
        found, _ = probe(shorter, random, stages)
        return found is not None and found.key == finding.key

    return minimise(text, fails, most_calls=60 if finding.kind == "hang" else 600)


_LIBRARY: list[str] = []


def _minimise_in_child(
    pipe: Connection, seed: int, text: str, finding: Finding, stages: tuple[str, ...]
) -> None:
    _limit_memory()
    _LIBRARY[:] = library()
    pipe.send(_minimised(seed, text, finding, stages))
    pipe.close()


class Run:
    """One fuzzing run: workers, what they found, how far they are."""

    def __init__(self, seed: int, inputs: int, workers: int, stages: tuple[str, ...]) -> None:
        self.stages = stages
        self.findings: dict[str, tuple[int, str, Finding]] = {}
        self.occurrences: Counter[str] = Counter()
        self.reached: Counter[str] = Counter()
        self.done = 0
        share = -(-inputs // workers)
        self.ranges = [(low, min(low + share, seed + inputs)) for low in range(seed, seed + inputs, share)]

    def run(self, progress: Progress) -> None:
        """Until every seed is done; a dead or silent worker is replaced behind its input."""
        task = progress.add_task("fuzz", total=sum(high - low for low, high in self.ranges))
        workers: dict[Connection, tuple[Any, int, int, float]] = {}
        for low, high in self.ranges:
            self._start(workers, low, high)
        while workers:
            for pipe in wait(list(workers), timeout=1.0):
                assert isinstance(pipe, Connection)
                self._listen(pipe, workers)
            for pipe, (process, at, high, heard) in list(workers.items()):
                if time.monotonic() - heard > SILENCE_S:
                    process.kill()
                    self._lost(workers, pipe, at, high, "hang")
            progress.update(task, completed=self.done, description=f"fuzz, {len(self.findings)} findings")

    def _start(self, workers: dict[Connection, tuple[Any, int, int, float]], low: int, high: int) -> None:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=work, args=(theirs, low, high, self.stages), daemon=True)
        process.start()
        theirs.close()
        workers[ours] = (process, low, high, time.monotonic())

    def _listen(self, pipe: Connection, workers: dict[Connection, tuple[Any, int, int, float]]) -> None:
        process, at, high, _ = workers[pipe]
        try:
            message = pipe.recv()
        except EOFError:
            process.join()
            if at < high:
                self._lost(workers, pipe, at, high, "crash")
            else:
                del workers[pipe]
            return
        if message[0] == "finding":
            _, seed, text, fields = message
            self._note(seed, text, Finding(**fields))
        else:
            _, now, reached = message
            self.done += now - at
            self.reached.update(reached)
            at = now
        workers[pipe] = (process, at, high, time.monotonic())

    def _lost(
        self,
        workers: dict[Connection, tuple[Any, int, int, float]],
        pipe: Connection,
        at: int,
        high: int,
        kind: str,
    ) -> None:
        # Which input of the chunk it was is found by running the chunk one by one.
        del workers[pipe]
        end = min(at + CHUNK, high)
        self._note(at, "", Finding(kind, "worker", f"one of the seeds {at} to {end - 1}", f"seeds {at}"))
        self.done += end - at
        if end < high:
            self._start(workers, end, high)

    def _note(self, seed: int, text: str, finding: Finding) -> None:
        self.occurrences[finding.key] += 1
        known = self.findings.get(finding.key)
        if known is None or len(text) < len(known[1]):
            self.findings[finding.key] = (seed, text, finding)


def save(run: Run, folder: Path, *, shorten: bool) -> None:
    """One file for the text and one for the details of each finding; then shorter texts."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: dict[str, Path] = {}
    for number, (key, (seed, text, finding)) in enumerate(sorted(run.findings.items())):
        paths[key] = folder / f"{number:03d}-{finding.kind.replace(' ', '-')}.while"
        paths[key].write_text(text, encoding="utf-8", errors="surrogatepass")
        details = {"seed": seed, "key": key, "times": run.occurrences[key], **asdict(finding), "text": text}
        paths[key].with_suffix(".json").write_text(json.dumps(details, indent=1), encoding="utf-8")
    for key, path in paths.items() if shorten else ():
        seed, text, finding = run.findings[key]
        if text:
            shorter = _shortened(seed, text, finding, run.stages)
            path.write_text(shorter, encoding="utf-8", errors="surrogatepass")


def _shortened(seed: int, text: str, finding: Finding, stages: tuple[str, ...]) -> str:
    """A shorter text with the same finding, from a process that may be lost."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(
        target=_minimise_in_child, args=(theirs, seed, text, finding, stages), daemon=True
    )
    process.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(MINIMISE_S) else text
    except EOFError:
        return text
    finally:
        process.kill()


@click.command()
@click.option("--inputs", default=200_000, show_default=True)
@click.option("--seed", default=0, show_default=True, help="The first seed; each input has its own.")
@click.option("--workers", default=os.cpu_count() or 1, show_default=True)
@click.option("--stage", "stages", multiple=True, type=click.Choice(STAGES), help="Repeatable; default: all.")
@click.option("--findings", type=click.Path(path_type=Path), help="Folder for what was found.")
@click.option("--minimise/--no-minimise", "shorten", default=True, show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Where the JSON goes.")
def main(
    inputs: int,
    seed: int,
    workers: int,
    stages: tuple[str, ...],
    findings: Path | None,
    shorten: bool,
    output: Path | None,
) -> None:
    """Fuzz the toolchain; exit code 1 if anything was found."""
    run = Run(seed, inputs, workers, stages or STAGES)
    begin = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        run.run(progress)
    wall = time.monotonic() - begin
    rows = [(key[:100], run.occurrences[key], seed) for key, (seed, _, _) in sorted(run.findings.items())]
    print(table(["finding", "times", "seed"], rows) if rows else "nothing found")
    print(f"{inputs} inputs in {wall:.0f} s: {inputs / wall / workers:.0f} per second and worker")
    results = {
        "inputs": inputs,
        "first_seed": seed,
        "workers": workers,
        "stages": list(run.stages),
        "seconds": wall,
        "inputs_per_second_and_worker": inputs / wall / workers,
        "last_stage_reached": dict(sorted(run.reached.items())),
        "findings": [
            {"key": key, "times": run.occurrences[key], "seed": seed, **asdict(finding)}
            for key, (seed, _, finding) in sorted(run.findings.items())
        ],
    }
    print(write("fuzz", results, output))
    if findings is not None:
        save(run, findings, shorten=shorten)
    raise SystemExit(1 if run.findings else 0)


if __name__ == "__main__":
    main()
