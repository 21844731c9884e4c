"""The reference interpreter in hard mode against the same loops written as a Python function."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import click

from benchmarks.report import ROOT, spread, table, write
from whilec.driver.pipeline import check_file
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference import execute
from whilec.source import SourceFile

TARGET_RATIO = 12.0


def multiply(x1: int, x2: int) -> int:
    """`programs/multiply.while`, statement by statement."""
    x0 = 0
    while x2 != 0:
        x3 = x1
        while x3 != 0:
            x0 = x0 + 1
            x3 = x3 - 1
        x2 = x2 - 1
    return x0


def load() -> CheckedProgram:
    """The program that is measured."""
    path = ROOT / "programs" / "multiply.while"
    source = SourceFile(path.name, path.read_text(encoding="utf-8"))
    program = check_file(source).program
    assert program is not None, "the library's program has errors"
    return program


def seconds(call: Callable[[], object]) -> float:
    """Wall time of one call."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


@click.command()
@click.option("--size", default=300, show_default=True, help="Both factors.")
@click.option("--runs", default=11, show_default=True, help="Runs of each side, in turn.")
@click.option("--output", type=click.Path(path_type=Path), help="Where the JSON goes.")
def main(size: int, runs: int, output: Path | None) -> None:
    """Median ratio of the interpreter's time to plain Python's."""
    program = load()
    inputs = {"x1": size, "x2": size}
    options = Options(smooth="hard")

    def interpret() -> object:
        return execute(program, inputs, options).outputs["x0"]

    if interpret() != multiply(size, size):
        raise click.ClickException("the interpreter's product is wrong")
    pairs = [(seconds(interpret), seconds(lambda: multiply(size, size))) for _ in range(runs)]
    ratio = median(ours / plain for ours, plain in pairs)
    smooth = median(
        seconds(lambda: execute(program, {"x1": 30, "x2": 30}, Options(smooth=0)))
        for _ in range(max(3, runs // 3))
    )
    rows = [
        ("interpreter", *spread([ours for ours, _ in pairs]).values()),
        ("plain Python", *spread([plain for _, plain in pairs]).values()),
    ]
    print(table(["side", "median s", "least s", "largest s"], rows))
    print(f"{size} x {size}: {ratio:.2f} times plain Python (target: at most {TARGET_RATIO:g})")
    print(f"30 x 30 at smooth 0: {smooth:.4f} s")
    results = {
        "size": size,
        "runs": runs,
        "interpreter_seconds": spread([ours for ours, _ in pairs]),
        "python_seconds": spread([plain for _, plain in pairs]),
        "median_ratio": ratio,
        "target_ratio": TARGET_RATIO,
        "smooth_0_30x30_seconds": smooth,
    }
    print(write("interpreter", results, output))


if __name__ == "__main__":
    main()
