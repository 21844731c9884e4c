"""Run the benchmarks of the registry: `python -m benchmarks.run [NAMES]`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, final

import click
import torch

from benchmarks import gate, measure
from benchmarks.case import Case, Peer, Place, Provider, Size
from benchmarks.registry import CASES, case
from benchmarks.report import head, table, write

DTYPES: Final = {"float32": torch.float32, "float64": torch.float64}


@final
@dataclass(frozen=True)
class Task:
    """One row of the result: our provider, alone or against one peer, at one size."""

    case: Case
    size: Size
    ours: Provider
    peer: Peer | None
    threads: int

    @property
    def providers(self) -> list[Provider]:
        """Who is measured, ours first."""
        return [self.ours, *([self.peer.provider] if self.peer else [])]

    @property
    def lacks(self) -> str | None:
        """Why the row cannot be measured, or None."""
        return next((f"{p.name}: {reason}" for p in self.providers if (reason := p.lacks())), None)

    def label(self) -> dict[str, Any]:
        """What identifies the row."""
        return {
            "case": self.case.name,
            "size": str(self.size),
            "threads": self.threads,
            "ours": self.ours.name,
            "peer": self.peer.provider.name if self.peer else None,
        }


def tasks(cases: Sequence[Case], threads: Sequence[int], rows: int | None = None) -> list[Task]:
    """Every row to be measured: each provider of ours against each peer, or alone without any."""
    return [
        Task(case, size if rows is None else replace(size, rows=rows), ours, peer, count)
        for case in cases
        for size in case.sizes
        for ours in case.ours
        for peer in case.peers or (None,)
        for count in threads
    ]


def perform(
    task: Task, place: Place, runs: int, verdicts: Mapping[str, gate.Verdict], tick: Callable[[], None]
) -> dict[str, Any]:
    """The row of a task: its measures, or why there are none."""
    row: dict[str, Any] = task.label() | {
        "device": str(place.device),
        "dtype": str(place.dtype).removeprefix("torch."),
    }
    if task.lacks is not None:
        return row | {"skipped": task.lacks}
    for provider in task.providers:
        verdict = verdicts[task.case.gate(provider)]
        if not verdict.is_green:
            return row | {"refused": f"{task.case.gate(provider)}: {verdict.reason}"}
    if task.peer is not None:
        row["relation"] = {"kind": type(task.peer.relation).__name__, **asdict(task.peer.relation)}
    with _threads(task.threads):
        sides = [measure.prepare(p, task.case.program, task.case, task.size, place) for p in task.providers]
        row |= measure.compare(sides, place, runs, tick)
    if task.peer is not None and (target := task.peer.target) is not None:
        ratio = row[target.measure]["ratio"]["median"]
        row["target"] = {**asdict(target), "is_met": ratio >= target.factor}
    return row


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def show(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a table; ratios are the peer's number over ours."""
    titles = [
        "case",
        "ours",
        "peer",
        "threads",
        "fwd ms",
        "peer",
        "fwd+bwd ms",
        "peer",
        "ratio",
        "MiB",
        "peer",
    ]
    lines: list[list[object]] = []
    notes: list[str] = []
    for row in rows:
        label = [row["case"], row["ours"], row["peer"] or "-", row["threads"]]
        note = row.get("skipped") or row.get("refused")
        if note:
            kind, (first, *_) = "skipped" if "skipped" in row else "REFUSED", note.splitlines()
            notes.append(f"{row['case']}: {kind}: {first}")
            continue
        both, peaks = row["forward_backward_s"], row["peak_bytes"]
        lines.append(
            [
                *label,
                *(_ms(row["forward_s"], side) for side in ("ours", "peer")),
                *(_ms(both, side) for side in ("ours", "peer")),
                f"{both['ratio']['median']:.2f}" if "ratio" in both else "-",
                *(f"{peaks[side] / 2**20:.2f}" if side in peaks else "-" for side in ("ours", "peer")),
            ]
        )
        if "target" in row:
            target = row["target"]
            word = "met" if target["is_met"] else "MISSED"
            ratio = row[target["measure"]]["ratio"]["median"]
            notes.append(
                f"{row['case']}, {row['ours']} against {row['peer']}, {row['threads']} threads: "
                f"{target['measure']} {ratio:.2f} times less, wanted {target['factor']:g}: {word}"
            )
    return "\n".join([table(titles, lines), *dict.fromkeys(notes)])


def place_of(result: Mapping[str, Any]) -> str:
    """Where and with what a result was measured, in two lines."""
    machine, versions = result["machine"], result["versions"]
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    state = " with uncommitted changes" if result["uncommitted_changes"] else ""
    where = f"{machine['processor']}, {machine['cores']} cores, load {machine['load_at_start'][0]}"
    return (
        f"{result['date']}, commit {result['commit'][:10]}{state}, {where}\n"
        f"{packages}; median of {result['runs']} runs, in turn; ratio: peer / ours"
    )


def _ms(times: Mapping[str, Any], side: str) -> str:
    return f"{times[side]['median'] * 1e3:.2f}" if side in times else "-"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([c.name for c in CASES]))
@click.option("--json", "path", type=click.Path(path_type=Path), help="Where the JSON goes.")
@click.option("--runs", default=15, show_default=True, help="Runs of each side, in turn.")
@click.option("--threads", multiple=True, type=int, help="Thread counts; by default 1 and torch's own.")
@click.option("--rows", type=int, help="Another batch size, for a quick look.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--dtype", default="float32", show_default=True, type=click.Choice(list(DTYPES)))
@click.option("--only", help="Only providers of ours whose name contains this.")
def main(
    names: tuple[str, ...],
    path: Path | None,
    runs: int,
    threads: tuple[int, ...],
    rows: int | None,
    device: str,
    dtype: str,
    only: str | None,
) -> None:
    """Measure ours against its peers, behind the gates, and write the ratios."""
    begin = head()  # before we load the machine ourselves
    default = torch.get_num_threads()
    wanted = [case(name) for name in dict.fromkeys(names)] or list(CASES)
    todo = [
        task
        for task in tasks(wanted, threads or tuple(dict.fromkeys((1, default))), rows)
        if only is None or only in task.ours.name
    ]
    place = Place(DTYPES[dtype], torch.device(device))
    nodes = {t.case.gate(p) for t in todo if t.lacks is None for p in t.providers}
    click.echo(f"{len(nodes)} gates", err=True)
    verdicts = gate.check(sorted(nodes))
    results: list[dict[str, Any]] = []
    with click.progressbar(length=2 * runs * len(todo), label="measuring", file=sys.stderr) as bar:
        for number, task in enumerate(todo):
            results.append(perform(task, place, runs, verdicts, lambda: bar.update(1)))
            bar.update(2 * runs * (number + 1) - bar.pos)
    setting = {"runs": runs, "default_threads": default, "forward": "without a graph", "rows": results}
    written = write("programs", {**begin, **setting}, path)
    text = f"{place_of(json.loads(written.read_text(encoding='utf-8')))}\n\n{show(results)}\n"
    written.with_suffix(".txt").write_text(text, encoding="utf-8")
    click.echo(text)
    click.echo(f"written to {written} and {written.with_suffix('.txt').name}")
    if any("refused" in row for row in results):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
