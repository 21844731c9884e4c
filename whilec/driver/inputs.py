"""`NAME=VALUE` arguments of the command line, read into inputs of a program."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import isfinite
from typing import Any, cast

from whilec.diagnostics.model import Code, Diagnostic, Example, Label, WhileError
from whilec.driver.files import is_named_pipe
from whilec.driver.values import E0652, Value, read_value, shorten
from whilec.source import SourceFile, Span

ARGUMENT = "<argument>"
"""Name of an argument as a source text."""

E0650 = Code(
    "E0650",
    "an argument is not NAME=VALUE",
    """
After the file, `whilec run` takes the inputs of the program as `NAME=VALUE`: a name, an equals sign
and a value, without spaces around the sign: `x1=3`. Options begin with two hyphens: `--smooth 1`.
""",
    Example("x0 := x1 + 0", "run {file} 3"),
)

E0656 = Code(
    "E0656",
    "an input is given twice",
    """
One input has one value. If the later of two counted, a misspelt name would go unnoticed.
""",
    Example("x0 := x1 + 0", "run {file} x1=3 x1=4"),
)

E0659 = Code(
    "E0659",
    "an array file cannot be used",
    """
`NAME=@FILE.npy` reads an array that NumPy wrote with `numpy.save`. The file must exist and hold one
array of numbers (whole or real, not complex, not texts, not Python objects: pickled data is never
loaded, because it could run any code).
""",
    Example("PROGRAM first(a: real[n]) -> d: real\nd := a[0]", "run {file} a=@missing.npy"),
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_inputs(arguments: Iterable[str]) -> dict[str, Value]:
    """The inputs that `NAME=VALUE` arguments give.

    Raises:
        WhileError: With one diagnostic for each argument that is wrong.
    """
    inputs: dict[str, Value] = {}
    problems: list[Diagnostic] = []
    for argument in arguments:
        try:
            name, value = read_input(argument)
        except WhileError as error:
            problems.extend(error.diagnostics)
            continue
        if name in inputs:
            problems.append(
                Diagnostic(E0656, f"input `{name}` is given twice", help=f"keep one `{name}=...`")
            )
        inputs[name] = value
    if problems:
        raise WhileError(*problems)
    return inputs


def read_input(argument: str) -> tuple[str, Value]:
    """The name and value of one argument.

    Raises:
        WhileError: It is not `NAME=VALUE` with a finite number, list or array file.
    """
    source = SourceFile(ARGUMENT, argument)
    name, equals, text = argument.partition("=")
    if not equals:
        shown = shorten(argument)
        is_name = _NAME.fullmatch(argument) is not None
        raise WhileError(
            Diagnostic(
                E0650,
                f"`{shown}` is not NAME=VALUE",
                help=f"write `{shown}=3`" if is_name else "name the input that has this value, as in `x1=3`",
            )
        )
    if _NAME.fullmatch(name.strip()) is None:
        raise WhileError(
            Diagnostic(
                E0650,
                f"`{shorten(name)}` is not a name",
                Label(Span(0, len(name)), "a name is a letter or `_`, then letters, digits and `_`"),
                help="write NAME=VALUE, as in `x1=3`",
                source=source,
            )
        )
    if text.startswith("@"):
        return name.strip(), load_array(text[1:])
    return name.strip(), read_value(source, Span(len(name) + 1, len(argument)))


def load_array(path: str) -> Value:
    """The array in a `.npy` file, as nested lists.

    Raises:
        WhileError: There is no such file, or it holds no finite numbers.
    """
    import numpy as np

    try:
        if is_named_pipe(path):
            raise OSError("it is a named pipe")
        loaded: Any = np.load(path, allow_pickle=False)
    except (OSError, EOFError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "not an array file"
        raise WhileError(_bad_array(path, reason.lower())) from None
    except (ValueError, SyntaxError, TypeError, OverflowError, KeyError) as error:
        reason = "it is not an array that NumPy wrote"
        if "pickle" in str(error):
            reason = "it is no array of numbers, and pickled Python objects are never loaded"
        raise WhileError(_bad_array(path, reason)) from None
    if not isinstance(loaded, np.ndarray):
        loaded.close()
        raise WhileError(_bad_array(path, "it is an archive of arrays, not one array"))
    array = cast("Any", loaded)
    if array.dtype.kind not in "biuf":
        raise WhileError(_bad_array(path, f"its elements are {array.dtype}, not numbers"))
    value: Value = (array + 0 if array.dtype.kind == "b" else array).tolist()
    wrong = first_not_finite(value)
    if wrong is not None:
        place, number = wrong
        where = f" at [{', '.join(map(str, place))}]" if place else ""
        raise WhileError(
            Diagnostic(E0652, f"the array in `{path}` has {number}{where}", help="give finite numbers")
        )
    return value


def first_not_finite(value: object) -> tuple[tuple[int, ...], float] | None:
    """Place and value of the first NaN or infinity in nested lists."""
    if isinstance(value, list):
        rows = cast("list[object]", value)
        for i, row in enumerate(rows):
            found = first_not_finite(row)
            if found is not None:
                return (i, *found[0]), found[1]
        return None
    return ((), value) if isinstance(value, float) and not isfinite(value) else None


def _bad_array(path: str, reason: str) -> Diagnostic:
    return Diagnostic(
        E0659,
        f"`{path}` cannot be used: {reason}",
        help="write the array with `numpy.save(FILE, array)`",
    )
