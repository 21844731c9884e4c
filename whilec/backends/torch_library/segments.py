"""Parts of a run that are made again when their derivatives are asked for, to save memory."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch

from whilec.backends.torch_library.eager import trusting
from whilec.backends.torch_library.taped import AbstractRecord, Number, Tape


@final
class Segment(AbstractRecord):
    """A part of a run whose own tape is made when it is needed, and not before.

    Nothing here refers to the tape that has this record, so that it is freed as soon as it can be.

    Args:
        results: Places of what it computes, on the tape that has this record.
        places: Places of what it is computed from, there too.
        values: The tensors at these places.
        replay: The results as numbers of a fresh tape, of the inputs as numbers of that tape.
    """

    __slots__ = ("places", "replay", "results", "values")

    def __init__(
        self,
        results: list[int],
        places: list[int],
        values: list[torch.Tensor],
        replay: Callable[[list[Number]], list[Number]],
    ) -> None:
        self.results = results
        self.places = places
        self.values = values
        self.replay = replay

    def pass_back(self, found: list[Any]) -> None:
        """Turn the gradients by the results into gradients by the inputs."""
        seeds = [found[index] for index in self.results]
        for index in self.results:
            found[index] = None
        if all(seed is None for seed in seeds):
            return
        tape = Tape()
        leaves = [tape.leaf(value) for value in self.values]
        with trusting():
            results = self.replay(leaves)
        given = [(x.index, seed) for x, seed in zip(results, seeds, strict=True) if seed is not None]
        parts = tape.gradients(given, [leaf.index for leaf in leaves])
        for place, part in zip(self.places, parts, strict=True):
            if part is not None:
                found[place] = part if found[place] is None else found[place] + part


def segment(function: Callable[[Any], Any], value: Any, replaced: Callable[[Any, Any], Any]) -> Any:
    """A function of a value with numbers in it, as one record.

    Args:
        function: Gives the same every time.
        value: Its argument.
        replaced: A value with every number in it replaced (first argument: by what), in a fixed order.
    """
    places: dict[int, int] = {}
    values: list[torch.Tensor] = []
    tapes: list[Tape] = []

    def slot(x: Number) -> Any:
        """A number without a tape that stands for an input; constants become tensors."""
        if x.index < 0:
            return x.value
        if x.index not in places:
            places[x.index] = len(values)
            values.append(x.value)
            tapes.append(x.tape)
        return Number(x.value, places[x.index], _NOWHERE)

    template = replaced(slot, value)
    if not values:
        return function(value)

    def run(leaves: list[Number]) -> tuple[Any, list[Number]]:
        """The result, and the numbers in it that are no inputs."""
        result = function(replaced(lambda x: leaves[x.index], template))
        new: dict[int, Number] = {}

        def found(x: Number) -> Number:
            if x.index >= len(leaves):
                new.setdefault(x.index, x)
            return x

        replaced(found, result)
        return result, list(new.values())

    outer, inner = tapes[0], Tape()
    result, new = run([inner.leaf(x) for x in values])
    numbers_of = [Number(x, place, outer) for x, place in zip(values, places, strict=True)]
    first = outer.size
    outer.size += len(new)
    made_of = {x.index: Number(x.value, first + i, outer) for i, x in enumerate(new)}
    outer.records.append(
        Segment(list(range(first, outer.size)), list(places), values, lambda leaves: run(leaves)[1])
    )

    def outside(x: Number) -> Any:
        if x.index < 0:
            return x.value
        return numbers_of[x.index] if x.index < len(numbers_of) else made_of[x.index]

    return replaced(outside, result)


_NOWHERE = Tape()
"""The tape of numbers that are not on one."""
