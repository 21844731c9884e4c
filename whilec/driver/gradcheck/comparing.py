"""Gradients of several participants, compared number by number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, isfinite, isnan

from whilec.diagnostics.model import Diagnostic
from whilec.driver.gradcheck.differences import TOLERANCE, Estimate, Kind, least_slope
from whilec.driver.gradcheck.report import E0685, Block, Entry, Verdict

AGREEMENT = 1e-7
"""Largest relative difference between participants, which compute the same in another order."""

NEAR = 0.1
"""Where kinks cancel, the gradient beside the point is nearer to the slope than that at it, by this."""

_ABSOLUTE = 1e-12
"""Differences below this, relative to the output, come from rounding."""

_VERDICTS = {Kind.KINK: Verdict.KINK, Kind.JUMP: Verdict.JUMP, Kind.UNSETTLED: Verdict.UNSETTLED}


def entry(
    output: str,
    name: str,
    value: float,
    gradients: Mapping[str, float],
    estimate: Estimate,
    beside: Callable[[], tuple[float, float]] | None,
) -> Entry:
    """One derivative, judged.

    Args:
        output: The element of the output.
        name: The element of the input.
        value: That of the output.
        gradients: By participant, the reference first.
        estimate: What finite differences say.
        beside: Computes the gradient of the reference a small step before and behind the point.
    """
    floor = _floor(value)
    reference = next(iter(gradients.values()))
    between = max(relative(reference, gradient, floor) for gradient in gradients.values())
    difference: float | None = None
    verdict = _VERDICTS.get(estimate.kind, Verdict.OK)
    if estimate.kind is Kind.SMOOTH:
        slope, least = estimate.slope, least_slope(value)
        difference = max(relative(gradient, slope.value, least) for gradient in gradients.values())
        allowed = TOLERANCE + 4 * slope.error / max(abs(slope.value), least)
        verdict = Verdict.OK if difference <= allowed else Verdict.WRONG
        if verdict is Verdict.WRONG and beside is not None:
            is_near = max(relative(near, slope.value, least) for near in beside()) < NEAR * difference
            verdict = Verdict.HIDDEN_KINK if is_near else verdict
    if between > AGREEMENT:
        verdict = Verdict.WRONG
    return Entry(output, name, dict(gradients), between, estimate, difference, verdict)


def relative(a: float, b: float, floor: float) -> float:
    """The difference of two numbers relative to the larger one; `floor` is the least that counts."""
    if a == b or (isnan(a) and isnan(b)):
        return 0.0
    gap = abs(a - b)
    return gap / max(abs(a), abs(b), floor) if isfinite(gap) else inf


def disagreement(values: Mapping[str, float]) -> float:
    """The largest relative difference of values to the first one."""
    reference = next(iter(values.values()))
    return max(relative(reference, value, _floor(reference)) for value in values.values())


def wrong_block(block: Block) -> Diagnostic:
    """The diagnostic for a block with a wrong entry."""
    worst = next(each for each in block.entries if each.verdict is Verdict.WRONG)
    notes = [f"{name}: {gradient!r}" for name, gradient in worst.gradients.items()]
    if worst.estimate.kind is Kind.SMOOTH:
        notes.append(f"finite differences: {worst.estimate.slope.value!r}")
    others = sum(each.verdict is Verdict.WRONG for each in block.entries) - 1
    if others:
        notes.append(f"{others} more elements of this gradient are wrong")
    return Diagnostic(
        E0685,
        f"the derivative of `{worst.output}` by `{worst.input}` is wrong",
        help="report the program with the command line",
        notes=tuple(notes),
    )


def wrong_value(name: str, values: Mapping[str, float]) -> Diagnostic:
    """The diagnostic for an output that participants do not agree about."""
    return Diagnostic(
        E0685,
        f"the value of `{name}` is not the same on all backends",
        help="report the program with the command line",
        notes=tuple(f"{participant}: {value!r}" for participant, value in values.items()),
    )


def _floor(value: float) -> float:
    """The least size that a relative difference is measured by."""
    size = abs(value) if isfinite(value) else 0.0
    return max(1.0, size) * _ABSOLUTE / AGREEMENT
