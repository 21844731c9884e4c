"""Numbers that note how they were made, for first derivatives at a fraction of autograd's cost.

A `Number` is a tensor that knows its place on a tape; the tape holds, for every number, what it was
made from and the slopes. The functions of `eager`, `control`, `loops` and `tables` work on numbers
as they do on tensors, by `__torch_function__` and Python's operators. Where something is not
finite, `TroubleError` tells that the plain functions must be used instead.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, final

import torch

from whilec.backends.torch_library.numbers import constant

Slope: TypeAlias = Any
"""A derivative: None for 1, a float, a tensor of the result's shape, or a function that takes the
result's gradient to the operand's."""


class AbstractRecord(ABC):
    """A record that passes gradients back in its own way."""

    @abstractmethod
    def pass_back(self, found: list[Any]) -> None:
        """Turn the gradients by its results into gradients by its inputs; `found` is by place."""


@final
class Tape:
    """How numbers were made: records of a result and its operands with their slopes."""

    __slots__ = ("records", "size")

    def __init__(self) -> None:
        self.records: list[tuple[int, tuple[tuple[int, Slope], ...]] | AbstractRecord] = []
        self.size = 0

    def leaf(self, value: torch.Tensor) -> Number:
        """A number that derivatives are taken by."""
        self.size += 1
        return Number(value, self.size - 1, self)

    def gradients(self, seeds: Iterable[tuple[int, torch.Tensor]], wanted: Iterable[int]) -> list[Any]:
        """The gradient by every wanted number (None: it is 0), given those by some results."""
        found: list[Any] = [None] * self.size
        for index, seed in seeds:
            found[index] = seed if found[index] is None else found[index] + seed
        for record in reversed(self.records):
            if not isinstance(record, tuple):
                record.pass_back(found)
                continue
            result, terms = record
            gradient = found[result]
            if gradient is None:
                continue
            found[result] = None
            for index, slope in terms:
                total = found[index]
                if type(slope) is not torch.Tensor:
                    found[index] = _passed_on(total, gradient, slope)
                elif total is None:
                    found[index] = gradient * slope
                else:
                    found[index] = torch.addcmul(total, gradient, slope)
        return [found[index] for index in wanted]


def _passed_on(total: torch.Tensor | None, gradient: torch.Tensor, slope: Slope) -> torch.Tensor:
    """A gradient times a slope that is no tensor, added to what there is."""
    if type(slope) is float:
        if total is not None:
            return torch.add(total, gradient, alpha=slope)
        return -gradient if slope == -1.0 else gradient * constant(slope, gradient.dtype)
    part = gradient if slope is None else slope(gradient)
    return part if total is None else total + part


@final
class Number:
    """A tensor on a tape; index -1 is a constant."""

    __slots__ = ("_rest", "index", "tape", "value")

    def __init__(self, value: torch.Tensor, index: int, tape: Tape) -> None:
        self.value = value
        self.index = index
        self.tape = tape

    def rest(self) -> torch.Tensor:
        """1 less the tensor, for weights that are used more than once."""
        try:
            return self._rest
        except AttributeError:
            self._rest: torch.Tensor = constant(1.0, self.value.dtype) - self.value
            return self._rest

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The functions of torch that the library uses on numbers."""
        return _RULES[func](*args, **(kwargs or {}))

    def __getattr__(self, name: str) -> Any:
        """What does not depend on the numbers is the tensor's."""
        if name not in _PLAIN:
            raise AttributeError(name)
        return getattr(self.value, name)

    # arithmetic

    def __add__(self, other: Any) -> Number:
        if type(other) is Number:
            return of_two(self.value + other.value, self, None, other, None)
        return of_one(self.value + _quick(other, self), self, None)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Number:
        if type(other) is Number:
            return of_two(self.value - other.value, self, None, other, -1.0)
        return of_one(self.value - _quick(other, self), self, None)

    def __rsub__(self, other: Any) -> Number:
        return of_one(_quick(other, self) - self.value, self, -1.0)

    def __neg__(self) -> Number:
        return of_one(-self.value, self, -1.0)

    def __mul__(self, other: Any) -> Number:
        if type(other) is Number:
            return of_two(self.value * other.value, self, other.value, other, self.value)
        return of_one(self.value * _quick(other, self), self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Number:
        if type(other) is Number:
            slope = torch.reciprocal(other.value)
            value = self.value / other.value
            return of_two(value, self, slope, other, -value * slope)
        return of_one(self.value / other, self, 1.0 / other)

    def __rtruediv__(self, other: Any) -> Number:
        slope = torch.reciprocal(self.value)
        value = other / self.value
        return of_one(value, self, -value * slope)

    def __eq__(self, other: object) -> Any:
        return self.value == plain(other)

    def __ne__(self, other: object) -> Any:
        return self.value != plain(other)

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __gt__(self, other: Any) -> torch.Tensor:
        return self.value > plain(other)

    def __ge__(self, other: Any) -> torch.Tensor:
        return self.value >= plain(other)

    def __lt__(self, other: Any) -> torch.Tensor:
        return self.value < plain(other)

    def __le__(self, other: Any) -> torch.Tensor:
        return self.value <= plain(other)

    # what the library asks for by name, to spare the way through torch

    def blended(self, old: Any, new: Any) -> Number:
        """(1 - self) old + self new."""
        return _lerp(old, new, self)

    def scaled_onto(self, total: Any, x: Any) -> Number:
        """The sum total + self x."""
        return self * x if total is None else _addcmul(total, self, x)

    # methods of tensors

    def detach(self) -> torch.Tensor:
        """The tensor."""
        return self.value

    def index_select(self, dim: int, rows: torch.Tensor) -> Number:
        """Some rows, each at most once."""
        shape = self.value.shape

        def spread(gradient: torch.Tensor) -> torch.Tensor:
            return gradient.new_zeros(shape).index_copy_(0, rows, gradient)

        return of_one(self.value.index_select(dim, rows), self, spread)

    def __getitem__(self, rows: slice) -> Number:
        """Rows that stand together."""
        shape = self.value.shape

        def widened(gradient: torch.Tensor) -> torch.Tensor:
            wide = gradient.new_zeros(shape)
            wide[rows] = gradient
            return wide

        return of_one(self.value[rows], self, widened)

    def masked_fill(self, mask: torch.Tensor, value: float) -> Number:
        """The number, and a constant where the mask holds."""
        return of_one(self.value.masked_fill(mask, value), self, _kept(~mask))

    def flatten(self, start: int) -> Number:
        """Trailing dimensions as one."""
        shape = self.value.shape
        return made(self.tape, self.value.flatten(start), self, lambda g: g.reshape(shape))

    def reshape(self, *sizes: int) -> Number:
        """The same numbers in another shape."""
        shape = self.value.shape
        return made(self.tape, self.value.reshape(*sizes), self, lambda g: g.reshape(shape))

    def unbind(self, dim: int) -> list[Number]:
        """The parts along a dimension."""
        return [self._column(i, part) for i, part in enumerate(self.value.unbind(dim))]

    def _column(self, i: int, part: torch.Tensor) -> Number:
        shape = self.value.shape

        def widened(gradient: torch.Tensor) -> torch.Tensor:
            wide = gradient.new_zeros(shape)
            wide[:, i] = gradient
            return wide

        return of_one(part, self, widened)


_PLAIN = frozenset({"shape", "dtype", "device", "is_cuda", "dim", "numel"})


def _quick(other: Any, x: Number) -> torch.Tensor:
    """What x meets, as torch takes it quickly."""
    return other if type(other) is torch.Tensor else constant(float(other), x.value.dtype)


def plain(x: Any) -> Any:
    """The tensor of a number; other values stay what they are."""
    return x.value if type(x) is Number else x


def made(tape: Tape, value: torch.Tensor, *terms: Any) -> Number:
    """A number made from others: operands and slopes by turns; operands off the tape count as constants."""
    pairs = tuple(
        [
            (terms[i].index, terms[i + 1])
            for i in range(0, len(terms), 2)
            if type(terms[i]) is Number and terms[i].index >= 0
        ]
    )
    return _recorded(tape, value, pairs) if pairs else Number(value, -1, tape)


def _recorded(tape: Tape, value: torch.Tensor, pairs: tuple[tuple[int, Slope], ...]) -> Number:
    index = tape.size
    tape.size = index + 1
    tape.records.append((index, pairs))
    return Number(value, index, tape)


def of_one(value: torch.Tensor, x: Number, slope: Slope) -> Number:
    """A number made from one other."""
    tape = x.tape
    if x.index < 0:
        return Number(value, -1, tape)
    index = tape.size
    tape.size = index + 1
    tape.records.append((index, ((x.index, slope),)))
    return Number(value, index, tape)


def of_two(value: torch.Tensor, a: Number, by_a: Slope, b: Number, by_b: Slope) -> Number:
    """A number made from two others."""
    if b.index < 0:
        return of_one(value, a, by_a)
    if a.index < 0:
        return of_one(value, b, by_b)
    return _recorded(a.tape, value, ((a.index, by_a), (b.index, by_b)))


def tape_of(*values: Any) -> Tape:
    """The tape of the first number among some values."""
    return next(x.tape for x in values if type(x) is Number)


# ---- torch functions


def _where(mask: torch.Tensor, a: Any, b: Any) -> Number:
    value = torch.where(mask, plain(a), plain(b))
    by_b = _kept(~mask) if type(b) is Number else None
    return made(tape_of(a, b), value, a, _kept(mask), b, by_b)


def _kept(mask: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    """The slope of what is kept where a mask holds."""
    return lambda gradient: gradient * mask


def _lerp(old: Any, new: Any, weight: Any) -> Number:
    x, y, w = plain(old), plain(new), plain(weight)
    by_old = None
    if type(old) is Number:
        by_old = weight.rest() if type(weight) is Number else 1.0 - w
    is_taped = type(old) is type(new) is type(weight)  # one of them is a number
    if is_taped and min(old.index, new.index, weight.index) >= 0:
        pairs = ((old.index, by_old), (new.index, w), (weight.index, y - x))
        return _recorded(weight.tape, torch.lerp(x, y, w), pairs)
    by_weight = y - x if type(weight) is Number else None
    return made(tape_of(old, new, weight), torch.lerp(x, y, w), old, by_old, new, w, weight, by_weight)


def _addcmul(total: Any, a: Any, b: Any) -> Number:
    x, y = plain(a), plain(b)
    value = torch.addcmul(plain(total), x, y)
    return made(tape_of(total, a, b), value, total, None, a, y, b, x)


def _add(old: Any, weight: Any, *, alpha: float = 1.0) -> Number:
    value = torch.add(plain(old), plain(weight), alpha=alpha)
    slope = None if alpha == 1.0 else float(alpha)
    if type(old) is Number and type(weight) is Number:
        return of_two(value, old, None, weight, slope)
    return of_one(value, old, None) if type(old) is Number else of_one(value, weight, slope)


def _cat(parts: Any, dim: int = 0) -> Number:
    value = torch.cat([plain(part) for part in parts], dim)
    terms: list[Any] = []
    first = 0
    for part in parts:
        size = part.shape[0]
        terms += [part, _slice(first, size)]
        first += size
    return made(tape_of(*parts), value, *terms)


def _slice(first: int, size: int) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda gradient: gradient.narrow(0, first, size)


def _stack(parts: Any, dim: int = 0) -> Number:
    value = torch.stack([plain(part) for part in parts], dim)
    terms: list[Any] = []
    for i, part in enumerate(parts):
        terms += [part, _selected(dim, i)]
    return made(tape_of(*parts), value, *terms)


def _selected(dim: int, i: int) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda gradient: gradient.select(dim, i)


def _constant_like(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    return lambda x, *args, **kwargs: function(plain(x), *args, **kwargs)


def _exp(x: Number) -> Number:
    value = torch.exp(x.value)
    return made(x.tape, value, x, value)


def _tanh(x: Number) -> Number:
    value = torch.tanh(x.value)
    return made(x.tape, value, x, 1.0 - value * value)


def _swapped(name: str) -> Callable[..., Any]:
    """An operator whose left operand is a plain tensor."""
    reverse = f"__r{name}__"

    def apply(a: Any, b: Any) -> Any:
        if type(a) is Number:
            return getattr(a, f"__{name}__")(b)
        return getattr(b, reverse)(a)

    return apply


_RULES: dict[Any, Callable[..., Any]] = {
    torch.where: _where,
    torch.lerp: _lerp,
    torch.addcmul: _addcmul,
    torch.add: _add,
    torch.cat: _cat,
    torch.stack: _stack,
    torch.exp: _exp,
    torch.tanh: _tanh,
    torch.zeros_like: _constant_like(torch.zeros_like),
    torch.full_like: _constant_like(torch.full_like),
    torch.ones_like: _constant_like(torch.ones_like),
    torch.Tensor.add: _swapped("add"),
    torch.Tensor.sub: _swapped("sub"),
    torch.Tensor.mul: _swapped("mul"),
    torch.Tensor.div: _swapped("truediv"),
    torch.Tensor.__truediv__: _swapped("truediv"),
    torch.Tensor.gt: lambda a, b: plain(a) > plain(b),
    torch.Tensor.ge: lambda a, b: plain(a) >= plain(b),
    torch.Tensor.lt: lambda a, b: plain(a) < plain(b),
    torch.Tensor.le: lambda a, b: plain(a) <= plain(b),
}
