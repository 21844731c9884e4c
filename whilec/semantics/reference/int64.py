"""Exact integers on tensors: int64 with overflow as an error, comparison with reals. Imports torch."""

# Numbers are `Any` by design (see `arithmetic.Value`).
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import torch

from whilec.diagnostics.model import Diagnostic, Label
from whilec.semantics.reference.arithmetic import OPERATORS, Ternary, Value
from whilec.semantics.reference.crisp_numbers import show
from whilec.semantics.reference.errors import E0610
from whilec.semantics.reference.lanes import LaneError
from whilec.source import Span

LARGEST = 2**63 - 1
"""The largest magnitude: -2^63 has no negative and counts as an overflow."""


def first_lane(mask: torch.Tensor) -> int:
    """The first lane in which a mask holds; -1 if there is none."""
    lanes = mask if mask.dim() < 2 else mask.flatten(1).any(1)
    found = torch.nonzero(lanes.reshape(-1))
    return int(found[0, 0]) if found.numel() else -1


def number_at(x: Value, lane: int) -> str:
    """The number of a lane, for a message; of an array, its name is enough."""
    if not isinstance(x, torch.Tensor):
        return show(x)
    return show(x.reshape(-1)[lane].item()) if x.dim() < 2 else "an element"


def overflow(lane: int, what: str, span: Span) -> LaneError:
    """A result that int64 cannot hold."""
    return LaneError(
        lane,
        Diagnostic(
            E0610,
            "integer does not fit into 64 bits",
            Label(span, f"{what} is beyond 2^63 - 1 in magnitude"),
            help="run on single numbers, where hard mode is exact, or use `real`",
        ),
    )


def fitting(x: Value, span: Span) -> Value:
    """A tensor, or a Python int that int64 can hold."""
    if isinstance(x, int) and abs(x) > LARGEST:
        raise overflow(0, show(x), span)
    return x


def exact(op: str, a: Value, b: Value, span: Span) -> Value:
    """`+ - *`, checked for overflow."""
    if not isinstance(a, torch.Tensor) and not isinstance(b, torch.Tensor):
        return fitting(OPERATORS[op](a, b), span)
    result = OPERATORS[op](fitting(a, span), fitting(b, span))
    lane = first_lane(_has_wrapped(op, torch.as_tensor(a), torch.as_tensor(b), result))
    if lane >= 0:
        raise overflow(lane, f"{number_at(a, lane)} {op} {number_at(b, lane)}", span)
    return result


def absolute(x: Value, span: Span) -> Value:
    """abs(x), checked for overflow."""
    if not isinstance(x, torch.Tensor):
        return abs(x)
    lane = first_lane(x == -LARGEST - 1)
    if lane >= 0:
        raise overflow(lane, f"abs({number_at(x, lane)})", span)
    return x.abs()


def choose(mask: Value, a: Value, b: Value, span: Span) -> Value:
    """a where the mask holds, else b; an int that does not fit is an error where it is chosen."""
    if not isinstance(mask, torch.Tensor):
        return a if mask else b
    for value, chosen in ((a, mask), (b, ~mask)):
        lane = first_lane(chosen) if isinstance(value, int) and abs(value) > LARGEST else -1
        if lane >= 0:
            raise overflow(lane, show(value), span)
    zero = torch.zeros((), dtype=torch.int64, device=mask.device)
    left, right = (zero if isinstance(x, int) and abs(x) > LARGEST else x for x in (a, b))
    return torch.where(mask, left, right)


def _has_wrapped(op: str, a: torch.Tensor, b: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
    """Where int64 arithmetic gave a wrong number (or the one number without a negative)."""
    lowest = result == -LARGEST - 1
    if op == "+":
        return lowest | (((a ^ result) & (b ^ result)) < 0)
    if op == "-":
        return lowest | (((a ^ b) & (a ^ result)) < 0)
    # times -1 only the lowest number wraps, and dividing that by -1 would kill the process
    is_tested = (b != 0) & (b != -1)
    divisor = torch.where(is_tested, b, torch.ones_like(b))
    quotient = torch.div(result, divisor, rounding_mode="trunc")
    return lowest | (is_tested & ((quotient != a) | (result - quotient * divisor != 0)))


def quotient(a: Value, b: Value) -> torch.Tensor | None:
    """a / b of two ints, correctly rounded, where rounding them first would differ; else None."""
    if _is_exact_as_real(a) and _is_exact_as_real(b):
        return None
    tensors = [x for x in (a, b) if isinstance(x, torch.Tensor)]
    shape = torch.broadcast_shapes(*(x.shape for x in tensors))
    numerators, denominators = (
        x.expand(shape).flatten().tolist() if isinstance(x, torch.Tensor) else [x] * shape.numel()
        for x in (a, b)
    )
    ratios = [x / y for x, y in zip(numerators, denominators, strict=True)]
    return torch.tensor(ratios, dtype=torch.float64, device=tensors[0].device).reshape(shape)


def mean(array: torch.Tensor) -> torch.Tensor:
    """The mean of the ints of every lane, correctly rounded."""
    means = [sum(row) / len(row) for row in array.flatten(1).tolist()]
    return torch.tensor(means, dtype=torch.float64, device=array.device)


def _is_exact_as_real(x: Value) -> bool:
    if isinstance(x, torch.Tensor):
        return x.is_floating_point() or not x.numel() or bool((x.abs() <= 2**53).all() & (x > -LARGEST).all())
    return isinstance(x, float) or abs(x) <= 2**53


def order(a: Value, b: Value) -> Value:
    """-1, 0 or 1 as a is less than, equal to or greater than b, exactly also for an int and a real."""
    if not isinstance(a, torch.Tensor) and not isinstance(b, torch.Tensor):
        return (a > b) - (a < b)
    if not isinstance(a, torch.Tensor):
        return -order(b, a)
    if (isinstance(b, int) and abs(b) <= LARGEST) or isinstance(b, torch.Tensor):
        is_same_kind = a.is_floating_point() == (isinstance(b, torch.Tensor) and b.is_floating_point())
    else:
        is_same_kind = isinstance(b, float) and a.is_floating_point()
    if is_same_kind:
        return (a > b).long() - (a < b).long()
    left = a.flatten().tolist()
    right = b.expand_as(a).flatten().tolist() if isinstance(b, torch.Tensor) else [b] * len(left)
    signs = [(x > y) - (x < y) for x, y in zip(left, right, strict=True)]
    return torch.tensor(signs, dtype=torch.int64, device=a.device).reshape(a.shape)


COMPARISONS: dict[str, Ternary] = {
    "=": lambda a, b, s: order(a, b) == 0,
    "!=": lambda a, b, s: order(a, b) != 0,
    "<": lambda a, b, s: order(a, b) < 0,
    "<=": lambda a, b, s: order(a, b) <= 0,
    ">": lambda a, b, s: order(a, b) > 0,
    ">=": lambda a, b, s: order(a, b) >= 0,
}
