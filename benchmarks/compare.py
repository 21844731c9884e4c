"""What changed between two result files: `python -m benchmarks.compare OLD.json NEW.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias, final

import click

from benchmarks.report import table

Row: TypeAlias = Mapping[str, Any]

LABEL: Final = ("case", "size", "threads", "device", "dtype", "ours", "peer")
MEASURES: Final = ("forward_s", "forward_backward_s", "peak_bytes")
MARGIN: Final = 0.05
"""Medians nearer than this are the same, whatever their spread."""


@final
@dataclass(frozen=True)
class Change:
    """One measure of one row, then and now."""

    label: tuple[object, ...]
    measure: str
    old: float | None
    new: float | None
    factor: float | None
    verdict: str


def changes(old: Sequence[Row], new: Sequence[Row]) -> list[Change]:
    """Every measure that either file has.

    Where a peer was measured in the same process, what counts is the ratio peer / ours, which says
    the same on another or a busier machine; elsewhere our own number.
    """
    before, after = ({_label(row): row for row in rows} for rows in (old, new))
    found: list[Change] = []
    for label in dict.fromkeys([*before, *after]):
        for measure in MEASURES:
            was, now = (rows.get(label, {}).get(measure) for rows in (before, after))
            if was or now:
                found.append(_change(label, measure, was, now))
    return found


def _label(row: Row) -> tuple[object, ...]:
    return tuple(row.get(key) for key in LABEL)


def _change(label: tuple[object, ...], measure: str, was: Row | None, now: Row | None) -> Change:
    if was is None or now is None:
        old, new = (None if found is None else _gain(found)["median"] for found in (was, now))
        return Change(label, measure, old, new, None, "only in new" if was is None else "only in old")
    if ("ratio" in was) != ("ratio" in now):
        return Change(label, measure, None, None, None, "not comparable")
    old, new = _gain(was), _gain(now)
    factor = new["median"] / old["median"]
    apart = new["least"] > old["largest"] or new["largest"] < old["least"]
    if not apart or abs(factor - 1) <= MARGIN:
        verdict = "same"
    else:
        verdict = "better" if factor > 1 else "WORSE"
    return Change(label, measure, old["median"], new["median"], factor, verdict)


def _gain(measured: Row) -> dict[str, float]:
    """Median, least and largest of what is better when larger: the ratio, or 1 / our number."""
    if "ratio" in measured:
        return _interval(measured["ratio"])
    ours = _interval(measured["ours"])
    return {
        "median": 1 / ours["median"],
        "least": 1 / ours["largest"],
        "largest": 1 / ours["least"],
    }


def _interval(value: float | Mapping[str, float]) -> dict[str, float]:
    spread = value if isinstance(value, Mapping) else {"median": value}
    return {name: spread.get(name, spread["median"]) for name in ("median", "least", "largest")}


def show(found: Sequence[Change]) -> str:
    """The changes as a table."""
    rows = [
        [" · ".join(str(part) for part in change.label if part is not None), change.measure]
        + ["-" if value is None else f"{value:.4g}" for value in (change.old, change.new, change.factor)]
        + [change.verdict]
        for change in found
    ]
    return table(["row", "measure", "old", "new", "new / old", "verdict"], rows)


@click.command()
@click.argument("old", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(old: Path, new: Path) -> None:
    """Ratios of NEW against those of OLD; numbers above 1 in `new / old` are an improvement."""
    files = [json.loads(path.read_text(encoding="utf-8")) for path in (old, new)]
    for key in ("machine", "versions"):
        differing = {
            name: [file[key].get(name) for file in files]
            for name in {**files[0][key], **files[1][key]}
            if name != "load_at_start" and files[0][key].get(name) != files[1][key].get(name)
        }
        for name, (was, now) in differing.items():
            click.echo(f"{key}: {name} was {was}, is {now}", err=True)
    click.echo(show(changes(files[0]["rows"], files[1]["rows"])))


if __name__ == "__main__":
    main()
