"""Intrinsics: operations that Python and WHILE programs call by one declaration. Loads without torch."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib import import_module
from typing import Any, Generic, Literal, ParamSpec, TypeVar, cast, final

from algonet_runtime.annotations import result_types, tensor_type
from algonet_runtime.checks import check_tensors
from algonet_runtime.dispatch import Kernel, Rejection, chosen
from algonet_runtime.smoothness import Smoothness

P = ParamSpec("P")
R = TypeVar("R")


@final
@dataclass(frozen=True)
class Parameter:
    """One argument of an intrinsic.

    Args:
        name: As it is written in a call, `name = value`.
        kind: `tensor` takes a number or array that may depend on inputs; `int` and `real` take a
            compile-time number (an `int` may be 0 or 1 for no and yes), `word` one of some names.
        dims: Shape of a tensor: names of sizes, bound by the call and equal where repeated; `...`
            for any shape.
        default: Value where the call leaves it out; a parameter without one is required.
        required: Whether a call must give it.
        keyword_only: Whether it can be given by name only.
        words: Those that a `word` may be.
        is_whole: Whether a tensor holds whole numbers, such as indices.
    """

    name: str
    kind: Literal["tensor", "int", "real", "word"]
    dims: tuple[str, ...] = ()
    default: float | int | str | None = None
    required: bool = True
    keyword_only: bool = False
    words: tuple[str, ...] = ()
    is_whole: bool = False


@final
@dataclass(frozen=True)
class ResultSpec:
    """One result of an intrinsic: its name and sizes; `...` is the shape of the first tensor."""

    name: str
    dims: tuple[str | int, ...] = ()


@final
@dataclass(frozen=True)
class Signature:
    """An intrinsic as the checker sees it; results are always real.

    Args:
        name: The name that programs and Python use.
        parameters: In the order of positional arguments.
        results: At least one.
        smoothness: Its class in its tensor arguments.
        doc: The first line of its documentation.
    """

    name: str
    parameters: tuple[Parameter, ...]
    results: tuple[ResultSpec, ...]
    smoothness: Smoothness
    doc: str = ""


@final
class Intrinsic(Generic[P, R]):
    """An operation: its plain function, its signature, and its kernels.

    Args:
        function: The plain version, which is the specification of every kernel.
        smoothness: Its class in its tensor arguments, with default options.
        source: Where the formula is from.
    """

    def __init__(self, function: Callable[P, R], smoothness: Smoothness, source: str) -> None:
        self.reference = function
        self.smoothness = smoothness
        self.source = source
        self.__name__ = self.name = function.__name__
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self.__qualname__ = function.__qualname__
        self.__wrapped__ = function
        self._kernels: list[Kernel] = []
        self.python_signature = inspect.signature(function)
        """The signature of the plain function; annotations are texts."""
        parameters = self.python_signature.parameters
        found = {name: tensor_type(str(p.annotation)) for name, p in parameters.items()}
        self.tensors = tuple((name, each) for name, each in found.items() if each is not None)
        """The tensor arguments with their types."""
        self._defaults = {name: p.default for name, p in parameters.items()}
        by_place = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self._names = tuple(name for name, p in parameters.items() if p.kind is by_place)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Check the arguments, and run the first kernel that takes them, or else the plain version."""
        values = self.bind(*args, **kwargs)
        check_tensors(self.name, {name: (values[name], wanted) for name, wanted in self.tensors})
        kernel = chosen(self._kernels, values)
        if kernel is None:
            return self.reference(**values)  # pyright: ignore[reportCallIssue]
        return cast("R", kernel.function(**values))

    def __repr__(self) -> str:
        return f"<intrinsic {self.name}{self.python_signature}>"

    def __reduce__(self) -> str:
        return self.name

    @cached_property
    def signature(self) -> Signature:
        """What a program sees of it."""
        parameters = tuple(_parameters(self.python_signature))
        annotation = str(self.python_signature.return_annotation)
        results = tuple(
            ResultSpec(f"result{i}" if i else self.name, each.dims)
            for i, each in enumerate(result_types(annotation))
        )
        return Signature(self.name, parameters, results, self.smoothness, _first_line(self.__doc__))

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """In the order in which they are asked."""
        return tuple(self._kernels)

    def kernel(
        self, *, provider: str, device: str, rejects: Rejection
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a kernel: a function of the same arguments, all given by name.

        Args:
            provider: Who compiles it: `numba`, `triton`.
            device: The kind of device that it runs on.
            rejects: Why it cannot take certain arguments, or None if it can.
        """

        def declare(function: Callable[..., Any]) -> Callable[..., Any]:
            self._kernels.append(Kernel(provider, device, function, rejects))
            return function

        return declare

    def bind(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The value of every parameter.

        Raises:
            TypeError: The arguments are not those of the signature.
        """
        if not args or len(args) > len(self._names):
            return self._bind_slowly(args, kwargs)
        values = dict(self._defaults)
        values.update(zip(self._names, args, strict=False))
        for name in kwargs:
            if name not in values or name in self._names[: len(args)]:
                return self._bind_slowly(args, kwargs)
        values.update(kwargs)
        if any(value is inspect.Parameter.empty for value in values.values()):
            return self._bind_slowly(args, kwargs)
        return values

    def _bind_slowly(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        for name in kwargs:
            if name not in self._defaults:
                near = get_close_matches(name, self._defaults, 1)
                listing = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(self._defaults)}"
                raise TypeError(f"{self.name} has no argument `{name}`; {listing}")
        if len(args) > len(self._names):
            listing = ", ".join(self._names)
            raise TypeError(f"{self.name}: only {listing} can be given by place; give the others by name")
        try:
            bound = self.python_signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}") from None
        bound.apply_defaults()
        return dict(bound.arguments)


