"""How long the short commands take from the shell, and that they load no torch."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from benchmarks.report import ROOT, spread, table, write

TARGET_S = 0.3
_COMMAND = [sys.executable, "-m", "whilec"]

# Runs the command in this process, then tells on stderr whether torch came in.
_PROBE = """
import sys
from whilec.cli.main import main
try:
    main()
finally:
    print("torch" in sys.modules, file=sys.stderr)
"""


def commands(program: str, big: str) -> dict[str, list[str]]:
    """The commands that must answer at once."""
    return {
        "python -c pass": [],
        "--version": ["--version"],
        "check": ["check", program],
        "check, 200 lines": ["check", big],
        "fmt": ["fmt", "--check", program],
        "explain a code": ["explain", "E0203"],
        "explain a program": ["explain", program],
        "run, hard": ["run", program, "x1=3", "x2=4", "--smooth", "hard"],
        "run, inf": ["run", program, "x1=3", "x2=4"],
        "run, k = 2, --grad": ["run", program, "x1=3", "x2=4", "--smooth", "2", "--grad"],
    }


def loads_torch(arguments: list[str]) -> bool:
    """Whether the command, run on its own, imports torch."""
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stderr.strip().splitlines()[-1] == "True"


def measure(command: list[str], runs: int) -> list[float]:
    """Wall seconds of each run; the first one, which fills the disk cache, is left out."""
    times: list[float] = []
    for _ in range(runs + 1):
        begin = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        times.append(time.perf_counter() - begin)
        is_silent = not done.stdout + done.stderr
        if done.returncode != 0 or (is_silent and command[1] == "-m" and "--check" not in command):
            raise click.ClickException(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return times[1:]


@click.command()
@click.option("--runs", default=15, show_default=True, help="Runs of each command.")
@click.option("--output", type=click.Path(path_type=Path), help="Where the JSON goes.")
def main(runs: int, output: Path | None) -> None:
    """Median wall time of the commands that must start fast."""
    results: list[dict[str, object]] = []
    rows: list[list[object]] = []
    program = "programs/multiply.while"
    with TemporaryDirectory() as folder:
        big = Path(folder) / "big.while"
        big.write_text("WHILE x1 != 0 DO\n  x0 := x0 + 1\n  x1 := x1 - 1\nEND\n" * 50, encoding="utf-8")
        for name, arguments in commands(program, str(big)).items():
            command = [*_COMMAND, *arguments] if arguments else [sys.executable, "-c", "pass"]
            seconds = spread(measure(command, runs))
            imports_torch = bool(arguments) and loads_torch(arguments)
            rows.append([name, *seconds.values(), "yes" if imports_torch else "no"])
            results.append({"command": name, "seconds": seconds, "imports_torch": imports_torch})
    print(table(["command", "median s", "least s", "largest s", "torch loaded"], rows))
    print(f"target: at most {TARGET_S} s, without torch")
    print(write("startup", {"target_s": TARGET_S, "runs": runs, "results": results}, output))


if __name__ == "__main__":
    main()
