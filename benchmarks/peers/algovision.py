"""The benchmark programs in AlgoVision 0.1.2 (Petersen et al., 2021).

What is the same there and here, established by the gates:

- A loop mixes the states after 0, 1, 2, ... trips by the probability to stop there, as with
  `loops="mixture"`; what is left at its cap goes to the last state.
- `If` mixes the states after its two arms; `For` unrolls.
- `GT` and `LT` are the logistic function of beta times the difference: `>` and `<` of reals with
  `compare_steepness` = beta.

What is not:

- `Eq` is sech(beta d / 2)^2 where mode inf has sech(s d), the paper's earlier choice; no beta makes one
  the other. The variants here hand AlgoVision a condition of the latter form (one operation less than
  its own), or it is compared with a program that spells out the former.
- `Min` is an average with softmin weights where ours is -logsumexp(-s x) / s. The same two ways.
- A loop goes on for all rows until the largest weight in the batch is at most epsilon; ours ends row by
  row. With epsilon 0 both make the same trips. Above, values differ by about epsilon, and gradients by
  its square root where a `!=` passes near its zero, as there phi is about d^2 / 2 and phi' about d.
- An `If` runs an arm whose weight is below epsilon as soon as another row needs it, and never counts a
  weight near 0 or 1 as 0 or 1; ours does, row by row.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import torch

from benchmarks.case import Function, Place, Program, Provider

VERSION: Final = "0.1.2"


def missing() -> str | None:
    """Why AlgoVision cannot run here, or None."""
    try:
        found = version("algovision")
    except PackageNotFoundError:
        return f"algovision is not installed: pip install 'algovision=={VERSION}'"
    return None if found == VERSION else f"algovision {found} is installed, {VERSION} is wanted"


def provider(name: str, build: Callable[[Program, Place], Function]) -> Provider:
    """A provider that needs AlgoVision."""
    return Provider(name, build, missing)


def _library() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its docstrings hold escapes that newer Pythons warn of
        return import_module("algovision")


def _settings(program: Program) -> dict[str, Any]:
    """Our options in its words; beta only where a condition of its own does not say otherwise."""
    options = program.options
    return {
        "beta": options.get("compare_steepness", options.get("steepness", 1.0)),
        "epsilon": options.get("epsilon", 1e-6),
        "max_iter": options.get("max_trips", 1000),
    }


def _calling(algorithm: Any, *names: str) -> Function:
    def call(inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it indexes by lists, which torch deprecates
            return algorithm(*(inputs[name] for name in names))

    return call


def _sech_condition(library: Any, *, is_equal: bool) -> Any:
    """A condition class of mode inf: sech(s d), or 1 - sech(s d)."""

    def degree(self: Any, state: Any) -> torch.Tensor:
        difference = (self.get_left(state) - self.get_right(state)) * self.beta
        equal = 1.0 / torch.cosh(difference)
        return equal if is_equal else 1 - equal

    return type("Sech", (library.core.Condition,), {"__call__": degree})


def multiply(program: Program, place: Place) -> Function:
    """`multiply.while` with the condition of mode inf."""
    library = _library()
    unequal = _sech_condition(library, is_equal=False)
    return _multiplication(library, lambda name: unequal(name, 0.0), program, place)


def multiply_stock(program: Program, place: Place) -> Function:
    """`multiply.while` with AlgoVision's own `NEq`, of the same curvature at 0."""
    library = _library()
    beta = 2**0.5 * program.options.get("steepness", 1.0)
    return _multiplication(library, lambda name: library.NEq(name, 0.0, beta=beta), program, place)


def multiply_by_order(program: Program, place: Place) -> Function:
    """`multiply_by_order.while`, all of it AlgoVision's own."""
    library = _library()
    return _multiplication(library, lambda name: library.GT(name, 0.5), program, place)