def intrinsic(*, smoothness: Smoothness, source: str) -> Callable[[Callable[P, R]], Intrinsic[P, R]]:
    """Declare an operation; the function below is its plain version.

    Tensor arguments are annotated as `Float[Tensor, "*batch n"]`. Programs can give those, options whose
    annotation begins with `int`, `float` or `bool`, and the `Literal` words of those in `WORDS`.

    Args:
        smoothness: Its class in its tensor arguments, with default options.
        source: Where the formula is from.
    """
    return lambda function: Intrinsic(function, smoothness, source)


_NUMBERS: Mapping[str, Literal["int", "real"]] = {"int": "int", "float": "real", "bool": "int"}

WORDS = frozenset({"distribution", "method", "network", "pad", "support"})
"""Arguments that are words: a program writes them as names, `network = bitonic`."""

_LITERAL = re.compile(r"Literal\[([^\]]*)\]")

_LAYOUT = frozenset({"dim", "dims", "trailing", "check"})
"""Arguments about batches of tensors, of which a program knows nothing."""


def _parameters(signature: inspect.Signature) -> Iterator[Parameter]:
    """The parameters that a program can give."""
    for each in signature.parameters.values():
        annotation = str(each.annotation)
        is_required = each.default is inspect.Parameter.empty
        is_named = each.kind is inspect.Parameter.KEYWORD_ONLY
        tensor = tensor_type(annotation)
        if tensor is not None:
            if tensor.kind != "bool":
                yield Parameter(
                    *(each.name, "tensor", tensor.dims, None, is_required, is_named),
                    is_whole=tensor.kind == "int",
                )
            continue
        first = annotation.split("|", maxsplit=1)[0].strip()
        if first in _NUMBERS and each.name not in _LAYOUT:
            default = None if is_required or each.default is None else each.default + 0
            yield Parameter(each.name, _NUMBERS[first], (), default, is_required, is_named)
        elif each.name in WORDS:
            found = _LITERAL.search(annotation)
            words = () if found is None else tuple(word.strip(" '\"") for word in found[1].split(","))
            yield Parameter(each.name, "word", (), each.default, is_required, is_named, words)


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().partition("\n")[0]


# ---- all of them

MODULES: Mapping[str, str] = {
    "finite_differences": "layers.finite_differences",
    "render_image": "rendering.render_image",
    "render_silhouette": "rendering.render_silhouette",
    "soft_max": "statistics.extremes",
    "soft_median": "statistics.soft_median",
    "soft_min": "statistics.extremes",
    "soft_permutation": "sorting.soft_permutation",
    "soft_quantile": "sorting.soft_quantile",
    "soft_rank": "sorting.soft_rank",
    "soft_sort": "sorting.soft_sort",
    "soft_sort_by": "sorting.soft_sort_by",
    "soft_topk": "sorting.soft_topk",
    "weighted_softmax": "statistics.weighted_softmax",
    "weighted_softmin": "statistics.weighted_softmax",
}
"""Where each intrinsic is declared; modules are loaded when their intrinsics are asked for."""


def find(name: str) -> Intrinsic[..., Any]:
    """The intrinsic of this name.

    Raises:
        KeyError: There is none.
    """
    return getattr(import_module(f"algonet_runtime.{MODULES[name]}"), name)


@final
class _Table(Mapping[str, Signature]):
    """Signatures by name, read when they are asked for."""

    def __getitem__(self, name: str) -> Signature:
        return find(name).signature

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)

    def __contains__(self, name: object) -> bool:
        return name in MODULES


def table() -> Mapping[str, Signature]:
    """All intrinsics by name."""
    return _Table()
