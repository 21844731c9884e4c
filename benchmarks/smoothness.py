"""How far smooth runs are from crisp ones, and how large their gradients are, over the steepness.

Four programs of the library, in five modes. A row of the result has the mean absolute error of the
outputs against the crisp result, the median length of the gradient over the batch and the share of
the batch whose gradient is 0, and how the loops ended.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import click
import torch

import whilec
from benchmarks.report import ROOT, head, write

BATCH: Final = 32
MAX_TRIPS: Final = 40
NO_GRADIENT: Final = 1e-9
"""A gradient this short teaches nothing."""

MODES: Final[Mapping[str, Mapping[str, Any]]] = {
    "0": {"smooth": 0},
    "1": {"smooth": 1},
    "2": {"smooth": 2},
    "sech": {"smooth": "inf"},
    "bump": {"smooth": "inf", "phi": "bump"},
}

Inputs = dict[str, torch.Tensor]


@final
@dataclass(frozen=True)
class Subject:
    """A program and what it is measured on.

    Args:
        steepnesses: What is tried.
        crisp: Inputs for hard mode, from which the wanted outputs come.
        given: Inputs of the smooth runs whose error is measured, perhaps the same.
        moved: Inputs where the gradient is measured.
        modes: Names and options.
    """

    program: str
    steepnesses: tuple[float, ...]
    make: Callable[[torch.Generator], tuple[Inputs, Inputs, Inputs]]
    modes: Mapping[str, Mapping[str, Any]]


def _uniform(generator: torch.Generator, *shape: int, low: float, high: float) -> torch.Tensor:
    return torch.rand(*shape, generator=generator, dtype=torch.float64) * (high - low) + low


def _factors(generator: torch.Generator) -> tuple[Inputs, Inputs, Inputs]:
    """Whole factors for the error; any numbers between for the gradient."""
    whole = {name: torch.randint(1, 6, (BATCH,), generator=generator) for name in ("x1", "x2")}
    moved = {name: _uniform(generator, BATCH, low=1, high=5) for name in ("x1", "x2")}
    return whole, {name: value.double() for name, value in whole.items()}, moved


def _numbers(generator: torch.Generator) -> tuple[Inputs, Inputs, Inputs]:
    """Six numbers from 0 to 10."""
    numbers = {"a": _uniform(generator, BATCH, 6, low=0, high=10)}
    return numbers, numbers, numbers


def _words(generator: torch.Generator) -> tuple[Inputs, Inputs, Inputs]:
    """Words of six letters out of four, the smooth ones off by up to 0.3, as from a network."""
    letters = {name: torch.randint(0, 4, (BATCH, 6), generator=generator) for name in ("a", "b")}
    noisy = {name: word + _uniform(generator, BATCH, 6, low=-0.3, high=0.3) for name, word in letters.items()}
    return letters, noisy, noisy


def _map(generator: torch.Generator) -> tuple[Inputs, Inputs, Inputs]:
    """Maps of 5 x 5 cells that cost from 1 to 5."""
    cost = {"cost": _uniform(generator, BATCH, 5, 5, low=1, high=5)}
    return cost, cost, cost


_FINE: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)

SUBJECTS: Final = (
    Subject(
        "multiply",
        (0.5, 0.7, 0.8, 1.0, 1.4, 2.0, 2.6, 3.0, 4.0),
        _factors,
        {**MODES, "sech, mixture": {"smooth": "inf", "loops": "mixture"}},
    ),
    Subject("bubble_sort", _FINE, _numbers, MODES),
    Subject("levenshtein", _FINE, _words, MODES),
    Subject("shortest_path", _FINE, _map, MODES),
)


def measure(subject: Subject, mode: str, steepness: float) -> dict[str, Any]:
    """One row."""
    path = ROOT / "programs" / f"{subject.program}.while"
    crisp, given, moved = subject.make(torch.Generator().manual_seed(0))
    wanted = whilec.compile(path, smooth="hard")(**crisp).double()
    module = whilec.compile(
        path, steepness=steepness, max_trips=MAX_TRIPS, dtype=torch.float64, **subject.modes[mode]
    )
    with torch.no_grad():
        exact = module.run(**given)
    (output,) = exact.outputs.values()
    leaves = {name: value.clone().requires_grad_() for name, value in moved.items()}
    run = module.run(**leaves)
    (result,) = run.outputs.values()
    weights = torch.linspace(1, 2, result[0].numel(), dtype=torch.float64).reshape(result.shape[1:])
    gradients = torch.autograd.grad((result * weights).sum(), list(leaves.values()))
    lengths = sum(g.reshape(BATCH, -1).square().sum(1) for g in gradients).sqrt()
    return {
        "program": subject.program,
        "mode": mode,
        "steepness": steepness,
        "error": round((output - wanted).abs().mean().item(), 9),
        "gradient": round(lengths.median().item(), 9),
        "no_gradient": round((lengths <= NO_GRADIENT).double().mean().item(), 4),
        "trips": [loop.trips for loop in run.loops],
        "capped": [round(loop.capped, 4) for loop in run.loops],
    }


@click.command()
@click.option("--output", type=click.Path(path_type=Path), help="Where the JSON goes.")
@click.option("--only", help="Only the program of this name.")
def main(output: Path | None, only: str | None) -> None:
    """Measure every program in every mode at every steepness."""
    begin = head()  # before we load the machine ourselves
    todo = [
        (subject, mode, steepness)
        for subject in SUBJECTS
        if only in (None, subject.program)
        for mode in subject.modes
        for steepness in subject.steepnesses
    ]
    with click.progressbar(todo, label="measuring", file=sys.stderr) as bar:
        rows = [measure(*task) for task in bar]
    setting = {"batch": BATCH, "max_trips": MAX_TRIPS, "rows": rows}
    click.echo(f"written to {write('smoothness', {**begin, **setting}, output)}")


if __name__ == "__main__":
    main()
