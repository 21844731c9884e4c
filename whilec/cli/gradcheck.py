"""`whilec gradcheck`: gradients of all backends against each other and against the function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import click

from whilec.cli.options import build_options, device_option, level_option, run_options
from whilec.cli.output import json_text, show_diagnostics
from whilec.cli.run import split_names
from whilec.cli.table import layout
from whilec.diagnostics.model import WhileError
from whilec.driver.files import load
from whilec.driver.gradcheck.report import Block, Check, Entry, Verdict
from whilec.driver.inputs import read_inputs
from whilec.driver.pipeline import Level
from whilec.driver.values import format_value

if TYPE_CHECKING:
    from whilec.driver.gradcheck.differences import Estimate

_SHOWN = 10
"""Places of kinks, jumps and the like that are listed."""

_WORDS = {
    Verdict.OK: "ok",
    Verdict.UNSETTLED: "unsettled",
    Verdict.KINK: "kink",
    Verdict.HIDDEN_KINK: "kink",
    Verdict.JUMP: "jump",
    Verdict.WRONG: "WRONG",
}


@click.command()
@click.argument("file")
@click.argument("inputs", nargs=-1, metavar="[NAME=VALUE]...")
@run_options
@click.option("--outputs", metavar="NAMES", help="Names of the outputs wanted, with commas between them.")
@device_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; NaN and infinities are texts.")
@level_option
def gradcheck(
    file: str,
    inputs: tuple[str, ...],
    outputs: str | None,
    device: str | None,
    as_json: bool,
    level: Level,
    **given: Any,
) -> int:
    """Check the gradients of the program FILE at the inputs NAME=VALUE.

    Every backend computes them in float64. They are compared with each other and with finite
    differences of the function; where it has a kink (other slopes on the left than on the right) or a
    jump, that is told, and only the backends are compared. The exit code is 1 if a gradient is wrong.

    \b
    whilec gradcheck multiply.while x1=3 x2=4 --smooth 1
    """
    from whilec.driver.gradcheck.checking import check_gradients
    from whilec.driver.gradcheck.participants import Subject

    subject = Subject(
        load(file),
        read_inputs(inputs),
        build_options(given),
        level=level,
        outputs=split_names(outputs),
        device=device,
    )
    check = check_gradients(subject)
    show_diagnostics(check.warnings)
    click.echo(_as_json(check) if as_json else "\n".join(_lines(check)))
    if check.wrong:
        raise WhileError(*check.wrong)
    return 0


def _lines(check: Check) -> Iterator[str]:
    names = [who.name for who in check.participants if who.reason is None]
    yield f"compared: {', '.join(names)}"
    yield from (f"left out: {who.name}: {who.reason}" for who in check.participants if who.reason is not None)
    yield ""
    rows: list[tuple[str, ...]] = [("", "value", "between backends", "to differences", "")]
    for name, gap in check.values.items():
        rows.append((name, _short(check.outputs[name]), _size(gap), "", ""))
    rows += [_row(block) for block in check.blocks]
    yield from layout(rows, "lrrrl")
    places = [
        f"{_WORDS[verdict]}: d {entry.output} / d {entry.input}: {text}"
        for verdict, tell in _PLACES.items()
        for entry in check.places(verdict)
        for text in (tell(entry, entry.estimate),)
    ]
    if places:
        yield ""
        yield from places[:_SHOWN]
        if len(places) > _SHOWN:
            yield f"and {len(places) - _SHOWN} more"


def _row(block: Block) -> tuple[str, ...]:
    gap = "" if block.difference is None else _size(block.difference)
    name = f"d {block.output} / d {block.input}"
    value = _short([entry.reference for entry in block.entries])
    return name, value, _size(block.between), gap, _WORDS[block.verdict]


def _short(value: object) -> str:
    """A number, or how many there are."""
    numbers = list(_flat(value))
    return format_value(numbers[0]) if len(numbers) == 1 else f"{len(numbers)} numbers"


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _flat(item)
    else:
        yield value


def _size(gap: float) -> str:
    return f"{gap:.1e}" if gap else "0"


def _kink(entry: Entry, estimate: Estimate) -> str:
    left, right = map(format_value, (estimate.left, estimate.right))
    return f"slope {left} on the left, {right} on the right; gradient {format_value(entry.reference)}"


def _jump(entry: Entry, estimate: Estimate) -> str:
    left, right = map(format_value, (estimate.left, estimate.right))
    return f"value {left} on the left, {right} on the right; gradient {format_value(entry.reference)}"


def _hidden_kink(entry: Entry, estimate: Estimate) -> str:
    slope, gradient = format_value(estimate.slope.value), format_value(entry.reference)
    return f"slope {slope} on both sides, where kinks inside of the program meet; gradient {gradient}"


def _unsettled(entry: Entry, estimate: Estimate) -> str:
    return f"finite differences do not settle; gradient {format_value(entry.reference)}"


_PLACES = {
    Verdict.KINK: _kink,
    Verdict.HIDDEN_KINK: _hidden_kink,
    Verdict.JUMP: _jump,
    Verdict.UNSETTLED: _unsettled,
}


def _as_json(check: Check) -> str:
    data = {
        "ok": not check.wrong,
        "participants": [{"name": who.name, "reason": who.reason} for who in check.participants],
        "outputs": dict(check.outputs),
        "between": dict(check.values),
        "gradients": [_entry_data(entry) for block in check.blocks for entry in block.entries],
    }
    return json_text(data)


def _entry_data(entry: Entry) -> dict[str, object]:
    estimate = entry.estimate
    return {
        "output": entry.output,
        "input": entry.input,
        "verdict": _WORDS[entry.verdict].lower(),
        "gradients": dict(entry.gradients),
        "between": entry.between,
        "slope": estimate.slope.value if entry.difference is not None else None,
        "difference": entry.difference,
        "left": estimate.left,
        "right": estimate.right,
    }
