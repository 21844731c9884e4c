"""What a name outside of the function stands for."""

from __future__ import annotations

import ast as python
import builtins
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Final, TypeAlias, final

from whilec.syntax.python import markers

MATH: Final[Mapping[str, str]] = {
    "sqrt": "sqrt",
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "tanh": "tanh",
    "pow": "pow",
    "fabs": "abs",
}
"""Functions of Python's `math` by name, as the language calls them."""

BUILTINS: Final = frozenset({"min", "max", "abs", "sum", "len", "pow"})
"""Functions of Python that the language has under the same name."""


@final
@dataclass(frozen=True)
class Unknown:
    """Nothing of that name was found; `is_plain` for a name without points."""

    is_plain: bool


@final
@dataclass(frozen=True)
class Known:
    """A function of the language."""

    name: str


@final
@dataclass(frozen=True)
class Smooth:
    """A function that is decorated, too."""

    function: object


@final
@dataclass(frozen=True)
class Special:
    """`float`, `steep` and others that are translated each in their own way."""

    name: str


@final
@dataclass(frozen=True)
class Foreign:
    """Something that programs cannot use."""

    what: str
    help: str


Callee: TypeAlias = Unknown | Known | Smooth | Special | Foreign

_MISSING: Final = object()

_SPECIAL: Final[tuple[tuple[object, str], ...]] = (
    (float, "float"),
    (range, "range"),
    (markers.steep, "steep"),
)

_FOREIGN_BUILTINS: Final[Mapping[str, str]] = {
    "print": "nothing is printed: the outputs are what the function returns",
    "int": "a comparison becomes a number by `float(a < b)`; there is no rounding",
    "bool": "compare with 0: `x != 0`",
    "round": "there is no rounding, which has no useful derivative",
    "enumerate": "write `for i in range(len(a))` and use `a[i]`",
    "zip": "write `for i in range(len(a))` and use `a[i]` and `b[i]`",
    "sorted": "sort by loops, or with an intrinsic such as `soft_sort`",
    "divmod": "write `a // b` and `a % b`",
    "list": 'declare an array: `t: whilec.Real["n"] = 0.0`',
    "any": "write the conditions with `or`",
    "all": "write the conditions with `and`",
}


_LIBRARY_NAMES: Final[Mapping[str, str]] = {
    **{name: f"write `{name}(..)`" for name in ("abs", "len", "max", "min", "pow", "sum")},
    **{name: f"write `{name}(..)`, without a module" for name in ("clamp", "dot", "mean", "sigmoid", "sign")},
    "matmul": "write `a @ b`",
    "where": "write an `if` statement that assigns in both arms",
    "clip": "write `clamp(x, lo, hi)`",
    "maximum": "write `max(a, b)`",
    "minimum": "write `min(a, b)`",
    "power": "write `pow(x, y)`",
    "absolute": "write `abs(x)`",
    "relu": "write `max(x, 0)`",
    "zeros": 'declare an array: `t: whilec.Real["n"] = 0.0`',
    "zeros_like": 'declare an array: `t: whilec.Real["n"] = 0.0`',
}
"""By the name of a function in libraries of arrays: what a program has instead."""


def resolve(node: python.expr, namespace: Mapping[str, object]) -> object:
    """The object that a name or a chain `module.name` stands for; `MISSING` if there is none."""
    names: list[str] = []
    while isinstance(node, python.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, python.Name):
        return _MISSING
    found = namespace.get(node.id, getattr(builtins, node.id, _MISSING))
    for name in reversed(names):
        if not isinstance(found, ModuleType):
            return _MISSING
        found = getattr(found, name, _MISSING)
    return found


def is_missing(found: object) -> bool:
    """Whether `resolve` found nothing."""
    return found is _MISSING


def number(found: object) -> int | float | None:
    """A number of Python or of a library that derives its numbers from Python's; no truth value."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return int(found) if isinstance(found, int) else float(found)


def smooth_function(found: object) -> FunctionType | None:
    """The function inside a decorated one."""
    if not type(found).__module__.startswith("whilec."):
        return None
    inner = getattr(found, "__wrapped__", None)
    return inner if isinstance(inner, FunctionType) else None


def callee(node: python.expr, namespace: Mapping[str, object]) -> Callee:
    """What a call calls."""
    found = resolve(node, namespace)
    if is_missing(found):
        return Unknown(isinstance(node, python.Name))
    for special, name in _SPECIAL:
        if found is special:
            return Special(name)
    function = smooth_function(found)
    if function is not None:
        return Smooth(function)
    name = getattr(found, "__name__", "")
    module = getattr(found, "__module__", None) or ""
    if module == "builtins" and getattr(builtins, name, None) is found:
        if name in BUILTINS:
            return Known(name)
        return Foreign(
            f"`{name}` of Python", _FOREIGN_BUILTINS.get(name, "the language has no such function")
        )
    if module == "math" and getattr(math, name, None) is found:
        if name in MATH:
            return Known(MATH[name])
        return Foreign(f"`math.{name}`", f"of `math` there are {', '.join(f'`{each}`' for each in MATH)}")
    if module.partition(".")[0] == "algonet_runtime":
        return Known(name)
    what = f"`{python.unparse(node)}`"
    if isinstance(node, python.Attribute) and node.attr in MATH:
        return Foreign(what, f"write `math.{node.attr}`")
    if isinstance(node, python.Attribute) and node.attr in _LIBRARY_NAMES:
        return Foreign(what, _LIBRARY_NAMES[node.attr])
    if isinstance(found, FunctionType):
        return Foreign("a plain Python function", "decorate it with `@whilec.smooth`, above this function")
    return Foreign(what, "only functions of the language and smooth functions are called")
