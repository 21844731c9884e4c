"""Arrays: filling, static and soft indices, reductions."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import torch

from whilec.backends.torch_library.numbers import Number, divide, is_uniform, multiply
from whilec.backends.torch_library.run import RunError
from whilec.backends.torch_library.weights import Weight, aligned, blend, without_void

Tap = Any
"""An index (an int, or one per row) and its weight (1.0 for an exact one)."""


def fill(value: Number, shape: tuple[int, ...], rows: torch.Tensor) -> torch.Tensor:
    """An array of equal numbers for every row; `rows` has shape (rows,)."""
    if is_uniform(value):
        value = torch.full_like(rows, value)
    if not shape:
        return value
    return aligned_to(value, shape).expand(-1, *shape)


def aligned_to(value: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """A number per row with one dimension of size 1 for each of the shape's."""
    return value.reshape(-1, *([1] * len(shape)))


def spread(value: Number, shape: tuple[int, ...]) -> Number:
    """A scalar, so that it meets arrays of a shape elementwise."""
    return value if is_uniform(value) else aligned_to(value, shape)


def pick(array: torch.Tensor, position: tuple[int, ...]) -> torch.Tensor:
    """The element or sub-array at a static position."""
    for i in position:
        array = array.select(1, in_range(i, array.shape[1]))
    return array


def in_range(i: int, size: int) -> int:
    """An index that was checked."""
    if not 0 <= i < size:
        raise RunError("index", i, size)
    return i


def put(array: torch.Tensor, value: Number, p: Weight, position: tuple[int, ...]) -> torch.Tensor:
    """The array with a value blended in at a static position."""
    value = element_like(array, value)
    new = value if is_uniform(p) else blend(pick(array, position), value, p)
    return replaced(array, new, position)


def element_like(array: torch.Tensor, value: Number) -> torch.Tensor:
    """A value for an element; a Python number becomes a tensor."""
    if not is_uniform(value):
        return value
    return torch.full_like(array.flatten(1)[:, 0], value)


def replaced(array: torch.Tensor, value: torch.Tensor, position: tuple[int, ...]) -> torch.Tensor:
    """A copy of the array with another value at a static position."""
    i, *rest = position
    in_range(i, array.shape[1])
    part = replaced(array.select(1, i), value, tuple(rest)) if rest else value
    return torch.select_scatter(array, part, 1, i)


# ---- soft indices


def taps(index: Any, size: int, s: Number, relaxation: Any) -> list[Tap]:
    """Which elements of an axis a soft index reads and writes, with their weights."""
    if size == 0:
        raise RunError("index", 0, 0)
    if size == 1:
        return [(0, 1.0)]
    if not relaxation.is_local:
        return everything(index, size, s)
    inside = torch.clamp(index, 0.0, size - 1.0)
    first = torch.nan_to_num(inside.detach(), nan=0.0).floor().clamp(0, size - 2)
    weight = relaxation.tap(inside - first)
    return [(first.long(), 1.0 - weight), (first.long() + 1, weight)]


def everything(index: torch.Tensor, size: int, s: Number) -> list[Tap]:
    """All elements: softmax over j of log sech(s (index - j)), without cancellation."""
    inside = torch.clamp(index, 0.0, size - 1.0)
    excess = distance(index - inside)
    logits = []
    for j in range(size):
        near = distance(inside - float(j))
        slope = torch.log1p(torch.exp((near + excess) * s * -2.0))
        logits.append(-(near * s) - slope)
    stacked = torch.stack(logits)
    terms = torch.exp(stacked - stacked.detach().amax(0)).unbind(0)
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return [(j, divide(term, total)) for j, term in enumerate(terms)]


def distance(x: torch.Tensor) -> torch.Tensor:
    """abs(x), with the derivative from the right at 0."""
    return torch.where(x >= 0.0, x, -x)


def combinations(array: torch.Tensor, axes: list[list[Tap]]) -> list[tuple[tuple[Any, ...], Weight]]:
    """Every choice of one tap per axis, with the product of the weights."""
    found: list[tuple[tuple[Any, ...], Weight]] = []
    for choice in product(*axes):
        weight: Any = 1.0
        for _, factor in choice:
            weight = factor if is_uniform(weight) else weight if is_uniform(factor) else weight * factor
        found.append((tuple(i for i, _ in choice), weight))
    return found


