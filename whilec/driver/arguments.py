"""Arguments of Python calls, made plain: ints, floats and lists; names in tuples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, cast

from whilec.diagnostics.model import Code, Diagnostic, Example, WhileError
from whilec.diagnostics.suggest import nearest
from whilec.driver.values import E0651, E0652, MAX_DIMENSIONS, Value, shorten
from whilec.numerals import MAX_INTEGER_BITS
from whilec.semantics.bind import E0654
from whilec.semantics.options import Options

E0518 = Code(
    "E0518",
    "an option that does not exist",
    """
The named arguments of `whilec.run`, `whilec.run_source` and `@whilec.smooth(...)` are options, such as
`smooth` and `steepness`. Inputs of a run are given in a dict: `whilec.run("p.while", {"x1": 3})`.
""",
    Example("x0 := x1 + 0", ""),
)

E0664 = Code(
    "E0664",
    "no outputs are asked for",
    """
`--outputs` and the argument `outputs` name the variables that a run is to give, at least one. Without
them a run gives the outputs of the program's header, or else `x0`.
""",
    Example("x0 := x1 + 0", "run {file} x1=3 --outputs ,"),
)


def plain_inputs(inputs: Mapping[str, Any] | None) -> dict[str, Value]:
    """The inputs as ints, floats and nested lists of these.

    Raises:
        WhileError: An input is no number or array of numbers.
    """
    if inputs is None:
        return {}
    if not isinstance(inputs, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        title = f"the inputs are a {type(inputs).__name__}, not a dict of names and values"
        raise WhileError(Diagnostic(E0651, title, help='write them as in `{"x1": 3}`'))
    plain: dict[str, Value] = {}
    for name, value in inputs.items():
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            shown = shorten(repr(name))
            raise WhileError(Diagnostic(E0654, f"`{shown}` is not a name", help="names of inputs are texts"))
        plain[name] = _plain_value(name, value, 0)
    return plain


def plain_names(names: Iterable[str] | None) -> tuple[str, ...] | None:
    """Names of outputs; a text is one name.

    Raises:
        WhileError: They are not names, or none.
    """
    if names is None:
        return None
    try:
        found = (names,) if isinstance(names, str) else tuple(names)
    except TypeError:
        found = (cast("str", names),)
    wrong = [name for name in found if not isinstance(name, str)]  # pyright: ignore[reportUnnecessaryIsInstance]
    if wrong:
        title = f"`{shorten(repr(wrong[0]))}` is not the name of an output"
        raise WhileError(Diagnostic(E0664, title, help='write names as in `outputs=("x0",)`'))
    if not found:
        raise WhileError(
            Diagnostic(E0664, "no outputs are asked for", help="name at least one, or leave the argument out")
        )
    return found


def plain_options(given: Mapping[str, Any]) -> Options:
    """The options with numbers of other libraries as ints and floats; their values are not checked yet.

    Raises:
        WhileError: There is no such option.
    """
    known = [field.name for field in fields(Options)]
    for name in given:
        if name not in known:
            near = nearest(name, known)
            help_ = f"did you mean `{near}`?" if near else 'inputs are given in a dict, as in `{"x1": 3}`'
            raise WhileError(Diagnostic(E0518, f"there is no option `{shorten(name)}`", help=help_))
    return Options(**{name: _plain_option(value) for name, value in given.items()})


def _plain_option(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    number = _plain_number(value)
    return value if number is None else number


def _plain_value(name: str, value: Any, depth: int) -> Value:
    if not isinstance(value, int | float | list | tuple) and hasattr(value, "tolist"):
        value = value.tolist()  # an array, a tensor or a scalar of NumPy
    if isinstance(value, list | tuple):
        rows = cast("list[Any] | tuple[Any, ...]", value)
        if depth == MAX_DIMENSIONS:
            raise _wrong(name, f"has more than {MAX_DIMENSIONS} lists in each other")
        return [_plain_value(name, row, depth + 1) for row in rows]
    try:
        number = _plain_number(value)
    except OverflowError:
        title = f"input `{name}` is too large for a real number"
        raise WhileError(Diagnostic(E0652, title, help="give finite numbers")) from None
    if number is None:
        raise _wrong(name, f"{'holds' if depth else 'is'} a {type(value).__name__}, which is not a number")
    if isinstance(number, int) and number.bit_length() > MAX_INTEGER_BITS:
        raise _wrong(name, f"has more than {MAX_INTEGER_BITS} bits")
    return number


def _plain_number(value: Any) -> int | float | None:
    """The int or float that a number of any library is; None for what is no number."""
    kind = cast("type[object]", type(value))
    if kind is int or kind is float:
        return value
    if isinstance(value, int):
        return int(value)
    for method, convert in (("__index__", int), ("__float__", float)):
        if hasattr(kind, method):
            try:
                return convert(value)
            except (TypeError, ValueError, RuntimeError):  # an array of several elements, say
                continue
    return None


def _wrong(name: str, label: str) -> WhileError:
    return WhileError(
        Diagnostic(E0651, f"input `{shorten(name)}` {label}", help="give numbers, or nested lists of numbers")
    )
