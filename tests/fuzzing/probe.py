"""Runs one text through the toolchain and says what no input may do: end in a traceback or hang."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Final, Literal, TypeAlias, final

from click.testing import CliRunner

from whilec.cli.main import TRACEBACK_VARIABLE, cli
from whilec.diagnostics.as_json import to_json
from whilec.diagnostics.model import WhileError
from whilec.diagnostics.render import render
from whilec.driver.pipeline import check_file, format_file, prepare, run_prepared
from whilec.driver.values import Value
from whilec.semantics.bind import input_variables
from whilec.semantics.options import Options, Smooth
from whilec.semantics.program import CheckedProgram
from whilec.semantics.types import Dim
from whilec.source import SourceFile
from whilec.syntax.depth import deep_recursion
from whilec.syntax.parser import parse

STAGES: Final = ("check", "fmt", "run", "cli")
CHECK_S = 2.0
FORMAT_S = 2.0
RUN_S = 5.0
MAX_STEPS = 100_000
CLI_SHARE = 0.03
"""Share of the inputs that also go through the command line, which is slower."""


@final
@dataclass(frozen=True)
class Finding:
    """Something that must not happen.

    Args:
        kind: `traceback`, `hang`, `crash`, `changed tree` or `unstable layout`.
        stage: Where: one of STAGES, or `worker`.
        detail: The traceback, or both texts.
        place: What makes it the same finding as another one.
    """

    kind: str
    stage: str
    detail: str
    place: str

    @property
    def key(self) -> str:
        """Equal for findings that are probably the same bug."""
        return f"{self.kind} in {self.stage}: {self.place}"


class TimeIsUpError(BaseException):
    """Raised by the watchdog; no handler of the toolchain may catch it."""


@contextmanager
def watchdog(seconds: float) -> Iterator[None]:
    """Interrupt the block when it has used so much processor time."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeIsUpError

    previous = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


@final
class Subject:
    """One text, with what the stages found out about it."""

    def __init__(self, text: str, random: Random) -> None:
        self.source = SourceFile("fuzz.while", text)
        self.random = random
        self.program: CheckedProgram | None = None


def probe(text: str, random: Random, stages: tuple[str, ...] = STAGES) -> tuple[Finding | None, str]:
    """What is wrong with the toolchain on this text, and the last stage that it reached."""
    subject = Subject(text, random)
    last = "nothing"
    goes_on = True
    for stage in stages:
        # The command line takes any text; the other stages want what the one before has made.
        wanted = random.random() < CLI_SHARE if stage == "cli" else goes_on
        if not wanted:
            continue
        finding, goes_on = _guarded(stage, subject)
        last = stage
        if finding is not None:
            return finding, last
    return None, last


Stage: TypeAlias = Callable[[Subject], "Finding | bool"]


def _guarded(stage: str, subject: Subject) -> tuple[Finding | None, bool]:
    seconds, action = _ACTIONS[stage]
    try:
        with watchdog(seconds):
            result = action(subject)
    except TimeIsUpError as error:
        return Finding("hang", stage, f"more than {seconds} s\n{_innermost(error, 25)}", _place(error)), False
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return Finding("traceback", stage, _innermost(error, 12), _place(error)), False
    if isinstance(result, Finding):
        return result, False
    return None, result


def _innermost(error: BaseException, frames: int) -> str:
    lines = traceback.format_exception(error, limit=-frames)
    return "".join(lines)[-6000:]


