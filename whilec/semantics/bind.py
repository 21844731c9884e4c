"""Inputs against the program: names, and shape variables from the shapes that a call gives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import final

from whilec.diagnostics.model import Code, Diagnostic, Example, Label, WhileError
from whilec.diagnostics.suggest import nearest
from whilec.semantics.program import CheckedProgram, Variable
from whilec.semantics.types import Dim

E0654 = Code(
    "E0654",
    "an input that the program does not have",
    """
A value can be given to the inputs in the program's header and to its PARAMs. A program without a
header has as inputs all its variables but the outputs. `whilec explain FILE` lists them.
""",
    Example("x0 := x1 + 0", "run {file} x7=3"),
)

E0655 = Code(
    "E0655",
    "an input is missing",
    """
Every input in the header of a program needs a value: `whilec run FILE NAME=VALUE`. Only PARAMs,
which have a value of their own, and the inputs of a program without a header, which start at 0, may
be left out.
""",
    Example("PROGRAM double(x: real) -> y: real\ny := x + x", "run {file}"),
)

E0657 = Code(
    "E0657",
    "an input has the wrong shape",
    """
The header says how many dimensions an input has: none for a number, one for `a: real[n]`, two for
`a: real[n, m]`; where a size is written as a number, `real[3]`, the input must have just that size.
On the command line each dimension is one level of brackets.
""",
    Example("PROGRAM first(a: real[n]) -> d: real\nd := a[0]", "run {file} a=3"),
)

E0658 = Code(
    "E0658",
    "two inputs disagree about a shape variable",
    """
A shape variable stands for one size in the whole program. In `PROGRAM dot(a: real[n], b: real[n])`
both arrays have the same length, whatever it is. Where lengths may differ, use two names.
""",
    Example(
        "PROGRAM dot2(a: real[n], b: real[n]) -> d: real\nd := dot(a, b)",
        "run {file} 'a=[1, 2]' 'b=[1, 2, 3]'",
    ),
)


def input_variables(checked: CheckedProgram) -> Mapping[str, Variable]:
    """What a call may set: the inputs in their order, then the PARAMs."""
    variables = checked.main.variables
    settable = {name: variables[name] for name in checked.main.inputs}
    return settable | {v.name: v for v in checked.parameters}


def check_input_names(checked: CheckedProgram, names: Collection[str]) -> None:
    """Every given name is an input or PARAM, and no required input is missing.

    Raises:
        WhileError: With one diagnostic for each name that is not.
    """
    known = input_variables(checked)
    problems = [_unknown(checked, name, known) for name in names if name not in known]
    if checked.has_header:
        missing = [known[name] for name in checked.main.inputs if name not in names]
        problems += [_missing(checked, variable) for variable in missing]
    if problems:
        raise WhileError(*problems)


def bind_shapes(checked: CheckedProgram, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """The shape variables that inputs of these shapes (batch dimensions left out) bind.

    Raises:
        WhileError: With one diagnostic for each input whose shape does not fit.
    """
    known = input_variables(checked)
    binder = _Binder(checked)
    for name, variable in known.items():
        if name in shapes:
            binder.bind(variable, shapes[name])
    if binder.problems:
        raise WhileError(*binder.problems)
    return {name: binder.sizes[name] for name in checked.shape_variables if name in binder.sizes}


@final
class _Binder:
    """Sizes found so far, each with the input that gave it."""

    def __init__(self, checked: CheckedProgram) -> None:
        self.checked = checked
        self.sizes: dict[str, int] = {}
        self.givers: dict[str, Variable] = {}
        self.problems: list[Diagnostic] = []

    def bind(self, variable: Variable, shape: tuple[int, ...]) -> None:
        """Match one input; a literal size must agree, a new name takes the size."""
        wanted = variable.type.shape
        if len(wanted) != len(shape) or any(
            isinstance(dim, int) and dim != size for dim, size in zip(wanted, shape, strict=True)
        ):
            self.problems.append(_wrong_shape(self.checked, variable, shape))
            return
        for dim, size in zip(wanted, shape, strict=True):
            name = str(dim)
            if isinstance(dim, int):
                continue
            if self.sizes.setdefault(name, size) != size:
                self.problems.append(self.disagreement(name, variable, size))
            self.givers.setdefault(name, variable)

    def disagreement(self, name: str, variable: Variable, size: int) -> Diagnostic:
        """Two sizes for one shape variable."""
        giver = self.givers.get(name, variable)
        where = "in another dimension" if giver is variable else f"in `{variable.name}`"
        return Diagnostic(
            E0658,
            f"`{name}` is {self.sizes[name]} in `{giver.name}`, but {size} {where}",
            Label(variable.span, f"{size} here"),
            () if giver is variable else (Label(giver.span, f"{self.sizes[name]} here"),),
            help=f"give arrays that agree in `{name}`, or name the sizes differently in the program",
            source=self.checked.source,
        )


def _unknown(checked: CheckedProgram, name: str, known: Mapping[str, Variable]) -> Diagnostic:
    near = nearest(name, known)
    if near is not None:
        help_text = f"did you mean `{near}`?"
    elif known:
        help_text = f"its inputs are {_listing(known)}"
    else:
        help_text = "it has no inputs"
    if name in checked.main.outputs and not checked.has_header and name != "x0":
        title = f"`{name}` is asked for as an output, so it is no input"
        help_text = f"leave `{name}` out of the outputs, or copy it into another variable"
    elif name in checked.main.outputs:
        title = f"`{name}` is an output of this program, not an input"
    elif name in checked.main.variables:
        title = f"`{name}` is a variable of this program, but not an input"
    else:
        title = f"the program has no input `{name}`"
    return Diagnostic(E0654, title, help=help_text, source=checked.source)


def _missing(checked: CheckedProgram, variable: Variable) -> Diagnostic:
    example = "[" * len(variable.type.shape) + ("1, 2" if variable.type.shape else "3")
    example += "]" * len(variable.type.shape)
    argument = f"{variable.name}={example}"
    return Diagnostic(
        E0655,
        f"input `{variable.name}` is missing",
        Label(variable.span, f"{variable.type}, needs a value"),
        help=f"add {variable.name}=VALUE, as in `{argument}`",
        source=checked.source,
    )


def _wrong_shape(checked: CheckedProgram, variable: Variable, shape: tuple[int, ...]) -> Diagnostic:
    wanted = variable.type.shape
    return Diagnostic(
        E0657,
        f"`{variable.name}` must be {_described(wanted)}, but {_described(shape)} was given",
        Label(variable.span, f"declared as {variable.type}"),
        help=f"each dimension is one level of brackets: `{variable.name}={_pattern(wanted)}`",
        source=checked.source,
    )


def _described(shape: tuple[Dim, ...]) -> str:
    return f"an array of shape [{', '.join(map(str, shape))}]" if shape else "a single number"


def _pattern(shape: tuple[Dim, ...]) -> str:
    if not shape:
        return "3"
    row = _pattern(shape[1:])
    count = shape[0] if isinstance(shape[0], int) else 2
    return f"[{', '.join([row] * min(count, 2))}{', ...' if count > 2 else ''}]"


def _listing(names: Collection[str]) -> str:
    shown = [f"`{name}`" for name in list(names)[:12]]
    return ", ".join(shown) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
