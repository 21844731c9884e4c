"""What ends a run from outside the language: Python's stack and the machine's memory."""

from __future__ import annotations

from whilec.diagnostics.model import Code, Diagnostic, Example, WhileError

E0662 = Code(
    "E0662",
    "a program is nested too deeply for the Python stack",
    """
Loops and choices may stand in each other 1,000 deep and expressions 2,000 deep, and calls of
functions add to that. Beyond it the stack of the Python interpreter that runs `whilec` is full.
Take apart the deepest expression with variables for its parts.
""",
    Example("", ""),
)

E0663 = Code(
    "E0663",
    "the machine is out of memory",
    """
The arrays or numbers of the program, or the derivatives that were asked for, do not fit into
memory. A Jacobian has as many numbers as the outputs have elements, times those of the inputs.
""",
    Example("", ""),
)


def too_deep() -> WhileError:
    """The error for a full stack."""
    return WhileError(
        Diagnostic(
            E0662,
            "the program is nested too deeply",
            help="take the deepest expressions and blocks apart, with variables for the parts",
        )
    )


def out_of_memory() -> WhileError:
    """The error for exhausted memory."""
    return WhileError(
        Diagnostic(E0663, "the machine is out of memory", help="use smaller arrays, or fewer inputs at once")
    )