def _place(error: BaseException) -> str:
    """The innermost frame within the toolchain, and the kind of the error."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f"{os.sep}whilec{os.sep}" in f.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "outside"
    return where if isinstance(error, TimeIsUpError) else f"{type(error).__name__} in {where}"


# ---- the stages: each says whether later ones make sense ------------------------------------


def _check(subject: Subject) -> bool:
    checked = check_file(subject.source)
    render(checked.diagnostics)
    to_json(checked.diagnostics)
    if checked.program is None and not checked.diagnostics:
        raise AssertionError("no program and no diagnostic")
    if checked.program is not None and subject.random.random() < 0.1:
        render(check_file(subject.source, level="core").diagnostics)
    subject.program = checked.program
    return not any(d.code.name.startswith("E01") for d in checked.diagnostics)


def _format(subject: Subject) -> Finding | bool:
    tree = parse(subject.source).program
    text = format_file(subject.source)
    again = parse(SourceFile("formatted.while", text))
    with deep_recursion():
        is_same = again.program == tree
    if not is_same:
        return Finding("changed tree", "fmt", text, "")
    twice = format_file(SourceFile("formatted.while", text))
    if twice != text:
        return Finding("unstable layout", "fmt", f"{text}\n---- and then\n{twice}", "")
    return subject.program is not None


def _run(subject: Subject) -> bool:
    assert subject.program is not None
    random = subject.random
    jacobian = random.random() < 0.4
    options = random_options(random, max_steps=MAX_STEPS // 5 if jacobian else MAX_STEPS)
    try:
        inputs = random_inputs(random, subject.program)
        prepared = prepare(subject.source, inputs, options)
        result = run_prepared(prepared, inputs, options, jacobian=jacobian and not options.is_hard)
    except WhileError as error:
        render(error.diagnostics)
        return True
    render(result.diagnostics)
    return True


def _command_line(subject: Subject) -> bool:
    random = subject.random
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.while"
        path.write_bytes(_perhaps_broken(subject.source.text, random))
        arguments = random.choice(
            [
                ["check", str(path)],
                ["check", "--json", str(path)],
                ["fmt", str(path)],
                ["run", str(path), "x1=3", "x2=4", "--max-steps", str(MAX_STEPS)],
                ["run", str(path), "p=3", "q=[1, 2]", "--json", "--smooth", "hard", "--max-steps", "1000"],
                ["run", str(path), "p=1", "q=2", "a=[1, 0.5]", "--grad", "--stats", "--max-trips", "20"],
                ["trace", str(path), "x1=1", "--max-steps", "1000"],
                ["explain", str(path)],
            ]
        )
        outcome = CliRunner(env={TRACEBACK_VARIABLE: "1"}).invoke(cli, arguments, standalone_mode=False)
    error = outcome.exception
    if error is not None and not isinstance(error, (WhileError, SystemExit)):
        from click import ClickException

        if not isinstance(error, ClickException):
            raise error
    return True


def _perhaps_broken(text: str, random: Random) -> bytes:
    data = bytearray(text.encode(errors="surrogatepass"))
    if random.random() < 0.3:
        data.insert(random.randrange(len(data) + 1), random.randrange(128, 256))
    return bytes(data)


_ACTIONS: dict[str, tuple[float, Stage]] = {
    "check": (CHECK_S, _check),
    "fmt": (FORMAT_S, _format),
    "run": (RUN_S, _run),
    "cli": (RUN_S, _command_line),
}


# ---- random ways to run ---------------------------------------------------------------------


def random_options(random: Random, *, max_steps: int = MAX_STEPS) -> Options:
    """Any options that are allowed."""
    smooth: Smooth = random.choice(["hard", "hard", "inf", "inf", 0, 1, 2, 3, 8])
    domain: Literal["int", "nat"] = random.choice(["int", "int", "nat"])
    return Options(
        smooth=smooth,
        steepness=random.choice([1.0, 1.0, 0.1, 3.0, 1e-9, 1e9]),
        compare_steepness=random.choice([None, None, 10.0]),
        epsilon=random.choice([1e-6, 1e-6, 0.0, 0.49]),
        max_trips=random.choice([None, 3, 20]) if smooth == "hard" else random.choice([3, 20, 100]),
        loops=random.choice(["path", "path", "mixture"]),
        phi=random.choice(["sech", "sech", "bump"]),
        domain=domain,
        trainable=domain == "int" and random.random() < 0.1,
        max_steps=max_steps,
    )


def random_inputs(random: Random, program: CheckedProgram) -> dict[str, Value]:
    """Values for the inputs, most often of shapes that fit."""
    sizes: dict[str, int] = {}

    def size(dim: Dim) -> int:
        if random.random() < 0.02:
            return random.randint(0, 4)
        return dim if isinstance(dim, int) else sizes.setdefault(str(dim), random.randint(1, 4))

    def value(shape: tuple[int, ...]) -> Value:
        if shape and shape[0] > 100:
            return 0
        return [value(shape[1:]) for _ in range(shape[0])] if shape else number(random)

    inputs = {
        name: value(tuple(size(dim) for dim in variable.type.shape))
        for name, variable in input_variables(program).items()
        if random.random() < 0.97
    }
    if random.random() < 0.02:
        inputs["unknown"] = 1
    return inputs


def number(random: Random) -> int | float:
    """A number that a command line may give; most are small and whole."""
    kind = random.random()
    if kind < 0.6:
        return random.randint(0, 5)
    if kind < 0.85:
        return round(random.uniform(-5, 5), 2)
    return random.choice([-3, 10**18, 10**30, 10**400, -(10**20), 1e300, -1e-300, 5e-324, 0.0, -0.0, 1e16])
