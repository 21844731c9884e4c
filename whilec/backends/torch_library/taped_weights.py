"""Weights of loops on a tape: what a trip does to them, in as few operations as there can be."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from typing import Any, final

import torch

from whilec.backends.torch_library.taped import AbstractRecord, Number, of_one, plain

_cut_back: Any = torch.ops.aten.threshold_backward.default
"""The gradient where a result is above a bound, else 0."""


def plus_product(total: Number, a: Number, b: Number) -> Number:
    """The sum total + a b."""
    if total.index < 0 or a.index < 0 or b.index < 0:
        function: Any = torch.addcmul
        return function(total, a, b)
    tape, x, y = total.tape, a.value, b.value
    index = tape.size
    tape.size = index + 1
    tape.records.append((index, ((total.index, None), (a.index, y), (b.index, x))))
    return Number(torch.addcmul(total.value, x, y), index, tape)


def cut(q: Any, epsilon: float) -> Any:
    """0 up to epsilon, with a derivative of 0; else q."""
    value = torch.threshold(plain(q), epsilon, 0.0)
    if type(q) is not Number:
        return value
    return of_one(value, q, lambda gradient: _cut_back(gradient, value, 0.0))


@final
class _Split(AbstractRecord):
    """A mass that goes on by a degree, cut at epsilon, and what of it does not."""

    __slots__ = ("degree", "degree_value", "mass", "mass_value", "result", "result_value")

    def __init__(self, mass: Number, degree: Number, result: int, value: torch.Tensor) -> None:
        self.mass, self.mass_value = mass.index, mass.value
        self.degree, self.degree_value = degree.index, degree.value
        self.result, self.result_value = result, value

    def pass_back(self, found: list[Any]) -> None:
        """Of q = cut(mass degree) and mass - q, which stand side by side."""
        going, rest = found[self.result], found[self.result + 1]
        found[self.result] = found[self.result + 1] = None
        total = found[self.mass]
        if rest is not None:
            total = rest if total is None else total + rest
            going = -rest if going is None else going - rest
        if going is not None:
            going = _cut_back(going, self.result_value, 0.0)
            slope = self.degree_value
            total = going * slope if total is None else torch.addcmul(total, going, slope)
            part = going.mul_(self.mass_value)
            by_degree = found[self.degree]
            found[self.degree] = part if by_degree is None else by_degree + part
        found[self.mass] = total


def split(mass: Any, degree: Any, epsilon: float) -> tuple[Any, Any]:
    """q = cut(mass degree), and mass - q; the mass may be the number 1."""
    is_taped = type(mass) is type(degree) is Number
    if not is_taped or min(mass.index, degree.index) < 0:
        q = cut(degree if type(mass) is float else mass * degree, epsilon)
        return q, mass - q
    value = torch.threshold_(mass.value * degree.value, epsilon, 0.0)
    tape = mass.tape
    index = tape.size
    tape.size = index + 2
    tape.records.append(_Split(mass, degree, index, value))
    return Number(value, index, tape), Number(mass.value - value, index + 1, tape)
