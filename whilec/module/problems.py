"""What can be wrong with a call of a module; loads without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from whilec.diagnostics.model import Code, Diagnostic, Example, WhileError
from whilec.driver.inputs import E0656
from whilec.driver.values import E0651, shorten
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference.errors import E0610

_DOUBLE = "PROGRAM double(x: real) -> y: real\ny := x + x\n"

E0515 = Code(
    "E0515",
    "a number type that programs cannot compute in",
    """
`dtype` is the floating-point type of the computation and of the results: `torch.float32`, `torch.float64`,
or `torch.float16` and `torch.bfloat16`, which are computed in float32. Without it the widest type among
the inputs is taken. In hard mode there is no choice: integers are int64 and reals float64, because crisp
results are exact or an error.
""",
    Example(_DOUBLE, ""),
)
E0516 = Code(
    "E0516",
    "an option that is fixed when a program is compiled",
    """
Of the options only `steepness` and `compare_steepness` may be set on a module, and `checkpoint`. The
others decide what is compiled: compile the program again with other ones.
""",
    Example(_DOUBLE, ""),
)
E0517 = Code(
    "E0517",
    "a steepness that asks for a derivative",
    """
The `steepness` of a module is a number, by which nothing is differentiated. To learn a steepness, make it
a PARAM of the program and use it there: `WHILE x > 0 WITH STEEPNESS s DO`, or `max(a, b, steepness = s)`.
""",
    Example(_DOUBLE, ""),
)
E0690 = Code(
    "E0690",
    "a call of a module with too many values",
    """
Values without a name are the program's inputs, in the order of its header; without a header, in the order
of the variables' numbers. PARAMs are given by name only.
""",
    Example(_DOUBLE, ""),
)
E0691 = Code(
    "E0691",
    "batch dimensions that do not go together",
    """
The last dimensions of an input are those of its declared shape; all dimensions before them are the batch.
The batches of all inputs are broadcast as torch does it: aligned from the right, with sizes that are equal
or 1. An array that is one dimension too large, or a list where a number was meant, is taken as a batch.
""",
    Example(_DOUBLE, ""),
)
E0692 = Code(
    "E0692",
    "inputs on different devices",
    """
All tensors of a call, the module's parameters included, are on one device. Move the inputs with
`tensor.to(device)`, the module with `module.to(device)`. Numbers and lists go where the tensors are.
""",
    Example(_DOUBLE, ""),
)


def too_many_values(program: CheckedProgram, given: int) -> WhileError:
    """More positional values than inputs."""
    inputs = program.main.inputs
    listing = ", ".join(f"`{name}`" for name in inputs[:12]) + (" and more" if len(inputs) > 12 else "")
    count = f"{len(inputs)} input{'' if len(inputs) == 1 else 's'}"
    return WhileError(
        Diagnostic(
            E0690,
            f"the program has {count}, but {given} values were given",
            help=f"its inputs are {listing}" if inputs else "call the module without values",
            source=program.source,
        )
    )


def given_twice(name: str) -> WhileError:
    """An input by position and by name."""
    return WhileError(
        Diagnostic(E0656, f"input `{name}` is given twice", help="give it by position or by name, not both")
    )


def not_numbers(name: str, what: str) -> WhileError:
    """A value that no tensor of real numbers can be made of."""
    return WhileError(
        Diagnostic(
            E0651,
            f"input `{shorten(name)}` {what}",
            help="give numbers, lists, NumPy arrays or tensors of real numbers",
        )
    )


def not_64_bits(name: str) -> WhileError:
    """A whole number beyond int64 in hard mode."""
    return WhileError(
        Diagnostic(
            E0610,
            f"input `{name}` has a whole number that does not fit into 64 bits",
            help="run on single numbers with `whilec.run`, where hard mode is exact",
        )
    )


def batches_differ(program: CheckedProgram, batches: Mapping[str, Sequence[int]]) -> WhileError:
    """Batch shapes that do not broadcast."""
    listing = ", ".join(f"{list(batch)} in `{name}`" for name, batch in batches.items() if len(batch))
    return WhileError(
        Diagnostic(
            E0691,
            f"the batches of the inputs do not go together: {listing}",
            help="give batches that are equal, or 1, in each dimension counted from the right",
            source=program.source,
        )
    )


def devices_differ(devices: Mapping[str, object]) -> WhileError:
    """Tensors on several devices."""
    listing = ", ".join(f"`{name}` is on {device}" for name, device in devices.items())
    return WhileError(
        Diagnostic(
            E0692,
            f"the tensors of one call are on different devices: {listing}",
            help="move them with `.to(device)`; `module.to(device)` moves PARAMs and trainable weights",
        )
    )


def fixed_option(name: str) -> WhileError:
    """An attempt to set an option on a module."""
    title = f"`{name}` is fixed when a program is compiled"
    return WhileError(Diagnostic(E0516, title, help=f"compile the program again with another `{name}`"))


def steepness_with_derivative(name: str) -> WhileError:
    """A tensor that requires a gradient, given as a steepness."""
    title = f"nothing is differentiated by `{name}`"
    return WhileError(Diagnostic(E0517, title, help="use a PARAM `WITH STEEPNESS`, or detach the tensor"))


def wrong_dtype(dtype: object, *, is_hard: bool) -> WhileError:
    """A `dtype` that a module cannot have."""
    if is_hard:
        title = f"hard mode computes in int64 and float64, not in `{shorten(str(dtype))}`"
        return WhileError(Diagnostic(E0515, title, help="leave `dtype` out"))
    shown = repr(dtype) if isinstance(dtype, str) else str(dtype)
    title = f"`dtype` cannot be `{shorten(shown)}`"
    return WhileError(Diagnostic(E0515, title, help="use `torch.float32` or `torch.float64`"))
