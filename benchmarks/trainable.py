"""Train the weights inside `programs/multiply.while`, the experiment proposed in AlgoNet, section 3.2.

Every assignment `x := e` gets a weight w and a bias b and assigns w e + b. They are fitted to the
products of all pairs of whole numbers from 0 to 5; pairs with a 6, and pairs of halves, are held out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, final

import click
import torch

import whilec
from benchmarks.report import ROOT, head, table, write

PROGRAM = ROOT / "programs" / "multiply.while"
LARGEST = 5
JITTER = 0.01
"""Standard deviation of what a seed adds to the weights and biases at the start."""
CURVE_STEP = 5
"""The curve in the result has the error of every fifth step."""


def pairs(values: list[float]) -> list[tuple[float, float]]:
    """All ordered pairs."""
    return list(product(values, repeat=2))


FIT = pairs([float(n) for n in range(LARGEST + 1)])
HELD_OUT: Mapping[str, list[tuple[float, float]]] = {
    "with a 6": [pair for pair in pairs([float(n) for n in range(LARGEST + 2)]) if max(pair) == LARGEST + 1],
    "halves": pairs([n + 0.5 for n in range(LARGEST)]),
}
LOSSES: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "squared": lambda off: off.square().mean(),
    "absolute": lambda off: off.abs().mean(),
}


@final
@dataclass(frozen=True)
class Settings:
    """How the weights are fitted.

    Args:
        smooth: The mode.
        steepness: Of the conditions, the same before and after.
        loss: `squared` or `absolute`: the mean of what is minimised.
        rate: Adam's learning rate at the start; it falls to 0 along a cosine.
        steps: Steps of the optimiser, each over all pairs.
        regularization: Factor of the sum of (w - 1)^2 + b^2.
        clip: Longest gradient.
        max_trips: Cap of a loop: weights on the way may keep a loop from ending.
    """

    smooth: str = "inf"
    steepness: float = 1.0
    loss: str = "squared"
    rate: float = 0.02
    steps: int = 300
    regularization: float = 1e-3
    clip: float = 1.0
    max_trips: int = 40


def compiled(settings: Settings) -> whilec.WhileModule:
    """The program with a weight and a bias for every assignment."""
    return whilec.compile(
        PROGRAM,
        smooth="inf" if settings.smooth == "inf" else int(settings.smooth),
        steepness=settings.steepness,
        max_trips=settings.max_trips,
        trainable=True,
        dtype=torch.float64,
    )


def outputs(module: whilec.WhileModule, points: list[tuple[float, float]]) -> torch.Tensor:
    """The module's products of all pairs."""
    x1, x2 = torch.tensor(points, dtype=torch.float64).unbind(1)
    return module(x1=x1, x2=x2)


def mean_error(module: whilec.WhileModule, points: list[tuple[float, float]]) -> float:
    """Mean absolute error of the products."""
    wanted = torch.tensor([a * b for a, b in points], dtype=torch.float64)
    with torch.no_grad():
        return (outputs(module, points) - wanted).abs().mean().item()


def errors(module: whilec.WhileModule) -> dict[str, float]:
    """The mean absolute error on the pairs of the fit and on each set held out."""
    return {name: mean_error(module, points) for name, points in {"fit": FIT, **HELD_OUT}.items()}


def train(settings: Settings, seed: int, tick: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Fit once; errors before and after, the weights and the curve."""
    torch.manual_seed(seed)
    module = compiled(settings)
    row: dict[str, Any] = {"seed": seed, "before": errors(module)}
    products_before = outputs(module, FIT).detach().tolist()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(JITTER * torch.randn_like(parameter))
    optimizer = torch.optim.Adam(module.parameters(), lr=settings.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.steps)
    wanted = torch.tensor([a * b for a, b in FIT], dtype=torch.float64)
    curve: list[float] = []
    begin = time.perf_counter()
    for step in range(settings.steps):
        off = outputs(module, FIT) - wanted
        if step % CURVE_STEP == 0:
            curve.append(off.abs().mean().item())
        loss = LOSSES[settings.loss](off) + settings.regularization * module.regularization()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), settings.clip)
        optimizer.step()
        schedule.step()
        tick()
    after = errors(module)
    run = module.run(*torch.tensor(FIT, dtype=torch.float64).unbind(1))
    return {
        **row,
        "after": after,
        "factor": {name: row["before"][name] / after[name] for name in after},
        "weights": module.target_weights.tolist(),
        "biases": module.target_biases.tolist(),
        "trips": [loop.trips for loop in run.loops],
        "capped": [loop.capped for loop in run.loops],
        "seconds": time.perf_counter() - begin,
        "curve": curve,
        "products_before": products_before,
        "products_after": outputs(module, FIT).detach().tolist(),
    }


def show(rows: list[dict[str, Any]]) -> str:
    """Before, after and factor for every set of pairs, a line per seed."""
    titles = ["pairs", "seed", "before", "after", "factor"]
    lines = [
        [name, row["seed"], row["before"][name], row["after"][name], row["factor"][name]]
        for name in rows[0]["before"]
        for row in rows
    ]
    return table(titles, lines)


@click.command()
@click.option("--seeds", default=3, show_default=True, help="How often, with seeds 0, 1, ...")
@click.option("--smooth", default=Settings.smooth, show_default=True)
@click.option("--steepness", default=Settings.steepness, show_default=True)
@click.option("--loss", default=Settings.loss, show_default=True, type=click.Choice(list(LOSSES)))
@click.option("--rate", default=Settings.rate, show_default=True, help="Learning rate of Adam.")
@click.option("--steps", default=Settings.steps, show_default=True)
@click.option("--regularization", default=Settings.regularization, show_default=True)
@click.option("--clip", default=Settings.clip, show_default=True, help="Longest gradient.")
@click.option("--max-trips", default=Settings.max_trips, show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Where the JSON goes.")
def main(seeds: int, output: Path | None, **given: Any) -> None:
    """Fit the weights of the smooth multiplication, and write the errors before and after."""
    begin = head()  # before we load the machine ourselves
    settings = Settings(**given)
    with click.progressbar(length=seeds * settings.steps, label="training", file=sys.stderr) as bar:
        rows = [train(settings, seed, lambda: bar.update(1)) for seed in range(seeds)]
    factor = median(row["factor"]["fit"] for row in rows)
    result = {"settings": asdict(settings), "median_factor": factor, "pairs": FIT, "rows": rows}
    written = write("trainable", {**begin, **result}, output)
    click.echo(show(rows))
    click.echo(f"median factor on the pairs of the fit: {factor:.3g}; written to {written}")


if __name__ == "__main__":
    main()