def index_like(array: torch.Tensor, index: Number) -> torch.Tensor:
    """A soft index for every row."""
    return torch.full_like(array.sum(tuple(range(1, array.dim()))), index) if is_uniform(index) else index


def axes_of(
    array: torch.Tensor,
    position: tuple[int | None, ...],
    indices: tuple[Any, ...],
    s: Number,
    relaxation: Any,
) -> list[list[Tap]]:
    """The taps of every axis that is indexed."""
    soft = iter(indices)
    axes: list[list[Tap]] = []
    for axis, i in enumerate(position):
        size = array.shape[axis + 1]
        if i is not None:
            axes.append([(in_range(i, size), 1.0)])
            continue
        index = next(soft)
        axes.append(taps(index_like(array, index), size, s, relaxation))
    return axes


def read(
    array: torch.Tensor,
    s: Number,
    *indices: Any,
    position: tuple[int | None, ...],
    relaxation: Any,
) -> torch.Tensor:
    """The weighted element at soft indices."""
    total: Any = None
    for place, weight in combinations(array, axes_of(array, position, indices, s, relaxation)):
        term = element(array, place)
        if not is_uniform(weight):
            w = aligned(weight, term)
            term = multiply(w, without_void(term, w == 0.0))
        total = term if total is None else total + term
    return total


def write(
    array: torch.Tensor,
    value: Number,
    p: Weight,
    s: Number,
    *indices: Any,
    position: tuple[int | None, ...],
    relaxation: Any,
) -> torch.Tensor:
    """The array with a value blended in at soft indices."""
    value = element_like(array, value)
    for place, factor in combinations(array, axes_of(array, position, indices, s, relaxation)):
        weight = factor if is_uniform(p) else p if is_uniform(factor) else p * factor
        new = value if is_uniform(weight) else blend(element(array, place), value, weight)
        array = overwritten(array, new, place)
    return array


def element(array: torch.Tensor, place: tuple[Any, ...]) -> torch.Tensor:
    """The element or sub-array at a place; each index is an int or one per row."""
    if all(isinstance(i, int) for i in place):
        return pick(array, place)
    flat = array.flatten(1, len(place))
    index = flat_index(array, place).reshape(-1, *([1] * (flat.dim() - 1)))
    return torch.gather(flat, 1, index.expand(-1, 1, *flat.shape[2:])).squeeze(1)


def overwritten(array: torch.Tensor, value: torch.Tensor, place: tuple[Any, ...]) -> torch.Tensor:
    """A copy of the array with another value at a place."""
    if all(isinstance(i, int) for i in place):
        return replaced(array, value, place)
    flat = array.flatten(1, len(place))
    index = flat_index(array, place).reshape(-1, *([1] * (flat.dim() - 1)))
    index = index.expand(-1, 1, *flat.shape[2:])
    return torch.scatter(flat, 1, index, value.unsqueeze(1)).reshape(-1, *array.shape[1:])


def flat_index(array: torch.Tensor, place: tuple[Any, ...]) -> Any:
    """The number of an element when the indexed axes are laid out as one."""
    total: Any = 0
    for axis, i in enumerate(place):
        total = total * array.shape[axis + 1] + i
    return total


# ---- reductions


def reduce_sum(array: torch.Tensor) -> torch.Tensor:
    """The sum of all elements, from left to right."""
    items = array.flatten(1).unbind(1)
    if not items:
        return array.flatten(1).sum(1)
    total = items[0]
    for item in items[1:]:
        total = total + item
    return total


def reduce_mean(array: torch.Tensor) -> Number:
    """The mean of all elements."""
    return divide(reduce_sum(array), float(prod(array.shape[1:])))


def dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The inner product of two vectors."""
    return reduce_sum(multiply(a, b))


def matmul(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The product of matrices and vectors."""
    left = a if a.dim() == 3 else a.unsqueeze(1)
    right = b if b.dim() == 3 else b.unsqueeze(2)
    shape = (-1, *a.shape[1:-1], *b.shape[2:])
    if left.shape[2] == 0:
        return (left @ right).reshape(shape)
    total: Any = None
    for k in range(left.shape[2]):
        term = multiply(left[:, :, k, None], right[:, k, None, :])
        total = term if total is None else total + term
    return total.reshape(shape)
