"""Reports that several kinds of calls share."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from whilec.diagnostics.model import Code, Example, Label
from whilec.diagnostics.suggest import nearest
from whilec.semantics.context import UnitContext
from whilec.syntax import ast

ARGUMENT_COUNT = Code(
    "E0205",
    "a call with too few or too many arguments",
    """
A function takes as many arguments as its definition says: `sqrt(x)` one, `clamp(x, lo, hi)` three,
`min` and `max` two or more, a DEF one for each parameter.
""",
    Example("PROGRAM p(x: real) -> y: real\ny := clamp(x, 1)\n"),
)
UNKNOWN_ARGUMENT = Code(
    "E0206",
    "a named argument that the function does not have",
    """
After the positional arguments a call may give arguments by name, each once. Built-in functions have
one such name: `steepness`, for `min max abs sign clamp`. The parameters of a DEF can be given by name
too, if no positional argument has set them.
""",
    Example("PROGRAM p(x: real) -> y: real\ny := max(x, 0, stepness = 8)\n"),
)
POSITIONAL_AFTER_NAMED = Code(
    "E0234",
    "a positional argument behind a named one",
    """
A call gives its positional arguments first, in the order of the parameters, and then those by name:
`max(x, 1, steepness = 2)`. Behind a named argument the place of a positional one no longer says which
parameter is meant. This holds for built-in functions, DEFs and intrinsics alike.
""",
    Example("PROGRAM p(x: real) -> y: real\ny := max(steepness = 2, x, 1)\n"),
)


def report_argument_order(unit: UnitContext, call: ast.Call) -> bool:
    """Whether a positional argument stands behind a named one; reported if so."""
    named: ast.Name | None = None
    for argument in call.arguments:
        if argument.name is not None:
            named = named or argument.name
        elif named is not None:
            unit.report(
                POSITIONAL_AFTER_NAMED,
                f"a positional argument of `{call.function.id}` stands behind a named one",
                argument.span,
                "positional, but not in front",
                labels=(Label(named.span, "named arguments begin here"),),
                hint=f"move it in front of `{named.id} = ..`",
            )
            return True
    return False


def report_argument_count(
    unit: UnitContext,
    call: ast.Call,
    least: int,
    most: int | None,
    usage: str,
    labels: Sequence[Label] = (),
) -> None:
    """Report a call with too few or too many arguments."""
    given = len(call.arguments)
    wanted = f"{least}" if most == least else f"{least} or more" if most is None else f"{least} to {most}"
    plural = "" if wanted == "1" else "s"
    unit.report(
        ARGUMENT_COUNT,
        f"`{call.function.id}` takes {wanted} argument{plural}, but gets {given}",
        call.span,
        f"{given} argument{'' if given == 1 else 's'} here",
        labels=labels,
        hint=f"call it as {usage}",
    )


def report_unknown_argument(
    unit: UnitContext, call: ast.Call, name: ast.Name, known: Collection[str], *, is_repeated: bool
) -> None:
    """Report a named argument that the function does not have, or has already."""
    near = nearest(name.id, known)
    if is_repeated:
        title, hint = f"argument `{name.id}` is given twice", "give each argument once"
    else:
        title = f"`{call.function.id}` has no argument `{name.id}`"
        listing = ", ".join(f"`{each}`" for each in known)
        hint = (
            f"did you mean `{near}`?"
            if near
            else f"its named arguments: {listing}"
            if known
            else "leave it out"
        )
    unit.report(
        UNKNOWN_ARGUMENT, title, name.span, "given twice" if is_repeated else "unknown argument", hint=hint
    )
