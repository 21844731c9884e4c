"""The variables of `for` loops, which exist only inside their loops."""

from __future__ import annotations

import ast as python

from whilec.diagnostics.model import Code, Label
from whilec.syntax.python.example import decorated
from whilec.syntax.python.unit import Unit

LOOP = Code(
    "E0150",
    "a `for` loop that is neither a FOR nor a LOOP",
    """
`for i in range(n)` with bounds that are known before the program runs becomes a FOR: the bounds are made of
numbers, sizes of arrays, constants and variables of loops around it. With other bounds it becomes a LOOP,
whose number of trips is smooth; a LOOP has no variable, so `i` must not be used in it. Count by hand and
write a `while` where it is needed. The step of a range must be a number, because its sign decides where the
loop ends. Elements of an array are visited by their indices.
""",
    decorated("y = 0\nfor a in x:\n    y += a\nreturn y", 'def f(x: whilec.Real["n"]):'),
)


def check_counter(unit: Unit, node: python.Name) -> None:
    """Report the variable of a loop where it does not exist."""
    name = node.id
    if name not in unit.loop_names or name in unit.counters:
        return
    loop = next((span for each, span in unit.uncounted if each == name), None)
    if loop is None:
        unit.report(
            LOOP,
            f"`{name}` exists only inside its loop",
            node,
            "outside of the loop",
            "assign it to another variable in the loop",
        )
        return
    unit.report(
        LOOP,
        f"`{name}` has no value, because the number of trips is not known before the program runs",
        node,
        "used here",
        "count by hand: `k = 0` before the loop, `k = k + 1` at the end of its body",
        (Label(loop, "depends on a variable"),),
    )