def _multiplication(
    library: Any, condition: Callable[[str], Any], program: Program, place: Place
) -> Function:
    zero = torch.zeros((), dtype=place.dtype, device=place.device)
    algorithm = library.Algorithm(
        library.Input("x1"),
        library.Input("x2"),
        library.Var("x0", zero),
        library.Var("x3", zero),
        library.While(
            condition("x2"),
            library.Let("x3", "x1"),
            library.While(
                condition("x3"),
                library.Let("x0", lambda x0: x0 + 1),
                library.Let("x3", lambda x3: x3 - 1),
            ),
            library.Let("x2", lambda x2: x2 - 1),
        ),
        library.Output("x0"),
        **_settings(program),
    )
    return _calling(algorithm, "x1", "x2")


def bubble_sort(program: Program, place: Place) -> Function:
    """`bubble_sort.while`, in the way of AlgoVision's own example."""
    library = _library()
    zero = torch.zeros((), dtype=place.dtype, device=place.device)
    algorithm = library.Algorithm(
        library.Input("a"),
        library.Var("u", zero),
        library.Var("v", zero),
        library.VarInt("last", lambda a: a.shape[1] - 1),
        library.For(
            "i",
            lambda a: a.shape[1] - 1,
            library.For(
                "j",
                "last",
                library.Let("u", "a", ["j"]),
                library.Let("v", "a", [lambda j: j + 1]),
                library.If(
                    library.GT("u", "v"),
                    if_true=[library.Let("a", ["j"], "v"), library.Let("a", [lambda j: j + 1], "u")],
                ),
            ),
            library.LetInt("last", lambda last: last - 1),
        ),
        library.Output("a"),
        **_settings(program),
    )
    return _calling(algorithm, "a")


def levenshtein(program: Program, place: Place) -> Function:
    """`levenshtein.while` with the condition of mode inf and the minimum that goes with it."""
    library = _library()
    steepness = program.options.get("compare_steepness", program.options.get("steepness", 1.0))

    def least(*values: torch.Tensor) -> torch.Tensor:
        return torch.logsumexp(-steepness * torch.stack(values, -1), -1) / -steepness

    equal = _sech_condition(library, is_equal=True)
    beta = program.options.get("steepness", 1.0)
    return _edit_distance(library, lambda x, y: equal(x, y, beta=beta), least, program, place)


def levenshtein_softmin(program: Program, place: Place) -> Function:
    """`levenshtein_softmin.while`, all of it AlgoVision's own."""
    library = _library()
    beta = 5.0  # the program's constant s
    return _edit_distance(
        library, lambda x, y: library.Eq(x, y, beta=beta), library.Min(beta), program, place
    )


def _edit_distance(
    library: Any,
    equal: Callable[[Any, Any], Any],
    least: Callable[..., torch.Tensor],
    program: Program,
    place: Place,
) -> Function:
    zero = torch.zeros((), dtype=place.dtype, device=place.device)

    def table(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        start = torch.zeros(a.shape[1] + 1, b.shape[1] + 1, dtype=place.dtype, device=place.device)
        start[:, 0] = torch.arange(a.shape[1] + 1)
        start[0, :] = torch.arange(b.shape[1] + 1)
        return start

    algorithm = library.Algorithm(
        library.Input("a"),
        library.Input("b"),
        library.Var("c", zero),
        library.Var("d", zero),
        # The borders are set here and not by `Let`, which would cost it 21 updates of the whole table.
        library.Var("t", table),
        library.VarInt("n", lambda a: a.shape[1]),
        library.VarInt("m", lambda b: b.shape[1]),
        library.For(
            "i",
            "n",
            library.For(
                "j",
                "m",
                library.If(
                    equal(lambda a, i: a[:, i], lambda b, j: b[:, j]),
                    if_true=library.Let("c", 0.0),
                    if_false=library.Let("c", 1.0),
                ),
                library.Let(
                    "t",
                    [lambda i: i + 1, lambda j: j + 1],
                    lambda t, i, j, c: least(t[:, i, j + 1] + 1, t[:, i + 1, j] + 1, t[:, i, j] + c),
                ),
            ),
        ),
        library.Let("d", "t", ["n", "m"]),
        library.Output("d"),
        **_settings(program),
    )
    return _calling(algorithm, "a", "b")
