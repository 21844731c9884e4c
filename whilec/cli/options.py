"""The options of a run, declared once for every command that runs programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, final

import click

from whilec.driver.choices import READERS, read_count, read_number
from whilec.semantics.options import Options

_Function = TypeVar("_Function", bound=Callable[..., Any])

_DTYPES = ("float32", "float64", "bfloat16", "float16")

_FLAGS: tuple[tuple[str, str, str], ...] = (
    ("smooth", "hard|K|inf", "The relaxation: crisp, of class C^K (K from 0 to 8), or smooth. Default: inf."),
    ("steepness", "S", "Steepness of = and !=. Default: 1."),
    ("compare_steepness", "S", "Steepness of < <= > >=, LOOP, min, max, ... Default: as --steepness."),
    ("epsilon", "E", "Path weights up to this count as 0. Default: 1e-6."),
    ("max_trips", "N", "Most trips of one entry of a loop. Default: 1000; no limit in hard mode."),
    ("loops", "path|mixture", "How loops weigh their trips. Default: path."),
    ("phi", "sech|bump", "The function behind = in mode inf. Default: sech."),
    ("domain", "int|nat", "Whether x := x - c stops at 0 (nat). Default: int."),
    ("max_steps", "N", "Most statements of a run. Default: 10^8."),
)


@final
class OptionType(click.ParamType):  # pyright: ignore[reportMissingTypeArgument] - generic since 8.4
    """An option's value, read by its reader in `choices`.

    What it cannot read goes on as it is: the checker of options says what is wrong with it.
    """

    def __init__(self, field: str) -> None:
        self.name = field
        self.read = READERS[field]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value of the text, or else a number or the text itself."""
        for read in (self.read, read_number):
            try:
                return read(value)
            except ValueError:
                continue
        return value


@final
class TripsType(click.ParamType):  # pyright: ignore[reportMissingTypeArgument] - generic since 8.4
    """A whole number, or several with commas between; what is neither goes on as it is, to be refused."""

    name = "trips"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number or tuple of numbers."""
        try:
            counts = tuple(read_count(part.strip()) for part in str(value).split(","))
        except ValueError:
            return value
        return counts[0] if len(counts) == 1 else counts


def run_options(function: _Function) -> _Function:
    """Add `--smooth` and the other options of a run to a command."""
    text = "Give every assignment a weight and a bias, as for training."
    return click.option("--trainable", is_flag=True, help=text)(_add(function, _FLAGS))


def options_of_all_modes(function: _Function) -> _Function:
    """Add the options of a run but `--smooth`, to a command that runs several modes."""
    return _add(function, _FLAGS[1:])


def _add(function: _Function, flags: tuple[tuple[str, str, str], ...]) -> _Function:
    for field, metavar, text in reversed(flags):
        flag = f"--{field.replace('_', '-')}"
        function = click.option(flag, field, type=OptionType(field), metavar=metavar, help=text)(function)
    return function


def module_options(function: _Function) -> _Function:
    """Add `--device` and the other options of compiled modules to a command."""
    from whilec.backends.registry import BACKENDS

    backends = ("auto", "interpreter", *dict.fromkeys(name for table in BACKENDS.values() for name in table))
    dtype = "Number type of the computation. Default: float64 (float32 on mps)."
    function = click.option("--dtype", type=click.Choice(_DTYPES), metavar="TYPE", help=dtype)(function)
    text = f"What runs the program: {', '.join(backends)}. Default: the first one that can."
    function = click.option("--backend", type=click.Choice(backends), metavar="NAME", help=text)(function)
    return device_option(graph_options(function))


def device_option(function: _Function) -> _Function:
    """Add `--device` to a command."""
    text = "Where to compute. Default: cpu."
    return click.option("--device", metavar="cpu|cuda|cuda:N|mps", help=text)(function)


def graph_options(function: _Function) -> _Function:
    """Add `--graph` and `--trips` to a command."""
    trips = "Copies of each loop in an unrolled graph: a number, or one per loop with commas between."
    function = click.option("--trips", type=TripsType(), metavar="N[,N..]", help=trips)(function)
    graph = "Loops that run (recurrent), or straight-line code with copies of them (unrolled)."
    return click.option(
        "--graph", type=click.Choice(["recurrent", "unrolled"]), metavar="recurrent|unrolled", help=graph
    )(function)


def level_option(function: _Function) -> _Function:
    """Add `--std` to a command."""
    return click.option(
        "--std",
        "level",
        type=click.Choice(["core", "full"]),
        default="full",
        metavar="core|full",
        help="Accept only the paper's language (core), or all of it. Default: full.",
    )(function)


def build_options(given: dict[str, Any]) -> Options:
    """The options of a run; those not given keep their defaults."""
    fields = {field: given[field] for field in READERS if given.get(field) is not None}
    return Options(**fields, trainable=given.get("trainable", False))
