"""How property tests run programs: load once, run in many modes, compare nested values."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from whilec.driver.pipeline import check_file
from whilec.driver.values import shape_of
from whilec.semantics.bind import bind_shapes
from whilec.semantics.check import specialise
from whilec.semantics.program import CheckedProgram
from whilec.source import SourceFile

EXAMPLES: Final = int(os.environ.get("WHILEC_PROPERTY_EXAMPLES", "250"))
"""Random programs per property; a longer search sets the environment variable."""

SEED: Final = int(os.environ.get("WHILEC_PROPERTY_SEED", "0"))


def load(text: str, inputs: Mapping[str, Any]) -> CheckedProgram:
    """The program for inputs of these shapes; it must be right."""
    checked = check_file(SourceFile("<property>", text))
    assert checked.program is not None, f"{[d.title for d in checked.diagnostics]}\n{text}"
    shapes = {name: shape_of(value) for name, value in inputs.items()}
    return specialise(checked.program, bind_shapes(checked.program, shapes))


def flat(value: Any) -> Iterator[Any]:
    """The numbers of nested lists, or of all values of a mapping, in order."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from flat(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from flat(part)
    else:
        yield value


def same_number(first: float, second: float) -> bool:
    """Equal, NaN counting as equal to NaN."""
    return first == second or (math.isnan(first) and math.isnan(second))


def close_number(first: float, second: float, tolerance: float) -> bool:
    """Within `tolerance` relative to 1 + magnitude; infinities and NaN must agree."""
    if same_number(first, second):
        return True
    return abs(first - second) <= tolerance * (1 + max(abs(first), abs(second)))
