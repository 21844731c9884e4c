"""Options that make no sense, alone or together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from whilec.diagnostics.model import Code, Diagnostic, Example
from whilec.numerals import write_integer
from whilec.semantics.options import MAX_SMOOTH_ORDER, Options

_PROGRAM = "x0 := x1\nWHILE x1 != 0 DO x1 := x1 - 1 x0 := x0 + 1 END\n"


def _run(options: str) -> Example:
    return Example(_PROGRAM, f"run {{file}} x1=2 {options}")


BAD_SMOOTH = Code(
    "E0420",
    "a mode that does not exist",
    """
`smooth` is `hard`, a whole number from 0 to 8 (programs are then of class C^k), or `inf`.
""",
    _run("--smooth 9"),
)
BAD_STEEPNESS = Code(
    "E0421",
    "a steepness that is not a number greater than 0",
    """
`steepness` and `compare_steepness` are finite numbers greater than 0. The larger, the nearer the smooth
program is to the crisp one, and the steeper its derivatives.
""",
    _run("--steepness=-1"),
)
BAD_EPSILON = Code(
    "E0422",
    "an epsilon outside of its range",
    """
Path weights of at most `epsilon` count as 0, and degrees within `epsilon` of 0 or 1 as 0 or 1. It is at
least 0 and less than 1/2; the default is 1e-6.
""",
    _run("--epsilon 0.5"),
)
BAD_MAX_TRIPS = Code(
    "E0423",
    "a limit that is not a whole number greater than 0",
    """
`max_trips` is the most trips that one entry of a loop may take, `max_steps` the most statements that one
run may execute. Both are whole numbers of at least 1. In hard mode, loops have no limit of their own
unless `max_trips` is given.
""",
    _run("--max-trips 0"),
)
TRAINABLE_NATURAL = Code(
    "E0424",
    "trainable weights together with natural numbers",
    """
With `domain="nat"` a subtraction stops at 0, which presumes whole steps; with `trainable=True` every
assignment gets a weight and a bias, which change the steps. Use one of the two.
""",
    _run("--trainable --domain nat"),
)
UNKNOWN_CHOICE = Code(
    "E0425",
    "a choice that does not exist",
    """
`loops` is `path` or `mixture`, `phi` is `sech` or `bump`, `domain` is `int` or `nat`.
""",
    _run("--loops mixed"),
)
PHI_WITHOUT_EFFECT = Code(
    "W0426",
    "a `phi` that has no effect",
    """
`phi` chooses the function of mode inf. In hard mode and in the modes 0 to 8 it changes nothing. Add
`--smooth inf`, or leave it out.
""",
    _run("--phi bump --smooth 1"),
)

_CHOICES = {"loops": ("path", "mixture"), "phi": ("sech", "bump"), "domain": ("int", "nat")}


_MAX_SHOWN = 40

_DIGITS = tuple("+-.0123456789")


def check_options(options: Options) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with the options, and warnings about them."""
    return tuple(_check(options))


def _check(options: Options) -> Iterator[Diagnostic]:
    if not _is_mode(options.smooth):
        yield Diagnostic(
            BAD_SMOOTH,
            f"`{_shown(options.smooth)}` is not a mode",
            help=_meant_mode(options.smooth),
        )
    yield from _steepness("steepness", options.steepness)
    if options.compare_steepness is not None:
        yield from _steepness("compare_steepness", options.compare_steepness)
    if not _is_real(options.epsilon) or not 0 <= options.epsilon < 0.5:
        yield Diagnostic(
            BAD_EPSILON,
            f"`epsilon` must be at least 0 and less than 0.5, not {_shown(options.epsilon)}",
            help="try 1e-6",
        )
    yield from _limits((("max_trips", options.max_trips), ("max_steps", options.max_steps)))
    for name, known in _CHOICES.items():
        given = getattr(options, name)
        if given not in known:
            yield Diagnostic(
                UNKNOWN_CHOICE,
                f"`{name}` cannot be `{_shown(given)}`",
                help=" or ".join(f"`{each}`" for each in known),
            )
    if options.trainable and options.domain == "nat":
        yield Diagnostic(
            TRAINABLE_NATURAL,
            '`trainable` does not go together with `domain="nat"`',
            help="leave out one of the two",
        )
    if options.phi == "bump" and options.smooth != "inf" and _is_mode(options.smooth):
        yield Diagnostic(
            PHI_WITHOUT_EFFECT,
            f"`phi` has no effect with `smooth={options.smooth}`",
            help="use mode inf, or leave `phi` out",
        )


def _is_mode(smooth: object) -> bool:
    if isinstance(smooth, int) and not isinstance(smooth, bool):
        return 0 <= smooth <= MAX_SMOOTH_ORDER
    return smooth in ("hard", "inf")


def _meant_mode(smooth: object) -> str:
    """What to write instead of a mode that does not exist."""
    word = str(smooth).lower() if isinstance(smooth, str | float) else ""
    if word in ("hard", "inf"):  # the number infinity, or other letters
        return f'write `smooth="{word}"`'
    if word.isascii() and word.isdigit() and len(word) < 3 and _is_mode(int(word)):
        return f"write `smooth={int(word)}`"
    return f"`hard`, a whole number from 0 to {MAX_SMOOTH_ORDER}, or `inf`"


def _is_real(number: object) -> bool:
    if not isinstance(number, int | float) or isinstance(number, bool):
        return False
    try:
        return math.isfinite(number)
    except OverflowError:  # an int beyond the range of reals
        return False


def _shown(given: object) -> str:
    """What was given, or the start of it where it is long."""
    text = write_integer(given) if isinstance(given, int) and not isinstance(given, bool) else str(given)
    if isinstance(given, str) and given[:1] in _DIGITS:
        text = repr(given)  # a text in the place of a number
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."


def _steepness(name: str, given: float) -> Iterator[Diagnostic]:
    if not _is_real(given) or not given > 0:
        yield Diagnostic(
            BAD_STEEPNESS,
            f"`{name}` must be a finite number greater than 0, not {_shown(given)}",
            help="try 1.0",
        )


def _limits(limits: Iterable[tuple[str, object]]) -> Iterator[Diagnostic]:
    for name, given in limits:
        if given is None and name == "max_trips":
            continue
        if not isinstance(given, int) or isinstance(given, bool) or given < 1:
            yield Diagnostic(
                BAD_MAX_TRIPS,
                f"`{name}` must be a whole number of at least 1, not {_shown(given)}",
                help="leave it out for the default",
            )
