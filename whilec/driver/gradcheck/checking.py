"""A check of all gradients of a program at one point. Imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from algonet_runtime import Smoothness
from whilec.diagnostics.model import Diagnostic
from whilec.driver.gradcheck.comparing import AGREEMENT, disagreement, entry, wrong_block, wrong_value
from whilec.driver.gradcheck.participants import Subject
from whilec.driver.gradcheck.report import Block, Check, Entry, Verdict
from whilec.driver.gradcheck.stencil import Stencil
from whilec.driver.pipeline import Result, smoothness

Array: TypeAlias = "np.ndarray[Any, Any]"
Index: TypeAlias = tuple[int, ...]


def check_gradients(subject: Subject) -> Check:
    """Compute the gradients in every way there is, and compare them with each other and the function.

    Raises:
        WhileError: The program or its inputs are wrong.
    """
    results, participants = subject.gradients()
    reference = next(iter(results.values()))
    jacobian: Mapping[str, Mapping[str, Any]] = reference.run.jacobian or {}
    values: dict[str, float] = {}
    wrong: list[Diagnostic] = []
    for output in reference.run.outputs:
        found = _arrays({name: result.run.outputs[output] for name, result in results.items()})
        gaps = {at: disagreement(_at(found, at)) for at in np.ndindex(_first(found).shape)}
        worst = max(gaps, key=lambda at: gaps[at], default=None)
        values[output] = 0.0 if worst is None else gaps[worst]
        if worst is not None and gaps[worst] > AGREEMENT:
            wrong.append(wrong_value(_element(output, worst), _at(found, worst)))
    names = dict.fromkeys(name for row in jacobian.values() for name in row)
    stencil = Stencil(subject, tuple(names))
    has_kinks = smoothness(reference.program, subject.options) < Smoothness.c(1)
    blocks = [
        Block(output, name, tuple(_entries(results, stencil, output, name, has_kinks)))
        for output, row in jacobian.items()
        for name in row
    ]
    wrong += [wrong_block(block) for block in blocks if block.verdict is Verdict.WRONG]
    outputs = dict(reference.run.outputs)
    return Check(outputs, values, participants, tuple(blocks), tuple(wrong), reference.diagnostics)


def _entries(
    results: Mapping[str, Result], stencil: Stencil, output: str, name: str, has_kinks: bool
) -> Iterator[Entry]:
    blocks = {who: result.run.jacobian for who, result in results.items()}
    found = _arrays({who: block[output][name] for who, block in blocks.items() if block is not None})
    value = np.asarray(next(iter(results.values())).run.outputs[output], dtype=np.float64)
    for place in np.ndindex(_first(found).shape):
        j, at = place[: value.ndim], place[value.ndim :]
        estimate = stencil.estimate(output, j, name, at)
        beside = partial(stencil.beside, output, j, name, at) if has_kinks else None
        gradients = _at(found, place)
        yield entry(_element(output, j), _element(name, at), float(value[j]), gradients, estimate, beside)


def _arrays(found: Mapping[str, Any]) -> dict[str, Array]:
    return {name: np.asarray(value, dtype=np.float64) for name, value in found.items()}


def _first(found: Mapping[str, Array]) -> Array:
    return next(iter(found.values()))


def _at(found: Mapping[str, Array], place: Index) -> dict[str, float]:
    return {name: float(array[place]) for name, array in found.items()}


def _element(name: str, at: Index) -> str:
    return f"{name}[{', '.join(map(str, at))}]" if at else name
